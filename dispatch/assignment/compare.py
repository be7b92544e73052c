"""Two plans of a day side by side: who is moved, whose time changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.kernel.refusals import NotFound, refuse
from dispatch.workforce.records import NurseRow


@dataclass(frozen=True, kw_only=True)
class PlannedVisit:
    """Who makes a visit and when."""

    nurse_id: UUID
    shift_id: UUID
    nurse: str
    begins_at: datetime


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A visit that one plan has otherwise than the other; None stands for nobody."""

    appointment_id: UUID
    reference: str
    part: int
    before: PlannedVisit | None
    after: PlannedVisit | None


@dataclass(frozen=True, kw_only=True)
class PlanDiff:
    """What changed from one plan to another: visits, and the figures of both (`PlanRow.terms`).

    A bound is of its own plan's day: between the two the day may have changed.
    """

    before: int
    after: int
    publisher: str
    published_at: datetime
    moved: tuple[Moved, ...]
    cost_before_mc: int
    cost_after_mc: int
    bound_before_mc: int | None
    bound_after_mc: int | None
    terms_before: dict[str, int]
    terms_after: dict[str, int]


def plan_numbered(session: Session, area_id: UUID, day: date, number: int) -> PlanRow:
    """Return a plan by its number, or refuse with `NotFound`."""
    wanted = select(PlanRow).where(PlanRow.area_id == area_id, PlanRow.day == day, PlanRow.number == number)
    row = session.scalar(wanted)
    if row is None:
        raise refuse(NotFound, "no_such_plan", "There is no plan of that number for this day.")
    return row


def diff_plans(session: Session, before: PlanRow, after: PlanRow) -> PlanDiff:
    """Compare two plans of one day."""
    old, new = _placed(session, before.id), _placed(session, after.id)
    keys = sorted(
        {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)},
        key=lambda key: (key[1], key[2]),
    )
    return PlanDiff(
        before=before.number,
        after=after.number,
        publisher=after.publisher,
        published_at=after.published_at,
        moved=tuple(
            Moved(
                appointment_id=key[0], reference=key[1], part=key[2], before=old.get(key), after=new.get(key)
            )
            for key in keys
        ),
        cost_before_mc=before.cost,
        cost_after_mc=after.cost,
        bound_before_mc=before.bound,
        bound_after_mc=after.bound,
        terms_before=dict(before.terms),
        terms_after=dict(after.terms),
    )


def _placed(session: Session, plan_id: UUID) -> dict[tuple[UUID, str, int], PlannedVisit]:
    stop = PlannedStopRow
    wanted = (
        select(
            AppointmentRow.id, AppointmentRow.reference, stop.part, stop.nurse_id, stop.shift_id,
            NurseRow.code, stop.begins_at,
        )
        .join(AppointmentRow, AppointmentRow.id == stop.appointment_id)
        .join(NurseRow, NurseRow.id == stop.nurse_id)
        .where(stop.plan_id == plan_id)
    )  # fmt: skip
    return {
        (row.id, row.reference, row.part): PlannedVisit(
            nurse_id=row.nurse_id, shift_id=row.shift_id, nurse=row.code, begins_at=row.begins_at
        )
        for row in session.execute(wanted)
    }


def sentences(moved: Sequence[Moved]) -> tuple[str, ...]:
    """Say each change in one sentence that names no patient; who changed hands comes first."""
    return tuple(_sentence(one) for one in sorted(moved, key=_only_time_changed))


def _only_time_changed(moved: Moved) -> bool:
    before, after = moved.before, moved.after
    return before is not None and after is not None and before.shift_id == after.shift_id


def _sentence(moved: Moved) -> str:
    before, after = moved.before, moved.after
    if after is None:
        return f"{moved.reference} was taken off {before.nurse if before else 'its route'}."
    if before is None:
        return f"{moved.reference} was given to {after.nurse}."
    if before.nurse != after.nurse:
        return f"{moved.reference} went from {before.nurse} to {after.nurse}."
    return f"{moved.reference} of {after.nurse} begins at another time."

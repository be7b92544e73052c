"""The stored facts of visits, and whose visits they are; read by the chapter's service and queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.kernel.refusals import NotFound, Reason, Refusal, refuse
from dispatch.visits.model import Deed, EventIdReused, Fact, Story
from dispatch.visits.records import VisitFactRow
from dispatch.visits.rules import ORDER_FLAGS, UNSAFE_TO_LEAVE, fold

# Nobody watches a patient for longer; it keeps the question small.
A_WATCH = timedelta(days=2)


def no_such_visit() -> Refusal:
    """Make the refusal for a visit that is not there, or not this nurse's (which must look the same)."""
    return refuse(NotFound, "no_such_visit", "There is no such visit on your route.")


def event_id_reused() -> Refusal:
    """Make the refusal of an event id, or a device's sequence number, that came before with another body."""
    return EventIdReused(
        [
            Reason(
                code="event_id_reused",
                text="This event id or device sequence number came before with another body.",
                field="event_id",
                way_out="Send a new event with an id and a sequence number of its own.",
            )
        ]
    )


def plan_in_force(area_id: UUID, day: date) -> Select[UUID]:
    """Select the id of the day's newest plan."""
    return (
        select(PlanRow.id)
        .where(PlanRow.area_id == area_id, PlanRow.day == day)
        .order_by(PlanRow.number.desc())
        .limit(1)
    )


def on_route(session: Session, nurse_id: UUID, appointment: AppointmentRow) -> bool:
    """Tell whether the plan in force gives the appointment to this nurse."""
    mine = select(PlannedStopRow.id).where(
        PlannedStopRow.plan_id == plan_in_force(appointment.area_id, appointment.day).scalar_subquery(),
        PlannedStopRow.nurse_id == nurse_id,
        PlannedStopRow.appointment_id == appointment.id,
    )
    return session.scalar(mine) is not None


def may_report(
    session: Session,
    nurse_id: UUID,
    row: AppointmentRow,
    before: Sequence[VisitFactRow],
    at: datetime,
) -> bool:
    """Tell whether the visit is, or was at the time of the deed, this nurse's to report on.

    A phone without signal may not know that a newer plan took the visit away: what she did is true.
    """
    if before or on_route(session, nurse_id, row):
        return True
    then = (
        select(PlanRow.id)
        .where(PlanRow.area_id == row.area_id, PlanRow.day == row.day, PlanRow.published_at <= at)
        .order_by(PlanRow.number.desc())
        .limit(1)
    )
    mine = select(PlannedStopRow.id).where(
        PlannedStopRow.plan_id == then.scalar_subquery(),
        PlannedStopRow.nurse_id == nurse_id,
        PlannedStopRow.appointment_id == row.id,
    )
    return session.scalar(mine) is not None


def is_hers(session: Session, nurse_id: UUID, row: AppointmentRow) -> bool:
    """Tell whether a visit is on the nurse's route, or she has reported something of it before."""
    reported = select(VisitFactRow.position).where(
        VisitFactRow.appointment_id == row.id, VisitFactRow.nurse_id == nurse_id
    )
    return on_route(session, nurse_id, row) or session.scalar(reported.limit(1)) is not None


def facts_of(
    session: Session, appointment_ids: Iterable[UUID]
) -> Mapping[tuple[UUID, UUID], Sequence[VisitFactRow]]:
    """Return the stored facts by (appointment id, nurse id)."""
    found: dict[tuple[UUID, UUID], list[VisitFactRow]] = defaultdict(list)
    rows = select(VisitFactRow).where(VisitFactRow.appointment_id.in_(list(appointment_ids)))
    for row in session.scalars(rows):
        found[row.appointment_id, row.nurse_id].append(row)
    return found


def fact_of(row: VisitFactRow) -> Fact:
    """Return a stored fact as the rules read it."""
    return Fact(
        event_id=row.id,
        nurse_id=row.nurse_id,
        deed=Deed(row.deed),
        happened_at=row.happened_at,
        device=str(row.device_id or ""),
        device_seq=row.device_seq,
        checklist=bool(row.verdict.get("checklist", False)),
    )


def story_of(rows: Iterable[VisitFactRow], *, cancelled: bool) -> Story:
    """Fold a visit's stored facts."""
    return fold(map(fact_of, rows), cancelled=cancelled)


def patients_watched(session: Session, nurse_id: UUID, now: datetime) -> list[AppointmentRow]:
    """Return the visits whose patient a nurse has neither discharged nor handed over since it began."""
    begun = (
        select(VisitFactRow.appointment_id)
        .where(VisitFactRow.nurse_id == nurse_id, VisitFactRow.happened_at >= now - A_WATCH)
        .where(VisitFactRow.deed.in_((Deed.START.value, Deed.EMERGENCY.value)))
    )
    rows = session.scalars(
        select(AppointmentRow).where(AppointmentRow.id.in_(begun)).order_by(AppointmentRow.reference)
    ).all()
    told = facts_of(session, [row.id for row in rows])
    return [
        row
        for row in rows
        if story_of(told[row.id, nurse_id], cancelled=row.status == "cancelled").state in UNSAFE_TO_LEAVE
    ]


def still_watched_text(row: AppointmentRow) -> str:
    """Say of one of `patients_watched` what keeps its nurse."""
    return f"The patient of visit {row.reference} is neither discharged nor handed over."


def flags_of(rows: Iterable[VisitFactRow], story: Story) -> tuple[str, ...]:
    """Return every flag of a visit once: what was judged at receipt of each fact, and of their order now."""
    kept = {flag for row in rows for flag in row.verdict["flags"] if flag not in ORDER_FLAGS}
    return tuple(sorted(kept | {verdict.code for verdict in story.verdicts}))

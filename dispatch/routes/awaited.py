"""One visit as its patient awaits it, and what becomes late behind it, by what has happened so far."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.loading import windows_of
from dispatch.appointments.records import AppointmentRow
from dispatch.areas.service import policy
from dispatch.assignment.plan_model import OVER, Progress
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.kernel.clock import Clock
from dispatch.routes.model import Expected, Lateness, Span
from dispatch.routes.rules import Planned, expect, initials, lateness, missed_by_s
from dispatch.workforce.records import NurseRow

PROFESSIONS = {"RN": "registered nurse", "APRN": "advanced practice nurse"}


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """Who comes and when: first name and profession, nothing else of the nurse."""

    first_name: str
    profession: str
    planned_at: datetime
    expected_at: datetime
    late_s: int
    late: Lateness
    on_the_way: bool
    is_there: bool


@dataclass(frozen=True, kw_only=True)
class Delayed:
    """A later visit of the same shift that is expected late: nobody is there before `expected_at`."""

    appointment_id: UUID
    initials: str
    service: str
    planned_at: datetime
    expected_at: datetime
    late: Lateness
    misses_window_s: int


def awaited(
    session: Session, visit: AppointmentRow, clock: Clock, progress: Iterable[Progress]
) -> Awaited | None:
    """Return how a visit stands in the plan in force, None while nobody is planned to come.

    Parameters
    ----------
    progress
        How far the visits of that day have come.
    """
    route = _route_of(session, visit)
    own = next((stop for stop in route if stop.appointment_id == visit.id), None)
    if own is None:
        return None
    met = {each.appointment_id: each for each in progress if each.nurse_id == own.nurse_id}
    expected = _expected(route, met, clock)[route.index(own)]
    nurse = session.get_one(NurseRow, own.nurse_id)
    mine = met.get(visit.id)
    kinds = {licence.kind for licence in nurse.licences}
    return Awaited(
        first_name=nurse.name.split()[0],
        profession=next((PROFESSIONS[kind] for kind in PROFESSIONS if kind in kinds), "nurse"),
        planned_at=own.begins_at,
        expected_at=expected.begins_at,
        late_s=expected.late_s,
        late=lateness(expected.late_s, policy(session, "visit.late_minutes", visit.area_id)),
        on_the_way=mine is not None and mine.en_route_at is not None and mine.arrived_at is None,
        is_there=mine is not None and mine.arrived_at is not None and mine.state not in OVER,
    )


def delayed_behind(
    session: Session, visit: AppointmentRow, nurse_id: UUID, clock: Clock, progress: Iterable[Progress]
) -> tuple[Delayed, ...]:
    """Return the nurse's visits behind this one that are expected late, as the board shows them.

    Parameters
    ----------
    progress
        How far the visits of that day have come.
    """
    route = [stop for stop in _route_of(session, visit) if stop.nurse_id == nurse_id]
    here = next((index for index, stop in enumerate(route) if stop.appointment_id == visit.id), None)
    if here is None:
        return ()
    law = policy(session, "visit.late_minutes", visit.area_id)
    met = {each.appointment_id: each for each in progress if each.nurse_id == nurse_id}
    found = []
    for stop, expected in list(zip(route, _expected(route, met, clock), strict=True))[here + 1 :]:
        row = session.get(AppointmentRow, stop.appointment_id) if stop.appointment_id else None
        how = lateness(expected.late_s, law)
        if row is None or row.status == "cancelled" or row.id in met or how is Lateness.ON_TIME:
            continue
        spans = [Span(begins_at=each.begins_at, ends_at=each.ends_at) for each in windows_of(row)]
        found.append(
            Delayed(
                appointment_id=row.id,
                initials=initials(row.patient.name),
                service=row.service.name,
                planned_at=stop.begins_at,
                expected_at=expected.begins_at,
                late=how,
                misses_window_s=missed_by_s(expected.begins_at, spans),
            )
        )
    return tuple(found)


def _route_of(session: Session, visit: AppointmentRow) -> Sequence[PlannedStopRow]:
    """Return the stops of the shift that makes the visit by the plan in force, in their order."""
    plan = (
        select(PlanRow.id)
        .where(PlanRow.area_id == visit.area_id, PlanRow.day == visit.day)
        .order_by(PlanRow.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = select(PlannedStopRow).where(PlannedStopRow.plan_id == plan)
    own = session.scalars(wanted.where(PlannedStopRow.appointment_id == visit.id).limit(1)).first()
    if own is None:
        return ()
    whole = wanted.where(PlannedStopRow.shift_id == own.shift_id).order_by(PlannedStopRow.sequence)
    return session.scalars(whole).all()


def _expected(
    route: Sequence[PlannedStopRow], met: Mapping[UUID, Progress], clock: Clock
) -> tuple[Expected, ...]:
    planned = [
        Planned(
            kind=stop.kind,
            arrives_at=stop.arrives_at,
            begins_at=stop.begins_at,
            ends_at=stop.ends_at,
            travel_s=stop.travel_s,
            met=met.get(stop.appointment_id) if stop.appointment_id else None,
        )
        for stop in route
    ]
    return expect(planned, clock.now())

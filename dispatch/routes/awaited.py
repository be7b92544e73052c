"""One visit as its patient awaits it: who comes, and when by what has happened so far."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.service import policy
from dispatch.assignment.plan_model import OVER, Progress
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.kernel.clock import Clock
from dispatch.routes.model import Lateness
from dispatch.routes.rules import Planned, expect, lateness
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


def awaited(
    session: Session, visit: AppointmentRow, clock: Clock, progress: Iterable[Progress]
) -> Awaited | None:
    """Return how a visit stands in the plan in force, None while nobody is planned to come.

    Parameters
    ----------
    progress
        How far the visits of that day have come.
    """
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
        return None
    stops = session.scalars(
        wanted.where(PlannedStopRow.shift_id == own.shift_id).order_by(PlannedStopRow.sequence)
    ).all()
    met = {each.appointment_id: each for each in progress if each.nurse_id == own.nurse_id}
    planned = [
        Planned(
            kind=stop.kind,
            arrives_at=stop.arrives_at,
            begins_at=stop.begins_at,
            ends_at=stop.ends_at,
            travel_s=stop.travel_s,
            met=met.get(stop.appointment_id) if stop.appointment_id else None,
        )
        for stop in stops
    ]
    expected = expect(planned, clock.now())[[stop.sequence for stop in stops].index(own.sequence)]
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

"""A board disciplined a nurse: her visits are taken off at once, and the drug she carries comes back watched.

care-rules.md section 4. Putting drug back at a pharmacy, before its pharmacist, is never barred to her: it is
custody's own deed, of two signatures. Here stands only that it is due, and that it was done.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import policies, zone_of
from dispatch.assignment.moves import MoveVisit, move_visit
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.custody.queries import vials_of_nurse
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Refusal
from dispatch.visits.model import VisitState
from dispatch.visits.queries import progress
from dispatch.visits.safety.model import AlarmKind, Audience, Due
from dispatch.visits.safety.rules.clocks import after
from dispatch.visits.standing import may_practise
from dispatch.workforce.model import DISCIPLINE
from dispatch.workforce.records import LicenceRow, NurseRow
from dispatch.workforce.service.licences import WHEN_DISCIPLINED

A = Audience
POLICIES = ("safety.clocks", "safety.return")
LOOKS_BACK = timedelta(days=30)


def unassign_at_once(session: Session, nurse_id: UUID, actor: Actor, clock: Clock) -> None:
    """Take every visit off her route that she may not make any more, each by a plan of its own.

    What cannot be moved (she is at the bedside, or the day does not hold) stays with her, and
    `returns_due` alarms about it: a notice is never refused for the sake of a plan.
    """
    for visit in _visits_not_hers_any_more(session, nurse_id, clock):
        area = session.get_one(ServiceAreaRow, visit.area_id)
        met = progress(session, visit.area_id, visit.day)
        # Who is on her way turns back: to planning the visit is then as if nobody had set off.
        driving = {
            each for each, told in met.items()
            if told.nurse_id == nurse_id and told.state is VisitState.EN_ROUTE
        }  # fmt: skip
        plan = _plan_in_force(session, visit.area_id, visit.day)
        if plan is None:
            continue
        command = MoveVisit(
            area=area.slug,
            day=visit.day,
            appointment_id=visit.id,
            plan_number=plan.number,
            shift_id=None,
            part=_part_of(session, plan, visit.id, nurse_id),
        )
        try:
            with session.begin_nested():
                move_visit(
                    session,
                    command,
                    actor,
                    clock,
                    [told for each, told in met.items() if each not in driving],
                )
        except Refusal:
            continue


def returns_due(session: Session, clock: Clock) -> list[Due]:
    """Return what is due of disciplined nurses: drug to be brought back, visits that are still theirs."""
    now = clock.now()
    rows = session.execute(
        select(LicenceRow.id, LicenceRow.status_since, NurseRow)
        .join(NurseRow, NurseRow.id == LicenceRow.nurse_id)
        .where(LicenceRow.status.in_([status.value for status in DISCIPLINE]))
        .where(or_(LicenceRow.status_since.is_(None), LicenceRow.status_since <= now))
        .order_by(LicenceRow.status_since, LicenceRow.id)
    ).all()
    found: list[Due] = []
    for licence_id, since, nurse in rows:
        if since is not None and since < now - LOOKS_BACK:
            continue
        found += _due_of(
            session, nurse, f"{licence_id}:{since.isoformat() if since else ''}", since or now, clock
        )
    return found


def _due_of(session: Session, nurse: NurseRow, mark: str, since: datetime, clock: Clock) -> Iterable[Due]:
    values = policies(session, POLICIES, nurse.area_id)
    on, law = values["safety.clocks"]["on"], values["safety.return"]
    area = session.get_one(ServiceAreaRow, nurse.area_id)
    day = local_day(clock.now(), zone_of(area))
    if AlarmKind.SUPERVISED_RETURN in on and vials_of_nurse(session, nurse.id):
        yield Due(
            key=f"{AlarmKind.SUPERVISED_RETURN}:{nurse.id}:{mark}",
            kind=AlarmKind.SUPERVISED_RETURN,
            area_id=nurse.area_id,
            day=day,
            due_at=since,
            rungs=(
                after(0, A.NURSE, A.DISPATCHER, A.COMPLIANCE),
                after(law["compliance_after_minutes"], A.DISPATCHER, A.COMPLIANCE, A.LEAD),
            ),
            nurse_id=nurse.id,
            values={"safety.return": law},
        )
    if AlarmKind.STILL_ASSIGNED not in on:
        return
    for visit in _visits_not_hers_any_more(session, nurse.id, clock):
        yield Due(
            key=f"{AlarmKind.STILL_ASSIGNED}:{nurse.id}:{visit.id}:{mark}",
            kind=AlarmKind.STILL_ASSIGNED,
            area_id=visit.area_id,
            day=visit.day,
            due_at=since,
            rungs=(after(0, A.DISPATCHER, A.COMPLIANCE),),
            appointment_id=visit.id,
            nurse_id=nurse.id,
        )


def is_returned(session: Session, due: Due) -> bool:
    """Tell whether the nurse holds no drug any more."""
    return due.nurse_id is not None and not vials_of_nurse(session, due.nurse_id)


def is_taken_off(session: Session, due: Due, clock: Clock) -> bool:
    """Tell whether the visit is not hers any more, or is over."""
    assert due.nurse_id is not None
    left = _visits_not_hers_any_more(session, due.nurse_id, clock)
    return due.appointment_id not in {visit.id for visit in left}


def _visits_not_hers_any_more(session: Session, nurse_id: UUID, clock: Clock) -> list[AppointmentRow]:
    """Return the visits of the plans in force, today and later, that she still has and may not make."""
    nurse = session.get_one(NurseRow, nurse_id)
    area = session.get_one(ServiceAreaRow, nurse.area_id)
    now = clock.now()
    rows = session.execute(
        select(AppointmentRow, PlanRow.number, PlannedStopRow.begins_at)
        .join(PlannedStopRow, PlannedStopRow.appointment_id == AppointmentRow.id)
        .join(PlanRow, PlanRow.id == PlannedStopRow.plan_id)
        .where(PlannedStopRow.nurse_id == nurse_id, AppointmentRow.status != "cancelled")
        .where(PlanRow.day >= local_day(now, zone_of(area)))
        .order_by(PlannedStopRow.begins_at, AppointmentRow.id)
    ).all()
    newest: dict[date, int] = {}
    found = []
    for visit, number, begins_at in rows:
        if visit.day not in newest:
            plan = _plan_in_force(session, visit.area_id, visit.day)
            newest[visit.day] = plan.number if plan else 0
        if number != newest[visit.day] or _is_over(session, visit, nurse_id):
            continue
        begins = max(now, begins_at)
        until = begins + timedelta(minutes=visit.minutes)
        if not may_practise(nurse, visit.patient.state, begins, until, zone_of(area)):
            found.append(visit)
    return found


def _is_over(session: Session, visit: AppointmentRow, nurse_id: UUID) -> bool:
    told = progress(session, visit.area_id, visit.day).get(visit.id)
    if told is None or told.nurse_id != nurse_id:
        return False
    return told.finished_at is not None or told.state is VisitState.TRANSFERRED


def _plan_in_force(session: Session, area_id: UUID, day: date) -> PlanRow | None:
    return session.scalar(
        select(PlanRow)
        .where(PlanRow.area_id == area_id, PlanRow.day == day)
        .order_by(PlanRow.number.desc())
        .limit(1)
    )


def _part_of(session: Session, plan: PlanRow, appointment_id: UUID, nurse_id: UUID) -> int:
    wanted = select(PlannedStopRow.part).where(
        PlannedStopRow.plan_id == plan.id,
        PlannedStopRow.appointment_id == appointment_id,
        PlannedStopRow.nurse_id == nurse_id,
    )
    return session.scalar(wanted) or 1


WHEN_DISCIPLINED.append(unassign_at_once)

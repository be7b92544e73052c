"""What screens read of the safety clocks: alarms with who was told what when, the roster and its gaps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import policy
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.identity.records import AccountRow, RoleRow
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import NotFound, refuse
from dispatch.visits.facts import facts_of, is_hers, story_of
from dispatch.visits.model import Deed, VisitState
from dispatch.visits.rules import CLOSED
from dispatch.visits.safety.licensing import against_prescriber
from dispatch.visits.safety.loading import alarm_by_id, alarms_where, open_ones
from dispatch.visits.safety.model import Alarm, AlarmDeed, AlarmKind, Audience, Duty, Gap
from dispatch.visits.safety.records import AlarmRow, DutyRow
from dispatch.visits.safety.rules.on_call import uncovered
from dispatch.visits.safety.rules.states import MEANINGS, deeds_open
from dispatch.visits.safety.service.on_call import duties_between, supervision_mode
from dispatch.workforce.records import NurseRow

# Who is with her hears of these from nobody but the office.
SILENT = frozenset({AlarmKind.PANIC, AlarmKind.STILL_ASSIGNED})


@dataclass(frozen=True, kw_only=True)
class AlarmLine:
    """An alarm as a list shows it: codes and references, no patient."""

    alarm: Alarm
    area_slug: str
    reference: str
    nurse: str
    meaning: str
    deeds: tuple[AlarmDeed, ...]


@dataclass(frozen=True, kw_only=True)
class AlarmSheet:
    """An alarm with where to send help; the place is filled only where it has come to that."""

    line: AlarmLine
    patient_id: UUID | None
    nurse_name: str
    place_shown: bool
    address: str = field(default="", repr=False)
    access_notes: str = field(default="", repr=False)
    phone_place: str = field(default="", repr=False)


def alarm_lines(session: Session, area_id: UUID) -> list[AlarmLine]:
    """Return an area's open alarms, what has come to emergency services first."""
    found = alarms_where(session, open_ones(), AlarmRow.area_id == area_id)
    found.sort(key=lambda alarm: (not is_loud(alarm), alarm.raised_at))
    return _lines(session, found)


def ended_lines(session: Session, area_id: UUID, day: date) -> list[AlarmLine]:
    """Return the alarms of a day that are over, newest first."""
    found = alarms_where(session, ~open_ones(), AlarmRow.area_id == area_id, AlarmRow.day == day)
    return _lines(session, list(reversed(found)))


def is_loud(alarm: Alarm) -> bool:
    """Tell whether an alarm shouts: somebody calls for help, or it has come to emergency services."""
    return alarm.due.kind is AlarmKind.PANIC or alarm.calls_for_help


def alarm_sheet(session: Session, alarm_id: UUID) -> AlarmSheet:
    """Return one alarm with its words. The caller notes the read where a place is shown.

    Raises
    ------
    NotFound
        ``no_such_alarm``.
    """
    alarm = alarm_by_id(session, alarm_id, words=True)
    (line,) = _lines(session, [alarm])
    visit = session.get(AppointmentRow, alarm.due.appointment_id) if alarm.due.appointment_id else None
    nurse = session.get(NurseRow, alarm.due.nurse_id) if alarm.due.nurse_id else None
    shown = alarm.is_open and is_loud(alarm)
    row = session.get_one(AlarmRow, alarm_id)
    return AlarmSheet(
        line=line,
        patient_id=visit.patient_id if visit is not None else None,
        nurse_name=nurse.name if nurse is not None else "",
        place_shown=shown,
        address=(visit.patient.address or "") if visit is not None and shown else "",
        access_notes=(visit.patient.access_notes or "") if visit is not None and shown else "",
        phone_place=(row.place or "") if shown else "",
    )


def nurses_alarms(session: Session, nurse_id: UUID) -> list[AlarmLine]:
    """Return what a nurse's own page tells her: her open alarms of which she was told."""
    found = alarms_where(session, open_ones(), AlarmRow.nurse_id == nurse_id)
    return _lines(
        session,
        [
            alarm
            for alarm in found
            if alarm.due.kind not in SILENT and any(Audience.NURSE in told.audience for told in alarm.told)
        ],
    )


def help_is_called(session: Session, nurse_id: UUID) -> bool:
    """Tell whether a call for help of this nurse is open: her page shows a small sign, nothing more."""
    wanted = select(AlarmRow.id).where(
        AlarmRow.nurse_id == nurse_id, AlarmRow.kind == AlarmKind.PANIC.value, open_ones()
    )
    return session.scalar(wanted.limit(1)) is not None


def under_way(session: Session, nurse_id: UUID, day: date) -> UUID | None:
    """Return the visit at which a nurse is now, by what she reported; None when she is at none."""
    wanted = (
        select(PlannedStopRow.appointment_id)
        .join(PlanRow, PlanRow.id == PlannedStopRow.plan_id)
        .where(PlannedStopRow.nurse_id == nurse_id, PlanRow.day == day)
    )
    ids = [each for each in session.scalars(wanted) if each is not None]
    latest: tuple[datetime, UUID] | None = None
    for (appointment_id, who), rows in facts_of(session, ids).items():
        story = story_of(rows, cancelled=False)
        here = story.times.get(Deed.CHECK_IN) or story.times.get(Deed.EN_ROUTE)
        over = story.state in CLOSED or story.state is VisitState.TRANSFERRED or Deed.CHECK_OUT in story.times
        if who == nurse_id and here is not None and not over:
            latest = max(latest or (here, appointment_id), (here, appointment_id))
    return latest[1] if latest else None


def roster(session: Session, clock: Clock) -> list[Duty]:
    """Return the turns on call from now on, as far ahead as policy ``safety.on_call`` looks."""
    now = clock.now()
    return duties_between(session, now, now + _ahead(session))


def duties_of(session: Session, account_id: UUID, clock: Clock) -> list[Duty]:
    """Return a prescriber's own turns from now on."""
    return [duty for duty in roster(session, clock) if duty.account_id == account_id]


def duty_phone(session: Session, duty_id: UUID, appointment_id: UUID | None, actor: Actor) -> str:
    """Return the number of who is on call, for a dispatcher or for the nurse of a visit.

    Raises
    ------
    NotFound
        ``no_such_duty``; when the visit is not hers.
    """
    row = session.get(DutyRow, duty_id)
    if row is None or row.withdrawn_at is not None:
        raise refuse(NotFound, "no_such_duty", "There is no such turn on call.")
    if not actor.has(Role.DISPATCHER, Role.COMPLIANCE, Role.ADMIN):
        visit = session.get(AppointmentRow, appointment_id) if appointment_id else None
        if visit is None or actor.nurse_id is None or not is_hers(session, actor.nurse_id, visit):
            raise refuse(NotFound, "no_such_duty", "There is no such turn on call.")
    return row.phone or ""


def roster_gaps(session: Session, area_id: UUID, clock: Clock) -> list[Gap]:
    """Return the planned controlled visits for which nobody licensed is on call the whole time they need."""
    now, law = clock.now(), policy(session, "safety.on_call", area_id)
    until = now + _ahead(session)
    before, after = (timedelta(minutes=law[name]) for name in ("before_minutes", "after_minutes"))
    duties = duties_between(session, now - before, until + timedelta(days=1))
    may = {
        (duty.duty_id, state): not against_prescriber(
            session, duty.account_id, state, max(now, duty.begins_at)
        )
        for duty in duties
        for state in duty.states
    }
    found = []
    for visit, begins_at in _planned(session, area_id, now, until):
        state = visit.patient.state
        if supervision_mode(session, state) is None:
            continue  # nobody may be planned there at all
        needed = begins_at - before, begins_at + timedelta(minutes=visit.minutes) + after
        spans = [(d.begins_at, d.ends_at) for d in duties if may.get((d.duty_id, state))]
        found += [
            Gap(
                appointment_id=visit.id,
                reference=visit.reference,
                state=state,
                begins_at=begins,
                ends_at=ends,
            )
            for begins, ends in uncovered(spans, *needed)
        ]  # fmt: skip
    return found


def prescribers(session: Session) -> Sequence[AccountRow]:
    """Return the active accounts with the role, by name."""
    wanted = (
        select(AccountRow)
        .join(AccountRow.roles)
        .where(RoleRow.name == Role.PRESCRIBER.value, AccountRow.active)
        .order_by(AccountRow.name, AccountRow.id)
    )
    return session.scalars(wanted).all()


def _planned(
    session: Session, area_id: UUID, now: datetime, until: datetime
) -> list[tuple[AppointmentRow, datetime]]:
    newest: dict[date, tuple[int, UUID]] = {}
    days = (now - timedelta(days=1)).date(), until.date()
    plans = select(PlanRow.day, PlanRow.number, PlanRow.id).where(
        PlanRow.area_id == area_id, PlanRow.day.between(*days)
    )
    for row in session.execute(plans):
        newest[row.day] = max(newest.get(row.day, (0, row.id)), (row.number, row.id))
    rows = session.execute(
        select(AppointmentRow, PlannedStopRow.begins_at)
        .join(PlannedStopRow, PlannedStopRow.appointment_id == AppointmentRow.id)
        .where(PlannedStopRow.plan_id.in_([plan_id for _, plan_id in newest.values()]))
        .where(PlannedStopRow.begins_at > now, PlannedStopRow.begins_at < until)
        .where(AppointmentRow.status != "cancelled")
        .order_by(PlannedStopRow.begins_at, AppointmentRow.id)
    )
    return [(visit, begins_at) for visit, begins_at in rows if visit.service.controlled]


def _ahead(session: Session) -> timedelta:
    return timedelta(days=int(policy(session, "safety.on_call")["ahead_days"]))


def _lines(session: Session, alarms: Sequence[Alarm]) -> list[AlarmLine]:
    visits = {alarm.due.appointment_id for alarm in alarms if alarm.due.appointment_id}
    nurses = {alarm.due.nurse_id for alarm in alarms if alarm.due.nurse_id}
    areas = {alarm.due.area_id for alarm in alarms}
    references = {
        each.id: each.reference
        for each in session.execute(
            select(AppointmentRow.id, AppointmentRow.reference).where(AppointmentRow.id.in_(visits))
        )
    }
    named = select(NurseRow.id, NurseRow.code).where(NurseRow.id.in_(nurses))
    codes = {each.id: each.code for each in session.execute(named)}
    found = select(ServiceAreaRow.id, ServiceAreaRow.slug).where(ServiceAreaRow.id.in_(areas))
    slugs = {each.id: each.slug for each in session.execute(found)}
    return [
        AlarmLine(
            alarm=alarm,
            area_slug=slugs[alarm.due.area_id],
            reference=references.get(alarm.due.appointment_id, "") if alarm.due.appointment_id else "",
            nurse=codes.get(alarm.due.nurse_id, "") if alarm.due.nurse_id else "",
            meaning=MEANINGS[alarm.due.kind],
            deeds=deeds_open(alarm.state),
        )
        for alarm in alarms
    ]

"""Raise an alarm, tell its stages, add its steps: the only places that write these rows.

A row is its own claim: the alarm's key and the stage's number are unique, so whoever comes second, after a
crash or from another process, writes nothing and tells nobody. A message is a row of the same transaction.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.service import note_change, policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, refuse
from dispatch.messages.model import NewMessage, Recipient
from dispatch.messages.service import queue_message
from dispatch.visits.safety.loading import rung_as_json
from dispatch.visits.safety.model import Alarm, AlarmDeed, AlarmKind, Audience, Due
from dispatch.visits.safety.records import AlarmRow, AlarmStepRow, ToldRow
from dispatch.visits.safety.rules.clocks import stages_due
from dispatch.visits.safety.service.on_call import on_call_prescriber
from dispatch.workforce.records import NurseRow

CHECK_IN_KINDS = frozenset({AlarmKind.MISSED_ARRIVAL, AlarmKind.MISSED_CHECK_IN, AlarmKind.LONE_WORKER})
# Older than this a message only frightens; the alarm itself stays on the board.
SENSE_OF_A_MESSAGE = timedelta(hours=2)


def raise_alarm(
    session: Session, due: Due, actor: Actor, clock: Clock, *, place: str | None = None
) -> UUID | None:
    """Write an alarm's opening and return its id; None when this instance was raised before."""
    row = AlarmRow(
        id=new_id(),
        key=due.key,
        kind=due.kind.value,
        area_id=due.area_id,
        day=due.day,
        appointment_id=due.appointment_id,
        nurse_id=due.nurse_id,
        due_at=due.due_at,
        raised_at=clock.now(),
        rungs=[rung_as_json(rung) for rung in due.rungs],
        judged_by=dict(due.values),
    )
    if place:
        row.place = place
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    _audit(session, "safety.alarm", row.id, due, {"kind": due.kind.value}, actor, clock)
    note_change(session, due.area_id, due.day, "alarm", clock, row.id)
    return row.id


def tell_stage(session: Session, alarm: Alarm, number: int, actor: Actor, clock: Clock) -> bool:
    """Tell a stage that is due, unless it was told before, and say whether it was."""
    if number in {told.number for told in alarm.told}:
        return False
    stages = {each[0]: each[1:] for each in stages_due(alarm.due, clock.now())}
    if number not in stages:
        return False
    due_at, rung = stages[number]
    audience = rung.audience
    due, now = alarm.due, clock.now()
    row = ToldRow(
        id=new_id(),
        alarm_id=alarm.alarm_id,
        number=number,
        due_at=due_at,
        told_at=now,
        audience=[each.value for each in audience],
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another process told it meanwhile
        return False
    reference = _reference(session, due)
    for name, to in _recipients(session, due, audience, now).items():
        message = _message(due, reference, to, now, once=f"{number}:{name}", about=alarm.alarm_id)
        queue_message(session, message, actor, clock)
    detail = {"stage": number, "audience": [each.value for each in audience]}
    _audit(session, "safety.tell", alarm.alarm_id, due, detail, actor, clock)
    note_change(session, due.area_id, due.day, "alarm", clock, alarm.alarm_id)
    return True


def add_step(
    session: Session, alarm: Alarm, deed: AlarmDeed, actor: Actor, clock: Clock, words: str = ""
) -> AlarmStepRow:
    """Add a step to an alarm.

    Raises
    ------
    Conflict
        ``alarm_moved_on`` when somebody else added one at the same moment.
    """
    newest = select(func.max(AlarmStepRow.sequence)).where(AlarmStepRow.alarm_id == alarm.alarm_id)
    row = AlarmStepRow(
        id=new_id(),
        alarm_id=alarm.alarm_id,
        sequence=(session.scalar(newest) or 0) + 1,
        deed=deed.value,
        at=clock.now(),
        account_id=actor.account_id,
        by_name=actor.name,
    )
    if words:
        row.words = words
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise moved_on() from None
    _audit(session, f"safety.{deed.value}", alarm.alarm_id, alarm.due, {"step": row.sequence}, actor, clock)
    note_change(session, alarm.due.area_id, alarm.due.day, "alarm", clock, alarm.alarm_id)
    return row


def moved_on() -> Conflict:
    """Make the refusal of an answer to an alarm that somebody else answered meanwhile."""
    found = refuse(
        Conflict,
        "alarm_moved_on",
        "Somebody did something with this alarm since you looked.",
        way_out="Look at it again, then decide.",
    )
    assert isinstance(found, Conflict)
    return found


def _message(due: Due, reference: str, to: Recipient, now: datetime, *, once: str, about: UUID) -> NewMessage:
    minutes = str(min(9999, max(0, int((now - due.due_at).total_seconds()) // 60)))
    check_in = due.kind in CHECK_IN_KINDS
    called = to.account_id is not None and once.endswith(f":{Audience.PRESCRIBER.value}")
    return NewMessage(
        kind="on_call_needed" if called else "check_in_missed" if check_in else "safety_alarm",
        to=to,
        due_at=now,
        lapses_at=now + SENSE_OF_A_MESSAGE,
        values={"reference": reference} | ({"minutes": minutes} if check_in and not called else {}),
        about=about,
        once=once,
    )


def _reference(session: Session, due: Due) -> str:
    """Return what a message may name: the booking, else the nurse's code; never a person."""
    visit = session.get(AppointmentRow, due.appointment_id) if due.appointment_id else None
    if visit is not None:
        return visit.reference
    nurse = session.get(NurseRow, due.nurse_id) if due.nurse_id else None
    return nurse.code if nurse is not None else "alarm"


def _recipients(
    session: Session, due: Due, audience: Iterable[Audience], now: datetime
) -> Mapping[str, Recipient]:
    """Return whom a stage's audience means, by the word for them; a call and 911 are the dispatcher's."""
    found: dict[str, Recipient] = {}
    for each in audience:
        name, to = each.value, None
        if each is Audience.NURSE:
            to = _nurse(session, due)
        elif each is Audience.PRESCRIBER:
            to = _prescriber(session, due, now)
        elif each is Audience.LEAD:
            role = Role(policy(session, "safety.lead", due.area_id)["role"])
            to = Recipient(role=role, area_id=due.area_id)
        elif each is Audience.COMPLIANCE:
            to = Recipient(role=Role.COMPLIANCE, area_id=due.area_id)
        else:
            name, to = "dispatcher", Recipient(role=Role.DISPATCHER, area_id=due.area_id)
        if to is not None:
            found.setdefault(name, to)
    return found


def _nurse(session: Session, due: Due) -> Recipient | None:
    wanted = select(AccountRow.id).where(AccountRow.nurse_id == due.nurse_id, AccountRow.active)
    account_id = session.scalar(wanted.order_by(AccountRow.id).limit(1)) if due.nurse_id else None
    return Recipient(account_id=account_id) if account_id is not None else None


def _prescriber(session: Session, due: Due, now: datetime) -> Recipient | None:
    """Return who is on call; where nobody is, any prescriber may be the one who answers."""
    visit = session.get(AppointmentRow, due.appointment_id) if due.appointment_id else None
    duty = on_call_prescriber(session, visit.patient.state, now) if visit is not None else None
    if duty is None:
        return Recipient(role=Role.PRESCRIBER, area_id=due.area_id)
    return Recipient(account_id=duty.account_id)


def _audit(
    session: Session,
    action: str,
    alarm_id: UUID,
    due: Due,
    detail: Mapping[str, object],
    actor: Actor,
    clock: Clock,
) -> None:
    visit = session.get(AppointmentRow, due.appointment_id) if due.appointment_id else None
    entry = AuditEntry(
        action=action,
        subject_kind="alarm",
        subject_id=alarm_id,
        patient_id=visit.patient_id if visit is not None else None,
        detail=detail,
    )
    record(session, entry, actor, clock)

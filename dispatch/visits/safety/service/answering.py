"""What people do for the clocks: show that all is well, call for help, answer an alarm, ask a patient."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import note_change, policies, policy, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.plain_text import LONGEST_NOTE, text_fault
from dispatch.kernel.refusals import Conflict, Invalid, Reason, refuse
from dispatch.visits.facts import is_hers, no_such_visit
from dispatch.visits.safety.loading import alarm_by_id, alarms_where, open_ones
from dispatch.visits.safety.model import (
    Alarm,
    AlarmDeed,
    AlarmKind,
    AnswerAlarm,
    Audience,
    CheckIn,
    Due,
    Panic,
    PatientAnswer,
    SignKind,
)
from dispatch.visits.safety.records import AlarmRow, PatientAnswerRow, SignRow
from dispatch.visits.safety.rules.clocks import after
from dispatch.visits.safety.rules.states import NEXT
from dispatch.visits.safety.telling import add_step, moved_on, raise_alarm, tell_stage
from dispatch.workforce.records import NurseRow

A = Audience
SHORTEST_WORDS = 3


def check_in(session: Session, new: CheckIn, actor: Actor, clock: Clock) -> SignRow:
    """Record that the nurse is well; the same event again changes nothing.

    Raises
    ------
    NotFound
        When the visit is not hers.
    Invalid
        ``longer_out_of_range`` (policy ``safety.check_in``); ``event_id_reused``.
    """
    row = session.get(AppointmentRow, new.appointment_id)
    if row is None or actor.nurse_id is None or not is_hers(session, actor.nurse_id, row):
        raise no_such_visit()
    stored = session.get(SignRow, new.event_id)
    if stored is not None:
        return _same(stored, new, actor)
    most = int(policy(session, "safety.check_in", row.area_id)["most_longer_minutes"])
    if (new.kind is SignKind.LONGER) != (0 < new.longer_minutes <= most):
        text = f"A visit may be made longer by 1 to {most} minutes at once."
        raise refuse(Invalid, "longer_out_of_range", text, field="longer_minutes")
    now = clock.now()
    sign = SignRow(
        id=new.event_id,
        appointment_id=row.id,
        nurse_id=actor.nurse_id,
        account_id=actor.account_id,
        device_id=actor.device_id,
        kind=new.kind.value,
        longer_minutes=new.longer_minutes,
        happened_at=min(
            new.at, now
        ),  # a clock that runs ahead would keep the next check-in from being missed
        received_at=now,
    )
    try:
        with session.begin_nested():
            session.add(sign)
    except IntegrityError:
        stored = session.get(SignRow, new.event_id)
        if stored is None:
            raise
        return _same(stored, new, actor)
    entry = AuditEntry(
        action="safety.check_in",
        subject_kind="appointment",
        subject_id=row.id,
        patient_id=row.patient_id,
        detail={"event_id": str(sign.id), "kind": sign.kind, "longer_minutes": sign.longer_minutes},
    )
    record(session, entry, actor, clock)
    note_change(session, row.area_id, row.day, "visit", clock, row.id)
    return sign


def raise_panic(session: Session, new: Panic, actor: Actor, clock: Clock) -> UUID:
    """Raise a silent alarm, told at once; pressed again while it is open, it is told once more.

    Returns
    -------
    UUID
        The alarm's id. The nurse herself is never told anything.
    """
    nurse = session.get(NurseRow, actor.nurse_id) if actor.nurse_id else None
    if nurse is None:
        raise no_such_visit()
    key = f"{AlarmKind.PANIC}:{new.event_id}"
    stored = session.scalar(select(AlarmRow.id).where(AlarmRow.key == key))
    if stored is not None:
        return stored
    mine = open_panics(session, nurse.id)
    if mine:
        alarm = alarm_by_id(session, mine[-1].alarm_id, lock=True)
        if alarm.is_open:
            add_step(session, alarm, AlarmDeed.AGAIN, actor, clock)
            return alarm.alarm_id
    alarm_id = raise_alarm(session, _panic_due(session, nurse, new, clock), actor, clock, place=_place(new))
    if alarm_id is None:  # the same press, sent twice at one moment
        alarm_id = session.scalar(select(AlarmRow.id).where(AlarmRow.key == key))
        assert alarm_id is not None
        return alarm_id
    tell_stage(session, alarm_by_id(session, alarm_id), 1, actor, clock)
    return alarm_id


def open_panics(session: Session, nurse_id: UUID) -> list[Alarm]:
    """Return the nurse's calls for help that nobody has ended."""
    hers = AlarmRow.nurse_id == nurse_id
    return alarms_where(session, open_ones(), hers, AlarmRow.kind == AlarmKind.PANIC.value)


def answer_alarm(session: Session, answer: AnswerAlarm, actor: Actor, clock: Clock) -> Alarm:
    """Acknowledge an alarm, which ends its ladder, or resolve it, in words.

    Raises
    ------
    NotFound
        ``no_such_alarm``.
    Invalid
        ``words_missing`` when it is resolved without a sentence; ``unknown_deed``.
    Conflict
        ``alarm_moved_on``; ``alarm_over``.
    """
    actor.require((Role.DISPATCHER, Role.COMPLIANCE, Role.ADMIN, Role.PRESCRIBER))
    alarm = alarm_by_id(session, answer.alarm_id, lock=True)
    if not alarm.is_open:
        text = "This alarm is over."
        raise refuse(Conflict, "alarm_over", text, way_out="Write what is new into the visit's file.")
    if answer.seen is not None and answer.seen != len(alarm.steps):
        raise moved_on()
    words = answer.words.strip()
    found = []
    if answer.deed not in {AlarmDeed.ACKNOWLEDGE, AlarmDeed.RESOLVE}:
        found.append(Reason(code="unknown_deed", text="Acknowledge it, or resolve it.", field="deed"))
    if answer.deed is AlarmDeed.RESOLVE and len(words) < SHORTEST_WORDS:
        text = "Say in a sentence how it ended."
        found.append(Reason(code="words_missing", text=text, field="words"))
    if fault := text_fault(words, most=LONGEST_NOTE, lines=True):
        found.append(Reason(code=fault[0], text=fault[1], field="words"))
    if found:
        raise Invalid(found)
    if (alarm.state, answer.deed) not in NEXT:
        raise refuse(Conflict, "alarm_moved_on", "Somebody has it in hand already.", way_out="Look again.")
    add_step(session, alarm, answer.deed, actor, clock, words)
    return alarm_by_id(session, alarm.alarm_id)


def answer_patient_check(
    session: Session,
    appointment_id: UUID,
    answer: PatientAnswer,
    actor: Actor,
    clock: Clock,
    words: str = "",
) -> PatientAnswerRow:
    """Record how the patient is after a visit (care-rules.md B23); who is unwell raises an alarm at once.

    Said again while that alarm is open, it is told once more and not raised a second time.
    Whether the actor may speak for this patient is the caller's to know: the patient's own page, a nurse or a
    dispatcher on the telephone.
    """
    row = session.get(AppointmentRow, appointment_id)
    if row is None:
        raise no_such_visit()
    if fault := text_fault(words.strip(), most=LONGEST_NOTE, lines=True):
        raise refuse(Invalid, *fault, field="words")
    told = PatientAnswerRow(
        id=new_id(),
        appointment_id=row.id,
        answer=answer.value,
        account_id=actor.account_id,
        at=clock.now(),
    )
    if words.strip():
        told.words = words.strip()
    session.add(told)
    session.flush()
    entry = AuditEntry(
        action="safety.patient_answer",
        subject_kind="appointment",
        subject_id=row.id,
        patient_id=row.patient_id,
        detail={"answer": answer.value},
    )
    record(session, entry, actor, clock)
    note_change(session, row.area_id, row.day, "visit", clock, row.id)
    if answer is PatientAnswer.UNWELL:
        _call_for_patient(session, row, told.id, actor, clock)
    return told


def _call_for_patient(
    session: Session, row: AppointmentRow, answer_id: UUID, actor: Actor, clock: Clock
) -> None:
    hers = AlarmRow.appointment_id == row.id
    known = alarms_where(session, open_ones(), hers, AlarmRow.kind == AlarmKind.PATIENT_UNWELL.value)
    for each in known:
        alarm = alarm_by_id(session, each.alarm_id, lock=True)
        if alarm.is_open:
            add_step(session, alarm, AlarmDeed.AGAIN, actor, clock)
            return
    alarm_id = raise_alarm(session, _unwell_due(session, row, answer_id, clock.now()), actor, clock)
    assert alarm_id is not None
    tell_stage(session, alarm_by_id(session, alarm_id), 1, actor, clock)


def _same(stored: SignRow, new: CheckIn, actor: Actor) -> SignRow:
    if (stored.appointment_id, stored.nurse_id) != (new.appointment_id, actor.nurse_id):
        text = "This event id came before with another body."
        raise refuse(Invalid, "event_id_reused", text, field="event_id", way_out="Send a new event id.")
    return stored


def _panic_due(session: Session, nurse: NurseRow, new: Panic, clock: Clock) -> Due:
    row = session.get(AppointmentRow, new.appointment_id) if new.appointment_id else None
    hers = row is not None and is_hers(session, nurse.id, row)
    area = session.get_one(ServiceAreaRow, nurse.area_id)
    law, now = policies(session, ("safety.panic",), nurse.area_id), clock.now()
    values = law["safety.panic"]
    return Due(
        key=f"{AlarmKind.PANIC}:{new.event_id}",
        kind=AlarmKind.PANIC,
        area_id=nurse.area_id,
        day=row.day if row is not None and hers else local_day(now, zone_of(area)),
        due_at=now,
        rungs=(
            after(0, A.DISPATCHER),
            after(values["lead_after_minutes"], A.DISPATCHER, A.LEAD),
            after(values["emergency_after_minutes"], A.DISPATCHER, A.LEAD, A.EMERGENCY),
        ),
        appointment_id=row.id if row is not None and hers else None,
        nurse_id=nurse.id,
        values=law,
    )


def _unwell_due(session: Session, row: AppointmentRow, answer_id: UUID, now: datetime) -> Due:
    law = policies(session, ("safety.alertness",), row.area_id)
    lead = law["safety.alertness"]["lead_after_minutes"]
    return Due(
        key=f"{AlarmKind.PATIENT_UNWELL}:{answer_id}",
        kind=AlarmKind.PATIENT_UNWELL,
        area_id=row.area_id,
        day=row.day,
        due_at=now,
        rungs=(after(0, A.DISPATCHER, A.CALL, A.PRESCRIBER), after(lead, A.DISPATCHER, A.LEAD)),
        appointment_id=row.id,
        values=law,
    )


def _place(new: Panic) -> str | None:
    here = new.position
    return f"{here.lat:.6f},{here.lon:.6f},{here.accuracy_m or ''}" if here else None

"""What waits for a prescriber: raised by any chapter, answered by a prescriber; an alarm is signed."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.clearance.commands import AnswerTask, NewTask
from dispatch.clearance.gathering import about
from dispatch.clearance.loading import not_there, prescriber_of
from dispatch.clearance.model import ALARMS, Subject, TaskKind
from dispatch.clearance.records import PrescriberTaskRow
from dispatch.clearance.rules.deciding import note_faults, proof_faults
from dispatch.clearance.sentences import reason
from dispatch.clearance.service.traces import audit, refuse_all
from dispatch.intake.queries import case_of_patient, case_view
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid


def whole(session: Session, subject: Subject) -> Subject:
    """Return the subject with both ids where both are known.

    Raises
    ------
    Invalid
        ``subject_missing``.
    """
    if subject.case_id is not None and subject.patient_id is None:
        return Subject(case_id=subject.case_id, patient_id=case_view(session, subject.case_id).patient_id)
    if subject.patient_id is not None and subject.case_id is None:
        case = case_of_patient(session, subject.patient_id)
        return Subject(case_id=case.case_id if case else None, patient_id=subject.patient_id)
    if subject.patient_id is None:
        raise Invalid([reason("subject_missing", "subject")])
    return subject


def raise_alarm(session: Session, command: NewTask, actor: Actor, clock: Clock) -> UUID:
    """Put something before the prescribers; an open task of the same kind and matter is given again.

    Anybody may raise one, and so may Housecall itself: nothing that worries somebody is turned away.
    """
    subject = whole(session, command.subject)
    known = select(PrescriberTaskRow).where(
        about(PrescriberTaskRow, subject.case_id, subject.patient_id),
        PrescriberTaskRow.kind == command.kind.value,
        PrescriberTaskRow.about.is_not_distinct_from(command.about),
        PrescriberTaskRow.answered_at.is_(None),
    )
    found = session.scalar(known.limit(1))
    if found is not None:
        return found.id
    now = clock.now()
    row = PrescriberTaskRow(
        id=new_id(),
        case_id=subject.case_id,
        patient_id=subject.patient_id,
        kind=command.kind.value,
        about=command.about,
        raised_at=now,
        raised_by=actor.account_id,
        due_at=command.due_at or _due(session, command.kind, now),
    )
    row.text = command.text.strip()[:2000]
    session.add(row)
    session.flush()
    audit(session, "task.raise", "prescriber_task", row.id, actor, clock, subject.patient_id)
    return row.id


def _due(session: Session, kind: TaskKind, now: datetime) -> datetime:
    value = policy(session, "clearance.alarms")
    part = {
        TaskKind.SUICIDALITY_HIGH: "high_minutes",
        TaskKind.SUICIDALITY_SAME_DAY: "same_day_minutes",
    }.get(kind, "task_minutes")
    return now + timedelta(minutes=value[part])


def answer_alarm(session: Session, command: AnswerTask, actor: Actor, clock: Clock) -> PrescriberTaskRow:
    """Answer a task; an alarm of suicidality wants a fresh proof of the prescriber's identity.

    Raises
    ------
    NotFound
        ``no_such_task``.
    Forbidden
        Without the role, ``not_a_prescriber``, ``prescriber_inactive``, or without a proof that counts.
    Conflict
        ``already_answered``.
    Invalid
        ``reason_missing``.
    """
    actor.require((Role.PRESCRIBER,))
    row = session.get(PrescriberTaskRow, command.task_id)
    if row is None:
        raise not_there("no_such_task", "task_id")
    prescriber = prescriber_of(session, actor.account_id)
    forbidden = [] if prescriber else [reason("not_a_prescriber")]
    if prescriber and not prescriber.draft.active:
        forbidden.append(reason("prescriber_inactive"))
    if TaskKind(row.kind) in ALARMS:
        fresh = timedelta(minutes=policy(session, "identity.fresh_minutes")["minutes"])
        forbidden += proof_faults(command.proof, actor.account_id, clock.now(), fresh)
    against = [] if row.answered_at is None else [reason("already_answered")]
    refuse_all(forbidden=forbidden, invalid=note_faults(command.answer, "answer"), conflict=against)
    row.answered_at, row.answered_by = clock.now(), actor.account_id
    row.proof_ref = command.proof.session_ref if command.proof else None
    row.answer = command.answer.strip()
    session.flush()
    audit(session, "task.answer", "prescriber_task", row.id, actor, clock, row.patient_id)
    return row

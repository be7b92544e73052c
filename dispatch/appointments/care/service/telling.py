"""What patients tell: the adult who is with them, wishes, feedback and boundary reports."""

from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.care.model import ResponsibleAdult, TaskForPrescriber
from dispatch.appointments.care.records import VisitAdultRow, VisitFeedbackRow, VisitWishRow
from dispatch.appointments.loading import patient_by_id
from dispatch.appointments.records import AppointmentRow
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.clearance.commands import NewTask
from dispatch.clearance.model import Subject, TaskKind
from dispatch.clearance.service import raise_alarm
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.plain_text import LONGEST_NOTE, phone_fault, text_fault
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Reasons, refuse
from dispatch.messages.model import NewMessage, Recipient
from dispatch.messages.service import queue_message

WISHES = ("another_time", "chaperone", "call")
ANSWERS = ("done", "not_possible", "called")


def name_adult(
    session: Session,
    patient_id: UUID,
    adult: ResponsibleAdult,
    actor: Actor,
    clock: Clock,
    *,
    appointment_id: UUID | None = None,
) -> UUID:
    """Write down who is with the patient, for one appointment or for all.

    Raises
    ------
    Invalid
        With every fault of name, relation and telephone.
    """
    patient_by_id(session, patient_id)
    wrong = Reasons()
    for name, text in (("name", adult.name), ("relation", adult.relation)):
        if not text.strip():
            wrong.add("text_missing", "This is needed.", field=name)
        elif fault := text_fault(text):
            wrong.add(*fault, field=name)
    if fault := phone_fault(adult.phone):
        wrong.add(*fault, field="phone")
    wrong.raise_if_any(Invalid)
    row = VisitAdultRow(
        id=new_id(),
        patient_id=patient_id,
        appointment_id=_own(session, patient_id, appointment_id),
        of_age=adult.of_age,
        can_drive=adult.can_drive,
        chosen_by_patient=adult.chosen_by_patient,
        named_at=clock.now(),
    )
    row.name, row.phone, row.relation = adult.name.strip(), adult.phone, adult.relation.strip()
    session.add(row)
    session.flush()
    _audit(session, "visit_adult.name", row.id, patient_id, actor, clock)
    return row.id


def wish(
    session: Session,
    patient_id: UUID,
    kind: str,
    words: str,
    actor: Actor,
    clock: Clock,
    *,
    appointment_id: UUID | None = None,
) -> UUID:
    """Write down what a patient asks for and tell the dispatchers that something waits, not what.

    Raises
    ------
    Invalid
        ``no_such_wish``, or the faults of the words.
    """
    patient = patient_by_id(session, patient_id)
    wrong = Reasons()
    if kind not in WISHES:
        wrong.add("no_such_wish", "Choose one of: " + ", ".join(WISHES) + ".", field="kind")
    if fault := text_fault(words.strip(), most=LONGEST_NOTE, lines=True):
        wrong.add(*fault, field="words")
    wrong.raise_if_any(Invalid)
    row = VisitWishRow(
        id=new_id(),
        patient_id=patient_id,
        appointment_id=_own(session, patient_id, appointment_id),
        kind=kind,
        asked_at=clock.now(),
    )
    row.words = words.strip() or None
    session.add(row)
    session.flush()
    _audit(session, "visit_wish.ask", row.id, patient_id, actor, clock, kind=kind)
    _tell(session, Role.DISPATCHER, patient.area_id, "request", row.id, actor, clock)
    return row.id


def answer_wish(session: Session, wish_id: UUID, answer: str, actor: Actor, clock: Clock) -> None:
    """Close a patient's wish: done, not possible, or she was called.

    Raises
    ------
    NotFound, Invalid, Conflict
        ``no_such_wish``; ``no_such_answer``; ``answered_already``.
    """
    actor.require((Role.DISPATCHER,))
    row = session.get(VisitWishRow, wish_id)
    if row is None:
        raise refuse(NotFound, "no_such_wish", "There is no such wish.")
    if answer not in ANSWERS:
        raise refuse(Invalid, "no_such_answer", "Choose one of: " + ", ".join(ANSWERS) + ".", field="answer")
    if row.answered_at is not None:
        raise refuse(Conflict, "answered_already", "Somebody has answered it.")
    row.answered_at, row.answered_by, row.answer = clock.now(), actor.account_id, answer
    session.flush()
    _audit(session, "visit_wish.answer", row.id, row.patient_id, actor, clock, answer=answer)


def give_feedback(
    session: Session,
    patient_id: UUID,
    words: str,
    actor: Actor,
    clock: Clock,
    *,
    appointment_id: UUID | None = None,
    may_be_shared: bool = False,
    boundary: bool = False,
) -> UUID:
    """Keep what a patient tells of a visit, private unless she allows more (D14).

    A report that somebody crossed a boundary (C03) goes to compliance alone, at once, and is never shared.

    Raises
    ------
    Invalid
        ``text_missing``, or the faults of the words.
    """
    patient = patient_by_id(session, patient_id)
    wrong = Reasons()
    if not words.strip():
        wrong.add("text_missing", "Write something first.", field="words")
    elif fault := text_fault(words.strip(), most=LONGEST_NOTE, lines=True):
        wrong.add(*fault, field="words")
    wrong.raise_if_any(Invalid)
    row = VisitFeedbackRow(
        id=new_id(),
        patient_id=patient_id,
        appointment_id=_own(session, patient_id, appointment_id),
        kind="boundary" if boundary else "feedback",
        may_be_shared=may_be_shared and not boundary,
        told_at=clock.now(),
    )
    row.words = words.strip()
    session.add(row)
    session.flush()
    _audit(session, f"visit_feedback.{row.kind}", row.id, patient_id, actor, clock)
    if boundary:
        _tell(session, Role.COMPLIANCE, patient.area_id, "report", row.id, actor, clock)
    return row.id


def leave_task(session: Session, task: TaskForPrescriber, actor: Actor, clock: Clock) -> UUID:
    """Leave the prescriber what a refused booking asks; an open one like it is not doubled."""
    new = NewTask(
        subject=Subject(patient_id=task.patient_id, case_id=task.case_id),
        kind=TaskKind.MEDICATION_QUESTION,
        text=task.text,
    )
    return raise_alarm(session, new, actor, clock)


def _own(session: Session, patient_id: UUID, appointment_id: UUID | None) -> UUID | None:
    if appointment_id is None:
        return None
    row = session.get(AppointmentRow, appointment_id)
    if row is None or row.patient_id != patient_id:
        raise refuse(NotFound, "no_such_appointment", "There is no such appointment.", field="appointment")
    return row.id


def _tell(
    session: Session, role: Role, area_id: UUID, what: str, about: UUID, actor: Actor, clock: Clock
) -> None:
    message = NewMessage(
        kind="task_waiting",
        to=Recipient(role=role, area_id=area_id),
        due_at=clock.now(),
        values={"what": what},
        about=about,
        once="told",
    )
    queue_message(session, message, actor, clock)


def _audit(
    session: Session,
    action: str,
    subject_id: UUID,
    patient_id: UUID,
    actor: Actor,
    clock: Clock,
    **detail: str,
) -> None:
    entry = AuditEntry(
        action=action, subject_kind=action.partition(".")[0], subject_id=subject_id, patient_id=patient_id,
        detail=detail,
    )  # fmt: skip
    record(session, entry, actor, clock)

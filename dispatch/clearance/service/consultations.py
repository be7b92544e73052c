"""Consultations and evaluations: booked once intake lets it, recorded by the prescriber (B11, B29)."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.clearance.commands import BookConsultation, RecordConsultation, RecordEvaluation
from dispatch.clearance.loading import (
    authority_faults,
    not_there,
    place_of,
    prescriber_of,
)
from dispatch.clearance.model import ConsultationStatus
from dispatch.clearance.records import ConsultationRecordRow, ConsultationRow, EvaluationRow
from dispatch.clearance.rules import consulting
from dispatch.clearance.rules.prescribing import may_order
from dispatch.clearance.sealed import packed
from dispatch.clearance.sentences import reason
from dispatch.clearance.service.traces import audit_case, refuse_all
from dispatch.intake.model import CaseDeed, CaseState
from dispatch.intake.queries import consultation_blocks
from dispatch.intake.service import move_case
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id

OFFICE = (Role.DISPATCHER, Role.PRESCRIBER)
# A case moves on by its consultation in these states; in the others it stays where it is.
BOOKS_FORWARD = frozenset({CaseState.INTAKE_COMPLETE, CaseState.NEEDS_PRIOR_TREATMENT, CaseState.MORE_INFO})
BOOKS_AGAIN = frozenset(
    {
        CaseState.CONSULT_DONE, CaseState.CLEARED, CaseState.IN_TREATMENT, CaseState.MAINTENANCE,
        CaseState.ON_HOLD,
    }
)  # fmt: skip


def book_consultation(
    session: Session, command: BookConsultation, actor: Actor, clock: Clock
) -> ConsultationRow:
    """Book a consultation of 30 to 60 minutes with a prescriber licensed in the patient's state.

    Raises
    ------
    Conflict
        With everything intake still misses (`intake.queries.consultation_blocks`), ``case_not_ready``,
        ``consultation_clash``, and what keeps the prescriber from ordering that day.
    Invalid
        ``consultation_minutes``, ``consultation_in_the_past``.
    """
    place = place_of(session, command.case_id, command.begins_at)
    invalid = consulting.booking_faults(
        command.begins_at, command.minutes, clock.now(), place.policies["clearance.consultation"]
    )
    against = list(consultation_blocks(session, command.case_id, clock.now()))
    if place.case.state not in BOOKS_FORWARD | BOOKS_AGAIN:
        against.append(reason("case_not_ready"))
    against += may_order(prescriber_of(session, command.prescriber_id), place.case.contact.state, place.day)
    if _clash(session, command):
        against.append(reason("consultation_clash", "begins_at"))
    refuse_all(invalid=invalid, conflict=against)
    row = ConsultationRow(
        id=new_id(),
        case_id=command.case_id,
        prescriber_id=command.prescriber_id,
        mode=command.mode.value,
        begins_at=command.begins_at,
        minutes=command.minutes,
        status=ConsultationStatus.BOOKED.value,
        booked_at=clock.now(),
        booked_by=actor.account_id,
    )
    session.add(row)
    if place.case.state in BOOKS_FORWARD:
        move_case(session, command.case_id, CaseDeed.BOOK_CONSULTATION, actor, clock)
    session.flush()
    audit_case(session, "consultation.book", place.case, actor, clock, consultation_id=str(row.id))
    return row


def _clash(session: Session, command: BookConsultation) -> bool:
    ends_at = command.begins_at + timedelta(minutes=command.minutes)
    near = select(ConsultationRow).where(
        ConsultationRow.prescriber_id == command.prescriber_id,
        ConsultationRow.status == ConsultationStatus.BOOKED.value,
        ConsultationRow.begins_at < ends_at,
        ConsultationRow.begins_at > command.begins_at - timedelta(days=1),
    )
    return any(
        each.begins_at + timedelta(minutes=each.minutes) > command.begins_at for each in session.scalars(near)
    )


def consultation_of(session: Session, consultation_id: UUID) -> ConsultationRow:
    """Return a consultation, or refuse with `NotFound`."""
    row = session.get(ConsultationRow, consultation_id)
    if row is None:
        raise not_there("no_such_consultation", "consultation_id")
    return row


def end_consultation(
    session: Session, consultation_id: UUID, status: ConsultationStatus, actor: Actor, clock: Clock
) -> ConsultationRow:
    """Enter that a consultation did not take place: cancelled, or the patient did not come.

    Raises
    ------
    Conflict
        ``consultation_not_booked``; ``consultation_not_begun`` for a no-show before its time.
    """
    row = consultation_of(session, consultation_id)
    place = place_of(session, row.case_id, clock.now())
    against = []
    if row.status != ConsultationStatus.BOOKED or status not in consulting.NOT_HELD:
        against.append(reason("consultation_not_booked"))
    if status is ConsultationStatus.NO_SHOW and clock.now() < row.begins_at:
        against.append(reason("consultation_not_begun"))
    refuse_all(conflict=against)
    row.status = status.value
    if place.case.state is CaseState.CONSULT_BOOKED:
        move_case(session, row.case_id, CaseDeed.CANCEL_CONSULTATION, actor, clock)
    audit_case(session, f"consultation.{status.value}", place.case, actor, clock, consultation_id=str(row.id))
    return row


def record_consultation(
    session: Session, command: RecordConsultation, actor: Actor, clock: Clock
) -> ConsultationRecordRow:
    """Record what the prescriber found, with substance-use screen and monitoring programme (B29).

    Raises
    ------
    Forbidden
        When the actor may not order in the patient's state; ``consultation_of_another``.
    Conflict
        ``consultation_not_booked``, ``consultation_not_begun``.
    Invalid
        ``unknown_question``, ``answer_not_known``, ``substance_screen_missing``,
        ``monitoring_programme_missing``, ``moment_out_of_range``.
    """
    consultation = consultation_of(session, command.consultation_id)
    now = clock.now()
    place = place_of(session, consultation.case_id, now)
    forbidden = list(authority_faults(session, actor, place))
    if consultation.prescriber_id != actor.account_id:
        forbidden.append(reason("consultation_of_another"))
    against = [] if consultation.status == ConsultationStatus.BOOKED else [reason("consultation_not_booked")]
    if now < consultation.begins_at:
        against.append(reason("consultation_not_begun"))
    invalid = consulting.record_faults(command, now, place.policies["clearance.consultation"])
    refuse_all(forbidden=forbidden, invalid=invalid, conflict=against)
    assert actor.account_id is not None
    consultation.status = ConsultationStatus.DONE.value
    row = ConsultationRecordRow(
        id=new_id(),
        consultation_id=consultation.id,
        case_id=consultation.case_id,
        at=now,
        account_id=actor.account_id,
        pdmp_checked_at=command.pdmp_checked_at,
    )
    row.content = packed(
        {
            "answers": dict(command.answers),
            "audit_c": list(command.audit_c),
            "pdmp_result": command.pdmp_result.value if command.pdmp_result else None,
            "note": command.note.strip(),
        }
    )
    session.add(row)
    if place.case.state is CaseState.CONSULT_BOOKED:
        move_case(session, consultation.case_id, CaseDeed.FINISH_CONSULTATION, actor, clock)
    session.flush()
    audit_case(session, "consultation.record", place.case, actor, clock, consultation_id=str(consultation.id))
    return row


def record_evaluation(
    session: Session, command: RecordEvaluation, actor: Actor, clock: Clock
) -> EvaluationRow:
    """Document an evaluation in person (care-rules section 3).

    Raises
    ------
    Forbidden
        When the actor may not order in the patient's state.
    Invalid
        ``asa_class_out_of_range``, ``weight_out_of_range``, ``moment_out_of_range`` and faults of answers.
    """
    now = clock.now()
    place = place_of(session, command.case_id, now)
    forbidden = authority_faults(session, actor, place)
    refuse_all(forbidden=forbidden, invalid=consulting.evaluation_faults(command, now))
    assert actor.account_id is not None
    row = EvaluationRow(
        id=new_id(),
        case_id=command.case_id,
        evaluated_at=command.evaluated_at,
        at=now,
        account_id=actor.account_id,
    )
    row.content = packed(_evaluated(command))
    session.add(row)
    session.flush()
    audit_case(session, "evaluation.record", place.case, actor, clock, evaluation_id=str(row.id))
    return row


def _evaluated(command: RecordEvaluation) -> Mapping[str, object]:
    return {
        "asa_class": command.asa_class,
        "weight_g": command.weight_g,
        "risk_points": command.risk_points,
        "answers": dict(command.answers),
        "note": command.note.strip(),
    }

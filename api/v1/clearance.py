"""Clearance: screening, consultations, decisions, overrides, holds, the prescriber's queue."""

from typing import Any
from uuid import UUID

from api import proofs
from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1 import clearance_schemas as forms
from dispatch.audit.model import AuditEntry
from dispatch.clearance import commands, queries, service
from dispatch.clearance.model import (
    ALARMS,
    Clearance,
    ConsultationStatus,
    Decision,
    HoldCause,
    Mode,
    PdmpResult,
    Verdict,
)
from dispatch.clearance.queue import QueueLine
from dispatch.identity.model import ProofOfIdentity
from dispatch.kernel.actor import Role

blueprint = Blueprint("clearance", __name__, description="May this therapy start at home, and who says so")
PRESCRIBERS = roles(Role.PRESCRIBER)
OFFICE = roles(Role.PRESCRIBER, Role.DISPATCHER)
BEDSIDE = roles(Role.PRESCRIBER, Role.NURSE)


def own_proof(sent: dict[str, Any]) -> ProofOfIdentity:
    """Take the proof out of what was sent, and check for whom and for which event it was made."""
    return proofs.read(sent.pop("proof"), sent.pop("event_id"))[1]


@blueprint.route("/clearance/queue")
@blueprint.response(200, forms.ClearanceQueueLineSchema(many=True))
@policy(PRESCRIBERS)
def read_queue() -> list[QueueLine]:
    """Show what waits for a prescriber, urgent first."""
    note_read(AuditEntry(action="clearance.read_queue", subject_kind="prescriber_task", subject_id=None))
    return list(queries.queue(current_session(), clock().now()))


@blueprint.route("/cases/<uuid:case_id>/clearance")
@blueprint.response(200, forms.ClearanceSchema)
@policy(PRESCRIBERS)
def read_clearance(case_id: UUID) -> Clearance:
    """Show whether a case is cleared, and everything in the way."""
    found = queries.clearance_of_case(current_session(), case_id, clock().now())
    note_read(queries.read_entry(current_session(), "read_case", case_id))
    return found


@blueprint.route("/cases/<uuid:case_id>/verdicts", methods=["POST"])
@answered_once
@blueprint.response(201, forms.ClearanceVerdictSchema)
@policy(PRESCRIBERS)
def screen_case(case_id: UUID) -> Verdict:
    """Screen a case, and keep the verdict: all that is unmet, at once."""
    return service.screen(current_session(), case_id, actor(), clock())


@blueprint.route("/cases/<uuid:case_id>/consultations", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceNewConsultationSchema)
@blueprint.response(201, forms.ClearanceConsultationSchema)
@policy(OFFICE)
def book_consultation(sent: dict[str, Any], case_id: UUID) -> Any:
    """Book a consultation, or be told everything that stands against it."""
    command = commands.BookConsultation(case_id=case_id, **sent | {"mode": Mode(sent["mode"])})
    return service.book_consultation(current_session(), command, actor(), clock())


@blueprint.route("/consultations/<uuid:consultation_id>/record", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceConsultationRecordSchema)
@blueprint.response(201, forms.ClearanceMadeSchema)
@policy(PRESCRIBERS)
def record_consultation(sent: dict[str, Any], consultation_id: UUID) -> Any:
    """Record what was found, with substance-use screen and monitoring programme."""
    result = sent.pop("pdmp_result")
    command = commands.RecordConsultation(
        consultation_id=consultation_id,
        audit_c=tuple(sent.pop("audit_c")),
        pdmp_result=PdmpResult(result) if result else None,
        **sent,
    )
    return service.record_consultation(current_session(), command, actor(), clock())


@blueprint.route("/consultations/<uuid:consultation_id>/<any(no_show,cancelled):ended>", methods=["POST"])
@answered_once
@blueprint.response(200, forms.ClearanceConsultationSchema)
@policy(OFFICE)
def end_consultation(consultation_id: UUID, ended: str) -> Any:
    """Enter that a consultation did not take place."""
    return service.end_consultation(
        current_session(), consultation_id, ConsultationStatus(ended), actor(), clock()
    )


@blueprint.route("/cases/<uuid:case_id>/evaluations", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceEvaluationSchema)
@blueprint.response(201, forms.ClearanceMadeSchema)
@policy(PRESCRIBERS)
def record_evaluation(sent: dict[str, Any], case_id: UUID) -> Any:
    """Document an evaluation in person."""
    command = commands.RecordEvaluation(case_id=case_id, **sent)
    return service.record_evaluation(current_session(), command, actor(), clock())


@blueprint.route("/cases/<uuid:case_id>/decisions", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceDecisionSchema)
@blueprint.response(201, forms.ClearanceSchema)
@policy(PRESCRIBERS)
def decide_case(sent: dict[str, Any], case_id: UUID) -> Clearance:
    """Decide on a case, signed."""
    proof, seen = own_proof(sent), frozenset(sent.pop("acknowledged"))
    more = sent | {"decision": Decision(sent["decision"])}
    command = commands.Decide(case_id=case_id, proof=proof, acknowledged=seen, **more)
    service.decide(current_session(), command, actor(), clock())
    return queries.clearance_of_case(current_session(), case_id, clock().now())


@blueprint.route("/cases/<uuid:case_id>/overrides", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceOverrideSchema)
@blueprint.response(201, forms.ClearanceMadeSchema)
@policy(PRESCRIBERS)
def override_rule(sent: dict[str, Any], case_id: UUID) -> Any:
    """Set a rule aside for a time, signed."""
    proof = own_proof(sent)
    command = commands.SignOverride(case_id=case_id, proof=proof, **sent)
    return service.sign_override(current_session(), command, actor(), clock())


@blueprint.route("/cases/<uuid:case_id>/medication-reviews", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceMedicationReviewSchema)
@blueprint.response(201, forms.ClearanceMadeSchema)
@policy(PRESCRIBERS)
def review_medications(sent: dict[str, Any], case_id: UUID) -> Any:
    """Review the medication list as it stands, signed."""
    proof = own_proof(sent)
    classes = {entry: frozenset(each) for entry, each in sent.pop("classes").items()}
    command = commands.ReviewMedications(case_id=case_id, proof=proof, classes=classes, **sent)
    return service.review_medications(current_session(), command, actor(), clock())


@blueprint.route("/cases/<uuid:case_id>/holds", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceHoldSchema)
@blueprint.response(201, forms.ClearanceHoldLineSchema)
@policy(BEDSIDE)
def hold_case(sent: dict[str, Any], case_id: UUID) -> Any:
    """Let treatment rest until a prescriber has looked."""
    command = commands.Hold(case_id=case_id, cause=HoldCause(sent["cause"]), reason=sent["reason"])
    return service.hold(current_session(), command, actor(), clock())


@blueprint.route("/holds/<uuid:hold_id>/release", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceReleaseSchema)
@blueprint.response(200, forms.ClearanceHoldLineSchema)
@policy(PRESCRIBERS)
def release_hold(sent: dict[str, Any], hold_id: UUID) -> Any:
    """Release a hold, signed."""
    proof = own_proof(sent)
    command = commands.Release(hold_id=hold_id, reason=sent["reason"], proof=proof)
    return service.release_hold(current_session(), command, actor(), clock())


@blueprint.route("/clearance/tasks/<uuid:task_id>/answer", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ClearanceAnswerTaskSchema)
@blueprint.response(200, forms.ClearanceTaskSchema)
@policy(PRESCRIBERS)
def answer_task(sent: dict[str, Any], task_id: UUID) -> Any:
    """Answer a task; an alarm is signed by a fresh proof."""
    session = current_session()
    task = queries.task_of(session, task_id)
    signed = task.kind in ALARMS and sent["proof"] and sent["event_id"]
    proof = own_proof(sent) if signed else None
    command = commands.AnswerTask(task_id=task_id, answer=sent["answer"], proof=proof)
    service.answer_alarm(session, command, actor(), clock())
    return queries.task_of(session, task_id)

"""What a consultation and an evaluation need (care-rules B11, B29, section 3)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dispatch.clearance.commands import RecordConsultation, RecordEvaluation
from dispatch.clearance.model import ConsultationStatus
from dispatch.clearance.rules.deciding import note_faults
from dispatch.clearance.rules.screening import QUESTIONS
from dispatch.clearance.sentences import reason
from dispatch.kernel.refusals import Reason

NOT_HELD = frozenset({ConsultationStatus.NO_SHOW, ConsultationStatus.CANCELLED})
ANSWERS = frozenset({"yes", "no", "unknown"})
AUDIT_C_ANSWERS, AUDIT_C_MOST = 3, 4
ASA_CLASSES = range(1, 7)
WEIGHTS_G = range(1_000, 500_001)
RISK_POINTS = range(101)
FAR_BACK = timedelta(days=365)


def booking_faults(
    begins_at: datetime, minutes: int, now: datetime, policy: Mapping[str, Any]
) -> list[Reason]:
    """Return what is wrong with the time or the length of a consultation."""
    found = []
    if not policy["least_minutes"] <= minutes <= policy["most_minutes"]:
        found.append(reason("consultation_minutes", "minutes"))
    if begins_at < now:
        found.append(reason("consultation_in_the_past", "begins_at"))
    return found


def answer_faults(answers: Mapping[str, str]) -> list[Reason]:
    """Return what is wrong with answers to the screening questions."""
    found = []
    for question, answer in answers.items():
        if question not in QUESTIONS:
            found.append(reason("unknown_question", "answers"))
        elif answer not in ANSWERS:
            found.append(reason("answer_not_known", f"answers.{question}"))
    return found


def record_faults(command: RecordConsultation, now: datetime, policy: Mapping[str, Any]) -> list[Reason]:
    """Return what is wrong with, or missing in, the record of a consultation."""
    found = answer_faults(command.answers) + note_faults(command.note, "note", needed=False)
    whole = len(command.audit_c) == AUDIT_C_ANSWERS
    plausible = all(0 <= each <= AUDIT_C_MOST for each in command.audit_c)
    if not plausible or (not whole and (policy["substance_screen"] or command.audit_c)):
        found.append(reason("substance_screen_missing", "audit_c"))
    asked = command.pdmp_checked_at is not None and command.pdmp_result is not None
    if policy["monitoring_programme"] and not asked:
        found.append(reason("monitoring_programme_missing", "pdmp_result"))
    if command.pdmp_checked_at is not None and not now - FAR_BACK < command.pdmp_checked_at <= now:
        found.append(reason("moment_out_of_range", "pdmp_checked_at"))
    return found


def evaluation_faults(command: RecordEvaluation, now: datetime) -> list[Reason]:
    """Return what is wrong with the record of an evaluation."""
    found = answer_faults(command.answers) + note_faults(command.note, "note", needed=False)
    if command.asa_class not in ASA_CLASSES:
        found.append(reason("asa_class_out_of_range", "asa_class"))
    if command.weight_g not in WEIGHTS_G:
        found.append(reason("weight_out_of_range", "weight_g"))
    if command.risk_points is not None and command.risk_points not in RISK_POINTS:
        found.append(reason("risk_points_out_of_range", "risk_points"))
    if not now - FAR_BACK < command.evaluated_at <= now:
        found.append(reason("moment_out_of_range", "evaluated_at"))
    return found

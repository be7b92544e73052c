"""Everything that is done in clearance: prescribers, consultations, verdicts, decisions, holds, scores."""

from dispatch.clearance.service.consultations import (
    book_consultation,
    end_consultation,
    record_consultation,
    record_evaluation,
)
from dispatch.clearance.service.deciding import decide, sign_override
from dispatch.clearance.service.holds import hold, on_case_change, release_hold
from dispatch.clearance.service.medications import review_medications
from dispatch.clearance.service.prescribers import (
    approve_prescriber,
    enter_prescriber,
    enter_prescriber_licence,
    expiring_by,
)
from dispatch.clearance.service.scores import record_score
from dispatch.clearance.service.screening import screen
from dispatch.clearance.service.tasks import answer_alarm, raise_alarm, whole

__all__ = [
    "answer_alarm",
    "approve_prescriber",
    "book_consultation",
    "decide",
    "end_consultation",
    "enter_prescriber",
    "enter_prescriber_licence",
    "expiring_by",
    "hold",
    "on_case_change",
    "raise_alarm",
    "record_consultation",
    "record_evaluation",
    "record_score",
    "release_hold",
    "review_medications",
    "screen",
    "sign_override",
    "whole",
]

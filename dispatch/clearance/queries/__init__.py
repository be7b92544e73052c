"""What screens and other chapters read of clearance."""

from dispatch.clearance.queries.clearing import (
    clearance_of,
    clearance_of_case,
    medication_review_valid,
    prescriber_may_order,
    prescriber_warnings,
)
from dispatch.clearance.queries.files import (
    CaseFile,
    case_file,
    prescriber_accounts,
    prescriber_lines,
    read_entry,
    task_of,
)
from dispatch.clearance.queries.questions import QUESTION_CODES, question_words
from dispatch.clearance.queries.scores import curve, score_line, scores_at, scores_of
from dispatch.clearance.queries.work import TASK_WORDS, alarm_open, open_tasks, queue
from dispatch.clearance.rules.scale_items import SCALE_ITEMS

__all__ = [
    "QUESTION_CODES",
    "SCALE_ITEMS",
    "TASK_WORDS",
    "CaseFile",
    "alarm_open",
    "case_file",
    "clearance_of",
    "clearance_of_case",
    "curve",
    "medication_review_valid",
    "open_tasks",
    "prescriber_accounts",
    "prescriber_lines",
    "prescriber_may_order",
    "prescriber_warnings",
    "question_words",
    "queue",
    "read_entry",
    "score_line",
    "scores_at",
    "scores_of",
    "task_of",
]

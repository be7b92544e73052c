"""What the screen of signals and assays reads; nothing here writes."""

from dispatch.custody.signals.queries.assays import AssayLine, PeriodLine, assay, assays, periods
from dispatch.custody.signals.queries.questions import (
    AnswerLine,
    EvidenceLine,
    SignalLine,
    Standing,
    evidence,
    question,
    questions,
)

__all__ = [
    "AnswerLine",
    "AssayLine",
    "EvidenceLine",
    "PeriodLine",
    "SignalLine",
    "Standing",
    "assay",
    "assays",
    "evidence",
    "periods",
    "question",
    "questions",
]

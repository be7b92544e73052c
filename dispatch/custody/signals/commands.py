"""What a person asks of signals and assays: one frozen value a deed."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class AnswerSignal:
    """A compliance officer answers a question.

    Attributes
    ----------
    answer
        One of `model.Answer`.
    seen
        The number of answers that the officer saw; another's answer meanwhile refuses this one.
    """

    signal_id: UUID
    answer: str
    text: str
    seen: int = 0


@dataclass(frozen=True, kw_only=True)
class RecordAssay:
    """What was measured of a residual.

    Attributes
    ----------
    volume_ul
        How much fluid the residual was, in microlitres.
    diluted
        It was handed in diluted, an infusion bag say: its concentration then says nothing, the amount does.
    laboratory
        Who measured, and how.
    """

    task_id: UUID
    measured_ug_per_ml: int
    volume_ul: int
    laboratory: str
    diluted: bool = False

"""The life of a series as a table (care-rules.md section 6)."""

from dataclasses import dataclass
from enum import StrEnum


class SeriesState(StrEnum):
    """Where a series stands (care-rules.md section 6)."""

    PROPOSED = "proposed"
    ORDERED = "ordered"
    ACTIVE = "active"
    REVIEW_DUE = "review_due"
    PAUSED = "paused"
    STOPPED = "stopped"
    COMPLETED = "completed"


class SeriesDeed(StrEnum):
    """What moves a series."""

    ORDER = "order"
    GIVE = "give"
    CALL_REVIEW = "call_review"
    REVIEW = "review"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    COMPLETE = "complete"


class When(StrEnum):
    """Under what a line of `STEPS` holds, where a deed may lead to more than one state."""

    ALWAYS = ""
    NONE_GIVEN = "none given yet"
    REVIEW_OPEN = "a review is due"
    OTHERWISE = "otherwise"


@dataclass(frozen=True)
class Step:
    """One line of the state machine: in `source`, `deed` leads to `target`."""

    source: SeriesState
    deed: SeriesDeed
    target: SeriesState
    by: str
    meaning: str
    when: When = When.ALWAYS


S, D = SeriesState, SeriesDeed
# A series' life. The code, docs/states.md and the tests all read this table.
STEPS = (
    Step(S.PROPOSED, D.ORDER, S.ORDERED, "prescriber", "signs the first version of the order"),
    Step(S.PROPOSED, D.STOP, S.STOPPED, "prescriber", "it will not take place"),
    Step(S.ORDERED, D.GIVE, S.ACTIVE, "system", "the first infusion was given"),
    Step(S.ORDERED, D.PAUSE, S.PAUSED, "prescriber", "waits before it began"),
    Step(S.ORDERED, D.STOP, S.STOPPED, "prescriber", "it will not take place"),
    Step(S.ACTIVE, D.GIVE, S.ACTIVE, "system", "another infusion was given"),
    Step(S.ACTIVE, D.CALL_REVIEW, S.REVIEW_DUE, "system", "enough was given to tell the response"),
    Step(S.ACTIVE, D.PAUSE, S.PAUSED, "prescriber", "infusions are held back"),
    Step(S.ACTIVE, D.STOP, S.STOPPED, "prescriber", "no more infusions"),
    Step(S.ACTIVE, D.COMPLETE, S.COMPLETED, "system", "the last infusion is over and reviewed"),
    Step(S.REVIEW_DUE, D.GIVE, S.REVIEW_DUE, "system", "an infusion was given before the review"),
    Step(S.REVIEW_DUE, D.REVIEW, S.ACTIVE, "prescriber", "goes on after the review"),
    Step(S.REVIEW_DUE, D.STOP, S.STOPPED, "prescriber", "no more infusions after the review"),
    Step(S.REVIEW_DUE, D.PAUSE, S.PAUSED, "prescriber", "infusions are held back"),
    # An infusion that was under way when the series was paused physically happened.
    Step(S.PAUSED, D.GIVE, S.PAUSED, "system", "an infusion was given although it was paused"),
    Step(S.PAUSED, D.RESUME, S.ORDERED, "prescriber", "begins after all", When.NONE_GIVEN),
    Step(S.PAUSED, D.RESUME, S.REVIEW_DUE, "prescriber", "goes on, review first", When.REVIEW_OPEN),
    Step(S.PAUSED, D.RESUME, S.ACTIVE, "prescriber", "goes on", When.OTHERWISE),
    Step(S.PAUSED, D.STOP, S.STOPPED, "prescriber", "no more infusions"),
)  # fmt: skip
ENDS = frozenset({S.STOPPED, S.COMPLETED})
# In these no infusion may be booked or started.
CLOSED_TO_BOOKING = frozenset({S.PROPOSED, S.PAUSED, S.STOPPED, S.COMPLETED})

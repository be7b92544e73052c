"""Where a deed leads a series, by the table `model.STEPS`; and how close infusions may lie."""

from collections.abc import Collection
from datetime import date, timedelta

from dispatch.series.states import STEPS, SeriesDeed, SeriesState, When


def after(
    state: SeriesState, deed: SeriesDeed, *, given: int = 0, review_due: bool = False
) -> SeriesState | None:
    """Return where a deed leads, None where the table does not know it."""
    holds = {
        When.ALWAYS: True,
        When.NONE_GIVEN: given == 0,
        When.REVIEW_OPEN: given > 0 and review_due,
        When.OTHERWISE: given > 0 and not review_due,
    }
    found = (step.target for step in STEPS if (step.source, step.deed) == (state, deed) and holds[step.when])
    return next(found, None)


def deeds_open(state: SeriesState, by: str) -> tuple[SeriesDeed, ...]:
    """Return what somebody may do with a series in a state."""
    return tuple(dict.fromkeys(step.deed for step in STEPS if step.source is state and step.by == by))


def too_many(days: Collection[date], day: date, most: int, within: int) -> bool:
    """Tell whether an infusion on `day` would be one too many in some `within` consecutive days."""
    row = sorted([*days, day])
    return any(
        row[at] - row[at - most] < timedelta(days=within) and row[at - most] <= day <= row[at]
        for at in range(most, len(row))
    )

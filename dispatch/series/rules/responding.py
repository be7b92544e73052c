"""What the infusions have done, when it is reviewed, and when PHQ-9 is asked again (B03, C10, D03)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dispatch.clearance.model import Occasion
from dispatch.clearance.rules.scales import is_response
from dispatch.series.model import Response


def response_of(baseline: int | None, now: int | None, policy: Mapping[str, Any]) -> Response | None:
    """Return the response by PHQ-9: down by half, by a quarter, or less; None where nobody can tell.

    Parameters
    ----------
    baseline, now
        Totals of 0 to 27; None where none was taken. From a baseline of 0 nothing can fall.
    policy
        ``series.response``.
    """
    if not baseline or now is None:
        return None
    if is_response(baseline, now, policy):
        return Response.RESPONDER
    if is_response(baseline, now, {"response_percent": policy["partial_percent"]}):
        return Response.PARTIAL
    return Response.NON_RESPONDER


def review_is_due(given: int, reviewed_after: int, policy: Mapping[str, Any]) -> bool:
    """Tell whether enough infusions were given to review the response, and nobody has."""
    return bool(given >= policy["review_after"] > reviewed_after)


def review_is_missing(number: int, reviewed_after: int, policy: Mapping[str, Any]) -> bool:
    """Tell whether infusion `number` may not take place before the response is reviewed."""
    return bool(number >= policy["mandatory_before"] and reviewed_after < policy["review_after"])


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A PHQ-9 to be asked for: weeks after the last infusion."""

    occasion: Occasion
    due_on: date
    overdue: bool


def follow_ups(
    last_given: date, taken: Collection[Occasion], today: date, policy: Mapping[str, Any]
) -> tuple[FollowUp, ...]:
    """Return the PHQ-9s of 3 and 12 weeks after the last infusion that nobody has taken yet.

    Parameters
    ----------
    taken
        Occasions of PHQ-9s since that infusion.
    """
    weeks = {
        Occasion.WEEKS_3: policy["follow_up_first_weeks"],
        Occasion.WEEKS_12: policy["follow_up_second_weeks"],
    }
    open_days = timedelta(days=policy["follow_up_open_days"])
    return tuple(
        FollowUp(occasion=occasion, due_on=due, overdue=today > due + open_days)
        for occasion, count in weeks.items()
        for due in (last_given + timedelta(weeks=count),)
        if occasion not in taken
    )

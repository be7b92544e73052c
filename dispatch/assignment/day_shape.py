"""From the trade's values to the planner's: seconds of the day, windows, shifts, breaks, prices."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.assignment.plan_model import BREAK_NOT_BEFORE_H, PENALTY_MC, PREFERENCE_MC
from dispatch.workforce.rules.state_hours import StateHours
from routing.problem import MealBreak, Weights, Window
from routing.soundness import ID

HOUR_S = 3600


def second_of(at: datetime, origin: datetime) -> int:
    """Return the elapsed seconds from the day's origin to an instant."""
    return round((at - origin).total_seconds())


def instant_of(second: int, origin: datetime) -> datetime:
    """Return the UTC instant of a second of the day."""
    return origin + timedelta(seconds=second)


def second_of_reading(minute: int, day: date, zone: ZoneInfo, origin: datetime) -> int:
    """Return the second at which the area's clocks show `minute` minutes after midnight.

    Opening hours and the latest end of a visit are readings, not durations: on the day of a change of
    the clocks 20:00 is 19 or 21 hours after midnight. A reading that is skipped counts from the change on.
    """
    reading = datetime.combine(day, time.min) + timedelta(minutes=minute)
    return second_of(reading.replace(tzinfo=zone), origin)


def merged(windows: Iterable[tuple[int, int]], least_s: int, most_s: int) -> tuple[Window, ...]:
    """Return windows clipped to [`least_s`, `most_s`], ascending and disjoint; empty ones left out."""
    found: list[tuple[int, int]] = []
    for begin_s, end_s in sorted(windows):
        begin_s, end_s = max(begin_s, least_s), min(end_s, most_s)
        if begin_s > end_s:
            continue
        if found and begin_s <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end_s))
        else:
            found.append((begin_s, end_s))
    return tuple(Window(begin_s=begin_s, end_s=end_s) for begin_s, end_s in found)


def meal_break(
    shift: Window, policy: Mapping[str, Any], from_s: int, laws: Iterable[StateHours] = ()
) -> MealBreak | None:
    """Return the break that this shift owes, None where it is too short or the time for it is past.

    Parameters
    ----------
    policy
        ``hours.meal_break``, the company's own.
    laws
        Of the states in which she visits that day: the strictest of all that apply holds.
    """
    owed = [
        (policy["shift_longer_than_h"] * HOUR_S, policy["begins_before_h"] * HOUR_S, policy["minutes"] * 60)
    ]
    for law in laws:
        for before in law.meals_before[:1]:
            before_s = int(before.total_seconds())
            owed.append((before_s, before_s, int(law.meal.total_seconds())))
    due = [(before_s, long_s) for over_s, before_s, long_s in owed if shift.end_s - shift.begin_s > over_s]
    if not due:
        return None
    latest_s = shift.begin_s + min(before_s for before_s, _ in due) - 1
    if from_s > latest_s:
        return None
    earliest_s = shift.begin_s + policy.get("begins_after_h", BREAK_NOT_BEFORE_H) * HOUR_S
    # A day that runs shortens what is left of the shift, not what the whole shift owes: no threshold.
    return MealBreak(
        duration_s=max(long_s for _, long_s in due),
        earliest_s=max(min(earliest_s, latest_s), from_s),
        latest_s=latest_s,
    )


def latest_end(shift: Window, overtime_s: int, laws: Iterable[StateHours]) -> tuple[int, int]:
    """Return the second to which a shift is planned, and the overtime after it.

    A route holds one meal, so where a state asks for a second one she is planned to the hour before which
    that one begins, at the latest.
    """
    second = [int(law.meals_before[1].total_seconds()) for law in laws if len(law.meals_before) > 1]
    if not second:
        return shift.end_s, overtime_s
    most_s = shift.begin_s + min(second)
    return min(shift.end_s, most_s), min(overtime_s, max(0, most_s - shift.end_s))


def weights_of(policy: Mapping[str, Any]) -> Weights:
    """Return the prices of an area: what it states, else the planner's defaults."""
    names = ("travel_mc_per_s", "idle_mc_per_s", "overtime_mc_per_s", "fairness_mc_per_s")
    return Weights(**{name: policy[name] for name in names if name in policy})


def penalty_mc(priority: int, policy: Mapping[str, Any]) -> int:
    """Return the price of leaving a visit of this priority unassigned."""
    stated: Mapping[str, int] = policy.get("penalty_mc", {})
    return stated.get(str(priority), PENALTY_MC[priority])


def preference_prices(policy: Mapping[str, Any]) -> dict[str, int]:
    """Return the price of each missed wish, by its code in `rules.preferences`."""
    return {code: int(policy.get(f"{code}_mc", price)) for code, price in PREFERENCE_MC.items()}


def distinct_id(wanted: str, fallback: str, taken: Iterable[str]) -> str:
    """Return the name people know, unless it is taken or no id of a day file; then the fallback."""
    return wanted if ID.fullmatch(wanted) and wanted not in taken else fallback

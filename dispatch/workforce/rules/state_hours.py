"""Meals and overtime by a state's own row, on top of the fatigue limits (care-rules.md section 4).

Hours are elapsed hours; travel between patients is work time. A meal counts only where nothing else is done,
so one taken during an infusion is none. Policy ``hours.states``; a state without a row has the federal week.
The day's planner keeps the first meal of every state that its area visits and ends before a second one is
owed (`assignment.day_shape`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatch.kernel.refusals import Reason
from dispatch.workforce.model import Shift
from dispatch.workforce.rules.hours import NONE, worked

FEDERAL = "US"
Span = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class StateHours:
    """A state's row; a span of zero means that the state asks for none.

    Attributes
    ----------
    meal, meals_before
        How long a meal is, and before which hours of work the first, second ... has begun.
    overtime_after, double_after, overtime_after_week
        Work in a shift beyond which it is overtime, or paid double; and the week's.
    """

    meal: timedelta
    meals_before: tuple[timedelta, ...]
    overtime_after: timedelta
    double_after: timedelta
    overtime_after_week: timedelta


@dataclass(frozen=True, kw_only=True)
class PaidHours:
    """How long she works at which rate."""

    straight: timedelta
    overtime: timedelta
    double: timedelta


def hours_of_state(policy: Mapping[str, Any], state: str) -> StateHours:
    """Read a state's row of policy ``hours.states``; without one the federal row holds."""
    rows: Mapping[str, Mapping[str, Any]] = policy["rows"]
    row = {**rows[FEDERAL], **rows.get(state, {})}
    return StateHours(
        meal=timedelta(minutes=row["meal_minutes"]),
        meals_before=tuple(timedelta(hours=each) for each in row["meals_before_h"]),
        overtime_after=timedelta(hours=row["overtime_after_h"]),
        double_after=timedelta(hours=row["double_after_h"]),
        overtime_after_week=timedelta(hours=row["overtime_after_h_in_week"]),
    )


def meal_faults(
    shift: Shift, meals: Iterable[Span], infusions: Sequence[Span], law: StateHours
) -> tuple[Reason, ...]:
    """Return every meal that a shift owes: none begun in time, too short, or taken during an infusion."""
    counted = []
    found = []
    for begins, ends in sorted(meals):
        if any(begins < stops and starts < ends for starts, stops in infusions):
            text = "A meal was put beside a running infusion: that is no meal."
            found.append(Reason(code="meal_during_infusion", text=text, way_out="Put it between visits."))
        elif ends - begins < law.meal:
            text = f"A meal lasts {law.meal.total_seconds() / 60:.0f} minutes at least."
            found.append(Reason(code="meal_too_short", text=text, way_out="Make it longer."))
        else:
            counted.append(begins)
    owed = [before for before in law.meals_before if shift.length > before]
    for number, before in enumerate(owed, 1):
        in_time = [begins for begins in counted if begins - shift.starts_at < before]
        if len(in_time) < number:
            hour = f"{before.total_seconds() / 3600:.0f}"
            text = f"Meal {number} has to begin before hour {hour} of the shift ends."
            found.append(Reason(code="meal_missing", text=text, way_out="Put a meal between two visits."))
    return tuple(found)


def paid_hours(shift: Shift, week: Sequence[Shift], law: StateHours) -> PaidHours:
    """Return at which rate a shift is paid.

    Parameters
    ----------
    week
        Her other shifts of the same work week, as far as they lie before this one.
    """
    length = shift.length
    double = max(NONE, length - law.double_after) if law.double_after else NONE
    daily = max(NONE, length - law.overtime_after) - double if law.overtime_after else NONE
    before = worked(week, min((s.starts_at for s in week), default=shift.starts_at), shift.starts_at)
    straight = length - daily - double
    weekly = NONE
    if law.overtime_after_week:
        weekly = min(straight, max(NONE, before + straight - law.overtime_after_week))
    return PaidHours(straight=straight - weekly, overtime=daily + weekly, double=double)

"""A shift that is long enough owes a break of its full length that begins inside its window.

California's rule, for one: 30 minutes begun before the end of the fifth hour, never during an infusion.
"""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield nurses with visits whose break is missing, short or at the wrong time."""
    for reading in readings(problem, plan):
        due = reading.nurse.due_break
        if due is None or not reading.visits:
            continue
        if not any(
            due.earliest_s <= rest.begin_s <= due.latest_s
            and rest.end_s - rest.begin_s >= due.duration_s
            and rest.begin_s >= reading.nurse.departs_at_s
            for rest in reading.rests
        ):
            yield Violation(
                rule="meal_break",
                nurse=reading.nurse.id,
                text=f"no break of {due.duration_s} s begins between {due.earliest_s} and {due.latest_s} s.",
            )

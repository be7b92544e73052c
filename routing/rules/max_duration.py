"""A nurse's working day, from leaving to being back, is no longer than its limit."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield routes that last too long; on a running day the way straight home is always allowed."""
    for reading in readings(problem, plan):
        nurse = reading.nurse
        if nurse.max_duration_s is None:
            continue
        since_s = reading.start.begin_s if nurse.on_duty_since_s is None else nurse.on_duty_since_s
        latest_s = max(since_s + nurse.max_duration_s, problem.straight_home_s(nurse))
        if reading.end.arrive_s > latest_s:
            yield Violation(
                rule="max_duration",
                nurse=nurse.id,
                text=f"her day lasts {reading.end.arrive_s - since_s} s, {nurse.max_duration_s} s at most.",
            )

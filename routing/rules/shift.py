"""A nurse leaves not before her shift begins, or not before she is free on a running day."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield departures that are too early, and on-duty nurses whom the plan forgets."""
    for reading in readings(problem, plan):
        earliest_s = reading.nurse.departs_at_s
        if reading.start.begin_s < earliest_s:
            yield Violation(
                rule="shift",
                nurse=reading.nurse.id,
                text=f"she leaves at {reading.start.begin_s} s, free from {earliest_s} s.",
            )
    planned = {route.nurse for route in plan.routes}
    for nurse in problem.nurses:
        if nurse.free is not None and nurse.id not in planned:
            yield Violation(rule="shift", nurse=nurse.id, text="she is on duty and has no way home.")

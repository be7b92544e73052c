"""A nurse is back by the end of her shift plus the overtime she may work."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield routes that end too late."""
    for reading in readings(problem, plan):
        latest_s = problem.latest_end_s(reading.nurse)
        if reading.end.arrive_s > latest_s:
            yield Violation(
                rule="overtime",
                nurse=reading.nurse.id,
                text=f"she is back at {reading.end.arrive_s} s, allowed until {latest_s} s.",
            )

"""Stock is collected and returned while the pharmacy is open."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield pickups and returns that begin outside opening hours."""
    for reading in readings(problem, plan):
        for stop in reading.counters:
            if not any(window.holds(stop.begin_s) for window in problem.pharmacy[stop.ref].open):
                yield Violation(
                    rule="pharmacy_hours",
                    nurse=reading.nurse.id,
                    text=f"{stop.kind} at {stop.ref} begins at {stop.begin_s} s, when it is closed.",
                )

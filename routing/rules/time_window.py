"""The service begins inside one of the visit's windows."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield visits that begin outside all their windows."""
    for reading in readings(problem, plan):
        for stop in reading.visits:
            if not any(window.holds(stop.begin_s) for window in problem.visit[stop.ref].windows):
                yield Violation(
                    rule="time_window",
                    nurse=reading.nurse.id,
                    visit=stop.ref,
                    text=f"it begins at {stop.begin_s} s, outside its windows.",
                )

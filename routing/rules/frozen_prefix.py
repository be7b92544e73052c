"""What is done, driven to or in progress stays exactly as it was."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield routes whose frozen stops are not the day's."""
    for route in plan.routes:
        stated = [
            (stop.kind, stop.ref, stop.begin_s, stop.end_s) for stop in problem.nurse[route.nurse].frozen
        ]
        shown = [(stop.kind, stop.ref, stop.begin_s, stop.end_s) for stop in route.stops if stop.frozen]
        if stated != shown:
            yield Violation(
                rule="frozen_prefix", nurse=route.nurse, text="the stops that are past were changed."
            )

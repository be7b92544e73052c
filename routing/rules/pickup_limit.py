"""A nurse collects stock no more often than she may."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield routes with too many pickups."""
    for reading in readings(problem, plan):
        pickups = sum(stop.kind == "pickup" for stop in reading.counters)
        if pickups > reading.nurse.max_pickups:
            yield Violation(
                rule="pickup_limit",
                nurse=reading.nurse.id,
                text=f"she collects stock {pickups} times, {reading.nurse.max_pickups} at most.",
            )

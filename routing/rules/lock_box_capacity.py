"""The lock-box never holds more units than it can."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield pickups that overfill the box."""
    for reading in readings(problem, plan):
        for stop, load in reading.loads:
            if stop.kind == "pickup" and load > reading.nurse.lock_box_units:
                yield Violation(
                    rule="lock_box_capacity",
                    nurse=reading.nurse.id,
                    text=f"after the pickup at {stop.ref} the box holds {load} units, "
                    f"{reading.nurse.lock_box_units} at most.",
                )

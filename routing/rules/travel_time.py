"""Nobody arrives sooner than the road allows, and a break on the way makes the way longer."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield legs that are driven too fast."""
    for reading in readings(problem, plan):
        for leg in reading.legs:
            rest_s = leg.rest.end_s - leg.rest.begin_s if leg.rest else 0
            earliest_s = leg.origin.end_s + leg.drive_s + rest_s
            if leg.destination.arrive_s < earliest_s:
                yield Violation(
                    rule="travel_time",
                    nurse=reading.nurse.id,
                    visit=leg.destination.ref if leg.destination.kind == "visit" else "",
                    text=f"{leg.destination.kind} {leg.destination.ref} is reached at "
                    f"{leg.destination.arrive_s} s, possible from {earliest_s} s.",
                )

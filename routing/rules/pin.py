"""What a dispatcher pinned stays with that nurse, at that time."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield pinned visits that were moved; leaving one unassigned is priced, not forbidden."""
    for route in plan.routes:
        for stop in route.stops:
            pin = problem.pin.get(stop.ref) if stop.kind == "visit" and not stop.frozen else None
            if pin is None:
                continue
            if pin.nurse is not None and pin.nurse != route.nurse:
                yield Violation(
                    rule="pin", nurse=route.nurse, visit=stop.ref, text=f"it is pinned to nurse {pin.nurse}."
                )
            if pin.begin_s is not None and pin.begin_s != stop.begin_s:
                yield Violation(
                    rule="pin",
                    nurse=route.nurse,
                    visit=stop.ref,
                    text=f"it begins at {stop.begin_s} s and is pinned to {pin.begin_s} s.",
                )

"""What a visit uses was collected when it was ready: by the last pickup before it, not before `ready_s`.

Units are alike in the lock-box, so the last pickup before a visit is the one that counts: all that is
collected there serves the visits until the next. Stock on board at the start is ready.
"""

from collections.abc import Iterator

from routing.plan import Plan, Stop
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield visits whose stock was collected too early."""
    for reading in readings(problem, plan):
        pickup: Stop | None = None
        for stop in reading.planned:
            if stop.kind == "pickup":
                pickup = stop
            ready_s = problem.visit[stop.ref].ready_s if stop.kind == "visit" else None
            if pickup is not None and ready_s is not None and pickup.begin_s < ready_s:
                yield Violation(
                    rule="stock_ready",
                    nurse=reading.nurse.id,
                    visit=stop.ref,
                    text=f"its stock is ready at {ready_s} s; the pickup at {pickup.ref} before it begins at "
                    f"{pickup.begin_s} s.",
                )

"""Every visit is made exactly once, or stands among the unassigned with a reason."""

from collections import Counter
from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield visits that are lost, doubled, unknown, or left without a reason."""
    made = Counter(visit for route in plan.routes for visit in route.visits)
    left = Counter(entry.visit for entry in plan.unassigned)
    for visit in problem.visit:
        if made[visit] + left[visit] == 0:
            yield _broken(visit, "it is neither on a route nor among the unassigned")
        elif made[visit] + left[visit] > 1:
            yield _broken(visit, f"it is on {made[visit]} routes and {left[visit]} times unassigned")
    for entry in plan.unassigned:
        if entry.visit not in problem.visit:
            yield _broken(entry.visit, "there is no such visit in the day")
        if not entry.reasons:
            yield _broken(entry.visit, "it is unassigned and no reason is named")


def _broken(visit: str, text: str) -> Violation:
    return Violation(rule="each_visit_once", visit=visit, text=f"{text}.")

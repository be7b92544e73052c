"""Only a nurse against whom no rule speaks makes a visit."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield visits made by somebody who may not, with every reason."""
    for route in plan.routes:
        for visit in route.visits:
            reasons = problem.visit[visit].ineligible.get(route.nurse)
            if reasons:
                yield Violation(
                    rule="eligibility",
                    nurse=route.nurse,
                    visit=visit,
                    text=f"against her: {', '.join(reasons)}.",
                )

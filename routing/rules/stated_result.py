"""What a plan says of itself is true: its day, its cost, its bound and its status."""

from collections.abc import Iterator

from routing.dayfile import fingerprint
from routing.plan import Plan
from routing.price import price
from routing.problem import Problem
from routing.rules.reading import Violation


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield claims that the day refutes."""
    if plan.problem_sha256 and plan.problem_sha256 != fingerprint(problem):
        yield _broken("it is the plan of another day, or the day has changed since.")
    priced = price(problem, plan)
    if plan.cost != priced:
        yield _broken(f"it states a cost of {plan.cost_mc} mc and costs {priced.total_mc} mc.")
    if plan.bound_mc is not None and plan.bound_mc > priced.total_mc:
        yield _broken(f"it costs {priced.total_mc} mc, less than its bound {plan.bound_mc} mc.")
    if plan.status == "optimal" and plan.bound_mc != priced.total_mc:
        yield _broken("it is called optimal and no bound equals its cost.")
    if plan.status == "feasible" and plan.unassigned:
        yield _broken("it is called feasible and leaves visits unassigned.")
    if plan.status == "infeasible" and any(route.visits for route in plan.routes):
        yield _broken("it is called infeasible and makes visits.")


def _broken(text: str) -> Violation:
    return Violation(rule="stated_result", text=text)

"""The two halves of a double visit begin at the same second with two nurses, or neither is made."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield pairs that are torn apart."""
    for one, other in problem.double_visits:
        begins = plan.begin_s(one), plan.begin_s(other)
        if begins == (None, None):
            continue
        if None in begins:
            yield Violation(
                rule="double_visit", visit=one, text=f"only one of {one!r} and {other!r} is made."
            )
        elif begins[0] != begins[1]:
            yield Violation(
                rule="double_visit",
                visit=one,
                text=f"it begins at {begins[0]} s, its other half {other!r} at {begins[1]} s.",
            )
        elif plan.route_of(one) is plan.route_of(other):
            yield Violation(rule="double_visit", visit=one, text=f"one nurse makes it and {other!r}.")

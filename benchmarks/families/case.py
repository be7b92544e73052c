"""One public instance as a day, and the family's own word on what a plan of it costs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from routing.plan import Plan
from routing.problem import Problem

LEFT_OUT = 10**9  # the price of leaving a client out: more than any route


class Planner(Protocol):
    """Plans one day after another, each as a user would: through a day file and a plan file."""

    def __call__(self, day: Problem, seconds: float) -> Plan:
        """Return the plan of a day; it has passed plan-check."""
        ...


@dataclass(frozen=True, kw_only=True)
class Case:
    """One instance.

    Attributes
    ----------
    day
        The instance as a day.
    best_known
        Published cost, None where there is none.
    cost_of
        What a plan's routes cost by the family's definition, reckoned from the instance and not from the
        day; None for a plan that leaves clients out or breaks a rule of the family.
    bound_of
        What no solution of the instance costs less than, by the plan's bound; None where the plan's bound
        proves nothing about the instance.
    published
        What our exact timing says the published routes cost (None if it cannot keep one of them); None
        where no solution is published.
    plan
        Plans the day, at once or in rounds of its own, in so many seconds.
    """

    name: str
    day: Problem
    best_known: float | None
    cost_of: Callable[[Plan], float | None]
    bound_of: Callable[[Plan], float | None]
    published: Callable[[], float | None] | None = None
    plan: Callable[[Planner, float], Plan]

    @property
    def size(self) -> str:
        """Visits and nurses, as people write it: 100/25."""
        return f"{len(self.day.visits)}/{len(self.day.nurses)}"

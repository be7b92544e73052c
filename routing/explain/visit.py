"""Why this nurse and not that one: a visit as the plan has it, and every nurse ranked."""

from dataclasses import dataclass

from routing.engine.quick.insertion import Offer, best_insertions
from routing.plan import Plan, ReasonLeft
from routing.problem import Problem


@dataclass(frozen=True, kw_only=True)
class VisitExplained:
    """A visit as the plan has it, and every nurse ranked.

    `offers` puts the nurses who could make it first, by added cost in mc, then the others with the named
    reasons against them. `reasons` says why it is unassigned; empty when it is not.
    """

    visit: str
    nurse: str | None
    begin_s: int | None
    offers: tuple[Offer, ...]
    reasons: tuple[ReasonLeft, ...]


def explain_visit(problem: Problem, plan: Plan, visit: str) -> VisitExplained:
    """Say who makes a visit, who else could and for how much, and what speaks against each other nurse.

    Raises
    ------
    KeyError
        If the day has no such visit.
    """
    route = plan.route_of(visit)
    left = next((entry.reasons for entry in plan.unassigned if entry.visit == visit), ())
    return VisitExplained(
        visit=visit,
        nurse=None if route is None else route.nurse,
        begin_s=plan.begin_s(visit),
        offers=best_insertions(problem, plan, visit),
        reasons=left,
    )

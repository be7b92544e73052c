"""Why this nurse, why not that one; what would make a visit possible; what a plan costs, and what a new one
would change.
"""

from routing.engine.quick.insertion import Offer
from routing.explain.costs import PlanExplained, PlanSummary, explain_plan, summarise
from routing.explain.difference import PlanDiff, compare
from routing.explain.relaxation import Fact, Relaxation, Ways, Wording, condition
from routing.explain.visit import VisitExplained, explain_visit
from routing.explain.ways import find_ways

__all__ = [
    "Fact",
    "Offer",
    "PlanDiff",
    "PlanExplained",
    "PlanSummary",
    "Relaxation",
    "VisitExplained",
    "Ways",
    "Wording",
    "compare",
    "condition",
    "explain_plan",
    "explain_visit",
    "find_ways",
    "summarise",
]

"""What a plan costs: term by term, nurse by nurse, and what each visit would save if it were not there."""

from collections.abc import Iterator
from dataclasses import dataclass

from routing.engine.index import DayIndex
from routing.engine.route.roster import Roster
from routing.explain.relaxation import dollars
from routing.plan import CostTerms, Plan, Route
from routing.price import price, price_route, worked_route_s, worked_s
from routing.problem import Problem


@dataclass(frozen=True, kw_only=True)
class PlanSummary:
    """What a plan costs, term by term, and the seconds behind the terms."""

    cost: CostTerms
    travel_s: int
    idle_s: int
    overtime_s: int
    service_s: int
    unassigned: int
    nurses_out: int


@dataclass(frozen=True, kw_only=True)
class NurseShare:
    """One nurse's part of a plan's cost, and the seconds behind it."""

    nurse: str
    cost: CostTerms
    travel_s: int
    idle_s: int
    overtime_s: int
    service_s: int
    visits: int


@dataclass(frozen=True, kw_only=True)
class VisitShare:
    """What the day would save if a visit did not exist: exact for the route as it is, re-timed without it.

    `saves_mc` is None where the route would not hold without it (stock that it uses would have to go back).
    Of a visit by two nurses each half is told for itself.
    """

    visit: str
    nurse: str
    saves_mc: int | None


@dataclass(frozen=True, kw_only=True)
class PlanExplained:
    """A plan's cost, taken apart.

    Attributes
    ----------
    nurses, visits
        The dearest first.
    left
        Visits that nobody makes -> their penalty in mc.
    bound_mc, gap
        What no plan can cost less than, and how far above it this one is; None while nothing is proven.
    is_running
        The day is under way: what is past costs nothing here.
    """

    summary: PlanSummary
    nurses: tuple[NurseShare, ...]
    visits: tuple[VisitShare, ...]
    left: tuple[tuple[str, int], ...]
    bound_mc: int | None
    gap: float | None
    is_running: bool = False


def summarise(problem: Problem, plan: Plan) -> PlanSummary:
    """Return what a plan costs and the seconds behind it."""
    seconds = worked_s(problem, plan)
    return PlanSummary(
        cost=price(problem, plan),
        travel_s=seconds["travel"],
        idle_s=seconds["idle"],
        overtime_s=seconds["overtime"],
        service_s=seconds["service"],
        unassigned=len(plan.unassigned),
        nurses_out=sum(bool(route.visits) for route in plan.routes),
    )


def explain_plan(problem: Problem, plan: Plan, day: DayIndex | None = None) -> PlanExplained:
    """Take a plan's cost apart; `day` is the index of the problem where the caller has it.

    Raises
    ------
    KeyError
        If the plan names what the day does not know; `routing.check.violations` says so first.
    """
    summary = summarise(problem, plan)
    nurses = sorted(
        (_nurse_share(problem, route) for route in plan.routes),
        key=lambda share: (-share.cost.total_mc, share.nurse),
    )
    visits = sorted(
        _visit_shares(day or DayIndex(problem), plan),
        key=lambda share: (share.saves_mc is not None, -(share.saves_mc or 0), share.visit),
    )
    left = ((entry.visit, problem.visit[entry.visit].penalty_mc) for entry in plan.unassigned)
    cost_mc, gap = summary.cost.total_mc, None
    if plan.bound_mc is not None:
        gap = (cost_mc - plan.bound_mc) / max(1, cost_mc)
    return PlanExplained(
        summary=summary,
        nurses=tuple(nurses),
        visits=tuple(visits),
        left=tuple(sorted(left, key=lambda entry: (-entry[1], entry[0]))),
        bound_mc=plan.bound_mc,
        gap=gap,
        is_running=any(nurse.free for nurse in problem.nurses),
    )


def _nurse_share(problem: Problem, route: Route) -> NurseShare:
    seconds = worked_route_s(problem, route)
    return NurseShare(
        nurse=route.nurse,
        cost=price_route(problem, route),
        travel_s=seconds["travel"],
        idle_s=seconds["idle"],
        overtime_s=seconds["overtime"],
        service_s=seconds["service"],
        visits=len(route.visits),
    )


def _visit_shares(day: DayIndex, plan: Plan) -> Iterator[VisitShare]:
    roster = Roster(day)
    for one, other in day.problem.double_visits:
        begin_s = plan.begin_s(one)
        if begin_s is not None:
            for half in (day.visit_at[one], day.visit_at[other]):
                roster.agreed[half] = day.begin_at(half, begin_s)
    for route in plan.routes:
        nurse, now_mc = day.nurse_at[route.nurse], price_route(day.problem, route).total_mc
        order = [day.visit_at[visit] for visit in route.visits]
        for visit in order:
            rest = [other for other in order if other != visit]
            held = roster.set_route(nurse, rest)
            saves_mc = now_mc - roster.cost_mc[nurse] if held else None
            yield VisitShare(visit=day.problem.visits[visit].id, nurse=route.nurse, saves_mc=saves_mc)
        roster.set_route(nurse, [])


TERMS = (
    ("travel_mc", "Driving"),
    ("idle_mc", "Waiting"),
    ("overtime_mc", "Overtime"),
    ("continuity_mc", "Missed wishes of patients"),
    ("fairness_mc", "Uneven load"),
    ("unassigned_mc", "Visits that nobody makes"),
)


def in_words(explained: PlanExplained) -> tuple[str, ...]:
    """Say what makes the cost, the largest term first, and how good the plan is known to be."""
    cost = explained.summary.cost
    amounts = sorted(((getattr(cost, term), name) for term, name in TERMS), reverse=True)
    said = [
        f"{name}: {dollars(amount)}, {amount / max(1, cost.total_mc):.0%} of the cost."
        for amount, name in amounts
        if amount
    ]
    if explained.is_running:
        said.append("The day is under way: only what is still ahead of it is counted.")
    if explained.left:
        said.append(
            f"{len(explained.left)} visits have no nurse; their penalties are what their priorities say, "
            "no money that anybody pays."
        )
    if explained.gap is None:
        said.append("How far this is from the best possible plan is not proven.")
    elif explained.gap > 0:
        said.append(f"No plan can cost more than {explained.gap:.1%} less.")
    else:
        said.append("No plan costs less: that is proven.")
    return tuple(said)

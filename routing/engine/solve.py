"""The way in: a `Problem` and a budget go in, a checked and priced `Plan` comes out."""

from collections import Counter
from collections.abc import Callable, Set
from dataclasses import replace
from threading import Event

from routing.check import Violation, violations
from routing.dayfile import fingerprint
from routing.engine.baseline.guided import routing_library
from routing.engine.budget import Budget, OnProgress, Progress, say_nothing
from routing.engine.index import DayIndex
from routing.engine.quick.greedy import cheapest_insertion, first_come, relocate_until_settled
from routing.engine.route.roster import Roster
from routing.engine.route.why_not import TEXTS, reason_text, reasons_against
from routing.plan import Plan, ReasonLeft, Relaxed, Status, Unassigned
from routing.price import price
from routing.problem import Problem

Solved = tuple[Roster, set[int], int | None]  # the day, what was not tried, the bound if one is proven
Engine = Callable[[DayIndex, int, Budget, OnProgress], Solved]


class PlanRefused(RuntimeError):
    """An engine made a plan that breaks a rule: a fault in the engine, never shown as a plan."""

    def __init__(self, found: tuple[Violation, ...]) -> None:
        self.violations = found
        super().__init__("\n".join(str(violation) for violation in found))


def solve(
    problem: Problem,
    *,
    seconds: float,
    seed: int = 0,
    engine: str = "routing",
    iterations: int | None = None,
    on_progress: OnProgress = say_nothing,
    hand_in: Event | None = None,
) -> Plan:
    """Plan a day.

    Parameters
    ----------
    problem
        The day.
    seconds
        How long to work at most. A timed-out, partial or infeasible day is a status of the plan.
    seed
        The same problem, seed, engine and `iterations` give the same plan, as long as the seconds suffice.
    engine
        One of `ENGINES`: ``columns`` (the exact one, with a proven bound), ``routing`` (OR-Tools' routing
        library started from the greedy day), ``greedy``
        (cheapest insertion, then relocation) or ``first_come`` (what a telephone would do).
    iterations
        Ends the improvement after so many rounds of the engine, whatever the clock says.
    on_progress
        Called with each better day found.
    hand_in
        When another thread sets it, the work ends at its next chance with the best day found so far.

    Raises
    ------
    ValueError
        If there is no such engine.
    PlanRefused
        If the engine made a plan that `routing.check` refuses.
    """
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}; known are {', '.join(ENGINES)}.")
    budget = Budget(seconds=seconds, iterations=iterations, hand_in=hand_in or Event())
    day = DayIndex(problem)
    roster, untried, bound_mc = ENGINES[engine](day, seed, budget, on_progress)
    plan = plan_of(roster, untried)
    plan = replace(plan, engine=engine, seed=seed, seconds=round(budget.used_s, 3))
    if bound_mc is not None:
        proven = max(0, min(bound_mc, plan.cost_mc))  # no term of the price is below zero
        relaxed: tuple[Relaxed, ...] = ("double_visits",) if problem.double_visits else ()
        is_optimal = proven == plan.cost_mc
        plan = replace(plan, bound_mc=proven, relaxed=() if is_optimal else relaxed)
        plan = replace(plan, status="optimal" if is_optimal else plan.status)
    if broken := violations(problem, plan):
        raise PlanRefused(broken)
    return plan


def plan_of(roster: Roster, untried: Set[int] = frozenset()) -> Plan:
    """Return the plan of a roster: times, reasons, price and status."""
    problem = roster.day.problem
    left = tuple(
        Unassigned(visit=problem.visits[visit].id, reasons=reasons_left(roster, visit, untried))
        for visit in roster.unassigned
    )
    status: Status = "feasible"
    if left:
        status = "partial" if len(left) < len(problem.visits) else "infeasible"
    if untried & set(roster.unassigned):
        status = "timed_out"
    plan = Plan(
        label=problem.label,
        routes=roster.all_routes(),
        unassigned=left,
        status=status,
        problem_sha256=fingerprint(problem),
    )
    return replace(plan, cost=price(problem, plan))


def reasons_left(roster: Roster, visit: int, untried: Set[int]) -> tuple[ReasonLeft, ...]:
    """Return every reason why a visit is unassigned, each with the number of nurses it keeps away."""
    if visit in untried:
        return (ReasonLeft(code="not_tried", text=TEXTS["not_tried"]),)
    count: Counter[str] = Counter()
    for nurse in range(len(roster.routes)):
        reasons = reasons_against(roster, nurse, visit)
        if not reasons and roster.day.partner[visit] >= 0:
            reasons = ("double_visit",)
        count.update(reasons or ("costs_more_than_leaving_it",))
    if not count:
        return (ReasonLeft(code="nobody_works", text=TEXTS["nobody_works"]),)
    return tuple(
        ReasonLeft(code=code, text=reason_text(code), nurses=nurses)
        for code, nurses in sorted(count.items(), key=lambda entry: (-entry[1], entry[0]))
    )


def _report(roster: Roster, budget: Budget, on_progress: OnProgress, doing: str) -> None:
    on_progress(
        Progress(
            seconds=round(budget.used_s, 3),
            cost_mc=roster.total_mc,
            unassigned=len(roster.unassigned),
            doing=doing,
        )
    )


def _first_come(day: DayIndex, _seed: int, budget: Budget, on_progress: OnProgress) -> Solved:
    roster, untried = first_come(day, budget)
    _report(roster, budget, on_progress, "first come, first served")
    return roster, untried, None


def _greedy(day: DayIndex, seed: int, budget: Budget, on_progress: OnProgress) -> Solved:
    roster, untried = cheapest_insertion(day, seed, budget)
    _report(roster, budget, on_progress, "cheapest insertion")
    relocate_until_settled(roster, budget, rounds=1)
    _report(roster, budget, on_progress, "relocation")
    return roster, untried, None


def _routing(day: DayIndex, seed: int, budget: Budget, on_progress: OnProgress) -> Solved:
    return *routing_library(day, seed, budget, on_progress), None


def _columns(day: DayIndex, seed: int, budget: Budget, on_progress: OnProgress) -> Solved:
    # Numba takes seconds to import: only a process that plans with it may pay for it.
    from routing.engine.exact.columns import plan_columns

    return plan_columns(day, seed, budget, on_progress)


ENGINES: dict[str, Engine] = {
    "routing": _routing,
    "columns": _columns,
    "greedy": _greedy,
    "first_come": _first_come,
}

"""A second, slower answer: the neighbours of an unassigned visit planned anew by the exact engine.

Where no single change makes room, several together may. The nurses closest to the visit and their visits
become a day of their own in which nobody who has a nurse may lose her; the engine looks for a plan of it
that makes the asked visit, too. With the exact engine this loads compiled code: for the command line and
planning workers, never in a request.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from routing.engine.index import FAR_S, DayIndex
from routing.engine.route.roster import Roster, roster_of
from routing.engine.solve import solve
from routing.explain.asked import Asked
from routing.explain.difference import PlanDiff, compare
from routing.explain.proof import part
from routing.explain.relaxation import Relaxation
from routing.explain.ways import anything
from routing.plan import Plan
from routing.problem import Problem
from routing.soundness import MOST_COST_MC

MOST_NURSES = 10

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Rearranged:
    """A plan of the neighbourhood that makes the visit and leaves nobody: what it means, who moves."""

    relaxation: Relaxation
    moves: PlanDiff


def rearrange(
    problem: Problem, plan: Plan, visit: str, *, seconds: float, seed: int = 0, engine: str = "columns"
) -> Rearranged | None:
    """Return how a visit could be made by moving others around it; None where none is found in the time.

    Raises
    ------
    KeyError
        If the day has no such visit.
    """
    day = DayIndex(problem)
    roster, broken = roster_of(day, plan)
    asked = Asked(roster, broken, day.visit_at[visit], anything, FAR_S)
    if roster.nurse_of[asked.visit] >= 0 or day.partner[asked.visit] >= 0 or not asked.free:
        return None
    small = _neighbourhood(asked)
    before = _present(small, roster)
    found = solve(_nobody_left(small, visit), seconds=seconds, seed=seed, engine=engine)
    route, begin_s = found.route_of(visit), found.begin_s(visit)
    if found.unassigned or route is None or begin_s is None:
        return None
    moves = compare(small, before, found)  # neither leaves a visit, so both are priced alike
    others = [moved for moved in moves.moved if moved.visit != visit]
    relaxation = Relaxation(
        way="rearranged",
        nurse=route.nurse,
        begin_s=begin_s,
        added_mc=moves.total_mc,
        back_s=route.stops[-1].arrive_s,
        other=others[0].visit if others else "",
        moved=sum(moved.changes_nurse for moved in others),
    )
    return Rearranged(relaxation=relaxation, moves=moves)


def _neighbourhood(asked: Asked) -> Problem:
    """Return the day of the nurses whose work is closest to the visit, those who may go first."""
    day, roster = asked.day, asked.roster
    place = day.visits[asked.visit].place

    def near_s(nurse: int) -> int:
        line = day.nurses[nurse]
        stops = [line.start, line.end, *(day.visits[other].place for other in roster.routes[nurse])]
        return min(day.drive_s[stop][place] for stop in stops)

    alone = [
        nurse
        for nurse in range(len(day.nurses))
        if nurse not in asked.broken and all(day.partner[other] < 0 for other in roster.routes[nurse])
    ]
    chosen = sorted(alone, key=lambda nurse: (nurse not in asked.free, near_s(nurse), nurse))
    may = [nurse for nurse in chosen if nurse in asked.free][: MOST_NURSES - 2]
    others = sorted((nurse for nurse in alone if nurse not in may), key=lambda nurse: (near_s(nurse), nurse))
    nurses = sorted([*may, *others[: MOST_NURSES - len(may)]])
    visits = sorted({asked.visit, *(other for nurse in nurses for other in roster.routes[nurse])})
    problem = day.problem
    names = {problem.nurses[nurse].id for nurse in nurses}
    kept = {problem.visits[other].id for other in visits}
    return part(
        problem,
        nurses=tuple(problem.nurses[nurse] for nurse in nurses),
        visits=tuple(
            replace(
                problem.visits[other],
                ineligible=_among(problem.visits[other].ineligible, names),
                preference_mc=_among(problem.visits[other].preference_mc, names),
            )
            for other in visits
        ),
        double_visits=(),
        pins=tuple(pin for pin in problem.pins if pin.visit in kept and pin.nurse in {None, *names}),
    )


def _among(by_nurse: Mapping[str, Value], names: Collection[str]) -> dict[str, Value]:
    return {nurse: value for nurse, value in by_nurse.items() if nurse in names}


def _present(small: Problem, roster: Roster) -> Plan:
    """Return the neighbourhood as it is now, re-timed."""
    names = {nurse.id for nurse in small.nurses}
    routes = tuple(route for route in roster.all_routes() if route.nurse in names)
    return Plan(label=small.label, routes=routes, unassigned=())


def _nobody_left(small: Problem, visit: str) -> Problem:
    """Return the day with penalties so high that whoever has a nurse keeps one, before the asked visit."""
    dear_mc = MOST_COST_MC // 10
    return part(
        small,
        visits=tuple(
            replace(known, penalty_mc=dear_mc // 2 if known.id == visit else dear_mc)
            for known in small.visits
        ),
    )

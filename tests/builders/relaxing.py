"""A day's relaxation solved to the end, its best plan, and the list of routes between the two."""

from functools import cache

import numpy as np

from routing.engine.budget import Budget
from routing.engine.exact.closing import list_routes
from routing.engine.exact.listing import Narrowing
from routing.engine.index import DayIndex
from routing.engine.master.generation import Relaxation
from routing.engine.master.pool import Pool
from routing.engine.pricing.nurses import Pricer
from routing.engine.pricing.side import sides_of
from routing.engine.quick.greedy import cheapest_insertion
from routing.engine.route.roster import Roster
from routing.engine.solve import solve
from routing.generator import generate_day
from routing.plan import Plan
from routing.problem import Problem

PLENTY = Budget(seconds=1e6)  # begun when the tests are collected


def relaxed(problem: Problem, near: int = 0) -> Relaxation:
    day, pool = DayIndex(problem), Pool()
    roster, _ = cheapest_insertion(day, 0, PLENTY)
    pool.add_roster(roster)
    relaxation = Relaxation(day, Pricer(day, sides_of(day, near), PLENTY), pool, list(Roster(day).cost_mc))
    relaxation.warm_up(PLENTY)
    relaxation.converge(PLENTY)
    return relaxation


@cache
def best_of(size: tuple[int, int], seed: int) -> Plan:
    return solve(generate_day(*size, seed), engine="columns", seconds=60.0)


def narrowed(size: tuple[int, int], seed: int) -> tuple[Narrowing, int]:
    relaxation, best = relaxed(generate_day(*size, seed)), best_of(size, seed)
    assert best.is_optimal
    routes = list_routes(relaxation, best.cost_mc + 1_000_000)
    assert routes is not None
    assert relaxation.at is not None
    assert relaxation.bound_mc is not None
    narrowing = Narrowing(
        routes=routes,
        home_mc=np.array(relaxation.home_mc, dtype=np.int64),
        left_between=relaxation.master.left_between,
        cuts=[],
        bound_mc=relaxation.bound_mc,
        target_mc=best.cost_mc + 1_000_000,
        at=relaxation.at,
    )
    return narrowing, best.cost_mc

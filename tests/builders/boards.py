"""The best plan of a tiny day by trying everything, for the tests of the exact engine."""

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Any

import numpy as np

from routing.engine.index import DayIndex
from routing.engine.pricing.bounds import completion_bounds
from routing.engine.pricing.dominance import Ask
from routing.engine.pricing.nurses import NO_BOUNDS
from routing.engine.pricing.side import STEP, Side
from routing.engine.route.roster import Roster
from routing.engine.route.schedule import RouteTimer

ANYTHING_MC = 1 << 50
NEVER_STOPPED = np.zeros(1, dtype=np.int64)


def every_set(day: DayIndex, nurse: int) -> dict[frozenset[int], int]:
    """The least cost of each set of visits that a nurse can make, by timing every order."""
    timer, found = RouteTimer(day, nurse), {}
    mine = [v for v in range(len(day.visits)) if day.allowed[nurse][v] and day.visits[v].windows]
    for size in range(1, len(mine) + 1):
        for chosen in combinations(mine, size):
            timings = [timing for order in permutations(chosen) if (timing := timer.best(order))]
            if timings:
                fixed_mc = sum(day.nurse_cost_mc[nurse][v] for v in chosen)
                fixed_mc += day.fairness_mc(nurse, sum(day.visits[v].service_s for v in chosen))
                found[frozenset(chosen)] = min(timing.cost_mc for timing in timings) + fixed_mc
    return found


def least_cost_mc(day: DayIndex) -> int:
    """The cost of the best plan when each half of a double visit may begin on its own, with two nurses."""
    pairs = [{v, p} for v, p in enumerate(day.partner) if p > v]
    best = {frozenset[int](): 0}
    home_mc = Roster(day).cost_mc
    for nurse in range(len(day.nurses)):
        sets = {s: c for s, c in every_set(day, nurse).items() if not any(pair <= s for pair in pairs)}
        following: dict[frozenset[int], int] = {}
        for done, cost_mc in best.items():
            for chosen, more_mc in [(frozenset[int](), home_mc[nurse]), *sets.items()]:
                if done.isdisjoint(chosen):
                    both = done | chosen
                    following[both] = min(following.get(both, ANYTHING_MC), cost_mc + more_mc)
        best = following
    return min(
        cost_mc + sum(line.penalty_mc for v, line in enumerate(day.visits) if v not in done)
        for done, cost_mc in best.items()
    )


def asked(
    side: Side,
    dual_mc: Any,
    way: int,
    below_mc: int,
    *,
    bounded: bool = True,
    cut: Any = None,
    room: int = 100_000,
) -> Ask:
    """A question to the pricing of one nurse, with room for so many labels.

    `cut` is (bits, prices) of cuts, the last bits the nurse's.
    """
    n = len(side.visits)
    table = completion_bounds(side, dual_mc) if bounded and side.limits[STEP] else NO_BOUNDS
    bits, prices = cut or (np.zeros((n + 1, 0), dtype=np.uint64), np.zeros(0, dtype=np.int64))
    return Ask(
        dual_mc,
        table,
        bits,
        prices,
        np.array([way, below_mc, room, room, room, 30], dtype=np.int64),
        NEVER_STOPPED,
    )


def orders(side: Side, routes: Any) -> Iterator[tuple[int, ...]]:
    """The visits of each day in the answer, as positions in the day."""
    for route in routes:
        yield tuple(side.visits[route[route >= 0]].tolist())

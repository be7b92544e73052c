"""Diving: from a mixture of routes to a plan, by settling the surest routes first.

Again and again the routes with the largest share are settled, and only what they leave is priced anew, so
that the routes that the rest needs come into being on the way (C. Joncour, S. Michel, R. Sadykov, D.
Sverdlov, F. Vanderbeck, "Column generation based primal heuristics", Electronic Notes in Discrete
Mathematics 36, 2010).
"""

from dataclasses import replace

from routing.engine.budget import Budget
from routing.engine.master.generation import Relaxation
from routing.engine.master.pool import Column

SURE = 0.85  # share from which routes are settled together
NO_GAIN_MC = -(1 << 50)  # the price of a visit that is settled: nobody wants it
SETTLED_AT_ONCE = 0.08  # of the nurses, when no share is sure
MOST_ROUNDS, DIVE_BEAM = 4, 30  # of pricing between two settlements; labels a node


def dive(relaxation: Relaxation, budget: Budget, leave: int = 0) -> list[Column] | None:
    """Return the columns of a plan, None if the time ran out. The master is left as it was found.

    With `leave`, the plan ends where no more than so many nurses are unsettled.
    """
    master, pool = relaxation.master, relaxation.pool
    settled: dict[int, Column] = {}  # by position in the pool
    at_once = max(1, round(SETTLED_AT_ONCE * len(relaxation.day.nurses)))
    try:
        while not budget.is_spent:
            master.solve()
            shares = {
                index: share
                for index, share in master.shares.items()
                if index not in settled and pool.columns[index].is_workable
            }
            if all(share > 1 - 1e-6 for share in shares.values()):
                return [*settled.values(), *(pool.columns[index] for index in shares)]
            sure = sorted(shares, key=lambda index: (-shares[index], index))
            for place, index in enumerate(sure):
                if shares[index] < SURE and place >= at_once:
                    break
                if _fits(pool.columns[index], settled):
                    settled[index] = pool.columns[index]
                    master.settle(index)
            if len(relaxation.day.nurses) - len(settled) <= leave:
                return list(settled.values())
            _price_the_rest(relaxation, settled, budget)
        return None
    finally:
        for index in settled:
            master.release(index)


def _fits(column: Column, settled: dict[int, Column]) -> bool:
    visits = set(column.order)
    return all(column.nurse != other.nurse and visits.isdisjoint(other.order) for other in settled.values())


def _price_the_rest(relaxation: Relaxation, settled: dict[int, Column], budget: Budget) -> None:
    """Price what is not settled until little is found, so that the rest is not left for want of routes."""
    busy = {column.nurse for column in settled.values()}
    free = [nurse for nurse in range(len(relaxation.day.nurses)) if nurse not in busy]
    done = [visit for column in settled.values() for visit in column.order]
    for _ in range(MOST_ROUNDS):
        if budget.is_spent:
            return
        relaxation.master.solve()
        prices = relaxation.master.prices
        visit_mc = prices.visit_mc.copy()
        visit_mc[done] = NO_GAIN_MC
        if relaxation.add_heuristic(replace(prices, visit_mc=visit_mc), free, DIVE_BEAM) <= len(free):
            return

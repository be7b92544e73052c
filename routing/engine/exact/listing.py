"""A list of every route that a plan below a target can use, and the bound by looking through it.

Once the routes are listed, pricing is reading: the reduced costs of all of them come from a few sums over
arrays, so that many rounds of subset-row cuts cost less than one round of labels. Each better bound drops
the routes that no plan below the target can use any more (reduced-cost fixing), until the integer master has
little left to choose from (R. Baldacci, N. Christofides, A. Mingozzi, Mathematical Programming 115, 2008; D.
Pecin, A. Pessoa, M. Poggi, E. Uchoa, Mathematical Programming Computation 9, 2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from routing.engine.budget import Budget
from routing.engine.index import DayIndex
from routing.engine.master.cuts import Cut
from routing.engine.master.larger_cuts import most_violated
from routing.engine.master.linear import LinearMaster, Prices
from routing.engine.master.pool import Column, Pool, cost_of_plan_mc
from routing.engine.pricing.nurses import bound_apart_mc
from routing.engine.pricing.side import Ints

CUTS_A_ROUND = 100
COLUMNS_A_ROUND = 20  # a nurse
MOST_ROUNDS = 60
SMALL_ENOUGH = 600  # routes: the integer master is quicker than another round
GAIN = 0.02  # of the distance to the target: a round of cuts that brings less is the last


@dataclass
class RouteList:
    """Routes as arrays, R of them: visits (R, L) padded with N, nurse (R,), cost in mc (R,)."""

    day: DayIndex
    visits: Ints
    nurse: Ints
    cost_mc: Ints
    # Of each cut: the routes that count in it, and how much.
    _through: list[tuple[Ints, Ints]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.nurse)

    def columns(self) -> list[Column]:
        """Return the routes as columns."""
        last = len(self.day.visits)
        return [
            Column(nurse, tuple(visit for visit in row if visit < last), cost_mc)
            for nurse, row, cost_mc in zip(
                self.nurse.tolist(), self.visits.tolist(), self.cost_mc.tolist(), strict=True
            )
        ]

    def add_cuts(self, cuts: Sequence[Cut]) -> None:
        """Note which routes further cuts count."""
        last = len(self.day.visits)
        member = np.zeros(last + len(self.day.nurses), dtype=np.int8)
        visit_member = np.zeros(last + 1, dtype=np.int8)
        for cut in cuts:
            member[list(cut)] = 1
            visit_member[:last] = member[:last]
            met = visit_member[self.visits].sum(axis=1) + member[last + self.nurse]
            through = np.flatnonzero(met >= 2)
            self._through.append((through, met[through].astype(np.int64) // 2))
            member[list(cut)] = 0

    def reduced_mc(self, prices: Prices) -> Ints:
        """Return the reduced costs before the nurses' own prices, (R,)."""
        worth = np.append(prices.visit_mc, 0)
        reduced: Ints = self.cost_mc - worth[self.visits].sum(axis=1)
        for (through, times), mc in zip(self._through, prices.cut_mc.tolist(), strict=False):
            if mc:
                reduced[through] += times * mc
        return reduced

    def least_mc(self, reduced_mc: Ints) -> Ints:
        """Return each nurse's least reduced cost, (M,); very large for a nurse without a route."""
        least = np.full(len(self.day.nurses), 1 << 60, dtype=np.int64)
        np.minimum.at(least, self.nurse, reduced_mc)
        return least

    def keep(self, wanted: npt.NDArray[np.bool_]) -> None:
        """Drop all other routes."""
        position = np.cumsum(wanted) - 1
        self._through = [
            (position[through[wanted[through]]], times[wanted[through]]) for through, times in self._through
        ]
        self.visits, self.nurse, self.cost_mc = self.visits[wanted], self.nurse[wanted], self.cost_mc[wanted]


@dataclass
class Narrowing:
    """Raising the bound over a list by cuts, dropping routes on the way.

    After `run`: `bound_mc` is what no plan of listed routes costs less than, `at` with `cuts` the prices that
    prove it, and `plan` the columns of a plan that the relaxation happened on, if any: then its cost is the
    target, if it is less.
    """

    routes: RouteList
    home_mc: Ints
    left_between: tuple[int, int]
    cuts: list[Cut]
    bound_mc: int
    target_mc: int
    at: Prices
    plan: list[Column] | None = None

    def run(self, first: Sequence[Column], budget: Budget) -> None:
        """Work until the bound reaches the target, few routes are left, or cuts bring little.

        `first` are columns to begin with, the incumbent's among them; they need not be listed.
        """
        day, pool = self.routes.day, Pool()
        self.routes.add_cuts(self.cuts)
        for column in first:
            pool.add(column.nurse, column.order, column.cost_mc)
        master = LinearMaster(day, pool, self.home_mc.tolist())
        master.leave_between(*self.left_between)
        for cut in self.cuts:
            master.add_cut(cut)
        self._take(pool, self.routes.reduced_mc(self.at), None)
        while not budget.is_spent and self.bound_mc < self.target_mc and len(self.routes) > SMALL_ENOUGH:
            before_mc = self.bound_mc
            self._settle(master, pool, budget)
            if self._happened_on_a_plan(master, pool) or self.bound_mc >= self.target_mc:
                return
            found = most_violated(master.fractions(), self.cuts, CUTS_A_ROUND)
            if not found or (
                len(self.cuts) and self.bound_mc - before_mc < GAIN * (self.target_mc - before_mc)
            ):
                return
            self.routes.add_cuts(found)
            self.cuts += found
            for cut in found:
                master.add_cut(cut)

    def _settle(self, master: LinearMaster, pool: Pool, budget: Budget) -> None:
        """Read routes into the master until none lowers it; note the bound and drop what it excludes."""
        for _ in range(MOST_ROUNDS):
            master.solve()
            prices = master.prices
            reduced = self.routes.reduced_mc(prices)
            least = self.routes.least_mc(reduced)
            terms = np.minimum(self.home_mc, least)
            bound_mc = bound_apart_mc(self.routes.day, prices, self.cuts, self.left_between) + int(
                terms.sum()
            )
            if bound_mc > self.bound_mc:
                self.bound_mc, self.at = bound_mc, prices
                near = reduced - terms[self.routes.nurse] < self.target_mc - bound_mc
                if np.count_nonzero(near) < 0.9 * len(near):
                    self.routes.keep(near)
                    reduced = reduced[near]
            if budget.is_spent or not self._take(pool, reduced, prices):
                return

    def _take(self, pool: Pool, reduced: Ints, prices: Prices | None) -> int:
        """Add each nurse's best routes to the pool; return how many are new."""
        routes, added = self.routes, 0
        own = np.zeros(len(self.home_mc), dtype=np.int64) if prices is None else prices.nurse_mc
        beyond = reduced - own[routes.nurse]
        worth_it = np.arange(len(beyond)) if prices is None else np.flatnonzero(beyond < 0)
        order = worth_it[np.lexsort((beyond[worth_it], routes.nurse[worth_it]))]
        last, taken = len(routes.day.visits), 0
        nurse_before = -1
        for index in order.tolist():
            nurse = int(routes.nurse[index])
            taken = taken + 1 if nurse == nurse_before else 0
            nurse_before = nurse
            if taken < COLUMNS_A_ROUND:
                visits = tuple(visit for visit in routes.visits[index].tolist() if visit < last)
                added += pool.add(nurse, visits, int(routes.cost_mc[index]))
        return added

    def order(self) -> Ints:
        """Return the positions of the listed routes by what they cost beyond the bound."""
        return np.argsort(self._beyond_mc(), kind="stable")

    def aim_at(self, cost_mc: int) -> None:
        """Lower the target to the cost of a plan, and drop what no cheaper one can use."""
        self.target_mc = min(self.target_mc, cost_mc)
        self.routes.keep(self._beyond_mc() < self.target_mc - self.bound_mc)

    def _beyond_mc(self) -> Ints:
        """Return by how much each route exceeds what its nurse adds to the bound."""
        reduced = self.routes.reduced_mc(self.at)
        beyond: Ints = reduced - np.minimum(self.home_mc, self.routes.least_mc(reduced))[self.routes.nurse]
        return beyond

    def _happened_on_a_plan(self, master: LinearMaster, pool: Pool) -> bool:
        if any(share < 1 - 1e-6 for share in master.shares.values()):
            return False
        self.plan = [pool.columns[index] for index in master.shares]
        self.aim_at(cost_of_plan_mc(self.routes.day, self.plan, self.home_mc.tolist()))
        return True


def listed(day: DayIndex, blocks: Sequence[tuple[int, Ints, Ints]]) -> RouteList:
    """Return a list of (nurse, visits (R, L) padded with N, costs (R,)), the cheapest order of each set."""
    last = len(day.visits)
    blocks = [block for block in blocks if len(block[1])]
    if not blocks:
        empty = np.zeros(0, dtype=np.int64)
        return RouteList(day, np.zeros((0, 1), dtype=np.int64), empty, empty)
    visits = np.concatenate([block[1] for block in blocks])
    cost_mc = np.concatenate([block[2] for block in blocks])
    nurse = np.concatenate([np.full(len(block[1]), block[0], dtype=np.int64) for block in blocks])
    visits = visits[:, : max(1, int((visits < last).sum(axis=1).max()))]
    by_cost = np.argsort(cost_mc, kind="stable")
    whole = np.column_stack([nurse, np.sort(visits, axis=1)])[by_cost]
    _, first = np.unique(whole, axis=0, return_index=True)
    chosen = by_cost[first]
    return RouteList(day, visits[chosen], nurse[chosen], cost_mc[chosen])

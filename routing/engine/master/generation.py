"""Column generation: prices and routes improve each other until no route can lower the master.

Three gears. Heuristic pricing while it finds routes; exact pricing at smoothed prices (P. Wentges,
"Weighted Dantzig-Wolfe decomposition for linear mixed-integer programming", International Transactions in
Operational Research 4, 1997; automatic choice after A. Pessoa and others, INFORMS Journal on Computing 30,
2018), each exact round giving a true bound; and the end, where the bound meets the master's value.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from routing.engine.budget import Budget
from routing.engine.index import DayIndex
from routing.engine.master.larger_cuts import most_violated
from routing.engine.master.linear import LinearMaster, Prices
from routing.engine.master.pool import Pool, Retime
from routing.engine.pricing.nurses import EXACT, HEURISTIC, NARROW, WIDE, Priced, Pricer

EXACT_LABELS = 60_000  # a nurse: where they run out, the completion bound stands in
LARGE_LABELS = 40_000  # on a large day and in its regions
COLUMNS_A_NURSE = 30
KEEP = 120
GROUPS = 3  # of nurses that are priced between two solutions of the master
FIRST_SHARES = (0.0, 0.3, 0.5, 0.7)  # how far the first rounds go from the incumbent's prices to the master's
FEW_WIDE = 2  # the same, where more labels a node were kept
FEW = 8  # new routes a nurse: fewer, and exact prices find more in the same time
SMOOTHING = 0.5
SETTLED = 0.5  # new routes a nurse: fewer, and the master's own prices are the best guess
MORE_LABELS_FROM = 40  # new routes a nurse: with fewer, labels that ran out hold up the bound
CLOSE_ENOUGH = 1e-5  # of the master's value


@dataclass
class Relaxation:
    """The linear relaxation of a day as it stands: pool, master, best bound and the prices that prove it.

    `retime` says what an order of visits really costs a nurse: a label may stand for a route that has a
    cheaper timing than the label's, where another label made that one superfluous. `exact_labels` grow up
    to `most_labels`, if given, when they run out and little else is found; `beams` are the labels a node
    that the last heuristic rounds keep, in turn; bound and value meet when they are `close_enough`.
    """

    day: DayIndex
    pricer: Pricer
    pool: Pool
    home_mc: list[int]
    retime: Retime | None = None
    master: LinearMaster = field(init=False)
    value_mc: float = float("inf")
    bound_mc: int | None = None
    at: Prices | None = None  # the prices that gave the bound
    terms_mc: list[int] | None = None  # each nurse's term in it
    rounds: int = 0
    exact_labels: int = EXACT_LABELS
    most_labels: int | None = None
    beams: tuple[int, ...] = ()
    close_enough: float = CLOSE_ENOUGH
    ran_out: bool = False

    def __post_init__(self) -> None:
        self.master = LinearMaster(self.day, self.pool, self.home_mc)

    def warm_up(self, budget: Budget, near: Prices | None = None, rounds: int = 30) -> None:
        """Go from the first routes to sensible prices.

        The prices of a young master are wild: most of a route's worth lies on any one of its visits. So the
        first rounds stay near prices that share out what the incumbent's routes cost (`shared_prices`).
        Where routes are long, more labels a node are kept by and by: exact prices before that take minutes.
        """
        nurses = range(len(self.day.nurses))
        groups = [nurses[first::GROUPS] for first in range(min(GROUPS, len(nurses)))]
        for number in range(rounds):
            added = 0
            for group in groups:
                if budget.is_spent:
                    return
                self.value_mc = self.master.solve()
                prices = self.master.prices
                if near is not None and number < len(FIRST_SHARES):
                    prices = near.towards(prices, FIRST_SHARES[number])
                added += self.add_heuristic(prices, group, NARROW, rough=True)
            if added <= FEW * len(nurses):
                break
        for beam in self.beams:
            for _ in range(rounds):
                if budget.is_spent:
                    return
                self.value_mc = self.master.solve()
                if self.add_heuristic(self.master.prices, nurses, beam) <= FEW_WIDE * len(nurses):
                    break

    def add_heuristic(
        self, prices: Prices, nurses: Sequence[int], beam: int = WIDE, *, rough: bool = False
    ) -> int:
        """Price some nurses without looking at sets; return how many routes are new."""
        self.rounds += 1
        priced = self.pricer.price(
            prices,
            self.master.cuts,
            way=HEURISTIC,
            below_mc=prices.nurse_mc,
            labels=EXACT_LABELS,
            keep=KEEP,
            beam=beam,
            rough=rough,
            nurses=nurses,
        )
        return self._take(priced)

    def bound_quickly(self) -> None:
        """Prove a bound by the completion bounds alone: not tight, and there at once."""
        self.value_mc = self.master.solve()
        prices = self.master.prices if self.at is None else self.at.towards(self.master.prices, SMOOTHING)
        self._price_all(prices, HEURISTIC, EXACT_LABELS)

    def bound_near(self, near: Prices, share: float) -> None:
        """Price once between the best prices known (at first: `near`) and the master's; note the bound."""
        self.value_mc = self.master.solve()
        prices = (self.at or near).towards(self.master.prices, share)
        self.rounds += 1
        self._price_all(prices, EXACT, LARGE_LABELS, NARROW)

    def best_guess(self) -> Prices:
        """Return the prices that proved the bound, or the master's where nothing is proven."""
        if self.at is None:
            self.master.solve()
        return self.at or self.master.prices

    def add_cuts(self, most: int) -> int:
        """Add the cuts that the last solution violates most; return how many."""
        self.master.solve()  # a dive may have been there since
        found = most_violated(self.master.fractions(), self.master.cuts, most)
        for cut in found:
            self.master.add_cut(cut)
        return len(found)

    def within_mc(self, gap_mc: int) -> list[int]:
        """Return the pool's columns, by position, that a plan less than `gap_mc` above the bound may use.

        True of every plan while no cut is priced; with cuts some of these could not be used either. Before
        any bound is proven, "above the bound" reads "above the master's prices".
        """
        prices = self.at or self.master.prices
        price, terms = prices.visit_mc, self.terms_mc or prices.nurse_mc.tolist()
        return [
            index
            for index, column in enumerate(self.pool.columns)
            if column.cost_mc - int(price[list(column.order)].sum()) - terms[column.nurse] < gap_mc
            and column.is_workable
        ]

    def converge(self, budget: Budget, rounds: int = 200, enough_mc: int | None = None) -> bool:
        """Price exactly until bound and value meet, or the bound is `enough_mc`; return whether they meet.

        At smoothed prices a round may find nothing for the master's own prices although more exists; the
        next round then goes to the master's prices themselves.
        """
        share = 1 - SMOOTHING
        for _ in range(rounds):
            if budget.is_spent:
                return False
            self.value_mc = self.master.solve()
            own = self.master.prices
            if self._is_closed():
                return True
            if enough_mc is not None and self.bound_mc is not None and self.bound_mc >= enough_mc:
                return False
            prices = own if self.at is None else self.at.towards(own, share)
            self.rounds += 1
            added = self._price_all(prices, EXACT, self.exact_labels)
            if self.most_labels and self.ran_out and added <= MORE_LABELS_FROM * len(self.day.nurses):
                self.exact_labels = min(self.most_labels, 2 * self.exact_labels)
            if not added and share == 1.0:
                return self._is_closed()
            share = 1.0 if added <= SETTLED * len(self.day.nurses) else 1 - SMOOTHING
        return False

    def leave_between(self, least: int, most: int) -> None:
        """Turn to the plans that leave so many visits; what was proven of other plans is forgotten."""
        self.master.leave_between(least, most)
        self.bound_mc = self.at = self.terms_mc = None

    def _is_closed(self) -> bool:
        return (
            self.bound_mc is not None and self.value_mc - self.bound_mc <= self.close_enough * self.value_mc
        )

    def _price_all(self, prices: Prices, way: int, labels: int, beam: int = WIDE) -> int:
        """Price every nurse, note what that proves, and keep the routes; return how many are new."""
        priced = self.pricer.price(
            prices, self.master.cuts, way=way, below_mc=prices.nurse_mc, labels=labels, keep=KEEP, beam=beam
        )
        self._note_bound(prices, priced)
        self.ran_out = any(found.cut_short for found in priced)
        return self._take(priced)

    def _note_bound(self, prices: Prices, priced: list[Priced]) -> bool:
        bound_mc = self.pricer.bound_mc(
            prices, self.master.cuts, priced, self.home_mc, self.master.left_between
        )
        if bound_mc is None or (self.bound_mc is not None and bound_mc <= self.bound_mc):
            return False
        self.bound_mc, self.at = bound_mc, prices
        self.terms_mc = [
            min(home, found.least_mc or 0) for home, found in zip(self.home_mc, priced, strict=True)
        ]
        return True

    def _take(self, priced: list[Priced]) -> int:
        return sum(
            self.pool.add_days(
                found.nurse,
                self.pricer.sides[found.nurse],
                found.routes,
                found.cost_mc,
                COLUMNS_A_NURSE,
                self.retime,
            )
            for found in priced
        )


def shared_prices(day: DayIndex, routes: Sequence[Sequence[int]], cost_of: Retime) -> Prices:
    """Return prices that share out each route's cost by what the day would save without each visit."""
    price_mc = np.array([line.penalty_mc for line in day.visits], dtype=np.int64)
    for nurse, order in enumerate(routes):
        whole_mc = cost_of(nurse, order) if order else None
        if whole_mc is None:
            continue
        without = [cost_of(nurse, [*order[:at], *order[at + 1 :]]) for at in range(len(order))]
        saved = [max(1, whole_mc - (whole_mc if rest is None else rest)) for rest in without]
        for visit, mc in zip(order, saved, strict=True):
            price_mc[visit] = min(int(price_mc[visit]), whole_mc * mc // sum(saved))
    nobody = np.zeros(0, dtype=np.int64)
    return Prices(price_mc, np.zeros(len(day.nurses), dtype=np.int64), nobody)

"""Column generation: prices and routes improve each other until no route can lower the master.

Three gears. Heuristic pricing while it finds routes; exact pricing at smoothed prices (P. Wentges,
"Weighted Dantzig-Wolfe decomposition for linear mixed-integer programming", International Transactions in
Operational Research 4, 1997; automatic choice after A. Pessoa and others, INFORMS Journal on Computing 30,
2018), each exact round giving a true bound; and the end, where the bound meets the master's value.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from routing.engine.budget import Budget
from routing.engine.cuts import violated
from routing.engine.index import DayIndex
from routing.engine.master import LinearMaster, Prices
from routing.engine.pool import Pool
from routing.engine.pricing import EXACT, HEURISTIC, NARROW, WIDE, Priced, Pricer

EXACT_LABELS = 150_000
COLUMNS_A_NURSE = 30
KEEP = 120
GROUPS = 3  # of nurses that are priced between two solutions of the master
LEAVING_SHARES = (0.05, 0.2, 0.0)  # of the mean penalty; 0.0 stands for the whole of each
SMOOTHING = 0.5
CLOSE_ENOUGH = 1e-5  # of the master's value


@dataclass
class Relaxation:
    """The linear relaxation of a day as it stands: pool, master, best bound and the prices that prove it."""

    day: DayIndex
    pricer: Pricer
    pool: Pool
    home_mc: list[int]
    master: LinearMaster = field(init=False)
    value_mc: float = float("inf")
    bound_mc: int | None = None
    at: Prices | None = None  # the prices that gave the bound
    terms_mc: list[int] | None = None  # each nurse's term in it
    rounds: int = 0
    exact_labels: int = EXACT_LABELS

    def __post_init__(self) -> None:
        self.master = LinearMaster(self.day, self.pool, self.home_mc)

    def warm_up(self, budget: Budget) -> None:
        """Go from the first routes to sensible prices: leaving a visit costs little at first, then its
        penalty.
        """
        typical_mc = max(1, sum(line.penalty_mc for line in self.day.visits) // len(self.day.visits))
        for share in LEAVING_SHARES:
            self.master.price_leaving(int(share * typical_mc) if share else None)
            self.heuristic_rounds(budget, beam=NARROW, few=max(2, len(self.day.nurses) // 2))
        self.heuristic_rounds(budget)

    def heuristic_rounds(self, budget: Budget, beam: int = WIDE, few: int = 0, rounds: int = 60) -> None:
        """Add routes found without looking at sets, until few are left.

        The nurses are priced in groups, the master solved between them: what the first groups found is in the
        prices that the next ones see.
        """
        nurses = range(len(self.day.nurses))
        groups = [nurses[first::GROUPS] for first in range(min(GROUPS, len(nurses)))]
        for _ in range(rounds):
            added = 0
            for group in groups:
                if budget.is_spent:
                    return
                self.value_mc = self.master.solve()
                added += self.add_heuristic(self.master.prices, group, beam)
            if added <= few:
                return

    def add_heuristic(self, prices: Prices, nurses: Sequence[int], beam: int = WIDE) -> int:
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
            rough=True,
            nurses=nurses,
        )
        return self._take(priced)

    def bound_quickly(self) -> None:
        """Prove a first bound by the completion bounds alone: not tight, and there at once."""
        self.value_mc = self.master.solve()
        prices = self.master.prices
        priced = self.pricer.price(
            prices,
            self.master.cuts,
            way=HEURISTIC,
            below_mc=prices.nurse_mc,
            labels=EXACT_LABELS,
            keep=KEEP,
            beam=NARROW,
        )
        self._note_bound(prices, priced)
        self._take(priced)

    def add_cuts(self, most: int) -> int:
        """Add the subset-row cuts that the last solution violates most; return how many."""
        self.master.solve()  # a dive may have been there since
        shares = [(self.pool.columns[index].order, share) for index, share in self.master.shares.items()]
        found = violated(shares, self.master.cuts, most)
        for triple in found:
            self.master.add_cut(triple)
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
            priced = self.pricer.price(
                prices,
                self.master.cuts,
                way=EXACT,
                below_mc=prices.nurse_mc,
                labels=self.exact_labels,
                keep=KEEP,
            )
            self.rounds += 1
            self._note_bound(prices, priced)
            added = self._take(priced)
            if not added and share == 1.0:
                return self._is_closed()
            share = 1.0 if not added else 1 - SMOOTHING
        return False

    def leave_between(self, least: int, most: int) -> None:
        """Turn to the plans that leave so many visits; what was proven of other plans is forgotten."""
        self.master.leave_between(least, most)
        self.bound_mc = self.at = self.terms_mc = None

    def _is_closed(self) -> bool:
        return self.bound_mc is not None and self.value_mc - self.bound_mc <= CLOSE_ENOUGH * self.value_mc

    def _note_bound(self, prices: Prices, priced: list[Priced]) -> bool:
        bound_mc = self.pricer.bound_mc(prices, priced, self.home_mc, self.master.left_between)
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
            )
            for found in priced
        )

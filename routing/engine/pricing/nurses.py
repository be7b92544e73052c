"""All nurses priced at once, and the bound that follows from it.

For any prices pi of visits and g >= 0 of cuts (with right sides b), every plan costs at least

    sum_v pi_v + sum_v min(0, penalty_v - pi_v) - sum_q b_q g_q
    + sum_k min(home_k, least reduced cost of nurse k),

(with a price r on the number of visits left, penalty_v - r in place of penalty_v, and r times its bound
more) where home_k is 0 for a nurse who may stay at home (Lagrange; for branch-and-price see M. E.
Luebbecke, J. Desrosiers, "Selected topics in column generation", Operations Research 53, 2005). The least
reduced cost is exact where the labels were; where labels ran out, the completion bound of the departure
takes its place. All numbers are whole millicents, so the bound carries no rounding.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from routing.engine.budget import Budget
from routing.engine.index import DayIndex
from routing.engine.master.cuts import Cut, right_side
from routing.engine.master.linear import Prices
from routing.engine.pricing.bounds import completion_bounds, no_bounds
from routing.engine.pricing.dominance import (
    ALL,
    COUNT,
    EXACT,
    FLOOR,
    HEURISTIC,
    LEAST,
    LEFT_OUT,
    OVERFLOW,
    Ask,
)
from routing.engine.pricing.labels import price_days
from routing.engine.pricing.side import STEP, Ints, Side, with_grain

COARSEST, FINE, FINEST = 10, 9, 8  # grain of the completion bounds where they should be tight: 2^9 s
FEW_LABELS, MANY_LABELS = 300, 6_000  # of an exact pass: the nurse's bounds may be coarser, should be finer
NO_BOUNDS = no_bounds()
THREADS = 2
LOOK_UP_S = 0.1  # how often it looks up whether it should hand in
HEURISTIC_LABELS = 20_000
# A nurse with a long day, or whose exact pass made more labels than this, is hard. Her bounds count units on
# board, and her quick pass has room for nearly all: what it finds is what the exact pass has to beat.
HARD_LABELS = 3_000
HARD_HEURISTIC_LABELS, ALL_ROOM = 60_000, 1_000
NARROW, WIDE = 2, 6  # labels a node that the heuristic keeps: while prices are rough, and later


@dataclass(frozen=True)
class Priced:
    """One nurse's days: local routes, costs, reduced costs before her own price, and what is proven.

    `least_mc` is a lower bound of the reduced cost of all her days (no bound: None); `cut_short` says that
    some days that beat the threshold may be missing. `labels`: how many the exact pass made.
    """

    nurse: int
    routes: npt.NDArray[np.int16]
    cost_mc: Ints
    reduced_mc: Ints
    least_mc: int | None
    cut_short: bool
    labels: int = 0


class Pricer:
    """Prices nurses in threads; the compiled labels let go of Python's lock.

    `hard`: all nurses are hard from the first (see `HARD_LABELS`); else they become so.
    """

    def __init__(self, day: DayIndex, sides: Sequence[Side], budget: Budget, *, hard: bool = False) -> None:
        self.day, self.sides, self.budget = day, sides, budget
        self._grain = [FINE] * len(sides)
        self._hard = [hard] * len(sides)
        self._threads = ThreadPoolExecutor(THREADS)
        self._stop = np.zeros(1, dtype=np.int64)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def price(
        self,
        prices: Prices,
        cuts: Sequence[Cut],
        *,
        way: int,
        below_mc: Ints,
        labels: int,
        keep: int,
        nurses: Sequence[int] | None = None,
        beam: int = WIDE,
        rough: bool = False,
    ) -> list[Priced]:
        """Return the days of each nurse with reduced cost under `below_mc` ((M,), before her own price)."""
        bits = _cut_bits(len(self.day.visits) + len(self.sides), cuts, prices.cut_mc)

        def one(nurse: int) -> Priced:
            if self.budget.is_spent:
                return _nothing(nurse)
            side = self.sides[nurse]
            hard = way == EXACT and self._hard[nurse]
            return _price(
                side if rough else with_grain(side, self._grain[nurse], by_stock=hard),
                nurse,
                prices,
                bits,
                (way, int(below_mc[nurse]), labels, labels, keep, ALL_ROOM if hard else beam),
                HARD_HEURISTIC_LABELS if hard else HEURISTIC_LABELS,
                self._stop,
            )

        chosen = range(len(self.sides)) if nurses is None else nurses
        self._stop[0] = 0
        asked = [self._threads.submit(one, nurse) for nurse in chosen]
        while wait(asked, LOOK_UP_S).not_done:
            self._stop[0] = self.budget.is_spent
        priced = [answer.result() for answer in asked]
        if way == EXACT:
            for found in priced:
                self._adapt(found)
        return priced

    def _adapt(self, found: Priced) -> None:
        """Choose the grain of a nurse's bounds: tight bounds cost as much as the labels that they save."""
        self._hard[found.nurse] |= found.labels > HARD_LABELS
        finer, coarser = found.labels > MANY_LABELS, found.labels < FEW_LABELS
        grain = self._grain[found.nurse] - finer + coarser
        self._grain[found.nurse] = max(FINE if self._hard[found.nurse] else FINEST, min(COARSEST, grain))

    def bound_mc(
        self,
        prices: Prices,
        cuts: Sequence[Cut],
        priced: Sequence[Priced],
        home_mc: Sequence[int],
        left_between: tuple[int, int],
    ) -> int | None:
        """Return the lower bound of every plan that these prices prove; None where a nurse's is missing."""
        total = bound_apart_mc(self.day, prices, cuts, left_between)
        for found in priced:
            if found.least_mc is None:
                return None
            total += min(home_mc[found.nurse], found.least_mc)
        return total


def bound_apart_mc(day: DayIndex, prices: Prices, cuts: Sequence[Cut], left_between: tuple[int, int]) -> int:
    """Return the terms of the bound apart from the nurses'.

    `left_between`: the plans meant are those that leave so many visits, from least to most.
    """
    penalty = np.array([line.penalty_mc for line in day.visits], dtype=np.int64)
    total: int = int(prices.visit_mc.sum())
    total -= sum(right_side(cut) * mc for cut, mc in zip(cuts, prices.cut_mc.tolist(), strict=False))
    total += int(np.minimum(0, penalty - prices.visit_mc - prices.left_mc).sum())
    return total + int(prices.left_mc) * left_between[0 if prices.left_mc > 0 else 1]


def _price(
    side: Side,
    nurse: int,
    prices: Prices,
    bits: tuple[npt.NDArray[np.uint64], Ints],
    way: tuple[int, int, int, int, int, int],
    quick_labels: int,
    stop: Ints,
) -> Priced:
    dual_mc = np.ascontiguousarray(prices.visit_mc[side.visits])
    if not len(dual_mc):
        return replace(_nothing(nurse), least_mc=1 << 60, cut_short=False)
    with_bounds = side.limits[STEP] > 0
    table = completion_bounds(side, dual_mc) if with_bounds else NO_BOUNDS
    visits = len(prices.visit_mc)
    cut_of, cut_mc = bits
    rows = np.append(side.visits, visits + nurse)
    ask = Ask(dual_mc, table, np.ascontiguousarray(cut_of[rows]), cut_mc, np.array(way, dtype=np.int64), stop)
    if way[0] == ALL:
        routes, cost_mc, reduced_mc, tally = price_days(side, ask)
        return Priced(nurse, routes, cost_mc, reduced_mc, None, bool(tally[OVERFLOW]))
    quick = np.array([HEURISTIC, way[1], quick_labels, quick_labels, way[4], way[5]])
    routes, cost_mc, reduced_mc, tally = price_days(side, ask._replace(way=quick))
    if way[0] == HEURISTIC:
        floor = min(int(tally[FLOOR]), 1 << 60) if with_bounds else None
        return Priced(nurse, routes, cost_mc, reduced_mc, floor, True)
    # The exact pass need only look for what beats the best of the quick one: that proves the bound.
    below_mc = min(way[1], int(tally[LEAST]))
    exact = np.array([EXACT, below_mc, *way[2:]], dtype=np.int64)
    routes_2, cost_2, reduced_2, tally = price_days(side, ask._replace(way=exact))
    overflow = bool(tally[OVERFLOW])
    beaten_mc = min(int(tally[LEAST]), below_mc)
    least: int | None = beaten_mc
    if overflow:
        least = max(int(tally[FLOOR]), min(beaten_mc, int(tally[LEFT_OUT]))) if with_bounds else None
    return Priced(
        nurse,
        np.concatenate([routes_2, routes]),
        np.concatenate([cost_2, cost_mc]),
        np.concatenate([reduced_2, reduced_mc]),
        least,
        overflow,
        int(tally[COUNT]),
    )


def _nothing(nurse: int) -> Priced:
    empty = np.zeros(0, dtype=np.int64)
    return Priced(nurse, np.zeros((0, 1), dtype=np.int16), empty, empty, None, True)


def _cut_bits(rows: int, cuts: Sequence[Cut], cut_mc: Ints) -> tuple[npt.NDArray[np.uint64], Ints]:
    """Return which rows enter which priced cut, and the prices; cuts without a price are left out."""
    active = [index for index in range(len(cut_mc)) if cut_mc[index] > 0]
    words = (len(active) + 63) // 64
    bits = np.zeros((rows, words), dtype=np.uint64)
    price = np.zeros(64 * words, dtype=np.int64)
    for place, index in enumerate(active):
        price[place] = cut_mc[index]
        for row in cuts[index]:
            bits[row, place // 64] |= np.uint64(1) << np.uint64(place % 64)
    return bits, price


__all__ = ["ALL", "EXACT", "HEURISTIC", "NARROW", "WIDE", "Priced", "Pricer"]

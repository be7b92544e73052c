"""Completion bounds: the least that the rest of a nurse's day can cost from a node, a moment and a state.

Let x be the moment at which the work at node i is completed, and G(i, x, state) the least reduced cost of
all that may follow when everything is done as soon as it can be. A label (E, F, C) of
`routing.engine.pricing.labels` may complete anywhere from E to F at cost C, and later at the price of
idleness, which never pays because G(i, x) <= G(i, y) + idle x (y - x) for x < y. So

    C + min { G(i, x) : E <= x <= F }

is a lower bound of every day that the label can become. G is computed backwards on a grid of time, with
three things relaxed: a visit may be made again, but not at once and not with only one other between; the
lock-box knows only empty or not, unless units are counted (`with_grain`; where controlled visits are many,
one full box would serve all); and the longest duration is ignored. For a cell of the grid the
most favourable moment of the cell is taken for each question, so the values stay below the true ones.

To forbid i - j - i, each entry holds the best value, the visit that it goes on with, and the best value
that goes on with another (D. J. Houck, J. C. Picard, M. Queyranne, R. R. Vemuganti, Opsearch 17, 1980). A
label asks the same way: where the best would go on with a visit that it has made, the second counts. A
table of minima over 2^l cells answers first, in two look-ups; only a label that it lets pass looks closer.

This is the bounding by a relaxed backward pass of R. Baldacci, N. Christofides, A. Mingozzi, "An exact
algorithm for the vehicle routing problem based on the set partitioning formulation with additional cuts",
Mathematical Programming 115, 2008, with the time of completion as the resource.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from routing.engine.compiled import compiled, inlined, lean
from routing.engine.pricing.side import (
    BEGIN,
    BOX,
    CARRIES,
    IDLE,
    LATEST_END,
    OVERTIME,
    PICKUPS,
    REST_FROM,
    REST_S,
    REST_UNTIL,
    RETURN_DUE,
    SHIFT_END,
    STEP,
    STEPS,
    STOCK,
    TOP,
    TRAVEL,
    Ints,
    Side,
)

NEVER_MC = 1 << 60
GOES_HOME = -1
LEAST, FOLLOWING, OTHER = range(3)

Words = npt.NDArray[np.uint64]


class Bounds(NamedTuple):
    """G on the grid; nodes are visits, then pharmacies. Of no nodes at all where there are no bounds.

    Attributes
    ----------
    low_mc
        (level, stocked, rested, node, cell): least values over 2^level cells.
    entry
        (stocked, rested, node, cell, 3): least value of one cell, which node it goes on with, and the least
        value that goes on with another; side by side because they are asked together.
    ahead_mc
        (stocked, rested, cell, node): least value of this and all later cells; one cell more at the end.
        Nodes lie side by side, because all that may follow a node are asked in turn.
    """

    low_mc: npt.NDArray[np.int64]
    entry: npt.NDArray[np.int64]
    ahead_mc: npt.NDArray[np.int64]


def no_bounds() -> Bounds:
    """Return bounds of no nodes: nothing is cut off."""
    return Bounds(
        np.zeros((1, 2, 2, 0, 1), dtype=np.int64),
        np.zeros((2, 2, 0, 1, 3), dtype=np.int64),
        np.zeros((2, 2, 2, 0), dtype=np.int64),
    )


@compiled
def completion_bounds(side: Side, dual_mc: Ints) -> Bounds:
    """Return G on the grid for reduced costs with these duals.

    Parameters
    ----------
    dual_mc
        (n,) prices of the local visits.
    """
    limits = side.limits
    n, cells = side.visits.shape[0], limits[STEPS]
    nodes = n + (side.drive_s.shape[0] - n) // 2
    levels, stocks = 1, stock_rows(side)
    while (1 << levels) <= cells:
        levels += 1
    bounds = Bounds(
        np.full((levels, stocks, 2, nodes, cells), NEVER_MC, dtype=np.int64),
        np.full((stocks, 2, nodes, cells, 3), NEVER_MC, dtype=np.int64),
        np.full((stocks, 2, cells + 1, nodes), NEVER_MC, dtype=np.int64),
    )
    legs = _legs(side, dual_mc, nodes)
    all_mc = np.full((stocks, 2, cells + 1), NEVER_MC, dtype=np.int64)  # as `ahead_mc`, of all nodes
    for cell in range(cells - 1, -1, -1):
        from_s = limits[BEGIN] + (cell << limits[STEP])
        until_s = from_s + (1 << limits[STEP]) - 1
        all_mc[:, :, cell] = all_mc[:, :, cell + 1]
        for node in range(nodes - 1, -1, -1):  # pharmacies first: what follows them lies in later cells
            low_s, high_s = max(from_s, legs.first_s[node]), min(until_s, legs.last_s[node])
            if low_s <= high_s:
                for stocked in range(stocks):
                    if stocked > 0 and limits[CARRIES] == 0 and limits[STOCK] == 0:
                        continue
                    for rested in range(0 if limits[REST_UNTIL] >= 0 else 1, 2):
                        _fill(side, legs, bounds, all_mc, (node, stocked, rested, cell, low_s, high_s))
            for state in range(2 * stocks):
                ahead, least = bounds.ahead_mc[state // 2, state % 2], all_mc[state // 2, state % 2]
                ahead[cell, node] = min(ahead[cell, node], ahead[cell + 1, node])
                least[cell] = min(least[cell], ahead[cell, node])
    bounds.low_mc[0] = bounds.entry[:, :, :, :, LEAST]
    _add_range_minima(bounds.low_mc)
    return bounds


class _Legs(NamedTuple):
    """Moments at which each node can be completed; what can follow node i at all, and what that costs.

    Of node i: ``after[of[i] : of[i + 1]]`` with their `drive_s` and `price_mc`.
    """

    first_s: Ints
    last_s: Ints
    of: Ints
    after: Ints
    drive_s: Ints
    price_mc: Ints


@compiled
def _legs(side: Side, dual_mc: Ints, nodes: int) -> _Legs:
    n, travel_mc = side.visits.shape[0], side.limits[TRAVEL]
    first_s, last_s = np.empty(nodes, dtype=np.int64), np.empty(nodes, dtype=np.int64)
    for node in range(nodes):
        first_s[node], last_s[node] = _span(side, node)
    of = np.zeros(nodes + 1, dtype=np.int64)
    after = np.empty(nodes * nodes, dtype=np.int64)
    drive_s, price_mc = np.empty(nodes * nodes, dtype=np.int64), np.empty(nodes * nodes, dtype=np.int64)
    count = 0
    for node in range(nodes):
        rough_mc = travel_mc * side.drive_s[node, :nodes] + side.fixed_mc[:nodes]
        rough_mc[:n] -= dual_mc
        for other in np.argsort(rough_mc, kind="mergesort"):  # the best first: then the rest is soon skipped
            leg_s = side.drive_s[node, other]
            if other == node or (other >= n and node >= n):
                continue
            if first_s[node] + leg_s + side.service_s[other] > last_s[other]:
                continue
            after[count], drive_s[count] = other, leg_s
            price_mc[count] = rough_mc[other]
            count += 1
        of[node + 1] = count
    return _Legs(first_s, last_s, of, after[:count], drive_s[:count], price_mc[:count])


@lean
def _add_range_minima(table: npt.NDArray[np.int64]) -> None:
    """Fill each level with the minima over ranges twice as long as those of the level below."""
    for level in range(1, table.shape[0]):
        half = 1 << (level - 1)
        for state in range(2 * table.shape[1]):
            for node in range(table.shape[3]):
                below = table[level - 1, state // 2, state % 2, node]
                row = table[level, state // 2, state % 2, node]
                for cell in range(table.shape[4]):
                    row[cell] = below[cell]
                    if cell + half < table.shape[4]:
                        row[cell] = min(below[cell], below[cell + half])


@inlined
def _span(side: Side, node: int) -> tuple[int, int]:
    """Return the first and last moments at which work at a node can be completed; reversed if never."""
    begin, end = side.window_of[node], side.window_of[node + 1]
    if begin == end:
        return 1, 0
    service_s = side.service_s[node]
    first_s = max(side.opens_s[begin], side.limits[BEGIN] + side.from_start_s[node])
    return first_s + service_s, side.closes_s[end - 1] + service_s


@inlined
def _fill(
    side: Side, legs: _Legs, bounds: Bounds, all_mc: Ints, at: tuple[int, int, int, int, int, int]
) -> None:
    """Note the least costs to go when the work at a node is completed between two moments of one cell."""
    node, stocked, rested, cell, low_s, high_s = at
    limits = side.limits
    n = side.visits.shape[0]
    free = rested == 1 or limits[REST_UNTIL] < 0
    if not free and low_s > limits[REST_UNTIL]:
        return
    best, other_mc, following = _home(side, node, free, low_s), NEVER_MC, GOES_HOME
    may_call = limits[RETURN_DUE] > 0 or (
        limits[CARRIES] == 1 and (stocked == 0 or limits[STOCK] > 0 or limits[PICKUPS] > 1)
    )
    hope_mc = _hope(all_mc, limits[TOP], stocked, free, may_call, cell)
    for leg in range(legs.of[node], legs.of[node + 1]):
        after, drive_s, price_mc = legs.after[leg], legs.drive_s[leg], legs.price_mc[leg]
        if price_mc + hope_mc >= other_mc:
            break  # nor is any behind it, as they lie by price
        now_stocked, then = _row_after(side, stocked, after, may_call), cell if after >= n else cell + 1
        if now_stocked < 0:
            continue
        least_mc = bounds.ahead_mc[now_stocked, rested, then, after]
        if not free:
            least_mc = min(least_mc, bounds.ahead_mc[now_stocked, 1, then, after])
        if price_mc + least_mc >= other_mc or low_s + drive_s + side.service_s[after] > legs.last_s[after]:
            continue
        found = price_mc + _begin(
            side, bounds, after, node, now_stocked, rested, low_s + drive_s, high_s + drive_s
        )
        if not free:
            there_s = min(high_s, limits[REST_UNTIL]) + drive_s
            wait_mc = limits[IDLE] * max(0, limits[REST_FROM] - there_s)
            earliest_s = max(low_s + drive_s, limits[REST_FROM]) + limits[REST_S]
            latest_s = max(there_s, limits[REST_FROM]) + limits[REST_S]
            rested_mc = _begin(side, bounds, after, node, now_stocked, 1, earliest_s, latest_s)
            found = min(found, price_mc + wait_mc + rested_mc)
        if found < best:
            best, other_mc, following = found, best, after
        elif found < other_mc:
            other_mc = found
    entry = bounds.entry[stocked, rested, node, cell]
    entry[LEAST], entry[FOLLOWING], entry[OTHER] = best, following, other_mc
    bounds.ahead_mc[stocked, rested, cell, node] = best


@inlined
def stock_rows(side: Side) -> int:
    """Return how many rows of stock there are: 0 .. `TOP` units (`TOP` or more), and perhaps spent for good.

    Where a nurse collects but once and each unit counts, having used all is not the same as never having
    been at a counter.
    """
    return int(side.limits[TOP] + (2 if _is_spent_for_good(side) else 1))


@inlined
def _is_spent_for_good(side: Side) -> bool:
    limits = side.limits
    return bool(limits[STOCK] == 0 and limits[PICKUPS] == 1 and limits[TOP] >= limits[BOX])


@inlined
def stock_row(side: Side, left: int, picked: int) -> int:
    """Return the row of somebody with so many units on board who was at so many counters."""
    if left == 0 and picked > 0 and _is_spent_for_good(side):
        return int(side.limits[TOP] + 1)
    return int(min(left, side.limits[TOP]))


@inlined
def _row_after(side: Side, row: int, node: int, may_call: bool) -> int:
    """Return the row behind a visit or a counter; below 0 if there is too little for it, or no call."""
    limits = side.limits
    if node >= side.visits.shape[0]:
        return int(limits[TOP]) if may_call else -1
    units = side.units[node]
    if units == 0:
        return int(row)
    if row > limits[TOP]:
        return -1
    if row == limits[TOP] and limits[TOP] < max(limits[BOX], limits[STOCK]):
        return int(row)  # perhaps there are more
    if row == units and _is_spent_for_good(side):
        return int(limits[TOP] + 1)
    return int(row - units)


@inlined
def _hope(all_mc: Ints, top: int, stocked: int, free: bool, may_call: bool, cell: int) -> int:
    """Return the least that can follow from any node."""
    hope_mc = all_mc[stocked, 1, cell]
    if not free:
        hope_mc = min(hope_mc, all_mc[stocked, 0, cell])
    if may_call:
        hope_mc = min(hope_mc, all_mc[top, 1, cell])
        if not free:
            hope_mc = min(hope_mc, all_mc[top, 0, cell])
    return int(hope_mc)


@inlined
def _home(side: Side, node: int, free: bool, low_s: int) -> int:
    """Return the least cost of driving home at once, the break on the way or behind it where it is due."""
    limits = side.limits
    drive_s = side.to_end_s[node]
    home_s = low_s + drive_s
    if not free and home_s > limits[REST_UNTIL]:
        home_s = max(home_s, limits[REST_FROM]) + limits[REST_S]
    if home_s > limits[LATEST_END]:
        return NEVER_MC
    return int(limits[TRAVEL] * drive_s + limits[OVERTIME] * max(0, home_s - limits[SHIFT_END]))


@inlined
def _begin(
    side: Side, bounds: Bounds, node: int, before: int, stocked: int, rested: int, early_s: int, late_s: int
) -> int:
    """Return waiting and cost to go of a node reached between two moments, not going back whence one came."""
    limits = side.limits
    entry = bounds.entry[stocked, rested, node]
    best = NEVER_MC
    for window in range(side.window_of[node], side.window_of[node + 1]):
        opens_s, closes_s = side.opens_s[window], side.closes_s[window]
        if early_s > closes_s:
            continue
        wait_mc = limits[IDLE] * max(0, opens_s - late_s)
        first_s = max(early_s, opens_s) + side.service_s[node]
        last_s = min(max(late_s, opens_s), closes_s) + side.service_s[node]
        first = (first_s - limits[BEGIN]) >> limits[STEP]
        last = (last_s - limits[BEGIN]) >> limits[STEP]
        for cell in range(first, min(last, entry.shape[0] - 1) + 1):
            which = OTHER if entry[cell, FOLLOWING] == before else LEAST
            best = min(best, wait_mc + entry[cell, which])
    return int(best)


@inlined
def least_between(
    bounds: Bounds, side: Side, node: int, stocked: int, rested: int, early_s: int, late_s: int
) -> int:
    """Return the minimum of G over completion between two moments."""
    limits = side.limits
    first = (early_s - limits[BEGIN]) >> limits[STEP]
    last = min((late_s - limits[BEGIN]) >> limits[STEP], bounds.entry.shape[3] - 1)
    if first > last:
        return NEVER_MC
    level = 0
    while (2 << level) <= last - first + 1:
        level += 1
    row = bounds.low_mc[level, stocked, rested, node]
    return int(min(row[first], row[last - (1 << level) + 1]))


@inlined
def least_unseen(
    bounds: Bounds, side: Side, node: int, stocked: int, rested: int, early_s: int, late_s: int, seen: Words
) -> int:
    """Return the minimum of G over completion between two moments, not going on with a visit in `seen`."""
    limits = side.limits
    n = side.visits.shape[0]
    first = (early_s - limits[BEGIN]) >> limits[STEP]
    last = min((late_s - limits[BEGIN]) >> limits[STEP], bounds.entry.shape[3] - 1)
    entry = bounds.entry[stocked, rested, node]
    best = NEVER_MC
    for cell in range(first, last + 1):
        after = entry[cell, FOLLOWING]
        made = 0 <= after < n and seen[after >> 6] & side.bit[after, after >> 6]
        best = min(best, entry[cell, OTHER if made else LEAST])
    return int(best)


@inlined
def least_after(bounds: Bounds, side: Side, node: int, stocked: int, rested: int, early_s: int) -> int:
    """Return the minimum of G over completion from a moment on, whether the break is still to come or not."""
    cell = min((early_s - side.limits[BEGIN]) >> side.limits[STEP], bounds.ahead_mc.shape[2] - 1)
    least_mc = bounds.ahead_mc[stocked, 1, cell, node]
    return int(least_mc if rested else min(least_mc, bounds.ahead_mc[stocked, 0, cell, node]))

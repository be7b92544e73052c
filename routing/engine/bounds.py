"""Completion bounds: the least that the rest of a nurse's day can cost from a node, a moment and a state.

Let x be the moment at which the work at node i is completed, and G(i, x, state) the least reduced cost of
all that may follow when everything is done as soon as it can be. A label (E, F, C) of
`routing.engine.labels` may complete anywhere from E to F at cost C, and later at the price of idleness,
which never pays because G(i, x) <= G(i, y) + idle x (y - x) for x < y. So

    C + min { G(i, x) : E <= x <= F }

is a lower bound of every day that the label can become. G is computed backwards on a grid of time, with
three things relaxed: visits may be made again (not at once), the lock-box knows only empty or not, and the
longest duration is ignored. For a cell of the grid the most favourable moment of the cell is taken for each
question, so the values stay below the true ones. A table of minima over 2^l cells answers any range in two
look-ups.

This is the bounding by a relaxed backward pass of R. Baldacci, N. Christofides, A. Mingozzi, "An exact
algorithm for the vehicle routing problem based on the set partitioning formulation with additional cuts",
Mathematical Programming 115, 2008, with the time of completion as the resource.
"""

import numpy as np
import numpy.typing as npt

from routing.engine.compiled import compiled
from routing.engine.side import (
    BEGIN,
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
    TRAVEL,
    Ints,
    Side,
)

NEVER_MC = 1 << 60

Table = npt.NDArray[np.int64]  # (level, stocked, rested, node, cell); nodes are visits and pharmacies


@compiled
def completion_bounds(side: Side, dual_mc: Ints) -> Table:
    """Return G on the grid for reduced costs with these duals, with its range minima.

    Parameters
    ----------
    dual_mc
        (n,) prices of the local visits.
    """
    limits = side.limits
    n, cells = side.visits.shape[0], limits[STEPS]
    nodes = n + (side.drive_s.shape[0] - n) // 2
    levels = 1
    while (1 << levels) <= cells:
        levels += 1
    table = np.full((levels, 2, 2, nodes, cells), NEVER_MC, dtype=np.int64)
    exact = table[0]
    first_s, last_s = np.empty(nodes, dtype=np.int64), np.empty(nodes, dtype=np.int64)
    for node in range(nodes):
        first_s[node], last_s[node] = _span(side, node)
    for cell in range(cells - 1, -1, -1):
        from_s = limits[BEGIN] + (cell << limits[STEP])
        until_s = from_s + (1 << limits[STEP]) - 1
        for node in range(nodes - 1, -1, -1):  # pharmacies first: what follows them lies in later cells
            low_s, high_s = max(from_s, first_s[node]), min(until_s, last_s[node])
            if low_s <= high_s:
                for stocked in range(2):
                    if stocked == 1 and limits[CARRIES] == 0 and limits[STOCK] == 0:
                        continue
                    for rested in range(0 if limits[REST_UNTIL] >= 0 else 1, 2):
                        exact[stocked, rested, node, cell] = _least(
                            side, dual_mc, exact, node, stocked, rested, low_s, high_s, last_s
                        )
    _add_range_minima(table)
    return table


@compiled
def _add_range_minima(table: Table) -> None:
    """Fill each level with the minima over ranges twice as long as those of the level below."""
    for level in range(1, table.shape[0]):
        half = 1 << (level - 1)
        for state in range(4):
            for node in range(table.shape[3]):
                below = table[level - 1, state // 2, state % 2, node]
                row = table[level, state // 2, state % 2, node]
                for cell in range(table.shape[4]):
                    row[cell] = below[cell]
                    if cell + half < table.shape[4]:
                        row[cell] = min(below[cell], below[cell + half])


@compiled
def _span(side: Side, node: int) -> tuple[int, int]:
    """Return the first and last moments at which work at a node can be completed; reversed if never."""
    begin, end = side.window_of[node], side.window_of[node + 1]
    if begin == end:
        return 1, 0
    service_s = side.service_s[node]
    first_s = max(side.opens_s[begin], side.limits[BEGIN] + side.from_start_s[node])
    return first_s + service_s, side.closes_s[end - 1] + service_s


@compiled
def _least(
    side: Side,
    dual_mc: Ints,
    exact: Table,
    node: int,
    stocked: int,
    rested: int,
    low_s: int,
    high_s: int,
    last_s: Ints,
) -> int:
    """Return the least cost to go when the work at a node is completed between two moments of one cell."""
    limits = side.limits
    n, nodes = side.visits.shape[0], exact.shape[2]
    free = rested == 1 or limits[REST_UNTIL] < 0
    if not free and low_s > limits[REST_UNTIL]:
        return NEVER_MC
    best = _home(side, node, free, low_s)
    may_call = limits[RETURN_DUE] > 0 or (
        limits[CARRIES] == 1 and (stocked == 0 or limits[STOCK] > 0 or limits[PICKUPS] > 1)
    )
    for other in range(nodes):
        if other == node or (other >= n and (node >= n or not may_call)):
            continue
        if other < n and side.units[other] > 0 and stocked == 0:
            continue
        drive_s = side.drive_s[node, other]
        if low_s + drive_s + side.service_s[other] > last_s[other]:
            continue
        now_stocked = stocked if other < n else 1
        price_mc = limits[TRAVEL] * drive_s + side.fixed_mc[other]
        if other < n:
            price_mc -= dual_mc[other]
        best = min(
            best,
            price_mc + _begin(side, exact, other, now_stocked, rested, low_s + drive_s, high_s + drive_s),
        )
        if not free:
            there_s = min(high_s, limits[REST_UNTIL]) + drive_s
            wait_mc = limits[IDLE] * max(0, limits[REST_FROM] - there_s)
            earliest_s = max(low_s + drive_s, limits[REST_FROM]) + limits[REST_S]
            latest_s = max(there_s, limits[REST_FROM]) + limits[REST_S]
            best = min(
                best, price_mc + wait_mc + _begin(side, exact, other, now_stocked, 1, earliest_s, latest_s)
            )
    return int(best)


@compiled
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


@compiled
def _begin(side: Side, exact: Table, node: int, stocked: int, rested: int, early_s: int, late_s: int) -> int:
    """Return waiting and cost to go of a node reached between two moments."""
    limits = side.limits
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
        for cell in range(first, min(last, exact.shape[3] - 1) + 1):
            best = min(best, wait_mc + exact[stocked, rested, node, cell])
    return int(best)


@compiled
def least_between(
    table: Table, side: Side, node: int, stocked: int, rested: int, early_s: int, late_s: int
) -> int:
    """Return the minimum of G over completion between two moments."""
    limits = side.limits
    first = (early_s - limits[BEGIN]) >> limits[STEP]
    last = min((late_s - limits[BEGIN]) >> limits[STEP], table.shape[4] - 1)
    if first > last:
        return NEVER_MC
    level = 0
    while (2 << level) <= last - first + 1:
        level += 1
    row = table[level, stocked, rested, node]
    return int(min(row[first], row[last - (1 << level) + 1]))

"""Pricing by labelling: the days of one nurse with the least reduced cost.

Labels (see `routing.engine.pricing.dominance`) are taken in the order of their earliest completion and
extended to every visit and pharmacy. Driving t and beginning in [a, b] with service s is possible when E + t
<= b, and gives

    C += travel x t + idle x max(0, a - F - t) + continuity - dual
    E  = max(E + t, a) + s,     F = min(max(F + t, a), b) + s,

so that the departure time is optimised in constant time a stop. A break of length d that begins in [e, l]
may be taken on any leg: needs E <= l, then F = min(F, l), the drive, a wait for e, and d; before departure
and after the return it costs nothing. A pharmacy is a node that fills the lock-box; it is worth a stop
only if more is used afterwards than was on board (`NEED`), or something that was not ready before (`SOFT`).
Overtime and unfair load are priced exactly.

A label is dropped when its cost and the completion bound together do not beat what is asked. Three ways: a
heuristic that ignores which visits were made in its dominance, an exact one, and one that keeps the
cheapest order of *every* set of visits (for closing the gap). All arithmetic is in whole millicents: no
tolerance anywhere.

The timing is the one of `routing.engine.route.schedule`; a test compares the two on random days.
"""

import numpy as np
import numpy.typing as npt

from routing.engine.compiled import compiled, inlined
from routing.engine.pricing.bounds import NEVER_MC, least_after, least_between, least_unseen, stock_row
from routing.engine.pricing.dominance import (
    ALL,
    COST,
    COUNT,
    DAYS,
    DEAD,
    DEPTH,
    FLOOR,
    FRESH,
    LEFT,
    LEFT_OUT,
    LOAD,
    NEED,
    NODE,
    OVERFLOW,
    PARENT,
    PICKED,
    QUEUED,
    RANK,
    RESTED,
    RETURNED,
    SLOPE,
    SOFT,
    USED,
    WANT,
    WIDTH,
    Ask,
    C,
    D,
    E,
    F,
    Shelf,
)
from routing.engine.pricing.ends import HOME, go_home, leave, reach, return_is_due
from routing.engine.pricing.shelf import FIRST_ROOM, shelve, take_next, wait_in_queue
from routing.engine.pricing.side import (
    AT_WILL,
    BOX,
    CARRIES,
    FAIR_LOAD,
    FAIRNESS,
    IDLE,
    LATEST_END,
    LONGEST,
    PICKUPS,
    REST_UNTIL,
    TRAVEL,
    Ints,
    Side,
)

MOST_VISITS = 30  # stops of a day that the answer has room for
HASHED = 1 << 16  # heads of the chains that hold labels of one node and set


@compiled
def price_days(side: Side, ask: Ask) -> tuple[npt.NDArray[np.int16], Ints, Ints, Ints]:
    """Return the nurse's days whose reduced cost beats what is asked.

    Returns
    -------
    Local visits in order, shape (k, `MOST_VISITS`), -1 behind the last; their costs; their reduced costs
    before the nurse's own price; and the tally: `OVERFLOW` is 1 when labels were left out, `LEFT_OUT` what
    days behind those cost at least, `LEAST` is the
    least reduced cost found, `FLOOR` a lower bound of it in any case (0 is beaten by neither where no day
    beats what was asked).
    """
    most, days = ask.way[2], ask.way[3]
    heads = HASHED if ask.way[0] == ALL else side.drive_s.shape[0]
    shelf = Shelf(
        np.empty((most, WIDTH), dtype=np.int64),
        np.zeros((most, side.bit.shape[1]), dtype=np.uint64),
        np.zeros((most, ask.cut.shape[1]), dtype=np.uint64),
        np.zeros((heads, 3), dtype=np.int64),
        np.empty((4 * most + FIRST_ROOM * min(heads, most), 4), dtype=np.int64),
        np.empty(most, dtype=np.int64),
        np.array([0, 0, 0, NEVER_MC, 0, NEVER_MC, 0, NEVER_MC], dtype=np.int64),
    )
    found = np.empty((days, 3), dtype=np.int64)
    leave(side, shelf)
    for root in range(shelf.tally[COUNT]):
        _enter_own_cuts(ask, shelf, root)
        wait_in_queue(shelf, root)
    while shelf.tally[QUEUED] > 0:
        if ask.stop[0]:
            shelf.tally[OVERFLOW] = 1
            shelf.tally[FLOOR] = shelf.tally[LEFT_OUT] = -NEVER_MC
            break
        one = take_next(shelf)
        if not shelf.label[one, DEAD]:
            go_home(side, ask, shelf, one, found)
            _extend_everywhere(side, ask, shelf, one)
    order = np.argsort(found[: shelf.tally[DAYS], 0], kind="mergesort")[: ask.way[4]]
    count = order.shape[0]
    routes = np.full((count, MOST_VISITS), -1, dtype=np.int16)
    for row in range(count):
        one = found[order[row], 2]
        place = shelf.label[one, DEPTH]
        while one >= 0:
            if 0 <= shelf.label[one, NODE] < side.visits.shape[0]:
                place -= 1
                routes[row, place] = shelf.label[one, NODE]
            one = shelf.label[one, PARENT]
    return routes, found[order, 1], found[order, 0], shelf.tally


@inlined
def _extend_everywhere(side: Side, ask: Ask, shelf: Shelf, one: int) -> None:
    label = shelf.label[one]
    n = side.visits.shape[0]
    counters = (side.drive_s.shape[0] - n) // 2
    closed = n <= label[NODE] < n + counters or label[RETURNED]
    may_collect = not closed and label[PICKED] < side.limits[PICKUPS] and side.limits[BOX] > 0
    may_collect = may_collect and side.limits[CARRIES] > 0
    may_return = not closed and label[NEED] == 0 and label[SOFT] == 0 and return_is_due(side, shelf, one)
    for node in range(n + 2 * counters):
        if node < n:
            if not _may_make(side, shelf, one, node) or _is_hopeless(side, ask, label, node):
                continue
        elif not (may_collect if node < n + counters else may_return):
            continue
        _extend(side, ask, shelf, one, node)


@inlined
def _may_make(side: Side, shelf: Shelf, one: int, visit: int) -> bool:
    """Say whether stock and memory of a label allow a visit."""
    label, units = shelf.label[one], side.units[visit]
    if units > label[LEFT] or (units and label[RETURNED]) or side.ready_s[visit] > label[FRESH]:
        return False
    return not _is_barred(side, shelf, one, visit)


@inlined
def _is_hopeless(side: Side, ask: Ask, label: Ints, visit: int) -> bool:
    """Say at little cost whether no day that goes on with this visit can beat what is asked.

    Without cuts: they only make a day dearer. A first leg is looked at closely, for it makes the bound.
    """
    if ask.bounds.entry.shape[2] == 0 or label[NODE] == HOME:
        return False
    drive_s, stocked = (
        side.drive_s[label[NODE], visit],
        stock_row(side, label[LEFT] - side.units[visit], label[PICKED]),
    )
    least_mc = label[C] + side.limits[TRAVEL] * drive_s + side.fixed_mc[visit] - ask.dual_mc[visit]
    done_s = label[E] + drive_s + side.service_s[visit]
    return bool(least_mc + least_after(ask.bounds, side, visit, stocked, label[RESTED], done_s) >= ask.way[1])


@inlined
def _is_barred(side: Side, shelf: Shelf, one: int, visit: int) -> bool:
    """Say whether a label remembers the visit or its other half."""
    for word in range(shelf.seen.shape[1]):  # noqa: SIM110 - numba compiles no generator
        if shelf.seen[one, word] & side.bar[visit, word]:
            return True
    return False


@inlined
def _extend(side: Side, ask: Ask, shelf: Shelf, one: int, node: int) -> None:
    """Extend a label to a node, in each window, with and without the break on the way."""
    limits, label = side.limits, shelf.label[one]
    begin, end = side.window_of[node], side.window_of[node + 1]
    drive_s = side.from_start_s[node] if label[NODE] == HOME else side.drive_s[label[NODE], node]
    if begin == end or label[E] + drive_s > side.closes_s[end - 1]:
        return
    may_rest = not label[RESTED] and label[E] <= limits[REST_UNTIL]
    for resting in range(2 if may_rest else 1):
        early_s, late_s, rest_wait_s, elapsed_s = reach(side, label, drive_s, resting == 1)
        rested = 1 if resting else label[RESTED]
        for window in range(begin, end):
            opens_s, closes_s = side.opens_s[window], side.closes_s[window]
            if early_s > closes_s:
                continue
            wait_s = max(0, opens_s - late_s)
            completed_s = max(early_s, opens_s) + side.service_s[node]
            if completed_s > limits[LATEST_END] or (not rested and completed_s > limits[REST_UNTIL]):
                continue
            all_s = elapsed_s + wait_s + side.service_s[node]
            if all_s > limits[LONGEST]:
                continue
            last_s = min(max(late_s, opens_s), closes_s) + side.service_s[node]
            price_mc = limits[TRAVEL] * drive_s + limits[IDLE] * (rest_wait_s + wait_s)
            _admit(side, ask, shelf, one, node, (completed_s, last_s, price_mc, all_s, rested), window)


@inlined
def _admit(
    side: Side,
    ask: Ask,
    shelf: Shelf,
    one: int,
    node: int,
    timed: tuple[int, int, int, int, int],
    window: int,
) -> None:
    """Add a label unless its bound or another label speaks against it."""
    limits, tally = side.limits, shelf.tally
    completed_s, last_s, price_mc, elapsed_s, rested = timed
    before = shelf.label[one]
    n = side.visits.shape[0]
    counters = (side.drive_s.shape[0] - n) // 2
    price_mc += side.fixed_mc[node]
    left, gain_mc = before[LEFT], 0
    if node < n:
        left -= side.units[node]
        fair_s, load_s = limits[FAIR_LOAD], before[LOAD] + side.service_s[node]
        price_mc += limits[FAIRNESS] * (max(0, load_s - fair_s) - max(0, before[LOAD] - fair_s))
        gain_mc = ask.dual_mc[node] - _paid_mc(ask, shelf, one, node)
    else:
        left = limits[BOX] if node < n + counters else 0
    cost_mc = before[C] + price_mc - gain_mc
    rank_mc = cost_mc
    if ask.bounds.entry.shape[2] > 0:
        at = node if node < n + counters else node - counters
        stocked = stock_row(side, left, before[PICKED] + (n <= node < n + counters))
        rank_mc += least_between(ask.bounds, side, at, stocked, rested, completed_s, last_s)
        if before[NODE] == HOME:
            tally[FLOOR] = min(tally[FLOOR], rank_mc)
        if rank_mc >= ask.way[1]:
            return
        seen = shelf.seen[one]
        rank_mc = cost_mc + least_unseen(ask.bounds, side, at, stocked, rested, completed_s, last_s, seen)
        if rank_mc >= ask.way[1]:
            return
    elif before[NODE] == HOME:
        tally[FLOOR] = -NEVER_MC
    new = tally[COUNT]
    if new >= shelf.label.shape[0] or before[DEPTH] + 1 >= MOST_VISITS:
        tally[OVERFLOW] = 1
        tally[LEFT_OUT] = min(tally[LEFT_OUT], rank_mc if ask.bounds.entry.shape[2] > 0 else -NEVER_MC)
        return
    label = shelf.label[new]
    label[E], label[F], label[D], label[RESTED] = completed_s, last_s, elapsed_s, rested
    label[C], label[SLOPE], label[COST] = cost_mc, cost_mc - limits[IDLE] * last_s, before[COST] + price_mc
    label[NODE], label[PARENT], label[DEAD], label[LEFT] = node, one, 0, left
    label[RANK] = rank_mc
    label[RETURNED] = 1 if node >= n + counters else before[RETURNED]
    label[PICKED], label[NEED], label[FRESH] = before[PICKED], before[NEED], before[FRESH]
    label[SOFT], label[WANT] = before[SOFT], before[WANT]
    label[USED], label[LOAD], label[DEPTH] = before[USED], before[LOAD], before[DEPTH]
    if node < n:
        _see(side, ask, shelf, one, new, node)
    else:
        _remember_as(shelf, one, new)
        if node < n + counters:
            label[FRESH] = side.fresh_s[window]
            _give_reason(limits, label, before)
    shelve(side, ask, shelf, new, node)


@inlined
def _enter_own_cuts(ask: Ask, shelf: Shelf, root: int) -> None:
    """Let a label that has not left count the cuts that the nurse herself belongs to."""
    for word in range(shelf.odd.shape[1]):
        shelf.odd[root, word] = ask.cut[ask.cut.shape[0] - 1, word]


@inlined
def _remember_as(shelf: Shelf, one: int, new: int) -> None:
    """Let a new label remember the visits and cuts that the one before it does."""
    for word in range(shelf.seen.shape[1]):
        shelf.seen[new, word] = shelf.seen[one, word]
    for word in range(shelf.odd.shape[1]):
        shelf.odd[new, word] = shelf.odd[one, word]


@inlined
def _give_reason(limits: Ints, label: Ints, before: Ints) -> None:
    """Note what has to follow a pickup to make it worth its while."""
    label[PICKED] += 1
    if limits[AT_WILL]:
        label[NEED] = max(before[NEED], 1)
    elif before[PICKED] == 0:
        label[NEED] = before[LEFT] + 1
    else:
        label[SOFT] = max(before[SOFT], before[LEFT] + 1)
        label[WANT] = before[FRESH]


@inlined
def _see(side: Side, ask: Ask, shelf: Shelf, one: int, new: int, visit: int) -> None:
    """Note in a new label what making a visit changes beside time and cost."""
    label, units = shelf.label[new], side.units[visit]
    label[DEPTH] += 1
    label[USED] += units
    label[NEED] = max(0, label[NEED] - units)
    label[SOFT] = 0 if side.ready_s[visit] > label[WANT] else max(0, label[SOFT] - units)
    label[LOAD] += side.service_s[visit]
    for word in range(shelf.seen.shape[1]):
        shelf.seen[new, word] = (shelf.seen[one, word] & side.near[visit, word]) | side.bit[visit, word]
    for word in range(shelf.odd.shape[1]):
        shelf.odd[new, word] = shelf.odd[one, word] ^ ask.cut[visit, word]


@inlined
def _paid_mc(ask: Ask, shelf: Shelf, one: int, visit: int) -> int:
    """Return the price of the cuts that a label enters for the second time with this visit."""
    paid_mc = 0
    for word in range(shelf.odd.shape[1]):
        again = shelf.odd[one, word] & ask.cut[visit, word]
        place = 64 * word
        while again:
            if again & np.uint64(1):
                paid_mc += ask.cut_mc[place]
            again >>= np.uint64(1)
            place += 1
    return paid_mc

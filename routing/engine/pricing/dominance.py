"""When one partial day makes another superfluous.

A label says of all ways to have completed a node: E the earliest completion, F the latest without waiting
beyond what is forced, C the reduced cost. Its cost at completion x >= E is C + idle x max(0, x - F), so
label A is no worse than B at every moment when

    E_A <= E_B,   C_A <= C_B,   C_A - idle x F_A <= C_B - idle x F_B,

and may go on like B when it remembers no visit that B could still make, has no less stock, no more pickups,
and has taken its break if B has. (M. W. P. Savelsbergh, ORSA Journal on Computing 4, 1992, for the shape of
the cost; D. Feillet, P. Dejax, M. Gendreau, C. Gueguen, Networks 44, 2004, for the sets.)

Two margins keep this exact where the day prices idleness but neither the break nor a pharmacy's counter. If
A has rested and B has not, B may still fill a wait with its break that A has to pay: A must be cheaper by
that much. The same holds for a pickup that A has behind it, provided that driving is no cheaper than
waiting and the travel times are metric; else labels with different stock are never compared. Where waiting
is not priced (`AT_WILL`) a pickup needs no reason: A can make every pickup that B makes, and there is no
margin.

Stock that becomes ready during the day: FRESH is the last such second before the last pickup (far where
there was none), and a visit is made only if its stock was ready by then. A second pickup has a reason when
more is used after it than was on board (SOFT), or something that is ready only after WANT.

With subset-row cuts, A pays at most the prices of the cuts that it has entered once and B has not (M.
Jepsen, B. Petersen, S. Spoorendonk, D. Pisinger, Operations Research 56, 2008).
"""

from typing import NamedTuple

import numpy as np

from routing.engine.compiled import inlined
from routing.engine.pricing.bounds import Bounds
from routing.engine.pricing.side import (
    BEGIN,
    COUNTER_S,
    CROSS,
    FAIRNESS,
    IDLE,
    LONGEST,
    PICKUPS,
    REST_S,
    RETURN_DUE,
    STILL,
    Ints,
    Side,
    Words,
)

# Columns of a label; what comparing reads comes first and shares one line of the processor's memory.
E, C, SLOPE, RESTED, LEFT, PICKED, NEED = range(7)  # SLOPE is C - idle x F
F, D, COST, USED, RETURNED, LOAD, NODE, PARENT, DEPTH, DEAD, RANK = range(7, 18)  # RANK: C and bound
FRESH, SOFT, WANT = range(18, 21)
WIDTH = 24
NO_LIMIT_S = 1 << 40
ROUGH_MC = 2_000_000  # how much flexibility the heuristic gives away

HEURISTIC, EXACT, ALL = range(3)  # ignore sets; compare sets; keep every set


class Ask(NamedTuple):
    """What the pricing of one nurse is asked.

    Attributes
    ----------
    dual_mc
        (n,) prices of the local visits.
    bounds
        From `completion_bounds`, or `no_bounds` to go without.
    cut, cut_mc
        (n + 1, q) which cuts a visit belongs to, and last the nurse herself, as bits; (64 q,) their prices,
        none negative.
    way
        `HEURISTIC`, `EXACT` or `ALL`; the reduced cost that days must beat; the most labels; the most days
        found; the most days returned, the best first; the most labels of one node (heuristic only).
    stop
        (1,) set to 1 from outside, it ends the work as if labels had run out.
    """

    dual_mc: Ints
    bounds: Bounds
    cut: Words
    cut_mc: Ints
    way: Ints
    stop: Ints


class Shelf(NamedTuple):
    """Working memory of one pricing; see `routing.engine.pricing.shelf` for `head` and `beside`.

    Attributes
    ----------
    label, seen, odd
        A row a label: its figures, the visits it remembers, the cuts it has entered an odd number of times.
    head
        For each node (or node and set): where its labels start in `beside`, how many they are, for how many
        there is room.
    beside
        Labels by rising reduced cost, with what comparing reads first.
    queue
        Heap of labels by E.
    """

    label: Ints
    seen: Words
    odd: Words
    head: Ints
    beside: Ints
    queue: Ints
    tally: Ints


COUNT, QUEUED, OVERFLOW, FLOOR, DAYS, LEAST, USED_UP, LEFT_OUT = range(8)  # positions in `Shelf.tally`


@inlined
def dominates(  # noqa: PLR0911 - one refusal after the other, the cheapest questions first
    side: Side, ask: Ask, shelf: Shelf, one: int, other: int
) -> bool:
    """Say whether label `one` makes label `other` superfluous; both are at the same node."""
    a, b, limits = shelf.label[one], shelf.label[other], side.limits
    if a[E] > b[E] or a[C] > b[C] or a[RESTED] < b[RESTED]:
        return False
    way, idle_mc = ask.way[0], limits[IDLE]
    margin_mc = 0
    if a[RESTED] > b[RESTED]:
        margin_mc = idle_mc * limits[REST_S]
    counter_mc = _counter_margin_mc(limits, a, b)
    if counter_mc < 0:
        return False
    margin_mc += counter_mc
    if limits[RETURN_DUE] > 0 and (a[RETURNED] != b[RETURNED] or (a[USED] > 0) != (b[USED] > 0)):
        return False
    if way == HEURISTIC:
        return bool(a[SLOPE] <= b[SLOPE] + ROUGH_MC)
    if a[C] + margin_mc > b[C] or a[SLOPE] + margin_mc > b[SLOPE]:
        return False
    if limits[LONGEST] < NO_LIMIT_S and (a[D] > b[D] or a[D] - a[F] > b[D] - b[F]):
        return False
    if limits[FAIRNESS] > 0 and a[LOAD] > b[LOAD]:
        return False
    if not _may_go_on_like(side, way, shelf, one, other):
        return False
    slack_mc = min(b[C] - a[C], b[SLOPE] - a[SLOPE]) - margin_mc
    return bool(_cuts_ahead_mc(ask, shelf, one, other) <= slack_mc)


@inlined
def _counter_margin_mc(limits: Ints, a: Ints, b: Ints) -> int:
    """Return by how much A must be cheaper than B because of stock and pickups; -1: it cannot stand for B."""
    if a[SOFT] > b[SOFT] or (a[SOFT] > 0 and a[WANT] > b[WANT]):
        return -1
    if a[LEFT] == b[LEFT] and a[PICKED] == b[PICKED] and a[NEED] == b[NEED] and a[FRESH] == b[FRESH]:
        return 0
    if limits[CROSS] == 0 or a[LEFT] < b[LEFT] or a[PICKED] > b[PICKED] or a[NEED] > b[NEED]:
        return -1
    if a[FRESH] < b[FRESH]:
        return -1
    return int(limits[IDLE] * limits[COUNTER_S] * (limits[PICKUPS] - b[PICKED]))


@inlined
def _may_go_on_like(side: Side, way: int, shelf: Shelf, one: int, other: int) -> bool:
    seen = shelf.seen
    if way == EXACT:
        step = (shelf.label[other, E] - side.limits[BEGIN]) >> STILL
        for word in range(seen.shape[1]):
            if seen[one, word] & side.still[step, word] & ~seen[other, word]:
                return False
    elif way == ALL:
        for word in range(seen.shape[1]):
            if seen[one, word] != seen[other, word]:
                return False
    return True


@inlined
def _cuts_ahead_mc(ask: Ask, shelf: Shelf, one: int, other: int) -> int:
    """Return the prices of the cuts that `one` has entered oddly and `other` has not."""
    total_mc = 0
    for word in range(shelf.odd.shape[1]):
        ahead = shelf.odd[one, word] & ~shelf.odd[other, word]
        place = 64 * word
        while ahead:
            if ahead & np.uint64(1):
                total_mc += ask.cut_mc[place]
            ahead >>= np.uint64(1)
            place += 1
    return total_mc

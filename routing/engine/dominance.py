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
waiting and the travel times are metric; else labels with different stock are never compared.

With subset-row cuts, A pays at most the prices of the cuts that it has entered once and B has not (M.
Jepsen, B. Petersen, S. Spoorendonk, D. Pisinger, Operations Research 56, 2008).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from routing.engine.compiled import compiled
from routing.engine.side import (
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
E, C, SLOPE, NEXT, RESTED, LEFT, PICKED, NEED = range(8)  # SLOPE is C - idle x F
F, D, COST, USED, RETURNED, LOAD, NODE, PARENT, DEPTH, DEAD, RANK = range(8, 19)  # RANK: C and bound
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
        Table of `completion_bounds`, or one of no nodes to go without.
    cut, cut_mc
        (n, q) which subset-row cuts a visit belongs to, as bits; (64 q,) their prices, none negative.
    way
        `HEURISTIC`, `EXACT` or `ALL`; the reduced cost that days must beat; the most labels; the most days
        found; the most days returned, the best first; the most labels of one node (heuristic only).
    """

    dual_mc: Ints
    bounds: npt.NDArray[np.int64]
    cut: Words
    cut_mc: Ints
    way: Ints


class Shelf(NamedTuple):
    """Working memory: labels as rows, sets seen, cuts entered an odd number of times, the queue by E."""

    label: Ints
    seen: Words
    odd: Words
    first: Ints
    queue: Ints
    tally: Ints


COUNT, QUEUED, OVERFLOW, FLOOR, DAYS, LEAST = range(6)  # positions in `Shelf.tally`


@compiled
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
    if a[LEFT] != b[LEFT] or a[PICKED] != b[PICKED] or a[NEED] != b[NEED]:
        if limits[CROSS] == 0 or a[LEFT] < b[LEFT] or a[PICKED] > b[PICKED] or a[NEED] > b[NEED]:
            return False
        margin_mc += idle_mc * limits[COUNTER_S] * (limits[PICKUPS] - b[PICKED])
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


@compiled
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


@compiled
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

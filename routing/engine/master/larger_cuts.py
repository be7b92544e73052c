"""The search for violated cuts of more than three rows (`routing.engine.master.cuts`), compiled."""

from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt

from routing.engine.compiled import compiled, inlined
from routing.engine.master.cuts import LEAST_VIOLATION, Cut, Fractions, right_side, spread, violated
from routing.engine.pricing.side import Ints

FEW = 20  # of three rows: fewer, and larger ones are looked for
SIZES = (5, 7)
TRIES = 8  # from each row
NEVER = 1e-9

Floats = npt.NDArray[np.float64]


def most_violated(fractions: Fractions, known: Collection[Cut], most: int) -> list[Cut]:
    """Return violated cuts of three rows, and of more where three find few; `most` of either."""
    found = violated(fractions, known, most)
    return found if len(found) >= FEW else found + larger_violated(fractions, known, most)


def larger_violated(fractions: Fractions, known: Iterable[Cut], most: int) -> list[Cut]:
    """Return violated cuts of five and seven rows.

    From every row some sets are grown, drawn by how much rows share routes; then single rows are exchanged
    while the left side grows. No search of all: it may miss some. The same input gives the same cuts.
    """
    rows = sorted({row for met, _ in fractions for row in met})
    if len(rows) < SIZES[0]:
        return []
    at = {row: place for place, row in enumerate(rows)}
    share = np.array([share for _, share in fractions])
    meets = np.zeros((len(rows), len(share)), dtype=np.int64)
    for column, (met, _) in enumerate(fractions):
        meets[[at[row] for row in set(met)], column] = 1
    together = np.ascontiguousarray((meets * share) @ meets.T, dtype=np.float64)
    np.fill_diagonal(together, 0.0)
    skip = set(known)
    found: dict[Cut, float] = {}
    for size in SIZES:
        chosen, left = _grown(meets, share, together, size, TRIES, len(skip))
        for places, reached in zip(chosen.tolist(), left.tolist(), strict=True):
            cut = tuple(sorted(rows[place] for place in places))
            if reached > right_side(cut) + LEAST_VIOLATION and cut not in skip:
                found[cut] = reached - right_side(cut) + 1
        if len(found) >= most:
            break
    return spread(found, most)


@compiled
def _grown(
    meets: Ints, share: Floats, together: Floats, size: int, tries: int, seed: int
) -> tuple[Ints, Floats]:
    """Return sets of `size` rows (K, size) and the left side of each, (K,).

    Parameters
    ----------
    meets, share
        (R, C) whether a route meets a row, (C,) the routes' shares.
    together
        (R, R) the share of routes that meet both rows, 0 on the diagonal.
    """
    rows, columns = meets.shape
    chosen, left = np.empty((rows * tries, size), dtype=np.int64), np.empty(rows * tries)
    weight, met = np.empty(rows), np.empty(columns, dtype=np.int64)
    state, count = np.full(1, 2 * seed + 1, dtype=np.uint64), 0
    for number in range(rows * tries):
        chosen[count, 0] = number % rows
        if _grow(chosen[count], together, weight, state):
            left[count] = _exchange(chosen[count], meets, share, together, met)
            count += 1
    return chosen[:count], left[:count]


@inlined
def _grow(members: Ints, together: Floats, weight: Floats, state: npt.NDArray[np.uint64]) -> bool:
    """Draw the other members after the first; say whether enough rows share routes with them."""
    for row in range(weight.shape[0]):
        weight[row] = together[members[0], row]
    for grown in range(1, members.shape[0]):
        total = 0.0
        for place in range(grown):
            weight[members[place]] = 0.0
        for row in range(weight.shape[0]):
            total += weight[row] * weight[row]
        if total <= NEVER:
            return False
        picked = _picked(weight, total, state)
        members[grown] = picked
        for row in range(weight.shape[0]):
            weight[row] += together[picked, row]
    return True


@inlined
def _picked(weight: Floats, total: float, state: npt.NDArray[np.uint64]) -> int:
    """Draw a row by the square of its weight (a linear congruential generator: D. Knuth's MMIX)."""
    state[0] = state[0] * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
    at, picked = float(state[0] >> np.uint64(40)) / (1 << 24) * total, 0
    for row in range(weight.shape[0]):
        if weight[row] > 0.0:
            picked = row
            at -= weight[row] * weight[row]
            if at <= 0.0:
                break
    return picked


@inlined
def _exchange(members: Ints, meets: Ints, share: Floats, together: Floats, met: Ints) -> float:
    """Exchange single members while the left side grows; return it."""
    met[:] = 0
    for place in range(members.shape[0]):
        for column in range(met.shape[0]):
            met[column] += meets[members[place], column]
    now, better = -1.0, True
    while better:
        better = False
        for place in range(members.shape[0]):
            base = 0.0
            for column in range(met.shape[0]):
                met[column] -= meets[members[place], column]
                base += (met[column] // 2) * share[column]
            row, gain = _best_beside(members, place, meets, share, together, met)
            if base + gain > now + NEVER:
                now, better, members[place] = base + gain, True, row
            for column in range(met.shape[0]):
                met[column] += meets[members[place], column]
    return now


@inlined
def _best_beside(
    members: Ints, place: int, meets: Ints, share: Floats, together: Floats, met: Ints
) -> tuple[int, float]:
    """Return the row that does best in a place, the others counted in `met`, and what it adds."""
    best, gain = members[place], -1.0
    for row in range(together.shape[0]):
        near, known = row == members[place], False
        for other in range(members.shape[0]):
            if other != place:
                near = near or together[members[other], row] > NEVER
                known = known or members[other] == row
        if near and not known:
            more = 0.0
            for column in range(met.shape[0]):
                if met[column] & 1 and meets[row, column]:
                    more += share[column]
            if more > gain + NEVER:
                best, gain = row, more
    return best, gain

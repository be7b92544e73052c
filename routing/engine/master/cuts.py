"""Odd-row cuts: of the routes that meet two of three rows, a plan takes one at most; and so on.

A row is a visit (made once) or a nurse (one route each); nurse k has row N + k. Half the sum of an odd number
of rows, rounded down on both sides, holds for every plan: a route that meets m of them counts floor(m / 2),
and the right side is floor(rows / 2). With three visits these are the subset-row cuts of M. Jepsen, B.
Petersen, S. Spoorendonk, D. Pisinger, "Subset-row inequalities applied to the vehicle-routing problem
with time windows", Operations Research 56, 2008; in general they are zero-half cuts (A. Caprara, M.
Fischetti, Mathematical Programming 74, 1996). A nurse among the rows matters here because nurses differ:
one torn between two visits that somebody else would make together is cut off by no three visits. Their
prices enter the labels, see `routing.engine.pricing.dominance`: a route pays whenever the number of rows it
has met becomes even.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

LEAST_VIOLATION = 0.02
MOST_A_ROW = 6  # of one round, so that its cuts do not all say the same

Cut = tuple[int, ...]
Fractions = Sequence[tuple[Cut, float]]


def rows_of(order: Sequence[int], nurse: int, visits: int) -> Cut:
    """Return the rows that a nurse's route meets; `visits` is how many the day has."""
    return (*order, visits + nurse)


def right_side(cut: Cut) -> int:
    """Return how much of its left side a plan can have."""
    return len(cut) // 2


def violated(fractions: Fractions, known: Iterable[Cut], most: int) -> list[Cut]:
    """Return the triples of rows whose cut a fractional solution violates most.

    Parameters
    ----------
    fractions
        The rows of each route with its share in the solution.
    known
        Cuts that are in the master already.
    most
        How many to return.

    With w(i, j) the share of routes that meet both and t that of all three, the left side is
    w(i, j) + w(i, k) + w(j, k) - 2 t(i, j, k).
    """
    pair: dict[tuple[int, int], float] = defaultdict(float)
    three: dict[Cut, float] = defaultdict(float)
    beside: dict[int, set[int]] = defaultdict(set)
    for met, share in fractions:
        rows = sorted(set(met))
        for i, j in combinations(rows, 2):
            pair[i, j] += share
            beside[i].add(j)
            beside[j].add(i)
        for i, j, k in combinations(rows, 3):
            three[i, j, k] += share
    skip = set(known)
    found: dict[Cut, float] = {}
    for middle, around in beside.items():
        for one, other in combinations(sorted(around), 2):
            i, j, k = sorted((middle, one, other))
            triple = (i, j, k)
            if triple in skip or triple in found:
                continue
            left = pair.get((i, j), 0.0) + pair.get((i, k), 0.0) + pair.get((j, k), 0.0)
            left -= 2 * three.get(triple, 0.0)
            if left > 1 + LEAST_VIOLATION:
                found[triple] = left
    return spread(found, most)


def spread(found: dict[Cut, float], most: int) -> list[Cut]:
    """Return the most violated cuts, none of whose rows is in too many of them."""
    used: dict[int, int] = defaultdict(int)
    chosen: list[Cut] = []
    for cut in sorted(found, key=lambda cut: (-found[cut], cut)):
        if len(chosen) == most:
            break
        if all(used[row] < MOST_A_ROW for row in cut):
            chosen.append(cut)
            for row in cut:
                used[row] += 1
    return chosen

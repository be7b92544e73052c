"""Subset-row cuts: of the routes that make two or three of three visits, a plan takes one at most.

Half the sum of three visit rows, rounded down on both sides (M. Jepsen, B. Petersen, S. Spoorendonk, D.
Pisinger, "Subset-row inequalities applied to the vehicle-routing problem with time windows", Operations
Research 56, 2008). They close most of the gap that the linear relaxation leaves. Their prices enter the
labels, see `routing.engine.dominance`.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

LEAST_VIOLATION = 0.02
MOST_A_VISIT = 6  # of one round, so that its cuts do not all say the same

Triple = tuple[int, int, int]


def violated(
    fractions: Iterable[tuple[tuple[int, ...], float]], known: Iterable[Triple], most: int
) -> list[Triple]:
    """Return the triples of visits whose cut a fractional solution violates most.

    Parameters
    ----------
    fractions
        Routes (visit positions) with their share in the solution.
    known
        Cuts that are in the master already.
    most
        How many to return.

    With w(i, j) the share of routes that make both and t that of all three, the left side is
    w(i, j) + w(i, k) + w(j, k) - 2 t(i, j, k).
    """
    pair: dict[tuple[int, int], float] = defaultdict(float)
    three: dict[Triple, float] = defaultdict(float)
    beside: dict[int, set[int]] = defaultdict(set)
    for order, share in fractions:
        visits = sorted(set(order))
        for i, j in combinations(visits, 2):
            pair[i, j] += share
            beside[i].add(j)
            beside[j].add(i)
        for i, j, k in combinations(visits, 3):
            three[i, j, k] += share
    skip = set(known)
    found: dict[Triple, float] = {}
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
    return _spread(sorted(found, key=lambda triple: (-found[triple], triple)), most)


def _spread(triples: list[Triple], most: int) -> list[Triple]:
    used: dict[int, int] = defaultdict(int)
    chosen: list[Triple] = []
    for triple in triples:
        if len(chosen) == most:
            break
        if all(used[visit] < MOST_A_VISIT for visit in triple):
            chosen.append(triple)
            for visit in triple:
                used[visit] += 1
    return chosen

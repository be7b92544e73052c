"""Finding one begin and two nurses for a double visit."""

from collections.abc import Callable, Iterable
from itertools import product
from typing import NamedTuple

from routing.engine.route.roster import NOT_POSSIBLE, Insertion, Roster

MOST_BEGINS = 16

Positions = Callable[[int], Iterable[int] | None]


class PairInsertion(NamedTuple):
    """Both halves of a double visit: what it costs, when it begins, who takes which half where."""

    added_mc: int
    begin_s: int
    nurses: tuple[int, int]
    positions: tuple[int, int]


def everywhere(_: int) -> None:
    """Try every position of a nurse's route."""


def best_pair(
    roster: Roster, one: int, other: int, positions: Positions = everywhere
) -> PairInsertion | None:
    """Return the cheapest way found to begin both visits at one second with two nurses.

    The begins tried are the ends of both visits' windows and the earliest and latest that any nurse
    could keep behind one of her stops, `MOST_BEGINS` of them at most: a heuristic, exact for each begin.
    """
    best: PairInsertion | None = None
    for begin_s in _begins(roster, one, other):
        first = _insertions(roster, one, begin_s, positions)
        second = _insertions(roster, other, begin_s, positions)
        for (nurse_a, a), (nurse_b, b) in product(first[:3], second[:3]):
            added_mc = a.added_mc + b.added_mc
            if nurse_a != nurse_b and (best is None or added_mc < best.added_mc):
                best = PairInsertion(added_mc, begin_s, (nurse_a, nurse_b), (a.position, b.position))
    return best


def insert_pair(roster: Roster, one: int, other: int, found: PairInsertion) -> None:
    """Add both halves as found."""
    for visit, nurse, position in zip((one, other), found.nurses, found.positions, strict=True):
        roster.agreed[visit] = roster.day.begin_at(visit, found.begin_s)
        roster.insert(nurse, visit, position)


def _insertions(
    roster: Roster, visit: int, begin_s: int, positions: Positions
) -> list[tuple[int, Insertion]]:
    windows = roster.day.begin_at(visit, begin_s)
    if not windows:
        return []
    found = [
        (nurse, insertion)
        for nurse in range(len(roster.routes))
        if (insertion := roster.best_insertion(nurse, visit, windows, NOT_POSSIBLE, positions(nurse)))
    ]
    return sorted(found, key=lambda entry: (entry[1].added_mc, entry[0]))


def _begins(roster: Roster, one: int, other: int) -> list[int]:
    """Return begins worth trying, spread evenly where there are too many."""
    day = roster.day
    found = {end for visit in (one, other) for window in day.visits[visit].windows for end in window}
    for visit in (one, other):
        line = day.visits[visit]
        for nurse in range(len(roster.routes)):
            if not day.allowed[nurse][visit]:
                continue
            for begin_s in roster.reachable_begins(nurse, visit):
                found.add(begin_s)
                found.add(begin_s + line.service_s)
    possible = sorted(b for b in found if day.begin_at(one, b) and day.begin_at(other, b))
    step = max(1, -(-len(possible) // MOST_BEGINS))
    return possible[::step]

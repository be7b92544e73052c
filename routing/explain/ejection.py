"""Making room for a visit by moving one other within its own rules, or by leaving one that matters less."""

from collections.abc import Iterator
from typing import NamedTuple

from routing.engine.route.roster import Roster
from routing.explain.asked import Asked
from routing.explain.relaxation import Relaxation

MOST_TRIED = 40  # visits that are taken up and put somewhere else, the most promising first
MOST_OFFERED = 2


class Swap(NamedTuple):
    """A visit taken off for the asked one: whose it is, what that adds, and where the asked one goes."""

    added_mc: int
    nurse: int
    other: int
    position: int


def swaps(asked: Asked) -> list[Swap]:
    """Return every single visit whose place the asked one could take, cheapest first."""
    roster, day, found = asked.roster, asked.day, []
    for nurse in asked.free:
        if not day.allowed[nurse][asked.visit]:
            continue
        for other in roster.routes[nurse]:
            if day.partner[other] >= 0 or not roster.can_remove(other):
                continue
            without = _without(roster, other)
            place = without.best_insertion(nurse, asked.visit)
            if place is not None:
                added_mc = without.cost_mc[nurse] + place.added_mc - roster.cost_mc[nurse]
                found.append(Swap(added_mc, nurse, other, place.position))
    return sorted(found)


def moved_for(asked: Asked, found: list[Swap]) -> Iterator[Relaxation]:
    """Yield the cheapest ways to make room by giving one other visit another nurse or time."""
    best: list[tuple[int, Swap, int, int]] = []
    limit_mc = asked.known.penalty_mc
    for swap in found[:MOST_TRIED]:
        if swap.added_mc >= limit_mc:
            break
        swapped = _without(asked.roster, swap.other)
        swapped.insert(swap.nurse, asked.visit, swap.position)
        cheapest: tuple[int, int, int] | None = None
        below_mc = limit_mc - swap.added_mc
        for nurse in range(len(asked.day.nurses)):
            place = (
                None if nurse in asked.broken else swapped.best_insertion(nurse, swap.other, None, below_mc)
            )
            if place is not None:
                below_mc = place.added_mc
                cheapest = (swap.added_mc + place.added_mc, nurse, place.position)
        if cheapest is not None:
            best.append((cheapest[0], swap, cheapest[1], cheapest[2]))
            best = sorted(best)[:MOST_OFFERED]
            if len(best) == MOST_OFFERED:
                limit_mc = best[-1][0]
    for _, swap, nurse, position in best:
        order = [other for other in asked.roster.routes[swap.nurse] if other != swap.other]
        order.insert(swap.position, asked.visit)
        orders = {swap.nurse: order}
        target = order if nurse == swap.nurse else list(asked.roster.routes[nurse])
        target.insert(position, swap.other)
        orders[nurse] = target
        proof = asked.proven(orders)
        name = asked.day.problem.visits[swap.other].id
        if proof is not None:
            told = asked.told(
                "move_other", orders, proof, other=name,
                other_nurse=asked.day.problem.nurses[nurse].id, other_begin_s=proof.begin_s(name),
            )  # fmt: skip
            if told is not None:
                yield told


def left_for(asked: Asked, found: list[Swap]) -> Iterator[Relaxation]:
    """Yield the cheapest visit of lower priority in whose place the asked one could be made."""
    day = asked.day
    lower = [
        (swap.added_mc + day.visits[swap.other].penalty_mc, swap)
        for swap in found
        if day.visits[swap.other].penalty_mc < asked.known.penalty_mc
    ]
    for total_mc, swap in sorted(lower)[:1]:
        if total_mc >= asked.known.penalty_mc:
            return
        order = [other for other in asked.roster.routes[swap.nurse] if other != swap.other]
        order.insert(swap.position, asked.visit)
        told = asked.offer(
            "leave_other", {swap.nurse: order}, left=(swap.other,), other=day.problem.visits[swap.other].id
        )
        if told is not None:
            yield told


def _without(roster: Roster, other: int) -> Roster:
    less = roster.copy()
    less.remove(other)
    return less

"""Two quick days: first come, first served, as one plans by telephone; and cheapest insertion."""

import random

from routing.engine.budget import Budget
from routing.engine.index import DayIndex
from routing.engine.quick.double import best_pair, everywhere, insert_pair
from routing.engine.route.roster import Insertion, Roster


def first_come(day: DayIndex, budget: Budget) -> tuple[Roster, set[int]]:
    """Append each visit, in booking order, to the first nurse who can still take it at the end of her day.

    Returns
    -------
    The roster, and the visits that were not tried because the time was up.
    """
    roster = Roster(day)
    untried: set[int] = set()

    def at_the_end(nurse: int) -> list[int]:
        return [len(roster.routes[nurse])]

    for visit in range(len(day.visits)):
        if budget.is_spent:
            untried.add(visit)
            continue
        partner = day.partner[visit]
        if partner >= 0:
            if visit < partner and (pair := best_pair(roster, visit, partner, at_the_end)):
                insert_pair(roster, visit, partner, pair)
            continue
        for nurse in range(len(day.nurses)):
            found = roster.best_insertion(nurse, visit, positions=at_the_end(nurse))
            if found is not None:
                roster.insert(nurse, visit, found.position)
                break
    return roster, untried


def cheapest_insertion(day: DayIndex, seed: int, budget: Budget) -> tuple[Roster, set[int]]:
    """Insert visits one by one where they add the least cost, those that are hardest to place first.

    A visit whose cheapest insertion costs more than leaving it is left. Returns as `first_come` does.
    """
    roster = Roster(day)
    untried: set[int] = set()
    for visit in hardest_first(day, seed):
        if roster.nurse_of[visit] >= 0:
            continue
        if budget.is_spent:
            untried.add(visit)
        else:
            insert_cheapest(roster, visit)
    return roster, untried


def hardest_first(day: DayIndex, seed: int) -> list[int]:
    """Return the visits: dear penalties first, then narrow windows, then few nurses to choose from."""
    noise = random.Random(seed)  # noqa: S311 - breaks ties, guards nothing
    width_s = [sum(b - a for a, b in line.windows) for line in day.visits]
    choice = [sum(row[visit] for row in day.allowed) for visit in range(len(day.visits))]
    key = {
        visit: (
            -day.visits[visit].penalty_mc,
            day.partner[visit] < 0,
            width_s[visit] // 3600,
            choice[visit],
            noise.random(),
        )
        for visit in range(len(day.visits))
    }
    return sorted(key, key=lambda visit: key[visit])


def insert_cheapest(roster: Roster, visit: int) -> bool:
    """Insert an unassigned visit (and its other half) where it is cheapest; False if it stays unassigned."""
    day = roster.day
    partner = day.partner[visit]
    if partner >= 0:
        pair = best_pair(roster, visit, partner, everywhere)
        if pair is None or pair.added_mc >= day.visits[visit].penalty_mc + day.visits[partner].penalty_mc:
            return False
        insert_pair(roster, visit, partner, pair)
        return True
    best: tuple[int, Insertion] | None = None
    below_mc = day.visits[visit].penalty_mc
    for nurse in range(len(day.nurses)):
        found = roster.best_insertion(nurse, visit, below_mc=below_mc)
        if found is not None:
            best, below_mc = (nurse, found), found.added_mc
    if best is None:
        return False
    roster.insert(best[0], visit, best[1].position)
    return True


def relocate_until_settled(roster: Roster, budget: Budget, rounds: int = 3) -> None:
    """Take out each single visit and put it where it is cheapest, as long as that gains something."""
    day = roster.day
    for _ in range(rounds):
        before_mc = roster.total_mc
        for visit in range(len(day.visits)):
            if budget.is_spent:
                return
            if day.partner[visit] >= 0:
                continue
            if roster.nurse_of[visit] >= 0:
                if not roster.can_remove(visit):
                    continue
                nurse, position = roster.remove(visit)
                if not insert_cheapest(roster, visit) and day.visits[visit].penalty_mc == 0:
                    roster.insert(nurse, visit, position)
            else:
                insert_cheapest(roster, visit)
        if roster.total_mc >= before_mc:
            return

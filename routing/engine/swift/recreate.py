"""How absent visits come back: cheapest insertion in a given order, or by regret.

What a visit adds at least to a nurse's order is remembered (`Crew.memo`), and what is remembered is looked at
first, so that the rest is timed against a good bound.
"""

from routing.engine.compiled import lean
from routing.engine.swift.day import NEVER_MC, PENALTY, FlatDay, whole
from routing.engine.swift.insert import (
    ADDED,
    DIGEST,
    KEY,
    NOWHERE,
    WAYS,
    WHERE,
    Crew,
    best_place,
)
from routing.engine.swift.state import (
    ABSENT,
    AT,
    LEAST,
    NEXT,
    RIVAL,
    SECOND,
    WHO,
    Search,
    draw,
    insert,
    one_of,
)
from routing.engine.swift.timing import Desk

RANDOM_ORDERS = 2  # the order of insertion is drawn among those of `Search.rank` and so many random ones
NOISE = 0.3  # how much a regret may be taken for more or less than it is


@lean
def sort_absent(search: Search) -> None:
    """Put the absent visits in one of the orders of `Search.rank`, drawn, or at random."""
    now, absent = search.now, search.absent
    count = now[ABSENT]
    for index in range(count - 1, 0, -1):
        other = one_of(now, index + 1)
        absent[index], absent[other] = absent[other], absent[index]
    order = one_of(now, search.rank.shape[0] + RANDOM_ORDERS) - RANDOM_ORDERS
    if order < 0:
        return
    for index in range(1, count):
        visit, at = absent[index], index
        while at and search.rank[order, absent[at - 1]] > search.rank[order, visit]:
            absent[at] = absent[at - 1]
            at -= 1
        absent[at] = visit


@lean
def place_absent(flat: FlatDay, crew: Crew, search: Search, work: Desk, blink: float) -> None:
    """Insert each absent visit where it adds least, in their order; not where leaving it is cheaper."""
    now = search.now
    left = 0
    for index in range(now[ABSENT]):
        visit = search.absent[index]
        nurse, position = _cheapest(flat, crew, search, work, visit, blink)
        if nurse < 0 or not insert(flat, crew, search, work, nurse, visit, position):
            search.absent[left] = visit
            left += 1
    now[ABSENT] = left


@lean
def _cheapest(
    flat: FlatDay, crew: Crew, search: Search, work: Desk, visit: int, blink: float
) -> tuple[int, int]:
    """Return the nurse and position where a visit adds least, below its penalty; (-1, `NOWHERE`) if none.

    First what is remembered, so that what has to be timed is timed against a good bound.
    """
    now, best_mc = search.now, flat.stop[visit, PENALTY]
    chosen, position = whole(-1), whole(NOWHERE)
    unknown = 0
    for nurse in range(flat.line.shape[0]):
        if flat.fixed_mc[visit, nurse] >= NEVER_MC:
            continue
        digest = crew.sums[nurse, DIGEST]
        memo = crew.memo[visit, nurse, (digest >> 7) & (WAYS - 1)]
        if memo[KEY] != digest or (memo[WHERE] == NOWHERE and memo[ADDED] < best_mc):
            search.to_time[unknown] = nurse
            unknown += 1
        elif memo[WHERE] != NOWHERE and memo[ADDED] < best_mc and draw(now) >= blink:
            best_mc, chosen, position = memo[ADDED], whole(nurse), memo[WHERE]
    for index in range(unknown):
        nurse = search.to_time[index]
        if draw(now) < blink:
            continue
        added_mc, where = best_place(flat, crew, work, nurse, visit, best_mc)
        digest = crew.sums[nurse, DIGEST]
        memo = crew.memo[visit, nurse, (digest >> 7) & (WAYS - 1)]
        memo[KEY], memo[ADDED], memo[WHERE] = digest, added_mc, where
        if where != NOWHERE:
            best_mc, chosen, position = added_mc, whole(nurse), where
    return chosen, position


@lean
def place_by_regret(flat: FlatDay, crew: Crew, search: Search, work: Desk, blink: float) -> None:
    """Insert the absent visits, each time the one that loses most if it does not get its cheapest nurse.

    A visit that only one nurse can make is compared with leaving it. Those for whom leaving is cheaper stay.
    """
    now, absent, rival = search.now, search.absent, search.rival
    count = now[ABSENT]
    for index in range(count):
        _look_everywhere(flat, crew, search, work, index, blink)
    behind = count  # visits from here on are left
    while count > 0:
        chosen, most_mc = -1, -1.0
        for index in range(count):
            if rival[index, WHO] >= 0:
                regret_mc = (rival[index, SECOND] - rival[index, LEAST]) * (
                    1.0 - NOISE + 2.0 * NOISE * draw(now)
                )
                if regret_mc > most_mc:
                    chosen, most_mc = index, regret_mc
        if chosen < 0:
            break
        nurse, visit = rival[chosen, WHO], absent[chosen]
        placed = insert(flat, crew, search, work, nurse, visit, rival[chosen, AT])
        count -= 1
        absent[chosen] = absent[count]
        for column in range(RIVAL):
            rival[chosen, column] = rival[count, column]
        if not placed:
            absent[count] = visit
            continue
        behind -= 1
        absent[count] = absent[behind]
        for index in range(count):
            if rival[index, WHO] == nurse or rival[index, NEXT] == nurse:
                _look_everywhere(flat, crew, search, work, index, blink)
            elif flat.fixed_mc[absent[index], nurse] < NEVER_MC and draw(now) >= blink:
                _offer(flat, crew, search, work, index, nurse)
    now[ABSENT] = behind


@lean
def _look_everywhere(flat: FlatDay, crew: Crew, search: Search, work: Desk, index: int, blink: float) -> None:
    rival, visit = search.rival[index], search.absent[index]
    rival[LEAST] = rival[SECOND] = flat.stop[visit, PENALTY]
    rival[WHO] = rival[NEXT] = -1
    for nurse in range(flat.line.shape[0]):
        if flat.fixed_mc[visit, nurse] < NEVER_MC and draw(search.now) >= blink:
            _offer(flat, crew, search, work, index, nurse)


@lean
def _offer(flat: FlatDay, crew: Crew, search: Search, work: Desk, index: int, nurse: int) -> None:
    """Note a nurse who is the cheapest or second cheapest for an absent visit."""
    rival, visit = search.rival[index], search.absent[index]
    added_mc, where = _add_with(flat, crew, search, work, visit, nurse, rival[SECOND])
    if where == NOWHERE or added_mc >= rival[SECOND]:
        return
    if added_mc < rival[LEAST]:
        rival[SECOND], rival[NEXT] = rival[LEAST], rival[WHO]
        rival[LEAST], rival[WHO], rival[AT] = added_mc, nurse, where
    else:
        rival[SECOND], rival[NEXT] = added_mc, nurse


@lean
def _add_with(
    flat: FlatDay, crew: Crew, search: Search, work: Desk, visit: int, nurse: int, below_mc: int
) -> tuple[int, int]:
    """Return what a visit adds at least to a nurse's route, and where, from memory if it is known."""
    digest = crew.sums[nurse, DIGEST]
    memo = crew.memo[visit, nurse, (digest >> 7) & (WAYS - 1)]
    if memo[KEY] == digest:
        if memo[WHERE] != NOWHERE:
            return memo[ADDED], memo[WHERE]
        if memo[ADDED] >= below_mc:
            return below_mc, whole(NOWHERE)
    added_mc, where = best_place(flat, crew, work, nurse, visit, below_mc)
    memo[KEY], memo[ADDED], memo[WHERE] = digest, added_mc, where
    return added_mc, where

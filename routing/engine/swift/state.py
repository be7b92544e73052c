"""What a search remembers beside the routes, and how it changes them so that a round can be taken back."""

from typing import NamedTuple

import numpy as np

from routing.engine.compiled import lean
from routing.engine.swift.day import NEVER_MC, PENALTY, FlatDay, Ints
from routing.engine.swift.insert import COST, DIGEST, LENGTH, Crew, price_route
from routing.engine.swift.timing import Desk

# Positions in `Search.now`.
TOTAL, BEST, ABSENT, DRAWN, TOUCHED, HARVESTED, ACCEPTED, NOW = range(8)
# Columns of `Search.rival`: what two nurses add at least, who they are, and where the cheaper one does.
LEAST, SECOND, WHO, NEXT, AT, RIVAL = range(6)
# Columns of `Search.harvest`; the visits begin at `ORDER`.
NURSE, PRICE, STOPS, ORDER = range(4)

SEEN = 1 << 16
HARVEST = 1 << 13  # routes kept until they are fetched; the oldest make room


class Search(NamedTuple):
    """What a search remembers beside the routes.

    Attributes
    ----------
    now
        Numbers by the positions above; costs in mc.
    absent, rank
        (N,) unassigned visits that may be placed; (k, N) keys by which they are inserted, least first.
    touched, was, was_sums, was_absent, order
        Nurses whose routes the round has changed, and how things were before; a route before visits left it.
    to_time, rival
        (M,) nurses for whom an insertion is not remembered; (N, `RIVAL`) the two cheapest nurses for each
        absent visit.
    best, best_length
        (M, most), (M,) the best day.
    seen, harvest
        Digests of routes of accepted days; those routes: nurse, cost, number of visits, visits.
    """

    now: Ints
    absent: Ints
    rank: Ints
    touched: Ints
    was: Ints
    was_sums: Ints
    was_absent: Ints
    order: Ints
    to_time: Ints
    rival: Ints
    best: Ints
    best_length: Ints
    seen: Ints
    harvest: Ints


def search_of(flat: FlatDay, crew: Crew, rank: Ints) -> Search:
    """Return the memory of a search that has not begun."""
    visits = flat.movable.shape[0]
    nurses, most = crew.route.shape
    return Search(
        now=np.zeros(NOW, dtype=np.int64),
        absent=np.zeros(visits, dtype=np.int64),
        rank=rank,
        touched=np.zeros(nurses, dtype=np.int64),
        was=np.zeros_like(crew.route),
        was_sums=np.zeros_like(crew.sums),
        was_absent=np.zeros(visits, dtype=np.int64),
        order=np.zeros(most, dtype=np.int64),
        to_time=np.zeros(nurses, dtype=np.int64),
        rival=np.zeros((visits, RIVAL), dtype=np.int64),
        best=np.zeros_like(crew.route),
        best_length=np.zeros(nurses, dtype=np.int64),
        seen=np.zeros(SEEN, dtype=np.int64),
        harvest=np.zeros((HARVEST, ORDER + most), dtype=np.int64),
    )


@lean
def draw(now: Ints) -> float:
    """Return a number in [0, 1): xorshift (G. Marsaglia, Journal of Statistical Software 8, 2003)."""
    state = now[DRAWN]
    state ^= state << 13
    state ^= (state >> 7) & np.int64((1 << 57) - 1)
    state ^= state << 17
    now[DRAWN] = state
    mixed = state * np.int64(0x2545F4914F6CDD1D)
    return float((mixed >> 11) & np.int64((1 << 52) - 1)) / float(1 << 52)


@lean
def one_of(now: Ints, count: int) -> int:
    """Return a whole number from 0 to `count` - 1."""
    return int(draw(now) * count)


@lean
def begin(flat: FlatDay, crew: Crew, search: Search, work: Desk) -> bool:
    """Price the routes as they stand, and count what it costs; False if a nurse cannot make hers."""
    now = search.now
    now[TOTAL], now[ABSENT] = 0, 0
    for visit in range(crew.nurse_of.shape[0]):
        crew.nurse_of[visit] = -1
    for nurse in range(crew.route.shape[0]):
        if not price_route(flat, crew, work, nurse):
            return False
        now[TOTAL] += crew.sums[nurse, COST]
        for at in range(crew.sums[nurse, LENGTH]):
            crew.nurse_of[crew.route[nurse, at]] = nurse
    for visit in range(crew.nurse_of.shape[0]):
        if crew.nurse_of[visit] < 0:
            now[TOTAL] += flat.stop[visit, PENALTY]
            if flat.movable[visit]:
                search.absent[now[ABSENT]] = visit
                now[ABSENT] += 1
    now[BEST] = NEVER_MC
    note_best(crew, search)
    return True


@lean
def note_best(crew: Crew, search: Search) -> None:
    """Keep the present day if it is the best."""
    if search.now[TOTAL] >= search.now[BEST]:
        return
    search.now[BEST] = search.now[TOTAL]
    for nurse in range(crew.route.shape[0]):
        length = crew.sums[nurse, LENGTH]
        search.best_length[nurse] = length
        for at in range(length):
            search.best[nurse, at] = crew.route[nurse, at]


@lean
def _touch(crew: Crew, search: Search, nurse: int) -> None:
    """Remember a route before it is changed for the first time in a round."""
    now = search.now
    for index in range(now[TOUCHED]):
        if search.touched[index] == nurse:
            return
    search.touched[now[TOUCHED]] = nurse
    now[TOUCHED] += 1
    for at in range(crew.sums[nurse, LENGTH]):
        search.was[nurse, at] = crew.route[nurse, at]
    for column in range(crew.sums.shape[1]):
        search.was_sums[nurse, column] = crew.sums[nurse, column]


@lean
def is_touched(search: Search, nurse: int) -> bool:
    """Say whether this round has changed a nurse's route, or tried to."""
    for index in range(search.now[TOUCHED]):  # noqa: SIM110 - numba compiles no generator
        if search.touched[index] == nurse:
            return True
    return False


@lean
def _put_back(crew: Crew, search: Search, nurse: int) -> None:
    for column in range(crew.sums.shape[1]):
        crew.sums[nurse, column] = search.was_sums[nurse, column]
    for at in range(crew.sums[nurse, LENGTH]):
        crew.route[nurse, at] = search.was[nurse, at]


@lean
def insert(
    flat: FlatDay, crew: Crew, search: Search, work: Desk, nurse: int, visit: int, position: int
) -> bool:
    """Add a visit to a nurse's route where `best_place` found it possible."""
    now, route, sums = search.now, crew.route[nurse], crew.sums[nurse]
    _touch(crew, search, nurse)
    cost_mc = sums[COST]
    for back in range(sums[LENGTH] - position):
        at = sums[LENGTH] - back
        route[at] = route[at - 1]
    route[position] = visit
    sums[LENGTH] += 1
    if not price_route(flat, crew, work, nurse):  # only if two orders ever had one digest
        for at in range(position, sums[LENGTH] - 1):
            route[at] = route[at + 1]
        sums[LENGTH] -= 1
        price_route(flat, crew, work, nurse)
        return False
    crew.nurse_of[visit] = nurse
    now[TOTAL] += sums[COST] - cost_mc - flat.stop[visit, PENALTY]
    return True


@lean
def take_out(
    flat: FlatDay,
    crew: Crew,
    search: Search,
    work: Desk,
    nurse: int,
    first: int,
    last: int,
    kept_from: int,
    kept_until: int,
) -> None:
    """Take positions first..last-1 out of a route, but for kept_from..kept_until-1 and double visits.

    Nothing happens where the route would not hold without them (stock that would then have to go back).
    """
    now, route, sums = search.now, crew.route[nurse], crew.sums[nurse]
    _touch(crew, search, nurse)
    length, cost_mc = sums[LENGTH], sums[COST]
    absent = now[ABSENT]
    count = 0
    for at in range(length):
        visit = route[at]
        search.order[at] = visit
        if first <= at < last and not kept_from <= at < kept_until and flat.movable[visit]:
            search.absent[absent] = visit
            absent += 1
        else:
            route[count] = visit
            count += 1
    sums[LENGTH] = count
    if count == length:
        return
    if not price_route(flat, crew, work, nurse):
        for at in range(length):
            route[at] = search.order[at]
        sums[LENGTH] = length
        price_route(flat, crew, work, nurse)
        return
    now[TOTAL] += sums[COST] - cost_mc
    for index in range(now[ABSENT], absent):
        visit = search.absent[index]
        crew.nurse_of[visit] = -1
        now[TOTAL] += flat.stop[visit, PENALTY]
    now[ABSENT] = absent


@lean
def undo(crew: Crew, search: Search, before: Ints, absent: int) -> None:
    """Put back the routes and the absent visits as they were before the round."""
    now = search.now
    for index in range(now[TOUCHED]):
        nurse = search.touched[index]
        for at in range(crew.sums[nurse, LENGTH]):
            crew.nurse_of[crew.route[nurse, at]] = -1
    for index in range(now[TOUCHED]):
        nurse = search.touched[index]
        _put_back(crew, search, nurse)
        for at in range(crew.sums[nurse, LENGTH]):
            crew.nurse_of[crew.route[nurse, at]] = nurse
    for index in range(absent):
        search.absent[index] = before[index]
        crew.nurse_of[before[index]] = -1
    now[ABSENT] = absent


@lean
def reap(crew: Crew, search: Search) -> None:
    """Keep the routes that a round has changed, those not seen lately."""
    now, ring = search.now, search.harvest
    for index in range(now[TOUCHED]):
        nurse = search.touched[index]
        sums = crew.sums[nurse]
        slot = (sums[DIGEST] >> 9) & np.int64(SEEN - 1)
        if sums[LENGTH] == 0 or search.seen[slot] == sums[DIGEST]:
            continue
        search.seen[slot] = sums[DIGEST]
        row = ring[now[HARVESTED] % ring.shape[0]]
        row[NURSE], row[PRICE], row[STOPS] = nurse, sums[COST], sums[LENGTH]
        for at in range(sums[LENGTH]):
            row[ORDER + at] = crew.route[nurse, at]
        now[HARVESTED] += 1

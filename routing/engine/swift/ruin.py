"""What a round takes out of the routes: strings of neighbouring visits out of neighbouring routes.

After J. Christiaens and G. Vanden Berghe, "Slack Induction by String Removals for Vehicle Routing Problems",
Transportation Science 54, 2020: around a seed visit, adjacent strings (whole or split) leave the routes. Here
a route that might take the seed cheaply is opened first, half of the time: whom a patient knows need not
drive nearby. Now and then visits are drawn at random, or a whole route.
"""

from routing.engine.compiled import lean
from routing.engine.swift.day import END, NEVER_MC, PLACE, START, TRAVEL, FlatDay
from routing.engine.swift.insert import LENGTH, Crew
from routing.engine.swift.state import Search, draw, is_touched, one_of, take_out
from routing.engine.swift.timing import Desk

LONGEST_STRING = 10.0
REMOVED_ON_AVERAGE = 10
SPLIT, KEPT_LONGER = 0.5, 0.01
AT_RANDOM, WHOLE_ROUTE = 0.04, 0.02  # shares of the rounds that ruin so
TOWARDS_A_NURSE = 0.5  # share of the rounds that first open the route of a nurse who is likely for the seed
WHOLLY = 0.5  # share of those that open it whole


@lean
def ruin(flat: FlatDay, crew: Crew, search: Search, work: Desk) -> None:
    """Take visits out of the routes, in one of the ways, drawn."""
    now = search.now
    kind = draw(now)
    if kind < WHOLE_ROUTE:
        _take_route(flat, crew, search, work, one_of(now, flat.line.shape[0]))
    elif kind < WHOLE_ROUTE + AT_RANDOM:
        for _ in range(1 + one_of(now, REMOVED_ON_AVERAGE)):
            visit = one_of(now, flat.movable.shape[0])
            nurse = crew.nurse_of[visit]
            if nurse >= 0 and flat.movable[visit]:
                at = _position(crew, nurse, visit)
                take_out(flat, crew, search, work, nurse, at, at + 1, 0, 0)
    else:
        _take_strings(flat, crew, search, work)


@lean
def _take_strings(flat: FlatDay, crew: Crew, search: Search, work: Desk) -> None:
    """Take strings out of the routes around a seed, as many as the paper would of strings so long."""
    now = search.now
    assigned, used = 0, 0
    for nurse in range(flat.line.shape[0]):
        assigned += crew.sums[nurse, LENGTH]
        used += 1 if crew.sums[nurse, LENGTH] else 0
    longest = min(LONGEST_STRING, assigned / max(1, used))
    most = 4.0 * REMOVED_ON_AVERAGE / (1.0 + longest) - 1.0
    strings = int(1.0 + draw(now) * most)
    seed = one_of(now, flat.movable.shape[0])
    if draw(now) < TOWARDS_A_NURSE:
        nurse = _likely_nurse(flat, crew, search, seed)
        if nurse >= 0 and crew.sums[nurse, LENGTH]:
            if draw(now) < WHOLLY:
                _take_route(flat, crew, search, work, nurse)
            else:
                at = one_of(now, crew.sums[nurse, LENGTH])
                _take_string(flat, crew, search, work, nurse, crew.route[nurse, at], longest)
            strings -= 1
    for index in range(flat.near.shape[1]):
        visit = flat.near[seed, index]
        if visit < 0 or strings <= 0:
            break
        nurse = crew.nurse_of[visit]
        if nurse < 0 or is_touched(search, nurse):
            continue
        strings -= 1
        _take_string(flat, crew, search, work, nurse, visit, longest)


@lean
def _take_route(flat: FlatDay, crew: Crew, search: Search, work: Desk, nurse: int) -> None:
    take_out(flat, crew, search, work, nurse, 0, crew.sums[nurse, LENGTH], 0, 0)


@lean
def _likely_nurse(flat: FlatDay, crew: Crew, search: Search, visit: int) -> int:
    """Return another nurse who might make the visit cheaply, by a rough, noisy look; -1 if there is none."""
    chosen, least_mc, now = -1, 1e18, search.now
    mine, place = crew.nurse_of[visit], flat.stop[visit, PLACE]
    for nurse in range(flat.line.shape[0]):
        if nurse == mine or flat.fixed_mc[visit, nurse] >= NEVER_MC:
            continue
        line = flat.line[nurse]
        nearest_s = min(flat.drive_s[line[START], place], flat.drive_s[place, line[END]])
        for at in range(crew.sums[nurse, LENGTH]):
            stop = flat.stop[crew.route[nurse, at], PLACE]
            nearest_s = min(nearest_s, flat.drive_s[stop, place])
        rough_mc = (flat.fixed_mc[visit, nurse] + line[TRAVEL] * nearest_s) * (0.2 + draw(now))
        if rough_mc < least_mc:
            chosen, least_mc = nurse, rough_mc
    return chosen


@lean
def _position(crew: Crew, nurse: int, visit: int) -> int:
    at = 0
    while crew.route[nurse, at] != visit:
        at += 1
    return at


@lean
def _take_string(
    flat: FlatDay, crew: Crew, search: Search, work: Desk, nurse: int, visit: int, longest: float
) -> None:
    """Take a string of visits that holds `visit` out of a route, sometimes but for some inside it."""
    now, length = search.now, crew.sums[nurse, LENGTH]
    taken = int(1.0 + draw(now) * min(float(length), longest))
    taken = min(taken, length)
    kept = 0
    if 1 < taken < length and draw(now) < SPLIT:
        kept = 1
        while taken + kept < length and draw(now) >= 1.0 - KEPT_LONGER:
            kept += 1
    whole = taken + kept
    at = _position(crew, nurse, visit)
    first = max(0, at - whole + 1)
    last_first = min(at, length - whole)
    first += one_of(now, last_first - first + 1)
    kept_from = first + 1 + one_of(now, whole - kept - 1) if kept else 0
    take_out(flat, crew, search, work, nurse, first, first + whole, kept_from, kept_from + kept)

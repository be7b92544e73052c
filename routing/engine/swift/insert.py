"""Cheapest insertion, compiled: the routes of all nurses, their labels, and where a visit adds least.

Each route keeps the labels in front of every position, so that an insertion times the visit and what
follows only; and for every position the latest arrival at the next stop, the drive and the stock still
ahead, so that most positions are refused before any label is made. What was found for a visit, a nurse and
an order is remembered (`Crew.memo`): most routes stay as they are from one round of a search to the next.
"""

from typing import NamedTuple

import numpy as np

from routing.engine.compiled import lean
from routing.engine.swift.day import (
    BEGIN,
    BEHIND,
    END,
    FAIR_LOAD,
    FAIRNESS,
    FIRST,
    LATEST_END,
    NEVER_MC,
    ON_DUTY,
    PLACE,
    READY,
    SERVICE,
    START,
    TRAVEL,
    UNITS,
    FlatDay,
    Ints,
    whole,
)
from routing.engine.swift.timing import (
    LABEL,
    LONGEST_ROUTE,
    C,
    Desk,
    E,
    extend,
    go_home,
    most_labels,
    return_is_due,
    set_off,
    time_stops,
)

# Columns of `Crew.sums`. SLACK: what a detour could at most win back beside its own way.
LENGTH, COST, TIMED, DIGEST, CARRIED, LOAD, SLACK, SUMS = range(8)
# Columns of `Crew.ahead`, for the stop behind a position: latest arrival; from there on the drive, the units,
# and when the stock of all is ready.
BY, DRIVE, STOCK_AHEAD, RIPE, AHEAD = range(5)
WAYS = 4  # orders of a nurse's route remembered for each visit
KEY, ADDED, WHERE, MEMO = range(4)
NOWHERE = -1  # position of what is only known to add no less


class Crew(NamedTuple):
    """The routes of all nurses.

    Attributes
    ----------
    route
        (M, most) visit positions.
    sums
        (M, `SUMS`) of each route.
    nurse_of
        (N,) nurse of each visit, -1 while unassigned.
    fresh
        (M,) digest of the order that `prefix`, `many` and `ahead` belong to.
    prefix, many
        (M, most + 1, `most_labels`, `LABEL`), (M, most + 1) labels in front of each position.
    ahead
        (M, most + 1, `AHEAD`).
    other, others
        As `prefix` and `many` of one nurse, with a controlled visit still to come.
    memo
        (N, M, `WAYS`, `MEMO`) digest of an order, least cost added by the visit, and where.
    """

    route: Ints
    sums: Ints
    nurse_of: Ints
    fresh: Ints
    prefix: Ints
    many: Ints
    ahead: Ints
    other: Ints
    others: Ints
    memo: Ints


def crew_of(flat: FlatDay) -> Crew:
    """Return the routes of nurses who have no visit yet, not timed."""
    nurses, visits = flat.line.shape[0], flat.movable.shape[0]
    most, labels = _most_visits(flat), most_labels(flat)
    return Crew(
        route=np.zeros((nurses, most), dtype=np.int64),
        sums=np.zeros((nurses, SUMS), dtype=np.int64),
        nurse_of=np.full(visits, -1, dtype=np.int64),
        fresh=np.zeros(nurses, dtype=np.int64),
        prefix=np.empty((nurses, most + 1, labels, LABEL), dtype=np.int64),
        many=np.zeros((nurses, most + 1), dtype=np.int64),
        ahead=np.zeros((nurses, most + 1, AHEAD), dtype=np.int64),
        other=np.empty((most + 1, labels, LABEL), dtype=np.int64),
        others=np.zeros(most + 1, dtype=np.int64),
        memo=np.zeros((visits, nurses, WAYS, MEMO), dtype=np.int64),
    )


def _most_visits(flat: FlatDay) -> int:
    """Return how many visits the longest day has room for, by the shortest visit."""
    visits = flat.movable.shape[0]
    span_s = int((flat.line[:, LATEST_END] - flat.line[:, BEGIN]).max(initial=0))
    shortest_s = int(flat.stop[:visits, SERVICE].min(initial=1 << 40))
    room = visits if shortest_s <= 0 else span_s // shortest_s + 1
    return int(max(1, min(visits, room, LONGEST_ROUTE)))


@lean
def digest_of(nurse: int, order: Ints) -> int:
    """Return a number that stands for a nurse's order of visits; never 0."""
    found = whole(nurse + 1) * whole(0x2545F4914F6CDD1D)
    for visit in order:
        found = (found ^ whole(visit + 1)) * whole(0x5851F42D4C957F2D)
        found ^= found >> whole(29)
    return found | whole(1)


@lean
def price_route(flat: FlatDay, crew: Crew, work: Desk, nurse: int) -> bool:
    """Time and price a nurse's present route; False, with nothing to count on, if she cannot make it."""
    line, sums = flat.line[nurse], crew.sums[nurse]
    order = crew.route[nurse, : sums[LENGTH]]
    sums[DIGEST] = digest_of(nurse, order)
    if not _label_route(flat, crew, work, nurse):
        return False
    place, driven_s, carried, load_s, fixed_mc = line[START], 0, 0, 0, 0
    for visit in order:
        row = flat.stop[visit]
        driven_s += flat.drive_s[place, row[PLACE]]
        place = row[PLACE]
        carried += row[UNITS]
        load_s += row[SERVICE]
        fixed_mc += flat.fixed_mc[visit, nurse]
    if sums[LENGTH] or line[ON_DUTY]:
        driven_s += flat.drive_s[place, line[END]]
    sums[CARRIED], sums[LOAD] = carried, load_s
    sums[SLACK] = sums[TIMED] - line[TRAVEL] * driven_s
    sums[COST] = sums[TIMED] + fixed_mc + line[FAIRNESS] * max(0, load_s - line[FAIR_LOAD])
    return True


@lean
def _label_route(flat: FlatDay, crew: Crew, work: Desk, nurse: int) -> bool:
    """Label a nurse's route forwards, and note backwards by when each stop has to be reached."""
    line, sums, ahead = flat.line[nurse], crew.sums[nurse], crew.ahead[nurse]
    count = sums[LENGTH]
    order = crew.route[nurse, :count]
    crew.fresh[nurse] = 0
    sums[TIMED] = time_stops(flat, nurse, order, crew.prefix[nurse], crew.many[nurse], work)
    if sums[TIMED] == NEVER_MC:
        return False
    by_s, drive_s, units, place = line[LATEST_END], whole(0), whole(0), line[END]
    ahead[count, BY], ahead[count, DRIVE], ahead[count, STOCK_AHEAD], ahead[count, RIPE] = by_s, 0, 0, 0
    for back in range(count):
        at = count - 1 - back
        row = flat.stop[order[at]]
        leg_s = whole(flat.drive_s[row[PLACE], place])
        last_s = by_s - leg_s - row[SERVICE]
        by_s = whole(-1)
        for window in range(row[FIRST], row[BEHIND]):
            if flat.window[window, 0] <= last_s:
                by_s = min(flat.window[window, 1], last_s)
        drive_s, units, place = drive_s + leg_s, units + row[UNITS], row[PLACE]
        ahead[at, BY], ahead[at, DRIVE] = by_s, drive_s
        ahead[at, STOCK_AHEAD], ahead[at, RIPE] = units, work.ripe[at]
    crew.fresh[nurse] = sums[DIGEST]
    return True


@lean
def _label_with(flat: FlatDay, crew: Crew, work: Desk, nurse: int, more: int, due: bool) -> int:
    """Label a nurse's route as if one more visit's stock were still needed; return how far it goes."""
    units, ready_s = flat.stop[more, UNITS], flat.stop[more, READY]
    line, sums, visits = flat.line[nurse], crew.sums[nurse], flat.movable.shape[0]
    place = line[START]
    crew.others[0] = set_off(line, whole(1), crew.other[0])
    for at in range(sums[LENGTH]):
        visit = crew.route[nurse, at]
        crew.others[at + 1] = extend(
            flat.drive_s,
            flat.stop,
            flat.window,
            flat.detour,
            line,
            crew.other[at],
            crew.others[at],
            place,
            visit,
            visits,
            crew.ahead[nurse, at, STOCK_AHEAD] + units,
            max(crew.ahead[nurse, at, RIPE], ready_s),
            due,
            crew.other[at + 1],
            work.counter,
            work.tally,
        )
        if crew.others[at + 1] == 0:
            return at
        place = flat.stop[visit, PLACE]
    return int(sums[LENGTH])


@lean
def _may_be_in_time(flat: FlatDay, came: Ints, many: int, visit: int, to_s: int, by_s: int) -> bool:
    """Say whether the visit can be begun, and left so that the next stop is reached by `by_s`."""
    row, early_s = flat.stop[visit], came[0, E]
    for one in range(1, many):
        early_s = min(early_s, came[one, E])
    early_s += to_s
    for window in range(row[FIRST], row[BEHIND]):
        if early_s <= flat.window[window, 1]:
            return bool(max(early_s, flat.window[window, 0]) + row[SERVICE] <= by_s)
    return False


@lean
def best_place(
    flat: FlatDay, crew: Crew, work: Desk, nurse: int, visit: int, below_mc: int
) -> tuple[int, int]:
    """Return what a visit adds at least to a nurse's route, and where; (`below_mc`, `NOWHERE`) if no less."""
    line, sums, row = flat.line[nurse], crew.sums[nurse], flat.stop[visit]
    count, place, units = sums[LENGTH], row[PLACE], row[UNITS]
    position = whole(NOWHERE)
    if count >= crew.route.shape[1]:
        return below_mc, position
    if crew.fresh[nurse] != sums[DIGEST]:
        _label_route(flat, crew, work, nurse)
    fair_s = line[FAIR_LOAD]
    unfair_s = max(0, sums[LOAD] + row[SERVICE] - fair_s) - max(0, sums[LOAD] - fair_s)
    fixed_mc = flat.fixed_mc[visit, nurse] + line[FAIRNESS] * unfair_s
    base_mc = sums[TIMED]
    due = return_is_due(line, count + 1, sums[CARRIED] + units)
    furthest, labelled = count, units == 0
    before = line[START]
    for at in range(count + 1):
        behind = line[END] if at == count else flat.stop[crew.route[nurse, at], PLACE]
        to_s, on_s = whole(flat.drive_s[before, place]), whole(flat.drive_s[place, behind])
        longer_s = to_s + on_s
        if count or line[ON_DUTY]:
            longer_s -= flat.drive_s[before, behind]
        origin, before = before, behind
        if line[TRAVEL] * longer_s - sums[SLACK] + fixed_mc >= below_mc:
            continue
        if not labelled:
            furthest = _label_with(flat, crew, work, nurse, visit, due)
            labelled = True
        if at > furthest:
            break
        came, many = crew.prefix[nurse, at], crew.many[nurse, at]
        if units:
            came, many = crew.other[at], crew.others[at]
        if not _may_be_in_time(flat, came, many, visit, to_s, crew.ahead[nurse, at, BY] - on_s):
            continue
        enough_mc = below_mc + base_mc - fixed_mc
        timed_mc = _time_with(flat, crew, work, nurse, visit, at, origin, due, came, many, enough_mc)
        if timed_mc < enough_mc:
            below_mc, position = timed_mc - base_mc + fixed_mc, whole(at)
    return below_mc, position


@lean
def _time_with(
    flat: FlatDay,
    crew: Crew,
    work: Desk,
    nurse: int,
    visit: int,
    at: int,
    origin: int,
    due: bool,
    came: Ints,
    many: int,
    enough_mc: int,
) -> int:
    """Return the timed cost of a nurse's route with a visit more; `NEVER_MC` as soon as it is not below."""
    line, count, visits = flat.line[nurse], crew.sums[nurse, LENGTH], flat.movable.shape[0]
    ahead = crew.ahead[nurse]
    units = flat.stop[visit, UNITS] + ahead[at, STOCK_AHEAD]
    ripe = max(flat.stop[visit, READY], ahead[at, RIPE])
    following = visit
    side = 0
    for step in range(at, count + 1):
        out = work.pair[side]
        many = extend(
            flat.drive_s,
            flat.stop,
            flat.window,
            flat.detour,
            line,
            came,
            many,
            origin,
            following,
            visits,
            units,
            ripe,
            due,
            out,
            work.counter,
            work.tally,
        )
        if many == 0:
            return NEVER_MC
        origin, came, side = flat.stop[following, PLACE], out, 1 - side
        least_mc = out[0, C]
        for one in range(1, many):
            least_mc = min(least_mc, out[one, C])
        behind = line[END] if step == count else flat.stop[crew.route[nurse, step], PLACE]
        if least_mc + line[TRAVEL] * (flat.drive_s[origin, behind] + ahead[step, DRIVE]) >= enough_mc:
            return NEVER_MC
        units, ripe = ahead[step, STOCK_AHEAD], ahead[step, RIPE]
        if step < count:
            following = crew.route[nurse, step]
    return go_home(
        flat.drive_s,
        flat.stop,
        flat.window,
        flat.detour,
        line,
        came,
        many,
        origin,
        visits,
        due,
        work.counter,
        work.tally,
    )

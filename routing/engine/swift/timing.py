"""The exact timing of an order of visits, compiled: the labels of `routing.engine.route.schedule` in arrays.

A label says of all ways to have just completed a stop: E the earliest completion, F the latest without
waiting beyond what is forced, C the cost, D the time since departure, the stock left, the pickups made, and
whether the break was taken and stock returned. The formulas, and why a label may be dropped for another,
stand in `routing.engine.route.schedule`; a test compares the two on random days. Where a route has neither a
break to come nor a pharmacy there is one label at each stop.

Functions take the few arrays they read, not a whole `FlatDay`: handing dozens of arrays down for each leg
would cost more than the leg.
"""

from typing import NamedTuple

import numpy as np

from routing.engine.compiled import lean
from routing.engine.swift.day import (
    BEGIN,
    BEHIND,
    BOX,
    EMPTY_RETURN,
    END,
    FIRST,
    IDLE,
    LATEST_END,
    LONGEST,
    NEVER_MC,
    NO_RETURN,
    ON_DUTY,
    OVERTIME,
    PICKUPS,
    PLACE,
    READY,
    REST_FROM,
    REST_S,
    REST_UNTIL,
    RETURN_RULE,
    RETURN_UNOPENED,
    SERVICE,
    SHIFT_END,
    START,
    STOCK,
    TRAVEL,
    UNITS,
    FlatDay,
    Ints,
    Masks,
    Small,
    whole,
)

# Columns of a label.
E, F, C, D, LEFT, PICKED, RESTED, RETURNED, FRESH, LABEL = range(10)
FAR_S = 1 << 40
MOST_LABELS = 32  # labels of one stop; a day with more would be counted in `Desk.tally` and priced too high
LONGEST_ROUTE = 126  # visits
BY_WINDOW = -1  # FRESH of a pickup: what its window says


class Desk(NamedTuple):
    """Working memory of one thread: labels of two stops and of a counter; from when the stock of a
    route's visits is ready; a count of labels left out."""

    pair: Ints
    counter: Ints
    ripe: Ints
    tally: Ints


def most_labels(flat: FlatDay) -> int:
    """Return for how many labels of one stop there is room: more where stock becomes ready during the day."""
    return MOST_LABELS + 2 * len(np.unique(flat.stop[:, READY])) - 2


def desk(labels: int) -> Desk:
    """Return working memory for so many labels of one stop."""
    return Desk(
        np.zeros((2, labels, LABEL), dtype=np.int64),
        np.zeros((labels, LABEL), dtype=np.int64),
        np.zeros(LONGEST_ROUTE + 1, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
    )


@lean
def _copy(out: Ints, to: int, source: int) -> None:
    for column in range(LABEL):
        out[to, column] = out[source, column]


@lean
def return_is_due(line: Ints, visits: int, units: int) -> bool:
    """Say whether policy sends a nurse back with stock after so many visits that use so many units."""
    rule, stock = line[RETURN_RULE], line[STOCK]
    if rule == NO_RETURN or stock + units == 0 or (rule == RETURN_UNOPENED and stock <= units):
        return False
    return bool(visits > 0 or line[EMPTY_RETURN])


@lean
def set_off(line: Ints, visits: int, out: Ints) -> int:
    """Make the labels of not having left: with the break still to come, and with the break behind."""
    begin_s = line[BEGIN]
    due = line[REST_UNTIL] >= 0 and visits > 0
    for column in range(LABEL):
        out[0, column] = 0
    out[0, E], out[0, F] = begin_s, begin_s if line[ON_DUTY] else FAR_S
    out[0, LEFT], out[0, RESTED], out[0, FRESH] = line[STOCK], 0 if due else 1, FAR_S
    if not due or begin_s > line[REST_UNTIL]:
        return 1
    _copy(out, 1, 0)
    rested_s = max(begin_s, line[REST_FROM]) + line[REST_S]
    out[1, E], out[1, RESTED] = rested_s, 1
    if line[ON_DUTY]:  # she is paid since she became free, so waiting for the break is idle
        out[1, F], out[1, D] = rested_s, rested_s - begin_s
        out[1, C] = line[IDLE] * max(0, line[REST_FROM] - begin_s)
    return 2


@lean
def _picks_at_will(line: Ints) -> bool:
    """Say whether a pickup needs no reason: where waiting is not priced, a stop at a counter fills none."""
    return bool(line[IDLE] == 0 and line[RETURN_RULE] == NO_RETURN)


@lean
def _is_no_worse(a: Ints, b: Ints, line: Ints, idle_mc: int, margin_mc: int, bounded: bool) -> bool:
    if a[E] > b[E] or a[C] > b[C] or a[RESTED] < b[RESTED] or a[RETURNED] != b[RETURNED]:
        return False
    if a[LEFT] != b[LEFT] or a[PICKED] != b[PICKED] or a[FRESH] != b[FRESH]:
        if not _picks_at_will(line):
            return False
        if a[LEFT] < b[LEFT] or a[PICKED] > b[PICKED] or a[FRESH] < b[FRESH]:
            return False
    dearer_mc = margin_mc if a[RESTED] != b[RESTED] else 0
    if a[C] + dearer_mc > b[C] or a[C] + dearer_mc - idle_mc * a[F] > b[C] - idle_mc * b[F]:
        return False
    return not bounded or bool(a[D] <= b[D] and a[D] - a[F] <= b[D] - b[F])


@lean
def _keep(line: Ints, out: Ints, count: int, tally: Ints) -> int:
    """Keep the label written at row `count`, unless another makes it superfluous; drop those it beats."""
    idle_mc, bounded = line[IDLE], line[LONGEST] < FAR_S
    margin_mc = idle_mc * line[REST_S]
    new = out[count]
    for other in range(count):
        if _is_no_worse(out[other], new, line, idle_mc, margin_mc, bounded):
            return count
    kept = 0
    for other in range(count):
        if not _is_no_worse(new, out[other], line, idle_mc, margin_mc, bounded):
            if kept != other:
                _copy(out, kept, other)
            kept += 1
    if kept != count:
        _copy(out, kept, count)
    if kept + 1 >= out.shape[0]:
        tally[0] += 1
        return kept
    return kept + 1


@lean
def _begin(
    line: Ints,
    window: Ints,
    row: Ints,
    until_s: int,
    reach: tuple[int, int, int, int],
    state: tuple[int, int, int, int, int],
    out: Ints,
    count: int,
    tally: Ints,
) -> int:
    """Add the labels of beginning a stop that is reached so, in each of its windows."""
    early_s, late_s, cost_mc, elapsed_s = reach
    service_s = row[SERVICE]
    for at in range(row[FIRST], row[BEHIND]):
        opens_s, closes_s = window[at, 0], min(window[at, 1], until_s)
        if early_s > closes_s or opens_s > until_s:
            continue
        wait_s = max(0, opens_s - late_s)
        done_s, all_s = max(early_s, opens_s) + service_s, elapsed_s + wait_s + service_s
        if done_s > line[LATEST_END] or all_s > line[LONGEST]:
            continue
        if not state[2] and done_s > line[REST_UNTIL]:
            continue  # too late for the break, on the road as well as at home
        label = out[count]
        label[E], label[F] = done_s, min(max(late_s, opens_s), closes_s) + service_s
        label[C], label[D] = cost_mc + line[IDLE] * wait_s, all_s
        label[LEFT], label[PICKED], label[RESTED], label[RETURNED], label[FRESH] = state
        if state[4] == BY_WINDOW:
            label[FRESH] = window[at, 2]
        count = _keep(line, out, count, tally)
    return count


@lean
def _rest_on(line: Ints, label: Ints, drive_s: int) -> tuple[int, int, int, int]:
    """Return E, F, C and D at the end of a leg on which the break is taken."""
    from_s, rest_s = line[REST_FROM], line[REST_S]
    there_s = min(label[F], line[REST_UNTIL]) + drive_s
    wait_s = max(0, from_s - there_s)
    return (
        max(label[E] + drive_s, from_s) + rest_s,
        max(there_s, from_s) + rest_s,
        label[C] + line[TRAVEL] * drive_s + line[IDLE] * wait_s,
        label[D] + drive_s + wait_s + rest_s,
    )


@lean
def _leg(
    line: Ints,
    window: Ints,
    row: Ints,
    until_s: int,
    label: Ints,
    drive_s: int,
    state: tuple[int, int, int, int],
    out: Ints,
    count: int,
    tally: Ints,
) -> int:
    """Extend a label over a leg to a stop, the break taken on it or not.

    `state`: left, picked, returned, fresh.
    """
    left, picked, returned, fresh = state
    straight = (label[E] + drive_s, label[F] + drive_s, label[C] + line[TRAVEL] * drive_s, label[D] + drive_s)
    rested = label[RESTED]
    begun = (left, picked, rested, returned, fresh)
    count = _begin(line, window, row, until_s, straight, begun, out, count, tally)
    if rested or label[E] > line[REST_UNTIL]:
        return count
    reach = _rest_on(line, label, drive_s)
    begun = (left, picked, whole(1), returned, fresh)
    return _begin(line, window, row, until_s, reach, begun, out, count, tally)


@lean
def _at_counter(
    drive_s: Small,
    stop: Ints,
    window: Ints,
    line: Ints,
    label: Ints,
    origin: int,
    at: int,
    returning: bool,
    counter: Ints,
    tally: Ints,
) -> int:
    """Write the labels of having collected or returned stock at a pharmacy, closing with her shift then."""
    row, picked = stop[at], label[PICKED]
    state = (line[BOX], picked + 1, label[RETURNED], whole(BY_WINDOW))
    until_s = whole(FAR_S)
    if returning:
        state, until_s = (whole(0), picked, whole(1), whole(0)), line[SHIFT_END]
    drive = whole(drive_s[origin, row[PLACE]])
    return _leg(line, window, row, until_s, label, drive, state, counter, whole(0), tally)


@lean
def extend(
    drive_s: Small,
    stop: Ints,
    window: Ints,
    detour: Masks,
    line: Ints,
    came: Ints,
    many: int,
    origin: int,
    visit: int,
    visits: int,
    ahead: int,
    ripe: int,
    due: bool,
    out: Ints,
    counter: Ints,
    tally: Ints,
) -> int:
    """Extend `many` labels of a place to having completed a visit, over pharmacies where that may be needed.

    `visits` is how many the day has; `ahead` counts the units that this visit and those after it use, all of
    them ready at `ripe`; `due`: stock has to go back. Returns the number of labels in `out`.
    """
    row = stop[visit]
    place, units = row[PLACE], row[UNITS]
    drive, ever_s = whole(drive_s[origin, place]), whole(FAR_S)
    at_will = _picks_at_will(line)
    count = whole(0)
    for one in range(many):
        label = came[one]
        left, picked, returned = label[LEFT], label[PICKED], label[RETURNED]
        fresh = min(label[FRESH], ripe)
        if left >= units and fresh >= row[READY]:
            state = (left - units, picked, returned, fresh)
            count = _leg(line, window, row, ever_s, label, drive, state, out, count, tally)
        worth_it = ahead > left or ripe > fresh or (ahead > 0 and at_will)
        collects = worth_it and picked < line[PICKUPS] and line[BOX] >= units
        returns = due and ahead == 0 and not returned
        if not (collects or returns) or detour.shape[0] == 0:
            continue
        mask, at = detour[origin, place], visits
        while mask:
            if mask & np.uint64(1):
                midway = _at_counter(drive_s, stop, window, line, label, origin, at, returns, counter, tally)
                leg_s = whole(drive_s[stop[at, PLACE], place])
                for other in range(midway):
                    came_by = counter[other]
                    fresh = min(came_by[FRESH], ripe)
                    if fresh < row[READY]:
                        continue
                    state = (came_by[LEFT] - units, came_by[PICKED], came_by[RETURNED], fresh)
                    count = _leg(line, window, row, ever_s, counter[other], leg_s, state, out, count, tally)
            mask >>= np.uint64(1)
            at += 1
    return count


@lean
def _home_mc(line: Ints, label: Ints, drive_s: int) -> int:
    """Return the least cost of driving home, `NEVER_MC` if she would be too late."""
    best_mc = NEVER_MC
    back_s, elapsed_s = label[E] + drive_s, label[D] + drive_s
    in_time = back_s <= line[LATEST_END] and elapsed_s <= line[LONGEST]
    if in_time and (label[RESTED] or back_s <= line[REST_UNTIL]):
        late_s = max(0, back_s - line[SHIFT_END])
        best_mc = label[C] + line[TRAVEL] * drive_s + line[OVERTIME] * late_s
    if not label[RESTED] and label[E] <= line[REST_UNTIL]:
        back_s, _, cost_mc, elapsed_s = _rest_on(line, label, drive_s)
        if back_s <= line[LATEST_END] and elapsed_s <= line[LONGEST]:
            best_mc = min(best_mc, cost_mc + line[OVERTIME] * max(0, back_s - line[SHIFT_END]))
    return best_mc


@lean
def go_home(
    drive_s: Small,
    stop: Ints,
    window: Ints,
    detour: Masks,
    line: Ints,
    came: Ints,
    many: int,
    origin: int,
    visits: int,
    due: bool,
    counter: Ints,
    tally: Ints,
) -> int:
    """Return the cost of the cheapest way to end the day from these labels, `NEVER_MC` if there is none."""
    home, best_mc = line[END], whole(NEVER_MC)
    returning = due
    for one in range(many):
        label = came[one]
        if not due or label[RETURNED]:
            best_mc = min(best_mc, _home_mc(line, label, whole(drive_s[origin, home])))
            continue
        mask, at = detour[origin, home] if detour.shape[0] else np.uint64(0), visits
        while mask:
            if mask & np.uint64(1):
                midway = _at_counter(
                    drive_s, stop, window, line, label, origin, at, returning, counter, tally
                )
                for other in range(midway):
                    leg_s = whole(drive_s[stop[at, PLACE], home])
                    best_mc = min(best_mc, _home_mc(line, counter[other], leg_s))
            mask >>= np.uint64(1)
            at += 1
    return best_mc


@lean
def _note_ripe(stop: Ints, order: Ints, ripe: Ints) -> None:
    """Note for each position from when the stock of its visit and of all behind it is ready."""
    count = order.shape[0]
    ripe[count] = 0
    for back in range(count):
        at = count - 1 - back
        ripe[at] = max(ripe[at + 1], stop[order[at], READY])


@lean
def time_stops(flat: FlatDay, nurse: int, order: Ints, prefix: Ints, many: Ints, work: Desk) -> int:
    """Return the cost of a nurse's visits in this order, timed; `NEVER_MC` if she cannot make them so.

    Fills ``prefix[p, : many[p]]`` with the labels of having completed p visits. Continuity and fairness are
    not in the cost.
    """
    line, visits = flat.line[nurse], flat.movable.shape[0]
    units = whole(0)
    for visit in order:
        units += flat.stop[visit, UNITS]
    count, one_visit = whole(order.shape[0]), whole(1)
    if count == 0 and not line[ON_DUTY]:
        many[0] = set_off(line, one_visit, prefix[0])  # what an insertion starts from
        return 0
    due = return_is_due(line, count, units)
    many[0] = set_off(line, count, prefix[0])
    place = line[START]
    _note_ripe(flat.stop, order, work.ripe)
    for at in range(count):
        many[at + 1] = extend(
            flat.drive_s,
            flat.stop,
            flat.window,
            flat.detour,
            line,
            prefix[at],
            many[at],
            place,
            order[at],
            visits,
            units,
            work.ripe[at],
            due,
            prefix[at + 1],
            work.counter,
            work.tally,
        )
        if many[at + 1] == 0:
            return NEVER_MC
        units -= flat.stop[order[at], UNITS]
        place = flat.stop[order[at], PLACE]
    cost_mc = go_home(
        flat.drive_s,
        flat.stop,
        flat.window,
        flat.detour,
        line,
        prefix[count],
        many[count],
        place,
        visits,
        due,
        work.counter,
        work.tally,
    )
    if count == 0:
        many[0] = set_off(line, one_visit, prefix[0])
    return cost_mc

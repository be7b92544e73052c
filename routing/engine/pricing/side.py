"""One nurse's view of the day as arrays: what the compiled pricing reads.

Nodes. Of all visits only those she may make and can reach are kept, as local positions 0 .. n-1. Behind
them stand the pharmacies twice: n .. n+p-1 to collect stock, n+p .. n+2p-1 to return it (closing with her
shift). A visit's drive, windows, service and prices are her own: windows already end where she would be
home too late.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from routing.engine.index import FAR_S, DayIndex, Windows
from routing.engine.route.detours import parted
from routing.problem import Problem
from routing.travel import AffineGreatCircle

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

# Positions in `Side.limits`.
BEGIN, SHIFT_END, LATEST_END, LONGEST, REST_S, REST_FROM, REST_UNTIL = range(7)
BOX, STOCK, PICKUPS, ON_DUTY, FAIR_LOAD, RETURN_DUE, TRAVEL, IDLE, OVERTIME, FAIRNESS = range(7, 17)
CROSS, COUNTER_S, CARRIES, STEP, STEPS, AT_WILL, TOP = range(17, 24)

NO_RETURN, RETURN_UNOPENED, RETURN_CARRIED = range(3)
STILL = 6  # grain of the table of what can still be reached: 2^6 s
MOST_TOP = 8  # units on board that bounds tell apart at most
LEAST_STEP, MOST_STEP = 5, 11  # grain of the completion bounds: 2^5 to 2^11 s


class Side(NamedTuple):
    """Arrays of one nurse; n visits, m = n + 2p nodes, w words of 64 visits.

    Attributes
    ----------
    visits
        (n,) positions in the day of the local visits.
    drive_s, from_start_s, to_end_s
        (m, m), (m,), (m,) seconds.
    window_of, opens_s, closes_s
        Windows of node i are ``window_of[i] .. window_of[i + 1]`` of the other two; those to collect stock
        are parted where a visit's stock becomes ready.
    ready_s, fresh_s
        (n,) from when a visit's stock can be collected; for each window, the last such second that is not
        after its begin.
    service_s, units, fixed_mc
        (m,) service or handling; units of stock used; continuity and preferences.
    bit, bar, near
        (n, w) the visit itself; what keeps a nurse from making it (itself, its other half); the visits
        that a label at it remembers (ng-route).
    still
        (k, w) what can still be begun by somebody who is free 2^`STILL` x k seconds after `limits[BEGIN]`.
    limits
        Scalars, by the positions above. `TOP`: up to how many units the bounds count, see `with_grain`.
    """

    visits: Ints
    drive_s: Ints
    from_start_s: Ints
    to_end_s: Ints
    window_of: Ints
    opens_s: Ints
    closes_s: Ints
    ready_s: Ints
    fresh_s: Ints
    service_s: Ints
    units: Ints
    fixed_mc: Ints
    bit: Words
    bar: Words
    near: Words
    still: Words
    limits: Ints


def sides_of(day: DayIndex, near: int = 0) -> list[Side]:
    """Return the sides of all nurses; `near` > 0 remembers only so many neighbours (ng-route)."""
    drive_s = day.problem.travel_s.astype(np.int64)
    metric = isinstance(day.problem.travel, AffineGreatCircle)
    return [_side(day, nurse, drive_s, metric, near) for nurse in range(len(day.nurses))]


def _side(day: DayIndex, nurse: int, drive_s: Ints, metric: bool, near: int) -> Side:
    line, weights = day.nurses[nurse], day.problem.weights
    visits = _possible(day, nurse)
    carries = any(day.visits[v].units for v in visits)
    returns = _return_rule(day.problem)
    counters = day.counters if carries or (returns and line.stock) else []
    places = [
        *(day.visits[v].place for v in visits),
        *(c.place for c in counters),
        *(c.place for c in counters),
    ]
    windows: list[Windows] = [day.visits[v].windows for v in visits]
    service = [*(day.visits[v].service_s for v in visits), *(c.handling_s for c in counters)]
    service += [c.handling_s for c in counters]
    pickup = carries and line.box > 0 and line.max_pickups > 0
    ready = tuple(sorted({day.visits[v].ready_s for v in visits} - {0}))
    windows += [parted(c.windows, ready) if pickup or returns else () for c in counters]
    windows += [_until(c.windows, line.shift_end_s) if returns else () for c in counters]
    windows = [_until(w, line.latest_end_s - s) for w, s in zip(windows, service, strict=True)]
    at = np.array(places, dtype=np.int64)
    n, m = len(visits), len(places)
    rest = line.rest or (0, 0, -1)
    longest_s = min(line.max_duration_s, FAR_S)
    within = drive_s[np.ix_(at, at)] if m else np.zeros((0, 0), dtype=np.int64)
    service_s = np.array(service, dtype=np.int64)
    step = _step(within, service_s, n)
    steps = max(1, ((line.latest_end_s - line.begin_s) >> step) + 1) if step else 1
    at_will = returns == NO_RETURN and weights.idle_mc_per_s == 0
    cross = metric and returns == NO_RETURN and weights.idle_mc_per_s <= weights.travel_mc_per_s
    cross = cross or at_will or (returns == NO_RETURN and not pickup)
    limits = [line.begin_s, line.shift_end_s, line.latest_end_s, longest_s, *rest, line.box, line.stock]
    limits += [line.max_pickups, line.on_duty, line.fair_load_s, returns, weights.travel_mc_per_s]
    limits += [weights.idle_mc_per_s, weights.overtime_mc_per_s, weights.fairness_mc_per_s, cross]
    limits += [max((c.handling_s for c in counters), default=0), carries, step, steps, at_will, 1]
    flat = [w for node in windows for w in node]
    bit = _bits(len(visits))
    return Side(
        visits=np.array(visits, dtype=np.int64),
        drive_s=np.ascontiguousarray(within),
        from_start_s=np.ascontiguousarray(drive_s[line.start, at]),
        to_end_s=np.ascontiguousarray(drive_s[at, line.end]),
        window_of=np.cumsum([0, *(len(node) for node in windows)]).astype(np.int64),
        opens_s=np.array([a for a, _ in flat], dtype=np.int64),
        closes_s=np.array([b for _, b in flat], dtype=np.int64),
        ready_s=np.array([day.visits[v].ready_s for v in visits], dtype=np.int64),
        fresh_s=np.array([max((r for r in ready if r <= a), default=0) for a, _ in flat], dtype=np.int64),
        service_s=service_s,
        units=np.array([*(day.visits[v].units for v in visits), *([0] * (m - n))], dtype=np.int64),
        fixed_mc=np.array([*(day.nurse_cost_mc[nurse][v] for v in visits), *([0] * (m - n))], dtype=np.int64),
        bit=bit,
        bar=_bars(day, visits, bit),
        near=_near(within[:n, :n], service_s[:n], bit, near),
        still=_still(within, drive_s[line.start, at], windows[:n], bit, line.begin_s, line.latest_end_s),
        limits=np.array(limits, dtype=np.int64),
    )


def _possible(day: DayIndex, nurse: int) -> list[int]:
    """Return the visits that she may make and could make if it were her only one."""
    line, found = day.nurses[nurse], []
    for visit, call in enumerate(day.visits):
        earliest_s = line.begin_s + day.drive_s[line.start][call.place]
        last_s = line.latest_end_s - call.service_s - day.drive_s[call.place][line.end]
        reachable = any(earliest_s <= b and a <= last_s for a, b in call.windows)
        if day.allowed[nurse][visit] and reachable and call.units <= max(line.box, line.stock):
            found.append(visit)
    return found


def _return_rule(problem: Problem) -> int:
    return {"never": NO_RETURN, "unopened": RETURN_UNOPENED, "carried": RETURN_CARRIED}[
        problem.return_of_stock
    ]


def _until(windows: Windows, last_s: int) -> Windows:
    return tuple((a, min(b, last_s)) for a, b in windows if a <= last_s)


def _step(within: Ints, service_s: Ints, visits: int) -> int:
    """Return the finest grain, as a power of two, that no visit with the drive to it outlasts; 0 if too fine.

    Then a visit always ends in a later cell than the stop before it, and the bounds can be computed
    in one pass backwards, pharmacies first in each cell.
    """
    if not visits:
        return MOST_STEP
    apart = within[:, :visits] + service_s[None, :visits]
    apart[np.arange(visits), np.arange(visits)] = 1 << MOST_STEP
    step = min(MOST_STEP, int(apart.min()).bit_length() - 1)
    return step if step >= LEAST_STEP else 0


def with_grain(side: Side, most: int, *, by_stock: bool = False) -> Side:
    """Return the side with a grain of 2^`most` seconds for its bounds, where its own is coarser.

    `by_stock`: bounds count the units on board, up to `MOST_TOP`; else they know only some or none.
    """
    limits = side.limits.copy()
    limits[STEP] = min(limits[STEP], most)
    if limits[STEP]:
        limits[STEPS] = max(1, ((limits[LATEST_END] - limits[BEGIN]) >> limits[STEP]) + 1)
    if by_stock:
        limits[TOP] = max(1, min(MOST_TOP, max(limits[BOX], limits[STOCK])))
    return side._replace(limits=limits)


def _words(count: int) -> int:
    return max(1, (count + 63) // 64)


def _bits(count: int) -> Words:
    bits = np.zeros((count, _words(count)), dtype=np.uint64)
    for index in range(count):
        bits[index, index // 64] = np.uint64(1) << np.uint64(index % 64)
    return bits


def _bars(day: DayIndex, visits: list[int], bit: Words) -> Words:
    local = {visit: index for index, visit in enumerate(visits)}
    bars = bit.copy()
    for index, visit in enumerate(visits):
        if day.partner[visit] in local:
            bars[index] |= bit[local[day.partner[visit]]]
    return bars


def _near(within: Ints, service_s: Ints, bit: Words, near: int) -> Words:
    everything = np.full_like(bit, np.iinfo(np.uint64).max)
    if near <= 0 or len(bit) <= near:
        return everything
    found = np.zeros_like(bit)
    for index in range(len(bit)):
        closest = np.argsort(within[index] + within[:, index], kind="stable")[: near + 1]
        found[index] = np.bitwise_or.reduce(bit[closest], axis=0) | bit[index]
    return found


def _still(
    within: Ints, from_start: Ints, windows: list[Windows], bit: Words, begin_s: int, end_s: int
) -> Words:
    """Return what can still be begun, by the least drive to each visit from anywhere else."""
    n = len(windows)
    still = np.zeros((max(1, ((end_s - begin_s) >> STILL) + 2), bit.shape[1]), dtype=np.uint64)
    if not n:
        return still
    apart = within[:, :n].copy()
    apart[np.arange(n), np.arange(n)] = FAR_S
    nearest_s = np.minimum(apart.min(axis=0), from_start[:n])
    for index in range(n):
        last_s = max((b for _, b in windows[index]), default=-1) - int(nearest_s[index])
        if last_s >= begin_s:
            still[: ((last_s - begin_s) >> STILL) + 1] |= bit[index]
    return still

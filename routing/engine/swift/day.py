"""A whole day as flat arrays: what the compiled heuristic reads.

Unlike `routing.engine.pricing.side`, which holds one nurse's view, everything is day-wide: M nurses, N
visits, Q pharmacies and P places keep their positions in `DayIndex`. Times in seconds, costs in mc.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from routing.engine.compiled import compiled, lean
from routing.engine.index import Counter, DayIndex, Windows
from routing.engine.route.detours import parted
from routing.engine.route.schedule import RouteTimer

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Masks = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.bool_]

NEVER_MC = 1 << 60  # a cost that no plan has

# Columns of `FlatDay.line`, a nurse's limits and the day's prices.
START, END, BEGIN, SHIFT_END, LATEST_END, LONGEST, REST_S, REST_FROM, REST_UNTIL = range(9)
BOX, STOCK, PICKUPS, ON_DUTY, FAIR_LOAD, EMPTY_RETURN = range(9, 15)
TRAVEL, IDLE, OVERTIME, FAIRNESS, RETURN_RULE, LINE = range(15, 21)
NO_RETURN, RETURN_UNOPENED, RETURN_CARRIED = range(3)

# Columns of `FlatDay.stop`.
PLACE, SERVICE, UNITS, FIRST, BEHIND, PENALTY, LAST_BEGIN, READY, STOP = range(9)

MOST_COUNTERS = 64  # bits of a word; a day with more pharmacies is planned with the first of them
NEAR = 100  # neighbours kept of each visit
AWAY_PER_S = 8  # so many seconds between two windows count as one of driving


class FlatDay(NamedTuple):
    """Arrays of a day.

    Attributes
    ----------
    drive_s
        (P, P) seconds.
    stop
        (N + Q, `STOP`) visits, then pharmacies: place, service or handling, units, its windows (rows `FIRST`
        up to, not including, `BEHIND` of `window`), penalty, last possible begin (-1 without windows), from
        when stock is ready.
    window
        (W, 3) opening and closing of a begin; of a pharmacy's, which are parted where stock becomes ready,
        the last such second that is not after the opening.
    line
        (M, `LINE`) by the columns above. `EMPTY_RETURN`: stock goes back even if she makes no visit.
    movable
        (N,) whether a visit may be placed and taken out: not the half of a double visit, and it has windows.
    fixed_mc
        (N, M) continuity and preferences; `NEVER_MC` where the nurse may not go.
    detour
        (P, P) bits of the pharmacies that may be best on a leg; (0, 0) where nobody needs one.
    near
        (N, k) visits by how near they are in place and time, each visit itself first; -1 behind the last.
    """

    drive_s: Small
    stop: Ints
    window: Ints
    line: Ints
    movable: Marks
    fixed_mc: Ints
    detour: Masks
    near: Small


def flat_day(day: DayIndex, agreed: Mapping[int, Windows]) -> FlatDay:
    """Return a day as arrays.

    `agreed` replaces the windows of the halves of double visits, as in `Roster.agreed`; a half without an
    agreed begin cannot be placed.
    """
    visits, counters = day.visits, day.counters[:MOST_COUNTERS]
    windows = [
        agreed.get(visit, () if day.partner[visit] >= 0 else line.windows)
        for visit, line in enumerate(visits)
    ]
    ready = tuple(sorted({line.ready_s for line in visits} - {0}))
    windows += [parted(counter.windows, ready) for counter in counters]
    behind = np.cumsum([len(one) for one in windows], dtype=np.int64)
    stop = np.zeros((len(windows), STOP), dtype=np.int64)
    rows = [(v.place, v.service_s, v.units) for v in visits] + [(c.place, c.handling_s, 0) for c in counters]
    stop[:, :FIRST] = np.array(rows, dtype=np.int64).reshape(-1, FIRST)
    stop[:, BEHIND] = behind
    stop[1:, FIRST] = behind[:-1]
    stop[: len(visits), PENALTY] = [line.penalty_mc for line in visits]
    stop[: len(visits), READY] = [line.ready_s for line in visits]
    stop[:, LAST_BEGIN] = [one[-1][1] if one else -1 for one in windows]
    drive_s = day.problem.travel_s.astype(np.int32)
    allowed = np.array(day.allowed, dtype=np.bool_).reshape(len(day.nurses), len(visits))
    fixed_mc = np.array(day.nurse_cost_mc, dtype=np.int64).reshape(allowed.shape)
    detour = np.zeros((0, 0), dtype=np.uint64)
    if counters and (any(v.units for v in visits) or any(line.stock for line in day.nurses)):
        weights = day.problem.weights
        same = np.array([[_alike(a, b) for b in counters] for a in counters], dtype=np.bool_)
        prune = weights.idle_mc_per_s <= weights.travel_mc_per_s
        detour = _detours(drive_s, stop[len(visits) :, PLACE].copy(), same, prune)
    first_s = np.array([one[0][0] if one else 0 for one in windows[: len(visits)]], dtype=np.int64)
    calls = stop[: len(visits)]
    return FlatDay(
        drive_s=drive_s,
        stop=stop,
        window=np.array(
            [(a, b, max((r for r in ready if r <= a), default=0)) for one in windows for a, b in one],
            dtype=np.int64,
        ).reshape(-1, 3),
        line=_lines(day),
        movable=(np.array(day.partner, dtype=np.int64) < 0) & (calls[:, LAST_BEGIN] >= 0),
        fixed_mc=np.ascontiguousarray(np.where(allowed, fixed_mc, NEVER_MC).T),
        detour=detour,
        near=_near(drive_s, calls[:, PLACE], first_s, calls[:, LAST_BEGIN]),
    )


@lean
def whole(number: int) -> int:
    """Return the number as a plain word, so that callees are compiled for one type only."""
    return np.int64(number)  # type: ignore[return-value]


def _lines(day: DayIndex) -> Ints:
    weights = day.problem.weights
    rule = {"never": NO_RETURN, "unopened": RETURN_UNOPENED, "carried": RETURN_CARRIED}
    prices = (
        weights.travel_mc_per_s,
        weights.idle_mc_per_s,
        weights.overtime_mc_per_s,
        weights.fairness_mc_per_s,
        rule[day.problem.return_of_stock],
    )
    found = np.zeros((len(day.nurses), LINE), dtype=np.int64)
    for nurse, line in enumerate(day.nurses):
        found[nurse] = (
            line.start,
            line.end,
            line.begin_s,
            line.shift_end_s,
            line.latest_end_s,
            line.max_duration_s,
            *(line.rest or (0, 0, -1)),
            line.box,
            line.stock,
            line.max_pickups,
            line.on_duty,
            line.fair_load_s,
            line.on_duty and RouteTimer(day, nurse).return_due(0, 0),
            *prices,
        )
    return found


def _alike(one: Counter, other: Counter) -> bool:
    return one.windows == other.windows and one.handling_s == other.handling_s


@compiled
def _detours(drive_s: Small, counter_place: Ints, same: Marks, prune: bool) -> Masks:
    """Return for each leg the pharmacies to which none is preferable (see `routing.engine.route.detours`)."""
    places, counters = drive_s.shape[0], counter_place.shape[0]
    found = np.zeros((places, places), dtype=np.uint64)
    for a in range(places):
        for b in range(places):
            mask = np.uint64(0)
            for one in range(counters):
                to_s, from_s = drive_s[a, counter_place[one]], drive_s[counter_place[one], b]
                beaten = False
                for other in range(counters if prune else 0):
                    if other == one or not same[one, other]:
                        continue
                    to_it, from_it = drive_s[a, counter_place[other]], drive_s[counter_place[other], b]
                    level = to_it == to_s and from_it == from_s
                    if to_it <= to_s and from_it <= from_s and (not level or other < one):
                        beaten = True
                        break
                if not beaten:
                    mask |= np.uint64(1) << np.uint64(one)
            found[a, b] = mask
    return found


def _near(drive_s: Small, place: Ints, first_s: Ints, last_s: Ints) -> Small:
    """Return each visit's neighbours: the drive there and back, and how far apart their windows lie."""
    n = len(place)
    found = np.full((n, min(n, NEAR)), -1, dtype=np.int32)
    if not n:
        return found
    apart = drive_s[np.ix_(place, place)].astype(np.int64)
    apart += apart.T
    gap_s = np.maximum(first_s[:, None] - last_s[None, :], first_s[None, :] - last_s[:, None])
    apart += np.maximum(gap_s, 0) // AWAY_PER_S
    np.fill_diagonal(apart, -1)
    apart[:, last_s < 0] = NEVER_MC
    most = found.shape[1]
    part = np.argpartition(apart, most - 1, axis=1)[:, :most] if n > most else np.tile(np.arange(n), (n, 1))
    rows = np.arange(n)[:, None]
    found[:] = part[rows, np.argsort(apart[rows, part], axis=1, kind="stable")]
    found[(found >= 0) & (last_s[found] < 0)] = -1
    return found

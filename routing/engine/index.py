"""A day as plain integers: what the inner loops of every engine read.

Nurses, visits, pharmacies and places become positions 0, 1, 2, ... in the order of the problem; lists of
lists of Python integers, because single look-ups in them are several times faster than in numpy.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from routing.problem import Nurse, Problem, StopKind, Visit

FAR_S = 1 << 40  # later than any time of any day

Windows = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class NurseLine:
    """What the timing of one nurse's route needs; seconds, units, place positions.

    `latest_end_s` already holds the shift, the overtime limit and, on a running day, the longest
    duration; `max_duration_s` is `FAR_S` where nothing remains to be checked.
    """

    start: int
    end: int
    begin_s: int
    shift_end_s: int
    latest_end_s: int
    max_duration_s: int
    rest: tuple[int, int, int] | None  # duration, earliest, latest begin
    box: int
    stock: int
    max_pickups: int
    on_duty: bool
    fair_load_s: int


@dataclass(frozen=True, slots=True)
class Counter:
    """A pharmacy: place position, opening hours, handling time."""

    place: int
    windows: Windows
    handling_s: int


@dataclass(frozen=True, slots=True)
class VisitLine:
    """What the timing of one visit needs.

    `windows` already holds a pinned begin; it may be empty. `ready_s` is 0 where stock is always ready.
    """

    place: int
    windows: Windows
    service_s: int
    units: int
    penalty_mc: int
    ready_s: int = 0


class Call(NamedTuple):
    """A stop as the timing sees it: what, where, when it may begin, how long it takes."""

    kind: StopKind
    ref: int  # position of the visit or pharmacy, -1 otherwise
    place: int
    windows: Windows
    service_s: int


class DayIndex:
    """The integers of a problem.

    Attributes
    ----------
    drive_s
        ``drive_s[place][place]``.
    allowed
        ``allowed[nurse][visit]``: eligible, and not pinned to another.
    nurse_cost_mc
        ``nurse_cost_mc[nurse][visit]``: continuity and preferences.
    partner
        ``partner[visit]``: the other half of a double visit, -1 for none.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.drive_s: list[list[int]] = problem.travel_s.tolist()
        self.nurses = [_nurse_line(problem, nurse) for nurse in problem.nurses]
        self.visits = [_visit_line(problem, visit) for visit in problem.visits]
        self.calls = [
            Call("visit", visit, line.place, line.windows, line.service_s)
            for visit, line in enumerate(self.visits)
        ]
        self.counters = _counters(problem)
        self.visit_at = {visit.id: index for index, visit in enumerate(problem.visits)}
        self.nurse_at = {nurse.id: index for index, nurse in enumerate(problem.nurses)}
        self.allowed = [self._allowed_row(nurse.id) for nurse in problem.nurses]
        self.nurse_cost_mc = [
            [visit.nurse_cost_mc(nurse.id) for visit in problem.visits] for nurse in problem.nurses
        ]
        self.partner = _partners(problem, self.visit_at)

    def _allowed_row(self, nurse: str) -> list[bool]:
        pins = self.problem.pin
        return [
            nurse not in visit.ineligible and (visit.id not in pins or pins[visit.id].nurse in (None, nurse))
            for visit in self.problem.visits
        ]

    def renewed(self, problem: Problem) -> "DayIndex":
        """Return the index of a day that is nearly this one, in a fraction of the time.

        Parameters
        ----------
        problem
            The same nurses and visits at the same positions, further visits behind them. What is the very
            same object in both, with the same pin, is taken over.
        """
        was, other = self.problem, copy.copy(self)
        other.problem = problem
        if problem.travel_s is not was.travel_s:
            other.drive_s = problem.travel_s.tolist()
        other.nurses = [
            line if new is old else _nurse_line(problem, new)
            for line, new, old in zip(self.nurses, problem.nurses, was.nurses, strict=True)
        ]
        other.counters = _counters(problem)
        changed = [
            position
            for position, visit in enumerate(problem.visits)
            if position >= len(was.visits)
            or visit is not was.visits[position]
            or problem.pin.get(visit.id) is not was.pin.get(visit.id)
        ]
        more = [None] * (len(problem.visits) - len(was.visits))
        other.visits, other.calls = [*self.visits, *more], [*self.calls, *more]  # type: ignore[list-item]
        other.allowed = [[*row, *more] for row in self.allowed]  # type: ignore[list-item]
        other.nurse_cost_mc = [[*row, *more] for row in self.nurse_cost_mc]  # type: ignore[list-item]
        for position in changed:
            visit = problem.visits[position]
            line = other.visits[position] = _visit_line(problem, visit)
            other.calls[position] = Call("visit", position, line.place, line.windows, line.service_s)
            for row, cost, nurse in zip(other.allowed, other.nurse_cost_mc, problem.nurses, strict=True):
                row[position] = _is_allowed(problem, nurse.id, visit)
                cost[position] = visit.nurse_cost_mc(nurse.id)
        if more or problem.double_visits != was.double_visits:
            other.visit_at = {visit.id: index for index, visit in enumerate(problem.visits)}
            other.partner = _partners(problem, other.visit_at)
        return other

    def begin_at(self, visit: int, begin_s: int) -> Windows:
        """Return the windows of a visit that must begin at one second: that second, or none."""
        held = any(a <= begin_s <= b for a, b in self.visits[visit].windows)
        return ((begin_s, begin_s),) if held else ()

    def fairness_mc(self, nurse: int, load_s: int) -> int:
        """Return the price of a nurse's seconds of service above her fair load."""
        return self.problem.weights.fairness_mc_per_s * max(0, load_s - self.nurses[nurse].fair_load_s)


def _visit_line(problem: Problem, visit: Visit) -> VisitLine:
    place = problem.place_at[visit.place]
    windows = _windows(problem, visit.id)
    return VisitLine(place, windows, visit.service_s, visit.units, visit.penalty_mc, visit.ready_s or 0)


def _counters(problem: Problem) -> list[Counter]:
    return [
        Counter(problem.place_at[p.place], tuple((w.begin_s, w.end_s) for w in p.open), p.handling_s)
        for p in problem.pharmacies
    ]


def _is_allowed(problem: Problem, nurse: str, visit: Visit) -> bool:
    pin = problem.pin.get(visit.id)
    return nurse not in visit.ineligible and (pin is None or pin.nurse in (None, nurse))


def _partners(problem: Problem, visit_at: Mapping[str, int]) -> list[int]:
    return [
        visit_at[problem.partner[visit.id]] if visit.id in problem.partner else -1 for visit in problem.visits
    ]


def _windows(problem: Problem, visit: str) -> Windows:
    windows = problem.visit[visit].windows
    pin = problem.pin.get(visit)
    if pin is None or pin.begin_s is None:
        return tuple((window.begin_s, window.end_s) for window in windows)
    return ((pin.begin_s, pin.begin_s),) if any(window.holds(pin.begin_s) for window in windows) else ()


def _nurse_line(problem: Problem, nurse: Nurse) -> NurseLine:
    latest_end_s = problem.latest_end_s(nurse)
    max_duration_s = FAR_S if nurse.max_duration_s is None else nurse.max_duration_s
    if nurse.on_duty_since_s is not None:
        longest_s = max(nurse.on_duty_since_s + max_duration_s, problem.straight_home_s(nurse))
        latest_end_s, max_duration_s = min(latest_end_s, longest_s), FAR_S
    rest = nurse.due_break
    return NurseLine(
        start=problem.place_at[nurse.departs_from],
        end=problem.place_at[nurse.end_place],
        begin_s=nurse.departs_at_s,
        shift_end_s=nurse.shift.end_s,
        latest_end_s=latest_end_s,
        max_duration_s=max_duration_s,
        rest=(rest.duration_s, rest.earliest_s, rest.latest_s) if rest else None,
        box=nurse.lock_box_units,
        stock=nurse.stock_units,
        max_pickups=nurse.max_pickups,
        on_duty=nurse.free is not None,
        fair_load_s=FAR_S if nurse.fair_load_s is None else nurse.fair_load_s,
    )

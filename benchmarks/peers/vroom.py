"""VROOM 1.15 (pyvroom; VROOM project, BSD-2-Clause).

What it takes as it is: drive times, several windows, eligibility (a skill for each set of nurses), continuity
(a cost matrix a nurse), shifts, the break with its window, lock-box capacity.

What it takes roughly: a penalty is a priority of 1 to 100, and it serves the greatest sum of priorities
whatever that costs. What it cannot take: waiting, fairness and longest durations have no price or limit;
double visits, pickups for later need and return of stock are unknown to it. Two traits can be encoded in two
ways, of which neither is always better:

- overtime is either forbidden, or free up to its limit;
- stock is either a shipment from the pharmacy nearest to the visit, whose handling time counts once for
  stops in a row, or left to `exact.py`.

It ends by itself, and a deeper level does not always give the cheaper plan. So it runs all four encodings
with all threads, first at the quickest level, then deeper, as long as time is left; its cheapest plan counts.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import vroom

from benchmarks.peers import Routes, Search
from routing.engine.index import DayIndex

_vroom: Any = vroom

LEVELS = (1, 3, 5)
ENCODINGS = ((False, True), (True, True), (False, False), (True, False))  # overtime, stock as shipments
HIGHEST_PRIORITY = 100
UNIT_MC = 100  # its matrices hold 32 bits
THREADS = 2
LEAST_S = 0.05


def prepare(day: DayIndex, _seed: int, _part: int) -> Search:
    """Return the search; VROOM draws nothing, so the seed has no use. Encoding is part of its time."""

    def search(seconds: float) -> list[Routes]:
        ends = time.monotonic() + seconds
        answers: list[Routes] = []
        for level, (overtime, ships) in product(LEVELS, ENCODINGS):
            model = _Model(day, overtime=overtime, ships=ships)
            left_s = ends - time.monotonic()
            if answers and left_s <= 0:
                break
            answers.append(model.solve(level, max(left_s, LEAST_S)))
        return answers

    return search


class _Model:
    """One encoding. Locations: the visits, then the counters, then the nurses' places."""

    def __init__(self, day: DayIndex, *, overtime: bool, ships: bool) -> None:
        self.day = day
        self.ships = ships and bool(day.counters) and any(line.units for line in day.visits)
        ends = sorted({place for line in day.nurses for place in (line.start, line.end)})
        self.places = [
            *(line.place for line in day.visits), *(counter.place for counter in day.counters), *ends
        ]  # fmt: skip
        self.location_of = {
            place: len(day.visits) + len(day.counters) + index for index, place in enumerate(ends)
        }
        self.drive_s = np.array(day.drive_s)[np.ix_(self.places, self.places)]
        self.input = _vroom.Input()
        self._skill_of: dict[tuple[bool, ...], int] = {}
        self._needed = [self._skill(visit) for visit in range(len(day.visits))]
        self._add_matrices()
        for nurse in range(len(day.nurses)):
            self.input.add_vehicle(self._vehicle(nurse, overtime))
        self.tasks = [visit for visit in range(len(day.visits)) if self._may_be_made(visit)]
        for visit in self.tasks:
            self._add_visit(visit)

    def solve(self, level: int, seconds: float) -> Routes:
        """Return its routes."""
        if not self.tasks:
            return [[] for _ in self.day.nurses]
        found = self.input.solve(
            exploration_level=level, nb_threads=THREADS, timeout=timedelta(seconds=seconds)
        )
        routes: Routes = [[] for _ in self.day.nurses]
        for nurse, kind, number in _steps(found):
            if kind in ("job", "delivery"):
                routes[nurse].append(number)
        return routes

    def _skill(self, visit: int) -> set[int]:
        column = tuple(row[visit] for row in self.day.allowed)
        return set() if all(column) else {self._skill_of.setdefault(column, len(self._skill_of) + 1)}

    def _may_be_made(self, visit: int) -> bool:
        return bool(self.day.visits[visit].windows) and any(row[visit] for row in self.day.allowed)

    def _add_matrices(self) -> None:
        day = self.day
        weight_mc = day.problem.weights.travel_mc_per_s
        profiles: dict[tuple[int, ...], str] = {}
        self._profile = []
        for extra in day.nurse_cost_mc:
            name = profiles.setdefault(tuple(extra), f"profile {len(profiles)}")
            self._profile.append(name)
        for costs, name in profiles.items():
            cost_mc: npt.NDArray[np.int64] = weight_mc * self.drive_s
            cost_mc[:, : len(day.visits)] += np.array(costs, dtype=np.int64)
            np.fill_diagonal(cost_mc, 0)
            self.input.set_durations_matrix(name, self.drive_s)
            self.input.set_costs_matrix(name, cost_mc // UNIT_MC)

    def _vehicle(self, nurse: int, overtime: bool) -> Any:
        line = self.day.nurses[nurse]
        rest = line.rest
        return _vroom.Vehicle(
            nurse,
            start=self.location_of[line.start],
            end=self.location_of[line.end],
            profile=self._profile[nurse],
            capacity=[line.box] if self.ships else [],
            skills={skill for column, skill in self._skill_of.items() if column[nurse]},
            time_window=_window(line.begin_s, line.latest_end_s if overtime else line.shift_end_s),
            breaks=[_vroom.Break(nurse, [_window(rest[1], rest[2])], service=rest[0])] if rest else [],
        )

    def _add_visit(self, visit: int) -> None:
        day, line = self.day, self.day.visits[visit]
        dearest_mc = max(1, *(other.penalty_mc for other in day.visits))
        asked = {
            "skills": self._needed[visit],
            "priority": round(HIGHEST_PRIORITY * line.penalty_mc / dearest_mc),
        }
        windows = [_window(opens_s, closes_s) for opens_s, closes_s in line.windows]
        if not (self.ships and line.units):
            self.input.add_job(
                _vroom.Job(
                    visit,
                    visit,
                    default_service=line.service_s,
                    delivery=[0] if self.ships else [],
                    time_windows=windows,
                    **asked,
                )
            )
            return
        nearest = min(
            range(len(day.counters)), key=lambda c: (day.drive_s[day.counters[c].place][line.place], c)
        )
        counter = day.counters[nearest]
        self.input.add_shipment(
            _vroom.ShipmentStep(
                visit,
                len(day.visits) + nearest,
                default_setup=counter.handling_s,
                time_windows=[_window(opens_s, closes_s) for opens_s, closes_s in counter.windows],
            ),
            _vroom.ShipmentStep(visit, visit, default_service=line.service_s, time_windows=windows),
            amount=_vroom.Amount([line.units]),
            **asked,
        )


def _window(begin_s: int, end_s: int) -> Any:
    return _vroom.TimeWindow(begin_s, max(begin_s, end_s))


def _steps(solution: Any) -> Iterator[tuple[int, str, int]]:
    """Yield (vehicle, kind, task) in the order of the routes."""
    frame = solution.routes
    if "id" not in frame:  # nobody goes anywhere
        return
    for nurse, kind, number in zip(frame["vehicle_id"], frame["type"], frame["id"], strict=True):
        if kind in ("job", "delivery", "pickup"):
            yield int(nurse), str(kind), int(number)

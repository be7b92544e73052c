"""PyVRP 0.14 (N. A. Wouda, L. Lan, W. Kool, "PyVRP: a high-performance VRP solver package", 2024).

What it takes as it is: drive times, one vehicle type a nurse with her own places, shift and longest
duration, visits as optional clients whose prize is the penalty, several windows (a group of which one client
is visited), eligibility and continuity (a distance matrix a nurse), waiting (a price on the duration, driving
and service discounted), and stock: a nurse's box is full of dead load but for what she starts with, and a
pharmacy is a reload depot with its handling time, its hours and the limit of pickups, so that it chooses the
pharmacy and the moment.

What it takes roughly: the break only shortens the shift; handling is priced like waiting; several opening
hours become one span; on a running day a nurse may begin later than she is free. Its overtime counts from
the length of the shift, not from its end, so that of its two runs the first has overtime in its own way and
the second has none: neither is always better. What it cannot take: return of stock, fairness of load,
double visits.

Prices are divided by their greatest common divisor, and the limit of its penalty for a late second is raised,
because it meets that limit otherwise.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyvrp
from pyvrp.stop import MaxRuntime

from benchmarks.peers import Routes, Search
from routing.engine.index import DayIndex

_pyvrp: Any = pyvrp
HIGHEST_PENALTY = 1e7
Matrix = npt.NDArray[np.int64]


def prepare(day: DayIndex, seed: int, part: int) -> Search:
    """Return the search over the encoded day, with overtime in the first part only."""
    data, visit_of = _encoded(day, overtime=part == 0)
    parameters = _pyvrp.SolveParams(penalty=_pyvrp.PenaltyParams(max_penalty=HIGHEST_PENALTY))

    def search(seconds: float) -> list[Routes]:
        found = _pyvrp.solve(
            data,
            stop=MaxRuntime(seconds),
            seed=seed,
            collect_stats=False,
            display=False,
            params=parameters,
        )
        routes: Routes = [[] for _ in day.nurses]
        for route in found.best.routes():
            routes[route.vehicle_type()] = [visit_of[stop.idx] for stop in route if stop.is_client()]
        return [routes]

    return search


def _encoded(day: DayIndex, *, overtime: bool) -> tuple[Any, list[int]]:
    """Return PyVRP's data, and the visit position of each client."""
    weights = day.problem.weights
    unit_mc = math.gcd(weights.travel_mc_per_s, weights.idle_mc_per_s, weights.overtime_mc_per_s) or 1
    carries = any(line.units for line in day.visits)
    clients, groups, visit_of = _clients(day, unit_mc, carries)
    ends = sorted({place for line in day.nurses for place in (line.start, line.end)})
    counters = list(range(len(day.counters)))
    places = [
        *(line.place for line in day.visits), *ends, *(counter.place for counter in day.counters)
    ]  # fmt: skip
    location_of = {place: len(day.visits) + index for index, place in enumerate(ends)}
    depot_of = {place: index for index, place in enumerate(ends)}
    depots = [
        *(_pyvrp.Depot(location_of[place]) for place in ends),
        *(
            _pyvrp.Depot(
                len(day.visits) + len(ends) + index,
                tw_early=day.counters[index].windows[0][0],
                tw_late=day.counters[index].windows[-1][1],
                service_duration=day.counters[index].handling_s,
            )
            for index in counters
        ),
    ]
    reloads = [len(ends) + index for index in counters] if carries else []
    drive_s: Matrix = np.array(day.drive_s, dtype=np.int64)[np.ix_(places, places)]
    distances = _distances(day, drive_s, unit_mc)
    vehicles = []
    for nurse, line in enumerate(day.nurses):
        box = {"capacity": [line.box], "initial_load": [max(0, line.box - line.stock)]} if carries else {}
        vehicles.append(
            _pyvrp.VehicleType(
                **_hours(day, nurse, overtime),
                **box,
                start_depot=depot_of[line.start],
                end_depot=depot_of[line.end],
                unit_distance_cost=1,
                unit_duration_cost=weights.idle_mc_per_s // unit_mc,
                unit_overtime_cost=weights.overtime_mc_per_s // unit_mc,
                profile=nurse,
                reload_depots=reloads if line.max_pickups else [],
                max_reloads=line.max_pickups,
            )
        )
    data = _pyvrp.ProblemData(
        [_pyvrp.Location(0, 0) for _ in places],
        clients,
        depots,
        vehicles,
        distances,
        [drive_s] * len(distances),
        groups,
    )
    return data, visit_of


def _clients(day: DayIndex, unit_mc: int, carries: bool) -> tuple[list[Any], list[Any], list[int]]:
    clients: list[Any] = []
    groups: list[Any] = []
    visit_of: list[int] = []
    for visit, line in enumerate(day.visits):
        if not any(row[visit] for row in day.allowed):
            continue
        group = None
        if len(line.windows) > 1:
            group = len(groups)
            numbers = list(range(len(clients), len(clients) + len(line.windows)))
            groups.append(_pyvrp.ClientGroup(numbers, required=False))
        # A served visit also pays for its seconds of service, which the day does not price.
        prize_mc = line.penalty_mc + day.problem.weights.idle_mc_per_s * line.service_s
        for opens_s, closes_s in line.windows:
            clients.append(
                _pyvrp.Client(
                    visit,
                    delivery=[line.units] if carries else [],
                    service_duration=line.service_s,
                    tw_early=opens_s,
                    tw_late=closes_s,
                    prize=prize_mc // unit_mc,
                    required=False,
                    group=group,
                )
            )
            visit_of.append(visit)
    return clients, groups, visit_of


def _distances(day: DayIndex, drive_s: Matrix, unit_mc: int) -> list[Matrix]:
    """Return for each nurse what arcs cost beyond their seconds: driving, then who comes to whom."""
    weights = day.problem.weights
    a_second = max(0, weights.travel_mc_per_s - weights.idle_mc_per_s)
    never_mc = 2 * sum(line.penalty_mc for line in day.visits) + 1
    found = []
    for allowed, cost_mc in zip(day.allowed, day.nurse_cost_mc, strict=True):
        into_mc = np.zeros(len(drive_s), dtype=np.int64)
        into_mc[: len(day.visits)] = [
            cost if may else never_mc for may, cost in zip(allowed, cost_mc, strict=True)
        ]
        matrix = (a_second * drive_s + into_mc[None, :]) // unit_mc
        np.fill_diagonal(matrix, 0)
        found.append(matrix)
    return found


def _hours(day: DayIndex, nurse: int, overtime: bool) -> dict[str, int]:
    """Return a nurse's shift, less the break she is owed."""
    line = day.nurses[nurse]
    rest_s = line.rest[0] if line.rest else 0
    latest_s = line.latest_end_s if overtime else min(line.shift_end_s, line.latest_end_s)
    latest_s = max(line.begin_s, latest_s - rest_s)
    longest_s = min(line.max_duration_s, latest_s - line.begin_s)
    shift_s = min(longest_s, max(0, line.shift_end_s - rest_s - line.begin_s))
    return {
        "tw_early": line.begin_s,
        "tw_late": latest_s,
        "shift_duration": shift_s,
        "max_overtime": longest_s - shift_s,
    }

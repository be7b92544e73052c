"""sdvrptw-skills (who may visit whom) and mdvrptw (each vehicle its own depot) as days.

Both count total distance, each arc round(1000 x Euclidean), and time in the same thousandths. As a day:
travel is that matrix at a price of one a second, nothing else is priced; capacity is stock on board at
the start; a vehicle's allowed clients are eligibility; its longest duration is the nurse's. A client left
out costs far more than any route, so a full plan's cost *is* the family's objective.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.families.case import LEFT_OUT, Case
from benchmarks.vrplib import Instance, read_instance, read_routes
from routing.engine.index import DayIndex
from routing.engine.route.roster import Roster
from routing.plan import Plan
from routing.problem import Nurse, Place, Problem, Visit, Weights, Window
from routing.travel import TravelMatrix

SCALE = 1000
DISTANCE_ONLY = Weights(travel_mc_per_s=1, idle_mc_per_s=0, overtime_mc_per_s=0)


def read_case(path: Path, known: float | None) -> Case:
    """Return the instance in a `.vrp` file; its solution lies in the folder beside."""
    instance = read_instance(path.read_text(encoding="utf-8"))
    day = day_of(instance, path.stem)
    solution = path.parent.parent / "solutions" / f"{path.stem}.sol"
    return Case(
        name=path.stem,
        day=day,
        best_known=known,
        cost_of=lambda plan: driven(instance, day, plan),
        bound_of=lambda plan: plan.bound_mc,
        published=(lambda: timed_again(day, read_routes(solution))) if solution.exists() else None,
        plan=lambda planner, seconds: planner(day, seconds),
    )


def day_of(instance: Instance, name: str) -> Problem:
    """Return an instance as a day; nurse k is vehicle k, visit and place ids are node numbers."""
    points, windows = instance.points(), instance.numbers("TIME_WINDOW_SECTION")
    service, demand = instance.numbers("SERVICE_TIME_SECTION"), instance.numbers("DEMAND_SECTION")
    depots = [int(row[0]) for row in instance.sections.get("DEPOT_SECTION", [["1"]])]
    nurses = tuple(_vehicles(instance, windows, depots[0]))
    clients = [node for node in points if node not in depots]
    allowed = _allowed(instance, len(nurses), clients)
    return Problem(
        label=name,
        horizon=Window(begin_s=0, end_s=max(end for _, end in windows.values()) * SCALE),
        places=tuple(Place(id=str(node)) for node in points),
        travel=TravelMatrix(
            places=tuple(str(node) for node in points),
            seconds=tuple(
                tuple(round(SCALE * math.dist(here, there)) for there in points.values())
                for here in points.values()
            ),
        ),
        weights=DISTANCE_ONLY,
        nurses=nurses,
        visits=tuple(
            Visit(
                id=str(node),
                place=str(node),
                windows=(Window(begin_s=windows[node][0] * SCALE, end_s=windows[node][1] * SCALE),),
                service_s=service[node][0] * SCALE,
                units=demand[node][0],
                penalty_mc=LEFT_OUT,
                ineligible={
                    nurse.id: ("skill_missing",)
                    for index, nurse in enumerate(nurses)
                    if node not in allowed[index]
                },
            )
            for node in clients
        ),
    )


def _vehicles(instance: Instance, windows: dict[int, list[int]], depot: int) -> Iterator[Nurse]:
    count = int(instance.header["VEHICLES"])
    homes = dict.fromkeys(range(1, count + 1), depot)
    if "VEHICLES_DEPOT_SECTION" in instance.sections:
        homes = {k: row[0] for k, row in instance.numbers("VEHICLES_DEPOT_SECTION").items()}
    if "CAPACITY_SECTION" in instance.sections:
        capacity = {k: row[0] for k, row in instance.numbers("CAPACITY_SECTION").items()}
    else:
        capacity = dict.fromkeys(homes, int(instance.header["CAPACITY"]))
    longest = instance.header.get("VEHICLES_MAX_DURATION")
    for vehicle, home in homes.items():
        yield Nurse(
            id=f"vehicle {vehicle}",
            start_place=str(home),
            end_place=str(home),
            shift=Window(begin_s=windows[home][0] * SCALE, end_s=windows[home][1] * SCALE),
            max_duration_s=int(longest) * SCALE if longest else None,
            lock_box_units=capacity[vehicle],
            stock_units=capacity[vehicle],
            max_pickups=0,
        )


def _allowed(instance: Instance, vehicles: int, clients: list[int]) -> list[set[int]]:
    section = "VEHICLES_ALLOWED_CLIENTS_SECTION"
    if section not in instance.sections:
        return [set(clients)] * vehicles
    rows = instance.numbers(section)
    return [set(rows[vehicle]) for vehicle in range(1, vehicles + 1)]


def driven(instance: Instance, day: Problem, plan: Plan) -> float | None:
    """Return the length of a plan's routes by the family's arcs; None if a client is left out."""
    if plan.unassigned:
        return None
    points, total = instance.points(), 0
    for route in plan.routes:
        nodes = [day.nurse[route.nurse].start_place, *route.visits, day.nurse[route.nurse].end_place]
        total += sum(
            round(SCALE * math.dist(points[int(here)], points[int(there)])) for here, there in pairwise(nodes)
        )
    return total


def timed_again(day: Problem, routes: Sequence[Sequence[int]]) -> float | None:
    """Return what our exact timing says these routes cost, None if one of them cannot be kept.

    Proves that the encoding is the family's own problem. The number c in a solution means node c + 1;
    stops at the depot (0) on the way are left to the timing.
    """
    index = DayIndex(day)
    roster = Roster(index)
    for nurse, route in enumerate(routes):
        visits = [index.visit_at[str(client + 1)] for client in route if client]
        if not all(index.allowed[nurse][visit] for visit in visits) or not roster.set_route(nurse, visits):
            return None
    return roster.total_mc

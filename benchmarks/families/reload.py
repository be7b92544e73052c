"""mtvrptw-reload as days: vehicles that load at the depot as often as they like, goods that are ready late.

The family counts floor(10 x Euclidean) as distance and as time, so a second here is a tenth of its unit. The
depot is a pharmacy where collecting takes no time; a vehicle leaves home with an empty lock-box, collects
there at once, and calls again to reload. A client's release time is when its stock is ready: the trip that
carries it leaves not earlier.
"""

import math
from itertools import pairwise
from pathlib import Path

from benchmarks.families.case import LEFT_OUT, Case
from benchmarks.families.vehicles import DISTANCE_ONLY, timed_again
from benchmarks.vrplib import Instance, read_instance, read_routes
from routing.plan import Plan
from routing.problem import Nurse, Pharmacy, Place, Problem, Visit, Window
from routing.travel import TravelMatrix

SCALE = 10
DEPOT = 1


def read_case(path: Path, known: float | None) -> Case:
    """Return the instance in a `.vrp` file; its solution lies in the folder beside."""
    instance = read_instance(path.read_text(encoding="utf-8"))
    day = day_of(instance, path.stem)
    solution = path.parent.parent / "solutions" / f"{path.stem}.sol"
    return Case(
        name=path.stem,
        day=day,
        best_known=known,
        cost_of=lambda plan: driven(instance, plan),
        bound_of=lambda plan: plan.bound_mc,
        published=(lambda: timed_again(day, read_routes(solution))) if solution.exists() else None,
        plan=lambda planner, seconds: planner(day, seconds),
    )


def day_of(instance: Instance, name: str) -> Problem:
    """Return an instance as a day; visit and place ids are node numbers."""
    points, windows = instance.points(), instance.numbers("TIME_WINDOW_SECTION")
    demand, release = instance.numbers("DEMAND_SECTION"), instance.numbers("RELEASE_TIME_SECTION")
    capacity, service = int(instance.header["CAPACITY"]), int(instance.header["SERVICE_TIME"])
    clients = [node for node in points if node != DEPOT]
    opens, closes = windows[DEPOT]
    hours = Window(begin_s=opens * SCALE, end_s=closes * SCALE)
    return Problem(
        label=name,
        horizon=Window(begin_s=0, end_s=max(end for _, end in windows.values()) * SCALE),
        places=tuple(Place(id=str(node)) for node in points),
        travel=TravelMatrix(
            places=tuple(str(node) for node in points),
            seconds=tuple(tuple(arc(here, there) for there in points.values()) for here in points.values()),
        ),
        weights=DISTANCE_ONLY,
        pharmacies=(Pharmacy(id="depot", place=str(DEPOT), open=(hours,), handling_s=0),),
        nurses=tuple(
            Nurse(
                id=f"vehicle {number + 1}",
                start_place=str(DEPOT),
                end_place=str(DEPOT),
                shift=hours,
                lock_box_units=capacity,
                max_pickups=len(clients),
            )
            for number in range(int(instance.header["VEHICLES"]))
        ),
        visits=tuple(
            Visit(
                id=str(node),
                place=str(node),
                windows=(Window(begin_s=windows[node][0] * SCALE, end_s=windows[node][1] * SCALE),),
                service_s=service * SCALE,
                units=demand[node][0],
                ready_s=release[node][0] * SCALE or None,
                penalty_mc=LEFT_OUT,
            )
            for node in clients
        ),
    )


def arc(here: tuple[float, float], there: tuple[float, float]) -> int:
    """Return the length of an arc, cut down to tenths."""
    return math.floor(SCALE * math.dist(here, there))


def driven(instance: Instance, plan: Plan) -> float | None:
    """Return the length of a plan's trips by the family's arcs; None if a client is left out.

    A trip ends where the next begins: at the depot. None also if one carries too much or leaves before
    all that it carries is released.
    """
    if plan.unassigned:
        return None
    points, total = instance.points(), 0
    demand, release = instance.numbers("DEMAND_SECTION"), instance.numbers("RELEASE_TIME_SECTION")
    for route in plan.routes:
        nodes, leaves_s, load = [DEPOT], 0, 0
        for stop in route.stops:
            if stop.kind == "pickup":
                nodes, leaves_s, load = [*nodes, DEPOT], stop.end_s, 0
            elif stop.kind == "visit":
                node = int(stop.ref)
                nodes.append(node)
                load += demand[node][0]
                if load > int(instance.header["CAPACITY"]) or release[node][0] * SCALE > leaves_s:
                    return None
        total += sum(arc(points[here], points[there]) for here, there in pairwise([*nodes, DEPOT]))
    return total

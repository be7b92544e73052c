"""vrptw-solomon as days: identical vehicles at one depot, total distance, at most the vehicles given.

The family counts Euclidean distance in double precision, as travel time too. A day counts whole seconds;
a second here is a thousandth of the family's unit, and each drive is cut down to whole thousandths. So

- the day's bound is a bound of the family: whatever keeps its times in the family keeps them in the day,
  at no more cost;
- a plan's times may be short by less than a thousandth an arc. Its cost is therefore reckoned again in
  double precision, and a plan that is late anywhere by more than `ROUNDING` has no cost.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from benchmarks.families.case import LEFT_OUT, Case
from benchmarks.families.vehicles import DISTANCE_ONLY
from routing.plan import Plan
from routing.problem import Nurse, Place, Problem, Visit, Window
from routing.travel import TravelMatrix

SCALE = 1000
ROUNDING = 0.05  # of windows that are hundreds long: 50 arcs cut down by a thousandth each
DEPOT = 0


class Customer(NamedTuple):
    """One line of an instance; the depot is the first."""

    number: int
    x: float
    y: float
    demand: int
    ready: int
    due: int
    service: int


class Instance(NamedTuple):
    """A Solomon file."""

    name: str
    vehicles: int
    capacity: int
    customers: Sequence[Customer]


def read_case(path: Path, known: float | None) -> Case:
    """Return the instance in a file of Solomon's form; no solutions are published beside these."""
    instance = read_instance(path.read_text(encoding="utf-8"))
    day = day_of(instance)
    return Case(
        name=path.stem,
        day=day,
        best_known=known,
        cost_of=lambda plan: length(instance, plan),
        bound_of=lambda plan: None if plan.bound_mc is None else plan.bound_mc / SCALE,
        plan=lambda planner, seconds: planner(day, seconds),
    )


def read_instance(text: str) -> Instance:
    """Parse a Solomon file: its name, a line of two numbers, then lines of seven."""
    rows = [line.split() for line in text.splitlines() if line.split()]
    numbers = [row for row in rows[1:] if all(word.lstrip("-").replace(".", "", 1).isdigit() for word in row)]
    (vehicles, capacity), customers = numbers[0], numbers[1:]
    return Instance(
        rows[0][0],
        int(vehicles),
        int(capacity),
        [
            Customer(int(row[0]), float(row[1]), float(row[2]), *(int(float(word)) for word in row[3:7]))
            for row in customers
        ],
    )


def day_of(instance: Instance) -> Problem:
    """Return an instance as a day; visit and place ids are customer numbers."""
    depot, *clients = instance.customers
    names = tuple(str(customer.number) for customer in instance.customers)
    return Problem(
        label=instance.name,
        horizon=Window(begin_s=0, end_s=max(customer.due for customer in instance.customers) * SCALE),
        places=tuple(Place(id=name) for name in names),
        travel=TravelMatrix(
            places=names,
            seconds=tuple(
                tuple(math.floor(SCALE * distance(here, there)) for there in instance.customers)
                for here in instance.customers
            ),
        ),
        weights=DISTANCE_ONLY,
        nurses=tuple(
            Nurse(
                id=f"vehicle {number + 1}",
                start_place=str(DEPOT),
                end_place=str(DEPOT),
                shift=Window(begin_s=depot.ready * SCALE, end_s=depot.due * SCALE),
                lock_box_units=instance.capacity,
                stock_units=instance.capacity,
                max_pickups=0,
            )
            for number in range(instance.vehicles)
        ),
        visits=tuple(
            Visit(
                id=str(client.number),
                place=str(client.number),
                windows=(Window(begin_s=client.ready * SCALE, end_s=client.due * SCALE),),
                service_s=client.service * SCALE,
                units=client.demand,
                penalty_mc=LEFT_OUT,
            )
            for client in clients
        ),
    )


def distance(here: Customer, there: Customer) -> float:
    """Return the Euclidean distance, which is the travel time too."""
    return math.dist((here.x, here.y), (there.x, there.y))


def length(instance: Instance, plan: Plan) -> float | None:
    """Return the length of a plan's routes in double precision; None if a client is left out or late."""
    if plan.unassigned:
        return None
    depot, total = instance.customers[DEPOT], 0.0
    for route in plan.routes:
        at, load = float(depot.ready), 0
        stops = [depot, *(instance.customers[int(visit)] for visit in route.visits), depot]
        for here, there in pairwise(stops):
            total += distance(here, there)
            at = max(at + here.service + distance(here, there), float(there.ready))
            load += there.demand
            if at > there.due + ROUNDING or load > instance.capacity:
                return None
    return total

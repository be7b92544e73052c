"""Public instances as days: sdvrptw-skills (who may visit whom) and mdvrptw (each her own home).

Both count total distance, each arc round(1000 x Euclidean), and time in the same thousandths. As a day:
travel is that matrix at a price of one a second, nothing else is priced; capacity is stock on board at
the start; a vehicle's allowed clients are eligibility; its longest duration is the nurse's. A client left
out costs far more than any route, so a full plan's cost *is* the family's objective.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.vrplib import Instance, read_instance, read_routes
from routing.engine.index import DayIndex
from routing.engine.roster import Roster
from routing.engine.solve import solve
from routing.plan import Plan
from routing.problem import Nurse, Place, Problem, Visit, Weights, Window
from routing.travel import TravelMatrix

FAMILIES = ("sdvrptw-skills", "mdvrptw")
SCALE = 1000
LEFT_OUT = 10**9


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One instance and one run."""

    name: str
    clients: int
    vehicles: int
    cost: int
    best_known: int
    unassigned: int
    seconds: float

    @property
    def ratio(self) -> float | None:
        """Cost over best known; None while clients are left out."""
        return None if self.unassigned else self.cost / self.best_known


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
        weights=Weights(travel_mc_per_s=1, idle_mc_per_s=0, overtime_mc_per_s=0),
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


def instances(data: Path, family: str) -> list[Path]:
    """Return a family's instance files in the order of their names."""
    return sorted((data / family / "instances").glob("*.vrp"))


def best_known(data: Path, family: str) -> dict[str, int]:
    """Return the published costs by instance name."""
    stated = json.loads((data / family / "bks.json").read_text(encoding="utf-8"))
    return {name: round(entry["cost"]) for name, entry in stated.items()}


def measure(path: Path, known: int, seconds: float, seed: int, engine: str) -> tuple[Measured, Plan]:
    """Solve one instance; the plan has passed `routing.check`, as every plan of `solve` has."""
    problem = day_of(read_instance(path.read_text(encoding="utf-8")), path.stem)
    plan = solve(problem, seconds=seconds, seed=seed, engine=engine)
    measured = Measured(
        name=path.stem,
        clients=len(problem.visits),
        vehicles=len(problem.nurses),
        cost=plan.cost.travel_mc,
        best_known=known,
        unassigned=len(plan.unassigned),
        seconds=plan.seconds,
    )
    return measured, plan


def cost_of_published(path: Path, solution: Path) -> int | None:
    """Return what our exact timing says the published routes cost, None if it cannot keep one of them.

    Proves that the encoding is the family's own problem. The number c in a solution means node c + 1.
    """
    instance = read_instance(path.read_text(encoding="utf-8"))
    problem = day_of(instance, path.stem)
    day = DayIndex(problem)
    roster = Roster(day)
    for nurse, route in enumerate(read_routes(solution)):
        visits = [day.visit_at[str(client + 1)] for client in route]
        if not all(day.allowed[nurse][visit] for visit in visits) or not roster.set_route(nurse, visits):
            return None
    return roster.total_mc

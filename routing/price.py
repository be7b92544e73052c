"""What a plan costs: the single source. Every engine's cost is what this file says of its plan."""

from collections import Counter

from routing.plan import CostTerms, Plan, Route
from routing.problem import Problem
from routing.rules.reading import RouteReading


def price(problem: Problem, plan: Plan) -> CostTerms:
    """Return the plan's cost, term by term, in mc.

    Raises
    ------
    KeyError
        If a route names what the day does not know; `routing.check.violations` says so first.
    """
    left = {entry.visit for entry in plan.unassigned}
    total = CostTerms(unassigned_mc=sum(visit.penalty_mc for visit in problem.visits if visit.id in left))
    for route in plan.routes:
        total = total.plus(price_route(problem, route))
    return total


def price_route(problem: Problem, route: Route) -> CostTerms:
    """Return what one route costs.

    Idle is all time between leaving and being back that is neither driving, service, counter nor break; on
    a running day it counts from when the nurse became free. Frozen stops cost nothing: they are past.
    """
    weights, reading = problem.weights, RouteReading(problem, route)
    nurse = reading.nurse
    drive_s = sum(leg.drive_s for leg in reading.legs)
    busy_s = sum(stop.end_s - stop.begin_s for stop in (*reading.visits, *reading.counters))
    rest_s = sum(
        rest.end_s - rest.begin_s
        for rest in reading.rests
        if reading.leaves_s <= rest.begin_s < reading.end.arrive_s
    )
    idle_s = reading.end.arrive_s - reading.leaves_s - drive_s - busy_s - rest_s
    load_s = sum(problem.visit[visit].service_s for visit in route.visits)
    unfair_s = 0 if nurse.fair_load_s is None else max(0, load_s - nurse.fair_load_s)
    return CostTerms(
        travel_mc=weights.travel_mc_per_s * drive_s,
        idle_mc=weights.idle_mc_per_s * idle_s,
        overtime_mc=weights.overtime_mc_per_s * max(0, reading.end.arrive_s - nurse.shift.end_s),
        continuity_mc=sum(problem.visit[visit].nurse_cost_mc(nurse.id) for visit in route.visits),
        fairness_mc=weights.fairness_mc_per_s * unfair_s,
    )


def worked_s(problem: Problem, plan: Plan) -> Counter[str]:
    """Return the plan's seconds: ``travel``, ``idle``, ``overtime``, ``service``."""
    seconds: Counter[str] = Counter(travel=0, idle=0, overtime=0, service=0)
    for route in plan.routes:
        seconds.update(worked_route_s(problem, route))
    return seconds


def worked_route_s(problem: Problem, route: Route) -> dict[str, int]:
    """Return the seconds of one route, named as in `worked_s`."""
    reading = RouteReading(problem, route)
    drive_s = sum(leg.drive_s for leg in reading.legs)
    service_s = sum(stop.end_s - stop.begin_s for stop in reading.visits)
    counter_s = sum(stop.end_s - stop.begin_s for stop in reading.counters)
    rest_s = sum(
        rest.end_s - rest.begin_s
        for rest in reading.rests
        if reading.leaves_s <= rest.begin_s < reading.end.arrive_s
    )
    return {
        "travel": drive_s,
        "idle": reading.end.arrive_s - reading.leaves_s - drive_s - service_s - counter_s - rest_s,
        "overtime": max(0, reading.end.arrive_s - reading.nurse.shift.end_s),
        "service": service_s,
    }

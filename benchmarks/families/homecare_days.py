"""How the home care families become days, in rounds; and what their objectives need that a day does not have.

As it is: skills and refusals (eligibility), homes and shifts, asymmetric drives, and double visits begun
together. Three things a day does not have, so they are written closer, and a solution of the day is always
one of the instance:

- *Windows that may be missed at a price.* A day's windows are hard. The first round keeps them; visits that
  are left out may then be later and later until all are made, and never later than in the best plan so far.
- *Ordered double visits*, whose begins lie between a least and a most gap apart. Two windows narrow enough
  that any two begins in them keep the gap: laid anywhere at first, then around the best begins so far.
- *Two different caregivers for those*: whoever made both is barred from one of them from then on.

The best round counts, by the family's reckoning of its routes. The bound is none: a narrower day proves
nothing about the instance.

Objectives. hhcrsp-mankowska: (travel + tardiness + largest tardiness) / 3. hhcrsp-extended fixes none; here
its minutes of travel, tardiness, largest tardiness and extra time are added, each with weight one, for the
published vectors as for ours. In the days, travel and overtime cost one a second, and lateness nothing.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.families.case import LEFT_OUT, Case, Planner
from benchmarks.families.homecare import (
    Instance,
    Patient,
    Reckoned,
    Service,
    read_instance,
    read_solution,
    reckon,
)
from routing.plan import Plan
from routing.problem import Nurse, Place, Problem, Visit, Weights, Window
from routing.travel import TravelMatrix

SCALE = 1000  # seconds of the day in a unit of the instance: its drives have three decimals
LATEST = 3000  # units; no schedule worth having is longer
ROUNDS, MOST_ROUNDS = 8, 200  # a round has at most this part of the time
LESS = (0.0, 0.3, 0.6, 1.0)  # how much of its lateness a visit may keep, once all are made
SLOT = 0.3  # of a window: where both halves of a double visit are to begin
A_VISIT_S, LEAST_S, SHORTEST_S = 0.03, 1.0, 0.2  # and so many seconds a visit
LATE = (15.0, 40.0, 80.0, 150.0, 300.0, 1000.0)  # how late a visit that was left may be, round by round
WEIGHTS = Weights(travel_mc_per_s=1, idle_mc_per_s=0, overtime_mc_per_s=1)

Objective = Callable[[Reckoned], float]


def mankowska(path: Path, known: float | None) -> Case:
    """Return an instance of hhcrsp-mankowska."""
    return _case(
        path,
        known,
        lambda found: (found.travel + found.tardiness + found.largest_tardiness) / 3,
    )


def extended(path: Path, known: float | None) -> Case:
    """Return an instance of hhcrsp-extended."""
    return _case(
        path,
        known,
        lambda found: found.travel + found.tardiness + found.largest_tardiness + found.extra,
    )


def published_sum(vector: Mapping[str, float]) -> float:
    """Return what a published vector of hhcrsp-extended comes to in our objective."""
    names = ("TravelTime", "TotalTardiness", "HighestTardiness", "TotalExtraTime")
    return sum(vector[f"EHHC_{name}"] for name in names)


def _case(path: Path, known: float | None, objective: Objective) -> Case:
    instance = read_instance(path)
    solution = path.parent.parent / "solutions" / path.name

    def cost_of(plan: Plan) -> float | None:
        found = reckon(instance, services_of(plan))
        return None if found is None else round(objective(found), 3)

    def published() -> float | None:
        found = reckon(instance, read_solution(solution))
        return None if found is None else round(objective(found), 3)

    return Case(
        name=path.stem,
        day=day_of(instance, {}, {}, frozenset()),
        best_known=known,
        cost_of=cost_of,
        bound_of=lambda _: None,
        published=published if solution.exists() else None,
        plan=lambda planner, seconds: _in_rounds(instance, objective, planner, seconds),
    )


def services_of(plan: Plan) -> dict[str, list[Service]]:
    """Return a plan's routes as services."""
    return {route.nurse: [_service(visit) for visit in route.visits] for route in plan.routes}


def _in_rounds(instance: Instance, objective: Objective, planner: Planner, seconds: float) -> Plan:
    """Return the best plan of many days, most of them laid around the best so far, until the time is up."""
    draw = random.Random(instance.name)
    best: tuple[float, Plan, Reckoned] | None = None
    barred: frozenset[tuple[str, Service]] = frozenset()
    late: dict[str, float] = {}
    until_s = time.monotonic() + seconds
    for number in range(MOST_ROUNDS):
        left_s = until_s - time.monotonic()
        if number and left_s < SHORTEST_S:
            break
        around = {} if best is None else _kept(instance, best[2], draw)
        allowed = late if best is None else {name: more * draw.choice(LESS) for name, more in late.items()}
        day = day_of(instance, allowed, around, barred, draw)
        plan = planner(day, min(left_s, seconds / ROUNDS, max(LEAST_S, A_VISIT_S * len(day.visits))))
        barred |= frozenset(_alone(instance, plan))
        found = reckon(instance, services_of(plan))
        if found is not None and (best is None or objective(found) < best[0]):
            best = objective(found), plan, found
            late = lateness(instance, found)
        elif best is None:
            left = {_service(entry.visit)[0] for entry in plan.unassigned}
            late = {
                patient.id: _later(late.get(patient.id, 0.0), patient.id in left)
                for patient in instance.patients
            }
    return best[1] if best else plan


def _later(late: float, left: bool) -> float:
    """Return how late a visit may be next: the next step for who was left out, little for all others."""
    return next((more for more in LATE if more > late), LATE[-1]) if left else max(late, LATE[0])


def lateness(instance: Instance, found: Reckoned) -> dict[str, float]:
    """Return how late patients are visited, each of the later of her services."""
    return {
        patient.id: max(
            max(0.0, found.begins[patient.id, service] - patient.window[1]) for service, _ in patient.services
        )
        for patient in instance.patients
    }


def _kept(instance: Instance, found: Reckoned, draw: random.Random) -> dict[Service, float]:
    """Return the begins that the next day is laid around: all of a patient's, of most patients."""
    share = draw.choice([0.0, 0.5, 0.8, 1.0])
    kept = {patient.id for patient in instance.patients if draw.random() < share}
    return {service: begin for service, begin in found.begins.items() if service[0] in kept}


def _alone(instance: Instance, plan: Plan) -> Iterator[tuple[str, Service]]:
    """Yield who made both halves of a double visit, with the half that more others can make."""
    for route in plan.routes:
        made = {_service(visit) for visit in route.visits}
        for patient in instance.patients:
            halves = [(patient.id, service) for service, _ in patient.services]
            if len(halves) > 1 and made.issuperset(halves):
                yield route.nurse, max(halves, key=lambda half: _able(instance, half[1]))


def _able(instance: Instance, service: str) -> int:
    return sum(service in caregiver.abilities for caregiver in instance.caregivers)


def day_of(
    instance: Instance,
    late: Mapping[str, float],
    begins: Mapping[Service, float],
    barred: frozenset[tuple[str, Service]],
    draw: random.Random | None = None,
) -> Problem:
    """Return a day of the instance.

    Parameters
    ----------
    late
        Patient -> how much later than her window she may be visited, in the instance's unit.
    begins
        What is known of when services begin; their windows hold those begins.
    barred
        Caregivers and services to keep apart.
    draw
        Draws where the windows of ordered double visits lie; in the middle without.
    """
    names = tuple(str(place) for place in range(len(instance.distance)))
    latest = Window(begin_s=0, end_s=LATEST * SCALE)
    nurses = tuple(
        Nurse(
            id=caregiver.id,
            start_place=str(caregiver.place),
            end_place=str(caregiver.place),
            shift=_window(*caregiver.shift) if caregiver.shift else latest,
            overtime_limit_s=LATEST * SCALE,
        )
        for caregiver in instance.caregivers
    )
    return Problem(
        label=instance.name,
        horizon=latest,
        places=tuple(Place(id=name) for name in names),
        travel=TravelMatrix(
            places=names, seconds=tuple(tuple(round(SCALE * d) for d in row) for row in instance.distance)
        ),
        weights=WEIGHTS,
        nurses=nurses,
        visits=tuple(
            Visit(
                id=_visit(patient.id, service),
                place=str(patient.place),
                windows=(window,),
                service_s=round(SCALE * duration),
                penalty_mc=LEFT_OUT,
                ineligible=dict(_reasons(instance, patient, service, barred)),
            )
            for patient in instance.patients
            for (service, duration), window in zip(
                patient.services, _windows(patient, late.get(patient.id, 0.0), begins, draw), strict=True
            )
        ),
        double_visits=tuple(
            (_visit(patient.id, patient.services[0][0]), _visit(patient.id, patient.services[1][0]))
            for patient in instance.patients
            if patient.gap == (0.0, 0.0)
        ),
    )


def _windows(
    patient: Patient, late: float, begins: Mapping[Service, float], draw: random.Random | None
) -> list[Window]:
    """Return a window for each of a patient's services, around their begins where these are known."""
    opens, closes = patient.window
    known = [begins.get((patient.id, service)) for service, _ in patient.services]
    closes = max(closes + late, *(begin for begin in known if begin is not None), opens)
    if patient.gap is None:
        return [_window(opens, closes) for _ in known]
    least, most = patient.gap
    first, then = known
    if most == 0:
        begin = first
        if begin is None:
            begin = opens + (closes - opens) * draw.random() if draw else opens
        reach = (closes - opens) * (draw.choice([SLOT, 1.0]) if draw else 1.0)
        return [_window(max(opens, begin - reach), min(closes, begin + reach))] * 2
    if first is None or then is None:
        spare = max(0.0, closes - most - opens)
        begin = opens + spare * (draw.choice([0.0, 0.25, 0.5, 0.75, 1.0]) if draw else 0.5)
        wide = (most - least) * (draw.choice([0.2, 0.5, 0.8]) if draw else 0.5)
        return [_window(begin, begin + wide), _window(begin + wide + least, begin + most)]
    early, slack = (most - (then - first)) / 2, ((then - first) - least) / 2
    begin = max(opens, first - early)
    return [_window(begin, first + slack), _window(max(opens, then - slack), begin + most)]


def _window(begin: float, end: float) -> Window:
    """Return a window in seconds of the day; a begin on its edge stays inside in spite of rounding."""
    return Window(begin_s=round(SCALE * begin), end_s=max(round(SCALE * begin), round(SCALE * end)))


def _reasons(
    instance: Instance, patient: Patient, service: str, barred: frozenset[tuple[str, Service]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for caregiver in instance.caregivers:
        reasons = []
        if service not in caregiver.abilities:
            reasons.append("skill_missing")
        if caregiver.id in patient.refused:
            reasons.append("patient_excluded")
        if (caregiver.id, (patient.id, service)) in barred:
            reasons.append("makes_the_other_half")
        if reasons:
            yield caregiver.id, tuple(reasons)


def _visit(patient: str, service: str) -> str:
    return json.dumps([patient, service])


def _service(visit: str) -> Service:
    patient, service = json.loads(visit)
    return patient, service

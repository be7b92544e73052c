"""hhcrsp-mankowska and hhcrsp-extended: home care with skills, double visits and windows that may be missed.

The instance and the family's own reckoning; `homecare_days` makes days of it.

A route is an order of services. Whatever the order, there is one earliest schedule: every service begins as
soon as its window is open, its caregiver is there and the other half of a double visit allows. It is the
least solution of a system of differences (t_j >= t_i + d), so no schedule of the same routes is less late,
neither in sum nor at worst; the lengths are the same. So routes are reckoned at their earliest schedule.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

MOST_PASSES = 10_000
EXACT = 1e-9
FAR = 1e7  # no begin is later: the order of the routes runs in a circle

Service = tuple[str, str]  # patient and service


@dataclass(frozen=True, kw_only=True)
class Caregiver:
    """Who can do what, from where; `shift` is None where the family knows none."""

    id: str
    abilities: frozenset[str]
    place: int
    shift: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class Patient:
    """One or two services at one place. `gap` is the least and most time between the two begins."""

    id: str
    place: int
    window: tuple[float, float]
    services: tuple[tuple[str, float], ...]
    gap: tuple[float, float] | None
    refused: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An instance; `distance` rows and columns are places."""

    name: str
    patients: Sequence[Patient]
    caregivers: Sequence[Caregiver]
    distance: Sequence[Sequence[float]]


@dataclass(frozen=True, kw_only=True)
class Reckoned:
    """What routes come to, in the instance's unit of time; `largest_waiting` is one caregiver's in all."""

    travel: float
    tardiness: float
    largest_tardiness: float
    waiting: float
    largest_waiting: float
    extra: float
    begins: Mapping[Service, float]


def read_instance(path: Path) -> Instance:
    """Read an instance of either family."""
    stated = json.loads(path.read_text(encoding="utf-8"))
    points = stated.get("departing_points") or stated["central_offices"]
    place_of = {point["id"]: index for index, point in enumerate(points)}
    default = {service["id"]: service.get("default_duration") for service in stated["services"]}
    patients = []
    for index, entry in enumerate(stated["patients"]):
        link = entry.get("synchronization") or {}
        gap = (0.0, 0.0) if link and link["type"] == "simultaneous" else link.get("distance")
        patients.append(
            Patient(
                id=entry["id"],
                place=entry.get("distance_matrix_index", len(points) + index),
                window=(entry["time_window"][0], entry["time_window"][1]),
                services=tuple(
                    (need["service"], need.get("duration", default[need["service"]]))
                    for need in entry["required_caregivers"]
                ),
                gap=(gap[0], gap[1]) if gap else None,
                refused=frozenset(entry.get("incompatible_caregivers", ())),
            )
        )
    caregivers = []
    for entry in stated["caregivers"]:
        shift = entry.get("working_shift")
        start = place_of[entry["starting_point_id"]] if "starting_point_id" in entry else 0
        caregivers.append(
            Caregiver(
                id=entry["id"],
                abilities=frozenset(entry["abilities"]),
                place=entry.get("distance_matrix_index", start),
                shift=(shift[0], shift[1]) if shift else None,
            )
        )
    return Instance(name=path.stem, patients=patients, caregivers=caregivers, distance=stated["distances"])


def read_solution(path: Path) -> dict[str, list[Service]]:
    """Read the published routes, a list of services a caregiver."""
    stated = json.loads(path.read_text(encoding="utf-8"))
    return {
        route["caregiver_id"]: [(stop["patient"], stop["service"]) for stop in route.get("locations", ())]
        for route in stated["routes"]
    }


def reckon(instance: Instance, routes: Mapping[str, Sequence[Service]]) -> Reckoned | None:
    """Return what routes come to at their earliest schedule.

    None if a service is not made exactly once, by somebody who may, a double visit by one caregiver, or the
    order of the routes allows no schedule.
    """
    if not _are_allowed(instance, routes):
        return None
    begins = _earliest(instance, routes)
    if begins is None:
        return None
    at = {patient.id: patient for patient in instance.patients}
    late = [max(0.0, begin - at[patient].window[1]) for (patient, _), begin in begins.items()]
    travel = extra = 0.0
    waits = [0.0]
    for caregiver in instance.caregivers:
        route = routes.get(caregiver.id, ())
        if not route:
            continue
        places = [caregiver.place, *(at[patient].place for patient, _ in route), caregiver.place]
        travel += sum(instance.distance[here][there] for here, there in pairwise(places))
        ends = [begins[service] + _duration(at[service[0]], service) for service in route]
        waits.append(
            sum(
                begins[then] - end - instance.distance[at[first[0]].place][at[then[0]].place]
                for (first, then), end in zip(pairwise(route), ends[:-1], strict=True)
            )
        )
        if caregiver.shift:
            home = ends[-1] + instance.distance[at[route[-1][0]].place][caregiver.place]
            extra += max(0.0, home - caregiver.shift[1])
    return Reckoned(
        travel=travel,
        tardiness=sum(late),
        largest_tardiness=max(late, default=0.0),
        waiting=sum(waits),
        largest_waiting=max(waits),
        extra=extra,
        begins=begins,
    )


def _are_allowed(instance: Instance, routes: Mapping[str, Sequence[Service]]) -> bool:
    by = {service: caregiver for caregiver, route in routes.items() for service in route}
    wanted = {
        (patient.id, service): patient for patient in instance.patients for service, _ in patient.services
    }
    if by.keys() != wanted.keys() or sum(len(route) for route in routes.values()) != len(wanted):
        return False
    able = {caregiver.id: caregiver.abilities for caregiver in instance.caregivers}
    return all(
        service[1] in able[caregiver] and caregiver not in wanted[service].refused
        for service, caregiver in by.items()
    ) and all(
        len({by[patient.id, service] for service, _ in patient.services}) == len(patient.services)
        for patient in instance.patients
    )


def _duration(patient: Patient, service: Service) -> float:
    return dict(patient.services)[service[1]]


def _earliest(instance: Instance, routes: Mapping[str, Sequence[Service]]) -> dict[Service, float] | None:
    """Return the earliest begins, by lifting each to what the others ask until nothing moves."""
    at = {patient.id: patient for patient in instance.patients}
    begins: dict[Service, float] = {}
    asked: list[tuple[Service, Service, float]] = []  # the second begins at least so long after the first
    for caregiver in instance.caregivers:
        route = routes.get(caregiver.id, ())
        for first in route[:1]:
            leaves = caregiver.shift[0] if caregiver.shift else 0.0
            begins[first] = leaves + instance.distance[caregiver.place][at[first[0]].place]
        for first, then in pairwise(route):
            drive = instance.distance[at[first[0]].place][at[then[0]].place]
            asked.append((first, then, _duration(at[first[0]], first) + drive))
    for patient in instance.patients:
        services = [(patient.id, service) for service, _ in patient.services]
        for service in services:
            begins[service] = max(begins.get(service, 0.0), patient.window[0])
        if patient.gap:
            asked.append((services[0], services[1], patient.gap[0]))
            asked.append((services[1], services[0], -patient.gap[1]))
    for _ in range(MOST_PASSES):
        moved = False
        for first, then, after in asked:
            if begins[first] + after > begins[then] + EXACT:
                begins[then], moved = begins[first] + after, True
        if not moved:
            return begins
        if max(begins.values()) > FAR:
            return None
    return None

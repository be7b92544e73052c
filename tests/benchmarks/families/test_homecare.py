"""Home care instances: routes reckoned at their earliest schedule, and days whose plans are solutions."""

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from benchmarks.families import homecare_days
from benchmarks.families.homecare import Instance, Service, read_instance, reckon
from benchmarks.families.homecare_days import day_of, extended, mankowska, published_sum, services_of
from benchmarks.public import FilePlanner, best_known
from routing.dayfile import read_day, write_day
from tests.builders.public_instances import HOMECARE, a_family

ROUTES: dict[str, list[Service]] = {
    "c1": [("p1", "a"), ("p2", "a"), ("p3", "a")],
    "c2": [("p2", "b"), ("p3", "b")],
}


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "instances" / "TINY.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(HOMECARE | changes), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homecare_days, "MOST_ROUNDS", 6)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return read_instance(written(tmp_path))


def test_routes_are_reckoned_at_their_earliest_schedule(instance: Instance) -> None:
    found = reckon(instance, ROUTES)
    assert found is not None
    assert found.begins == {
        ("p1", "a"): 5,
        ("p2", "a"): 40,
        ("p2", "b"): 40,
        ("p3", "a"): 60,
        ("p3", "b"): 80,
    }
    assert (found.travel, found.tardiness, found.extra) == (62, 0, 0)
    assert (found.waiting, found.largest_waiting) == ((20 + 4.5) + 24.5, 24.5)


def test_being_late_is_counted_in_sum_and_at_worst(tmp_path: Path) -> None:
    changed = copy.deepcopy(HOMECARE)
    changed["patients"][0]["time_window"] = [0, 2]  # type: ignore[index]
    changed["patients"][2]["time_window"] = [60, 75]  # type: ignore[index]
    found = reckon(read_instance(written(tmp_path, **changed)), ROUTES)
    assert found is not None
    assert (found.tardiness, found.largest_tardiness) == (3 + 5, 5)


def test_a_shift_begins_before_the_first_drive_and_what_comes_after_it_is_extra(tmp_path: Path) -> None:
    changed = copy.deepcopy(HOMECARE)
    changed["caregivers"][0]["working_shift"] = [20, 80]  # type: ignore[index]
    found = reckon(read_instance(written(tmp_path, **changed)), ROUTES)
    assert found is not None
    assert found.begins["p1", "a"] == 25
    assert found.extra == 60 + 10 + 15.5 - 80


@pytest.mark.parametrize(
    "routes",
    [
        {"c1": [("p1", "a"), ("p2", "a"), ("p3", "a")], "c2": [("p2", "b")]},
        {"c1": [("p1", "a"), ("p2", "a"), ("p3", "a"), ("p3", "b")], "c2": [("p2", "b")]},
        {"c1": [("p1", "a"), ("p2", "a")], "c2": [("p2", "b"), ("p3", "a"), ("p3", "b")]},
        {"c1": [("p1", "a"), ("p2", "a"), ("p3", "a")], "c2": [("p3", "b"), ("p2", "b")]},
    ],
    ids=["one is missing", "who may not", "one makes both", "no schedule"],
)
def test_routes_that_are_no_solution_come_to_nothing(
    instance: Instance, routes: dict[str, list[Service]]
) -> None:
    assert reckon(instance, routes) is None


def test_a_day_says_who_may_not_and_which_begin_together(instance: Instance) -> None:
    day = day_of(instance, {}, {}, frozenset({("c2", ("p1", "a"))}))
    assert day.visit['["p2", "b"]'].ineligible == {"c1": ("skill_missing",)}
    assert day.visit['["p1", "a"]'].ineligible == {"c2": ("makes_the_other_half",)}
    assert day.double_visits == (('["p2", "a"]', '["p2", "b"]'),)
    assert read_day(write_day(day)) == day


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_begun_in_the_windows_of_an_ordered_double_visit_keeps_its_gap(
    instance: Instance, seed: int
) -> None:
    begins: dict[Service, float] = {("p3", "a"): 65.5, ("p3", "b"): 85.5} if seed % 2 else {}
    day = day_of(instance, {}, begins, frozenset(), random.Random(seed))
    first, then = day.visit['["p3", "a"]'].windows[0], day.visit['["p3", "b"]'].windows[0]
    assert then.begin_s - first.end_s >= 20_000
    assert then.end_s - first.begin_s <= 40_000
    for service, begin in begins.items():
        assert day.visit[json.dumps(service)].windows[0].holds(round(begin * 1000))


def test_a_plan_of_many_rounds_is_a_solution_at_its_own_reckoning(tmp_path: Path) -> None:
    case = mankowska(written(tmp_path), 20.667)
    plan = case.plan(FilePlanner(tmp_path, engine="greedy", seed=0), 60.0)
    found = reckon(read_instance(written(tmp_path)), services_of(plan))
    assert found is not None
    assert case.cost_of(plan) == round((found.travel + found.tardiness + found.largest_tardiness) / 3, 3)


def test_who_cannot_be_visited_in_time_is_visited_late(tmp_path: Path) -> None:
    changed = copy.deepcopy(HOMECARE)
    changed["patients"][0]["time_window"] = [0, 2]  # type: ignore[index]
    case = mankowska(written(tmp_path, **changed), None)
    assert case.cost_of(case.plan(FilePlanner(tmp_path, engine="greedy", seed=0), 60.0)) is not None


def test_whoever_made_both_halves_is_kept_from_one(tmp_path: Path) -> None:
    alone = {"caregivers": [HOMECARE["caregivers"][1], {"id": "c3", "abilities": ["b"]}]}  # type: ignore[index]
    case = mankowska(written(tmp_path, **alone), None)
    plan = case.plan(FilePlanner(tmp_path, engine="greedy", seed=0), 60.0)
    assert case.cost_of(plan) is not None


def test_the_extended_family_adds_minutes_for_published_vectors_and_ours_alike(tmp_path: Path) -> None:
    vector = {
        "EHHC_TravelTime": 62,
        "EHHC_TotalTardiness": 0,
        "EHHC_HighestTardiness": 0,
        "EHHC_TotalExtraTime": 0,
        "EHHC_TotalWaitingTime": 49,
        "EHHC_MaxIdleTime": 24,
    }
    data = a_family(
        tmp_path,
        "hhcrsp-extended",
        {"TINY.json": json.dumps(HOMECARE)},
        solutions={
            "TINY.json": json.dumps(
                {
                    "routes": [
                        {
                            "caregiver_id": caregiver,
                            "locations": [
                                {"patient": patient, "service": service} for patient, service in route
                            ],
                        }
                        for caregiver, route in ROUTES.items()
                    ]
                }
            )
        },
        known={"TINY": {"best_known": vector}, "OTHER": {"best_known": None}},
    )
    assert published_sum(vector) == 62
    assert best_known(data / "hhcrsp-extended") == {"TINY": 62}
    case = extended(data / "hhcrsp-extended" / "instances" / "TINY.json", 62)
    assert case.published is not None
    assert case.published() == 62

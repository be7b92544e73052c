"""sdvrptw-skills and mdvrptw as days whose cost is the family's own objective."""

import pytest

from benchmarks.families.vehicles import day_of, driven, timed_again
from benchmarks.vrplib import read_instance
from routing.dayfile import read_day, write_day
from routing.engine.solve import solve
from tests.builders.public_instances import SKILLS, SKILLS_BEST


@pytest.mark.parametrize(
    ("routes", "cost"),
    [([[1, 2], [3]], SKILLS_BEST), ([[1, 2, 3], []], None), ([[], [1, 2, 3]], None)],
    ids=["published", "by whoever may not", "over capacity"],
)
def test_published_routes_are_timed_again(routes: list[list[int]], cost: float | None) -> None:
    assert timed_again(day_of(read_instance(SKILLS), "tiny"), routes) == cost


def test_each_vehicle_starts_from_its_own_depot() -> None:
    text = SKILLS.replace("EOF", "VEHICLES_DEPOT_SECTION\n1\t1\n2\t2\nDEPOT_SECTION\n1\n2\nEOF")
    problem = day_of(read_instance(text), "two depots")
    assert [nurse.start_place for nurse in problem.nurses] == ["1", "2"]
    assert [visit.id for visit in problem.visits] == ["3", "4"]


def test_an_instance_survives_the_day_file() -> None:
    problem = day_of(read_instance(SKILLS), "tiny")
    assert read_day(write_day(problem)) == problem


def test_a_plan_costs_its_arcs_and_nothing_while_a_client_is_left_out() -> None:
    instance = read_instance(SKILLS)
    day = day_of(instance, "tiny")
    assert driven(instance, day, solve(day, seconds=1, engine="greedy")) == SKILLS_BEST
    alone = day_of(read_instance(SKILLS.replace("2\t2\t3\t4\nEOF", "2\t2\t3\nEOF")), "nobody for 4")
    assert driven(instance, alone, solve(alone, seconds=1, engine="greedy")) is None

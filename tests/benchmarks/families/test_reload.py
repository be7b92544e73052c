"""mtvrptw-reload as days: reloading is collecting stock, a release time is when it is ready."""

from dataclasses import replace

import pytest

from benchmarks.families.reload import day_of, driven
from benchmarks.families.vehicles import timed_again
from benchmarks.vrplib import read_instance
from routing.dayfile import read_day, write_day
from routing.engine.solve import solve
from routing.plan import Plan, Route, Stop
from routing.problem import StopKind
from tests.builders.public_instances import RELOAD, RELOAD_BEST

INSTANCE = read_instance(RELOAD)


def trips(*stops: tuple[StopKind, str, int]) -> Plan:
    timed = tuple(Stop(kind=kind, ref=ref, arrive_s=at, begin_s=at, end_s=at) for kind, ref, at in stops)
    return Plan(label="by hand", routes=(Route(nurse="vehicle 1", stops=timed),), unassigned=())


def test_an_instance_survives_the_day_file() -> None:
    day = day_of(INSTANCE, "tiny")
    assert [visit.ready_s for visit in day.visits] == [None, 400]
    assert read_day(write_day(day)) == day


@pytest.mark.parametrize(("route", "cost"), [([1, 0, 2], RELOAD_BEST), ([2, 0, 1], RELOAD_BEST)])
def test_published_trips_are_timed_again_with_reloads_where_they_are_needed(
    route: list[int], cost: float
) -> None:
    assert timed_again(day_of(INSTANCE, "tiny"), [route]) == cost


def test_a_client_who_must_be_served_before_its_goods_are_released_cannot_be() -> None:
    early = read_instance(RELOAD.replace("3\t0\t90", "3\t0\t41"))
    assert timed_again(day_of(early, "tiny"), [[1, 2]]) is None


def test_a_plan_is_planned_and_costs_its_trips() -> None:
    day = day_of(INSTANCE, "tiny")
    assert driven(INSTANCE, solve(day, seconds=2, engine="greedy")) == RELOAD_BEST


def test_a_plan_that_leaves_a_client_has_no_cost() -> None:
    day = day_of(INSTANCE, "tiny")
    assert driven(INSTANCE, solve(replace(day, nurses=()), seconds=1, engine="greedy")) is None


@pytest.mark.parametrize(
    ("stops", "cost"),
    [
        ([("pickup", "depot", 0), ("visit", "2", 50), ("pickup", "depot", 400), ("visit", "3", 414)], 128),
        ([("pickup", "depot", 0), ("visit", "2", 50), ("pickup", "depot", 399), ("visit", "3", 413)], None),
        ([("pickup", "depot", 400), ("visit", "2", 450), ("visit", "3", 510)], None),
    ],
    ids=["kept", "left before release", "too much at once"],
)
def test_trips_are_held_to_capacity_and_release(
    stops: list[tuple[StopKind, str, int]], cost: float | None
) -> None:
    assert driven(INSTANCE, trips(*stops)) == cost

"""Solomon's files as days, and their plans reckoned again in double precision."""

import math
from dataclasses import replace

from benchmarks.families.solomon import day_of, length, read_instance
from routing.dayfile import read_day, write_day
from routing.engine.solve import solve
from routing.plan import Plan, Route, Stop
from tests.builders.public_instances import SOLOMON

ROOT_10, ROOT_2 = math.sqrt(10), math.sqrt(2)


def plan_of(*routes: tuple[str, ...]) -> Plan:
    return Plan(
        label="by hand",
        routes=tuple(
            Route(
                nurse=f"vehicle {number + 1}",
                stops=tuple(Stop(kind="visit", ref=ref, arrive_s=0, begin_s=0, end_s=0) for ref in refs),
            )
            for number, refs in enumerate(routes)
        ),
        unassigned=(),
    )


def test_an_instance_survives_the_day_file() -> None:
    day = day_of(read_instance(SOLOMON))
    assert read_day(write_day(day)) == day


def test_the_day_has_the_instances_vehicles_windows_and_thousandths_cut_down() -> None:
    day = day_of(read_instance(SOLOMON))
    assert [nurse.stock_units for nurse in day.nurses] == [10, 10]
    assert day.visit["2"].windows[0].end_s == 4_000
    assert day.drive_s("0", "1") == 1_414
    assert day.drive_s("0", "2") == 3_162


def test_a_plan_is_as_long_as_its_arcs_in_double_precision() -> None:
    instance = read_instance(SOLOMON)
    plan = solve(day_of(instance), seconds=1, engine="greedy")
    assert length(instance, plan) == ROOT_10 + 2 + ROOT_2


def test_a_route_that_is_late_or_too_full_has_no_length() -> None:
    instance = read_instance(SOLOMON)
    assert length(instance, plan_of(("1", "2"))) is None
    assert length(instance, plan_of(("2", "1"))) is not None
    heavy = instance._replace(capacity=9)
    assert length(heavy, plan_of(("2", "1"))) is None
    assert length(heavy, plan_of(("2",), ("1",))) is not None


def test_a_plan_that_leaves_a_customer_has_no_length() -> None:
    instance = read_instance(SOLOMON)
    day = day_of(instance)
    plan = solve(replace(day, nurses=()), seconds=1, engine="greedy")
    assert length(instance, plan) is None

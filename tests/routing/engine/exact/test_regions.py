"""Regions of a large day: everybody in one, nothing lost at their borders, a true bound of the whole."""

import pytest

from routing.check import violations
from routing.engine.budget import Budget
from routing.engine.exact import columns
from routing.engine.exact.regions import regions
from routing.engine.index import DayIndex
from routing.engine.quick.greedy import cheapest_insertion
from routing.engine.solve import solve
from routing.generator import generate_day


@pytest.mark.parametrize("sweep", [0, 1])
def test_each_nurse_and_each_visit_on_a_route_is_in_exactly_one_region(sweep: int) -> None:
    roster, _ = cheapest_insertion(DayIndex(generate_day(40, 11, 1)), 0, Budget(seconds=60.0))
    found = list(regions(roster, 7, sweep, 4))
    assert len(found) > 1
    assert sorted(nurse for nurses, _ in found for nurse in nurses) == list(range(11))
    visits = [visit for _, inside in found for visit in inside]
    assert len(visits) == len(set(visits))
    assert {visit for route in roster.routes for visit in route} <= set(visits)


def test_a_day_planned_by_region_is_lawful_and_costs_no_less_than_its_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(columns, "ONE_REGION", 20)
    monkeypatch.setattr(columns, "MOST_SWEEPS", 1)
    monkeypatch.setattr("routing.engine.exact.regions.REGION_NURSES", 5)
    problem = generate_day(36, 10, 2)
    plan = solve(problem, engine="columns", seconds=60.0, iterations=30)
    assert violations(problem, plan) == ()
    assert plan.bound_mc is not None
    assert plan.bound_mc <= plan.cost_mc <= solve(problem, engine="greedy", seconds=60.0).cost_mc

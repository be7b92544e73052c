"""What a plan says of itself: how far it may be from the best possible one."""

import pytest

from routing.plan import CostTerms, Plan, gap_of


def a_plan(cost_mc: int, bound_mc: int | None) -> Plan:
    return Plan(label="day", routes=(), unassigned=(), cost=CostTerms(travel_mc=cost_mc), bound_mc=bound_mc)


def test_without_a_bound_there_is_no_gap() -> None:
    plan = a_plan(100, None)
    assert (plan.gap, plan.is_optimal) == (None, False)


def test_the_gap_is_what_could_be_saved_as_a_share_of_the_cost() -> None:
    plan = a_plan(200, 150)
    assert (plan.gap, plan.is_optimal) == (0.25, False)


@pytest.mark.parametrize("cost_mc", [0, 200])
def test_a_bound_that_equals_the_cost_is_optimal(cost_mc: int) -> None:
    plan = a_plan(cost_mc, cost_mc)
    assert (plan.gap, plan.is_optimal) == (0.0, True)


def test_a_bound_below_zero_says_nothing_and_the_gap_no_more_than_everything() -> None:
    assert (gap_of(100, -50), gap_of(0, -50)) == (1.0, 0.0)

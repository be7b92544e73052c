"""The quick plan is the greedy one, only sooner."""

import pytest

from routing.check import price, violations
from routing.engine.budget import Budget
from routing.engine.index import DayIndex
from routing.engine.quick.greedy import cheapest_insertion
from routing.generator import generate_day
from routing.slots import put_in, quick_plan
from tests.builders.routing import day, nurse, visit
from tests.routing.slots.test_offers import plan_of


@pytest.mark.parametrize("seed", [1, 2])
def test_it_costs_what_cheapest_insertion_costs_and_breaks_no_law(seed):
    problem = generate_day(40, 10, seed)
    roster = quick_plan(DayIndex(problem))
    greedy, _ = cheapest_insertion(DayIndex(problem), 1, Budget(seconds=60))
    assert roster.total_mc == greedy.total_mc
    plan = plan_of(roster)
    assert price(problem, plan).total_mc == roster.total_mc
    assert not violations(problem, plan)


def test_what_has_a_nurse_keeps_her_and_a_double_visit_gets_two():
    problem = day(
        nurse("ann", at=0), nurse("bea", at=9), visit("a", 1), visit("b", 4), visit("c", 4),
        double_visits=(("b", "c"),),
    )  # fmt: skip
    roster = quick_plan(DayIndex(problem))
    before = list(roster.nurse_of)
    roster.remove(0)
    put_in(roster)
    assert roster.nurse_of == before
    assert {roster.nurse_of[1], roster.nurse_of[2]} == {0, 1}


def test_what_costs_more_than_leaving_it_is_left():
    roster = quick_plan(DayIndex(day(nurse(), visit("a", 9, penalty_mc=1))))
    assert roster.unassigned == [0]

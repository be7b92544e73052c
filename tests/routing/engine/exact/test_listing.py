"""Lists of routes: what reading proves, and that nothing a better plan needs is dropped."""

import numpy as np
import pytest

from routing.engine.budget import Budget
from routing.engine.exact.listing import listed
from routing.engine.master.pool import Column, cost_of_plan_mc
from tests.builders.relaxing import PLENTY, best_of, narrowed


def test_reading_lifts_the_bound_and_never_above_the_best_plan() -> None:
    narrowing, best_mc = narrowed((20, 6), 1)
    before_mc = narrowing.bound_mc
    narrowing.run([], PLENTY)
    assert before_mc <= narrowing.bound_mc <= best_mc


def test_a_plan_that_the_relaxation_happens_on_becomes_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing.engine.exact.listing.SMALL_ENOUGH", 0)
    narrowing, best_mc = narrowed((20, 6), 1)
    narrowing.run([], PLENTY)
    assert narrowing.plan is not None
    day = narrowing.routes.day
    assert cost_of_plan_mc(day, narrowing.plan, narrowing.home_mc.tolist()) == best_mc
    assert narrowing.target_mc == best_mc


def test_aiming_lower_drops_routes_and_keeps_those_of_the_best_plan() -> None:
    narrowing, best_mc = narrowed((20, 6), 3)
    count = len(narrowing.routes)
    narrowing.aim_at(best_mc + 1)
    assert len(narrowing.routes) <= count
    day, best = narrowing.routes.day, best_of((20, 6), 3)
    known = {(column.nurse, frozenset(column.order)) for column in narrowing.routes.columns()}
    for route in best.routes:
        if route.visits:
            assert (day.nurse_at[route.nurse], frozenset(day.visit_at[v] for v in route.visits)) in known


def test_a_list_keeps_the_cheapest_order_of_each_set() -> None:
    narrowing, _ = narrowed((20, 6), 1)
    day, last = narrowing.routes.day, len(narrowing.routes.day.visits)
    block = np.array([[0, 1, last], [1, 0, last], [2, last, last]])
    routes = listed(day, [(0, block, np.array([7, 5, 3])), (1, block[:1], np.array([9]))])
    assert sorted(routes.columns(), key=lambda column: column.cost_mc) == [
        Column(0, (2,), 3),
        Column(0, (1, 0), 5),
        Column(1, (0, 1), 9),
    ]


def test_a_spent_budget_leaves_the_bound_as_it_was() -> None:
    narrowing, _ = narrowed((20, 6), 1)
    before_mc = narrowing.bound_mc
    narrowing.run([], Budget(seconds=0.0))
    assert narrowing.bound_mc == before_mc

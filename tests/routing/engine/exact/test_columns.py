"""The exact engine: lawful plans, true bounds, proven optima, the same answer twice."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from ortools.sat.python import cp_model

from routing.check import violations
from routing.engine.budget import Progress
from routing.engine.exact.first_day import LONG_DAY
from routing.engine.index import DayIndex
from routing.engine.master.linear import LinearMaster, Stuck
from routing.engine.solve import solve
from routing.generator import generate_day
from routing.plan import Plan
from routing.problem import Nurse, Problem
from tests.builders.boards import least_cost_mc
from tests.builders.routing import MIN, day, days, nurse, on_duty, visit

SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


def exact(problem: Problem, seconds: float = 60.0, **more: Any) -> Plan:
    return solve(problem, engine="columns", seconds=seconds, **more)


@settings(max_examples=60, **SLOW)
@given(problem=days())
def test_a_plan_keeps_every_law_and_no_plan_costs_less_than_its_bound(problem: Problem) -> None:
    # The gap of a double visit may stay open, however long it is worked on.
    plan = exact(problem, seconds=1.0 if problem.double_visits else 60.0)
    assert violations(problem, plan) == ()
    if plan.bound_mc is not None:
        assert plan.bound_mc <= least_cost_mc(DayIndex(problem))
        assert plan.bound_mc <= solve(problem, engine="greedy", seconds=10.0).cost_mc
    if not problem.double_visits:
        assert plan.cost_mc == least_cost_mc(DayIndex(problem))
        assert plan.status == "optimal"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_generated_board_is_closed_and_an_independent_model_agrees(seed: int) -> None:
    problem = generate_day(5, 2, seed)
    problem = day_without_stops_on_the_way(problem)
    plan = exact(problem)
    assert plan.status == "optimal"
    assert plan.cost_mc == plan.bound_mc == plain_model_mc(problem)


def test_twenty_visits_are_proven_optimal() -> None:
    plan = exact(generate_day(20, 6, 1))
    assert (plan.status, plan.bound_mc) == ("optimal", plan.cost_mc)


def test_a_double_visit_is_begun_together_and_its_bound_stays_true() -> None:
    problem = day(
        nurse("ann"),
        nurse("bea", at=4),
        visit("a", 1, begin=(500, 700)),
        visit("b", 1, begin=(600, 900)),
        visit("c", 3),
        double_visits=(("a", "b"),),
    )
    plan = exact(problem)
    assert violations(problem, plan) == ()
    assert plan.begin_s("a") == plan.begin_s("b") is not None
    assert plan.bound_mc is not None
    assert plan.bound_mc <= plan.cost_mc


def test_an_on_duty_nurse_without_a_visit_still_goes_home() -> None:
    plan = exact(day(nurse(free=on_duty(3, 600)), nurse("bea", at=9), visit("a", 9)))
    assert [route.nurse for route in plan.routes] == ["ann", "bea"]
    assert plan.cost_mc == plan.bound_mc == 30 * MIN * 10


def test_a_visit_that_nobody_may_make_is_part_of_the_bound() -> None:
    plan = exact(day(nurse(), visit("a", 1, ineligible={"ann": ("licence",)})))
    assert plan.cost_mc == plan.bound_mc == 10_000_000


def test_a_day_without_nurses_has_a_plan() -> None:
    assert [left.visit for left in exact(day(visit("a", 1))).unassigned] == ["a"]


def test_equal_seeds_and_rounds_give_equal_plans() -> None:
    problem = generate_day(24, 7, 4)
    one, other = (exact(problem, seconds=300.0, seed=5, iterations=12) for _ in range(2))
    assert (one.routes, one.bound_mc) == (other.routes, other.bound_mc)


def test_a_day_of_long_routes_has_a_plan_and_a_bound_near_it() -> None:
    problem = generate_day(22, 2, 2, service_min=(30, 35, 40))
    plan = exact(problem, seconds=300.0, iterations=20)
    assert max(len(route.visits) for route in plan.routes) > LONG_DAY
    assert violations(problem, plan) == ()
    assert plan.bound_mc is not None
    assert plan.bound_mc <= plan.cost_mc <= 1.08 * plan.bound_mc


def test_progress_tells_an_incumbent_that_falls_and_a_bound_that_rises() -> None:
    told: list[Progress] = []
    exact(generate_day(20, 6, 2), on_progress=told.append)
    costs = [line.cost_mc for line in told]
    bounds = [line.bound_mc for line in told if line.bound_mc is not None]
    assert costs == sorted(costs, reverse=True)
    assert bounds == sorted(bounds)
    assert bounds
    assert {"cheapest insertion", "column generation"} <= {line.doing for line in told}


def day_without_stops_on_the_way(problem: Problem) -> Problem:
    """The same day without breaks and controlled stock, which the plain model does not know."""
    return replace(
        problem,
        nurses=tuple(replace(one, meal_break=None) for one in problem.nurses),
        visits=tuple(replace(one, units=0) for one in problem.visits),
    )


def plain_model_mc(problem: Problem) -> int:
    """The least cost by a plain circuit model, which shares nothing with the engine but the numbers."""
    model = cp_model.CpModel()
    made: dict[str, list[cp_model.IntVar]] = {one.id: [] for one in problem.visits}
    terms = [term for one in problem.nurses for term in day_of_a_nurse(model, problem, one, made)]
    for v in problem.visits:
        left = model.new_bool_var("")
        model.add_exactly_one([left, *made[v.id]])
        terms.append(left * v.penalty_mc)
    model.minimize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    assert solver.solve(model) == cp_model.OPTIMAL
    return round(solver.objective_value)


def day_of_a_nurse(
    model: cp_model.CpModel, problem: Problem, one: Nurse, made: dict[str, list[cp_model.IntVar]]
) -> list[cp_model.LinearExpr]:
    """Add one nurse's circuit through the visits she may make; return what it costs."""
    weights, latest_s = problem.weights, one.shift.end_s + one.overtime_limit_s
    mine = [v for v in problem.visits if one.id not in v.ineligible]
    leave = model.new_int_var(one.shift.begin_s, latest_s, "")
    home = model.new_int_var(one.shift.begin_s, latest_s, "")
    over = model.new_int_var(0, latest_s, "")
    begin = [model.new_int_var(v.windows[0].begin_s, v.windows[0].end_s, "") for v in mine]
    here = [model.new_bool_var("") for _ in mine]
    away = model.new_bool_var("")
    arcs = [(0, 0, ~away)] + [(i + 1, i + 1, ~here[i]) for i in range(len(mine))]
    driven = []
    done = [leave, *(begin[i] + v.service_s for i, v in enumerate(mine))]
    there = [home, *begin]
    for a, origin in enumerate([one.start_place, *(v.place for v in mine)]):
        for b, destination in enumerate([one.end_place, *(v.place for v in mine)]):
            if a != b:
                used, drive_s = model.new_bool_var(""), problem.drive_s(origin, destination)
                arcs.append((a, b, used))
                driven.append(used * drive_s)
                model.add(there[b] >= done[a] + drive_s).only_enforce_if(used)
    model.add_circuit(arcs)
    model.add(home == leave).only_enforce_if(~away)
    model.add(over >= home - one.shift.end_s)
    served_s = sum(here[i] * v.service_s for i, v in enumerate(mine))
    for i, v in enumerate(mine):
        made[v.id].append(here[i])
    return [
        weights.travel_mc_per_s * sum(driven),
        weights.idle_mc_per_s * (home - leave - sum(driven) - served_s),
        weights.overtime_mc_per_s * over,
        *(here[i] * v.nurse_cost_mc(one.id) for i, v in enumerate(mine)),
    ]


def test_a_linear_solver_that_gives_up_ends_the_work_with_the_plan_at_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stuck(self: LinearMaster) -> float:
        raise Stuck

    monkeypatch.setattr(LinearMaster, "solve", stuck)
    problem = generate_day(20, 6, 1)
    plan = solve(problem, engine="columns", seconds=20.0)
    assert violations(problem, plan) == ()
    assert plan.bound_mc is None

"""The relaxation: a bound that meets the master's value, cuts and branches that lift it and stay true."""

from routing.engine.exact.closing import list_routes
from routing.engine.solve import solve
from routing.generator import generate_day
from tests.builders.relaxing import PLENTY, relaxed


def test_the_bound_meets_the_value_of_the_relaxation() -> None:
    relaxation = relaxed(generate_day(20, 6, 1))
    assert relaxation.bound_mc is not None
    assert 0 <= relaxation.value_mc - relaxation.bound_mc <= 1e-4 * relaxation.value_mc


def test_cuts_lift_the_bound_and_stay_below_the_optimum() -> None:
    problem = generate_day(20, 6, 1)
    relaxation, plan = relaxed(problem), solve(problem, engine="columns", seconds=60.0)
    before_mc = relaxation.bound_mc
    while relaxation.add_cuts(20):
        relaxation.converge(PLENTY)
    assert before_mc is not None
    assert relaxation.bound_mc is not None
    assert before_mc < relaxation.bound_mc <= plan.cost_mc


def test_remembering_neighbours_only_gives_a_bound_no_higher() -> None:
    problem = generate_day(14, 3, 2, service_min=(30, 45))
    all_of_them, near = relaxed(problem), relaxed(problem, near=3)
    assert near.bound_mc is not None
    assert all_of_them.bound_mc is not None
    assert near.bound_mc <= all_of_them.bound_mc + 1


def test_the_better_of_both_branches_on_visits_left_is_no_lower_than_without() -> None:
    relaxation = relaxed(generate_day(20, 4, 3))
    whole_mc, left = relaxation.bound_mc, int(relaxation.master.left)
    branches = []
    for least, most in ((0, left), (left + 1, 20)):
        relaxation.leave_between(least, most)
        relaxation.converge(PLENTY)
        assert relaxation.bound_mc is not None
        branches.append(relaxation.bound_mc)
    assert whole_mc is not None
    assert min(branches) >= whole_mc - 1e-4 * whole_mc


def test_the_list_below_a_target_holds_every_route_of_the_best_plan() -> None:
    problem = generate_day(20, 6, 1)
    relaxation, plan = relaxed(problem), solve(problem, engine="columns", seconds=60.0)
    listed = list_routes(relaxation, plan.cost_mc + 1)
    assert listed is not None
    known = {(column.nurse, frozenset(column.order)) for column in listed.columns()}
    day = relaxation.day
    for route in plan.routes:
        assert (day.nurse_at[route.nurse], frozenset(day.visit_at[v] for v in route.visits)) in known

"""Every engine's plan keeps every law, says why a visit is left, and is repeatable."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from routing.check import violations
from routing.engine.budget import Progress
from routing.engine.index import DayIndex
from routing.engine.route.roster import Roster
from routing.engine.solve import ENGINES, PlanRefused, solve
from routing.generator import generate_day
from routing.problem import FrozenStop, Problem, Weights
from tests.builders.routing import MIN, day, days, meal, nurse, on_duty, pharmacy, pin, visit

QUICK = {"seconds": 20.0, "iterations": 6}


def reasons(problem: Problem, name: str) -> set[str]:
    plan = solve(problem, engine="greedy", **QUICK)
    return {reason.code for left in plan.unassigned if left.visit == name for reason in left.reasons}


@pytest.mark.parametrize("engine", ["greedy", "first_come"])
@settings(max_examples=120, deadline=None)
@given(problem=days())
def test_a_quick_plan_keeps_every_law(engine: str, problem: Problem) -> None:
    plan = solve(problem, engine=engine, **QUICK)
    assert violations(problem, plan) == ()
    assert all(left.reasons for left in plan.unassigned)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=days())
def test_the_librarys_plan_keeps_every_law_and_is_never_dearer_than_greedy(problem: Problem) -> None:
    plan = solve(problem, engine="routing", **QUICK)
    assert violations(problem, plan) == ()
    assert plan.cost_mc <= solve(problem, engine="greedy", **QUICK).cost_mc


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_the_same_seed_and_rounds_give_the_same_plan(engine: str) -> None:
    problem = generate_day(14, 5, 3)
    one, two = (solve(problem, engine=engine, seed=7, seconds=60.0, iterations=10) for _ in range(2))
    assert replace(one, seconds=0.0) == replace(two, seconds=0.0)


def test_the_library_improves_on_the_greedy_day() -> None:
    problem = generate_day(20, 6, 1)
    greedy = solve(problem, engine="greedy", seed=1, seconds=20.0)
    searched = solve(problem, engine="routing", seed=1, seconds=120.0, iterations=12)
    assert searched.cost_mc < greedy.cost_mc


def test_first_come_is_a_worse_day_than_greedy() -> None:
    problem = generate_day(40, 12, 1)
    assert (
        solve(problem, engine="first_come", seconds=20.0).cost_mc
        > solve(problem, engine="greedy", seconds=20.0).cost_mc
    )


def test_progress_says_what_is_done() -> None:
    heard: list[Progress] = []
    solve(generate_day(10, 4, 1), engine="routing", on_progress=heard.append, **QUICK)
    assert {"cheapest insertion", "exact timing"} <= {progress.doing for progress in heard}
    assert all(progress.bound_mc is None for progress in heard)


def test_an_unknown_engine() -> None:
    with pytest.raises(ValueError, match="There is no engine 'magic'"):
        solve(day(nurse(), visit("a", 1)), seconds=1.0, engine="magic")


def test_a_plan_that_breaks_a_law_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(index: DayIndex, *_: object) -> tuple[Roster, set[int], None]:
        roster = Roster(index)
        roster.insert(0, 0, 0)
        return roster, set(), None

    monkeypatch.setitem(ENGINES, "careless", careless)
    with pytest.raises(PlanRefused, match="eligibility"):
        solve(
            day(nurse(), visit("a", 1, ineligible={"ann": ("licence_expired",)})),
            seconds=1.0,
            engine="careless",
        )


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("problem", [day(), day(nurse()), day(nurse(free=on_duty(3, 600)))])
def test_a_day_without_visits_is_feasible(engine: str, problem: Problem) -> None:
    plan = solve(problem, engine=engine, **QUICK)
    assert plan.status == "feasible"


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_nobody_works(engine: str) -> None:
    plan = solve(day(visit("a", 1)), engine=engine, **QUICK)
    assert plan.status == "infeasible"
    assert [reason.code for reason in plan.unassigned[0].reasons] == ["nobody_works"]


def test_a_partial_day() -> None:
    problem = day(nurse(), visit("a", 1), visit("b", 1, ineligible={"ann": ("licence_expired",)}))
    plan = solve(problem, engine="routing", **QUICK)
    assert plan.status == "partial"
    assert [left.visit for left in plan.unassigned] == ["b"]


def test_a_day_for_which_the_time_was_up() -> None:
    plan = solve(day(nurse(), visit("a", 1)), engine="greedy", seconds=0.0)
    assert plan.status == "timed_out"
    assert [reason.code for reason in plan.unassigned[0].reasons] == ["not_tried"]


def test_named_reasons_of_every_nurse_are_counted() -> None:
    problem = day(
        nurse(),
        nurse("bea"),
        nurse("cyd"),
        visit(
            "a",
            1,
            ineligible={
                "ann": ("licence_expired", "patient_excluded"),
                "bea": ("licence_expired",),
                "cyd": ("competency_missing",),
            },
        ),
    )
    left = solve(problem, engine="greedy", **QUICK).unassigned[0]
    assert [(reason.code, reason.nurses) for reason in left.reasons] == [
        ("licence_expired", 2),
        ("competency_missing", 1),
        ("patient_excluded", 1),
    ]


@pytest.mark.parametrize(
    ("reason", "problem"),
    [
        ("overtime", day(nurse(shift=(480, 540)), visit("a", 1))),
        ("time_window", day(nurse(), visit("a", 1, begin=(400, 480)))),
        ("max_duration", day(nurse(max_duration_s=60 * MIN), visit("a", 1))),
        (
            "meal_break",
            day(nurse(meal_break=meal(540, 550), shift=(490, 960)), visit("a", 1, begin=(500, 510))),
        ),
        ("lock_box_capacity", day(nurse(lock_box_units=1), visit("a", 1, units=2), pharmacy())),
        ("pickup_before_controlled", day(nurse(lock_box_units=2), visit("a", 1, units=2))),
        ("costs_more_than_leaving_it", day(nurse(), visit("a", 9, penalty_mc=1))),
        (
            "pinned_to_another_nurse",
            day(nurse(), nurse("bea", shift=(480, 490)), visit("a", 1), pins=(pin("a", "bea"),)),
        ),
        ("pinned_outside_window", day(nurse(), visit("a", 1, begin=(500, 600)), pins=(pin("a", begin=601),))),
        ("double_visit", day(nurse(), visit("a", 1), visit("b", 1), double_visits=(("a", "b"),))),
        (
            "return_of_stock",
            day(
                nurse(lock_box_units=2, stock_units=2),
                visit("a", 1, units=1),
                return_of_stock="unopened",
            ),
        ),
        (
            "stock_ready",
            day(
                nurse(lock_box_units=2),
                visit("a", 1, units=1, ready_s=700 * MIN, begin=(480, 700)),
                pharmacy(at=1),
            ),
        ),
        (
            "no_room_in_day",
            day(
                nurse(),
                visit("b", 1, begin=(600, 600), penalty_mc=20_000_000),
                visit("a", 1, begin=(620, 620)),
            ),
        ),
    ],
)
def test_an_unassigned_visit_names_the_rule_in_its_way(reason: str, problem: Problem) -> None:
    assert reason in reasons(problem, "a")


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_double_visit_is_made_by_two_nurses_together(engine: str) -> None:
    problem = day(
        nurse(),
        nurse("bea", at=9),
        visit("a", 4, begin=(500, 700)),
        visit("b", 4, begin=(600, 900)),
        double_visits=(("a", "b"),),
    )
    plan = solve(problem, engine=engine, **QUICK)
    assert plan.status in {"feasible", "optimal"}  # an engine with a bound may have proven it
    assert plan.unassigned == ()
    assert plan.begin_s("a") == plan.begin_s("b")


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_running_day_keeps_what_is_past(engine: str) -> None:
    past = FrozenStop(kind="visit", ref="done", begin_s=500 * MIN, end_s=590 * MIN)
    problem = day(nurse(free=on_duty(4, 600), frozen=(past,)), visit("a", 5))
    plan = solve(problem, engine=engine, **QUICK)
    (route,) = plan.routes
    assert [(stop.kind, stop.ref) for stop in route.stops] == [
        ("visit", "done"),
        ("start", ""),
        ("visit", "a"),
        ("end", ""),
    ]
    assert route.visits == ("a",)


def test_the_pharmacy_comes_before_the_first_controlled_visit() -> None:
    problem = day(
        nurse(lock_box_units=3), visit("a", 7, units=1), visit("b", 1), visit("c", 8, units=2), pharmacy()
    )
    plan = solve(problem, engine="routing", **QUICK)
    kinds = [stop.kind for stop in plan.routes[0].stops]
    refs = [stop.ref for stop in plan.routes[0].stops]
    assert plan.status == "feasible"
    assert kinds.index("pickup") < min(refs.index("a"), refs.index("c"))


def test_fairness_spreads_the_load() -> None:
    near = [visit(name, 1) for name in "abcd"]
    staff = [nurse(fair_load_s=120 * MIN), nurse("bea", fair_load_s=120 * MIN)]
    dear = Weights(travel_mc_per_s=10, fairness_mc_per_s=8)
    plan = solve(day(*staff, *near, weights=dear), engine="greedy", **QUICK)
    assert sorted(len(route.visits) for route in plan.routes) == [2, 2]
    carefree = solve(day(nurse(), nurse("bea"), *near), engine="greedy", **QUICK)
    assert sorted(len(route.visits) for route in carefree.routes) == [4]


def test_continuity_decides_between_equal_nurses() -> None:
    problem = day(nurse(), nurse("bea"), visit("a", 1, preferred_nurses=("bea",), continuity_mc=500))
    assert solve(problem, engine="greedy", **QUICK).routes[0].nurse == "bea"


def test_a_pin_decides_against_cost() -> None:
    problem = day(nurse(), nurse("bea", at=9), visit("a", 1), pins=(pin("a", "bea", 700),))
    plan = solve(problem, engine="routing", **QUICK)
    assert plan.routes[0].nurse == "bea"
    assert plan.begin_s("a") == 700 * MIN


def test_a_full_lock_box_is_named_before_a_full_day() -> None:
    problem = day(
        nurse(lock_box_units=2),
        visit("a", 5, units=1),
        visit("b", 5, units=2, penalty_mc=20_000_000),
        pharmacy(),
    )
    assert "lock_box_capacity" in reasons(problem, "a")


@pytest.mark.parametrize(("below_mc", "said"), [(1, ("double_visits",)), (0, ())])
def test_a_bound_of_an_easier_day_is_named_unless_the_plan_reaches_it(
    monkeypatch: pytest.MonkeyPatch, below_mc: int, said: tuple[str, ...]
) -> None:
    def with_a_bound(day_index: DayIndex, *_: object) -> tuple[Roster, set[int], int]:
        roster = Roster(day_index)
        return roster, set(), roster.total_mc - below_mc

    problem = day(nurse(), nurse("bea"), visit("a", 1), visit("b", 1), double_visits=(("a", "b"),))
    monkeypatch.setitem(ENGINES, "with a bound", with_a_bound)
    assert solve(problem, engine="with a bound", seconds=1.0).relaxed == said

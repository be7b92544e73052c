"""For each law a plan that breaks just it, beside the same plan that does not."""

from dataclasses import replace

import pytest

from routing.check import RULES, violations
from routing.plan import CostTerms, Plan, Route, Stop, Unassigned
from routing.problem import FrozenStop, Problem
from tests.builders.routing import MIN, day, meal, nurse, on_duty, pharmacy, pin, plan, stop, visit, window


def rules_broken(problem: Problem, candidate: Plan) -> set[str]:
    return {violation.rule for violation in violations(problem, candidate)}


def out_and_back(begin: int = 490, service: int = 60, ref: str = "a") -> list[Stop]:
    """p0 -> visit at p1 -> p0."""
    return [
        stop("start", begin - 10),
        stop("visit", begin, ref, lasts=service),
        stop("end", begin + service + 10),
    ]


def with_pickup(units: int = 1, counter_at: int = 530, ref: str = "rx", lasts: int = 5) -> list[Stop]:
    """p0 -> pharmacy at p5 -> controlled visit at p6 -> p0."""
    leave = counter_at - 50
    after = counter_at + lasts
    return [
        stop("start", leave),
        stop("pickup", counter_at, ref, lasts=lasts, units=units),
        stop("visit", after + 10, "a", lasts=60, units=1),
        stop("end", after + 10 + 60 + 60),
    ]


def test_a_right_plan_breaks_nothing() -> None:
    problem = day(nurse(), visit("a", 1))
    assert violations(problem, plan(problem, {"ann": out_and_back()})) == ()


def test_every_rule_has_one_public_check_and_a_sentence() -> None:
    for rule in RULES:
        assert callable(rule.check)
        assert rule.__doc__


def test_eligibility() -> None:
    problem = day(nurse(), visit("a", 1, ineligible={"ann": ("licence_expired", "patient_excluded")}))
    (found,) = violations(problem, plan(problem, {"ann": out_and_back()}))
    assert found.rule == "eligibility"
    assert "licence_expired, patient_excluded" in found.text


@pytest.mark.parametrize(("begin", "broken"), [(600, set()), (660, set()), (661, {"time_window"})])
def test_time_window(begin: int, broken: set[str]) -> None:
    problem = day(nurse(), visit("a", 1, begin=(600, 660)))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back(begin)})) == broken


def test_time_between_two_windows_is_outside_both() -> None:
    problem = day(nurse(), visit("a", 1, windows=(window(500, 520), window(600, 620))))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back(550)})) == {"time_window"}
    assert rules_broken(problem, plan(problem, {"ann": out_and_back(610)})) == set()


@pytest.mark.parametrize("service", [59, 61])
def test_service_time(service: int) -> None:
    problem = day(nurse(), visit("a", 1))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back(service=service)})) == {"service_time"}


def test_travel_time() -> None:
    problem = day(nurse(), visit("a", 1))
    stops = [stop("start", 481), stop("visit", 490, "a", lasts=60), stop("end", 560)]
    assert rules_broken(problem, plan(problem, {"ann": stops})) == {"travel_time"}


def test_a_break_on_the_way_makes_the_way_longer() -> None:
    problem = day(nurse(meal_break=meal(480, 600)), visit("a", 1))
    stops = [
        stop("start", 480),
        stop("break", 480, lasts=30),
        stop("visit", 519, "a", arrive=519, lasts=60),
        stop("end", 589),
    ]
    assert rules_broken(problem, plan(problem, {"ann": stops})) == {"travel_time"}


def test_shift() -> None:
    problem = day(nurse(), visit("a", 1, begin=(400, 960)))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back(489)})) == {"shift"}


def test_an_on_duty_nurse_is_not_forgotten() -> None:
    problem = day(nurse(free=on_duty(1, 600)), nurse("bea"), visit("a", 1))
    assert rules_broken(problem, plan(problem, {"bea": out_and_back()})) == {"shift"}


@pytest.mark.parametrize(("limit", "broken"), [(0, {"overtime"}), (10, set())])
def test_overtime(limit: int, broken: set[str]) -> None:
    problem = day(nurse(overtime_limit_s=limit * MIN), visit("a", 1))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back(900)})) == broken


def test_a_late_nurse_may_still_drive_straight_home() -> None:
    problem = day(nurse(free=on_duty(3, 950)))
    assert violations(problem, plan(problem, {"ann": [stop("start", 950), stop("end", 980)]})) == ()
    late = plan(problem, {"ann": [stop("start", 950), stop("end", 981)]})
    assert rules_broken(problem, late) == {"overtime"}


@pytest.mark.parametrize(("limit", "broken"), [(79, {"max_duration"}), (80, set())])
def test_max_duration(limit: int, broken: set[str]) -> None:
    problem = day(nurse(max_duration_s=limit * MIN), visit("a", 1))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back()})) == broken


def test_max_duration_counts_from_when_duty_began() -> None:
    problem = day(nurse(free=on_duty(1, 600, since=500), max_duration_s=160 * MIN), visit("a", 1))
    stops = [stop("start", 600), stop("visit", 600, "a", lasts=60), stop("end", 670)]
    assert rules_broken(problem, plan(problem, {"ann": stops})) == {"max_duration"}


def test_meal_break_missing() -> None:
    problem = day(nurse(meal_break=meal()), visit("a", 1))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back()})) == {"meal_break"}


@pytest.mark.parametrize(
    ("begin", "lasts", "broken"),
    [(660, 30, set()), (659, 30, {"meal_break"}), (781, 30, {"meal_break"}), (700, 29, {"meal_break"})],
)
def test_meal_break_at_home(begin: int, lasts: int, broken: set[str]) -> None:
    problem = day(nurse(meal_break=meal()), visit("a", 1))
    stops = [*out_and_back(), stop("break", begin, lasts=lasts)]
    assert rules_broken(problem, plan(problem, {"ann": stops})) == broken


def test_a_short_shift_owes_no_break() -> None:
    problem = day(nurse(meal_break=meal(threshold=480)), visit("a", 1))
    assert violations(problem, plan(problem, {"ann": out_and_back()})) == ()


def controlled_day(**more: object) -> Problem:
    return day(nurse(lock_box_units=2, **more), visit("a", 6, units=1), pharmacy())


def test_pickup_before_controlled() -> None:
    problem = controlled_day()
    assert violations(problem, plan(problem, {"ann": with_pickup()})) == ()
    without = [stop("start", 480), stop("visit", 540, "a", lasts=60, units=1), stop("end", 660)]
    assert rules_broken(problem, plan(problem, {"ann": without})) == {"pickup_before_controlled"}


def test_pickup_after_the_controlled_visit_comes_too_late() -> None:
    problem = controlled_day()
    stops = [
        stop("start", 480),
        stop("visit", 540, "a", lasts=60, units=1),
        stop("pickup", 610, "rx", lasts=5, units=1),
        stop("end", 665),
    ]
    assert rules_broken(problem, plan(problem, {"ann": stops})) == {"pickup_before_controlled"}


def test_stock_on_board_needs_no_pickup() -> None:
    problem = controlled_day(stock_units=1)
    stops = [stop("start", 480), stop("visit", 540, "a", lasts=60, units=1), stop("end", 660)]
    assert violations(problem, plan(problem, {"ann": stops})) == ()


@pytest.mark.parametrize(("ready", "broken"), [(530, set()), (531, {"stock_ready"})])
def test_stock_is_collected_when_it_is_ready(ready: int, broken: set[str]) -> None:
    problem = day(nurse(lock_box_units=2), visit("a", 6, units=1, ready_s=ready * MIN), pharmacy())
    assert rules_broken(problem, plan(problem, {"ann": with_pickup()})) == broken


def test_the_last_pickup_before_the_visit_is_the_one_that_counts() -> None:
    problem = day(
        nurse(lock_box_units=2, max_pickups=2), visit("a", 6, units=1, ready_s=540 * MIN), pharmacy()
    )
    twice = [stop("start", 480), stop("pickup", 530, "rx", lasts=5), *with_pickup(counter_at=540)[1:]]
    assert violations(problem, plan(problem, {"ann": twice})) == ()
    early = [
        *with_pickup()[:2],
        stop("visit", 550, "a", lasts=60, units=1),
        *with_pickup(counter_at=700)[1:2],
    ]
    late = [*early, stop("end", 760)]
    assert rules_broken(problem, plan(problem, {"ann": late})) == {"stock_ready"}


def test_stock_on_board_is_ready() -> None:
    problem = day(nurse(lock_box_units=2, stock_units=1), visit("a", 6, units=1, ready_s=900 * MIN))
    stops = [stop("start", 480), stop("visit", 540, "a", lasts=60, units=1), stop("end", 660)]
    assert violations(problem, plan(problem, {"ann": stops})) == ()


def test_pickup_limit() -> None:
    problem = controlled_day(max_pickups=0)
    assert rules_broken(problem, plan(problem, {"ann": with_pickup()})) == {"pickup_limit"}


@pytest.mark.parametrize(("units", "broken"), [(2, set()), (3, {"lock_box_capacity"})])
def test_lock_box_capacity(units: int, broken: set[str]) -> None:
    problem = controlled_day()
    assert rules_broken(problem, plan(problem, {"ann": with_pickup(units)})) == broken


def test_pharmacy_hours() -> None:
    problem = day(nurse(lock_box_units=2), visit("a", 6, units=1), pharmacy(hours=(540, 1140)))
    assert rules_broken(problem, plan(problem, {"ann": with_pickup()})) == {"pharmacy_hours"}


def test_handling_time_is_not_cut_short() -> None:
    problem = controlled_day()
    assert rules_broken(problem, plan(problem, {"ann": with_pickup(lasts=4)})) == {"service_time"}


def returning(problem: Problem, begin: int, units: int) -> Plan:
    """p0 -> controlled visit at p6 with stock on board -> pharmacy at p5 -> p0."""
    stops = [
        stop("start", begin - 130),
        stop("visit", begin - 70, "a", lasts=60, units=1),
        stop("return", begin, "rx", lasts=5, units=units),
        stop("end", begin + 55),
    ]
    return plan(problem, {"ann": stops})


def test_return_of_stock_that_the_plan_leaves() -> None:
    problem = replace(controlled_day(stock_units=2), return_of_stock="unopened")
    stops = [stop("start", 480), stop("visit", 540, "a", lasts=60, units=1), stop("end", 660)]
    assert rules_broken(problem, plan(problem, {"ann": stops})) == {"return_of_stock"}
    assert violations(problem, returning(problem, 620, 1)) == ()


def test_return_of_stock_is_not_due_when_all_is_used() -> None:
    problem = replace(controlled_day(stock_units=1), return_of_stock="unopened")
    stops = [stop("start", 480), stop("visit", 540, "a", lasts=60, units=1), stop("end", 660)]
    assert violations(problem, plan(problem, {"ann": stops})) == ()


def test_whoever_carried_stock_goes_back_where_policy_says_so() -> None:
    problem = replace(controlled_day(), return_of_stock="carried")
    assert rules_broken(problem, plan(problem, {"ann": with_pickup()})) == {"return_of_stock"}


def test_return_of_stock_by_shift_end() -> None:
    problem = replace(controlled_day(stock_units=2, overtime_limit_s=120 * MIN), return_of_stock="unopened")
    assert violations(problem, returning(problem, 960, 1)) == ()
    assert rules_broken(problem, returning(problem, 961, 1)) == {"return_of_stock"}


def test_return_of_stock_brings_back_all() -> None:
    problem = replace(controlled_day(stock_units=2), return_of_stock="unopened")
    assert rules_broken(problem, returning(problem, 620, 0)) == {"return_of_stock"}


def pair(second_begin: int, second: str = "bea") -> tuple[Problem, Plan]:
    problem = day(nurse(), nurse("bea"), visit("a", 1), visit("b", 1), double_visits=(("a", "b"),))
    if second == "ann":
        stops = [
            stop("start", 480),
            stop("visit", 490, "a", lasts=60),
            stop("visit", 550, "b", lasts=60),
            stop("end", 620),
        ]
        return problem, plan(problem, {"ann": stops})
    return problem, plan(problem, {"ann": out_and_back(500), "bea": out_and_back(second_begin, ref="b")})


def test_double_visit_begins_together() -> None:
    assert rules_broken(*pair(500)) == set()
    assert rules_broken(*pair(501)) == {"double_visit"}


def test_double_visit_takes_two_nurses() -> None:
    problem, one_nurse = pair(550, "ann")
    assert rules_broken(problem, one_nurse) == {"double_visit"}


def test_double_visit_is_made_whole_or_not_at_all() -> None:
    problem, _ = pair(500)
    assert rules_broken(problem, plan(problem, {"ann": out_and_back()}, left=("b",))) == {"double_visit"}
    assert rules_broken(problem, plan(problem, {}, left=("a", "b"))) == set()


def test_pin_to_a_nurse() -> None:
    problem = day(nurse(), nurse("bea"), visit("a", 1), pins=(pin("a", "bea"),))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back()})) == {"pin"}
    assert rules_broken(problem, plan(problem, {"bea": out_and_back()})) == set()


def test_pin_to_a_time() -> None:
    problem = day(nurse(), visit("a", 1), pins=(pin("a", begin=500),))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back(501)})) == {"pin"}
    assert rules_broken(problem, plan(problem, {"ann": out_and_back(500)})) == set()


def test_frozen_prefix() -> None:
    past = FrozenStop(kind="visit", ref="done", begin_s=500 * MIN, end_s=560 * MIN)
    problem = day(nurse(free=on_duty(1, 600), frozen=(past,)))
    shown = Stop(
        kind="visit", ref="done", arrive_s=500 * MIN, begin_s=500 * MIN, end_s=560 * MIN, frozen=True
    )
    home = [stop("start", 600), stop("end", 610)]
    assert violations(problem, plan(problem, {"ann": [shown, *home]})) == ()
    assert rules_broken(problem, plan(problem, {"ann": home})) == {"frozen_prefix"}


def test_each_visit_once() -> None:
    problem = day(nurse(), nurse("bea"), visit("a", 1), visit("b", 1))
    routes = {"ann": out_and_back(), "bea": out_and_back()}
    found = violations(problem, plan(problem, routes))
    assert {(violation.rule, violation.visit) for violation in found} == {
        ("each_visit_once", "a"),
        ("each_visit_once", "b"),
    }


def test_an_unassigned_visit_names_a_reason() -> None:
    problem = day(nurse(), visit("a", 1))
    silent = replace(plan(problem, {}, left=("a",)), unassigned=(Unassigned(visit="a", reasons=()),))
    assert rules_broken(problem, silent) == {"each_visit_once"}


def test_a_stated_cost_is_true() -> None:
    problem = day(nurse(), visit("a", 1))
    dear = replace(plan(problem, {"ann": out_and_back()}), cost=CostTerms(travel_mc=1))
    assert rules_broken(problem, dear) == {"stated_result"}


@pytest.mark.parametrize("bound", [12_001, 10**9])
def test_no_bound_is_above_the_cost(bound: int) -> None:
    problem = day(nurse(), visit("a", 1))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back()}, bound_mc=bound)) == {"stated_result"}


def test_optimal_needs_a_bound() -> None:
    problem = day(nurse(), visit("a", 1))
    assert rules_broken(problem, plan(problem, {"ann": out_and_back()}, status="optimal")) == {
        "stated_result"
    }
    proven = plan(problem, {"ann": out_and_back()}, status="optimal", bound_mc=12_000)
    assert violations(problem, proven) == ()


def test_the_plan_of_another_day() -> None:
    problem = day(nurse(), visit("a", 1))
    other = plan(problem, {"ann": out_and_back()}, problem_sha256="0" * 64)
    assert rules_broken(problem, other) == {"stated_result"}


@pytest.mark.parametrize(
    "stops",
    [
        [stop("start", 480), stop("visit", 490, "a", lasts=60)],
        [stop("end", 480), stop("visit", 490, "a", lasts=60), stop("start", 560)],
        [stop("start", 480), stop("visit", 490, "nobody", lasts=60), stop("end", 560)],
        [stop("start", 480), stop("pickup", 490, "nowhere", lasts=5), stop("end", 560)],
        [stop("start", 480, lasts=5), stop("end", 560)],
        [stop("start", 480), stop("break", 500, "a", lasts=5), stop("end", 560)],
        [stop("start", 480), stop("break", 500, lasts=5), stop("break", 510, lasts=5), stop("end", 560)],
        [stop("start", 480), stop("visit", 490, "a", lasts=60), stop("end", 520)],
    ],
)
def test_route_shape(stops: list[Stop]) -> None:
    problem = day(nurse(), visit("a", 1), pharmacy())
    broken = replace(plan(problem, {}, left=("a",)), unassigned=())
    broken = replace(broken, routes=(Route(nurse="ann", stops=tuple(stops)),))
    assert rules_broken(problem, broken) == {"route_shape"}


def test_all_broken_rules_are_listed_at_once() -> None:
    problem = day(
        nurse(meal_break=meal()), visit("a", 1, begin=(600, 660), ineligible={"ann": ("licence_expired",)})
    )
    assert rules_broken(problem, plan(problem, {"ann": out_and_back(700, service=50)})) == {
        "eligibility",
        "time_window",
        "service_time",
        "meal_break",
    }

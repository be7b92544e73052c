"""What each cost term counts."""

from routing.check import price
from tests.builders.routing import MIN, WEIGHTS, day, meal, nurse, on_duty, plan, stop, visit


def test_travel_and_idle() -> None:
    problem = day(nurse(), visit("a", 1))
    stops = [stop("start", 480), stop("visit", 500, "a", arrive=490, lasts=60), stop("end", 570)]
    cost = price(problem, plan(problem, {"ann": stops}))
    assert cost.travel_mc == 20 * MIN * WEIGHTS.travel_mc_per_s
    assert cost.idle_mc == 10 * MIN * WEIGHTS.idle_mc_per_s
    assert cost.total_mc == cost.travel_mc + cost.idle_mc


def test_a_break_on_the_road_is_not_idle() -> None:
    problem = day(nurse(meal_break=meal(480, 500)), visit("a", 1))
    stops = [
        stop("start", 480),
        stop("break", 490, lasts=30),
        stop("visit", 520, "a", lasts=60),
        stop("end", 590),
    ]
    assert price(problem, plan(problem, {"ann": stops})).idle_mc == 0


def test_overtime() -> None:
    problem = day(nurse(overtime_limit_s=60 * MIN), visit("a", 1))
    stops = [stop("start", 890), stop("visit", 900, "a", lasts=60), stop("end", 970)]
    assert price(problem, plan(problem, {"ann": stops})).overtime_mc == 10 * MIN * WEIGHTS.overtime_mc_per_s


def test_continuity_and_preference() -> None:
    known = visit("a", 1, preferred_nurses=("bea",), continuity_mc=500, preference_mc={"ann": 70})
    problem = day(nurse(), nurse("bea"), known)
    stops = [stop("start", 480), stop("visit", 490, "a", lasts=60), stop("end", 560)]
    assert price(problem, plan(problem, {"ann": stops})).continuity_mc == 570
    assert price(problem, plan(problem, {"bea": stops})).continuity_mc == 0


def test_fairness_counts_service_above_the_fair_load() -> None:
    problem = day(nurse(fair_load_s=50 * MIN), visit("a", 1))
    stops = [stop("start", 480), stop("visit", 490, "a", lasts=60), stop("end", 560)]
    assert price(problem, plan(problem, {"ann": stops})).fairness_mc == 10 * MIN * WEIGHTS.fairness_mc_per_s


def test_unassigned_costs_its_penalty() -> None:
    problem = day(nurse(), visit("a", 1, penalty_mc=123))
    assert price(problem, plan(problem, {}, left=("a",))).unassigned_mc == 123


def test_an_on_duty_nurse_is_idle_from_when_she_is_free() -> None:
    problem = day(nurse(free=on_duty(1, 600)), visit("a", 1, begin=(615, 700)))
    stops = [stop("start", 600), stop("visit", 615, "a", arrive=600, lasts=60), stop("end", 685)]
    assert price(problem, plan(problem, {"ann": stops})).idle_mc == 15 * MIN * WEIGHTS.idle_mc_per_s

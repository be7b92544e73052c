import pytest

from routing.problem import FrozenStop
from routing.replan.underway import as_planned
from tests.builders.routing import MIN, day, meal, nurse, pharmacy, pin, plan, stop, visit

ROUTE = [
    stop("start", 470),
    stop("visit", 480, "one", lasts=60),
    stop("visit", 560, "two", arrive=550, lasts=60),
    stop("end", 640),
]


@pytest.fixture
def problem():
    return day(nurse(at=0), nurse("bea", at=3), visit("one", 1), visit("two", 2))


def at(problem, minute, route=ROUTE, **more):
    left = tuple(v for v in problem.visit if v not in {s.ref for s in route})
    return as_planned(problem, plan(problem, {"ann": route}, left, **more), minute * MIN)


def test_who_has_not_left_begins_no_sooner_than_now(problem):
    ann = at(problem, 465).problem.nurse["ann"]
    assert (ann.free, ann.frozen) == (None, ())
    late = at(problem, 500, [stop("start", 520), stop("visit", 530, "one", lasts=60), stop("end", 600)])
    assert late.problem.nurse["ann"].shift.begin_s == 500 * MIN


@pytest.mark.parametrize(
    ("minute", "frozen", "free_at", "place"),
    [
        (475, ["start", "one"], 540, "p1"),  # driven to
        (500, ["start", "one"], 540, "p1"),  # in progress
        (540, ["start", "one", "two"], 620, "p2"),  # done, and on the way to the next
        (625, ["start", "one", "two"], 640, "p0"),  # on the way home
        (700, ["start", "one", "two"], 700, "p0"),
    ],
)
def test_what_she_has_set_off_to_is_frozen(problem, minute, frozen, free_at, place):
    running = at(problem, minute)
    ann = running.problem.nurse["ann"]
    assert [stop.ref or stop.kind for stop in ann.frozen] == frozen
    assert (ann.free.at_s, ann.free.place, ann.free.on_duty_since_s) == (free_at * MIN, place, 470 * MIN)
    assert set(running.problem.visit) == {"one", "two"} - set(frozen)
    assert set(running.promised) == set(running.problem.visit)


def test_frozen_times_are_those_of_the_plan(problem):
    ann = at(problem, 540).problem.nurse["ann"]
    assert ann.frozen[1] == FrozenStop(kind="visit", ref="one", begin_s=480 * MIN, end_s=540 * MIN)


def test_stock_is_what_pickups_leave(problem):
    stocked = day(
        nurse(at=0, lock_box_units=3), pharmacy(at=1), visit("one", 2, units=1), visit("two", 3, units=1)
    )
    route = [
        stop("start", 470), stop("pickup", 480, "rx", lasts=5, units=2),
        stop("visit", 495, "one", lasts=60, units=1),
        stop("visit", 565, "two", lasts=60, units=1), stop("end", 655),
    ]  # fmt: skip
    running = at(stocked, 500, route)
    assert running.problem.nurse["ann"].stock_units == 1
    assert running.frozen_units == {"one": 1}


def test_a_break_taken_is_not_due_again(problem):
    rested = day(nurse(at=0, meal_break=meal(530, 600)), visit("one", 1), visit("two", 2))
    route = [
        ROUTE[0],
        ROUTE[1],
        stop("break", 540, lasts=30),
        stop("visit", 580, "two", lasts=60),
        stop("end", 660),
    ]
    assert at(rested, 545, route).problem.nurse["ann"].meal_break is None
    assert at(rested, 500, route).problem.nurse["ann"].meal_break is not None


def test_a_break_at_the_next_door_means_that_she_has_set_off(problem):
    rested = day(nurse(at=0, meal_break=meal(560, 600)), visit("one", 1), visit("two", 2))
    route = [
        ROUTE[0],
        ROUTE[1],
        stop("break", 560, lasts=30),
        stop("visit", 590, "two", lasts=60),
        stop("end", 670),
    ]
    ann = at(rested, 565, route).problem.nurse["ann"]
    assert [s.ref or s.kind for s in ann.frozen] == ["start", "one", "break", "two"]


def test_the_other_half_of_a_double_visit_keeps_its_nurse_and_begin():
    problem = day(nurse(at=0), nurse("bea", at=1), visit("a", 1), visit("b", 1), double_visits=(("a", "b"),))
    routes = {
        "ann": [stop("start", 470), stop("visit", 480, "a", lasts=60), stop("end", 550)],
        "bea": [stop("start", 480), stop("visit", 480, "b", lasts=60), stop("end", 540)],
    }
    running = as_planned(problem, plan(problem, routes), 475 * MIN)
    assert running.problem.double_visits == ()
    assert running.problem.pins == (pin("b", "bea", 480),)


def test_an_hour_later_the_day_has_gone_on_by_an_hour(problem):
    once = at(problem, 500)
    rest = plan(
        once.problem,
        {"ann": [stop("start", 540), stop("visit", 560, "two", arrive=550, lasts=60), stop("end", 640)]},
    )
    ann = as_planned(once.problem, rest, 560 * MIN).problem.nurse["ann"]
    assert [s.ref or s.kind for s in ann.frozen] == ["start", "one", "two"]
    assert (ann.free.at_s, ann.on_duty_since_s) == (620 * MIN, 470 * MIN)

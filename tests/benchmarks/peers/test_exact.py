"""A peer's orders become an exactly timed plan; what it could not model is repaired, not punished."""

from benchmarks.peers.exact import cheapest_plan, timed
from routing.check import violations
from routing.engine.index import DayIndex
from tests.builders.routing import MIN, day, meal, nurse, visit


def test_an_order_that_can_be_kept_is_kept():
    problem = day(nurse(), nurse("bea", at=9), visit("a", 1), visit("b", 8))
    roster = timed(DayIndex(problem), [[1, 0], []], seed=0)
    assert roster.routes == [[1, 0], []]


def test_the_visit_whose_loss_costs_least_leaves_an_impossible_route():
    # Three visits of an hour that must all begin at nine: she can make one, the dearest to leave.
    nine = {"begin": (540, 540)}
    problem = day(
        nurse(),
        visit("a", 1, **nine, penalty_mc=1_000_000),
        visit("b", 1, **nine, penalty_mc=3_000_000),
        visit("c", 1, **nine, penalty_mc=2_000_000),
    )
    roster = timed(DayIndex(problem), [[0, 1, 2]], seed=0)
    assert roster.routes == [[1]]


def test_what_leaves_one_nurse_goes_to_another():
    nine = {"begin": (540, 540)}
    problem = day(nurse(), nurse("bea"), visit("a", 1, **nine), visit("b", 1, **nine))
    roster = timed(DayIndex(problem), [[0, 1], []], seed=0)
    assert sorted(map(len, roster.routes)) == [1, 1]


def test_a_visit_left_takes_the_place_of_one_that_finds_room_elsewhere():
    # Only ann may make "a", at nine; she makes "b" then, which bea could make as well.
    problem = day(
        nurse(),
        nurse("bea", at=5),
        visit("b", 1, begin=(540, 545)),
        visit("a", 1, begin=(540, 540), ineligible={"bea": ("licence_expired",)}, penalty_mc=9_000_000),
    )
    roster = timed(DayIndex(problem), [[0], []], seed=0)
    assert roster.routes == [[1], [0]]


def test_a_nurse_who_may_not_go_is_not_sent():
    problem = day(nurse(), visit("a", 1, ineligible={"ann": ("licence_expired",)}))
    assert timed(DayIndex(problem), [[0]], seed=0).unassigned == [0]


def test_a_visit_named_twice_is_made_once():
    problem = day(nurse(), nurse("bea"), visit("a", 1))
    assert timed(DayIndex(problem), [[0], [0]], seed=0).routes == [[0], []]


def test_double_visits_are_placed_although_no_peer_knows_them():
    problem = day(
        nurse(), nurse("bea"), visit("a", 1), visit("b", 1), visit("c", 2), double_visits=(("a", "b"),)
    )
    roster = timed(DayIndex(problem), [[0, 1, 2], []], seed=0)
    assert roster.unassigned == []
    assert roster.nurse_of[0] != roster.nurse_of[1]


def test_the_cheapest_answer_is_the_plan_and_keeps_every_rule():
    problem = day(nurse(meal_break=meal()), nurse("bea", at=9), visit("a", 1), visit("b", 8))
    plan = cheapest_plan(DayIndex(problem), [[[0, 1], []], [[0], [1]]], seed=0)
    assert violations(problem, plan) == ()
    assert plan.route_of("b").nurse == "bea"
    assert plan.cost.travel_mc == 4 * 10 * MIN * 10

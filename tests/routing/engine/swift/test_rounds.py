"""The swift engine against the plain timing, and against trying every place for a visit."""

from itertools import permutations
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.check import violations
from routing.engine.index import DayIndex
from routing.engine.quick.double import best_pair, insert_pair
from routing.engine.route.roster import Roster
from routing.engine.route.schedule import RouteTimer
from routing.engine.solve import plan_of
from routing.engine.swift.rounds import Routes, Swift
from routing.generator import generate_day
from routing.problem import Problem
from tests.builders.routing import day, days, nurse, visit

SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


def plain_mc(index: DayIndex, number: int, order: tuple[int, ...]) -> int | None:
    """What the order costs by the plain timing; None if it is not possible."""
    if any(not index.allowed[number][v] or index.partner[v] in order for v in order):
        return None
    timing = RouteTimer(index, number).best(order) if order or index.nurses[number].on_duty else None
    if timing is None and (order or index.nurses[number].on_duty):
        return None
    fixed_mc = sum(index.nurse_cost_mc[number][v] for v in order)
    fixed_mc += index.fairness_mc(number, sum(index.visits[v].service_s for v in order))
    return fixed_mc + (timing.cost_mc if timing else 0)


def agreed_roster(index: DayIndex) -> Roster:
    """A day in which the double visits are placed, where that is possible, and nothing else."""
    roster = Roster(index)
    for one, other in enumerate(index.partner):
        if other > one and (pair := best_pair(roster, one, other)):
            insert_pair(roster, one, other, pair)
    return roster


def roster_of(index: DayIndex, agreed: Roster, routes: Routes) -> Roster:
    roster = Roster(index)
    roster.agreed.update(agreed.agreed)
    for number, order in enumerate(routes):
        assert all(index.allowed[number][v] for v in order)
        assert roster.set_route(number, order)
    return roster


@settings(max_examples=150, **SLOW)
@given(problem=st.one_of(days(), days(ripening=True)), draw=st.data())
def test_an_order_costs_what_the_plain_timing_says(problem: Problem, draw: st.DataObject) -> None:
    index = DayIndex(problem)
    swift = Swift(index, {v: line.windows for v, line in enumerate(index.visits)})
    some = draw.draw(st.permutations(range(len(problem.visits))))[:4]
    for number in range(len(problem.nurses)):
        for size in range(len(some) + 1):
            for order in permutations(some, size):
                assert swift.cost_mc(number, order) == plain_mc(index, number, order)


def test_generated_orders_cost_what_the_plain_timing_says() -> None:
    index = DayIndex(generate_day(20, 5, 1))
    swift = Swift(index)
    possible = 0
    for number in range(5):
        for order in permutations(range(number, 20), 2):
            cost_mc = swift.cost_mc(number, order)
            assert cost_mc == plain_mc(index, number, order)
            possible += cost_mc is not None
    assert possible > 50


@settings(max_examples=60, **SLOW)
@given(problem=st.one_of(days(), days(ripening=True)), seed=st.integers(0, 1000))
def test_a_day_keeps_every_rule_at_the_cost_stated(problem: Problem, seed: int) -> None:
    index = DayIndex(problem)
    agreed = agreed_roster(index)
    swift = Swift(index, agreed.agreed)
    first = swift.greedy(seed, agreed.routes)
    first_mc = swift.best_mc
    assert roster_of(index, agreed, first).total_mc == first_mc
    routes = swift.improve(first, seed, rounds=40)
    roster = roster_of(index, agreed, routes)
    assert roster.total_mc == swift.best_mc <= first_mc
    assert violations(problem, plan_of(roster)) == ()


@settings(max_examples=60, **SLOW)
@given(problem=st.one_of(days(), days(ripening=True)), draw=st.data())
def test_a_visit_is_inserted_where_it_adds_least(problem: Problem, draw: st.DataObject) -> None:
    index = DayIndex(problem)
    swift = Swift(index)
    free = [v for v, partner in enumerate(index.partner) if partner < 0]
    if not free:
        return
    chosen = draw.draw(st.sampled_from(free))
    routes = [[v for v in route if v != chosen] for route in swift.greedy(0)]
    if any(swift.cost_mc(number, route) is None for number, route in enumerate(routes)):
        return
    without = {v for v in free if v != chosen and not any(v in route for route in routes)}
    base_mc = sum(swift.cost_mc(number, route) or 0 for number, route in enumerate(routes))
    base_mc += sum(line.penalty_mc for line in index.visits) - sum(
        index.visits[v].penalty_mc for route in routes for v in route
    )
    best_mc = base_mc
    for extra in {chosen, *without}:
        for number, route in enumerate(routes):
            now_mc = swift.cost_mc(number, route) or 0
            for at in range(len(route) + 1):
                cost_mc = swift.cost_mc(number, [*route[:at], extra, *route[at:]])
                if cost_mc is not None:
                    best_mc = min(best_mc, base_mc + cost_mc - now_mc - index.visits[extra].penalty_mc)
    swift.greedy(0, routes)
    if without:
        assert swift.best_mc <= base_mc
    else:
        assert swift.best_mc == best_mc


def test_rounds_and_seed_decide_the_day() -> None:
    index = DayIndex(generate_day(30, 9, 2))
    found = []
    for seed in (1, 1, 2):
        swift = Swift(index)
        found.append(swift.improve(swift.greedy(seed), seed, rounds=300))
    assert found[0] == found[1] != found[2]


def test_the_harvest_holds_routes_at_their_cost_once() -> None:
    index = DayIndex(generate_day(30, 9, 2))
    swift = Swift(index)
    routes = swift.improve(swift.greedy(), 1, rounds=300)
    harvest = swift.harvest()
    assert harvest
    assert swift.harvest() == []
    assert len({(number, order) for number, order, _ in harvest}) == len(harvest)
    assert all(plain_mc(index, number, order) == cost_mc for number, order, cost_mc in harvest)
    assert {(n, tuple(route)) for n, route in enumerate(routes) if route} <= {(n, o) for n, o, _ in harvest}


def test_whoever_asks_for_the_plan_gets_it_at_once() -> None:
    index, asked = DayIndex(generate_day(20, 6, 1)), Event()
    asked.set()
    swift = Swift(index)
    routes = swift.greedy()
    assert swift.improve(routes, 1, seconds=60, hand_in=asked) == routes
    assert swift.rounds == 0


def test_a_better_day_is_told() -> None:
    swift, told = Swift(DayIndex(generate_day(30, 9, 2))), []
    swift.improve(swift.greedy(), 1, rounds=300, on_better=told.append)
    assert told[-1] == swift.best_mc
    assert told == sorted(told, reverse=True)


def test_a_route_that_she_cannot_make_is_refused() -> None:
    swift = Swift(DayIndex(day(nurse(shift=(480, 540)), visit("a", 1))))
    with pytest.raises(ValueError, match="cannot make her route"):
        swift.improve([[0]], 1, rounds=1)


def test_more_visits_than_a_day_has_room_for_are_refused() -> None:
    visits = [visit(f"v{k}", 1, service=240) for k in range(9)]
    swift = Swift(DayIndex(day(nurse(), *visits)))
    with pytest.raises(ValueError, match="so many visits"):
        swift.greedy(0, [list(range(9))])


def test_a_limit_has_to_be_given() -> None:
    swift = Swift(DayIndex(day(nurse(), visit("a", 1))))
    with pytest.raises(ValueError, match="seconds or rounds"):
        swift.improve([[]], 1)

"""The labels against the timing of every order of every set, on random days with every trait."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.check import price_route, violations
from routing.engine.index import DayIndex
from routing.engine.pricing.dominance import ALL, EXACT, FLOOR, HEURISTIC, LEAST, LEFT_OUT, OVERFLOW
from routing.engine.pricing.labels import price_days
from routing.engine.pricing.side import STEP, sides_of, with_grain
from routing.engine.route.roster import Roster
from routing.engine.solve import plan_of
from routing.generator import generate_day
from routing.problem import Problem, Weights
from tests.builders.boards import ANYTHING_MC, asked, every_set, orders
from tests.builders.routing import MIN, day, days, meal, nurse, on_duty, pharmacy, pin, visit, window

SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


def listed(problem: Problem) -> list[dict[frozenset[int], int]]:
    """For each nurse, the least cost of each set that the labels find."""
    index, found = DayIndex(problem), []
    for side in sides_of(index):
        dual_mc = np.zeros(len(side.visits), dtype=np.int64)
        best: dict[frozenset[int], int] = {}
        if len(dual_mc):
            routes, cost_mc, _, _ = price_days(side, asked(side, dual_mc, ALL, ANYTHING_MC, bounded=False))
            for order, cost in zip(orders(side, routes), cost_mc.tolist(), strict=True):
                key = frozenset(order)
                best[key] = min(cost, best.get(key, ANYTHING_MC))
        found.append(best)
    return found


@settings(max_examples=150, **SLOW)
@given(problem=st.one_of(days(), days(ripening=True)))
def test_labels_find_every_possible_set_at_the_cost_of_its_best_timing(problem: Problem) -> None:
    index = DayIndex(problem)
    for number, found in enumerate(listed(problem)):
        expected = every_set(index, number)
        halves = [{v, p} for v, p in enumerate(index.partner) if p > v]
        assert found == {s: c for s, c in expected.items() if not any(pair <= s for pair in halves)}


@settings(max_examples=100, **SLOW)
@given(problem=st.one_of(days(), days(ripening=True)), draw=st.data())
def test_exact_pricing_finds_the_least_reduced_cost_and_its_floor_lies_below(
    problem: Problem, draw: st.DataObject
) -> None:
    index, sets = DayIndex(problem), listed(problem)
    worth = np.array([draw.draw(st.integers(0, 12_000_000)) for _ in problem.visits], dtype=np.int64)
    for side, found in zip(sides_of(index), sets, strict=True):
        if not len(side.visits):
            continue
        least = min((c - int(worth[list(s)].sum()) for s, c in found.items()), default=ANYTHING_MC)
        dual_mc = worth[side.visits]
        counted = with_grain(side, side.limits[STEP], by_stock=True)
        for which, bounded in ((side, True), (side, False), (counted, True)):
            tally = price_days(which, asked(which, dual_mc, EXACT, 0, bounded=bounded))[3]
            assert not tally[OVERFLOW]
            assert min(0, tally[LEAST]) == min(0, least)
            assert least == ANYTHING_MC or tally[FLOOR] <= least
        assert price_days(side, asked(side, dual_mc, HEURISTIC, 0))[3][LEAST] >= min(0, least)


@settings(max_examples=60, **SLOW)
@given(problem=st.one_of(days(), days(ripening=True)), draw=st.data())
def test_what_labels_left_out_could_come_to_lies_below_too(problem: Problem, draw: st.DataObject) -> None:
    index, sets = DayIndex(problem), listed(problem)
    worth = np.array([draw.draw(st.integers(0, 12_000_000)) for _ in problem.visits], dtype=np.int64)
    room = draw.draw(st.integers(3, 12))
    for side, found in zip(sides_of(index), sets, strict=True):
        if not len(side.visits):
            continue
        least = min((c - int(worth[list(s)].sum()) for s, c in found.items()), default=ANYTHING_MC)
        tally = price_days(side, asked(side, worth[side.visits], EXACT, 0, room=room))[3]
        assert min(0, tally[LEAST], tally[LEFT_OUT]) <= least


def test_one_full_box_does_not_serve_every_controlled_visit() -> None:
    visits = [visit(f"v{number}", number, units=2) for number in range(6)]
    side = sides_of(DayIndex(day(nurse(shift=(480, 1080), lock_box_units=4), pharmacy(), *visits)))[0]
    worth = np.full(6, 9_000_000, dtype=np.int64)
    counted = with_grain(side, side.limits[STEP], by_stock=True)
    rough, sharp = (price_days(s, asked(s, worth, EXACT, 0))[3] for s in (side, counted))
    assert rough[FLOOR] < sharp[FLOOR] <= sharp[LEAST] == rough[LEAST]


@settings(max_examples=60, **SLOW)
@given(problem=st.one_of(days(), days(ripening=True)), draw=st.data())
def test_a_priced_cut_is_paid_once_for_each_two_of_its_rows(problem: Problem, draw: st.DataObject) -> None:
    index, sets = DayIndex(problem), listed(problem)
    price_mc = draw.draw(st.integers(1, 8_000_000))
    size = draw.draw(st.sampled_from([3, 5]))
    rows = set(draw.draw(st.permutations(range(len(index.visits) + len(index.nurses))))[:size])
    worth = np.full(len(index.visits), 6_000_000, dtype=np.int64)
    for her, (side, found) in enumerate(zip(sides_of(index), sets, strict=True)):
        if not len(side.visits):
            continue
        own = len(index.visits) + her
        bits = np.array([[row in rows] for row in [*side.visits.tolist(), own]], dtype=np.uint64)
        prices = np.zeros(64, dtype=np.int64)
        prices[0] = price_mc
        least = min(
            (
                cost - int(worth[list(made)].sum()) + price_mc * (len((made | {own}) & rows) // 2)
                for made, cost in found.items()
            ),
            default=0,
        )
        answer = price_days(side, asked(side, worth[side.visits], EXACT, 0, cut=(bits, prices)))
        assert min(0, answer[3][LEAST]) == min(0, least)


def test_on_generated_days_the_best_column_costs_what_the_check_says_and_none_costs_less() -> None:
    for seed in range(3):
        index = DayIndex(generate_day(9, 3, seed))
        for number, side in enumerate(sides_of(index)):
            dual_mc = np.full(len(side.visits), 25_000_000, dtype=np.int64)
            routes, cost_mc, _, _ = price_days(side, asked(side, dual_mc, EXACT, 0))
            columns = list(zip(orders(side, routes), cost_mc.tolist(), strict=True))[:20]
            for place, (order, cost) in enumerate(columns):
                roster = Roster(index)
                assert roster.set_route(number, list(order))
                route = roster.route(number)
                assert route is not None
                price_mc = price_route(index.problem, route).total_mc
                assert price_mc == cost if place == 0 else price_mc <= cost
                assert violations(index.problem, plan_of(roster)) == ()


def only(problem: Problem) -> dict[tuple[int, ...], int]:
    return {tuple(sorted(s)): c for s, c in listed(problem)[0].items()}


def test_a_break_that_is_due_makes_a_tight_day_impossible() -> None:
    tight = [visit("a", 1, service=110), visit("b", 1, service=110)]
    rest = meal(earliest=540, latest=600, duration=60)
    assert (0, 1) in only(day(nurse(shift=(480, 720)), *tight))
    assert (0, 1) not in only(day(nurse(shift=(480, 720), meal_break=rest), *tight))


def test_a_controlled_visit_needs_a_pharmacy_and_the_better_of_two_is_chosen() -> None:
    ann, drug = nurse(lock_box_units=2), visit("a", 2, units=1)
    assert only(day(ann, drug)) == {}
    far, near = pharmacy("far", at=9), pharmacy("near", at=1)
    assert only(day(ann, drug, far)) == {(0,): 18 * 10 * MIN * 10}
    assert only(day(ann, drug, far, near)) == {(0,): 4 * 10 * MIN * 10}


def test_a_box_that_is_too_small_or_a_second_pickup_that_is_not_allowed_ends_a_day() -> None:
    drugs = [visit("a", 1, units=2), visit("b", 2, units=2)]
    assert (0, 1) not in only(day(nurse(lock_box_units=2), *drugs, pharmacy(at=1)))
    assert (0, 1) in only(day(nurse(lock_box_units=2, max_pickups=2), *drugs, pharmacy(at=1)))


def test_stock_goes_back_where_policy_says_so() -> None:
    ann = nurse(lock_box_units=2, stock_units=2)
    kept, unopened = (
        day(ann, visit("a", 1), pharmacy(at=5), return_of_stock=r) for r in ("never", "unopened")
    )
    assert only(kept) == {(0,): 2 * 10 * MIN * 10}
    assert only(unopened) == {(0,): 10 * 10 * MIN * 10}


def test_overtime_is_priced_and_limited() -> None:
    late = visit("a", 1, begin=(900, 900), service=60)
    assert only(day(nurse(shift=(480, 960)), late)) == {}
    assert only(day(nurse(shift=(480, 960), overtime_limit_s=600), late)) == {(0,): 1200 * 10 + 600 * 7}


def test_a_visit_with_two_windows_takes_the_one_that_waits_less() -> None:
    first = visit("a", 1, begin=(600, 600))
    two = visit("b", 1, windows=(window(500, 510), window(700, 710)), service=30)
    assert only(day(nurse(), first, two))[0, 1] == 1200 * 10 + 40 * MIN * 4


def test_waiting_of_an_on_duty_nurse_is_paid_from_when_she_is_free() -> None:
    ann = nurse(free=on_duty(1, 500))
    assert only(day(ann, visit("a", 1, begin=(560, 560)))) == {(0,): 10 * MIN * 10 + 60 * MIN * 4}


def test_a_pin_and_a_longest_day_are_kept() -> None:
    one, other = visit("a", 1), visit("b", 2)
    assert (0, 1) not in only(day(nurse(max_duration_s=150 * MIN), one, other))
    assert only(day(nurse(), one, other, pins=(pin("a", begin=300),))).keys() == {(1,)}
    assert only(day(nurse(), nurse("bea"), one, other, pins=(pin("b", to="bea"),))).keys() == {(0,)}


def test_unfair_load_is_priced() -> None:
    fair = day(
        nurse(fair_load_s=30 * MIN), visit("a", 1), weights=Weights(travel_mc_per_s=10, fairness_mc_per_s=3)
    )
    assert only(fair) == {(0,): 1200 * 10 + 30 * MIN * 3}

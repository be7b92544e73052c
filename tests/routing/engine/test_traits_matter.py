"""No condition of the labels or of the master can be taken away unnoticed.

A day where each trait decides; the arrays in which it stands; and what the labels answer with the trait put
out of force there, as if the condition were removed: not what timing every order of every set says.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from routing.engine.index import DayIndex
from routing.engine.pricing import side as s
from routing.engine.pricing.dominance import ALL, EXACT, LEAST
from routing.engine.pricing.labels import price_days
from routing.engine.pricing.side import Side, sides_of
from routing.engine.solve import solve
from routing.problem import Problem
from tests.builders.boards import ANYTHING_MC, asked, every_set, least_cost_mc, orders
from tests.builders.routing import MIN, day, meal, nurse, on_duty, pharmacy, pin, visit, window

FAR = 1 << 30


def answer(side: Side) -> dict[frozenset[int], int]:
    """The least cost of each set that the labels find on a side."""
    if not len(side.visits):
        return {}
    dual_mc = np.zeros(len(side.visits), dtype=np.int64)
    routes, cost_mc, _, _ = price_days(side, asked(side, dual_mc, ALL, ANYTHING_MC, bounded=False))
    found: dict[frozenset[int], int] = {}
    for order, cost in zip(orders(side, routes), cost_mc.tolist(), strict=True):
        found[frozenset(order)] = min(cost, found.get(frozenset(order), ANYTHING_MC))
    return found


def limit(**changes: int) -> Callable[[Side], Side]:
    """Put limits of a side out of force."""

    def change(side: Side) -> Side:
        limits = side.limits.copy()
        for name, value in changes.items():
            limits[getattr(s, name)] = value
        return side._replace(limits=limits)

    return change


def array(name: str, value: int) -> Callable[[Side], Side]:
    """Put an array of a side out of force."""
    return lambda side: side._replace(**{name: np.full_like(getattr(side, name), value)})


def only_first_window(side: Side) -> Side:
    first = side.window_of[:-1]
    count = np.arange(len(side.window_of), dtype=np.int64)
    return side._replace(
        window_of=count,
        opens_s=side.opens_s[first],
        closes_s=side.closes_s[first],
        fresh_s=side.fresh_s[first],
    )


class Case(NamedTuple):
    problem: Problem
    without: Callable[[Side], Side]


TIGHT = [visit("a", 1, service=110), visit("b", 1, service=110)]
DRUGS = [visit("a", 1, units=2), visit("b", 2, units=2)]
LATE = visit("a", 1, begin=(900, 900))

TRAITS: dict[str, Case] = {
    "window opens": Case(
        day(nurse(free=on_duty(1, 500)), visit("a", 1, begin=(560, 600))), array("opens_s", 0)
    ),
    "window closes": Case(
        day(nurse(), visit("a", 1, begin=(480, 500)), visit("b", 3, begin=(480, 540))), array("closes_s", FAR)
    ),
    "several windows": Case(
        day(
            nurse(),
            visit("a", 1, windows=(window(500, 510), window(700, 710)), service=30),
            visit("b", 1, begin=(520, 520), service=30),
        ),
        only_first_window,
    ),
    "shift begins": Case(
        day(nurse(shift=(600, 960)), visit("a", 1, begin=(480, 640)), visit("b", 3, begin=(480, 680))),
        limit(BEGIN=0),
    ),
    "overtime limit": Case(day(nurse(shift=(480, 615)), visit("a", 1), visit("b", 1)), limit(LATEST_END=FAR)),
    "overtime price": Case(day(nurse(overtime_limit_s=60 * MIN), LATE), limit(OVERTIME=0)),
    "longest day": Case(day(nurse(max_duration_s=150 * MIN), *TIGHT), limit(LONGEST=FAR)),
    "break": Case(day(nurse(shift=(480, 720), meal_break=meal(540, 600, 60)), *TIGHT), limit(REST_UNTIL=-1)),
    "idle price": Case(day(nurse(free=on_duty(1, 500)), visit("a", 1, begin=(560, 560))), limit(IDLE=0)),
    "travel price": Case(day(nurse(), visit("a", 1)), limit(TRAVEL=0)),
    "lock-box": Case(day(nurse(lock_box_units=2), *DRUGS, pharmacy(at=1)), limit(BOX=100)),
    "stock on board": Case(
        day(nurse(lock_box_units=4, stock_units=1, max_pickups=0), *[replace(v, units=1) for v in DRUGS]),
        limit(STOCK=100),
    ),
    "pickup before it": Case(day(nurse(lock_box_units=4), *DRUGS, pharmacy(at=9)), array("units", 0)),
    "number of pickups": Case(
        day(nurse(lock_box_units=2, max_pickups=1), *DRUGS, pharmacy(at=1)), limit(PICKUPS=100)
    ),
    "stock is ready": Case(
        day(
            nurse(lock_box_units=4, max_pickups=1),
            visit("a", 1, units=1, begin=(480, 520)),
            visit("b", 2, units=1, ready_s=700 * MIN),
            pharmacy(at=1),
        ),
        array("ready_s", 0),
    ),
    "return unopened": Case(
        day(
            nurse(lock_box_units=2, stock_units=2), visit("a", 1), pharmacy(at=5), return_of_stock="unopened"
        ),
        limit(RETURN_DUE=s.NO_RETURN),
    ),
    "return whoever carried": Case(
        day(nurse(lock_box_units=2), DRUGS[0], pharmacy(at=5), return_of_stock="carried"),
        limit(RETURN_DUE=s.RETURN_UNOPENED),
    ),
    "return by shift end": Case(
        day(
            nurse(lock_box_units=2, stock_units=2, overtime_limit_s=120 * MIN),
            visit("a", 1, begin=(880, 880), units=1),
            pharmacy(at=5),
            return_of_stock="unopened",
        ),
        array("closes_s", FAR),
    ),
    "unfair load": Case(day(nurse(fair_load_s=30 * MIN), visit("a", 1)), limit(FAIRNESS=0)),
    "continuity": Case(
        day(nurse(), nurse("bea"), visit("a", 1, preferred_nurses=("bea",), continuity_mc=5_000)),
        array("fixed_mc", 0),
    ),
    "on duty": Case(day(nurse(free=on_duty(1, 500)), visit("a", 1, begin=(560, 560))), limit(ON_DUTY=0)),
    "service": Case(day(nurse(shift=(480, 600)), visit("a", 1), visit("b", 1)), array("service_s", 0)),
}


@pytest.mark.parametrize("trait", TRAITS)
def test_without_a_trait_the_labels_answer_something_else(trait: str) -> None:
    case = TRAITS[trait]
    index = DayIndex(case.problem)
    side, expected = sides_of(index)[0], every_set(index, 0)
    assert answer(side) == expected
    assert answer(case.without(side)) != expected


@pytest.mark.parametrize("double", [(), (("a", "b"),)], ids=["a visit is made once", "one half is made"])
def test_what_bars_a_visit_is_missed_where_it_pays_to_make_it_again(
    double: tuple[tuple[str, str], ...],
) -> None:
    side = sides_of(DayIndex(day(nurse(), visit("a", 1), visit("b", 2), double_visits=double)))[0]
    dual_mc = np.full(2, 1_000_000, dtype=np.int64)
    apart_mc, both_mc = 12_000 - 1_000_000, 24_000 - 2_000_000
    question = asked(side, dual_mc, EXACT, 0, bounded=False)
    assert price_days(side, question)[3][LEAST] == (apart_mc if double else both_mc)
    barred_by_nothing = side._replace(bar=np.zeros_like(side.bar))
    assert price_days(barred_by_nothing, question)[3][LEAST] < both_mc


def without_double(problem: Problem) -> Problem:
    return replace(problem, double_visits=())


def a_second_ann(problem: Problem) -> Problem:
    return replace(problem, nurses=(*problem.nurses, replace(problem.nurses[0], id="another ann")))


def cheap_to_leave(problem: Problem) -> Problem:
    return replace(problem, visits=tuple(replace(v, penalty_mc=0) for v in problem.visits))


class Shared(NamedTuple):
    problem: Problem
    relaxed: Callable[[Problem], Problem]


# What the master, and not one nurse's labels, must keep.
SHARED: dict[str, Shared] = {
    "a nurse has one route": Shared(
        day(nurse(), visit("a", 1, begin=(600, 600)), visit("b", 1, begin=(610, 610))), a_second_ann
    ),
    "a visit is made or paid for": Shared(day(nurse(), visit("a", 9)), cheap_to_leave),
    "both halves or none": Shared(
        day(nurse(), visit("a", 1), visit("b", 1, service=30), double_visits=(("a", "b"),)), without_double
    ),
    "both halves at once": Shared(
        day(
            nurse(),
            nurse("bea", at=9, shift=(480, 960)),
            visit("a", 1, begin=(480, 600)),
            visit("b", 1, begin=(600, 700)),
            visit("c", 1, begin=(610, 610), ineligible={"bea": ("licence_expired",)}),
            double_visits=(("a", "b"),),
        ),
        without_double,
    ),
    "eligibility": Shared(
        day(nurse(), nurse("bea", at=9), visit("a", 1, ineligible={"ann": ("licence_expired",)})),
        lambda problem: replace(problem, visits=(replace(problem.visits[0], ineligible={}),)),
    ),
    "a pin": Shared(
        day(nurse(), nurse("bea", at=9), visit("a", 1), pins=(pin("a", to="bea"),)),
        lambda problem: replace(problem, pins=()),
    ),
    "a pinned begin": Shared(
        day(nurse(free=on_duty(1, 500)), visit("a", 1), pins=(pin("a", begin=560),)),
        lambda problem: replace(problem, pins=()),
    ),
    "an on-duty nurse goes home": Shared(
        day(nurse(free=on_duty(3, 600))), lambda problem: replace(problem, nurses=())
    ),
}


@pytest.mark.parametrize("trait", SHARED)
def test_without_a_shared_trait_the_best_day_would_be_cheaper(trait: str) -> None:
    case = SHARED[trait]
    kept, relaxed = planned_mc(case.problem), planned_mc(case.relaxed(case.problem))
    assert relaxed < kept
    if not case.problem.double_visits:
        assert kept == least_cost_mc(DayIndex(case.problem))


def planned_mc(problem: Problem) -> int:
    """The cost of the exact engine's plan, which `solve` has checked."""
    return solve(problem, engine="columns", seconds=20.0, iterations=30).cost_mc

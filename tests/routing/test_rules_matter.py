"""No rule of the check can be taken away unnoticed: for each, a plan that only it refuses."""

from dataclasses import replace
from types import ModuleType

import pytest

from routing import check
from routing.check import RULES, violations
from routing.plan import Plan, Stop, Unassigned
from routing.problem import FrozenStop, Problem
from routing.rules import route_shape
from tests.builders.routing import MIN, day, meal, nurse, on_duty, pharmacy, pin, plan, stop, visit


def out_and_back(
    begin: int = 490, *, service: int = 60, ref: str = "a", home: int | None = None
) -> list[Stop]:
    """p0 -> visit at p1 -> p0."""
    end = begin + service + 10 if home is None else home
    return [stop("start", begin - 10), stop("visit", begin, ref, lasts=service), stop("end", end)]


def collected(at: int = 530, units: int = 1) -> list[Stop]:
    """p0 -> pharmacy at p5 -> controlled visit at p6 -> p0."""
    return [
        stop("start", at - 50),
        stop("pickup", at, "rx", lasts=5, units=units),
        stop("visit", at + 15, "a", lasts=60, units=1),
        stop("end", at + 135),
    ]


PLAIN = day(nurse(), visit("a", 1))
DRUG = day(nurse(lock_box_units=2), visit("a", 6, units=1), pharmacy())
PAIR = day(nurse(), nurse("bea"), visit("a", 1), visit("b", 1), double_visits=(("a", "b"),))
PAST = FrozenStop(kind="visit", ref="done", begin_s=500 * MIN, end_s=560 * MIN)


def silent(problem: Problem) -> Plan:
    return replace(plan(problem, {}, left=("a",)), unassigned=(Unassigned(visit="a", reasons=()),))


def with_nurse(problem: Problem, **changes: object) -> Problem:
    return replace(problem, nurses=(replace(problem.nurses[0], **changes), *problem.nurses[1:]))  # type: ignore[arg-type]


def with_visit(problem: Problem, **changes: object) -> Problem:
    return replace(problem, visits=(replace(problem.visits[0], **changes), *problem.visits[1:]))  # type: ignore[arg-type]


def on(problem: Problem, stops: list[Stop], **more: object) -> tuple[Problem, Plan]:
    return problem, plan(problem, {"ann": stops}, **more)  # type: ignore[arg-type]


BREAKS: dict[str, tuple[Problem, Plan]] = {
    "each_visit_once": (PLAIN, silent(PLAIN)),
    "eligibility": on(with_visit(PLAIN, ineligible={"ann": ("licence_expired",)}), out_and_back()),
    "time_window": on(day(nurse(), visit("a", 1, begin=(600, 660))), out_and_back(661)),
    "service_time": on(PLAIN, out_and_back(service=59)),
    "travel_time": on(PLAIN, out_and_back(home=559)),
    "shift": on(day(nurse(), visit("a", 1, begin=(400, 960))), out_and_back(489)),
    "overtime": on(PLAIN, out_and_back(900)),
    "max_duration": on(with_nurse(PLAIN, max_duration_s=79 * MIN), out_and_back()),
    "meal_break": on(with_nurse(PLAIN, meal_break=meal()), out_and_back()),
    "pickup_before_controlled": on(DRUG, [s for s in collected() if s.kind != "pickup"]),
    "stock_ready": on(with_visit(DRUG, ready_s=531 * MIN), collected()),
    "pickup_limit": on(with_nurse(DRUG, max_pickups=0), collected()),
    "lock_box_capacity": on(DRUG, collected(units=3)),
    "pharmacy_hours": on(replace(DRUG, pharmacies=(pharmacy(hours=(540, 1140)),)), collected()),
    "return_of_stock": on(replace(DRUG, return_of_stock="carried"), collected()),
    "double_visit": (PAIR, plan(PAIR, {"ann": out_and_back(500), "bea": out_and_back(501, ref="b")})),
    "pin": on(replace(PLAIN, pins=(pin("a", begin=500),)), out_and_back(501)),
    "frozen_prefix": on(
        day(nurse(free=on_duty(1, 600), frozen=(PAST,))), [stop("start", 600), stop("end", 610)]
    ),
    "stated_result": on(PLAIN, out_and_back(), bound_mc=10**9),
}


def name_of(rule: ModuleType) -> str:
    return rule.__name__.rpartition(".")[2]


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_without_a_rule_what_it_alone_forbids_would_pass(
    rule: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, broken = BREAKS[name_of(rule)]
    assert {violation.rule for violation in violations(problem, broken)} == {name_of(rule)}
    monkeypatch.setattr(check, "RULES", tuple(other for other in RULES if other is not rule))
    assert violations(problem, broken) == ()


def test_a_plan_whose_shape_is_wrong_is_read_by_no_other_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, broken = on(PLAIN, [*out_and_back()[:2], stop("end", 560, lasts=1)])
    assert {violation.rule for violation in violations(problem, broken)} == {"route_shape"}
    monkeypatch.setattr(route_shape, "check", lambda *_: ())
    assert violations(problem, broken) == ()

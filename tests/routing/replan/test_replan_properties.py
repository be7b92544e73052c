"""Random events over invented days: what is past, pinned or held never moves, and every plan holds."""

import random
from dataclasses import replace
from functools import cache

import pytest

from routing.check import violations
from routing.engine.solve import solve
from routing.generator import generate_day
from routing.problem import Pin
from routing.replan.events import (
    Cancelled,
    DrugNotAvailable,
    Event,
    NoShow,
    NurseIll,
    Overrun,
    UrgentVisit,
    VehicleLate,
)
from routing.replan.local import improve
from routing.replan.promises import Policy
from routing.replan.replanner import Proposal, Replanner
from routing.replan.underway import Running, as_planned

POLICY = Policy()
H = 3600


@cache
def running(seed: int, now_h: int) -> Running:
    problem = generate_day(24, 8, seed)
    planned = solve(problem, seconds=20, engine="greedy", seed=seed)
    pins = tuple(
        Pin(visit=visit, nurse=route.nurse, begin_s=planned.begin_s(visit) if index % 2 else None)
        for index, route in enumerate(planned.routes)
        for visit in route.visits[-1:]
        if index % 3 == 0
    )
    return as_planned(replace(problem, pins=pins), planned, now_h * H)


def some_events(day: Running, draw: random.Random) -> list[Event]:
    problem, now_s = day.problem, day.now_s
    nurses, visits = list(problem.nurse), list(problem.visit)
    under_way = [n.frozen[-1].ref for n in problem.nurses if n.frozen and n.frozen[-1].kind == "visit"]
    extra = replace(problem.visit[draw.choice(visits)], id="urgent", penalty_mc=300_000_000)
    found: list[Event] = [
        NurseIll(nurse=draw.choice(nurses), from_s=now_s + draw.choice((0, H))),
        VehicleLate(nurse=draw.choice(nurses), free_at_s=now_s + draw.randint(0, 3 * H)),
        Cancelled(visit=draw.choice(visits)),
        DrugNotAvailable(visit=draw.choice(visits), until_s=draw.choice((None, now_s + 2 * H))),
        DrugNotAvailable(
            pharmacy=draw.choice(list(problem.pharmacy)), until_s=draw.choice((None, now_s + H))
        ),
        DrugNotAvailable(nurse=draw.choice(nurses)),
        UrgentVisit(visit=extra),
    ]
    if under_way:
        found.append(Overrun(visit=draw.choice(under_way), ends_s=now_s + draw.randint(0, 3 * H)))
        found.append(NoShow(visit=draw.choice(under_way), known_s=now_s))
    draw.shuffle(found)
    return found[: draw.randint(1, 3)]


def require_sound(day: Running, proposal: Proposal) -> None:
    problem, plan = proposal.problem, proposal.plan
    assert violations(problem, plan) == ()
    assert violations(problem, proposal.nothing) == ()
    assert proposal.diff.after.total_mc == proposal.total_mc <= proposal.diff.nothing.total_mc
    nothing = {s.visit: s.nothing for s in proposal.diff.moved}
    for visit, promise in day.promised.items():
        kept = promise.begin_s < day.now_s + POLICY.freeze_s or visit in day.problem.pin
        if not kept or visit not in problem.visit:
            continue
        route, begin_s = plan.route_of(visit), plan.begin_s(visit)
        undone = proposal.nothing.route_of(visit)
        if undone is None:
            if visit in day.problem.pin:
                assert route is None or route.nurse == day.problem.pin[visit].nurse
            continue  # she cannot make it any more, whatever is done
        assert route is not None, f"{visit} is held and was dropped"
        assert route.nurse == undone.nurse == promise.nurse
        if promise.begin_s < day.now_s + POLICY.freeze_s:
            assert begin_s == proposal.nothing.begin_s(visit), f"{visit} is held and begins otherwise"
    assert set(nothing) <= set(problem.visit)
    for nurse in problem.nurses:
        route = next((route for route in plan.routes if route.nurse == nurse.id), None)
        if nurse.frozen:
            frozen = [(s.kind, s.ref, s.begin_s, s.end_s) for s in route.stops if s.frozen]
            assert frozen == [(s.kind, s.ref, s.begin_s, s.end_s) for s in nurse.frozen]


@pytest.mark.parametrize("draws", range(60))
def test_greedy_answers_hold_and_move_nothing_that_is_fixed(draws):
    draw = random.Random(draws)
    day = running(draws % 4, 9 + draws % 3)
    require_sound(day, Replanner(day, POLICY).answer(some_events(day, draw)))


@pytest.mark.parametrize("draws", range(6))
def test_exact_answers_hold_and_are_no_dearer(draws):
    draw = random.Random(100 + draws)
    day = running(draws % 4, 10)
    first = Replanner(day, POLICY).answer(some_events(day, draw))
    better = improve(first, seconds=3.0, iterations=20)
    require_sound(day, better)
    assert better.total_mc <= first.total_mc

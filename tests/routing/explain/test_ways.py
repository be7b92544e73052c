"""What would make an unassigned visit possible: the least change, proven; laws never give way."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from routing.engine.quick.insertion import move
from routing.engine.solve import solve
from routing.explain import Relaxation, Ways, condition, find_ways
from routing.generator import generate_day
from routing.plan import Plan
from routing.problem import Problem, Window
from tests.builders.routing import (
    LEG_MIN,
    MIN,
    WEIGHTS,
    day,
    days,
    meal,
    nurse,
    on_duty,
    pharmacy,
    pin,
    visit,
)

MC_A_LEG = LEG_MIN * MIN * WEIGHTS.travel_mc_per_s


def ways(problem: Problem, name: str = "v", **more: object) -> Ways:
    """The ways of a visit on the greedy plan, which leaves it."""
    plan = solve(problem, engine="greedy", seconds=20.0)
    assert name in {entry.visit for entry in plan.unassigned}
    return find_ways(problem, plan, name, **more)


def the(found: Ways, way: str) -> Relaxation:
    (one,) = [relaxation for relaxation in found.relaxations if relaxation.way == way]
    return one


def kinds(found: Ways) -> set[str]:
    return {relaxation.way for relaxation in found.relaxations}


def fact(found: Ways, name: str) -> tuple[int, bool]:
    (one,) = [fact for fact in found.facts if fact.name == name]
    return one.nurses, one.is_law


def test_the_window_closes_as_much_later_as_the_drive_needs() -> None:
    found = ways(day(nurse(), visit("v", 3, begin=(480, 501))))
    one = the(found, "closes_later")
    assert (one.minutes, one.nurse, one.begin_s, one.added_mc) == (10, "ann", 510 * MIN, 6 * MC_A_LEG)
    assert condition(one) == "the window closed 10 min later"
    assert kinds(found) == {"closes_later"}


def test_the_window_opens_earlier_or_the_nurse_works_longer() -> None:
    found = ways(day(nurse(), visit("v", 1, begin=(950, 960))))
    earlier, overtime = the(found, "opens_earlier"), the(found, "overtime")
    assert (earlier.minutes, earlier.begin_s) == (60, 890 * MIN)
    assert (overtime.minutes, overtime.begin_s, overtime.back_s) == (60, 950 * MIN, 1020 * MIN)
    assert overtime.added_mc - earlier.added_mc == 60 * MIN * WEIGHTS.overtime_mc_per_s
    assert kinds(found) == {"opens_earlier", "overtime"}


def test_two_hours_are_the_most_that_is_offered() -> None:
    found = ways(day(nurse(), visit("v", 1, begin=(1011, 1100))))
    assert found.relaxations == ()


def test_no_visit_is_made_to_end_later_than_allowed() -> None:
    problem = day(nurse(), visit("v", 3, begin=(480, 501)))
    assert kinds(ways(problem, latest_end_s=570 * MIN)) == {"closes_later"}
    assert kinds(ways(problem, latest_end_s=569 * MIN)) == set()


def test_a_larger_change_is_named_when_it_costs_less() -> None:
    """Five minutes by the nurse from far away, twenty-five by the one next door."""
    later = visit("v", 0, begin=(470, 474))
    problem = day(
        nurse("near", at=0, shift=(495, 960)),
        nurse("far", at=9, shift=(385, 960)),
        later,
        weights=replace(WEIGHTS, travel_mc_per_s=1_000),
    )
    least, cheapest = [one for one in ways(problem).relaxations if one.way == "closes_later"][::-1]
    assert (least.nurse, least.minutes) == ("far", 5)
    assert (cheapest.nurse, cheapest.minutes) == ("near", 25)
    assert cheapest.added_mc < least.added_mc


def test_a_larger_lock_box_is_the_least_that_holds_the_drug() -> None:
    found = ways(day(nurse(lock_box_units=1), visit("v", 1, units=3), pharmacy(at=0)))
    one = the(found, "lock_box")
    assert one.units == 3
    assert condition(one) == "ann's lock-box held 3 units"


def test_a_box_too_small_by_the_rules_is_no_law() -> None:
    small = {"ann": ("lock_box_too_small",)}
    found = ways(day(nurse(lock_box_units=1), visit("v", 1, units=2, ineligible=small), pharmacy(at=0)))
    assert the(found, "lock_box").units == 2


@pytest.mark.parametrize(
    ("hours", "window", "way", "minutes"),
    [
        ((700, 900), (480, 600), "pharmacy_opens_earlier", 105),
        ((420, 440), (480, 960), "pharmacy_closes_later", 50),
    ],
)
def test_another_pharmacy_hour(
    hours: tuple[int, int], window: tuple[int, int], way: str, minutes: int
) -> None:
    problem = day(nurse(lock_box_units=4), visit("v", 1, begin=window, units=1), pharmacy(at=1, hours=hours))
    one = the(ways(problem), way)
    assert (one.minutes, one.pharmacy) == (minutes, "rx")


def test_a_competency_that_a_person_can_enter_is_offered_with_its_price() -> None:
    problem = day(nurse(), nurse("bea", at=5), visit("v", 1, ineligible={
        "ann": ("competency_expired",), "bea": ("competency_missing", "licence_expired")
    }))  # fmt: skip
    found = ways(problem)
    one = the(found, "lifted")
    assert (one.nurse, one.codes, one.added_mc) == ("ann", ("competency_expired",), 2 * MC_A_LEG)
    assert condition(one) == "ann's competency were proven and valid that day"
    assert fact(found, "competency") == (2, False)
    assert fact(found, "licence") == (1, True)


@pytest.mark.parametrize(
    "code", ["licence_expired", "authorisation_missing", "rest_too_short", "gender_required", "a_new_rule"]
)
def test_a_law_is_never_relaxed(code: str) -> None:
    found = ways(day(nurse(), visit("v", 1, ineligible={"ann": (code,)})))
    assert found.relaxations == ()
    assert [one.is_law for one in found.facts] == [True, True]
    assert found.facts[0].name == "nobody_may"


def test_hours_that_spoke_against_her_are_judged_anew_with_the_window() -> None:
    """`shift_too_short` was said of the window as it is; another window is another question."""
    short = {"ann": ("shift_too_short",)}
    found = ways(day(nurse(), visit("v", 1, begin=(950, 960), ineligible=short)))
    assert the(found, "opens_earlier").minutes == 60


def test_what_the_law_refuses_beyond_the_day_file_is_not_offered() -> None:
    problem = day(nurse(), visit("v", 1, begin=(950, 960)))
    found = ways(problem, lawful=lambda one: one.way != "overtime")
    assert kinds(found) == {"opens_earlier"}


def test_a_meal_break_is_named_and_never_moved() -> None:
    resting = nurse(shift=(480, 710), meal_break=meal(earliest=540, latest=600))
    found = ways(day(resting, visit("v", 1, begin=(500, 520), service=190)))
    assert fact(found, "meal_break") == (1, True)
    assert not {one.way for one in found.relaxations} & {"lifted", "overtime"}


def test_the_longest_day_is_named_and_never_lengthened() -> None:
    short = nurse(max_duration_s=70 * MIN)
    found = ways(day(short, visit("v", 1)))
    assert fact(found, "longest_day") == (1, True)
    assert found.relaxations == ()


def test_overtime_of_a_running_day_keeps_the_longest_day() -> None:
    running = nurse(free=on_duty(0, 900, since=480), max_duration_s=490 * MIN)
    found = ways(day(running, visit("v", 1, begin=(900, 960))))
    assert "overtime" not in kinds(found)
    longer = replace(running, max_duration_s=600 * MIN)
    assert the(ways(day(longer, visit("v", 1, begin=(900, 960)))), "overtime").minutes == 20


def test_another_visit_moves_to_the_nurse_who_may_make_it() -> None:
    problem = day(
        nurse(shift=(480, 640)),
        nurse("bea", at=2),
        visit("other", 1, begin=(490, 520), penalty_mc=20_000_000),
        visit("v", 1, begin=(490, 520), ineligible={"bea": ("licence_expired",)}),
    )
    found = ways(problem)  # greedy gave ann the other visit, which bea could make
    one = found.relaxations[0]
    assert (one.way, one.nurse, one.other, one.other_nurse) == ("move_other", "ann", "other", "bea")
    assert one.needs_nobody
    assert one.added_mc == 2 * MC_A_LEG  # bea's own way to it; v costs ann what the other did
    assert condition(one) == "other moved to bea and began at 08:10"


def test_a_visit_that_matters_less_may_be_left() -> None:
    problem = day(
        nurse(shift=(480, 640)),
        visit("less", 1, begin=(490, 500), penalty_mc=1_000_000),
        visit("v", 1, begin=(490, 500), ineligible={"ann": ("licence_expired",)}),
    )
    plan = solve(problem, engine="greedy", seconds=20.0)
    allowed = replace(problem, visits=(problem.visits[0], replace(problem.visits[1], ineligible={})))
    one = the(find_ways(allowed, plan, "v"), "leave_other")
    assert (one.other, one.added_mc) == ("less", 1_000_000)
    equal = replace(allowed, visits=(replace(allowed.visits[0], penalty_mc=10_000_000), allowed.visits[1]))
    assert "leave_other" not in kinds(find_ways(equal, plan, "v"))


def test_a_pin_is_let_go_by_a_person() -> None:
    barred = {"ann": ("licence_expired",)}
    problem = day(nurse(), nurse("bea"), visit("v", 1, ineligible=barred), pins=(pin("v", "ann"),))
    found = ways(problem)
    assert the(found, "lifted").codes == ("pinned_to_another_nurse",)
    assert condition(the(found, "lifted")) == "it were unpinned"


def test_a_pinned_time_that_nobody_keeps_is_let_go() -> None:
    problem = day(nurse(), visit("v", 3, begin=(480, 700)), pins=(pin("v", begin=485),))
    one = the(ways(problem), "lifted")
    assert (one.codes, one.begin_s) == (("pinned_to_time",), 510 * MIN)


def test_what_can_be_made_as_it_is_needs_nothing() -> None:
    problem = day(nurse(), visit("v", 1))
    plan = solve(replace(problem, visits=(replace(problem.visits[0], ineligible={"ann": ("x",)}),)),
                 engine="greedy", seconds=20.0)  # fmt: skip
    found = find_ways(problem, plan, "v")
    assert found.relaxations == ()
    assert [one.name for one in found.facts] == ["possible"]


def test_who_is_full_is_told_with_the_first_hour_that_is_free() -> None:
    problem = day(
        nurse(),
        visit("long", 1, begin=(490, 490), service=240, penalty_mc=90_000_000),
        visit("v", 1, begin=(490, 500)),
    )
    (full,) = [one for one in ways(problem).facts if one.name == "full"]
    assert (full.nurses, full.at_s) == (1, 730 * MIN)


def test_of_a_visit_by_two_nurses_only_the_facts_are_told() -> None:
    problem = day(nurse(), visit("v", 1), visit("w", 1), double_visits=(("v", "w"),))
    found = ways(problem)
    assert found.relaxations == ()
    assert fact(found, "two_nurses") == (1, False)


def test_a_visit_that_somebody_makes_needs_no_way() -> None:
    problem = day(nurse(), visit("v", 1))
    found = find_ways(problem, solve(problem, engine="greedy", seconds=20.0), "v")
    assert (found.relaxations, found.facts) == ((), ())


def test_nobody_at_work() -> None:
    found = ways(day(visit("v", 1)))
    assert [one.name for one in found.facts] == ["nobody_works"]


def eased(problem: Problem, name: str, one: Relaxation) -> Problem:
    """The whole day with what gives way changed in it, made independently of the search."""
    asked = problem.visit[name]
    change_s = one.minutes * MIN
    if one.way in ("opens_earlier", "closes_later"):
        spans: list[tuple[int, int]] = []
        for window in asked.windows:
            begin_s = window.begin_s - (change_s if one.way == "opens_earlier" else 0)
            end_s = window.end_s + (change_s if one.way == "closes_later" else 0)
            if spans and begin_s <= spans[-1][1]:
                spans[-1] = (spans[-1][0], end_s)
            else:
                spans.append((max(0, begin_s), end_s))
        asked = replace(asked, windows=tuple(Window(begin_s=a, end_s=b) for a, b in spans))
    pins = problem.pins
    if one.way == "lifted":
        ineligible = {nurse: why for nurse, why in asked.ineligible.items() if nurse != one.nurse}
        asked = replace(asked, ineligible=ineligible)
        pins = tuple(held for held in pins if held.visit != name)
    nurses = tuple(
        replace(known, overtime_limit_s=known.overtime_limit_s + (change_s if one.way == "overtime" else 0),
                lock_box_units=one.units or known.lock_box_units)
        if known.id == one.nurse else known
        for known in problem.nurses
    )  # fmt: skip
    shops = tuple(
        replace(shop, open=tuple(
            Window(begin_s=max(0, w.begin_s - (change_s if one.way == "pharmacy_opens_earlier" else 0)),
                   end_s=w.end_s + (change_s if one.way == "pharmacy_closes_later" else 0))
            for w in shop.open
        )) if shop.id == one.pharmacy else shop
        for shop in problem.pharmacies
    )  # fmt: skip
    visits = tuple(asked if known.id == name else known for known in problem.visits)
    return replace(problem, visits=visits, nurses=nurses, pharmacies=shops, pins=pins)


def made(problem: Problem, plan: Plan, name: str, one: Relaxation) -> Plan:
    """Do what a relaxation says by the moves that a dispatcher has."""
    changed: object = plan
    steps: list[tuple[str, str | None]] = [(name, one.nurse)]
    if one.way in ("move_other", "leave_other"):
        steps = [(one.other, None), *steps]
    if one.way == "move_other":
        steps.append((one.other, one.other_nurse))
    for visit_name, nurse_name in steps:
        assert isinstance(changed, Plan)
        changed = move(problem, changed, visit_name, nurse_name)
    assert isinstance(changed, Plan), changed
    return changed


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days())
def test_whatever_is_offered_can_be_done_at_the_price_that_was_said(problem: Problem) -> None:
    plan = solve(problem, engine="greedy", seconds=20.0)
    for entry in plan.unassigned:
        for one in find_ways(problem, plan, entry.visit).relaxations:
            done = made(eased(problem, entry.visit, one), plan, entry.visit, one)
            assert done.begin_s(entry.visit) is not None
            penalty_mc = problem.visit[entry.visit].penalty_mc
            assert done.cost_mc - plan.cost_mc + penalty_mc == one.added_mc, one


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days())
def test_no_smaller_step_would_do(problem: Problem) -> None:
    plan = solve(problem, engine="greedy", seconds=20.0)
    for entry in plan.unassigned:
        least: dict[str, Relaxation] = {}
        for one in find_ways(problem, plan, entry.visit).relaxations:
            if one.way in ("opens_earlier", "closes_later", "overtime"):
                known = least.setdefault(one.way, one)
                least[one.way] = min(known, one, key=lambda found: found.minutes)
        for one in least.values():
            for known in problem.nurses:
                if one.minutes > 5 and known.id not in problem.visit[entry.visit].ineligible:
                    less = replace(one, minutes=one.minutes - 5, nurse=known.id)
                    smaller = eased(problem, entry.visit, less)
                    assert not isinstance(move(smaller, plan, entry.visit, known.id), Plan), less


@pytest.mark.parametrize("seed", [1, 4])
def test_room_made_by_another_visit_costs_what_was_said(seed: int) -> None:
    problem = generate_day(24, 5, seed)
    plan = solve(problem, engine="first_come", seconds=20.0)
    tried = 0
    for entry in plan.unassigned:
        for one in find_ways(problem, plan, entry.visit).relaxations:
            if one.way in ("move_other", "leave_other"):
                tried += 1
                done = made(problem, plan, entry.visit, one)
                penalty_mc = problem.visit[entry.visit].penalty_mc
                assert done.cost_mc - plan.cost_mc + penalty_mc == one.added_mc
    assert tried

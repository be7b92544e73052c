"""What an offer says is what inserting the visit really costs: against timing, pricing and checking anew."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.check import price, violations
from routing.engine.budget import Budget
from routing.engine.index import DayIndex
from routing.engine.quick.greedy import cheapest_insertion
from routing.engine.route.roster import Roster
from routing.generator import generate_day
from routing.plan import Plan, ReasonLeft, Unassigned
from routing.problem import Place, Problem, Visit, Window
from routing.slots import ReadyDay, Wanted, grid, offers
from routing.travel import AffineGreatCircle
from tests.builders.routing import MIN, day, days, meal, nurse, on_duty, pharmacy, visit, window

LAT, LON_STEP = 40.0, 0.08  # about 6.8 km, ten minutes of driving
DOOR = "door"
LEFT = (ReasonLeft(code="no_room_in_day", text="No room."),)


def on_the_map(problem: Problem) -> Problem:
    """The same day with its places on a parallel, so that a new door has drives, too."""
    places = tuple(
        Place(id=place.id, lat=LAT, lon=-83.0 + LON_STEP * n) for n, place in enumerate(problem.places)
    )
    return replace(problem, places=places, travel=AffineGreatCircle(base_s=60.0, s_per_km=79.0))


def planned(problem: Problem) -> Roster:
    return cheapest_insertion(DayIndex(problem), 1, Budget(seconds=60))[0]


def wanted(
    problem: Problem,
    *,
    at: float = 3.5,
    service: int = 60,
    begin: tuple[int, int] = (480, 900),
    **more: object,
) -> Wanted:
    begins = {n.id: ((begin[0] * MIN, begin[1] * MIN),) for n in problem.nurses}
    fields = {"lat": LAT, "lon": -83.0 + LON_STEP * at, "service_s": service * MIN, "begins": begins} | more
    return Wanted(**fields)  # type: ignore[arg-type]


def with_visit(roster: Roster, new: Wanted, promised: Window) -> Roster:
    """The same routes on the day on which the visit is booked, still unassigned."""
    old = roster.day.problem
    booked = Visit(
        id=DOOR,
        place=DOOR,
        windows=(promised,),
        service_s=new.service_s,
        units=new.units,
        penalty_mc=0,
        preference_mc=new.nurse_mc,
        ineligible={n.id: ("not_asked",) for n in old.nurses if n.id not in new.begins},
    )
    places = (*old.places, Place(id=DOOR, lat=new.lat, lon=new.lon))
    found = Roster(DayIndex(replace(old, places=places, visits=(*old.visits, booked))))
    found.agreed = dict(roster.agreed)
    for who, route in enumerate(roster.routes):
        assert found.set_route(who, list(route))
    return found


def least_added_mc(roster: Roster, who: int, asked: int) -> int | None:
    """What adding a visit to a nurse's route costs at the best of all places, each timed from the start."""
    line, route = roster.day, roster.routes[who]
    if not line.allowed[who][asked]:
        return None
    wider = [[*route[:at], asked, *route[at:]] for at in range(len(route) + 1)]
    timings = [timing for order in wider if (timing := roster.timers[who].best(order, roster.agreed))]
    if not timings:
        return None
    fixed_mc = sum(line.nurse_cost_mc[who][v] for v in wider[0])
    fixed_mc += line.fairness_mc(who, sum(line.visits[v].service_s for v in wider[0]))
    return min(timing.cost_mc for timing in timings) + fixed_mc - roster.cost_mc[who]


def plan_of(roster: Roster) -> Plan:
    problem = roster.day.problem
    left = tuple(Unassigned(visit=problem.visits[v].id, reasons=LEFT) for v in roster.unassigned)
    status = "feasible" if not left else "infeasible" if len(left) == len(problem.visits) else "partial"
    bare = Plan(label=problem.label, routes=roster.all_routes(), unassigned=left, status=status)
    return replace(bare, cost=price(problem, bare))


def assert_exact(roster: Roster, new: Wanted, windows: tuple[Window, ...]) -> int:
    """Every offer against the cheapest insertion of the really booked visit; returns how many there are."""
    problem, made = roster.day.problem, 0
    for promised, offer in zip(windows, offers(ReadyDay(roster), new, windows), strict=True):
        booked = with_visit(roster, new, promised)
        asked = booked.day.visit_at[DOOR]
        found = {
            n.id: least
            for who, n in enumerate(problem.nurses)
            if (least := least_added_mc(booked, who, asked)) is not None
        }
        assert (offer is None) == (not found)
        if offer is None:
            continue
        made += 1
        assert offer.added_mc == min(found.values()) == found[offer.nurse]
        assert sorted(offer.nurses) == sorted(found)
        assert promised.holds(offer.begin_s)
        before = plan_of(booked)
        booked.insert(booked.day.nurse_at[offer.nurse], asked, offer.position)
        after = plan_of(booked)
        assert after.cost_mc - before.cost_mc == offer.added_mc
        assert not violations(booked.day.problem, after)
    return made


@settings(max_examples=60, deadline=None)
@given(days(), st.data())
def test_no_single_insertion_is_cheaper_and_the_plan_with_it_costs_what_was_said(
    problem: Problem, data: st.DataObject
) -> None:
    roster = planned(on_the_map(problem))
    able = data.draw(st.lists(st.sampled_from([n.id for n in problem.nurses]), unique=True, min_size=1))
    first = data.draw(st.integers(420, 900))
    span = ((first * MIN, data.draw(st.integers(first, 1080)) * MIN),)
    new = wanted(
        problem,
        at=data.draw(st.sampled_from((0, 2.5, 4, 7.3))),
        service=data.draw(st.sampled_from((15, 60, 150))),
        units=data.draw(st.sampled_from((0, 0, 1, 2))),
        begins=dict.fromkeys(able, span),
        nurse_mc={able[0]: 4_000},
    )
    assert_exact(roster, new, grid(*span[0], 60 * MIN, 45 * MIN))


def a_tight_day(draw: random.Random) -> Problem:
    """One nurse whose break, longest duration, stock and narrow windows leave just a little room."""
    ann = nurse(
        at=draw.randint(0, 6),
        shift=(480, draw.choice((900, 1020))),
        overtime_limit_s=draw.choice((0, 60)) * MIN,
        max_duration_s=draw.choice((None, 300, 360, 420, 480)),
        meal_break=draw.choice((None, meal(600, 640), meal(690, 780), meal(540, 840, 45))),
        lock_box_units=draw.choice((1, 2, 4)),
        stock_units=draw.choice((0, 0, 1)),
        max_pickups=draw.choice((1, 2)),
        free=on_duty(draw.randint(0, 6), draw.choice((480, 560))) if draw.random() < 0.2 else None,
    )
    if ann.max_duration_s is not None:
        ann = replace(ann, max_duration_s=ann.max_duration_s * MIN)
    visits = [
        visit(
            f"v{n}",
            draw.randint(0, 6),
            begin=(begins, begins + draw.choice((0, 15, 60))),
            service=draw.choice((20, 40)),
            units=draw.choice((0, 0, 1)),
        )
        for n, begins in enumerate(draw.sample(range(500, 900, 70), draw.randint(1, 3)))
    ]
    hours = ((420, 1140), (600, 760), (690, 900))
    counters = [pharmacy(f"rx{n}", at=draw.randint(0, 6), hours=draw.choice(hours)) for n in range(2)]
    policy = draw.choice(("never", "unopened", "carried"))
    return on_the_map(day(ann, *visits, *counters, return_of_stock=policy))


def test_tight_days_are_priced_exactly() -> None:
    draw, made = random.Random(7), 0
    for _ in range(250):
        roster = planned(a_tight_day(draw))
        first, last = draw.choice((480, 560)), draw.choice((840, 960))
        new = wanted(
            roster.day.problem,
            at=draw.uniform(0, 6),
            service=draw.choice((15, 30)),
            units=draw.choice((0, 0, 1)),
            begin=(first, last),
        )
        made += assert_exact(roster, new, grid(first * MIN, last * MIN, 90 * MIN, 60 * MIN))
    assert made > 250


@pytest.mark.parametrize("units", [0, 1])
def test_a_full_generated_day_is_priced_exactly(units: int) -> None:
    problem = generate_day(30, 10, 5)
    roster = planned(problem)
    span = (8 * 60 * MIN, 17 * 60 * MIN)
    new = Wanted(
        lat=39.11, lon=-84.5, service_s=45 * MIN, units=units, begins={n.id: (span,) for n in problem.nurses}
    )
    windows = grid(*span, 120 * MIN, 60 * MIN)
    said = [offer.added_mc if offer else None for offer in offers(ReadyDay(roster), new, windows)]
    tried = []
    for promised in windows:
        booked = with_visit(roster, new, promised)
        asked = booked.day.visit_at[DOOR]
        found = [least_added_mc(booked, who, asked) for who in range(len(problem.nurses))]
        tried.append(min((least for least in found if least is not None), default=None))
    assert said == tried
    assert any(said)


def test_each_nurse_is_asked_for_her_own_hours_only() -> None:
    problem = on_the_map(day(nurse("ann", at=3), nurse("bea", at=4)))
    begins = {"ann": ((480 * MIN, 540 * MIN),), "bea": ((600 * MIN, 660 * MIN), (720 * MIN, 780 * MIN))}
    new = wanted(problem, begins=begins)
    found = offers(ReadyDay(planned(problem)), new, (window(480, 600), window(660, 700), window(700, 800)))
    assert [offer and offer.nurses for offer in found] == [("ann", "bea"), ("bea",), ("bea",)]
    assert offers(ReadyDay(planned(problem)), replace(new, begins={}), (window(480, 600),)) == (None,)


def test_a_closed_route_is_given_nothing_more() -> None:
    problem = on_the_map(day(nurse("ann", at=3), nurse("bea", at=9)))
    roster = planned(problem)
    (free,) = offers(ReadyDay(roster), wanted(problem), (window(480, 600),))
    (rest,) = offers(ReadyDay(roster, closed=frozenset({0})), wanted(problem), (window(480, 600),))
    assert free is not None
    assert rest is not None
    assert (free.nurses, rest.nurses) == (("ann", "bea"), ("bea",))


def test_it_says_where_in_the_route_and_how_far_the_begin_may_still_shift() -> None:
    problem = on_the_map(
        day(nurse("ann", at=0), visit("a", 2, begin=(600, 600)), visit("b", 6, begin=(780, 780)))
    )
    (offer,) = offers(ReadyDay(planned(problem)), wanted(problem, at=4), (window(660, 780),))
    assert offer is not None
    assert (offer.nurse, offer.position) == ("ann", 1)
    assert 0 < offer.detour_s < 3 * MIN  # it lies on her way: only one more door to find
    ahead_s = problem.drive_s("p2", "p4")
    assert offer.leeway_s == (780 - 660 - 60) * MIN - 2 * ahead_s


def test_who_waits_for_stock_that_is_not_ready_yet_is_asked_for_nothing() -> None:
    late = visit("a", 4, units=1, ready_s=700 * MIN, begin=(480, 900))
    problem = on_the_map(day(nurse("ann", at=3, lock_box_units=2), pharmacy(at=5), late))
    roster = planned(problem)
    assert roster.nurse_of == [0]
    assert offers(ReadyDay(roster), wanted(problem), (window(480, 900),)) == (None,)


def test_a_running_day_offers_nothing_before_a_nurse_is_free() -> None:
    problem = on_the_map(day(nurse("ann", at=3, free=on_duty(3, 700), meal_break=meal(720, 780))))
    found = offers(ReadyDay(planned(problem)), wanted(problem), (window(480, 690), window(690, 720)))
    assert found[0] is None
    assert found[1] is not None
    assert found[1].begin_s >= 700 * MIN


def test_stated_drives_know_no_new_door() -> None:
    with pytest.raises(ValueError, match="matrix"):
        ReadyDay(Roster(DayIndex(day(nurse()))))


def test_the_grid_covers_the_span_and_a_short_span_is_one_window() -> None:
    assert grid(0, 100, 40, 30) == (Window(begin_s=0, end_s=40), Window(begin_s=30, end_s=70),
                                    Window(begin_s=60, end_s=100))  # fmt: skip
    assert grid(0, 30, 40, 30) == (Window(begin_s=0, end_s=30),)
    assert grid(30, 0, 40, 30) == ()

import pytest

from routing.check import violations
from routing.faults import ProblemInvalid
from routing.problem import Place
from routing.replan.diff import diff_as_json
from routing.replan.events import (
    Cancelled,
    DrugNotAvailable,
    NoShow,
    NurseIll,
    Overrun,
    UrgentVisit,
    VehicleLate,
    events_as_json,
    events_from_json,
)
from routing.replan.promises import Policy
from routing.replan.replanner import Replanner
from routing.replan.underway import as_planned
from tests.builders.routing import MIN, day, nurse, pharmacy, pin, plan, stop, visit

NOW = 485
POLICY = Policy(nurse_mc=1_000, time_mc=2_000, span_s=30 * MIN, late_mc_per_s=60, freeze_s=30 * MIN)


def a_day(**more):
    """Ann is at ``first`` and has two visits more; Bea waits for ``late``, and is at home."""
    return day(
        nurse(at=0), nurse("bea", at=3), visit("first", 1), visit("soon", 2, begin=(540, 600)),
        visit("later", 3, begin=(640, 900)), visit("late", 3, begin=(780, 900)), **more,
    )  # fmt: skip


ROUTES = {
    "ann": [
        stop("start", 470), stop("visit", 480, "first", lasts=60), stop("visit", 550, "soon", lasts=60),
        stop("visit", 640, "later", arrive=620, lasts=60), stop("end", 730),
    ],
    "bea": [stop("start", 780), stop("visit", 780, "late", lasts=60), stop("end", 840)],
}  # fmt: skip


def answer(*events, problem=None, policy=POLICY, routes=ROUTES):
    problem = problem or a_day()
    proposal = Replanner(as_planned(problem, plan(problem, routes), NOW * MIN), policy).answer(events)
    assert violations(proposal.problem, proposal.plan) == ()
    assert violations(proposal.problem, proposal.nothing) == ()
    assert proposal.diff.after.total_mc == proposal.total_mc <= proposal.diff.nothing.total_mc
    return proposal


def moved(proposal):
    return {
        m.visit: (m.change, m.after and m.after.nurse, m.after and m.after.begin_s // MIN)
        for m in proposal.diff.moved
    }


def test_nothing_happened_nothing_moves():
    proposal = answer()
    assert moved(proposal) == {}
    assert proposal.diff.saves_mc == 0


def test_an_ill_nurses_visits_are_taken_on_and_what_is_under_way_she_ends():
    proposal = answer(NurseIll(nurse="ann", from_s=NOW * MIN))
    assert {visit: found[:2] for visit, found in moved(proposal).items()} == {
        "soon": ("other_nurse", "bea"), "later": ("other_nurse", "bea"),
    }  # fmt: skip
    left = {entry.visit for entry in proposal.nothing.unassigned}
    assert left == {"soon", "later"}
    assert [s.ref for s in proposal.plan.routes[0].stops if s.kind == "visit"] == ["first"]
    assert proposal.diff.after.moved_mc == 2 * POLICY.nurse_mc


def test_who_leaves_later_ends_what_she_can():
    proposal = answer(NurseIll(nurse="ann", from_s=640 * MIN))
    assert [(visit, *found[:2]) for visit, found in moved(proposal).items()] == [
        ("later", "other_nurse", "bea")
    ]


def test_an_overrun_makes_late_and_late_is_priced():
    proposal = answer(Overrun(visit="first", ends_s=620 * MIN))
    (soon,) = [m for m in proposal.diff.moved if m.visit == "soon"]
    assert soon.nothing.begin_s == 630 * MIN
    assert proposal.diff.nothing.moved_mc >= POLICY.time_mc + 30 * MIN * POLICY.late_mc_per_s
    assert moved(proposal)["soon"][1] == "bea", "in time with another nurse is cheaper than late"


def test_who_would_come_far_too_late_does_not_come():
    alone = day(nurse(at=0), visit("first", 1), visit("soon", 2, begin=(540, 600)))
    routes = {"ann": [*ROUTES["ann"][:3], stop("end", 630)]}
    late = answer(Overrun(visit="first", ends_s=620 * MIN), problem=alone, routes=routes)
    assert late.plan.begin_s("soon") == 630 * MIN
    too_late = answer(Overrun(visit="first", ends_s=740 * MIN), problem=alone, routes=routes)
    assert [entry.visit for entry in too_late.plan.unassigned] == ["soon"]


def test_a_cancelled_visit_is_gone():
    proposal = answer(Cancelled(visit="soon"))
    assert "soon" not in proposal.problem.visit
    assert "soon" not in moved(proposal)


def test_nobody_at_home_frees_the_nurse_and_leaves_its_stock_over():
    stocked = day(
        nurse(at=0, lock_box_units=2),
        pharmacy(at=0),
        visit("first", 1, units=1),
        visit("soon", 2, begin=(540, 600)),
    )
    routes = {
        "ann": [
            stop("start", 460), stop("pickup", 460, "rx", lasts=0),
            stop("visit", 480, "first", lasts=60, units=1),
            stop("visit", 550, "soon", lasts=60), stop("end", 630),
        ]
    }  # fmt: skip
    running = as_planned(stocked, plan(stocked, routes), NOW * MIN)
    proposal = Replanner(running, POLICY).answer([NoShow(visit="first", known_s=490 * MIN)])
    ann = proposal.problem.nurse["ann"]
    assert (ann.free.at_s, ann.stock_units) == (490 * MIN, 1)


def test_a_late_car_delays_her_alone():
    proposal = answer(VehicleLate(nurse="bea", free_at_s=850 * MIN))
    assert moved(proposal) == {"late": ("other_time", "bea", 850)}


def test_no_drug_for_a_visit_leaves_it_with_the_reason():
    proposal = answer(DrugNotAvailable(visit="later"))
    (left,) = proposal.plan.unassigned
    assert (left.visit, left.reasons[0].code) == ("later", "drug_not_available")


def test_a_drug_that_comes_later_is_waited_for():
    proposal = answer(DrugNotAvailable(visit="later", until_s=700 * MIN))
    assert proposal.plan.begin_s("later") >= 700 * MIN


def test_an_empty_pharmacy_is_not_gone_to():
    two = day(
        nurse(at=0, lock_box_units=2), pharmacy("near", at=1), pharmacy("far", at=4),
        visit("first", 1), visit("later", 2, begin=(640, 900), units=1),
    )  # fmt: skip
    routes = {
        "ann": [
            stop("start", 470), stop("visit", 480, "first", lasts=60), stop("visit", 550, "later", lasts=60),
            stop("end", 630),
        ]
    }  # fmt: skip
    running = as_planned(two, plan(two, routes), NOW * MIN)
    for shop, used in (("near", "far"), ("far", "near")):
        proposal = Replanner(running, POLICY).answer([DrugNotAvailable(pharmacy=shop)])
        assert violations(proposal.problem, proposal.plan) == ()
        assert {s.ref for s in proposal.plan.routes[0].stops if s.kind == "pickup"} == {used}


def test_an_empty_box_is_filled_again():
    stocked = day(
        nurse(at=0, lock_box_units=2, stock_units=1), pharmacy(at=2), visit("first", 1),
        visit("later", 3, begin=(640, 900), units=1),
    )  # fmt: skip
    routes = {
        "ann": [
            stop("start", 470), stop("visit", 480, "first", lasts=60),
            stop("visit", 640, "later", arrive=560, lasts=60, units=1), stop("end", 730),
        ]
    }  # fmt: skip
    kept = answer(problem=stocked, routes=routes)
    assert not [s for s in kept.plan.routes[0].stops if s.kind == "pickup"]
    emptied = answer(DrugNotAvailable(nurse="ann"), problem=stocked, routes=routes)
    assert [s for s in emptied.plan.routes[0].stops if s.kind == "pickup"]


def test_an_urgent_visit_is_taken_on():
    urgent = UrgentVisit(visit=visit("urgent", 4, begin=(600, 700), penalty_mc=99_000_000))
    assert moved(answer(urgent)) == {"urgent": ("taken_on", "bea", moved(answer(urgent))["urgent"][2])}


def test_an_urgent_visit_at_a_new_place_needs_the_way_there():
    with pytest.raises(ProblemInvalid) as invalid:
        answer(UrgentVisit(visit=visit("urgent", 4), place=Place(id="elsewhere")))
    assert "place_without_travel" in {fault.code for fault in invalid.value.faults}


def test_what_begins_within_the_freeze_horizon_stays():
    policy = Policy(nurse_mc=0, time_mc=0, freeze_s=90 * MIN)
    urgent = UrgentVisit(visit=visit("urgent", 2, begin=(540, 560), penalty_mc=10_000_001))
    assert "soon" not in moved(answer(urgent, policy=policy))


def test_a_pinned_visit_waits_for_its_nurse():
    problem = a_day(pins=(pin("later", "ann"),))
    proposal = answer(NurseIll(nurse="ann", from_s=NOW * MIN), problem=problem)
    assert [entry.visit for entry in proposal.plan.unassigned] == ["later"]


@pytest.mark.parametrize(
    ("event", "path", "code"),
    [
        (NurseIll(nurse="nobody", from_s=0), "events[0].nurse", "unknown_nurse"),
        (Overrun(visit="late", ends_s=0), "events[0].visit", "not_under_way"),
        (Cancelled(visit="nothing"), "events[0].visit", "unknown_visit"),
        (DrugNotAvailable(pharmacy="none"), "events[0].pharmacy", "unknown_pharmacy"),
        (DrugNotAvailable(), "events[0]", "name_one"),
        (DrugNotAvailable(visit="late", nurse="ann"), "events[0]", "name_one"),
    ],
)
def test_what_cannot_have_happened_is_refused_by_name(event, path, code):
    with pytest.raises(ProblemInvalid) as invalid:
        answer(event)
    assert [(fault.path, fault.code) for fault in invalid.value.faults] == [(path, code)]


def test_events_survive_their_json():
    events = (
        NurseIll(nurse="ann", from_s=1), Overrun(visit="first", ends_s=2), Cancelled(visit="soon"),
        NoShow(visit="first", known_s=3), VehicleLate(nurse="bea", free_at_s=4),
        DrugNotAvailable(pharmacy="rx", until_s=5),
    )  # fmt: skip
    assert events_from_json(events_as_json(events)) == events


def test_the_day_kept_ready_stays_as_it_was():
    problem = a_day()
    replanner = Replanner(as_planned(problem, plan(problem, ROUTES), NOW * MIN), POLICY)
    first = replanner.answer([NurseIll(nurse="ann", from_s=NOW * MIN)]).diff
    replanner.answer([Cancelled(visit="late"), VehicleLate(nurse="ann", free_at_s=600 * MIN)])
    again = replanner.answer([NurseIll(nurse="ann", from_s=NOW * MIN)]).diff
    assert diff_as_json(again) == diff_as_json(first)
    assert replanner.answer(()).diff.moved == ()

from datetime import date, timedelta

import pytest
from sqlalchemy import event

from dispatch.assignment.publish import publish
from dispatch.kernel.clock import SetClock
from dispatch.kernel.refusals import NotFound
from dispatch.routes.model import Lateness
from dispatch.routes.queries import board
from tests.builders.assignment import (
    DANA,
    DAY,
    a_metro,
    a_published_plan,
    a_small_day,
    local,
    order,
    solve_here,
)
from tests.builders.routes import Met


def shown(metro, clock, progress=()):
    metro.session.flush()
    return board(metro.session, metro.area.slug, metro.day, clock, progress)


def test_before_the_first_plan_everything_is_unassigned(session, clock):
    found = shown(a_small_day(session), clock)
    assert (found.total, found.assigned, found.plan) == (4, 0, None)
    assert {left.reasons[0].code for left in found.unassigned} == {"no_plan_yet"}


def test_a_published_plan_fills_the_lanes(session, clock):
    metro = a_small_day(session)
    plan = a_published_plan(session, metro, clock)
    found = shown(metro, clock)
    assert (found.total, found.assigned, found.unassigned) == (4, 4, ())
    assert found.plan.number == plan.number == 1
    assert found.plan.figures.assigned == 4
    assert found.plan.figures.cost_mc == plan.cost
    assert sum(len(lane.visits) for lane in found.lanes) == 4
    for lane in found.lanes:
        times = [moment for stop in lane.stops for moment in (stop.begins_at, stop.ends_at)]
        assert times == sorted(times)


def test_patients_appear_by_initials_only(session, clock):
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    found = shown(metro, clock)
    assert {stop.visit.initials for lane in found.lanes for stop in lane.visits} == {
        "A.K.", "C.M.", "B.L.", "D.Q."
    }  # fmt: skip
    assert "Kingsley" not in repr(found)


def test_what_was_booked_after_the_plan_is_named_so(session, clock):
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    metro.add_visit()
    (left,) = shown(metro, clock).unassigned
    assert left.reasons[0].code == "not_planned_yet"


def test_a_visit_nobody_may_make_shows_every_reason(session, clock):
    metro = a_small_day(session)
    visit = metro.add_visit(patient={"state": "KY"})
    a_published_plan(session, metro, clock)
    (left,) = shown(metro, clock).unassigned
    assert left.visit.appointment_id == visit.id
    assert left.reasons
    assert all(reason.nurses == 2 for reason in left.reasons)


def test_an_unverified_address_is_the_reason(session, clock):
    metro = a_small_day(session)
    metro.visits[0].patient.point_verified = False
    a_published_plan(session, metro, clock)
    (left,) = shown(metro, clock).unassigned
    assert [reason.code for reason in left.reasons] == ["address_not_verified"]
    assert left.visit.point is None


def test_a_cancelled_visit_stays_visible_and_is_not_counted(session, clock):
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    metro.visits[0].status = "cancelled"
    found = shown(metro, clock)
    assert (found.total, found.assigned) == (3, 3)
    assert "cancelled" in {stop.visit.state for lane in found.lanes for stop in lane.visits}


def test_a_delay_is_counted_and_graded(session, clock):
    metro = a_metro(session)
    metro.add_nurse()
    visit = metro.add_visit((9, 9))
    a_published_plan(session, metro, clock)
    clock.at = local(9.75)
    met = Met(
        appointment_id=visit.id,
        nurse_id=metro.nurses[0].id,
        state="arrived",
        arrived_at=local(9.7),
        en_route_at=local(9),
    )
    found = shown(metro, clock, [met])
    (stop,) = found.lanes[0].visits
    assert found.late == 1
    assert (stop.late, stop.misses_window_s, stop.visit.state) == (
        Lateness.TELL_DISPATCHER,
        42 * 60,
        "arrived",
    )


def test_a_run_in_progress_is_shown_and_then_its_figures(session, clock):
    metro = a_small_day(session)
    run = order(session, metro, clock)
    assert shown(metro, clock).run.state == "queued"
    solve_here(session, run, clock)
    found = shown(metro, clock).run
    assert (found.state, found.figures.assigned) == ("solved", 4)


def test_before_and_after_are_two_plans_in_numbers(session, clock):
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    metro.add_visit()
    clock.advance(timedelta(minutes=1))
    run = order(session, metro, clock)
    solve_here(session, run, clock)
    publish(session, run.id, DANA, clock)
    found = shown(metro, clock)
    assert (found.before.assigned, found.plan.figures.assigned) == (4, 5)


def test_an_unknown_area_is_not_found(session, clock):
    with pytest.raises(NotFound):
        board(session, "nowhere", DAY, clock)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 11, 1), 25), (date(2027, 3, 14), 23)])
def test_a_day_of_a_change_of_the_clocks(session, day, hours):
    metro = a_small_day(session, day)
    clock = SetClock(local(9, day) - timedelta(days=2))
    a_published_plan(session, metro, clock)
    found = shown(metro, clock)
    assert found.length_s == hours * 3600
    for lane in found.lanes:
        assert lane.shift.begins_at == local(7, day)
        assert all(lane.shift.begins_at <= stop.begins_at for stop in lane.stops)
        for stop in lane.visits:
            assert (stop.ends_at - stop.begins_at).total_seconds() == stop.visit.minutes * 60


def test_the_number_of_queries_does_not_grow_with_the_day(session, clock):
    metro = a_small_day(session)
    a_published_plan(session, metro, clock)
    session.flush()
    asked = []
    event.listen(session.connection().engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    shown(metro, clock)
    few = len(asked)
    for _ in range(5):
        metro.add_visit()
        metro.add_nurse()
    session.flush()
    asked.clear()
    shown(metro, clock)
    assert len(asked) == few <= 12

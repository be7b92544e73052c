import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from dispatch.areas.records import DayChangeRow
from dispatch.assignment.moves import MoveVisit, move_visit
from dispatch.assignment.publish import publish
from dispatch.assignment.records import PlanRow, PlanRunRow
from dispatch.assignment.service import discard_run, stop_run
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Stale
from tests.builders.assignment import (
    DANA,
    a_metro,
    a_published_plan,
    a_small_day,
    local,
    order,
    solve_here,
)


@pytest.fixture
def metro(session):
    return a_small_day(session)


@pytest.fixture
def solved(session, metro, clock):
    run = order(session, metro, clock)
    solve_here(session, run, clock)
    return run


def test_a_solved_run_becomes_the_plan_in_force(session, metro, clock, solved):
    plan = publish(session, solved.id, DANA, clock)
    session.flush()
    assert (plan.number, plan.status, plan.bound, solved.state) == (1, "feasible", None, "published")
    assert plan.cost == sum(v for k, v in plan.terms.items() if k.endswith("_mc") and k != "cost_mc")
    assert {s.appointment_id for s in plan.stops if s.kind == "visit"} == {v.id for v in metro.visits}
    visit = next(stop for stop in plan.stops if stop.kind == "visit")
    assert visit.begins_at.tzinfo is not None
    assert visit.travel_s > 0


def test_publishing_tells_the_boards_and_the_audit_log(session, clock, solved):
    plan = publish(session, solved.id, DANA, clock)
    session.flush()
    kinds = session.scalars(select(DayChangeRow.kind).order_by(DayChangeRow.position)).all()
    assert kinds[-1] == "plan"
    entry = session.scalar(select(AuditEntryRow).where(AuditEntryRow.action == "plan.publish"))
    assert entry.subject_id == plan.id


def test_an_unsolved_run_is_not_published(session, metro, clock):
    run = order(session, metro, clock)
    with pytest.raises(Conflict) as refusal:
        publish(session, run.id, DANA, clock)
    assert refusal.value.reasons[0].code == "run_not_solved"


def test_a_run_is_published_once(session, clock, solved):
    publish(session, solved.id, DANA, clock)
    with pytest.raises(Conflict):
        publish(session, solved.id, DANA, clock)


def test_a_plan_that_breaks_a_rule_is_refused_with_every_violation(session, metro, clock, solved):
    nobody = {"N-01": ["licence_expired"], "N-02": ["licence_expired"]}
    visits = [visit | {"ineligible": nobody} for visit in solved.day_file["visits"]]
    solved.day_file_text = json.dumps(solved.day_file | {"visits": visits})
    session.flush()
    with pytest.raises(Conflict) as refusal:
        publish(session, solved.id, DANA, clock)
    assert [reason.code for reason in refusal.value.reasons] == [*["eligibility"] * 4, "stated_result"]
    assert "A-001" in " ".join(reason.text for reason in refusal.value.reasons)


def stale_reasons(session, run, clock):
    session.flush()
    session.expire_all()
    with pytest.raises(Stale) as refusal:
        publish(session, run.id, DANA, clock)
    assert session.scalar(select(PlanRow.id)) is None
    return [reason.text for reason in refusal.value.reasons]


def test_a_cancelled_appointment_makes_it_stale(session, metro, clock, solved):
    metro.visits[0].status = "cancelled"
    assert "Appointment A-001: no longer part of the day." in stale_reasons(session, solved, clock)


def test_a_changed_licence_makes_it_stale(session, metro, clock, solved):
    metro.nurses[0].licences[0].status = "suspended"
    assert stale_reasons(session, solved, clock) == ["The OH RN licence of nurse N-01: changed."]


def test_a_changed_shift_makes_it_stale(session, metro, clock, solved):
    metro.shifts[0].ends_at = local(12)
    assert "A shift of nurse N-01: changed." in stale_reasons(session, solved, clock)


def test_a_new_appointment_makes_it_stale(session, metro, clock, solved):
    metro.add_visit()
    assert "Appointment A-005: added." in stale_reasons(session, solved, clock)


def test_a_moved_address_makes_it_stale(session, metro, clock, solved):
    metro.visits[1].patient.point = "39.900000,-83.000000"
    assert stale_reasons(session, solved, clock) == ["The patient of A-002: changed."]


def test_a_move_by_hand_meanwhile_makes_it_stale(session, metro, clock):
    a_published_plan(session, metro, clock)
    clock.advance(timedelta(minutes=1))
    run = order(session, metro, clock)
    solve_here(session, run, clock)
    command = MoveVisit(
        area="columbus", day=metro.day, appointment_id=metro.visits[0].id, plan_number=1, shift_id=None
    )
    move_visit(session, command, DANA, clock)
    with pytest.raises(Stale) as refusal:
        publish(session, run.id, DANA, clock)
    assert refusal.value.extra["changes"] == [{"key": "plan", "name": "the plan in force", "what": "changed"}]


def test_a_new_plan_supersedes_the_run_before(session, metro, clock, solved):
    publish(session, solved.id, DANA, clock)
    clock.advance(timedelta(minutes=1))
    again = order(session, metro, clock)
    solve_here(session, again, clock)
    assert publish(session, again.id, DANA, clock).number == 2
    session.flush()
    session.expire_all()
    assert (solved.state, again.state) == ("superseded", "published")


def test_a_visit_by_two_nurses_is_published_for_both(session, clock):
    metro = a_metro(session)
    metro.add_nurse()
    metro.add_nurse()
    both = metro.add_visit(service="twosome")
    plan = a_published_plan(session, metro, clock)
    halves = [stop for stop in plan.stops if stop.appointment_id == both.id]
    assert sorted(stop.part for stop in halves) == [1, 2]
    assert len({stop.nurse_id for stop in halves}) == 2
    assert len({stop.begins_at for stop in halves}) == 1


def test_what_is_left_out_is_kept_with_its_reason(session, metro, clock):
    metro.visits[0].patient.point_verified = False
    plan = a_published_plan(session, metro, clock)
    (reason,) = plan.unassigned[str(metro.visits[0].id)]
    assert reason["code"] == "address_not_verified"


def test_a_day_is_planned_once_at_a_time(session, metro, clock):
    run = order(session, metro, clock)
    session.flush()
    with pytest.raises(Conflict) as refusal:
        order(session, metro, clock)
    assert refusal.value.extra == {"run_id": str(run.id)}


def test_an_empty_day_is_not_planned(session, clock):
    metro = a_metro(session)
    metro.add_nurse()
    with pytest.raises(Conflict) as refusal:
        order(session, metro, clock)
    assert refusal.value.reasons[0].code == "nothing_to_plan"


def test_a_day_without_nurses_says_so_for_every_visit(session, clock):
    metro = a_metro(session)
    visit = metro.add_visit()
    plan = a_published_plan(session, metro, clock)
    assert [reason["code"] for reason in plan.unassigned[str(visit.id)]] == ["nobody_works"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"seconds": 0}, "seconds_out_of_range"),
        ({"seed": -1}, "seed_out_of_range"),
        ({"engine": "magic"}, "no_such_engine"),
    ],
)
def test_a_bad_order_is_refused(session, metro, clock, wrong, code):
    with pytest.raises(Invalid) as refusal:
        order(session, metro, clock, **wrong)
    assert [reason.code for reason in refusal.value.reasons] == [code]


def test_a_queued_run_stops_at_once(session, metro, clock):
    run = order(session, metro, clock)
    session.flush()
    assert stop_run(session, run.id, DANA, clock).state == "stopped"


def test_a_solved_run_cannot_be_stopped(session, clock, solved):
    with pytest.raises(Conflict):
        stop_run(session, solved.id, DANA, clock)


def test_a_proposal_can_be_discarded(session, clock, solved):
    assert discard_run(session, solved.id, DANA, clock).state == "superseded"
    with pytest.raises(Conflict):
        publish(session, solved.id, DANA, clock)


def test_an_unknown_run_is_not_found(session, metro, clock):
    with pytest.raises(NotFound):
        publish(session, metro.area.id, DANA, clock)


def test_a_run_keeps_what_it_was_given(session, metro, solved):
    session.expire_all()
    run = session.get(PlanRunRow, solved.id)
    assert run.day_file["format"] == "housecall-day/1"
    assert run.progress["figures"]["assigned"] == 4
    assert "Kingsley" not in repr(run.day_file)

import json
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import select

from dispatch.assignment.gather import gather
from dispatch.assignment.records import DisturbanceRow, ReplanRow
from dispatch.assignment.replan import Reported, accept, discard, propose, withdraw
from dispatch.assignment.replan_model import MOST_AGE, Happening, Report
from dispatch.assignment.replan_search import claim_search, end_search, search_is_waiting
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Stale
from routing.dayfile import day_from_json
from routing.planfile import plan_from_json
from tests.builders.assignment import DANA, OLLE, a_metro, a_published_plan, local

HOUR = timedelta(hours=1)


@pytest.fixture
def metro(session, clock):
    """Three nurses with three visits each, planned; it is half past nine."""
    metro = a_metro(session)
    metro.add_pharmacy()
    for _ in range(3):
        metro.add_nurse()
    for begins in (8, 10, 13):
        for _ in range(3):
            metro.add_visit((begins, begins + 2))
    clock.at = local(6)
    a_published_plan(session, metro, clock)
    clock.at = local(7.5)
    session.flush()
    return metro


def reported(metro, *reports, **more):
    return Reported(area=metro.area.slug, day=metro.day, reports=reports, **more)


def ill(metro, nurse=0, **more):
    return Report(kind=Happening.NURSE_ILL, shift_id=metro.shifts[nurse].id, **more)


def proposed(session, metro, clock, *reports, **more):
    row = propose(session, reported(metro, *reports, **more), DANA, clock)
    session.flush()
    return row


def codes(refusal):
    return [reason.code for reason in refusal.value.reasons]


def test_an_ill_nurses_visits_go_to_the_others(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro), reason="Called at 07:20.")
    answer = json.loads(row.answer)
    after = [moved["after"] for moved in answer["diff"]["moved"] if moved["change"] == "other_nurse"]
    assert after
    assert all(slot["nurse"] in ("N-02", "N-03") for slot in after)
    assert (row.step, row.state, row.reason) == (1, "proposed", "Called at 07:20.")
    assert row.total_mc < row.nothing_mc


def test_accepting_publishes_the_next_plan_and_keeps_what_was_reported(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro), reason="Called at 07:20.")
    plan = accept(session, row.id, 1, OLLE, clock)
    session.flush()
    assert (plan.number, plan.origin, plan.publisher, row.state) == (2, "replanned", "Olle Other", "accepted")
    assert metro.nurses[0].id not in {stop.nurse_id for stop in plan.stops if stop.kind == "visit"}
    kept = session.scalars(select(DisturbanceRow)).one()
    assert (kept.kind, kept.shift_id, kept.reporter) == ("nurse_ill", metro.shifts[0].id, "Olle Other")
    gathered = gather(session, metro.area, metro.day, clock)
    shift = gathered.problem.nurse["N-01"].shift
    assert shift.end_s == shift.begin_s, "planning knows that she is ill from now on"
    entry = session.scalar(select(AuditEntryRow).where(AuditEntryRow.action == "replan.accept"))
    assert entry.subject_id == row.id
    assert "Called" not in json.dumps(entry.detail)


def test_withdrawn_she_works_again(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro))
    accept(session, row.id, 1, DANA, clock)
    session.flush()
    kept = session.scalars(select(DisturbanceRow)).one()
    withdraw(session, kept.id, DANA, clock)
    session.flush()
    shift = gather(session, metro.area, metro.day, clock).problem.nurse["N-01"].shift
    assert shift.end_s > shift.begin_s
    with pytest.raises(NotFound):
        withdraw(session, kept.id, DANA, clock)


def test_discarded_nothing_of_it_happens(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro))
    discard(session, row.id, DANA, clock)
    session.flush()
    assert row.state == "discarded"
    assert session.scalars(select(DisturbanceRow)).all() == []
    with pytest.raises(Conflict) as refusal:
        accept(session, row.id, 1, DANA, clock)
    assert codes(refusal) == ["proposal_decided"]


def test_a_change_meanwhile_makes_it_stale(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro))
    metro.add_visit((14, 15))
    with pytest.raises(Stale) as refusal:
        accept(session, row.id, 1, DANA, clock)
    assert "Appointment A-010: added." in [reason.text for reason in refusal.value.reasons]


def test_another_plan_meanwhile_makes_it_stale(session, metro, clock):
    first, second = (proposed(session, metro, clock, ill(metro)) for _ in range(2))
    accept(session, second.id, 1, OLLE, clock)
    session.flush()
    with pytest.raises(Stale):
        accept(session, first.id, 1, DANA, clock)


def test_an_old_proposal_is_refused(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro))
    clock.advance(MOST_AGE + timedelta(seconds=1))
    with pytest.raises(Stale) as refusal:
        accept(session, row.id, 1, DANA, clock)
    assert codes(refusal) == ["proposal_too_old"]


def test_what_was_not_seen_is_not_accepted(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro))
    with pytest.raises(Stale) as refusal:
        accept(session, row.id, 2, DANA, clock)
    assert codes(refusal) == ["proposal_changed"]


def test_a_worker_betters_a_proposal_once(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro))
    assert search_is_waiting(session, clock)
    search = claim_search(session, clock)
    session.flush()
    assert search.replan_id == row.id
    assert not search_is_waiting(session, clock)
    better = json.loads(row.answer)
    better["diff"]["after"]["total_mc"] = row.total_mc - 1
    better["plan"]["engine"] = "columns"
    assert end_search(session, row.id, better, clock)
    assert (row.step, row.engine, row.better) == (2, "columns", "ended")


def test_a_dearer_answer_is_not_taken(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro))
    claim_search(session, clock)
    assert not end_search(session, row.id, json.loads(row.answer), clock)
    assert row.step == 1


def test_a_search_whose_worker_died_is_given_up(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro))
    claim_search(session, clock)
    session.flush()
    clock.advance(timedelta(minutes=1))
    assert search_is_waiting(session, clock)
    assert claim_search(session, clock) is None
    session.flush()
    assert (row.better, row.state) == ("ended", "proposed")


def test_what_a_process_is_asked_answers_the_same_day(session, metro, clock):
    from routing.replan.asked import answer_in_full

    row = proposed(session, metro, clock, ill(metro))
    asked = json.loads(json.dumps(claim_search(session, clock).request | {"seconds": 0}))
    answer = json.loads(json.dumps(answer_in_full(asked, Event())))
    assert answer["nothing"] == json.loads(row.answer)["nothing"]
    assert plan_from_json(answer["plan"]).cost_mc <= plan_from_json(json.loads(row.answer)["plan"]).cost_mc
    assert day_from_json(answer["day"]).nurse.keys() == {"N-01", "N-02", "N-03"}


@pytest.mark.parametrize(
    ("report", "field", "code"),
    [
        ({"kind": Happening.NURSE_ILL}, "events[0].shift_id", "name_one"),
        ({"kind": Happening.VEHICLE_LATE, "shift_id": "own"}, "events[0].at", "time_missing"),
        ({"kind": Happening.OVERRUN, "appointment_id": "own"}, "events[0].at", "time_missing"),
        ({"kind": Happening.CANCELLED, "shift_id": "own"}, "events[0].appointment_id", "name_one"),
        ({"kind": Happening.DRUG_NOT_AVAILABLE}, "events[0].appointment_id", "name_one"),
    ],
)
def test_a_report_names_what_it_is_about(session, metro, clock, report, field, code):
    own = {"shift_id": metro.shifts[0].id, "appointment_id": metro.visits[0].id}
    fields = {name: own[name] if value == "own" else value for name, value in report.items()}
    with pytest.raises(Invalid) as refusal:
        propose(session, reported(metro, Report(**fields)), DANA, clock)
    assert [(reason.field, reason.code) for reason in refusal.value.reasons] == [(field, code)]


def test_an_overrun_is_of_a_visit_under_way(session, metro, clock):
    report = Report(kind=Happening.OVERRUN, appointment_id=metro.visits[0].id, at=local(9))
    with pytest.raises(Invalid) as refusal:
        propose(session, reported(metro, report), DANA, clock)
    assert codes(refusal) == ["not_under_way"]


def test_another_days_shift_is_not_found(session, metro, clock):
    report = Report(kind=Happening.NURSE_ILL, shift_id=metro.visits[0].id)
    with pytest.raises(NotFound):
        propose(session, reported(metro, report), DANA, clock)


def test_an_unplanned_day_is_not_re_planned(session, clock):
    metro = a_metro(session)
    with pytest.raises(Conflict) as refusal:
        propose(session, reported(metro), DANA, clock)
    assert codes(refusal) == ["no_plan_yet"]


def test_no_reason_and_no_home_stands_open_in_the_table(session, metro, clock):
    row = proposed(session, metro, clock, ill(metro), reason="Her son is ill.")
    stored = session.execute(
        select(ReplanRow.reason_sealed, ReplanRow.asked_sealed, ReplanRow.answer_sealed)
    ).one()
    assert row.reason == "Her son is ill."
    assert not any(b"Her son" in text or b"39.9" in text for text in stored)


def test_a_day_that_went_on_is_proposed_as_the_facts_have_it(session, metro, clock):
    row = proposed(session, metro, clock)
    assert json.loads(row.answer)["diff"]["moved"] == []

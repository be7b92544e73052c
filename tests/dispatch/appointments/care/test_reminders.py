"""Reminders follow their visit: queued, moved and called off with it; a delay is told once a stage."""

import json
from dataclasses import replace
from datetime import time, timedelta

import pytest

from dispatch.appointments.care.queries import told_by
from dispatch.appointments.care.service import (
    answer_wish,
    give_feedback,
    queue_after_visit,
    tell_late,
    wish,
)
from dispatch.appointments.model import LocalWindow
from dispatch.appointments.service import cancel_appointment, change_appointment
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import SYSTEM, Actor, Role
from dispatch.kernel.refusals import Conflict, Invalid
from dispatch.messages.queries import messages_about
from dispatch.messages.records import MessageRow
from tests.builders.care_path import VISIT, a_ready_patient, book, registered
from tests.builders.clearance import a_scene
from tests.builders.visits import signed_off
from tests.builders.workforce import MONDAY, at

WEDNESDAY = VISIT.day


@pytest.fixture
def visit(session, clock):
    return book(a_ready_patient(session, clock))


def waiting(session, about):
    return {row.kind: row for row in messages_about(session, about) if row.state == "queued"}


def said(row):
    return json.loads(row.filled)


def test_a_booked_visit_queues_what_is_told_before_it(session, clock, visit):
    found = waiting(session, visit.id)
    assert set(found) == {"visit_booked", "prepare", "fasting"}
    assert found["prepare"].due_at == at(9, MONDAY)
    assert found["fasting"].due_at == at(9, MONDAY + timedelta(days=1))
    assert said(found["fasting"]) == {
        "day": "Wed 25 Nov",
        "fatty": "01:00",
        "solids": "03:00",
        "clear": "07:00",
    }
    assert found["visit_booked"].due_at == at(8, MONDAY)  # not at six in the morning


def test_a_moved_visit_moves_them(session, clock, visit):
    draft = replace(
        VISIT, day=WEDNESDAY + timedelta(days=1), windows=(LocalWindow(begins=time(10), ends=time(11)),)
    )
    change_appointment(session, visit.id, draft, SYSTEM, clock)
    found = waiting(session, visit.id)
    assert set(found) == {"visit_changed", "prepare", "fasting"}
    assert said(found["fasting"])["solids"] == "04:00"
    assert said(found["visit_changed"]) == {"day": "Thu 26 Nov", "begins": "10:00", "ends": "11:00"}


def test_a_cancelled_visit_takes_them_along_and_tells_the_patient(session, clock, visit):
    cancel_appointment(session, visit.id, "patient_ill", SYSTEM, clock)
    assert set(waiting(session, visit.id)) == {"visit_cancelled"}


def test_a_visit_without_a_care_path_asks_for_no_fast(session, clock):
    row = book(registered(a_scene(session, clock)), service_code="hydration")
    assert set(waiting(session, row.id)) == {"visit_booked"}


def test_after_the_visit_the_check_the_driving_rule_and_after_care_once(session, clock, visit):
    over_at = at(12, WEDNESDAY)
    for _ in range(2):
        queue_after_visit(session, visit.id, over_at, SYSTEM, clock)
    found = waiting(session, visit.id)
    assert found["how_are_you_page"].due_at == at(14, WEDNESDAY)
    assert said(found["after_visit"]) == {"hours": "24"}
    assert said(found["drive_reminder"]) == {"day": "Thu 26 Nov", "time": "12:00"}
    assert found["drive_reminder"].due_at == at(8, WEDNESDAY + timedelta(days=1))
    assert found["next_day"].due_at == at(12, WEDNESDAY + timedelta(days=1))
    assert found["next_day"].lapses_at == at(0, WEDNESDAY + timedelta(days=3))
    assert len(messages_about(session, visit.id)) == 7


@pytest.mark.parametrize(
    ("phone", "kind"),
    [("", "how_are_you_page"), ("call us", "how_are_you_page"), ("555-0199", "how_are_you")],
)
def test_the_check_names_the_offices_number_where_there_is_one(session, clock, visit, phone, kind):
    session.add(signed_off(visit.area_id, "safety.contact", {"office_phone": phone}))
    queue_after_visit(session, visit.id, at(12, WEDNESDAY), SYSTEM, clock)
    assert kind in waiting(session, visit.id)


def test_each_stage_of_a_delay_is_told_once(session, clock, visit):
    for stages in ({"patient"}, {"patient"}, {"patient", "dispatcher"}, {"patient", "dispatcher", "replan"}):
        tell_late(session, visit.id, 1860, at(9.5, WEDNESDAY), frozenset(stages), clock, SYSTEM)
    late = [row for row in messages_about(session, visit.id) if "late" in row.kind]
    assert sorted(row.kind for row in late) == ["late_for_dispatcher", "late_replan", "running_late"]
    assert {row.role for row in late} == {None, "dispatcher"}


def test_feedback_is_private_and_a_boundary_report_goes_to_compliance_alone(session, clock, visit):
    give_feedback(session, visit.patient_id, "It went well.", SYSTEM, clock, may_be_shared=False)
    give_feedback(
        session, visit.patient_id, "He would not leave.", SYSTEM, clock, boundary=True, may_be_shared=True
    )
    told = {row.kind: row.may_be_shared for row in told_by(session, visit.patient_id)}
    assert told == {"feedback": False, "boundary": False}
    roles = [row.role for row in session.query(MessageRow).filter_by(kind="task_waiting")]
    assert roles == ["compliance"]
    entries = session.query(AuditEntryRow).filter(AuditEntryRow.action.like("visit_feedback%")).all()
    assert "leave" not in repr([entry.detail for entry in entries])


def test_a_wish_is_answered_once(session, clock, visit):
    dana = Actor(account_id=None, name="Dana", roles=frozenset({Role.DISPATCHER}))
    wish_id = wish(session, visit.patient_id, "chaperone", "", SYSTEM, clock, appointment_id=visit.id)
    answer_wish(session, wish_id, "done", dana, clock)
    with pytest.raises(Conflict, match="answered_already"):
        answer_wish(session, wish_id, "done", dana, clock)
    with pytest.raises(Invalid, match="no_such_wish"):
        wish(session, visit.patient_id, "flowers", "", SYSTEM, clock)

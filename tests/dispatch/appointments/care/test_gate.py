"""The gate before every booking of a controlled service: all reasons at once, each at its edge."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from dispatch.appointments.care.model import CarePathRefused, FastingReport, NewOverride
from dispatch.appointments.care.rules.path import spacing_requirements
from dispatch.appointments.care.service import (
    leave_task,
    name_adult,
    sign_booking_override,
    standing_overrides,
)
from dispatch.appointments.model import LocalWindow
from dispatch.appointments.service import change_appointment
from dispatch.appointments.service.prospects import prospect
from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.audit.records import AuditEntryRow
from dispatch.clearance.model import TaskKind
from dispatch.clearance.queries import open_tasks
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Forbidden, Invalid
from tests.builders.care_path import SISTER, VISIT, WEDNESDAY, a_ready_patient, book, registered
from tests.builders.clearance import a_scene
from tests.builders.workforce import MONDAY, at

MONDAY_AT_TEN = at(10)
TODAY = {"day": MONDAY, "windows": (LocalWindow(begins=time(14), ends=time(14)),)}
SPACING = DEFAULT_POLICIES["booking.spacing"]


@pytest.fixture
def ready(session, clock):
    return a_ready_patient(session, clock)


def codes(refused):
    return [reason.code for reason in refused.value.reasons]


def refused_for(scene, **more):
    with pytest.raises(CarePathRefused) as refused:
        book(scene, **more)
    return codes(refused)


def test_a_cleared_patient_is_booked_with_the_order_in_force(session, ready):
    row = book(ready)
    assert (row.status, row.dose_ug, row.units) == ("confirmed", 35_000, 1)
    assert row.dose_order_ref
    entry = session.query(AuditEntryRow).filter_by(action="appointment.gate", subject_id=row.id).one()
    assert entry.detail["policies"]["visit.fasting"]["solids_minutes"] == 360


def test_whatever_is_missing_is_said_at_once_and_with_a_way_out(session, clock):
    scene = registered(a_scene(session, clock))
    with pytest.raises(CarePathRefused) as refused:
        book(scene)
    found = set(codes(refused))
    assert {"order_not_in_force", "responsible_adult_missing", "agreement_missing", "no_series"} <= found
    assert any(code in found for code in ("undecided", "prescriber_must_look"))
    assert all(reason.text and reason.way_out for reason in refused.value.reasons)
    assert "order_missing" not in found


def test_what_has_no_care_path_keeps_its_own_rules(session, clock):
    scene = registered(a_scene(session, clock))
    assert book(scene, service_code="hydration").status == "confirmed"


def test_another_order_or_dose_than_the_one_in_force_is_refused(ready):
    assert refused_for(ready, dose_order_ref="ORD-9", dose_ug=36_000) == ["order_differs", "dose_differs"]


def test_clearance_has_to_hold_to_the_end_of_the_visit(ready):
    assert "clearance_expired" in refused_for(ready, day=WEDNESDAY + timedelta(days=380))


def test_a_late_begin_is_acknowledged_or_refused(ready):
    window = LocalWindow(begins=time(17, 1), ends=time(17, 15))
    assert refused_for(ready, windows=(window,)) == ["late_start"]
    assert book(ready, windows=(window,), acknowledged=frozenset({"late_start"})).status == "confirmed"


def test_five_o_clock_is_not_late(ready):
    assert book(ready, windows=(LocalWindow(begins=time(17), ends=time(17)),)).status == "confirmed"


def test_ending_after_eight_is_nobodys_to_acknowledge(ready):
    acknowledged = frozenset({"late_start", "ends_too_late"})
    window = LocalWindow(begins=time(17, 31), ends=time(17, 31))
    with pytest.raises(Invalid, match="ends_too_late"):
        book(ready, windows=(window,), acknowledged=acknowledged)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"of_age": False}, "responsible_adult_under_age"),
        ({"of_age": None}, "responsible_adult_under_age"),
        ({"can_drive": None}, "responsible_adult_cannot_drive"),
        ({"chosen_by_patient": False}, "responsible_adult_not_chosen"),
    ],
)
def test_an_adult_who_will_not_do_or_was_not_asked_about(session, clock, ready, more, code):
    clock.advance(timedelta(minutes=1))
    name_adult(session, ready.patient_id, replace(SISTER, **more), SYSTEM, clock)
    assert refused_for(ready) == [code]


def ate(solids, clear, fatty=None):
    return FastingReport(
        last_solids_at=at(solids), last_clear_at=at(clear), last_fatty_at=None if fatty is None else at(fatty)
    )


def test_today_needs_to_know_when_she_ate(clock, ready):
    clock.at = at(10)
    assert refused_for(ready, **TODAY) == ["fasting_unknown"]
    assert book(ready, **TODAY, fasting=ate(8, 11)).status == "confirmed"


def test_a_visit_a_full_fast_ahead_needs_no_report(clock, ready):
    clock.at = at(8)
    assert book(ready, **TODAY).status == "confirmed"


def test_five_hours_59_is_the_prescribers_to_sign(session, clock, ready):
    clock.at = at(10)
    short = FastingReport(last_solids_at=at(8) + timedelta(minutes=1), last_clear_at=at(11))
    assert refused_for(ready, **TODAY, fasting=short) == ["fasting_solids_short"]
    new = an_override(ready)
    with pytest.raises(Forbidden):
        sign_booking_override(session, new, SYSTEM, clock)
    with pytest.raises(Forbidden, match="signature_missing"):
        sign_booking_override(session, replace(new, proof=None), ready.prescriber, clock)
    signed = sign_booking_override(session, new, ready.prescriber, clock)
    assert sign_booking_override(session, new, ready.prescriber, clock) == signed
    [standing] = standing_overrides(session, ready.patient_id, clock.now())
    assert standing == signed
    assert (standing.code, standing.by, standing.reason) == ("fasting_solids_short", "doctor", "A dry toast.")
    assert standing_overrides(session, ready.patient_id, at(20)) == []
    assert book(ready, **TODAY, fasting=short).status == "confirmed"


def an_override(ready, **more):
    made = {
        "event_id": new_id(), "patient_id": ready.patient_id, "code": "fasting_solids_short",
        "reason": "A dry toast.", "expires_at": at(20), "proof": ready.proof,
    }  # fmt: skip
    return NewOverride(**(made | more))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"code": "too_close"}, "not_overridable"),
        ({"reason": " "}, "reason_missing"),
        ({"expires_at": MONDAY_AT_TEN}, "expiry_past"),
        ({"expires_at": MONDAY_AT_TEN + timedelta(days=91)}, "expiry_too_far"),
    ],
)
def test_an_override_that_says_too_little_or_too_much_is_refused(session, clock, ready, more, code):
    clock.at = MONDAY_AT_TEN
    with pytest.raises(Invalid, match=code):
        sign_booking_override(session, an_override(ready, **more), ready.prescriber, clock)


def test_less_than_four_hours_is_nobodys_to_sign(session, clock, ready):
    clock.at = at(12)
    with pytest.raises(Invalid, match="not_overridable"):
        sign_booking_override(session, an_override(ready, code="fasting_solids"), ready.prescriber, clock)
    assert refused_for(ready, **TODAY, fasting=ate(10.5, 11)) == ["fasting_solids"]


def test_a_change_goes_through_the_gate_and_does_not_count_itself(session, clock, ready):
    row = book(ready)
    draft = replace(VISIT, windows=(LocalWindow(begins=time(10), ends=time(12)),))
    assert change_appointment(session, row.id, draft, SYSTEM, clock).status == "confirmed"


def days(*numbers):
    return [date(2026, 11, number) for number in numbers]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((), []),
        ((23, 27), []),
        ((19, 21, 23), ["too_many_in_days"]),
        ((18, 21, 23), []),
        ((26, 28, 30), ["too_many_in_days"]),
        ((27, 29), []),
        ((25,), ["too_close"]),
        ((24, 26, 28), ["too_many_in_days"]),
    ],
)
def test_at_most_three_in_seven_days(others, expected):
    found = spacing_requirements(date(2026, 11, 25), days(*others), SPACING)
    assert [each.reason.code for each in found] == expected


def test_theophylline_no_slot_and_a_task_for_the_prescriber(session, clock, ready):
    ready.takes("theophylline")
    tomorrow = MONDAY + timedelta(days=1)
    for ask in (
        lambda: book(ready, day=tomorrow),
        lambda: prospect(session, ready.patient_id, replace(VISIT, windows=()), tomorrow, clock),
    ):
        with pytest.raises(CarePathRefused) as refused:
            ask()
        told = " ".join(reason.text + reason.way_out for reason in refused.value.reasons).lower()
        assert "stop" not in told.split()
        assert "theophylline" not in told
        leave_task(session, refused.value.task, SYSTEM, clock)
    waiting = [
        task for task in open_tasks(session, ready.subject) if task.kind == TaskKind.MEDICATION_QUESTION
    ]
    assert len(waiting) == 1

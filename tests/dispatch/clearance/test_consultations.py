"""Prescribers entered and approved; consultations with substance screen and programme (B11, B29)."""

from datetime import date, timedelta

import pytest

from dispatch.clearance.commands import BookConsultation, RecordConsultation, RecordEvaluation
from dispatch.clearance.loading import prescriber_row
from dispatch.clearance.model import ConsultationStatus, Mode, Office, PdmpResult, Specialty
from dispatch.clearance.queries import prescriber_may_order, prescriber_warnings, queue
from dispatch.clearance.service import (
    approve_prescriber,
    book_consultation,
    end_consultation,
    enter_prescriber,
    enter_prescriber_licence,
    record_consultation,
    record_evaluation,
)
from dispatch.intake.model import CaseState
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid
from tests.builders.clearance import (
    a_case,
    a_draft,
    a_licence,
    a_prescriber_account,
    a_scene,
)
from tests.builders.company import ADMIN


@pytest.fixture
def scene(session, clock):
    return a_scene(session, clock)


def codes(refusal):
    return {each.code for each in refusal.value.reasons}


def booked(scene, **more):
    usual = {
        "case_id": scene.case_id, "prescriber_id": scene.prescriber.account_id, "mode": Mode.VIDEO,
        "begins_at": scene.now + timedelta(hours=1), "minutes": 45,
    }  # fmt: skip
    return book_consultation(scene.session, BookConsultation(**(usual | more)), scene.prescriber, scene.clock)


@pytest.fixture
def ready(scene, monkeypatch):
    """Intake has nothing against a consultation."""
    monkeypatch.setattr("dispatch.clearance.service.consultations.consultation_blocks", lambda *_: ())
    monkeypatch.setattr("dispatch.intake.service.cases.consultation_blocks", lambda *_: ())
    return scene


def recorded(scene, row, **more):
    usual = {
        "consultation_id": row.id, "answers": {}, "audit_c": (1, 0, 0), "pdmp_checked_at": scene.now,
        "pdmp_result": PdmpResult.NOTHING,
    }  # fmt: skip
    return record_consultation(
        scene.session, RecordConsultation(**(usual | more)), scene.prescriber, scene.clock
    )


def test_no_consultation_before_intake_has_everything(scene):
    with pytest.raises(Conflict) as refusal:
        booked(scene)
    assert "acknowledgement_missing" in codes(refusal)
    assert len(codes(refusal)) > 1


@pytest.mark.parametrize(("minutes", "allowed"), [(29, False), (30, True), (60, True), (61, False)])
def test_a_consultation_lasts_thirty_to_sixty_minutes(ready, minutes, allowed):
    if allowed:
        assert booked(ready, minutes=minutes).status == ConsultationStatus.BOOKED
        return
    with pytest.raises(Invalid) as refusal:
        booked(ready, minutes=minutes)
    assert codes(refusal) == {"consultation_minutes"}


def test_a_consultation_moves_the_case_and_its_record_moves_it_on(ready, clock):
    ready.case().state = CaseState.INTAKE_COMPLETE.value
    row = booked(ready)
    assert ready.case().state == CaseState.CONSULT_BOOKED
    assert [line.kind for line in queue(ready.session, ready.now)] == ["consultation"]
    clock.advance(timedelta(hours=2))
    recorded(ready, row)
    assert ready.case().state == CaseState.CONSULT_DONE
    assert [line.kind for line in queue(ready.session, ready.now)] == ["decision"]


def test_a_prescriber_is_in_one_consultation_at_a_time(ready):
    booked(ready)
    other = a_case(ready.session, ready.clock, ready.area_id)
    with pytest.raises(Conflict) as refusal:
        booked(ready, case_id=other.id, begins_at=ready.now + timedelta(minutes=104))
    assert codes(refusal) == {"consultation_clash"}
    booked(ready, case_id=other.id, begins_at=ready.now + timedelta(minutes=105))


def test_a_prescriber_of_another_state_is_not_booked(ready):
    ready.case().patient_state = "NV"
    with pytest.raises(Conflict) as refusal:
        booked(ready, begins_at=ready.now + timedelta(days=1))
    assert codes(refusal) == {"prescriber_not_licensed_in_state"}


def test_every_consultation_has_a_substance_screen_and_asks_the_programme(ready, clock):
    row = booked(ready)
    clock.advance(timedelta(hours=2))
    with pytest.raises(Invalid) as refusal:
        recorded(ready, row, audit_c=(), pdmp_checked_at=None, pdmp_result=None)
    assert codes(refusal) == {"substance_screen_missing", "monitoring_programme_missing"}


def test_a_record_before_its_time_or_by_another_is_refused(ready):
    row = booked(ready)
    with pytest.raises(Conflict) as early:
        recorded(ready, row)
    assert codes(early) == {"consultation_not_begun"}
    other = a_prescriber_account(ready.session, ready.clock, "other@test.example", dea_number="BB1234563")
    ready.clock.advance(timedelta(hours=2))
    ready.prescriber = other
    with pytest.raises(Forbidden) as refusal:
        recorded(ready, row)
    assert codes(refusal) == {"consultation_of_another"}


def test_a_no_show_leads_back_and_another_can_be_booked(ready, clock):
    ready.case().state = CaseState.INTAKE_COMPLETE.value
    row = booked(ready)
    with pytest.raises(Conflict) as refusal:
        end_consultation(ready.session, row.id, ConsultationStatus.NO_SHOW, ready.prescriber, clock)
    assert codes(refusal) == {"consultation_not_begun"}
    clock.advance(timedelta(hours=2))
    end_consultation(ready.session, row.id, ConsultationStatus.NO_SHOW, ready.prescriber, clock)
    assert ready.case().state == CaseState.INTAKE_COMPLETE
    booked(ready)


def test_an_evaluation_with_three_faults_names_three(ready):
    wrong = RecordEvaluation(
        case_id=ready.case_id, evaluated_at=ready.now + timedelta(minutes=1), asa_class=7, weight_g=0
    )
    with pytest.raises(Invalid) as refusal:
        record_evaluation(ready.session, wrong, ready.prescriber, ready.clock)
    assert codes(refusal) == {"asa_class_out_of_range", "weight_out_of_range", "moment_out_of_range"}


def test_who_may_order_is_judged_by_the_day_where_the_patient_is(scene, clock):
    account_id = scene.prescriber.account_id
    enter_prescriber_licence(
        scene.session, account_id, a_licence(expires_on=date(2026, 11, 23)), ADMIN, clock
    )
    evening = scene.now.replace(hour=4) + timedelta(days=1)  # 23:00 in Columbus, already Tuesday in UTC
    assert prescriber_may_order(scene.session, account_id, "OH", evening) == ()
    assert prescriber_may_order(scene.session, account_id, "OH", evening + timedelta(hours=1)) != ()


def test_only_compliance_or_an_administrator_enters_prescribers(scene, clock):
    with pytest.raises(Forbidden):
        enter_prescriber(scene.session, a_draft(scene.prescriber.account_id), scene.prescriber, clock)


def test_a_wrong_dea_number_and_an_account_without_the_role_are_named_together(scene, clock):
    with pytest.raises(Invalid) as refusal:
        enter_prescriber(scene.session, a_draft(dea_number="AB1234560"), ADMIN, clock)
    assert codes(refusal) == {"dea_number_check_digit", "account_without_role"}


def test_two_prescribers_never_share_a_dea_number(scene, clock):
    with pytest.raises(Conflict) as refusal:
        a_prescriber_account(scene.session, clock, "other@test.example")
    assert codes(refusal) == {"dea_number_taken"}


def test_the_medical_director_approves_another_specialty_but_not_herself(scene, clock):
    session, director = scene.session, scene.prescriber
    other = a_prescriber_account(
        session, clock, "other@test.example", dea_number="BB1234563", specialty=Specialty.OTHER
    )
    assert [each.code for each in prescriber_warnings(session, other.account_id)] == [
        "specialty_not_approved"
    ]
    with pytest.raises(Forbidden) as refusal:
        approve_prescriber(session, other.account_id, director, clock)
    assert codes(refusal) == {"medical_director_approves"}
    prescriber_row(session, director.account_id).offices = [Office.MEDICAL_DIRECTOR.value]
    with pytest.raises(Forbidden) as own:
        approve_prescriber(session, director.account_id, director, clock)
    assert codes(own) == {"nobody_approves_oneself"}
    approve_prescriber(session, other.account_id, director, clock)
    assert prescriber_warnings(session, other.account_id) == ()

"""Any later change holds treatment; only a prescriber releases it, signed, with nothing in the way."""

from datetime import timedelta

import pytest

from dispatch.clearance.commands import AnswerTask, Hold, NewScore, NewTask, Release
from dispatch.clearance.loading import open_hold
from dispatch.clearance.model import (
    ClearanceStatus,
    Decision,
    HoldCause,
    Occasion,
    Scale,
    Subject,
    SuicideRisk,
    TaskKind,
)
from dispatch.clearance.queries import alarm_open, clearance_of, open_tasks, queue, scores_of
from dispatch.clearance.service import answer_alarm, hold, raise_alarm, record_score, release_hold
from dispatch.intake.commands import GivenAnswer, NewMedication
from dispatch.intake.model import CaseState
from dispatch.intake.service import change_medication, give_answer, hold_case
from dispatch.intake.statements import Saying
from dispatch.kernel.actor import SYSTEM, Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound
from tests.builders.clearance import a_proof, a_scene, cleared, decided, examined, reviewed

PATIENT = Actor(account_id=None, name="patient", roles=frozenset(), session_ref="link:1")


@pytest.fixture
def scene(session, clock):
    return cleared(a_scene(session, clock))


def codes(refusal):
    return {each.code for each in refusal.value.reasons}


def released(scene, **more):
    held = open_hold(scene.session, scene.case_id)
    usual = {"reason": "Looked at the new list.", "proof": scene.proof}
    command = Release(hold_id=held.id, **(usual | more))
    return release_hold(scene.session, command, scene.prescriber, scene.clock)


def writes_down(scene, name):
    """The patient writes a medicine on the list, through the link."""
    change_medication(
        scene.session, NewMedication(case_id=scene.case_id, name=name, dose="300 mg"), PATIENT, scene.clock
    )


def a_screener(scene, *answers):
    new = NewScore(
        subject=Subject(patient_id=scene.patient_id), scale=Scale.CSSRS, answers=answers,
        taken_at=scene.now, occasion=Occasion.BEFORE_VISIT,
    )  # fmt: skip
    return record_score(scene.session, new, SYSTEM, scene.clock)


def test_i_take_theophylline_and_want_an_infusion_tomorrow(scene):
    writes_down(scene, "theophylline")
    found = clearance_of(scene.session, scene.patient_id, scene.now + timedelta(days=1))
    assert found.status is ClearanceStatus.ON_HOLD
    assert {"case_on_hold", "xanthines", "medication_review_missing"} <= {each.code for each in found.unmet}
    assert [line.kind for line in queue(scene.session, scene.now)] == ["hold"]
    reviewed(scene)
    with pytest.raises(Conflict) as refusal:
        released(scene)
    assert codes(refusal) == {"xanthines"}


def test_a_changed_list_holds_until_it_is_reviewed_and_released(scene):
    writes_down(scene, "sertraline")
    assert scene.case().state == CaseState.ON_HOLD
    with pytest.raises(Conflict) as refusal:
        released(scene)
    assert codes(refusal) == {"medication_review_missing"}
    reviewed(scene)
    released(scene)
    assert scene.case().state == CaseState.CLEARED
    assert clearance_of(scene.session, scene.patient_id, scene.now).cleared


def test_a_medical_event_holds(scene):
    said = GivenAnswer(case_id=scene.case_id, item="medical.heart", saying=Saying.YES, detail="Chest pain")
    give_answer(scene.session, said, PATIENT, scene.clock)
    held = open_hold(scene.session, scene.case_id)
    assert held.cause == HoldCause.MEDICAL_EVENT


def test_thoughts_of_suicide_in_intake_raise_an_alarm(scene):
    said = GivenAnswer(case_id=scene.case_id, item="psychiatric.suicidal_thoughts", saying=Saying.YES)
    give_answer(scene.session, said, PATIENT, scene.clock)
    assert [task.kind for task in open_tasks(scene.session, scene.subject)] == [TaskKind.SUICIDALITY_SAME_DAY]


def test_a_case_that_is_not_treated_yet_is_not_held(session, clock):
    scene = examined(a_scene(session, clock))
    writes_down(scene, "sertraline")
    assert scene.case().state == CaseState.CONSULT_DONE
    assert open_hold(session, scene.case_id) is None


def test_held_by_a_nurse_it_is_released_by_a_prescriber(scene):
    nurse = Actor(account_id=None, name="Nina", roles=frozenset({Role.NURSE}), session_ref="device:1")
    hold_case(scene.session, scene.case_id, SYSTEM, scene.clock, "She fell yesterday.")
    with pytest.raises(Forbidden):
        release_hold(
            scene.session,
            Release(hold_id=open_hold(scene.session, scene.case_id).id, reason="Fine.", proof=scene.proof),
            nurse,
            scene.clock,
        )
    released(scene)
    assert scene.case().state == CaseState.CLEARED


def test_a_release_is_signed_with_a_fresh_proof_and_a_reason(scene):
    hold(scene.session, Hold(case_id=scene.case_id, cause=HoldCause.REQUESTED), SYSTEM, scene.clock)
    old = a_proof(scene.prescriber.account_id, scene.now, timedelta(minutes=6))
    with pytest.raises(Forbidden) as refusal:
        released(scene, proof=old, reason="")
    assert codes(refusal) == {"proof_not_fresh", "reason_missing"}


def test_a_hold_is_released_once(scene):
    hold(scene.session, Hold(case_id=scene.case_id, cause=HoldCause.REQUESTED), SYSTEM, scene.clock)
    row = released(scene)
    again = Release(hold_id=row.id, reason="Once more.", proof=scene.proof)
    with pytest.raises(Conflict) as refusal:
        release_hold(scene.session, again, scene.prescriber, scene.clock)
    assert codes(refusal) == {"already_released"}


def test_on_hold_nobody_decides(scene):
    hold(scene.session, Hold(case_id=scene.case_id, cause=HoldCause.REQUESTED), SYSTEM, scene.clock)
    with pytest.raises(Conflict) as refusal:
        decided(scene, Decision.NOT_CANDIDATE)
    assert codes(refusal) == {"case_on_hold"}


def test_a_high_screener_raises_an_alarm_that_blocks_until_it_is_signed(scene):
    assert a_screener(scene, 1, 1, 1, 1, 0, 0, None).risk is SuicideRisk.HIGH
    assert alarm_open(scene.session, scene.patient_id)
    found = clearance_of(scene.session, scene.patient_id, scene.now)
    assert {each.code for each in found.unmet} == {"suicidality_unanswered"}
    line = queue(scene.session, scene.now)[0]
    assert (line.kind, line.urgent, line.due_at) == ("alarm", True, scene.now)
    (task,) = open_tasks(scene.session, scene.subject)
    with pytest.raises(Forbidden) as refusal:
        answer_alarm(
            scene.session,
            AnswerTask(task_id=task.task_id, answer="Spoke to her."),
            scene.prescriber,
            scene.clock,
        )
    assert codes(refusal) == {"signature_missing"}
    signed = AnswerTask(task_id=task.task_id, answer="Spoke to her; safe with her sister.", proof=scene.proof)
    answer_alarm(scene.session, signed, scene.prescriber, scene.clock)
    assert clearance_of(scene.session, scene.patient_id, scene.now).cleared
    with pytest.raises(Conflict):
        answer_alarm(scene.session, signed, scene.prescriber, scene.clock)


def test_a_quiet_screener_raises_nothing(scene):
    a_screener(scene, 0, 0, None, None, None, 0, None)
    assert not alarm_open(scene.session, scene.patient_id)


def test_scores_are_found_by_case_and_by_patient(scene):
    by_case = scores_of(scene.session, Subject(case_id=scene.case_id), Scale.PHQ9)
    by_patient = scores_of(scene.session, Subject(patient_id=scene.patient_id), Scale.PHQ9)
    assert [(line.total, line.band) for line in by_case] == [(16, "moderately_severe")]
    assert by_case == by_patient


def test_a_scale_ahead_of_time_or_empty_is_refused(scene):
    new = NewScore(
        subject=scene.subject, scale=Scale.GAD7, answers=(None,) * 7,
        taken_at=scene.now + timedelta(hours=1), occasion=Occasion.OTHER,
    )  # fmt: skip
    with pytest.raises(Invalid) as refusal:
        record_score(scene.session, new, SYSTEM, scene.clock)
    assert codes(refusal) == {"no_answer", "score_in_the_future"}


def test_the_same_question_is_not_asked_twice_while_it_is_open(scene):
    new = NewTask(subject=scene.subject, kind=TaskKind.MEDICATION_QUESTION, text="May I take it?")
    first = raise_alarm(scene.session, new, SYSTEM, scene.clock)
    assert raise_alarm(scene.session, new, SYSTEM, scene.clock) == first
    answer_alarm(
        scene.session, AnswerTask(task_id=first, answer="I call her."), scene.prescriber, scene.clock
    )
    assert raise_alarm(scene.session, new, SYSTEM, scene.clock) != first


def test_a_question_about_nobody_is_refused(scene):
    with pytest.raises(Invalid) as refusal:
        raise_alarm(scene.session, NewTask(subject=Subject(), kind=TaskKind.OTHER), SYSTEM, scene.clock)
    assert codes(refusal) == {"subject_missing"}


def test_what_is_not_there_is_not_found(scene):
    for deed in (
        lambda: answer_alarm(
            scene.session, AnswerTask(task_id=new_id(), answer="x"), scene.prescriber, scene.clock
        ),
        lambda: release_hold(
            scene.session, Release(hold_id=new_id(), reason="x", proof=None), scene.prescriber, scene.clock
        ),
    ):
        with pytest.raises(NotFound):
            deed()


def test_a_recheck_waits_from_its_day_on(scene):
    day = scene.now.date() + timedelta(days=7)
    decided(scene, Decision.NEEDS_PRIOR_TREATMENT, target="Below 140/90", recheck_on=day)
    assert queue(scene.session, scene.now) == ()
    scene.clock.advance(timedelta(days=7))
    assert [line.kind for line in queue(scene.session, scene.now)] == ["recheck"]

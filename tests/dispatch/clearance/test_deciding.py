"""A prescriber decides and signs overrides; a clearance ends, and any change puts it in doubt."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from dispatch.clearance.commands import ReviewMedications, SignOverride
from dispatch.clearance.model import ClearanceStatus, Decision, Office
from dispatch.clearance.queries import clearance_of, medication_review_valid
from dispatch.clearance.records import PrescriberRow, VerdictRow
from dispatch.clearance.service import review_medications, screen, sign_override
from dispatch.intake.model import CaseState
from dispatch.intake.queries import medication_list
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid
from tests.builders.clearance import a_proof, a_scene, cleared, decided, examined, reviewed


@pytest.fixture
def scene(session, clock):
    return examined(a_scene(session, clock))


def codes(refusal):
    return {each.code for each in refusal.value.reasons}


def status(scene, at=None):
    return clearance_of(scene.session, scene.patient_id, at or scene.now)


def signed(scene, rule, **more):
    usual = {
        "reason": "Seen and weighed.", "expires_at": scene.now + timedelta(days=30), "proof": scene.proof,
        "monitoring": "Breathing and sedation.",
    }  # fmt: skip
    command = SignOverride(case_id=scene.case_id, rule=rule, **(usual | more))
    return sign_override(scene.session, command, scene.prescriber, scene.clock)


def test_a_referral_alone_clears_nobody(session, clock):
    found = status(a_scene(session, clock))
    assert found.status is ClearanceStatus.UNDECIDED
    assert {"undecided", "consultation_missing", "evaluation_missing"} <= {each.code for each in found.unmet}


def test_a_patient_without_a_case_is_not_cleared(session, clock):
    a_scene(session, clock)
    found = clearance_of(session, new_id(), clock.now())
    assert not found.cleared
    assert [each.code for each in found.unmet] == ["no_case"]


def test_a_candidate_is_cleared_for_ninety_days_and_not_an_instant_longer(scene):
    decided(scene)
    ends = scene.now + timedelta(days=90)
    assert scene.case().state == CaseState.CLEARED
    assert status(scene).status is ClearanceStatus.CLEARED
    late = status(scene, ends - timedelta(seconds=1))
    assert "clearance_expired" not in {each.code for each in late.unmet}
    assert "clearance_expired" in {each.code for each in status(scene, ends).unmet}


def test_in_maintenance_a_clearance_is_never_older_than_ninety_days(scene):
    row = decided(scene)
    scene.session.execute(sa.update(type(scene.case())).values(state=CaseState.MAINTENANCE.value))
    assert status(scene).expires_at == row.at + timedelta(days=90)


def test_no_candidate_while_a_block_stands_and_all_unmet_come_at_once(scene):
    for item in ("medical.pregnant", "medical.seizures", "medical.bladder", "medical.sleep_apnoea"):
        scene.say(item, "yes")
    with pytest.raises(Conflict) as refusal:
        decided(scene)
    assert codes(refusal) == {"pregnant", "seizures", "cystitis", "sleep_apnoea"}


def test_an_unknown_answer_blocks_a_decision(scene):
    scene.say("psychiatric.psychosis", "unknown")
    with pytest.raises(Conflict) as refusal:
        decided(scene)
    assert codes(refusal) == {"psychotic_disorder"}


def test_a_warning_is_acknowledged_with_the_decision(scene):
    scene.say("medical.sleep_apnoea", "yes")
    decided(scene, acknowledged=frozenset({"sleep_apnoea"}))
    assert status(scene).cleared


def test_what_the_prescriber_found_counts_before_what_was_said_earlier(session, clock):
    scene = a_scene(session, clock)
    scene.say("medical.liver", "yes")
    clock.advance(timedelta(hours=2))
    decided(examined(scene, liver_disease_moderate="no"))
    assert status(scene).cleared


def test_what_the_patient_says_later_counts_again(session, clock):
    scene = examined(a_scene(session, clock), seizures="no")
    clock.advance(timedelta(minutes=3))
    scene.say("medical.seizures", "yes")
    with pytest.raises(Conflict) as refusal:
        decided(scene)
    assert codes(refusal) == {"seizures"}


@pytest.mark.parametrize("ago", [timedelta(minutes=5, seconds=1), timedelta(seconds=-1)])
def test_a_proof_that_is_not_fresh_signs_nothing(scene, ago):
    with pytest.raises(Forbidden) as refusal:
        decided(scene, proof=a_proof(scene.prescriber.account_id, scene.now, ago))
    assert codes(refusal) == {"proof_not_fresh"}


def test_another_persons_proof_or_none_signs_nothing(scene):
    for proof, code in ((a_proof(new_id(), scene.now), "proof_of_another"), (None, "signature_missing")):
        with pytest.raises(Forbidden) as refusal:
            decided(scene, proof=proof)
        assert codes(refusal) == {code}


def test_a_prescriber_without_a_licence_there_decides_nothing(scene):
    scene.case().patient_state = "NV"
    with pytest.raises(Forbidden) as refusal:
        decided(scene)
    assert "prescriber_not_licensed_in_state" in codes(refusal)


def test_something_to_be_treated_first_has_target_and_recheck(scene):
    with pytest.raises(Invalid) as refusal:
        decided(scene, Decision.NEEDS_PRIOR_TREATMENT)
    assert codes(refusal) == {"target_missing", "recheck_missing"}
    decided(
        scene, Decision.NEEDS_PRIOR_TREATMENT, target="Blood pressure below 140/90",
        recheck_on=date(2026, 12, 7),
    )  # fmt: skip
    assert scene.case().state == CaseState.NEEDS_PRIOR_TREATMENT
    assert status(scene).status is ClearanceStatus.NEEDS_PRIOR_TREATMENT


def test_not_a_candidate_is_always_possible(scene):
    scene.say("medical.pregnant", "yes")
    decided(scene, Decision.NOT_CANDIDATE)
    assert scene.case().state == CaseState.DECLINED


def test_theophylline_blocks_whatever_is_signed(scene):
    scene.takes("Theo-24", "300 mg")
    reviewed(scene)
    with pytest.raises(Conflict) as refusal:
        decided(scene)
    assert codes(refusal) == {"xanthines"}
    with pytest.raises(Invalid) as other:
        signed(scene, "xanthines")
    assert codes(other) == {"not_overridable"}


def test_an_override_wants_reason_monitoring_and_an_end_within_policy(scene):
    scene.takes("oxycodone")
    reviewed(scene)
    with pytest.raises(Invalid) as refusal:
        signed(
            scene, "opioids", reason="", monitoring="", expires_at=scene.now + timedelta(days=90, seconds=1)
        )
    assert codes(refusal) == {"reason_missing", "monitoring_note_missing", "expiry_out_of_range"}
    signed(scene, "opioids", expires_at=scene.now + timedelta(days=90))
    decided(scene)
    assert status(scene).cleared


def test_an_override_ends_at_its_instant(scene):
    scene.say("medical.bladder", "yes")
    until = scene.now + timedelta(days=5)
    signed(scene, "cystitis", expires_at=until)
    decided(scene)
    assert status(scene, until - timedelta(seconds=1)).cleared
    assert {each.code for each in status(scene, until).unmet} == {"cystitis"}


@pytest.mark.parametrize(("mg", "lead_needed"), [("3.0", False), ("3.1", True)])
def test_over_three_milligrams_a_day_the_clinical_lead_signs(scene, mg, lead_needed):
    entry = scene.takes("lorazepam")
    reviewed(scene, mg_per_day={entry: Decimal(mg)})
    signed(scene, "benzodiazepines")
    if not lead_needed:
        decided(scene)
        assert status(scene).cleared
        return
    with pytest.raises(Invalid) as refusal:
        signed(scene, "benzodiazepine_dose_high")
    assert codes(refusal) == {"clinical_lead_signs"}
    scene.session.scalars(sa.select(PrescriberRow)).one().offices = [Office.CLINICAL_LEAD.value]
    signed(scene, "benzodiazepine_dose_high")
    decided(scene)
    assert status(scene).cleared


def test_a_changed_list_makes_review_and_its_overrides_invalid(scene):
    scene.takes("oxycodone")
    reviewed(scene)
    signed(scene, "opioids")
    assert medication_review_valid(scene.session, scene.patient_id, scene.now)
    scene.takes("sertraline")
    assert not medication_review_valid(scene.session, scene.patient_id, scene.now)
    reviewed(scene)
    with pytest.raises(Conflict) as refusal:
        decided(scene)
    assert codes(refusal) == {"opioids"}


def test_a_review_of_an_older_list_is_refused(scene):
    digest = medication_list(scene.session, scene.case_id).digest
    scene.takes("sertraline")
    command = ReviewMedications(case_id=scene.case_id, digest=digest, proof=scene.proof)
    with pytest.raises(Conflict) as refusal:
        review_medications(scene.session, command, scene.prescriber, scene.clock)
    assert codes(refusal) == {"list_changed"}


def test_what_the_list_does_not_know_the_prescriber_names(scene):
    entry = scene.takes("Grandmother's drops")
    reviewed(scene)
    with pytest.raises(Conflict) as refusal:
        decided(scene)
    assert codes(refusal) == {"medicine_unmatched"}
    reviewed(scene, classes={entry: frozenset({"xanthine"})})
    with pytest.raises(Conflict) as other:
        decided(scene)
    assert codes(other) == {"xanthines"}
    reviewed(scene, classes={entry: frozenset()})
    decided(scene)
    assert status(scene).cleared


def test_a_verdict_keeps_what_judged_it_and_cannot_be_changed(scene):
    verdict = screen(scene.session, scene.case_id, scene.prescriber, scene.clock)
    row = scene.session.get_one(VerdictRow, verdict.verdict_id)
    assert row.policies["clearance.screening"]["seizures"] == "BLOCK"
    assert row.medications_digest == medication_list(scene.session, scene.case_id).digest
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        scene.session.execute(sa.delete(VerdictRow))


def test_the_office_hears_that_a_prescriber_must_look_and_not_why(session, clock):
    scene = cleared(a_scene(session, clock))
    scene.say("medical.pregnant", "yes")
    found = status(scene)
    assert "pregnant" in {each.code for each in found.unmet}
    assert {each.code for each in found.for_office()} == {"prescriber_must_look"}

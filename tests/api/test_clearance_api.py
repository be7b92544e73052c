"""Clearance over the JSON API: who may, what is signed, and that a refusal says everything."""

import pytest

from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.clearance import DEA, a_scene, enter, examined
from tests.builders.web import PASSWORD, a_person, a_phone, keyring_of_app

MAIL = "doctor@test.example"


@pytest.fixture
def account_id(app, engine):
    return a_person(app, engine, Role.PRESCRIBER, email=MAIL)


@pytest.fixture
def phone(app, engine, account_id):
    return a_phone(app, engine, account_id)


@pytest.fixture
def case_of(app, engine, clock, account_id):
    actor = Actor(
        account_id=AccountId(account_id), name="doctor", roles=frozenset({Role.PRESCRIBER}), session_ref="x"
    )

    def build(shape=lambda scene: scene):
        with transaction(engine, keyring_of_app(app)) as session:
            enter(session, clock, account_id)
            return str(shape(a_scene(session, clock, actor)).case_id)

    return build


def signature(phone, event_id):
    sent = {"email": MAIL, "secret": PASSWORD, "event_id": event_id}
    return phone.post("/api/v1/proofs", json=sent).json["proof"]


def signed(phone, **more):
    event_id = str(new_id())
    return more | {"event_id": event_id, "proof": signature(phone, event_id)}


def codes(answer):
    return {each["code"] for each in answer.json["reasons"]}


def test_a_verdict_names_everything_unmet_with_its_class(phone, case_of):
    def shape(scene):
        scene.say("medical.seizures", "yes")
        return scene

    answer = phone.post(f"/api/v1/cases/{case_of(shape)}/verdicts")
    assert answer.status_code == 201
    found = {each["rule"]: each["class"] for each in answer.json["findings"]}
    assert found["seizures"] == "BLOCK"
    assert found["consultation_missing"] == "REQUIRED"
    assert answer.json["policies"]["clearance.screening"]["seizures"] == "BLOCK"


def test_a_decision_is_signed_and_clears(phone, case_of):
    case_id = case_of(examined)
    sent = signed(phone, decision="candidate", reason="Talked it over.")
    answer = phone.post(f"/api/v1/cases/{case_id}/decisions", json=sent)
    assert (answer.status_code, answer.json["status"], answer.json["unmet"]) == (201, "cleared", [])
    assert phone.get(f"/api/v1/cases/{case_id}/clearance").json["status"] == "cleared"


def test_a_refused_decision_says_everything(phone, case_of):
    sent = signed(phone, decision="candidate", reason="Talked it over.")
    refused = phone.post(f"/api/v1/cases/{case_of()}/decisions", json=sent)
    assert refused.status_code == 409
    assert {"consultation_missing", "evaluation_missing", "phq9_missing", "cssrs_missing"} <= codes(refused)


def test_a_proof_for_another_event_signs_nothing(phone, case_of):
    sent = signed(phone, decision="candidate", reason="Talked it over.") | {"event_id": str(new_id())}
    refused = phone.post(f"/api/v1/cases/{case_of(examined)}/decisions", json=sent)
    assert (refused.status_code, codes(refused)) == (422, {"proof_for_another_event"})


def test_a_score_of_high_risk_stands_first_in_the_queue_until_it_is_answered(phone, case_of):
    case_id = case_of()
    sent = {
        "scale": "cssrs", "occasion": "before_visit", "taken_at": "2026-11-23T10:00:00Z",
        "answers": [1, 1, 1, 1, 0, 0, None],
    }  # fmt: skip
    made = phone.post(f"/api/v1/cases/{case_id}/scores", json=sent)
    assert (made.status_code, made.json["risk"]) == (201, "high")
    line = phone.get("/api/v1/clearance/queue").json[0]
    assert line["urgent"] is True
    task = line["link"].rpartition("/")[2]
    place = f"/api/v1/clearance/tasks/{task}/answer"
    assert codes(phone.post(place, json={"answer": "Spoke to her."})) == {"signature_missing"}
    assert phone.post(place, json=signed(phone, answer="Spoke to her.")).json["answer"] == "Spoke to her."
    assert len(phone.get(f"/api/v1/cases/{case_id}/scores").json) == 1


def test_a_nurse_holds_and_asks_but_decides_and_reads_nothing(app, engine, case_of):
    case_id = case_of(examined)
    nurse = a_phone(app, engine, a_person(app, engine, Role.NURSE, nurse_id=None, email="n@test.example"))
    assert nurse.get(f"/api/v1/cases/{case_id}/clearance").status_code == 403
    sent = {"decision": "candidate", "reason": "Fine.", "event_id": str(new_id()), "proof": "x"}
    assert nurse.post(f"/api/v1/cases/{case_id}/decisions", json=sent).status_code == 403
    asked = {"kind": "medication_question", "text": "She asks about a new one."}
    assert nurse.post(f"/api/v1/cases/{case_id}/tasks", json=asked).status_code == 201
    held = nurse.post(f"/api/v1/cases/{case_id}/holds", json={"reason": "She is unwell."})
    assert (held.status_code, held.json["released_at"]) == (201, None)


def test_compliance_enters_a_prescriber_with_a_licence(app, engine, account_id):
    officer = a_phone(app, engine, a_person(app, engine, Role.COMPLIANCE))
    sent = {
        "account_id": str(account_id), "kind": "MD", "specialty": "other", "dea_number": DEA,
        "dea_expires_on": "2027-06-30",
    }  # fmt: skip
    wrong = officer.post("/api/v1/prescribers", json=sent | {"dea_number": "AB1234560"})
    assert (wrong.status_code, codes(wrong)) == (422, {"dea_number_check_digit"})
    made = officer.post("/api/v1/prescribers", json=sent)
    assert [each["code"] for each in made.json["warnings"]] == ["specialty_not_approved"]
    licence = {"state": "OH", "number": "35.1", "valid_from": "2026-01-01", "expires_on": "2026-12-31"}
    answer = officer.post(f"/api/v1/prescribers/{account_id}/licences", json=licence)
    assert [each["state"] for each in answer.json["licences"]] == ["OH"]
    assert [each["name"] for each in officer.get("/api/v1/prescribers").json] == ["doctor"]


def test_a_consultation_is_refused_with_everything_intake_misses(phone, case_of, account_id):
    sent = {
        "prescriber_id": str(account_id), "mode": "video", "begins_at": "2026-11-23T15:00:00Z", "minutes": 20,
    }  # fmt: skip
    refused = phone.post(f"/api/v1/cases/{case_of()}/consultations", json=sent)
    assert refused.status_code == 409
    assert {"consultation_minutes", "acknowledgement_missing"} <= codes(refused)


def test_there_is_no_such_case(phone, case_of):
    case_of()
    assert phone.get(f"/api/v1/cases/{new_id()}/clearance").status_code == 404

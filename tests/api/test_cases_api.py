"""Cases over the JSON API: who may open, who may read, and that a refusal says everything."""

import io

import pytest

from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.cases import a_lost_vial
from tests.builders.web import a_person, a_phone, keyring_of_app

CASES = "/api/v1/areas/columbus/cases"


@pytest.fixture
def lost(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        return a_lost_vial(session)


@pytest.fixture
def officer(app, engine):
    return a_phone(app, engine, a_person(app, engine, Role.COMPLIANCE))


def test_an_officer_sees_the_question_and_what_is_due(officer, lost):
    line = officer.get(CASES).json[0]
    assert line["question"].startswith("Where could vial 7F0 be")
    assert [each["code"] for each in line["deadlines"]] == ["dea_notice", "form_106"]
    assert line["deadlines"][0]["due_at"] == "2026-11-24T22:00:00+00:00"
    assert officer.get(f"{CASES}?status=resolved").json == []


def test_one_case_shows_its_sums_factors_and_steps(officer, lost):
    shown = officer.get(f"/api/v1/cases/{lost[1]}").json
    assert (shown["drawn_ug"], shown["unaccounted_ug"]) == (0, 0)
    assert [each["number"] for each in shown["factors"]] == [1, 2, 3, 4, 5, 6]
    assert [each["kind"] for each in shown["steps"]] == ["opened"]


def test_a_nurse_opens_a_case_and_reads_none(app, engine, lost, officer):
    scene = lost[0]
    nurse = a_phone(app, engine, a_person(app, engine, Role.NURSE, nurse_id=scene.nurse.nurse_id))
    made = nurse.post(CASES, json={"kind": "seal", "serial": "7F0", "text": "The seal hangs."})
    assert made.status_code == 201
    assert nurse.get(f"/api/v1/cases/{made.json['case_id']}").status_code == 403
    assert len(officer.get(CASES).json) == 2


def test_a_nurse_opens_no_case_in_another_area(app, engine, lost):
    nurse = a_phone(app, engine, a_person(app, engine, Role.NURSE, nurse_id=None, email="x@test.example"))
    sent = {"kind": "seal", "text": "The seal hangs."}
    assert nurse.post("/api/v1/areas/atlantis/cases", json=sent).status_code == 404


def test_a_step_is_added_and_a_refused_one_says_everything(officer, lost):
    path = f"/api/v1/cases/{lost[1]}/steps"
    assert officer.post(path, json={"kind": "note", "text": "Called."}).json["sequence"] == 2
    refused = officer.post(path, json={"kind": "classified", "code": "significant_loss", "text": "Big."})
    assert refused.status_code == 409
    assert [each["code"] for each in refused.json["reasons"]] == ["factor_unanswered"] * 6


def test_the_same_step_sent_twice_is_one_step(officer, lost):
    path, sent = f"/api/v1/cases/{lost[1]}/steps", {"kind": "note", "text": "Called."}
    twice = [officer.post(path, json=sent, headers={"Idempotency-Key": "once"}) for _ in range(2)]
    assert [each.json["sequence"] for each in twice] == [2, 2]


def test_a_document_is_attached(officer, lost):
    data = {"file": (io.BytesIO(b"Called at noon."), "note.txt"), "text": "A note"}
    made = officer.post(f"/api/v1/cases/{lost[1]}/attachments", data=data, content_type="multipart/form-data")
    assert made.status_code == 201
    assert made.json["attachments"][0]["media_type"] == "text/plain"


def test_a_form_names_what_is_missing_and_takes_answers(officer, lost):
    path = f"/api/v1/cases/{lost[1]}/forms/106"
    missing = officer.get(path).json["missing"]
    assert "DEA registration number" in missing
    after = officer.post(path, json={"answers": {"dea_number": "AB1234563"}})
    assert after.status_code == 201
    assert "DEA registration number" not in after.json["missing"]
    assert officer.post(path, json={"answers": {"mood": "low"}}).status_code == 422


def test_there_is_no_form_41_of_a_lost_vial(officer, lost):
    refused = officer.get(f"/api/v1/cases/{lost[1]}/forms/41")
    assert (refused.status_code, refused.json["reasons"][0]["code"]) == (409, "no_inventory_here")

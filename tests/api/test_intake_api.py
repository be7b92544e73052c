"""The intake in the JSON API: what the office writes down, and what it lacks."""

from uuid import UUID

import pytest

from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.company import a_company
from tests.builders.web import a_person, a_phone, keyring_of_app

NOBODYS = UUID("01a1fdb3-103e-7356-8812-ddaa6e2fee05")
MIRA = {"name": "Mira Quince", "phone": "+1 614 555 0142"}


@pytest.fixture
def phone(app, engine, clock):
    with transaction(engine, keyring_of_app(app)) as session:
        a_company(session, clock)
    return a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))


@pytest.fixture
def case(phone):
    answer = phone.post("/api/v1/areas/columbus/enquiries", json=MIRA)
    assert answer.status_code == 201, answer.text
    return f"/api/v1/intake/{answer.json['case_id']}"


def test_an_enquiry_by_telephone_has_its_clock(phone, case):
    [found] = phone.get("/api/v1/areas/columbus/enquiries").json
    assert found["answer_due_at"].startswith("2026-11-24T22:00:00")
    assert found["contact"]["name"] == "Mira Quince"
    assert phone.post(f"{case}/contacted").json["contacted_at"].startswith("2026-11-23T11:00:00")


def test_a_case_names_all_that_it_lacks(phone, case):
    lacks = {each["code"] for each in phone.get(case).json["missing"]}
    assert {"about_missing", "history_incomplete", "agreement_missing", "acknowledgement_missing"} <= lacks
    about = MIRA | {"born_on": "1984-03-09", "address": "12 Elm St", "state": "OH"}
    assert phone.put(f"{case}/about", json=about).json["state"] == "intake_open"
    assert "about_missing" not in {each["code"] for each in phone.get(case).json["missing"]}


def test_a_medicine_is_matched_suggested_or_left_to_the_prescriber(phone, case):
    for name in ("Theo-24", "lorazapam", "blue pill"):
        assert phone.post(f"{case}/medications", json={"name": name}).status_code == 201
    found = phone.get(f"{case}/medications").json
    assert [(each["matched"], each["ingredients"], each["suggested"]) for each in found] == [
        (True, ["theophylline"], ""), (False, [], "lorazepam"), (False, [], ""),
    ]  # fmt: skip
    meant = {"name": "lorazapam", "confirmed": "lorazepam"}
    place = f"{case}/medications/{found[1]['entry_id']}"
    assert phone.put(place, json=meant).status_code == 200
    assert phone.delete(f"{case}/medications/{found[2]['entry_id']}").status_code == 204
    assert [each["ingredients"] for each in phone.get(f"{case}/medications").json] == [
        ["theophylline"], ["lorazepam"],
    ]  # fmt: skip


def test_an_answer_is_yes_no_or_unknown(phone, case):
    answer = {"item": "medical.seizures", "saying": "unknown"}
    assert phone.post(f"{case}/answers", json=answer).json["saying"] == "unknown"
    assert phone.post(f"{case}/answers", json=answer | {"saying": "maybe"}).status_code == 422
    assert [each["item"] for each in phone.get(f"{case}/answers").json] == ["medical.seizures"]
    asked = {item["code"] for section in phone.get("/api/v1/intake/form").json for item in section["items"]}
    assert "medical.seizures" in asked


def test_a_referral_and_treatments_are_noted(phone, case):
    referral = {"source": "fax", "kind": "home_infusion", "indications": ["crps"], "home_reason": "Far away."}
    assert phone.post(f"{case}/referrals", json=referral).json["state"] == "intake_open"
    tried = {"treatment": "Sertraline", "outcome": "did_not_help"}
    assert phone.post(f"{case}/treatments", json=tried).status_code == 201
    lacks = {each["code"] for each in phone.get(case).json["missing"]}
    assert not lacks & {"referral_reason_missing", "treatments_missing", "home_reason_missing"}


def test_a_link_is_made_and_opens_once(app, phone, case):
    made = phone.post(f"{case}/links", json={"purpose": "patient"})
    place = made.json["address"].removeprefix("http://localhost")
    assert app.test_client().get(place).status_code == 200
    assert "secret" not in made.json


def test_by_hand_a_case_is_closed_and_never_cleared(phone, case):
    assert phone.post(f"{case}/moves", json={"deed": "clear"}).status_code == 422
    assert phone.post(f"{case}/moves", json={"deed": "close"}).status_code == 422
    closed = phone.post(f"{case}/moves", json={"deed": "close", "reason": "changed her mind"})
    assert closed.json["state"] == "closed"
    assert phone.post(f"{case}/answers", json={"item": "medical.heart", "saying": "no"}).status_code == 409


@pytest.mark.parametrize("place", ["", "/answers", "/medications"])
def test_a_case_that_is_not_there_is_not_found(phone, place):
    assert phone.get(f"/api/v1/intake/{NOBODYS}{place}").status_code == 404

"""Failed messages over the API: which and why, never what they say; sent again once."""

import pytest

from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.storage import transaction
from dispatch.messages.model import Outcome, Recipient
from dispatch.messages.service import claim_message, queue_message, settle_message
from tests.builders.aftercare import a_treated_patient
from tests.builders.messages import a_message
from tests.builders.web import a_person, a_phone, keyring_of_app


@pytest.fixture
def message_id(app, engine, clock):
    with transaction(engine, keyring_of_app(app)) as session:
        to = Recipient(patient_id=a_treated_patient(session).patient_id)
        message_id = queue_message(session, a_message(clock, to=to), SYSTEM, clock)
        claim = claim_message(session, "a", clock)
        settle_message(session, claim, "a", Outcome(sent=False, code="no_address", hopeless=True), clock)
        return message_id


@pytest.fixture
def dana(app, engine):
    return a_phone(app, engine, a_person(app, engine, Role.DISPATCHER, email="dana@test.example"))


def test_the_list_says_for_whom_and_why(dana, message_id):
    (line,) = dana.get("/api/v1/messages?area=columbus").json
    assert line["message_id"] == str(message_id)
    assert (line["reference"], line["code"], line["makes_sense"]) == ("P-1", "no_address", True)
    assert "words" not in line


def test_a_retry_is_one_message_however_often_it_is_asked_for(dana, message_id):
    answers = [dana.post(f"/api/v1/messages/{message_id}/retry") for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert dana.get("/api/v1/messages?area=columbus").json == []
    queued = dana.post(f"/api/v1/messages/{answers[0].json['message_id']}/retry")
    assert queued.status_code == 409
    assert queued.json["reasons"][0]["code"] == "message_not_failed"


@pytest.mark.parametrize("place", ["/api/v1/messages", "/api/v1/messages?area=", "/api/v1/messages?area=%00"])
def test_a_list_of_no_area_is_refused(dana, message_id, place):
    assert dana.get(place).status_code == 422


def test_an_unknown_area_is_not_found(dana, message_id):
    assert dana.get("/api/v1/messages?area=nowhere").status_code == 404


def test_a_link_to_the_pages_of_a_patient_without_a_case(app, engine, dana):
    with transaction(engine, keyring_of_app(app)) as session:
        patient_id = a_treated_patient(session).patient_id
    made = dana.post(f"/api/v1/patients/{patient_id}/links")
    assert made.status_code == 201
    door = made.json["address"].partition("://")[2].partition("/")[2]
    assert "Your private pages" in app.test_client().get(f"/{door}").text
    nobody = dana.post("/api/v1/patients/01920000-0000-7000-8000-000000000000/links")
    assert nobody.status_code == 404

"""The dispatcher's page of requests: a failed message says why and goes out again; a link for any patient."""

import re

import html5lib
import pytest
from sqlalchemy import select

from dispatch.appointments.care.queries import responsible_adult
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.storage import transaction
from dispatch.messages.model import Outcome, Recipient
from dispatch.messages.records import MessageRow
from dispatch.messages.service import claim_message, queue_message, settle_message
from tests.builders.aftercare import a_treated_patient
from tests.builders.messages import a_message
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

PLACE = "/board/columbus/requests"
ADULT = {
    "name": "Ben Friend", "phone": "+1 614 555 0177", "relation": "friend", "of_age": "yes",
    "can_drive": "yes", "chosen_by_patient": "yes",
}  # fmt: skip


@pytest.fixture
def begin(app, engine):
    return lambda: transaction(engine, keyring_of_app(app))


@pytest.fixture
def patient_id(begin):
    with begin() as session:
        return a_treated_patient(session).patient_id


@pytest.fixture
def desk(app, engine, patient_id):
    a_person(app, engine, Role.DISPATCHER, email="desk@test.example")
    return a_browser(app, "desk@test.example")


def post(desk, place, **form):
    return desk.post(place, data=form, headers=csrf(desk))


def test_a_failed_message_says_why_and_is_sent_again_once(begin, clock, patient_id, desk):
    with begin() as session:
        message = a_message(clock, to=Recipient(patient_id=patient_id))
        queue_message(session, message, SYSTEM, clock)
        claim = claim_message(session, "a", clock)
        settle_message(session, claim, "a", Outcome(sent=False, code="no_address", hopeless=True), clock)
    page = desk.get(PLACE).text
    html5lib.HTMLParser(strict=True).parse(page)
    assert "no telephone number or address is on file" in page
    assert "Mon 23 Nov. Keep most" not in page
    there = re.search(rf'action="({PLACE}/messages/[^"]+)"', page)[1]
    for _ in range(2):
        assert post(desk, there).status_code == 303
    assert "every message went out, or still waits" in desk.get(PLACE).text
    with begin() as session:
        assert sorted(session.scalars(select(MessageRow.state))) == ["failed", "queued"]


def test_a_message_that_is_not_there_is_refused(desk):
    gone = f"{PLACE}/messages/01920000-0000-7000-8000-000000000000"
    assert post(desk, gone).status_code == 404


def test_a_patient_without_a_case_names_her_adult_behind_a_link_of_her_own(app, begin, desk, patient_id):
    page = post(desk, f"{PLACE}/links", reference="P-1").text
    html5lib.HTMLParser(strict=True).parse(page)
    door = re.search(r"/p/[\w-]{40,}", page)[0]
    with begin() as session:
        assert session.scalars(select(MessageRow.kind)).all() == ["page_link"]
    ada = app.test_client()
    opened = ada.post(door, data={"csrf_token": token(ada.get(door).text)})
    assert opened.location == "/visit"
    visit = ada.get("/visit").text
    html5lib.HTMLParser(strict=True).parse(visit)
    assert "Who is with you" in visit
    assert "My intake" not in visit
    assert ada.post("/visit/adult", data=ADULT | {"csrf_token": token(visit)}).status_code == 303
    with begin() as session:
        assert responsible_adult(session, patient_id).name == "Ben Friend"
    assert ada.get("/my").status_code == 404
    assert ada.post(door, data={"csrf_token": token(visit)}).status_code in {400, 404}
    assert ada.post("/my/leave", data={"csrf_token": token(visit)}).status_code == 200
    assert ada.get("/visit").status_code == 403


def test_a_new_link_calls_back_one_that_nobody_opened(app, desk):
    doors = [re.search(r"/p/[\w-]{40,}", post(desk, f"{PLACE}/links", reference="P-1").text)[0] for _ in "ab"]
    assert [app.test_client().get(door).status_code for door in doors] == [404, 200]


def test_a_reference_that_nobody_has_is_refused(desk):
    refused = post(desk, f"{PLACE}/links", reference="P-404")
    assert refused.status_code == 404
    assert "no patient of that reference" in refused.text


def token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]

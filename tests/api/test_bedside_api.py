"""The bedside over the JSON API: what a phone reports, what is open, a prescriber's release."""

from datetime import timedelta

import pytest

from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.visits.bedside.model import Section
from tests.builders.charting import BEFORE, CALM, CHECKLIST_ALONE, good
from tests.builders.visits import SEVEN, a_town, signed_off
from tests.builders.web import PASSWORD, a_browser, a_person, csrf, keyring_of_app

NINA, OLGA, PAULA = (f"{name}@test.example" for name in ("nina", "olga", "paula"))

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def town(app, engine, clock):
    clock.at = SEVEN + timedelta(hours=3, minutes=20)
    with transaction(engine, keyring_of_app(app)) as session:
        town = a_town(session, checklist=CHECKLIST_ALONE)
        session.add(signed_off(town.area_id, "booking.care_path", {"required": False}))
    a_person(app, engine, Role.NURSE, email=NINA, nurse_id=town.nurse_id)
    a_person(app, engine, Role.NURSE, email=OLGA, nurse_id=town.other_nurse_id)
    a_person(app, engine, Role.PRESCRIBER, email=PAULA)
    return town


@pytest.fixture
def place(town):
    return f"/api/v1/visits/{town.first_id}"


@pytest.fixture
def send(app, place, clock, town):
    nina = a_browser(app, NINA)

    def post(ending: str, event_id=None, **body):
        whole = {"event_id": str(event_id or new_id()), "at": clock.now().isoformat(), **body}
        return nina.post(f"{place}/{ending}", json=whole, headers=csrf(nina))

    post.nina = nina
    assert post("facts", kind="check_in").status_code == 201
    return post


def a_reading(**more):
    return dict(CALM) | more


def test_a_set_of_readings_is_stored_and_judged(send):
    answer = send("readings", **a_reading(sbp=166, dbp=102))
    assert answer.status_code == 201
    assert (answer.json["phase"], answer.json["level"], answer.json["codes"]) == (
        "before",
        "red",
        ["sbp", "dbp"],
    )


def test_the_same_set_again_gets_the_same_receipt(send):
    event_id = new_id()
    first, again = (send("readings", event_id, **a_reading()) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["position"] == again.json["position"]


def test_another_set_under_the_same_id_is_refused(send):
    event_id = new_id()
    send("readings", event_id, **a_reading())
    answer = send("readings", event_id, **a_reading(sbp=130))
    assert answer.status_code == 409
    assert answer.json["reasons"][0]["code"] == "event_id_reused"


def test_a_section_says_what_it_leaves_open(send):
    answer = send("sections", section="kit", answers={"complete": "yes"})
    assert answer.status_code == 201
    assert {each["field"] for each in answer.json["missing"]} >= {"kit.pump", "kit.monitor"}


def test_a_start_that_is_asked_for_lists_everything(send):
    answer = send("facts", kind="start", asked=True)
    assert answer.status_code == 409
    assert len(answer.json["reasons"]) > 40


def test_the_22_steps_and_what_is_open(send, place, clock):
    for section in BEFORE:
        send("sections", section=section.value, answers=good(section, clock.now()))
    send("readings", **a_reading())
    found = send.nina.get(f"{place}/bedside").json
    assert len(found["steps"]) == 22
    assert [each["code"] for each in found["standing"]] == ["not_drawn"]
    assert [step["number"] for step in found["steps"] if step["state"] == "open"] == [12]


def test_what_is_held_a_prescriber_releases_and_nobody_else(app, send, place, clock):
    for section in BEFORE:
        send("sections", section=section.value, answers=good(section, clock.now()))
    changed = good(Section.TODAY, clock.now(), medications_changed="yes")
    assert send("sections", section="today", answers=changed).json["state"] == "held"
    paula, event_id = a_browser(app, PAULA), str(new_id())
    asked = {"email": PAULA, "secret": PASSWORD, "event_id": event_id}
    proof = paula.post("/api/v1/proofs", json=asked, headers=csrf(paula)).json["proof"]
    body = {
        "codes": ["today_medications_changed"], "reason": "a vitamin", "event_id": event_id, "proof": proof
    }  # fmt: skip
    assert send.nina.post(f"{place}/release", json=body, headers=csrf(send.nina)).status_code == 403
    answer = paula.post(f"{place}/release", json=body, headers=csrf(paula))
    assert (answer.status_code, answer.json["state"]) == (200, "screening")


@pytest.mark.parametrize("ending", ["readings", "sections"])
def test_another_nurses_visit_is_not_there(app, send, place, clock, ending):
    olga = a_browser(app, OLGA)
    body = {"event_id": str(new_id()), "at": clock.now().isoformat()}
    body |= a_reading() if ending == "readings" else {"section": "weight", "answers": {"weight_kg": "70"}}
    assert olga.post(f"{place}/{ending}", json=body, headers=csrf(olga)).status_code == 404
    assert olga.get(f"{place}/bedside").status_code == 404

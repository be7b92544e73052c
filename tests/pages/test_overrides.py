"""What a prescriber signs over for a patient's bookings: by page and by API, shown until it ends."""

from datetime import timedelta

import pytest

from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.care_path import registered
from tests.builders.clearance import a_scene, enter
from tests.builders.web import PASSWORD, a_browser, a_person, a_phone, csrf, keyring_of_app
from tests.builders.workforce import at

DESK, DOCTOR = "desk@test.example", "house.doctor@test.example"
SIGNED = {
    "code": "fasting_solids_short", "reason": "A dry toast.", "expires_at": "2026-11-23T20:00",
    "own_secret": PASSWORD,
}  # fmt: skip


class Practice:
    """A registered patient, a dispatcher and a prescriber of her state."""

    def __init__(self, app, engine, clock):
        self.app, self.engine = app, engine
        a_person(app, engine, Role.DISPATCHER, email=DESK)
        self.doctor_id = a_person(app, engine, Role.PRESCRIBER, email=DOCTOR)
        actor = Actor(
            account_id=AccountId(self.doctor_id), name="doctor", roles=frozenset({Role.PRESCRIBER}),
            session_ref="x",
        )  # fmt: skip
        with transaction(engine, keyring_of_app(app)) as session:
            enter(session, clock, self.doctor_id)
            self.patient_id = registered(a_scene(session, clock, actor)).patient_id
        self.page = f"/board/columbus/overrides/{self.patient_id}"

    def sign(self, browser, **more):
        return browser.post(
            self.page, data=SIGNED | {"event_id": str(new_id())} | more, headers=csrf(browser)
        )


@pytest.fixture
def practice(app, engine, clock):
    return Practice(app, engine, clock)


def test_a_prescriber_signs_and_everybody_sees_it_until_it_ends(app, practice, clock):
    doctor, desk = a_browser(app, DOCTOR), a_browser(app, DESK)
    assert "Every rule holds as it stands." in desk.get(practice.page).text
    assert practice.sign(doctor).status_code == 303
    page = desk.get(practice.page).text
    assert "house.doctor" in page
    assert "A dry toast." in page
    assert "own_secret" not in page
    asked = {"patient": str(practice.patient_id), "service": "ketamine_first"}
    booking = desk.get("/board/columbus/booking", query_string=asked).text
    assert "until Mon 23 Nov 20:00" in booking
    clock.at = at(20)
    assert "Every rule holds as it stands." in desk.get(practice.page).text


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"own_secret": "guessed"}, 403, "You have not signed"),
        ({"expires_at": "tomorrow"}, 422, "Write the moment as"),
        ({"expires_at": "2026-11-23T05:00"}, 422, "later than now"),
        ({"reason": ""}, 422, "Say why."),
        ({"code": "order_missing"}, 422, "Nobody signs over that."),
    ],
)
def test_a_signature_that_does_not_count_signs_nothing(app, practice, more, status, said):
    doctor = a_browser(app, DOCTOR)
    page = practice.sign(doctor, **more)
    assert (page.status_code, said in page.text) == (status, True)
    assert "Every rule holds as it stands." in doctor.get(practice.page).text


def test_nobody_but_a_prescriber_signs_and_an_other_areas_patient_is_none(app, practice):
    desk = a_browser(app, DESK)
    assert practice.sign(desk).status_code == 403
    assert desk.get(f"/board/columbus/overrides/{new_id()}").status_code == 404


def test_the_same_by_the_api(app, engine, practice, clock):
    doctor = a_phone(app, engine, practice.doctor_id)
    place, event_id = f"/api/v1/patients/{practice.patient_id}/overrides", str(new_id())
    sent = {"email": DOCTOR, "secret": PASSWORD, "event_id": event_id}
    order = {
        "event_id": event_id, "proof": doctor.post("/api/v1/proofs", json=sent).json["proof"],
        "code": "fasting_solids_short", "reason": "A dry toast.",
        "expires_at": (clock.now() + timedelta(hours=10)).isoformat(),
    }  # fmt: skip
    made = doctor.post(place, json=order)
    assert (made.status_code, made.json["by"]) == (201, "house.doctor"), made.json
    assert doctor.post(place, json=order).json == made.json
    assert doctor.get(place).json == [made.json]
    refused = doctor.post(place, json=order | {"event_id": str(new_id())})
    assert (refused.status_code, refused.json["reasons"][0]["code"]) == (422, "proof_for_another_event")
    desk = a_phone(app, engine, a_person(app, engine, Role.DISPATCHER, email="two@test.example"))
    assert desk.get(place).json == [made.json]
    assert desk.post(place, json=order).status_code == 403

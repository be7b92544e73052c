"""Offers of times by API: dispatchers only, each refusal by name, booking once whatever is sent twice."""

from uuid import uuid4

import pytest

from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from dispatch.workforce.service import remove_shift
from tests.builders.assignment import DANA, a_published_plan, a_small_day
from tests.builders.web import a_person, a_phone, keyring_of_app

WANTED = {"service": "hydration", "days": 2}


@pytest.fixture
def metro(app, engine, clock):
    """A planned Monday, and a patient whose only visit that day is a short one at eight."""
    with transaction(engine, keyring_of_app(app)) as session:
        session.expire_on_commit = False
        metro = a_small_day(session)
        metro.add_visit((8, 8.25), name="Emil Roth")
        a_published_plan(session, metro, clock)
    return metro


@pytest.fixture
def slots(metro):
    """The address of the times of that patient."""
    return f"/api/v1/patients/{metro.visits[-1].patient_id}/slots"


@pytest.fixture
def dana(app, engine):
    return a_phone(app, engine, a_person(app, engine, Role.DISPATCHER))


def booking(slot, **changes):
    window = {"begins": slot["begins"], "ends": slot["ends"]}
    return {"reference": "B-1", "service": "hydration", "day": slot["day"], "windows": [window]} | changes


def codes(answer):
    return [reason["code"] for reason in answer.json["reasons"]]


def fields(answer):
    return [reason.get("field") for reason in answer.json["reasons"]]


def test_times_are_offered_best_first_and_days_without_one_say_why(dana, slots):
    found = dana.get(slots, query_string=WANTED)
    assert found.status_code == 200, found.text
    offers = found.json["offers"]
    assert [slot["added_cents"] // 100 for slot in offers] == sorted(s["added_cents"] // 100 for s in offers)
    first = offers[0]
    assert (first["day"], found.json["minutes"], found.json["zone"]) == ("2026-11-23", 60, "America/New_York")
    assert first["begins"] < first["ends"]
    assert first["nurses"]
    assert abs(first["added_mc"] - first["added_cents"] * 1000) <= 500
    days = {day["day"]: day for day in found.json["days"]}
    assert days["2026-11-23"]["planned"] is True
    assert [reason["code"] for reason in days["2026-11-24"]["reasons"]] == ["nobody_works"]


def test_hours_and_the_number_of_offers_a_day_can_be_asked_for(dana, slots):
    asked = WANTED | {"earliest": "13:00", "latest": "16:30", "per_day": 1}
    (only,) = dana.get(slots, query_string=asked).json["offers"]
    assert "13:00" <= only["begins"] < only["ends"] <= "16:30"


def test_asking_is_audited_and_shows_nothing_of_the_patient(app, engine, dana, slots):
    answer = dana.get(slots, query_string=WANTED)
    assert "Emil" not in answer.text
    assert "Kenworth" not in answer.text
    with transaction(engine, keyring_of_app(app)) as session:
        entry = session.query(AuditEntryRow).filter_by(action="patient.slots").one()
        assert str(entry.patient_id) in slots


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"service": "nothing"}, 422, "service_unknown"),
        ({"service": "twosome"}, 422, "two_nurses_needed"),
        ({"days": 99}, 422, "number_out_of_range"),
        ({"priority": 0}, 422, "number_out_of_range"),
        ({"minutes": 10}, 422, "minutes_too_few"),
        ({"first_day": "2026-11-01"}, 422, "day_out_of_range"),
        ({"first_day": "tomorrow"}, 422, "field_not_valid"),
        ({"earliest": "9am"}, 422, "field_not_valid"),
        ({"per_day": 0}, 422, "field_not_valid"),
    ],
)
def test_each_wrong_question_is_refused_by_name(dana, slots, changes, status, code):
    answer = dana.get(slots, query_string=WANTED | changes)
    assert (answer.status_code, codes(answer)) == (status, [code])
    assert fields(answer)[0] in changes or code == "two_nurses_needed"


def test_a_treatment_must_be_named(dana, slots):
    assert fields(dana.get(slots)) == ["service"]


def test_a_patient_who_does_not_exist(dana):
    answer = dana.get(f"/api/v1/patients/{uuid4()}/slots", query_string=WANTED)
    assert (answer.status_code, codes(answer)) == (404, ["no_such_patient"])


def test_a_door_whose_place_is_not_sure(app, engine, dana, metro, slots):
    with transaction(engine, keyring_of_app(app)) as session:
        session.merge(metro.visits[-1].patient).point_verified = False
    answer = dana.get(slots, query_string=WANTED)
    assert (answer.status_code, codes(answer)) == (409, ["address_not_verified"])


def test_only_dispatchers_ask_and_book(app, engine, slots):
    nurse = a_phone(app, engine, a_person(app, engine, Role.COMPLIANCE))
    assert nurse.get(slots, query_string=WANTED).status_code == 403
    assert nurse.post(slots, json={}).status_code == 403


def test_an_offer_is_booked_once_whatever_is_sent_twice(dana, slots):
    slot = dana.get(slots, query_string=WANTED).json["offers"][0]
    key = {"Idempotency-Key": "twice"}
    first = dana.post(slots, json=booking(slot), headers=key)
    again = dana.post(slots, json=booking(slot), headers=key)
    assert (first.status_code, first.json["windows"][0]["begins_at"]) == (201, slot["begins_at"])
    assert (again.json["id"], again.headers["Idempotency-Replayed"]) == (first.json["id"], "true")
    other = dana.post(slots, json=booking(slot))
    assert other.status_code == 409


def test_an_offer_that_nobody_can_keep_any_more_is_refused(app, engine, clock, dana, metro, slots):
    slot = dana.get(slots, query_string=WANTED).json["offers"][0]
    with transaction(engine, keyring_of_app(app)) as session:
        for shift in metro.shifts:
            remove_shift(session, shift.id, DANA, clock)
    answer = dana.post(slots, json=booking(slot))
    assert (answer.status_code, codes(answer), fields(answer)) == (409, ["slot_gone"], ["windows"])


def test_an_offer_is_a_single_window(dana, slots):
    slot = dana.get(slots, query_string=WANTED).json["offers"][0]
    answer = dana.post(slots, json=booking(slot, windows=[]))
    assert (answer.status_code, codes(answer)) == (422, ["one_window_only"])


def test_a_controlled_treatment_still_needs_its_order(dana, slots):
    found = dana.get(slots, query_string=WANTED | {"service": "ketamine"}).json["offers"]
    answer = dana.post(slots, json=booking(found[0], service="ketamine"))
    assert (answer.status_code, set(codes(answer))) == (422, {"order_missing", "dose_missing"})

"""Patients and bookings by API: dispatchers only, one refusal a test, reads written down."""

import json
from functools import cache

import pytest
import sqlalchemy as sa

from dispatch.audit.records import AuditEntryRow
from dispatch.identity.records import AnsweredRequestRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.day_files import an_area
from tests.builders.office import MONDAY, NOBODY, booking_form, nurse_form, patient_form
from tests.builders.web import a_person, a_phone, keyring_of_app

PATIENTS = "/api/v1/areas/columbus/patients"
SEEN = {"If-Match": '"1"'}


@pytest.fixture
def office(app, engine, clock):
    with transaction(engine, keyring_of_app(app)) as session:
        an_area(session, clock)
    return cache(lambda *roles: a_phone(app, engine, a_person(app, engine, *roles)))


@pytest.fixture
def dana(office):
    """A dispatcher."""
    return office(Role.DISPATCHER)


@pytest.fixture
def mira(dana):
    """The address of a patient."""
    answer = dana.post(PATIENTS, json=patient_form())
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


@pytest.fixture
def booked(dana, mira):
    """The address of her appointment."""
    answer = dana.post(f"{mira}/appointments", json=booking_form())
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


@pytest.fixture
def nurse_id(office):
    answer = office(Role.ADMIN).post("/api/v1/areas/columbus/nurses", json=nurse_form())
    return answer.json["id"]


def fields(answer):
    return [reason.get("field") for reason in answer.json["reasons"]]


def codes(answer):
    return [reason["code"] for reason in answer.json["reasons"]]


def actions(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        return [
            (row.action, str(row.patient_id)) for row in session.scalars(sa.select(AuditEntryRow))
            if row.patient_id
        ]  # fmt: skip


def test_the_catalogue_is_listed(dana):
    shown = {row["code"]: row for row in dana.get("/api/v1/services").json}
    assert shown["ketamine_repeat"]["controlled"] is True


def test_a_patient_is_registered_and_read_and_the_read_is_written_down(app, engine, dana, mira):
    answer = dana.get(mira)
    assert (answer.json["name"], answer.json["born_on"], answer.headers["ETag"]) == (
        "Mira Holt", "1980-02-29", '"1"',
    )  # fmt: skip
    assert ("patient.read", answer.json["id"]) in actions(app, engine)


def test_an_answer_that_is_kept_tells_neither_who_nor_where(app, engine, dana, mira):
    with transaction(engine, keyring_of_app(app)) as session:
        kept = [row.answer for row in session.scalars(sa.select(AnsweredRequestRow))]
    assert kept
    assert not [text for text in kept if b"Mira" in text or b"Kenworth" in text or b"1980" in text]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "=cmd()"),
        ("name", ""),
        ("name", "Mira\u202etloH"),
        ("name", "Mira\u0000"),
        ("name", "x" * 1_000_000),
        ("reference", "P ٧"),
        ("state", "XX"),
        ("phone", "call me"),
        ("born_on", "2099-01-01"),
        ("born_on", "1899-12-31"),
        ("born_on", "29.2.1980"),
        ("address", "\t"),
        ("access_notes", "x" * 2001),
        ("pets", ["A dog"]),
        ("required_language", "Spanish"),
        ("preferred_gender", "x"),
    ],
)
def test_a_bad_value_is_named(dana, field, value):
    answer = dana.post(PATIENTS, json=patient_form(**{field: value}))
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert fields(answer) == [field]


def test_a_birthday_in_1970_and_an_emoji_are_welcome(dana):
    form = patient_form(born_on="1970-01-01", access_notes="Ring twice 😀")
    assert dana.post(PATIENTS, json=form).status_code == 201


def test_a_reference_is_taken_once(dana, mira):
    answer = dana.post(PATIENTS, json=patient_form())
    assert (answer.status_code, codes(answer)) == (409, ["reference_taken"])


def test_a_patient_is_changed(dana, mira):
    answer = dana.put(mira, json=patient_form(phone=None), headers=SEEN)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert dana.get(mira).json["phone"] is None


def test_a_change_says_what_was_seen(dana, mira):
    assert dana.put(mira, json=patient_form()).status_code == 428


def test_the_second_of_two_is_told(dana, mira):
    dana.put(mira, json=patient_form(phone=None), headers=SEEN)
    answer = dana.put(mira, json=patient_form(), headers=SEEN)
    assert (answer.status_code, codes(answer)) == (412, ["changed_meanwhile"])


def test_a_reference_stays(dana, mira):
    answer = dana.put(mira, json=patient_form(reference="P-71"), headers=SEEN)
    assert codes(answer) == ["reference_never_changes"]


def test_a_patient_nobody_placed_is_listed_until_her_point_is_confirmed(dana, mira, booked):
    (waiting,) = dana.get(f"{MONDAY}/unplaced-patients").json
    assert (waiting["reference"], waiting["point_verified"]) == ("P-70", False)
    answer = dana.put(f"{mira}/point", json={"lat": 40.0441, "lon": -82.9779}, headers=SEEN)
    assert (answer.json["point_source"], answer.json["point_verified"]) == ("dispatcher", True)
    assert dana.get(f"{MONDAY}/unplaced-patients").json == []
    assert dana.get(mira).json["point"] == {"lat": 40.0441, "lon": -82.9779}


def test_a_new_address_is_unverified_again(dana, mira):
    dana.put(f"{mira}/point", json={"lat": 40.0441, "lon": -82.9779}, headers=SEEN)
    moved = patient_form(address="1 Elsewhere, Columbus, OH 43215")
    answer = dana.put(mira, json=moved, headers={"If-Match": '"2"'})
    assert answer.json["point_verified"] is False


@pytest.mark.parametrize(
    ("point", "field"),
    [
        ({"lat": 91, "lon": 0}, "lat"),
        ({"lat": 0, "lon": 0}, "lat"),
        ({"lat": 40, "lon": -181}, "lon"),
        ({"lat": 40}, "lon"),
        ({"lat": "NaN", "lon": -82}, "lat"),
        ({"lat": 10**400, "lon": -82}, "lat"),
    ],
)
def test_a_pin_in_no_place_is_refused(dana, mira, point, field):
    answer = dana.put(f"{mira}/point", json=point, headers=SEEN)
    assert (answer.status_code, fields(answer)) == (422, [field])


def test_a_pin_says_what_was_seen(dana, mira):
    assert dana.put(f"{mira}/point", json={"lat": 40, "lon": -82}).status_code == 428


def test_a_patient_is_found_by_her_name_and_that_is_written_down(app, engine, dana, mira):
    (found,) = dana.post(f"{PATIENTS}/named", json={"name": "  mira   HOLT "}).json
    assert found["reference"] == "P-70"
    assert ("patient.find", found["id"]) in actions(app, engine)


@pytest.mark.parametrize("name", ["Mira", "%", "😀", "' OR 1=1 --"])
def test_half_a_name_finds_nobody(dana, mira, name):
    assert dana.post(f"{PATIENTS}/named", json={"name": name}).json == []


def test_a_patient_that_is_not_there_is_not_found(dana):
    assert codes(dana.get(f"/api/v1/patients/{NOBODY}")) == ["no_such_patient"]


def test_a_nurse_is_excluded_and_admitted_again(dana, mira, nurse_id):
    sent = {"nurse_id": nurse_id, "asked_by": "patient"}
    first = dana.post(f"{mira}/exclusions", json=sent)
    again = dana.post(f"{mira}/exclusions", json=sent)
    assert (first.status_code, again.json["id"]) == (201, first.json["id"])
    assert [row["nurse_id"] for row in dana.get(f"{mira}/exclusions").json] == [nurse_id]
    assert dana.delete(f"/api/v1/exclusions/{first.json['id']}").status_code == 204
    assert dana.get(f"{mira}/exclusions").json == []


def test_an_exclusion_of_nobody_is_refused(dana, mira):
    sent = {"nurse_id": NOBODY, "asked_by": "patient"}
    assert codes(dana.post(f"{mira}/exclusions", json=sent)) == ["no_such_nurse"]


def test_somebody_asks_for_an_exclusion(dana, mira, nurse_id):
    sent = {"nurse_id": nurse_id, "asked_by": "neighbour"}
    assert fields(dana.post(f"{mira}/exclusions", json=sent)) == ["asked_by"]


def test_an_exclusion_that_is_not_there_is_not_lifted(dana):
    assert dana.delete(f"/api/v1/exclusions/{NOBODY}").status_code == 404


def test_a_booking_is_read_by_the_areas_clocks(dana, booked):
    shown = dana.get(booked).json
    (window,) = shown["windows"]
    assert (window["begins"], window["begins_at"]) == ("09:00", "2026-11-23T14:00:00+00:00")
    assert (shown["dose_mg"], shown["patient"], shown["status"]) == ("35.000", "P-70", "confirmed")


def test_what_was_read_can_be_sent_back(dana, booked):
    shown = dana.get(booked).json
    asked = {name: shown[name] for name in booking_form()} | {"priority": 5}
    asked["windows"] = [{"begins": each["begins"], "ends": each["ends"]} for each in asked["windows"]]
    answer = dana.put(booked, json=asked, headers=SEEN)
    assert (answer.status_code, answer.json["priority"], answer.headers["ETag"]) == (200, 5, '"2"')


def test_a_change_of_windows_is_a_new_version(dana, booked):
    sent = booking_form(windows=[{"begins": "10:00", "ends": "13:00"}])
    assert dana.put(booked, json=sent, headers=SEEN).headers["ETag"] == '"2"'


def test_a_change_of_a_booking_says_what_was_seen(dana, booked):
    assert dana.put(booked, json=booking_form()).status_code == 428


def test_the_second_change_of_a_booking_is_told(dana, booked):
    dana.put(booked, json=booking_form(priority=5), headers=SEEN)
    assert dana.put(booked, json=booking_form(priority=1), headers=SEEN).status_code == 412


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("reference", "=A1", "reference"),
        ("service", "haircut", "service"),
        ("service", "\ud83d\ude00", "service"),
        ("day", "1970-01-01", "day"),
        ("day", "2099-01-01", "day"),
        ("day", "0001-01-01", "day"),
        ("day", "٢٠٢٦-11-23", "day"),
        ("windows", [], "windows"),
        ("windows", [{"begins": "13:00", "ends": "09:00"}], "windows[0]"),
        ("windows", [{"begins": "25:00", "ends": "09:00"}], "windows[0].begins"),
        ("windows", [{"begins": "٠٩:٠٠", "ends": "13:00"}], "windows[0].begins"),
        ("windows", [{"begins": "19:30", "ends": "20:00"}], "windows[0]"),
        ("minutes", 1, "minutes"),
        ("minutes", 10**30, "minutes"),
        ("units", 21, "units"),
        ("dose_order_ref", None, "dose_order_ref"),
        ("dose_mg", None, "dose_mg"),
        ("dose_mg", "NaN", "dose_mg"),
        ("dose_mg", "٣٥", "dose_mg"),
        ("dose_mg", "1e999999", "dose_mg"),
        ("dose_mg", 35.0, "dose_mg"),
        ("priority", 0, "priority"),
        ("nurses_needed", 3, "nurses_needed"),
        ("preferred_nurse_id", "x", "preferred_nurse_id"),
    ],
)
def test_a_bad_booking_names_the_field(dana, mira, field, value, named):
    answer = dana.post(f"{mira}/appointments", json=booking_form(**{field: value}))
    assert (answer.status_code, fields(answer)) == (422, [named])


def test_a_time_that_the_clocks_skip_is_refused(dana, mira):
    sent = booking_form(day="2027-03-14", windows=[{"begins": "02:30", "ends": "13:00"}])
    answer = dana.post(f"{mira}/appointments", json=sent)
    assert codes(answer) == ["local_time_does_not_exist"]


def test_a_time_that_the_clocks_show_twice_is_asked_about(dana, mira):
    window = {"begins": "01:30", "ends": "13:00"}
    sent = booking_form(day="2027-11-07", windows=[window])
    answer = dana.post(f"{mira}/appointments", json=sent)
    assert (codes(answer), fields(answer)) == (["local_time_exists_twice"], ["windows[0].begins"])
    sent["windows"] = [window | {"begins_fold": 1}]
    (told,) = dana.post(f"{mira}/appointments", json=sent).json["windows"]
    assert (told["begins"], told["begins_fold"], told["begins_at"]) == (
        "01:30", 1, "2027-11-07T06:30:00+00:00",
    )  # fmt: skip


def test_nobody_is_booked_twice_at_a_time(dana, mira, booked):
    answer = dana.post(f"{mira}/appointments", json=booking_form(reference="A-71"))
    assert (answer.status_code, codes(answer)) == (409, ["patient_double_booked"])


def test_a_days_appointments_come_in_pages(dana, mira, booked):
    later = booking_form(reference="A-71", windows=[{"begins": "16:00", "ends": "17:00"}])
    assert dana.post(f"{mira}/appointments", json=later).status_code == 201
    first = dana.get(f"{MONDAY}/appointments?limit=1")
    last = dana.get(first.headers["Link"].partition(">")[0].lstrip("<"))
    assert [first.json[0]["reference"], last.json[0]["reference"]] == ["A-70", "A-71"]
    assert "Link" not in last.headers


def test_a_list_tells_no_names(dana, booked):
    assert "Mira" not in json.dumps(dana.get(f"{MONDAY}/appointments").json)


@pytest.mark.parametrize("after", ["%00", "x" * 41])
def test_a_page_begins_after_a_reference(dana, booked, after):
    assert fields(dana.get(f"{MONDAY}/appointments?after={after}")) == ["after"]


def test_a_booking_is_cancelled_and_stays_on_record(dana, booked):
    answer = dana.post(f"{booked}/cancel", json={"reason": "patient_ill"}, headers=SEEN)
    assert (answer.status_code, answer.json["status"]) == (200, "cancelled")
    assert [row["status"] for row in dana.get(f"{MONDAY}/appointments").json] == ["cancelled"]


def test_a_cancelled_booking_is_not_cancelled_again(dana, booked):
    dana.post(f"{booked}/cancel", json={"reason": "patient_ill"}, headers=SEEN)
    answer = dana.post(f"{booked}/cancel", json={"reason": "patient_ill"}, headers={"If-Match": '"2"'})
    assert (answer.status_code, codes(answer)) == (409, ["appointment_cancelled"])


def test_a_cancellation_says_what_was_seen(dana, booked):
    assert dana.post(f"{booked}/cancel", json={"reason": "patient_ill"}).status_code == 428


@pytest.mark.parametrize("reason", ["", "She told me that her son", "=cmd()", "x" * 41, "ill\n"])
def test_a_reason_is_a_code(dana, booked, reason):
    answer = dana.post(f"{booked}/cancel", json={"reason": reason}, headers=SEEN)
    assert (answer.status_code, fields(answer)) == (422, ["reason"])


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.DISPATCHER])
def test_patients_are_the_dispatchers(office, mira, role):
    assert office(role).get(mira).status_code == 403


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("post", PATIENTS),
        ("post", f"{PATIENTS}/named"),
        ("get", f"{MONDAY}/unplaced-patients"),
        ("get", f"{MONDAY}/appointments"),
        ("put", f"/api/v1/patients/{NOBODY}"),
        ("put", f"/api/v1/patients/{NOBODY}/point"),
        ("get", f"/api/v1/patients/{NOBODY}/exclusions"),
        ("post", f"/api/v1/patients/{NOBODY}/exclusions"),
        ("delete", f"/api/v1/exclusions/{NOBODY}"),
        ("post", f"/api/v1/patients/{NOBODY}/appointments"),
        ("get", f"/api/v1/appointments/{NOBODY}"),
        ("put", f"/api/v1/appointments/{NOBODY}"),
        ("post", f"/api/v1/appointments/{NOBODY}/cancel"),
    ],
)
def test_a_nurse_keeps_no_book(office, method, url):
    assert getattr(office(Role.NURSE), method)(url, json={}).status_code == 403

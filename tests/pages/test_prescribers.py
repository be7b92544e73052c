"""/prescribers: compliance enters who may prescribe, with licences and the DEA registration."""

import pytest

from dispatch.kernel.actor import Role
from tests.builders.clearance import DEA
from tests.builders.web import a_browser, a_person, csrf

OFFICER, DOCTOR = "officer@test.example", "doctor@test.example"


@pytest.fixture
def doctor_id(app, engine):
    a_person(app, engine, Role.COMPLIANCE, email=OFFICER)
    return str(a_person(app, engine, Role.PRESCRIBER, email=DOCTOR))


@pytest.fixture
def officer(app, doctor_id):
    return a_browser(app, OFFICER)


def entry(who, **more):
    return {
        "account_id": who, "kind": "MD", "specialty": "other", "dea_number": DEA,
        "dea_expires_on": "2027-06-30", "active": "yes",
    } | more  # fmt: skip


def licence(who, **more):
    return {
        "account_id": who, "state": "oh", "number": "35.123456", "valid_from": "2026-01-01",
        "expires_on": "2026-12-31", "active": "yes",
    } | more  # fmt: skip


def test_a_prescriber_is_entered_licensed_and_corrected(officer, doctor_id):
    assert "Nobody is entered." in officer.get("/prescribers").text
    assert officer.post("/prescribers", data=entry(doctor_id), headers=csrf(officer)).status_code == 303
    kept = officer.post("/prescribers/licences", data=licence(doctor_id), headers=csrf(officer))
    assert kept.status_code == 303
    page = officer.get("/prescribers").text
    assert "OH 35.123456, 01 Jan 2026 to 31 Dec 2026" in page
    assert 'data-code="specialty_not_approved"' in page
    gone = entry(doctor_id, specialty="psychiatry", active="")
    assert officer.post("/prescribers", data=gone, headers=csrf(officer)).status_code == 303
    page = officer.get("/prescribers").text
    assert "doctor (not active)" in page
    assert "specialty_not_approved" not in page


@pytest.mark.parametrize(
    ("place", "make", "more", "code"),
    [
        ("/prescribers", entry, {"dea_number": "AB1234560"}, "dea_number_check_digit"),
        ("/prescribers", entry, {"kind": "nurse"}, "field_not_valid"),
        ("/prescribers", entry, {"dea_expires_on": "soon"}, "date_missing"),
        ("/prescribers/licences", licence, {}, "not_a_prescriber"),
        ("/prescribers", entry, {"account_id": "me"}, "field_not_valid"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(officer, doctor_id, place, make, more, code):
    page = officer.post(place, data=make(doctor_id, **more), headers=csrf(officer))
    assert (page.status_code >= 400, f'data-code="{code}"' in page.text) == (True, True)
    assert "Nobody is entered." in page.text


def test_a_prescriber_reads_the_list_and_enters_nobody(app, doctor_id):
    doctor = a_browser(app, DOCTOR)
    assert "Keep the prescriber" not in doctor.get("/prescribers").text
    assert doctor.post("/prescribers", data=entry(doctor_id), headers=csrf(doctor)).status_code == 403

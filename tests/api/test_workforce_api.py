"""Nurses by API: who may, what is refused, and that the second of two is told."""

from functools import cache

import pytest
import sqlalchemy as sa

from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.day_files import an_area
from tests.builders.office import MONDAY, NOBODY, licence_form, nurse_form, shift_form
from tests.builders.web import a_person, a_phone, keyring_of_app

NURSES = "/api/v1/areas/columbus/nurses"
SEEN = {"If-Match": '"1"'}


@pytest.fixture
def office(app, engine, clock):
    """Columbus, and a phone for whoever holds some roles."""
    with transaction(engine, keyring_of_app(app)) as session:
        an_area(session, clock)
    return cache(lambda *roles: a_phone(app, engine, a_person(app, engine, *roles)))


@pytest.fixture
def admin(office):
    return office(Role.ADMIN)


@pytest.fixture
def ana(admin):
    """The address of a nurse."""
    answer = admin.post(NURSES, json=nurse_form())
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


@pytest.fixture
def licence(admin, ana):
    return admin.post(f"{ana}/licences", json=licence_form()).json["id"]


def fields(answer):
    return [reason.get("field") for reason in answer.json["reasons"]]


def codes(answer):
    return [reason["code"] for reason in answer.json["reasons"]]


def test_a_nurse_is_added_and_read(admin, ana):
    answer = admin.get(ana)
    assert (answer.status_code, answer.headers["ETag"], answer.json["languages"]) == (
        200,
        '"1"',
        ["en", "es"],
    )


def test_what_was_read_already_is_not_sent_again(admin, ana):
    assert admin.get(ana, headers={"If-None-Match": '"1"'}).status_code == 304


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.COMPLIANCE])
def test_a_home_is_shown_to_administrators_alone(office, admin, ana, role):
    assert admin.get(ana).json["home_address"].startswith("12 Oak")
    shown = office(role).get(ana).json
    assert shown["code"] == "N-70"
    assert not {"home_address", "home_lat", "home_lon"} & shown.keys()


def test_nurses_come_in_pages_by_code(admin, ana):
    for code in ("N-72", "N-71"):
        admin.post(NURSES, json=nurse_form(code=code))
    first = admin.get(f"{NURSES}?limit=2")
    assert [row["code"] for row in first.json] == ["N-70", "N-71"]
    link = first.headers["Link"].partition(">")[0].lstrip("<")
    last = admin.get(link)
    assert ([row["code"] for row in last.json], "Link" in last.headers) == (["N-72"], False)


@pytest.mark.parametrize("limit", ["0", "201", "x", "NaN"])
def test_a_page_has_1_to_200_rows(admin, ana, limit):
    answer = admin.get(f"{NURSES}?limit={limit}")
    assert (answer.status_code, fields(answer)) == (422, ["limit"])


def test_an_area_nobody_knows_is_not_found(admin, ana):
    assert codes(admin.get("/api/v1/areas/paris/nurses")) == ["no_such_area"]


def test_an_address_with_nul_is_not_found(admin, ana):
    assert admin.get("/api/v1/areas/colum%00bus/nurses").status_code == 404


def test_a_code_is_taken_once(admin, ana):
    answer = admin.post(NURSES, json=nurse_form())
    assert (answer.status_code, codes(answer), fields(answer)) == (409, ["code_taken"], ["code"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "=cmd()"),
        ("name", "   "),
        ("name", "a\u202eb"),
        ("name", "a\u0000b"),
        ("name", "x" * 1_000_000),
        ("code", "N\u0660"),
        ("code", "😀"),
        ("gender", "nurse"),
        ("languages", ["english!"]),
        ("languages", []),
        ("home_address", ""),
        ("home_lat", 91),
        ("lock_box_units", -1),
        ("lock_box_units", 10**40),
        ("lock_box_units", "٣"),
        ("unheard_of", 1),
    ],
)
def test_a_bad_value_is_named(admin, ana, field, value):
    answer = admin.post(NURSES, json=nurse_form(**{"code": "N-71", field: value}))
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert fields(answer) == [field]


def test_every_fault_is_named_at_once(admin, ana):
    answer = admin.post(NURSES, json=nurse_form(name="", gender="x", lock_box_units=101))
    assert fields(answer) == ["name", "gender", "lock_box_units"]


def raw(phone, body):
    return phone.post(NURSES, data=body, content_type="application/json")


def test_nan_is_no_number(admin, ana):
    answer = raw(admin, b'{"home_lat": NaN}')
    assert (answer.status_code, codes(answer)) == (422, ["number_not_finite"])


def test_a_key_sent_twice_is_refused(admin, ana):
    answer = raw(admin, b'{"code": "N-1", "code": "N-2"}')
    assert (answer.status_code, codes(answer), fields(answer)) == (422, ["key_sent_twice"], ["code"])


def test_half_a_character_is_refused(admin, ana):
    answer = raw(admin, b'{"pets": [{"name": "\\ud800"}]}')
    assert (answer.status_code, codes(answer), fields(answer)) == (
        422, ["unseen_character"], ["pets[0].name"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"[" * 100_000, b'{"lock_box_units": ' + b"9" * 10_000 + b"}", b"\xef\xbb\xbf{}"]
)
def test_what_is_no_json_is_said_so(admin, ana, body):
    answer = raw(admin, body)
    assert (answer.status_code, codes(answer)) == (400, ["not_json"])


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"x"', b"1"])
def test_a_body_that_is_no_form_is_refused(admin, ana, body):
    assert raw(admin, body).status_code == 422


def test_a_home_without_point_is_looked_up_or_asked_for(admin, ana):
    form = {key: value for key, value in nurse_form(code="N-71").items() if key[:6] not in ("home_l",)}
    answer = admin.post(NURSES, json=form | {"home_address": "somewhere"})
    assert (answer.status_code, codes(answer), fields(answer)) == (422, ["point_missing"], ["home_lat"])


def test_half_a_point_is_refused(admin, ana):
    form = {key: value for key, value in nurse_form(code="N-71").items() if key != "home_lon"}
    assert fields(admin.post(NURSES, json=form)) == ["home_lat"]


def test_a_change_is_the_next_version(admin, ana):
    answer = admin.put(ana, json=nurse_form(name="Ana R. Reyes"), headers=SEEN)
    assert (answer.status_code, answer.headers["ETag"], answer.json["name"]) == (200, '"2"', "Ana R. Reyes")


def test_a_change_says_what_was_seen(admin, ana):
    assert admin.put(ana, json=nurse_form()).status_code == 428


def test_the_second_of_two_is_told(admin, ana):
    admin.put(ana, json=nurse_form(name="Ana R. Reyes"), headers=SEEN)
    answer = admin.put(ana, json=nurse_form(name="Anna Reyes"), headers=SEEN)
    assert (answer.status_code, codes(answer), answer.json["version"]) == (412, ["changed_meanwhile"], 2)


def test_a_code_stays(admin, ana):
    answer = admin.put(ana, json=nurse_form(code="N-71"), headers=SEEN)
    assert (answer.status_code, codes(answer)) == (422, ["code_never_changes"])


def test_a_known_home_stays_where_it_is(admin, ana):
    form = {key: value for key, value in nurse_form(name="A").items() if key[:6] not in ("home_l",)}
    assert admin.put(ana, json=form, headers=SEEN).json["home_lat"] == 39.9612


def test_a_licence_is_entered(admin, ana, licence):
    (shown,) = admin.get(ana).json["licences"]
    assert (shown["id"], shown["status"], shown["multistate"]) == (licence, "active", True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "ZZ"),
        ("kind", "DOCTOR"),
        ("number", "=1+1"),
        ("expires_on", "2023-01-01"),
        ("expires_on", "2099-01-01"),
        ("valid_from", "0001-01-01"),
        ("valid_from", "٢٠٢٤-01-01"),
    ],
)
def test_a_bad_licence_names_the_field(admin, ana, field, value):
    answer = admin.post(f"{ana}/licences", json=licence_form(**{field: value}))
    assert (answer.status_code, fields(answer)) == (422, [field])


def test_a_licence_belongs_to_one_nurse(admin, ana, licence):
    other = admin.post(NURSES, json=nurse_form(code="N-71")).headers["Location"]
    assert codes(admin.post(f"{other}/licences", json=licence_form())) == ["licence_of_another_nurse"]


def test_a_renewal_lifts_no_suspension(admin, ana, licence):
    admin.post(f"/api/v1/licences/{licence}/suspension", json={})
    answer = admin.post(f"{ana}/licences", json=licence_form(expires_on="2029-12-31"))
    assert (answer.status_code, codes(answer)) == (409, ["licence_disciplined"])


@pytest.mark.parametrize("role", [Role.ADMIN, Role.COMPLIANCE])
def test_a_suspension_counts_at_once(office, clock, ana, licence, role):
    answer = office(role).post(f"/api/v1/licences/{licence}/suspension", json={"source": "nursys e-notify"})
    assert (answer.status_code, answer.json["status"]) == (200, "suspended")
    assert answer.json["status_since"] == clock.now().isoformat()


def test_a_suspension_is_written_down(app, engine, admin, licence):
    admin.post(f"/api/v1/licences/{licence}/suspension", json={})
    with transaction(engine, keyring_of_app(app)) as session:
        assert session.scalar(sa.select(AuditEntryRow).where(AuditEntryRow.action == "licence.suspended"))


def test_a_suspension_of_the_year_1_is_refused(admin, licence):
    sent = {"since": "0001-01-01T00:00:00+14:00"}
    assert fields(admin.post(f"/api/v1/licences/{licence}/suspension", json=sent)) == ["since"]


def test_giving_a_licence_back_is_not_compliances(office, licence):
    sent = {"status": "active"}
    url = f"/api/v1/licences/{licence}/status"
    assert office(Role.COMPLIANCE).put(url, json=sent).status_code == 403


def test_a_licence_is_given_back(admin, licence):
    admin.post(f"/api/v1/licences/{licence}/suspension", json={})
    answer = admin.put(f"/api/v1/licences/{licence}/status", json={"status": "active"})
    assert answer.json["status"] == "active"


def test_a_licence_that_is_not_there_is_not_found(admin, ana):
    assert admin.post(f"/api/v1/licences/{NOBODY}/suspension", json={}).status_code == 404


def test_a_competency_is_entered_and_renewed(admin, ana):
    proof = {"code": "acls", "valid_from": "2026-01-01", "expires_on": "2027-12-31"}
    admin.post(f"{ana}/competencies", json=proof)
    answer = admin.post(f"{ana}/competencies", json=proof | {"expires_on": "2028-12-31"})
    assert (answer.status_code, [row["expires_on"] for row in answer.json["competencies"]]) == (
        201, ["2028-12-31"],
    )  # fmt: skip


def test_a_competency_that_nobody_knows_is_refused(admin, ana):
    proof = {"code": "juggling", "valid_from": "2026-01-01", "expires_on": "2027-12-31"}
    assert fields(admin.post(f"{ana}/competencies", json=proof)) == ["code"]


def test_an_authorisation_is_entered(admin, ana):
    word = {"registrant": "REG-1", "state": "OH", "valid_from": "2026-01-01", "expires_on": "2027-12-31"}
    assert admin.post(f"{ana}/authorisations", json=word).json["authorisations"] == [word]


def test_an_authorisation_in_no_state_is_refused(admin, ana):
    word = {"registrant": "REG-1", "state": "ZZ", "valid_from": "2026-01-01", "expires_on": "2027-12-31"}
    assert fields(admin.post(f"{ana}/authorisations", json=word)) == ["state"]


def test_a_move_of_residence_keeps_the_earlier_one(admin, ana):
    admin.post(f"{ana}/residences", json={"state": "OH", "since": "2020-05-01"})
    answer = admin.post(f"{ana}/residences", json={"state": "KY", "since": "2026-11-01"})
    assert sorted(row["state"] for row in answer.json["residences"]) == ["KY", "OH"]


@pytest.mark.parametrize("since", ["1949-12-31", "2099-01-01"])
def test_a_residence_begins_in_a_year_that_can_be(admin, ana, since):
    assert fields(admin.post(f"{ana}/residences", json={"state": "OH", "since": since})) == ["since"]


@pytest.fixture
def shift(office, ana):
    """The address of a shift that a dispatcher entered."""
    answer = office(Role.DISPATCHER).post(f"{ana}/shifts", json=shift_form())
    assert answer.status_code == 201, answer.text
    return f"/api/v1/shifts/{answer.json['id']}"


def test_a_days_shifts_are_listed(office, shift):
    (shown,) = office(Role.COMPLIANCE).get(f"{MONDAY}/shifts").json
    assert (shown["nurse"], shown["starts_at"], shown["version"]) == ("N-70", "2026-11-23T12:00:00+00:00", 1)


def test_another_days_shifts_are_not(office, shift):
    assert office(Role.COMPLIANCE).get("/api/v1/areas/columbus/days/2026-11-24/shifts").json == []


def test_shifts_come_in_pages(admin, shift, ana):
    admin.post(
        f"{admin.post(NURSES, json=nurse_form(code='N-71')).headers['Location']}/shifts", json=shift_form()
    )
    first = admin.get(f"{MONDAY}/shifts?limit=1")
    last = admin.get(first.headers["Link"].partition(">")[0].lstrip("<"))
    assert [first.json[0]["nurse"], last.json[0]["nurse"]] == ["N-70", "N-71"]
    assert "Link" not in last.headers


def test_a_page_of_shifts_begins_after_an_id(admin, ana):
    assert codes(admin.get(f"{MONDAY}/shifts?after=x")) == ["key_malformed"]


def test_shifts_do_not_overlap(admin, ana, shift):
    answer = admin.post(f"{ana}/shifts", json=shift_form(starts_at="2026-11-23T13:00:00+00:00"))
    assert (answer.status_code, codes(answer)) == (409, ["shift_overlaps"])


@pytest.mark.parametrize("starts_at", ["0001-01-01T00:00:00+14:00", "2026-11-23T12:00:00", "today", 7])
def test_a_shift_begins_at_an_instant(admin, ana, starts_at):
    assert fields(admin.post(f"{ana}/shifts", json=shift_form(starts_at=starts_at))) == ["starts_at"]


def test_a_shift_is_changed(admin, shift):
    answer = admin.put(shift, json=shift_form(ends_at="2026-11-23T21:00:00+00:00"), headers=SEEN)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')


def test_a_shift_that_changed_meanwhile_stays(admin, shift):
    answer = admin.delete(shift, headers={"If-Match": '"7"'})
    assert (answer.status_code, answer.json["version"]) == (412, 1)


def test_a_shift_is_removed(admin, shift):
    assert admin.delete(shift, headers=SEEN).status_code == 204
    assert admin.get(f"{MONDAY}/shifts").json == []


def test_removing_says_what_was_seen(admin, shift):
    assert admin.delete(shift).status_code == 428


@pytest.mark.parametrize(
    ("role", "method", "tail", "allowed"),
    [
        (Role.NURSE, "get", "", False),
        (Role.PHARMACIST, "get", "", False),
        (Role.PRESCRIBER, "get", "", False),
        (Role.DISPATCHER, "get", "", True),
        (Role.COMPLIANCE, "get", "", True),
        (Role.DISPATCHER, "put", "", False),
        (Role.COMPLIANCE, "put", "", False),
        (Role.DISPATCHER, "post", "/licences", False),
        (Role.COMPLIANCE, "post", "/licences", False),
        (Role.DISPATCHER, "post", "/competencies", False),
        (Role.DISPATCHER, "post", "/authorisations", False),
        (Role.DISPATCHER, "post", "/residences", False),
        (Role.DISPATCHER, "post", "/shifts", True),
        (Role.COMPLIANCE, "post", "/shifts", False),
        (Role.NURSE, "post", "/shifts", False),
    ],
)
def test_who_may(office, ana, role, method, tail, allowed):
    sent = {} if method == "get" else {"json": {}}
    assert (getattr(office(role), method)(ana + tail, **sent).status_code != 403) is allowed


def test_dispatchers_suspend_no_licence(office, licence):
    url = f"/api/v1/licences/{licence}/suspension"
    assert office(Role.DISPATCHER).post(url, json={}).status_code == 403


def test_the_api_describes_itself_without_two_names_for_one(app):
    with app.test_client() as client:  # apispec warns of two schemas of one name, and warnings are errors
        assert client.get("/api/v1/openapi.json").status_code == 200

"""A day by upload: everything or nothing, and every bad cell named."""

import io

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from dispatch.appointments.records import AppointmentRow, PatientRow
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from dispatch.workforce.records import NurseRow
from tests.builders.day_files import a_day, an_area
from tests.builders.web import a_person, a_phone, keyring_of_app

IMPORTS = "/api/v1/areas/columbus/imports"


@pytest.fixture
def send(app, engine, clock):
    """Upload files as somebody who holds a role."""
    with transaction(engine, keyring_of_app(app)) as session:
        an_area(session, clock)
    phones = {}

    def send(files, role=Role.DISPATCHER, url=IMPORTS):
        phone = phones.get(role) or phones.setdefault(role, a_phone(app, engine, a_person(app, engine, role)))
        parts = [
            (name, FileStorage(io.BytesIO(content), name))
            for name, contents in files.items()
            for content in (contents if isinstance(contents, list) else [contents])
        ]
        boundary, body = encode_multipart(MultiDict(parts))
        return phone.post(url, data=body, content_type=f"multipart/form-data; boundary={boundary}")

    return send


@pytest.fixture
def stored(app, engine):
    """How many nurses, patients and appointments there are."""

    def stored():
        with transaction(engine, keyring_of_app(app)) as session:
            return [
                session.scalar(sa.select(sa.func.count()).select_from(row))
                for row in (NurseRow, PatientRow, AppointmentRow)
            ]

    return stored


def codes(answer):
    return [reason["code"] for reason in answer.json["reasons"]]


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.ADMIN])
def test_a_day_is_imported(send, stored, role):
    answer = send(a_day(), role)
    assert (answer.status_code, answer.json["ok"], answer.json["days"]) == (201, True, ["2026-11-23"])
    assert {tally["added"] for tally in answer.json["tallies"].values()} == {1}
    assert stored() == [1, 1, 1]


def test_a_part_of_a_day_may_be_sent(send, stored):
    assert send({"patients.csv": a_day()["patients.csv"]}).status_code == 201
    assert stored() == [0, 1, 0]


def test_the_same_day_again_changes_nothing(send, stored):
    send(a_day())
    answer = send(a_day())
    assert {(tally["added"], tally["changed"]) for tally in answer.json["tallies"].values()} == {(0, 0)}
    assert stored() == [1, 1, 1]


def test_bad_cells_are_named_and_nothing_is_written(send, stored):
    answer = send(a_day(patients={"name": "=cmd()"}, appointments={"priority": "9"}))
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    bad = [(cell["file"], cell["line"], cell["column"], cell["rule"]) for cell in answer.json["bad_cells"]]
    assert bad == [
        ("patients.csv", 2, "name", "looks_like_a_formula"),
        ("appointments.csv", 2, "priority", "number_out_of_range"),
    ]
    assert stored() == [0, 0, 0]


@pytest.mark.parametrize(
    "cell",
    ["a\0b", "a\u202eb", "x" * 1_000_000, "=1+1", "@cmd", "\ufeff", ""],
    ids=["nul", "turned", "1 MB", "formula", "at", "mark", "empty"],
)
def test_a_bad_name_is_a_bad_cell(send, stored, cell):
    answer = send(a_day(patients={"name": cell}))
    assert (answer.status_code, stored()) == (422, [0, 0, 0])


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"\xff\xfe\x00", b"PK\x03\x04", b'"' * 1000, b",,,\n" * 1000]
)
def test_what_is_no_table_is_refused(send, stored, content):
    answer = send({"patients.csv": content})
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert stored() == [0, 0, 0]


@pytest.mark.parametrize("name", ["payroll.csv", "../nurses.csv", "=cmd().csv", "n\u202eurses.csv"])
def test_a_file_nobody_knows_is_refused(send, stored, name):
    answer = send(a_day() | {name: b"x"})
    assert (answer.status_code, codes(answer), stored()) == (422, ["unknown_file"], [0, 0, 0])


def test_a_file_is_sent_once(send):
    assert codes(send({"nurses.csv": [b"x", b"x"]})) == ["file_sent_twice"]


def test_at_least_one_file_is_sent(send):
    answer = send({})
    assert (answer.status_code, codes(answer)) == (422, ["file_missing"])
    assert "nurses" in answer.json["reasons"][0]["way_out"]


def test_an_area_nobody_knows_is_not_found(send):
    assert codes(send(a_day(), url="/api/v1/areas/paris/imports")) == ["no_such_area"]


@pytest.mark.parametrize("role", [Role.NURSE, Role.COMPLIANCE, Role.PHARMACIST, Role.PRESCRIBER])
def test_others_import_nothing(send, stored, role):
    assert (send(a_day(), role).status_code, stored()) == (403, [0, 0, 0])

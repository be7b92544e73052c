"""A full disk: a change is answered 503 and leaves nothing behind; reading goes on."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from api.db import db
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.rows import rows_of
from tests.builders.visits import SEVEN, a_town
from tests.builders.web import a_person, a_phone, keyring_of_app

ROOM = 4  # pages of 4 KiB
MOST_DEEDS = 500


@pytest.fixture
def database_url(tmp_path, sqlite_template):
    """SQLite only: a database server's disk is its own affair."""
    path = tmp_path / "housecall.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


class Disk:
    """A disk on which an app's database can grow by no more than `ROOM` pages until it is enlarged."""

    def __init__(self, app) -> None:
        self.app, self.full = app, True
        with app.app_context():
            db.engine.dispose()
            event.listen(db.engine, "checkout", self._limit)

    def _limit(self, connection, _record, _proxy) -> None:
        if self.full:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            self.most = getattr(self, "most", pages + ROOM)
        connection.execute(f"PRAGMA max_page_count = {self.most if self.full else 2**31}")


@pytest.fixture
def nurse(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        town = a_town(session)
    phone = a_phone(app, engine, a_person(app, engine, Role.NURSE, nurse_id=town.nurse_id))
    phone.facts = f"/api/v1/visits/{town.first_id}/facts"
    return phone


def send(nurse, number: int):
    """Send the deed of that number, under its own key."""
    at = SEVEN + timedelta(seconds=number)
    body = {"event_id": str(new_id()), "kind": "en_route", "at": at.isoformat(), "reason": "x" * 400}
    headers = {"Idempotency-Key": f"deed {number}"}
    return nurse.post(nurse.facts, json=body, headers=headers), body


def fill(nurse):
    """Send deeds until one is refused; return how many were acknowledged, the refusal and its body."""
    for number in range(MOST_DEEDS):
        answer, body = send(nurse, number)
        if answer.status_code != 201:
            return number, answer, body
    raise AssertionError("the disk never filled up")


def test_a_change_is_answered_503_and_nothing_of_it_stays(app, engine, nurse):
    Disk(app)
    acknowledged, refused, _ = fill(nurse)
    assert refused.status_code == 503
    assert refused.content_type == "application/problem+json"
    assert refused.json["reasons"][0]["code"] == "database_unavailable"
    assert refused.headers["Retry-After"] == "5"
    rows = rows_of(engine)
    assert (rows["visit_fact"], rows["answered_request"]) == (acknowledged, acknowledged)


def test_reading_goes_on(app, nurse):
    Disk(app)
    fill(nurse)
    assert nurse.get("/readyz").status_code == 200
    assert len(nurse.get("/api/v1/devices").json) == 1


def test_the_same_deed_is_taken_once_there_is_room_again(app, engine, nurse):
    disk = Disk(app)
    acknowledged, _, body = fill(nurse)
    disk.full = False
    headers = {"Idempotency-Key": f"deed {acknowledged}"}
    assert nurse.post(nurse.facts, json=body, headers=headers).status_code == 201
    assert rows_of(engine)["visit_fact"] == acknowledged + 1

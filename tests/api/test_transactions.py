"""One commit after the view, or none."""

from threading import Event, Thread

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from api.actor import PUBLIC, SIGNED_IN, clock, keep_although_refused, policies, policy
from api.actor import note_reads as note
from api.db import current_session
from api.idempotency import answered_once
from dispatch.audit.model import AuditEntry
from dispatch.audit.records import AuditEntryRow
from dispatch.audit.service import record
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, refuse
from tests.builders.web import a_person, a_phone


@pytest.fixture
def app(own_app):
    """An app that gets routes of the test's own."""
    return own_app


def add_route(app, path, view, declared=PUBLIC):
    app.add_url_rule(path, path, policy(declared)(view), methods=["GET", "POST"])
    app.extensions["housecall_policies"] = policies(app)


def write_entry():
    record(
        current_session(), AuditEntry(action="test.deed", subject_kind="t", subject_id=None), SYSTEM, clock()
    )


def deeds(engine):
    with engine.connect() as connection:
        return connection.scalar(
            sa.select(sa.func.count()).select_from(AuditEntryRow).where(AuditEntryRow.action == "test.deed")
        )


def test_what_a_view_did_is_committed_once_it_answers(app, engine):
    add_route(app, "/deed", lambda: (write_entry(), "done")[1])
    assert app.test_client().post("/deed").status_code == 200
    assert deeds(engine) == 1


def test_a_refusal_leaves_nothing_behind(app, engine):
    def view():
        write_entry()
        raise refuse(Conflict, "no", "No.")

    add_route(app, "/deed", view)
    assert app.test_client().post("/deed").status_code == 409
    assert deeds(engine) == 0


def test_an_error_answer_leaves_nothing_behind(app, engine):
    add_route(app, "/deed", lambda: (write_entry(), ("no", 422))[1])
    assert app.test_client().post("/deed").status_code == 422
    assert deeds(engine) == 0


def test_what_must_be_kept_is_kept_although_the_answer_is_a_refusal(app, engine):
    add_route(app, "/deed", lambda: (write_entry(), keep_although_refused(), ("no", 409))[2])
    assert app.test_client().post("/deed").status_code == 409
    assert deeds(engine) == 1


def test_an_unforeseen_error_leaves_nothing_behind_and_tells_nothing(app, engine):
    app.config["PROPAGATE_UNEXPECTED"] = False

    def view():
        write_entry()
        raise ZeroDivisionError("Ann Patient, 12 Elm Street")

    add_route(app, "/api/deed", view)
    answer = app.test_client().post("/api/deed")
    assert answer.status_code == 500
    assert "Elm" not in answer.text
    assert deeds(engine) == 0


def test_a_deadlock_is_run_again(app, engine):
    runs = []

    def view():
        runs.append(1)
        write_entry()
        if len(runs) < 3:
            error = Exception("deadlock")
            error.sqlstate = "40P01"
            raise OperationalError("", {}, error)
        return "done"

    add_route(app, "/deed", view)
    assert app.test_client().post("/deed").status_code == 200
    assert len(runs) == 3
    assert deeds(engine) == 1


def test_a_database_that_cannot_store_answers_503(app):
    def view():
        raise OperationalError("", {}, Exception("disk full"))

    add_route(app, "/api/deed", view)
    answer = app.test_client().post("/api/deed")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_whose_data_was_read_is_written_down(app, engine):
    patient = new_id()

    add_route(app, "/read", lambda: (note("patient.read", [patient]), "shown")[1], SIGNED_IN)
    phone = a_phone(app, engine, a_person(app, engine, Role.NURSE))
    assert phone.get("/read").status_code == 200
    with engine.connect() as connection:
        entry = connection.execute(
            sa.select(AuditEntryRow).where(AuditEntryRow.action == "patient.read")
        ).one()
    assert entry.patient_id == patient


def test_the_same_key_gets_the_same_answer_and_one_deed(app, engine):

    numbers = iter(range(10))
    add_route(app, "/deed", answered_once(lambda: (write_entry(), f"number {next(numbers)}")[1]), SIGNED_IN)
    phone = a_phone(app, engine, a_person(app, engine, Role.NURSE))
    first = phone.post("/deed", json={"a": 1}, headers={"Idempotency-Key": "k"})
    again = phone.post("/deed", json={"a": 1}, headers={"Idempotency-Key": "k"})
    assert first.text == again.text == "number 0"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert deeds(engine) == 1


def test_the_same_key_with_another_body_is_refused(app, engine):

    add_route(app, "/api/deed", answered_once(lambda: "done"), SIGNED_IN)
    phone = a_phone(app, engine, a_person(app, engine, Role.NURSE))
    phone.post("/api/deed", json={"a": 1}, headers={"Idempotency-Key": "k"})
    other = phone.post("/api/deed", json={"a": 2}, headers={"Idempotency-Key": "k"})
    assert other.status_code == 422
    assert other.json["reasons"][0]["code"] == "idempotency_key_reused"


def test_a_phone_must_send_a_key(app, engine):

    add_route(app, "/api/deed", answered_once(lambda: "done"), SIGNED_IN)
    phone = a_phone(app, engine, a_person(app, engine, Role.NURSE))
    answer = phone.post("/api/deed", headers={"Idempotency-Key": ""})
    assert answer.json["reasons"][0]["code"] == "idempotency_key_missing"


def test_a_reader_waits_for_no_writer(app, engine):
    writing, read = Event(), Event()

    def slow_write():
        write_entry()
        current_session().flush()
        writing.set()
        assert read.wait(10)
        return "done"

    add_route(app, "/write", slow_write)
    add_route(
        app, "/count", lambda: str(current_session().scalar(sa.text("SELECT count(*) FROM audit_entry")))
    )
    writer = Thread(target=lambda: app.test_client().post("/write"))
    writer.start()
    assert writing.wait(10)
    assert app.test_client().get("/count").text == "0"
    read.set()
    writer.join(10)
    assert app.test_client().get("/count").text == "1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ],
)
def test_every_answer_carries_the_security_headers(app, name, value):
    answer = app.test_client().get("/login")
    assert answer.headers[name] == value
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_all_that_a_request_reads_it_reads_by_one_connection(app, method):
    def view():
        held = {id(current_session().connection().connection.dbapi_connection) for _ in range(3)}
        return str(len(held))

    add_route(app, "/look", view)
    assert getattr(app.test_client(), method)("/look").text == "1"

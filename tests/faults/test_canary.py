"""Marked values go in by the real ways; then everything that is kept, logged or handed out is searched.

A patient's data may be in its sealed column, and in the answer to somebody who may read it. Nowhere else.
"""

import io
import json
import logging
import sys
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from api.actor import PUBLIC, policies, policy
from api.db import current_session, db
from api.hints import InProcessHints
from api.jobs import Supervisor
from dispatch.appointments.records import AppointmentRow, PatientRow
from dispatch.appointments.service import seed_catalogue
from dispatch.areas.model import NewArea, NewPharmacy
from dispatch.areas.records import PharmacyRow
from dispatch.areas.service import open_area, open_pharmacy
from dispatch.custody import service
from dispatch.custody.bundle.model import Asked
from dispatch.custody.bundle.service import bundle_files
from dispatch.custody.commands import Administer, Draw, WasteResidual
from dispatch.custody.infusion_commands import MeasureResidual
from dispatch.custody.log.records import LeafRow
from dispatch.custody.model import Verdict, WasteMethod
from dispatch.custody.records import EventRow
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.workforce.service import enter_state_rule, nurse_by_code
from tests.builders.appointments import without_care_path
from tests.builders.bedside import a_proof, a_signer, an_open_vial
from tests.builders.custody import FIT
from tests.builders.day_files import a_day
from tests.builders.log import published
from tests.builders.office import patient_form
from tests.builders.secrets import MARKS, bytes_in_the_clear, rows_in_the_clear, traces_in
from tests.builders.web import PASSWORD, a_browser, a_person, a_phone, csrf, keyring_of_app, make_app
from tests.builders.workforce import a_state_rule

AREA = "/api/v1/areas/columbus"
DAY = "2026-11-23"
NURSE_EMAIL = "ana@test.example"
OF_A_PATIENT = ("name", "phone", "address", "access_notes", "born_on")


def break_at(app) -> None:
    """Add addresses at which a law of the database is broken, code fails and SQL is wrong."""

    def violate():
        row = current_session().scalars(sa.select(PatientRow)).first()
        twin = PatientRow(
            area_id=row.area_id, reference=row.reference, state="OH", point_source="none",
            point_verified=False, name_index=b"x" * 32, pets=[],
        )  # fmt: skip
        for name in OF_A_PATIENT:
            setattr(twin, name, MARKS[name])
        current_session().add(twin)
        current_session().flush()

    def burst():
        known = current_session().scalars(sa.select(PatientRow)).first()
        raise ZeroDivisionError(f"{MARKS['name']} {known.address}")

    def misquote():
        current_session().execute(sa.text("SELECT :a + no_such_column"), {"a": MARKS["phone"]})

    for view in (violate, burst, misquote):
        app.add_url_rule(f"/api/{view.__name__}", view.__name__, policy(PUBLIC)(view), methods=["POST"])
    app.extensions["housecall_policies"] = policies(app)


@pytest.fixture
def said(monkeypatch) -> io.StringIO:
    """All that is written to standard error."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    return sys.stderr


@pytest.fixture
def app(database_url, clock, said, caplog):
    """The app at its most talkative."""
    caplog.set_level(logging.DEBUG)
    app = make_app(database_url, clock, HOUSECALL_LOG_LEVEL="debug")
    app.config["PROPAGATE_UNEXPECTED"] = False
    break_at(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def office(app, engine, clock):
    """A dispatcher's phone, in an area whose day is imported with the marked patient."""
    with transaction(engine, keyring_of_app(app)) as session:
        wanted = NewArea(slug="columbus", name="Columbus", time_zone="America/New_York")
        area = open_area(session, wanted, SYSTEM, clock)
        pharmacy = NewPharmacy(
            code="COL-1", name="Broad St", address="1 Broad St", state="OH", lat=39.96, lon=-83.0
        )
        open_pharmacy(session, area.id, pharmacy, SYSTEM, clock)
        without_care_path(session, area.id)
        seed_catalogue(session, SYSTEM, clock)
        enter_state_rule(session, a_state_rule(), SYSTEM, clock)
    phone = a_phone(app, engine, a_person(app, engine, Role.DISPATCHER, email="dana@test.example"))
    marked = {name: MARKS[name] for name in (*OF_A_PATIENT, "lat", "lon")}
    sent = {name: (io.BytesIO(content), name) for name, content in a_day(patients=marked).items()}
    answer = phone.post(f"{AREA}/imports", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 201, answer.text
    return phone


def plan(app, engine, clock, office) -> None:
    """Plan and publish the day."""
    order = {"seconds": 1, "seed": 1, "engine": "greedy"}
    run = office.post(f"{AREA}/days/{DAY}/plan-runs", json=order).json
    supervisor = Supervisor(engine, keyring_of_app(app), clock, InProcessHints())
    supervisor.look()
    supervisor.join()
    assert office.post(f"/api/v1/plan-runs/{run['id']}/publish").status_code == 201


def a_nurse_phone(app, engine):
    """The phone of the nurse whose route the marked patient is on."""
    with transaction(engine, keyring_of_app(app)) as session:
        area_id = session.scalar(sa.select(PatientRow.area_id))
        nurse_id = nurse_by_code(session, area_id, "N-07").id
    return a_phone(app, engine, a_person(app, engine, Role.NURSE, email=NURSE_EMAIL, nurse_id=nurse_id))


def work_with(office, nurse, clock) -> list[str]:
    """Do with the patient what an office and a nurse do; return the tokens that were handed out."""
    by_hand = patient_form(**{name: MARKS[name] for name in OF_A_PATIENT})
    made = office.post(f"{AREA}/patients", json=by_hand)
    assert made.status_code == 201, made.text
    path = f"/api/v1/patients/{made.json['id']}"
    assert office.put(path, json=by_hand | {"state": "IN"}, headers={"If-Match": '"1"'}).status_code == 200
    pin = {"lat": float(MARKS["lat"]), "lon": float(MARKS["lon"])}
    assert office.put(f"{path}/point", json=pin, headers={"If-Match": '"2"'}).status_code == 200
    assert MARKS["name"] in office.get(path).text  # it may be read by who may read it
    assert len(office.post(f"{AREA}/patients/named", json={"name": MARKS["name"]}).json) == 2
    stops = nurse.get("/api/v1/today")
    assert MARKS["address"] in stops.text
    visit_id = next(stop["visit"]["appointment_id"] for stop in stops.json["stops"] if stop["visit"])
    fact = {
        "event_id": str(new_id()), "kind": "check_in", "at": clock.now().isoformat(), "accuracy_m": 8.0,
        "reason": MARKS["reason"],
    } | pin  # fmt: skip
    assert nurse.post(f"/api/v1/visits/{visit_id}/facts", json=fact).status_code == 201
    proof = {"email": NURSE_EMAIL, "secret": PASSWORD, "event_id": str(new_id())}
    return [
        nurse.token,
        nurse.post("/api/v1/devices", json={"name": "second phone"}).json["token"],
        nurse.post("/api/v1/proofs", json=proof).json["proof"],
    ]


def provoke(app, office, nurse) -> list:
    """Send marked values where they cannot be taken, and break the app; return all the answers."""
    marked = patient_form(**{name: MARKS[name] for name in OF_A_PATIENT})

    stranger = app.test_client()
    page = stranger.get("/login").text
    token = page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    login = {"email": "dana@test.example", "password": MARKS["password"], "csrf_token": token}
    proof = {"email": NURSE_EMAIL, "secret": MARKS["password"], "event_id": str(new_id())}
    return [
        office.post(f"{AREA}/patients", json=marked | {"reference": "P-1"}),  # taken
        office.post(f"{AREA}/patients", json=marked | {"born_on": MARKS["name"], "pets": [1, MARKS["name"]]}),
        office.post(f"{AREA}/patients", data=json.dumps(marked)[:-2], content_type="application/json"),
        office.put(f"/api/v1/patients/{new_id()}", json=marked, headers={"If-Match": '"1"'}),
        office.get(f"{AREA}/days/{DAY}/appointments", query_string={"limit": MARKS["name"]}),
        office.get(f"/api/v1/patients/{MARKS['name']}"),
        nurse.get(f"/api/v1/visits/{new_id()}", query_string={"name": MARKS["name"]}),
        nurse.post("/api/v1/proofs", json=proof),
        stranger.post("/login", data=login),
        stranger.post("/api/violate"),
        stranger.post("/api/burst"),
        stranger.post("/api/misquote"),
    ]


def test_nothing_of_a_patient_is_kept_logged_or_handed_out_in_the_clear(
    app, engine, clock, office, said, caplog
):
    plan(app, engine, clock, office)
    nurse = a_nurse_phone(app, engine)
    secrets = [*work_with(office, nurse, clock), office.token, PASSWORD]
    answers = provoke(app, office, nurse)
    unreadable_sql = 503 if engine.dialect.name == "sqlite" else 500
    statuses = [409, 422, 400, 404, 422, 404, 404, 403, 200, 409, 500, unreadable_sql]
    assert [answer.status_code for answer in answers] == statuses
    told = {
        f"{answer.request.path} {answer.status_code}": traces_in(answer.text, secrets) for answer in answers
    }
    assert {place: traces for place, traces in told.items() if traces} == {}

    a_person(app, engine, Role.COMPLIANCE, email="cora@test.example")
    officer = a_browser(app, "cora@test.example")
    signed = {"own_secret": PASSWORD}
    export = officer.post(f"/custody/columbus/{DAY}/events.csv", data=signed, headers=csrf(officer))
    assert export.status_code == 200
    assert traces_in(export.text, secrets) == []

    assert rows_in_the_clear(engine, secrets) == {}
    if engine.dialect.name == "sqlite":
        assert bytes_in_the_clear(Path(engine.url.database), secrets) == {}
    assert '"event": "unexpected_error"' in said.getvalue()  # it is the log that is searched
    assert traces_in(said.getvalue() + caplog.text, secrets) == []


def custody_at_the_marked_patients_visit(app, engine, clock, visit_id: UUID) -> None:
    """A vial's life at that visit: opened, drawn, given, measured, wasted before a witness."""
    with transaction(engine, keyring_of_app(app)) as session:
        nurse_id = nurse_by_code(session, session.scalar(sa.select(PatientRow.area_id)), "N-07").id
        pharmacy_id = session.scalar(sa.select(PharmacyRow.id))
    nurse = a_signer(app, engine, "nell", Role.NURSE, nurse_id=nurse_id)
    pharmacist = a_signer(app, engine, "phil", Role.PHARMACIST)
    with transaction(engine, keyring_of_app(app)) as session:
        vial_id = an_open_vial(session, pharmacy_id, visit_id, nurse, pharmacist, clock)
        common = {"container_id": vial_id, "standing": FIT, "visit_id": visit_id}
        signed = {"proof": a_proof(nurse, clock), "witness": a_proof(pharmacist, clock)}
        deeds = (
            (service.draw, Draw(event_id=new_id(), amount_ug=35_000, order_ceiling_ug=35_000, **common)),
            (service.administer, Administer(event_id=new_id(), amount_ug=31_000, **common)),
            (service.measure_residual, MeasureResidual(event_id=new_id(), measured_ug=69_000, **common)),
            (
                service.waste_residual,
                WasteResidual(
                    event_id=new_id(), amount_ug=69_000, method=WasteMethod.DEACTIVATION_POUCH, **common,
                    **signed,
                ),
            ),
        )  # fmt: skip
        for deed, command in deeds:
            assert deed(session, command, nurse, clock).verdict is not Verdict.CLAIM


def test_no_leaf_checkpoint_or_bundle_tells_of_a_patient(app, engine, clock, office):
    with transaction(engine, keyring_of_app(app)) as session:
        patient_id, visit_id = session.execute(
            sa.select(AppointmentRow.patient_id, AppointmentRow.id).join(PatientRow)
        ).first()
    custody_at_the_marked_patients_visit(app, engine, clock, visit_id)
    # Whose visit it was may be read with the visit's salt alone, which a bundle gives for that patient only.
    names = [str(patient_id), str(visit_id), patient_id.hex, visit_id.hex]
    with transaction(engine, keyring_of_app(app)) as session:
        note = published(session, clock).note
        assert traces_in(note, names) == []
        leaves = session.execute(sa.select(LeafRow.kind, LeafRow.content)).all()
        events = session.scalars(sa.select(EventRow.canonical)).all()
        assert len(events) == sum(leaf.kind == "event" for leaf in leaves) == 7
        for told in (*events, *(leaf.content for leaf in leaves if leaf.content is not None)):
            assert traces_in(told, names) == []
        salts = [salt.hex() for salt in session.scalars(sa.select(EventRow.visit_salt)) if salt]
        files = bundle_files(session, Asked(), clock.now())
        shown = bundle_files(session, Asked(visit_ids=frozenset({visit_id})), clock.now())
    found = {name: traces_in(content, names + salts) for name, content in files.items()}
    assert {name: traces for name, traces in found.items() if traces} == {}
    # It is the bundle that is searched: for this patient, the visit's id and salts are there, and no more.
    found = {name: traces_in(content, names + salts) for name, content in shown.items()}
    assert str(visit_id) in found["rows/custody_event.jsonl"]
    assert salts[0] in found["rows/custody_event.jsonl"]
    assert all(traces_in(content) == [] for content in shown.values())


def test_a_search_would_find_what_lay_open(app, engine, office):
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE nurse SET home_address = :a"), {"a": MARKS["address"]})
    assert rows_in_the_clear(engine) == {"nurse.home_address": ["zark"]}
    if engine.dialect.name == "sqlite":
        assert bytes_in_the_clear(Path(engine.url.database)) != {}


@pytest.mark.parametrize("field", [*OF_A_PATIENT, "point"])
def test_a_sealed_value_moved_to_another_row_is_noticed(app, engine, office, field, said):
    other = office.post(f"{AREA}/patients", json=patient_form(access_notes="Ring twice")).json["id"]
    with engine.begin() as connection:
        moved = sa.text(
            f"UPDATE patient SET {field}_sealed = "
            f"(SELECT {field}_sealed FROM patient WHERE reference = 'P-1') WHERE reference = 'P-70'"
        )
        assert connection.execute(moved).rowcount == 1
    answer = office.get(f"/api/v1/patients/{other}")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert traces_in(answer.text) == []
    assert "Mira" not in answer.text
    assert "SealBroken" in said.getvalue()

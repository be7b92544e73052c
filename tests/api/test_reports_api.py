"""Reports, figures and inventories in the JSON API."""

from datetime import timedelta

import pytest

from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_scene
from tests.builders.reports import a_full_day
from tests.builders.web import PASSWORD, a_person, a_phone, keyring_of_app

DAY = "2026-11-23"
AREA = "/api/v1/custody/areas/columbus"


@pytest.fixture
def officer(app, engine):
    return a_phone(app, engine, a_person(app, engine, Role.COMPLIANCE, email="officer@test.example"))


def test_a_figure_of_a_report_is_the_sum_of_the_events_it_names(app, engine, officer):
    with transaction(engine, keyring_of_app(app)) as session:
        a_full_day(session)
    report = officer.get(f"{AREA}/reports/nurse-reconciliation?from={DAY}&to={DAY}").json
    wasted = report["rows"][0][[column["name"] for column in report["columns"]].index("Wasted")]
    assert wasted["text"] == "948.000"
    found = officer.get(f"{AREA}/figures", query_string=wasted["events"]).json
    assert found["total"] == wasted["value"] == sum(event["adds"] for event in found["events"])
    assert report["csv_sha256"]


def test_the_reports_are_listed(officer):
    assert {each["kind"] for each in officer.get("/api/v1/custody/reports").json} >= {
        "waste-pairs",
        "receipts",
    }


def test_a_nurse_gets_her_own_reconciliation(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        scene = a_full_day(session)
    account = a_person(app, engine, Role.NURSE, email="own@test.example", nurse_id=scene.nurse.nurse_id)
    phone = a_phone(app, engine, account)
    assert [
        row[0]["text"] for row in phone.get(f"/api/v1/custody/reconciliation?from={DAY}").json["rows"]
    ] == ["N-07"]
    assert phone.get("/api/v1/custody/reconciliation/figures?account=waste&measure=moved").json["number"] == 2
    assert phone.get(f"{AREA}/reports/nurse-reconciliation").status_code == 403


def test_a_file_is_handed_to_whoever_proves_anew_who_they_are(app, engine, officer, clock):
    with transaction(engine, keyring_of_app(app)) as session:
        a_full_day(session)
    taken = {"export_id": str(new_id())}
    refused = officer.post(f"{AREA}/reports/receipts/csv", json=taken)
    assert (refused.status_code, refused.json["reasons"][0]["code"]) == (403, "actor_proof_missing")
    asked = {"email": "officer@test.example", "secret": PASSWORD, "event_id": taken["export_id"]}
    proof = officer.post("/api/v1/proofs", json=asked).json["proof"]
    given = officer.post(f"{AREA}/reports/receipts/csv", json=taken | {"proof": proof})
    assert given.content_type.startswith("text/csv")
    clock.advance(timedelta(hours=1))
    late = officer.post(f"{AREA}/reports/receipts/csv", json=taken | {"proof": proof})
    assert (late.status_code, late.json["reasons"][0]["code"]) == (403, "actor_not_fresh")


def test_an_inventory_is_listed_blind_counted_signed_and_shown(app, engine, officer):
    with transaction(engine, keyring_of_app(app)) as session:
        scene = a_scene(session, vials=2)
    asked = {"pharmacy_id": str(scene.pharmacy_id), "day": DAY, "business": "open"}
    lines = officer.get(f"{AREA}/countables", query_string=asked).json
    assert [set(line) for line in lines] == [{"key", "called", "product", "form", "lot", "expires_on"}]
    event = str(new_id())
    proof = officer.post(
        "/api/v1/proofs", json={"email": "officer@test.example", "secret": PASSWORD, "event_id": event}
    ).json["proof"]
    sent = asked | {
        "inventory_id": event, "occasion": "biennial", "proof": proof,
        "counted": [{"key": line["key"], "units": 2} for line in lines],
    }  # fmt: skip
    answer = officer.post("/api/v1/custody/inventories", json=sent)
    assert answer.status_code == 201, answer.json
    shown = officer.get(f"/api/v1/custody/inventories/{event}").json
    assert shown["lines"]["lines"][0]["units"] == 2
    assert shown == answer.json
    unsigned = officer.post("/api/v1/custody/inventories", json=sent | {"inventory_id": str(new_id())})
    assert unsigned.status_code in {403, 422}

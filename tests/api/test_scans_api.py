"""POST /api/v1/custody/scans: what a scan is, for whom, and what a bad one is answered."""

import pytest
import sqlalchemy as sa

from dispatch.custody.scans.service import enter_gtin
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_scene
from tests.builders.web import a_person, a_phone, keyring_of_app

GTIN = "00312345678906"
CODE = f"]d201{GTIN}1727060010L1\x1d217F0"


@pytest.fixture
def scene(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        made = a_scene(session)
        enter_gtin(session, "KET-50", GTIN, made.pharmacist, made.clock)
        return made


@pytest.fixture
def pharmacist(app, engine, scene):
    return a_phone(app, engine, a_person(app, engine, Role.PHARMACIST, email="pat@test.example"))


def test_a_package_is_named_with_its_vial(pharmacist, scene):
    answer = pharmacist.post("/api/v1/custody/scans", json={"scan": CODE})
    assert answer.status_code == 200
    assert answer.json == {
        "kind": "package", "gtin": GTIN, "serial": "7F0", "lot": "L1", "expires_on": "2027-06-30",
        "product_code": "KET-50", "product_name": "Ketamine", "container_id": str(scene.vial),
        "state": "dispensed", "findings": [],
    }  # fmt: skip


def test_that_a_vial_was_scanned_is_written_down(pharmacist, engine):
    pharmacist.post("/api/v1/custody/scans", json={"scan": CODE})
    with engine.connect() as connection:
        assert "custody.scan" in connection.scalars(sa.text("SELECT action FROM audit_entry")).all()


def test_a_bad_code_is_answered_with_each_rule_and_its_way_out(pharmacist):
    answer = pharmacist.post("/api/v1/custody/scans", json={"scan": f"01{GTIN}10L1"})
    assert answer.status_code == 422
    assert [each["code"] for each in answer.json["reasons"]] == ["expiry_missing", "serial_missing"]
    assert all(each["way_out"] and each["field"] == "scan" for each in answer.json["reasons"])


def test_a_known_vial_is_not_received_again(pharmacist, scene):
    asked = {"scan": CODE, "purpose": "receive", "pharmacy_id": str(scene.pharmacy_id)}
    answer = pharmacist.post("/api/v1/custody/scans", json=asked)
    assert answer.status_code == 409
    assert answer.json["reasons"][0]["code"] == "vial_known"


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.PRESCRIBER, Role.ADMIN])
def test_others_scan_nothing(app, engine, scene, role):
    phone = a_phone(app, engine, a_person(app, engine, role, email="other@test.example"))
    assert phone.post("/api/v1/custody/scans", json={"scan": CODE}).status_code == 403

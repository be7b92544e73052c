"""The pharmacist's page: receive by scan, name a product by its GTIN, print labels, look a vial up."""

import re

import pytest
import sqlalchemy as sa

from dispatch.custody.scans.service import enter_gtin
from dispatch.kernel.actor import Role
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_scene
from tests.builders.web import a_browser, a_person, csrf, keyring_of_app

GTIN = "00312345678906"


def code(serial, lot="L9", expiry="270630"):
    return f"01{GTIN}17{expiry}10{lot}␝21{serial}"


@pytest.fixture
def scene(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        made = a_scene(session)
        enter_gtin(session, "KET-50", GTIN, made.pharmacist, made.clock)
        return made


@pytest.fixture
def pharmacist(app, engine, scene):
    a_person(app, engine, Role.PHARMACIST, email="pat@test.example")
    return a_browser(app, "pat@test.example")


def hidden(page):
    """The rows that a page carries along."""
    fields = re.findall(r'<input[^>]*\bname="(\w+_\d+)"[^>]*\bvalue="([^"]*)"', page)
    return dict(fields)


@pytest.fixture
def deliver(pharmacist, scene):
    def send(**form):
        place = f"/stock/{scene.pharmacy_id}/delivery"
        return pharmacist.post(place, data=form, headers=csrf(pharmacist))

    return send


def serials(engine):
    with engine.connect() as connection:
        return set(connection.scalars(sa.text("SELECT serial FROM custody_container")))


def test_vials_and_seals_are_scanned_one_after_the_other_and_received(deliver, engine):
    rows = {}
    for scan in (code("V-1"), "S-100", code("V-2", lot="L10"), "S-101"):
        answer = deliver(scan=scan, **rows)
        assert answer.status_code == 200
        rows = hidden(answer.text)
    assert [rows[name] for name in ("serial_1", "seal_1", "serial_2", "seal_2")] == [
        "V-1", "S-100", "V-2", "S-101",
    ]  # fmt: skip
    answer = deliver(do="receive", basis="registrant_stock", invoice="INV-9", **rows)
    assert "Received: 2 vials" in answer.text
    assert serials(engine) == {"7F0", "V-1", "V-2"}


def test_the_same_list_sent_twice_is_received_once(deliver, engine):
    rows = hidden(deliver(scan=code("V-1")).text) | {"seal_1": "S-1"}
    for _ in range(2):
        assert deliver(do="receive", basis="registrant_stock", **rows).status_code == 200
    assert serials(engine) == {"7F0", "V-1"}


def test_nothing_is_received_while_a_seal_is_missing(deliver, engine):
    rows = hidden(deliver(scan=code("V-1")).text)
    answer = deliver(do="receive", basis="registrant_stock", **rows)
    assert answer.status_code == 422
    assert 'data-code="seal_missing"' in answer.text
    assert serials(engine) == {"7F0"}


def test_a_row_whose_number_was_emptied_is_taken_off(deliver):
    rows = hidden(deliver(scan=code("V-1")).text) | {"serial_1": ""}
    answer = deliver(do="receive", basis="registrant_stock", **rows)
    assert 'data-code="list_empty"' in answer.text


def test_a_vial_is_listed_once(deliver):
    rows = hidden(deliver(scan=code("V-1")).text) | {"seal_1": "S-1"}
    assert 'data-code="vial_listed"' in deliver(scan=code("V-1"), **rows).text


@pytest.mark.parametrize(
    ("scan", "said"),
    [
        (code("V-1", expiry="200131"), "scan_expired"),
        (f"01{GTIN}10L9␝21V-1", "expiry_missing"),
        (code("7F0", lot="L1"), "vial_known"),
        (code("V-1").replace(GTIN, "09521101530001"), "product_unknown"),
        (code("V-1").replace(GTIN, "00312345678907"), "gtin_checksum"),
    ],
)
def test_a_bad_scan_keeps_the_list_and_says_why(deliver, scan, said):
    rows = hidden(deliver(scan=code("V-8")).text) | {"seal_1": "S-8"}
    answer = deliver(scan=scan, **rows)
    assert f'data-code="{said}"' in answer.text
    assert hidden(answer.text)["serial_1"] == "V-8"


def test_labels_are_a_pdf_and_printing_is_written_down(pharmacist, scene, engine):
    answer = pharmacist.get(f"/stock/{scene.pharmacy_id}/labels.pdf?lot=L1&first=3")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    with engine.connect() as connection:
        assert "custody.print_labels" in connection.scalars(sa.text("SELECT action FROM audit_entry")).all()


@pytest.mark.parametrize(
    ("query", "status"), [("lot=none", 404), ("first=31", 422), ("first=x", 422), ("serials=x", 404)]
)
def test_labels_of_nothing_are_refused(pharmacist, scene, query, status):
    assert pharmacist.get(f"/stock/{scene.pharmacy_id}/labels.pdf?{query}").status_code == status


def test_a_gtin_is_entered_with_its_product(pharmacist, scene, engine):
    place = f"/stock/{scene.pharmacy_id}/gtin"
    sent = {"product_code": "KET-50", "gtin": "09521101530001"}
    assert "09521101530001" in pharmacist.post(place, data=sent, headers=csrf(pharmacist)).text
    wrong = pharmacist.post(place, data=sent | {"gtin": "123"}, headers=csrf(pharmacist))
    assert 'data-code="gtin_not_valid"' in wrong.text


def test_a_scan_is_looked_up(pharmacist):
    answer = pharmacist.post("/custody/scan", data={"scan": code("7F0", lot="L1")}, headers=csrf(pharmacist))
    assert "Vial 7F0" in answer.text
    assert "dispensed" in answer.text


def test_what_is_no_code_is_said(pharmacist):
    answer = pharmacist.post("/custody/scan", data={"scan": "hello"}, headers=csrf(pharmacist))
    assert answer.status_code == 422
    assert 'data-code="scan_unreadable"' in answer.text


def test_the_pharmacist_comes_home_to_the_stock(pharmacist, scene):
    assert pharmacist.get("/", follow_redirects=True).request.path == f"/stock/{scene.pharmacy_id}"


def test_an_unknown_stock_point_is_not_found(pharmacist, scene):
    assert pharmacist.get(f"/stock/{scene.area_id}").status_code == 404

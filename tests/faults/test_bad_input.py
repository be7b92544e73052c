"""What people, phones and attackers send by mistake or on purpose (reliability.md, "Bad input").

Every field of every deed below gets every bad value, one at a time. It may be taken where it is a text that
somebody could mean; else it is refused by name. It never breaks the server, and what is refused leaves
nothing behind.
"""

import json
import os
from collections import Counter
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from urllib3 import encode_multipart_formdata

from dispatch.appointments.service import seed_catalogue
from dispatch.kernel.actor import SYSTEM, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from tests.builders.day_files import ROWS, a_day, csv_bytes
from tests.builders.nurse_screen import NINA, a_staffed_town, stock_up
from tests.builders.office import booking_form, licence_form, nurse_form, patient_form, shift_form
from tests.builders.rows import rows_of
from tests.builders.visits import SEVEN
from tests.builders.web import PASSWORD, a_browser, a_person, a_phone, csrf, keyring_of_app

AREA = "/api/v1/areas/columbus"
DAY = "2026-11-23"
LARGE = "x" * 2**20
TEXTS = {
    "NUL": "a\0b",
    "right to left": "a\u202eb",
    "emoji": "\N{SYRINGE}\N{FAMILY}",
    "1 MB": LARGE,
    "Unicode digits": "\uff11\uff12",
    "Arabic digits": "\u0663",
    "formula": "=cmd()|' /C calc'!A0",
    "1970": "1970-01-01",
    "2099": "2099-12-31",
    "year 9999": "9999-12-31T23:59:59+00:00",
    "NaN": "NaN",
    "many digits": "9" * 400,
    "SQL": "' OR 1=1 --",
}
JSON_VALUES: dict[str, Any] = TEXTS | {
    "half a character": "\ud800",
    "NaN itself": float("nan"),
    "endless": float("inf"),
    "2 ** 63": 2**63,
    "minus one": -1,
    "list": [[]],
    "mapping": {"a": 1},
    "nothing": None,
}
# Each value is tried at each field on one of the databases, in turn by field; what they read each in its own
# way is tried on both at every third field, and with HOUSECALL_TEST_FUZZ=100 all at all.
OFTEN = 3
READ_DIFFERENTLY = {
    "NUL", "half a character", "2 ** 63", "many digits", "year 9999", "1970", "NaN", "NaN itself", "endless"
}  # fmt: skip
ALL = bool(os.environ.get("HOUSECALL_TEST_FUZZ"))
MISSING_PLACE = str(new_id())
NUMBERS = count(1000)


@pytest.fixture
def town(app, engine, clock):
    """A published route, vials, and the catalogue of services."""
    app.config["PROPAGATE_UNEXPECTED"] = False
    town = a_staffed_town(app, engine)
    stock_up(app, engine, clock, town)
    with transaction(engine, keyring_of_app(app)) as session:
        seed_catalogue(session, SYSTEM, clock)
    return town


@pytest.fixture
def phone(app, engine, town):
    """Somebody who may do everything."""
    return a_phone(
        app, engine, a_person(app, engine, *Role, email="all@test.example", nurse_id=town.nurse_id)
    )


def deeds(phone, town) -> dict[str, dict[str, Any]]:
    """Where a deed is sent, and a body that is right."""
    patient = phone.post(f"{AREA}/patients", json=patient_form()).json["id"]
    pharmacy = str(town.pharmacy_id)
    return {
        f"{AREA}/patients": patient_form(access_notes="Gate 40#", preferred_language="en"),
        f"/api/v1/patients/{patient}/appointments": booking_form(),
        f"{AREA}/patients/named": {"name": "Mira Holt"},
        f"{AREA}/nurses": nurse_form(),
        f"/api/v1/nurses/{town.nurse_id}/licences": licence_form(),
        f"/api/v1/nurses/{town.nurse_id}/shifts": shift_form(),
        f"{AREA}/days/{DAY}/plan-runs": {"seconds": 1, "seed": 1, "engine": "greedy"},
        f"/api/v1/visits/{town.first_id}/facts": {
            "event_id": MISSING_PLACE, "kind": "check_in", "at": SEVEN.isoformat(), "device_seq": 1,
            "lat": 39.9, "lon": -83.0, "accuracy_m": 8.0, "reason": "", "calls_made": 1,
        },
        "/api/v1/custody/counts": {
            "count_id": MISSING_PLACE, "round_id": MISSING_PLACE, "holder": f"pharmacy:{pharmacy}",
            "counted_units": 2,
        },
        "/api/v1/custody/deliveries": {
            "pharmacy_id": pharmacy, "product_code": "KET-50", "lot_number": "L-9", "invoice": "I-1",
            "expires_on": "2027-06-30", "basis": "registrant_stock",
            "vials": [{"event_id": MISSING_PLACE, "serial": "V-90", "seal": "S-90"}],
        },
        "/api/v1/custody/scans": {
            "scan": "HC1:V-1/L1/2027-06-30", "purpose": "find", "pharmacy_id": pharmacy,
        },
        "/api/v1/proofs": {"email": NINA, "secret": PASSWORD, "event_id": MISSING_PLACE},
        "/api/v1/devices": {"name": "phone"},
    }  # fmt: skip


def fresh(body: dict[str, Any]) -> dict[str, Any]:
    """Give a body an id and a number of its own, so that no deed is taken for a repetition of another."""
    made = json.loads(json.dumps(body).replace(MISSING_PLACE, str(new_id())))
    return made | {name: type(made[name])(next(NUMBERS)) for name in ("device_seq",) if name in made}


def tried_on(engine, values: dict[str, Any], field: str) -> dict[str, Any]:
    """What of the bad values this database gets in a field."""
    turn = (engine.dialect.name == "sqlite") + len(field)
    on_both = READ_DIFFERENTLY if len(field) % OFTEN == 0 else ()
    return {
        what: value for at, (what, value) in enumerate(values.items())
        if ALL or what in on_both or (at + turn) % 2
    }  # fmt: skip


def test_every_field_of_every_deed_takes_or_names_what_is_bad(phone, town, engine):
    wrong, statuses, bodies = [], Counter(), deeds(phone, town)
    before = rows_of(engine)
    for path, good in bodies.items():
        for field in good:
            for what, value in tried_on(engine, JSON_VALUES, field).items():
                body = json.dumps(fresh(good) | {field: value})
                answer = phone.post(path, data=body, content_type="application/json")
                statuses[answer.status_code] += 1
                if answer.status_code < 400:
                    before = rows_of(engine)
                    continue
                named = [reason.get("field", "") for reason in (answer.json or {}).get("reasons", ())]
                is_named = what in ("NaN itself", "endless") or any(named)
                kept, before = before != (now := rows_of(engine)), now
                if answer.status_code >= 500 or kept or (answer.status_code == 422 and not is_named):
                    wrong.append((path, field, what, answer.status_code, named, kept))
    assert not wrong, wrong
    assert set(statuses) <= {200, 201, 202, 403, 404, 409, 422}
    assert statuses[422] > len(JSON_VALUES)


def test_a_key_sent_twice_is_refused_by_name(phone, town, engine):
    for path, good in deeds(phone, town).items():
        field = next(iter(good))
        before = rows_of(engine)
        body = json.dumps(good)[:-1] + f', "{field}": "again"}}'
        answer = phone.post(path, data=body, content_type="application/json")
        assert answer.status_code == 422, path
        assert (answer.json["reasons"][0]["code"], answer.json["reasons"][0]["field"]) == (
            "key_sent_twice",
            field,
        )
        assert rows_of(engine) == before


PLACES = (
    "/api/v1/areas/{}/nurses",
    "/api/v1/areas/columbus/nurses?after={}",
    "/api/v1/areas/columbus/nurses?limit={}",
    "/api/v1/areas/columbus/days/{}/board",
    "/api/v1/areas/columbus/days/{}/appointments",
    "/api/v1/areas/columbus/days/2026-11-23/appointments?after={}",
    "/api/v1/areas/columbus/days/2026-11-23/plans/{}",
    "/api/v1/patients/{}",
    "/api/v1/today?day={}",
    "/api/v1/custody/areas/{}/2026-11-23",
    "/api/v1/custody/areas/columbus/ledger?at={}",
    "/board?area={}",
    "/board?day={}",
    "/board/{}",
    "/board/{}/2026-11-23",
    "/board/columbus/{}",
    "/board/columbus/2026-11-23/visits/{}",
    "/board/columbus/2026-11-23?anything={}",
    "/custody?area={}",
    "/custody?day={}",
    "/custody/columbus/{}",
    "/custody/columbus/2026-11-23?holder={}",
    "/custody/columbus/2026-11-23?state={}",
    "/custody/columbus/2026-11-23?q={}",
    "/custody/columbus/2026-11-23?resting={}",
    "/custody/columbus/2026-11-23?person={}",
    "/custody/columbus/2026-11-23?product={}",
    "/custody/columbus/2026-11-23?site={}",
    "/custody/columbus/2026-11-23?until={}",
    "/custody/columbus/2026-11-23?at={}",
    "/custody/{}/counts",
    "/custody/columbus/counts?holder={}",
    "/custody/columbus/counts?product_id={}",
    "/custody/vials/{}",
    "/stock/{}",
    "/today?day={}",
    "/today?without_pickup={}",
    "/login?next={}",
    "/{}",
)


@pytest.mark.parametrize("what", [*TEXTS, "no UTF-8"])
def test_no_address_and_no_query_breaks_the_server(phone, town, what):
    value = "%ff%fe" if what == "no UTF-8" else quote(TEXTS[what], safe="")
    answers = {place: phone.get(place.format(value)).status_code for place in PLACES}
    assert {place: status for place, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize("header", ["Idempotency-Key", "If-Match", "Authorization", "HX-Request"])
def test_no_header_breaks_the_server(phone, town, engine, header):
    before = rows_of(engine)
    for value in ("\u00e9\u00ff", "x" * 5000, '"', "W/", "Bearer", "Bearer \u00ff", ",,,", "=cmd()"):
        answer = phone.put(f"/api/v1/patients/{new_id()}", json=patient_form(), headers={header: value})
        assert answer.status_code in (401, 404, 428), (value, answer.text)
        answer = phone.post("/api/v1/custody/counts", json={}, headers={header: value})
        assert answer.status_code in (401, 422), (value, answer.text)
    assert rows_of(engine) == before


@pytest.mark.parametrize("field", ["email", "password", "csrf_token", "next", "remember"])
def test_the_login_form_lets_nobody_in_by_what_is_bad(app, town, engine, field):
    client = app.test_client()
    token = client.get("/login").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    before = rows_of(engine)
    for what, value in TEXTS.items():
        good = {"email": NINA, "password": "wrong", "csrf_token": token}
        answer = client.post("/login", data=good | {field: value})
        assert answer.status_code in (200, 400), what
        assert client.get("/api/v1/me").status_code == 401
    assert rows_of(engine) == before


def screen_forms(town) -> dict[str, dict[str, str]]:
    """Where the screens' forms are sent, and what they hold when they are right."""
    event, first = MISSING_PLACE, str(town.first_id)
    sign = {"own_secret": PASSWORD, "other_email": NINA, "other_secret": PASSWORD}
    vial, kept = f"/today/vials/{new_id()}", f"/custody/vials/{new_id()}"
    stock = f"/stock/{town.pharmacy_id}"
    return {
        f"/today/visits/{first}": {
            "event_id": event, "kind": "check_in", "at": SEVEN.isoformat(), "lat": "39.9", "lon": "-83.0",
            "accuracy_m": "8", "reason": "", "calls_made": "1", "device_seq": "1",
        },
        "/today/pickup": {
            "event_id": event, "pharmacy_id": str(town.pharmacy_id), "counted_units": "1", "serial_1": "V-1",
            "seal_1": "S-1", "event_1": event,
        } | sign,
        f"{vial}/open": {"event_id": event, "visit_id": first, "seal": "S-1", "reason": ""},
        f"{vial}/draw": {"event_id": event, "visit_id": first, "amount_mg": "35", "override_reason": ""},
        f"{vial}/waste": {"event_id": event, "visit_id": first, "amount_mg": "1", "method": "x"} | sign,
        f"{vial}/report": {"event_id": event, "kind": "lost", "reason": "gone"},
        "/today/scan": {"scan": "HC1:V-1/L1/2027-06-30"},
        "/custody/scan": {"scan": "HC1:V-1/L1/2027-06-30"},
        "/custody/columbus/counts": {
            "count_id": event, "round_id": event, "holder": f"pharmacy:{town.pharmacy_id}",
            "counted_units": "2", "product_id": "",
        },
        "/custody/columbus/bundle": {
            "from": "2030-01-01", "to": "2030-01-01", "vial": "", "nurse": "", "own_secret": PASSWORD,
        },
        f"{stock}/delivery": {
            "do": "receive", "scan": "", "basis": "patient", "invoice": "I-1", "event_1": event,
            "product_1": "KET-50", "serial_1": "V-91", "lot_1": "L-9", "expires_1": "2027-06-30",
            "seal_1": "S-91",
        },
        f"{stock}/gtin": {"product_code": "KET-50", "gtin": "1"},
        f"{stock}/orders": {
            "order_id": event, "product_code": "KET-50", "units": "0", "basis": "registrant_stock",
            "supplier": "Acme", "reference": "222-1",
        },
        f"{stock}/recall": {
            "recall_id": event, "lot_id": event, "reference": "R", "reason": "glass", "own_secret": PASSWORD,
        },
        f"{kept}/reconcile": {"event_id": event, "reason": "", "own_secret": PASSWORD},
        f"{kept}/correct": {"event_id": event, "reverses": event, "amount_mg": "1", "reason": "x"} | sign,
        f"{kept}/destroy": {"event_id": event, "method": "x", "reason": ""} | sign,
        f"/board/columbus/{DAY}/plan": {"seconds": "0", "seed": "1"},
        f"/board/columbus/{DAY}/visits/{first}/move": {
            "plan_number": "1", "shift_id": event, "reading": "10:00", "accept": "no",
        },
        f"/board/columbus/{DAY}/visits/{first}/pin": {"plan_number": "9", "pin": "time"},
        f"/custody/columbus/{DAY}/nothing.csv": {"anything": "1"},
    }  # fmt: skip


def test_no_form_of_a_screen_breaks_the_server(app, engine, town):
    a_person(app, engine, *Role, email="all@test.example", nurse_id=town.nurse_id)
    browser = a_browser(app, "all@test.example")
    headers, wrong = csrf(browser), []
    before = rows_of(engine)
    for path, good in screen_forms(town).items():
        for field in good:
            for what, value in tried_on(engine, TEXTS, field).items():
                answer = browser.post(path, data=fresh(good) | {field: value}, headers=headers)
                was, before = before, rows_of(engine)
                kept = answer.status_code >= 400 and was != before
                if answer.status_code >= 500 or kept:
                    wrong.append((path, field, what, answer.status_code, kept))
    assert not wrong, wrong


@pytest.mark.parametrize("name", ROWS)
def test_an_imported_file_names_every_bad_cell(phone, town, engine, name):
    wrong = []
    for column in ROWS[name]:
        for what, value in tried_on(engine, TEXTS, column).items():
            sent = a_day() | {name: csv_bytes([{**ROWS[name], column: value}])}
            before = rows_of(engine)
            body, kind = encode_multipart_formdata({key: (key, text) for key, text in sent.items()})
            answer = phone.post(f"{AREA}/imports", data=body, content_type=kind)
            if answer.status_code == 201:
                continue
            cells = {cell["column"] for cell in answer.json.get("bad_cells", ())}
            if answer.status_code != 422 or not any(cells) or rows_of(engine) != before:
                wrong.append((column, what, answer.status_code, cells))
    assert not wrong, wrong

"""The main job through a real HTTP server: a day of files goes in, every microgram comes out.

import -> plan -> publish -> pickup -> check-in -> give -> waste with witness -> check-out -> compliance
sees the vial's and the patient's totals.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
import requests
from werkzeug.serving import make_server

from api.hints import InProcessHints
from api.jobs import Supervisor
from dispatch.identity.service import register_device
from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.workforce.service import nurse_by_code
from tests.builders.appointments import without_care_path
from tests.builders.company import a_company
from tests.builders.day_files import PATIENT, a_day
from tests.builders.visits import NO_CHECKLIST, signed_off
from tests.builders.web import PASSWORD, a_person, keyring_of_app

DAY = "2026-11-23"
AREA = "/areas/columbus"
AT_THE_DOOR = {"lat": float(PATIENT["lat"]), "lon": float(PATIENT["lon"]), "accuracy_m": 8.0}


@dataclass
class Client:
    """Somebody at a phone or a desk, who speaks to the server over HTTP."""

    base: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send one request with the device's token and a key of its own."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(new_id())}
        return self.session.request(method, f"{self.base}/api/v1{path}", headers=headers, timeout=60, **more)

    def get(self, path: str) -> Any:
        """Get an answer that must be good."""
        answer = self.send("GET", path)
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """Send a deed that must be accepted."""
        answer = self.send("POST", path, json=body, **more)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@dataclass
class Company:
    """The server and the people of an area before its first day."""

    base: str
    area_id: UUID
    pharmacy_id: UUID
    clients: list[Client] = field(default_factory=list)


@pytest.fixture
def company(app, engine, clock) -> Iterator[Company]:
    with transaction(engine, keyring_of_app(app)) as session:
        area_id, pharmacy_id = a_company(session, clock)
        without_care_path(session, area_id)
        session.add(signed_off(area_id, "visit.checklist", NO_CHECKLIST))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made = Company(base=f"http://127.0.0.1:{server.port}", area_id=area_id, pharmacy_id=pharmacy_id)
    yield made
    for client in made.clients:
        client.session.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sign_in(app, engine, clock, company):
    def make(email: str, *roles: Role, nurse: str = "") -> Client:
        keyring = keyring_of_app(app)
        with transaction(engine, keyring) as session:
            nurse_id = nurse_by_code(session, company.area_id, nurse).id if nurse else None
        account_id = a_person(app, engine, *roles, email=email, nurse_id=nurse_id)
        holder = Actor(account_id=AccountId(account_id), name=email, roles=frozenset(roles))
        with transaction(engine, keyring) as session:
            token = register_device(session, "phone", holder, clock).token
        company.clients.append(Client(company.base, token))
        return company.clients[-1]

    return make


def proof(client: Client, email: str, event_id: UUID) -> str:
    """Let somebody type their password on the client's screen, for one event."""
    asked = {"email": email, "secret": PASSWORD, "event_id": str(event_id)}
    return client.post("/proofs", asked)["proof"]


def solve(engine, app, clock) -> None:
    """Let the solver beside the server take what is queued."""
    supervisor = Supervisor(engine, keyring_of_app(app), clock, InProcessHints())
    supervisor.look()
    supervisor.join()


def test_a_day_goes_in_and_every_microgram_comes_out(app, engine, clock, company, sign_in):
    dispatcher = sign_in("dana@test.example", Role.DISPATCHER)
    files = {name: (name, content, "text/csv") for name, content in a_day().items()}
    report = dispatcher.post(f"{AREA}/imports", files=files)
    assert report["ok"]
    assert report["days"] == [DAY]

    # A pharmacist receives two vials.
    pharmacist = sign_in("phil@test.example", Role.PHARMACIST)
    vials = [{"event_id": str(new_id()), "serial": f"V-{n}", "seal": f"S-{n}"} for n in (1, 2)]
    pharmacist.post(
        "/custody/deliveries",
        {
            "pharmacy_id": str(company.pharmacy_id), "product_code": "KET-50", "lot_number": "L-1",
            "expires_on": "2027-06-30", "basis": "registrant_stock", "vials": vials,
        },
    )  # fmt: skip

    # The dispatcher plans the day and publishes it.
    run = dispatcher.post(f"{AREA}/days/{DAY}/plan-runs", {"seconds": 1, "seed": 1, "engine": "greedy"})
    solve(engine, app, clock)
    assert dispatcher.get(f"/plan-runs/{run['id']}")["state"] == "solved"
    published = dispatcher.post(f"/plan-runs/{run['id']}/publish")
    assert published["unassigned"] in ({}, [])

    # The nurse sees her route: home, pharmacy, visit, home.
    nurse = sign_in("ana@test.example", Role.NURSE, nurse="N-07")
    stops = nurse.get("/today")["stops"]
    assert [stop["kind"] for stop in stops if stop["kind"] != "break"][:3] == ["start", "pickup", "visit"]
    visit_id = next(stop["visit"]["appointment_id"] for stop in stops if stop["visit"])

    def now() -> str:
        return clock.now().isoformat()

    def deed(kind: str, **more: Any) -> dict[str, Any]:
        clock.advance(timedelta(minutes=1))
        return nurse.post(
            f"/visits/{visit_id}/facts", {"event_id": str(new_id()), "kind": kind, "at": now()} | more
        )

    # She and the pharmacist sign for a vial.
    clock.advance(timedelta(hours=1, minutes=30))
    pickup_id = new_id()
    nurse.post(
        "/custody/pickups",
        {
            "pickup_id": str(pickup_id), "pharmacy_id": str(company.pharmacy_id), "counted_units": 1,
            "vials": [{"event_id": str(new_id()), "serial": "V-1", "seal": "S-1"}],
            "proof": proof(nurse, "ana@test.example", pickup_id),
            "witness_proof": proof(nurse, "phil@test.example", pickup_id),
        },
    )  # fmt: skip

    # At the bedside: arrive, open, draw 35 mg, start, stop, given 31.001 mg.
    deed("en_route")
    clock.advance(timedelta(minutes=40))
    arrived = deed("check_in", **AT_THE_DOOR)
    assert arrived["flags"] == []
    assert arrived["distance_m"] == 0
    officer = sign_in("cora@test.example", Role.COMPLIANCE)
    vial_id = next(
        line["container_id"]
        for line in officer.get(f"/custody{AREA}/{DAY}")["vials"]
        if line["serial"] == "V-1"
    )

    def at_the_vial(what: str, **more: Any) -> Any:
        clock.advance(timedelta(minutes=1))
        sent = {"event_id": str(new_id()), "visit_id": visit_id} | more
        return nurse.post(f"/custody/vials/{vial_id}/{what}", sent)

    at_the_vial("open", seal="S-1")
    at_the_vial("draw", amount_ug=35_000)
    deed("start")
    clock.advance(timedelta(minutes=40))
    deed("stop")
    at_the_vial("administer", amount_ug=31_001)

    # What is left is destroyed before a witness who signs the same event.
    event_id = new_id()
    wasted = at_the_vial(
        "waste",
        event_id=str(event_id),
        amount_ug=68_999,
        method="deactivation_pouch",
        proof=proof(nurse, "ana@test.example", event_id),
        witness_proof=proof(nurse, "cora@test.example", event_id),
    )
    assert (wasted["verdict"], wasted["state"]) == ("stored", "wasted")
    left = deed("check_out", **AT_THE_DOOR)
    assert left["state"] == "completed"

    # Compliance sees the vial, the nurse and the visit to the microgram, and who signed.
    day = officer.get(f"/custody{AREA}/{DAY}")
    (line,) = [line for line in day["vials"] if line["serial"] == "V-1"]
    assert (line["drawn_ug"], line["given_ug"], line["wasted_ug"], line["balance_ug"]) == (
        35_000,
        31_001,
        68_999,
        0,
    )
    assert line["witness"] == "cora"
    (hers,) = day["nurses"]
    assert (hers["code"], hers["given_ug"], hers["wasted_ug"], hers["exceptions"]) == (
        "N-07",
        31_001,
        68_999,
        0,
    )
    totals = officer.get(f"/custody/visits/{visit_id}")
    assert (totals["drawn_ug"], totals["given_ug"], totals["wasted_ug"]) == (35_000, 31_001, 68_999)
    events = officer.get(f"/custody/vials/{vial_id}/events")
    assert [event["kind"] for event in events] == [
        "received", "picked_up", "opened", "drawn", "administered", "wasted",
    ]  # fmt: skip
    assert all(sum(posting["amount_ug"] for posting in event["postings"]) == 0 for event in events)
    assert {sign["name"] for sign in events[-1]["signatures"]} == {"ana", "cora"}
    assert sum(total["amount_ug"] for total in officer.get(f"/custody{AREA}/ledger")) == 0

"""The server is killed in the middle of its work: what it acknowledged is there, once.

Three clients send deeds, each with a key of its own: facts of a visit, blind counts, and wastes that actor
and witness sign. What was not acknowledged is sent again with the same key, as a phone does. Every event in
the ledger has its leaf, whose proof leads to the log's root. ``HOUSECALL_TEST_KILLS=200`` makes a long run.
"""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest
import requests
import sqlalchemy as sa

from dispatch.audit.records import AuditEntryRow
from dispatch.custody.records import BalanceRow, CountRow, EventRow
from dispatch.identity.service import register_device
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import SystemClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.visits.records import VisitFactRow
from tests.builders.bedside import a_signer, an_open_vial
from tests.builders.proven_log import proven_events
from tests.builders.server import ShortLivedServer
from tests.builders.visits import SEVEN, a_town
from tests.builders.web import PASSWORD, keyring_of_app

# A dead client is all that PostgreSQL sees of it, so in a short run fewer deaths do.
KILLS = {
    name: int(os.environ.get("HOUSECALL_TEST_KILLS", few))
    for name, few in (("sqlite", "3"), ("postgresql", "1"))
}
MOST_SENT = 6
LONGEST_FLIGHT_S = 0.02
PATIENCE_S = 600  # a busy machine is no fault


@dataclass
class Sender:
    """Somebody who sends deeds one after another until nobody answers.

    `acknowledged` maps a deed's id to the answer; `open_deed` is what got none.
    """

    base: str
    token: str
    path: str
    id_field: str
    shape: Any
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    open_deed: str | None = None
    sent: int = 0

    def send(self, deed_id: str) -> requests.Response:
        """Send a deed, under the key that it always has."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": f"key of {deed_id}"}
        return requests.post(
            f"{self.base}/api/v1{self.path}", json=self.bodies[deed_id], headers=headers, timeout=PATIENCE_S
        )

    def burst(self, enough: int, reached: Event) -> None:
        """Send until the server is gone; say when `enough` are on their way."""
        for number in range(1, MOST_SENT + 1):
            self.sent += 1
            deed_id = str(new_id())
            if number == enough:
                reached.set()
            try:
                self.bodies[deed_id] = {self.id_field: deed_id} | self.said(deed_id)
                self.open_deed = deed_id
                self.keep(deed_id, self.send(deed_id))
            except requests.RequestException:
                return

    def said(self, deed_id: str) -> dict[str, Any]:
        """What the deed says besides its id."""
        return self.shape(self.sent)

    def keep(self, deed_id: str, answer: requests.Response) -> None:
        """Take an answer as the acknowledgement that it is."""
        assert answer.ok, answer.text
        self.acknowledged[deed_id] = answer.content
        self.open_deed = None

    def try_again(self) -> None:
        """Repeat what got no answer, and the last that got one: that one gets the same again."""
        if self.open_deed is not None:
            self.keep(self.open_deed, self.send(self.open_deed))
        if self.acknowledged:
            deed_id, known = next(reversed(self.acknowledged.items()))
            again = self.send(deed_id)
            assert again.headers["Idempotency-Replayed"] == "true"
            assert again.content == known


@dataclass
class WitnessedSender(Sender):
    """Somebody whose deeds need two signatures: both prove themselves for each event, just before it."""

    emails: tuple[str, str] = ("", "")

    def said(self, deed_id: str) -> dict[str, Any]:
        proof, witness_proof = (self.proof(email, deed_id) for email in self.emails)
        return self.shape(self.sent) | {"proof": proof, "witness_proof": witness_proof}

    def proof(self, email: str, deed_id: str) -> str:
        answer = requests.post(
            f"{self.base}/api/v1/proofs",
            json={"email": email, "secret": PASSWORD, "event_id": deed_id},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=PATIENCE_S,
        )
        assert answer.ok, answer.text
        return answer.json()["proof"]


@pytest.fixture
def server(database_url):
    server = ShortLivedServer(database_url, HOUSECALL_LOGIN_LIMIT="100000 per minute")
    server.start()
    yield server
    server.end()


@pytest.fixture
def senders(app, engine, server):
    keyring = keyring_of_app(app)
    with transaction(engine, keyring) as session:
        town = a_town(session)

    def phone_of(holder: Actor) -> str:
        with transaction(engine, keyring) as session:  # by the clock that the server reads
            return register_device(session, "phone", holder, SystemClock()).token

    def fact(number: int) -> dict[str, Any]:
        at = SEVEN + timedelta(seconds=number)
        return {"kind": "en_route", "at": at.isoformat(), "device_seq": number}

    def count(number: int) -> dict[str, Any]:
        return {
            "round_id": str(new_id()), "holder": f"pharmacy:{town.pharmacy_id}", "counted_units": 0,
        }  # fmt: skip

    def waste(number: int) -> dict[str, Any]:
        return {"visit_id": str(town.first_id), "amount_ug": 1, "method": "deactivation_pouch"}

    nurse = a_signer(app, engine, "nina", Role.NURSE, nurse_id=town.nurse_id)
    pharmacist = a_signer(app, engine, "phil", Role.PHARMACIST)
    nurses_phone, officers_phone = phone_of(nurse), phone_of(a_signer(app, engine, "cora", Role.COMPLIANCE))
    with transaction(engine, keyring) as session:
        vial_id = an_open_vial(session, town.pharmacy_id, town.first_id, nurse, pharmacist, SystemClock())
    return (
        Sender(server.base, nurses_phone, f"/visits/{town.first_id}/facts", "event_id", fact),
        Sender(server.base, officers_phone, "/custody/counts", "count_id", count),
        WitnessedSender(
            server.base, nurses_phone, f"/custody/vials/{vial_id}/waste", "event_id", waste,
            emails=("nina@test.example", "phil@test.example"),
        ),
    )  # fmt: skip


AUDITED = ("visit.en_route", "custody.count", "custody.wasted")


def deeds_in(engine) -> tuple[list[str], list[str]]:
    """The ids of all facts, counts and wastes, and those for which something was audited, repeats twice."""
    audited = sa.select(AuditEntryRow).where(AuditEntryRow.action.in_(AUDITED))
    wastes = sa.select(EventRow.id).where(EventRow.kind == "wasted")
    with engine.connect() as connection:
        stored = [
            deed_id
            for wanted in (sa.select(VisitFactRow.id), sa.select(CountRow.id), wastes)
            for deed_id in connection.scalars(wanted)
        ]
        entries = [row.detail.get("event_id") or str(row.subject_id) for row in connection.execute(audited)]
    return sorted(map(str, stored)), sorted(entries)


def every_waste_has_its_leaf(app, engine, wastes: Sender) -> None:
    """Each acknowledged waste is proved in the log, and the drug of all of them went, once."""
    with transaction(engine, keyring_of_app(app)) as session:
        assert set(map(UUID, wastes.acknowledged)) <= proven_events(session)
        wasted = session.scalar(sa.select(BalanceRow.balance_ug).where(BalanceRow.account == "waste"))
    assert (wasted or 0) == len(wastes.bodies)  # 1 ug each


def test_what_was_acknowledged_survives_the_servers_death_once(app, server, senders, engine, capsys):
    random, kills = Random(20261123), KILLS[engine.dialect.name]
    for number in range(1, kills + 1):
        reached = Event()
        enough = random.randint(1, MOST_SENT)
        leader = senders[random.randrange(len(senders))]
        threads = [
            Thread(target=each.burst, args=(enough, reached if each is leader else Event()))
            for each in senders
        ]
        for thread in threads:
            thread.start()
        assert reached.wait(PATIENCE_S)
        Event().wait(random.uniform(0, LONGEST_FLIGHT_S))  # somewhere inside a request
        server.kill()
        for thread in threads:
            thread.join()
        stored, audited = deeds_in(engine)
        promised = {deed_id for each in senders for deed_id in each.acknowledged}
        assert promised <= set(stored)
        assert stored == audited  # a deed and its trace, or neither
        server.start()
        for each in senders:
            each.try_again()
        sent = sorted(deed_id for each in senders for deed_id in each.bodies)
        assert deeds_in(engine) == (sent, sent)
        if number % 10 == 0:  # a long run that is cut short has said how far it came
            every_waste_has_its_leaf(app, engine, senders[-1])
            with capsys.disabled():
                print(f"{engine.dialect.name}: {number} of {kills} deaths, {len(sent)} deeds, each once")
    every_waste_has_its_leaf(app, engine, senders[-1])

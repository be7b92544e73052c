"""The server is killed in the middle of its work: what it acknowledged is there, once.

Two clients send deeds, each with a key of its own. What was not acknowledged is sent again with the same
key, as a phone does. ``HOUSECALL_TEST_KILLS=150`` makes a long run of it.
"""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from threading import Event, Thread
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from dispatch.audit.records import AuditEntryRow
from dispatch.custody.records import CountRow
from dispatch.identity.service import register_device
from dispatch.kernel.actor import AccountId, Actor, Role
from dispatch.kernel.clock import SystemClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.visits.records import VisitFactRow
from tests.builders.server import Server
from tests.builders.visits import SEVEN, a_town
from tests.builders.web import a_person, keyring_of_app

KILLS = int(os.environ.get("HOUSECALL_TEST_KILLS", "3"))
MOST_SENT = 40
LONGEST_FLIGHT_S = 0.02


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
            f"{self.base}/api/v1{self.path}", json=self.bodies[deed_id], headers=headers, timeout=30
        )

    def burst(self, enough: int, reached: Event) -> None:
        """Send until the server is gone; say when `enough` are on their way."""
        for number in range(1, MOST_SENT + 1):
            self.sent += 1
            self.open_deed = deed_id = str(new_id())
            self.bodies[deed_id] = {self.id_field: deed_id} | self.shape(self.sent)
            if number == enough:
                reached.set()
            try:
                self.keep(deed_id, self.send(deed_id))
            except requests.RequestException:
                return

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


@pytest.fixture
def server(database_url):
    server = Server(database_url)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def senders(app, engine, server):
    keyring = keyring_of_app(app)
    with transaction(engine, keyring) as session:
        town = a_town(session)

    def token(*roles: Role, **more: Any) -> str:
        account_id = AccountId(a_person(app, engine, *roles, **more))
        holder = Actor(account_id=account_id, name="test", roles=frozenset(roles))
        with transaction(engine, keyring) as session:  # by the clock that the server reads
            return register_device(session, "phone", holder, SystemClock()).token

    def fact(number: int) -> dict[str, Any]:
        at = SEVEN + timedelta(seconds=number)
        return {"kind": "en_route", "at": at.isoformat(), "device_seq": number}

    def count(number: int) -> dict[str, Any]:
        return {
            "round_id": str(new_id()), "holder": f"pharmacy:{town.pharmacy_id}", "counted_units": 0,
        }  # fmt: skip

    nurse = token(Role.NURSE, nurse_id=town.nurse_id)
    officer = token(Role.COMPLIANCE)
    return (
        Sender(server.base, nurse, f"/visits/{town.first_id}/facts", "event_id", fact),
        Sender(server.base, officer, "/custody/counts", "count_id", count),
    )


def deeds_in(engine) -> tuple[list[str], list[str]]:
    """The ids of all facts and counts, and the ids for which something was audited, repeated ones twice."""
    audited = sa.select(AuditEntryRow).where(AuditEntryRow.action.in_(["visit.en_route", "custody.count"]))
    with engine.connect() as connection:
        stored = [
            *connection.scalars(sa.select(VisitFactRow.id)),
            *connection.scalars(sa.select(CountRow.id)),
        ]
        entries = [row.detail.get("event_id") or str(row.subject_id) for row in connection.execute(audited)]
    return sorted(map(str, stored)), sorted(entries)


def test_what_was_acknowledged_survives_the_servers_death_once(server, senders, engine):
    random = Random(20261123)
    # A dead client is all that PostgreSQL sees of it, so fewer deaths do.
    for _ in range(KILLS if engine.dialect.name == "sqlite" else -(-KILLS // 3)):
        reached = Event()
        enough = random.randint(1, MOST_SENT)
        threads = [
            Thread(target=each.burst, args=(enough, reached if each is senders[0] else Event()))
            for each in senders
        ]
        for thread in threads:
            thread.start()
        assert reached.wait(60)
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

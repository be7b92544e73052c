"""The connection to PostgreSQL breaks at the COMMIT: before it arrives, or before its answer does.

The server cannot know which. The client repeats its deed under the same key, and it is there exactly once:
a fact, a blind count with its leaf, a waste that two people signed with its leaf.
``HOUSECALL_TEST_CUTS=300`` makes a long run of it.
"""

import os
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from api.db import db
from dispatch.audit.records import AuditEntryRow
from dispatch.custody.log.records import LeafRow
from dispatch.custody.records import CountRow, EventRow
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.storage import transaction
from dispatch.visits.records import VisitFactRow
from tests.builders.bedside import a_signer, an_open_vial
from tests.builders.cutting_proxy import Cut, CuttingProxy
from tests.builders.proven_log import proven_events
from tests.builders.visits import SEVEN, a_town
from tests.builders.web import PASSWORD, a_person, a_phone, keyring_of_app, make_app

CUTS = int(os.environ.get("HOUSECALL_TEST_CUTS", "3"))


@pytest.fixture
def proxy(postgresql_database):
    straight = make_url(postgresql_database)
    proxy = CuttingProxy(straight.host or "127.0.0.1", straight.port or 5432)
    yield proxy
    proxy.end()


@pytest.fixture
def cut_off(app, engine, clock, proxy):
    """An app that reaches its database through the proxy."""
    url = engine.url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
    app = make_app(url, clock)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def town(app, engine):
    with transaction(engine, keyring_of_app(app)) as session:
        return a_town(session)


def deeds_of(kind: str, town) -> tuple[str, Role, dict[str, str]]:
    """Where a deed is sent, by whom, and what it says apart from its id."""
    if kind == "fact":
        return f"/api/v1/visits/{town.first_id}/facts", Role.NURSE, {"kind": "en_route"}
    holder = f"pharmacy:{town.pharmacy_id}"
    return "/api/v1/custody/counts", Role.COMPLIANCE, {"holder": holder, "counted_units": 0}


AUDITED = ("visit.en_route", "custody.count", "custody.wasted")


def stored(engine) -> tuple[int, int, int, int]:
    """How many facts, counts, wastes and audit entries of them there are."""
    audited = sa.select(AuditEntryRow.id).where(AuditEntryRow.action.in_(AUDITED))
    wastes = sa.select(EventRow.id).where(EventRow.kind == "wasted")
    with engine.connect() as connection:
        return tuple(
            len(connection.execute(wanted).all())
            for wanted in (sa.select(VisitFactRow.id), sa.select(CountRow.id), wastes, audited)
        )


def leaves(engine, kind: str) -> int:
    """How many leaves of a kind the log has."""
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).where(LeafRow.kind == kind))


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("kind", ["fact", "count"])
@pytest.mark.parametrize("cut", list(Cut))
def test_a_deed_cut_off_at_its_commit_is_there_once(cut_off, engine, town, proxy, kind, cut):
    path, role, said = deeds_of(kind, town)
    phone = a_phone(cut_off, engine, a_person(cut_off, engine, role, nurse_id=town.nurse_id))
    for number in range(1, CUTS + 1):
        deed_id = str(new_id())
        body = said | (
            {"event_id": deed_id, "at": (SEVEN + timedelta(seconds=number)).isoformat()}
            if kind == "fact"
            else {"count_id": deed_id, "round_id": str(new_id())}
        )
        key = {"Idempotency-Key": deed_id}
        proxy.cut = cut
        lost = phone.post(path, json=body, headers=key)
        assert (lost.status_code, proxy.cuts) == (503, number)
        assert sum(stored(engine)) == 2 * (number if cut is Cut.AFTER else number - 1)
        again = phone.post(path, json=body, headers=key)
        assert again.status_code == 201
        assert ("Idempotency-Replayed" in again.headers) == (cut is Cut.AFTER)
        assert sum(stored(engine)) == 2 * number
        assert leaves(engine, "count") == (number if kind == "count" else 0)


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("cut", list(Cut))
def test_a_signed_waste_cut_off_at_its_commit_is_there_once_with_its_leaf(
    cut_off, app, engine, town, clock, proxy, cut
):
    nina = a_signer(app, engine, "nina", Role.NURSE, nurse_id=town.nurse_id)
    phil = a_signer(app, engine, "phil", Role.PHARMACIST)
    with transaction(engine, keyring_of_app(app)) as session:
        vial_id = an_open_vial(session, town.pharmacy_id, town.first_id, nina, phil, clock)
    phone = a_phone(cut_off, engine, nina.account_id)
    for number in range(1, CUTS + 1):
        deed_id = str(new_id())
        proofs = {
            field: phone.post(
                "/api/v1/proofs",
                json={"email": f"{name}@test.example", "secret": PASSWORD, "event_id": deed_id},
            ).json["proof"]
            for field, name in (("proof", "nina"), ("witness_proof", "phil"))
        }
        body = proofs | {
            "event_id": deed_id, "visit_id": str(town.first_id), "amount_ug": 1,
            "method": "deactivation_pouch",
        }  # fmt: skip
        sent = {"json": body, "headers": {"Idempotency-Key": deed_id}}
        before = leaves(engine, "event")
        proxy.cut = cut
        assert phone.post(f"/api/v1/custody/vials/{vial_id}/waste", **sent).status_code == 503
        assert leaves(engine, "event") == before + (cut is Cut.AFTER)
        again = phone.post(f"/api/v1/custody/vials/{vial_id}/waste", **sent)
        assert again.status_code == 201, again.text
        assert stored(engine)[2:] == (number, number)
        assert leaves(engine, "event") == before + 1
    with transaction(engine, keyring_of_app(app)) as session:
        proven_events(session)


def test_two_at_once_under_one_key_are_one_deed(app, engine, town):
    """A phone's second try may overtake its first: both get the same answer."""
    path, role, said = deeds_of("count", town)
    phone = a_phone(app, engine, a_person(app, engine, role))
    body = said | {"count_id": str(new_id()), "round_id": str(new_id())}
    headers = {"Idempotency-Key": "k", "Authorization": f"Bearer {phone.token}"}
    answers, start = [], Barrier(4)

    def send() -> None:
        start.wait(10)
        answers.append(app.test_client().post(path, json=body, headers=headers))

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.data for answer in answers}) == 1
    assert stored(engine) == (0, 1, 0, 1)

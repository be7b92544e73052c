"""A test of the tests: three laws of custody are broken on purpose, and the law's own test must notice.

Each mutant is caught twice. First by the database, which holds the law by itself and says which. Then, with
that guard taken away, by the test that is written for the law: a failure of anything else would not count.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from sqlalchemy import Engine, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.custody import ledger, service
from dispatch.custody.log import service as log
from dispatch.custody.records import SignatureRow
from dispatch.custody.rules import bedside, signing
from dispatch.kernel.row import Row
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import open_engine
from tests.builders import custody_laws
from tests.builders.custody import LABEL_UG, MG, Scene, a_draw, a_waste, an_opening, given, opened, picked_up
from tests.dispatch.custody import test_attacks
from tests.dispatch.custody.test_state_machine import SETTINGS, run_machines

KEYRING = Keyring({1: b"k" * 32}, 1, b"i" * 32)
# Ends at the first day that shows it; which one that is, hangs on every literal of the code under test.
FEW = settings(SETTINGS, max_examples=500)


@pytest.fixture
def bare_engine(tmp_path: Path) -> Iterator[Engine]:
    """An SQLite file without tables."""
    engine = open_engine(f"sqlite:///{tmp_path / 'bare.sqlite'}")
    yield engine
    engine.dispose()


@contextmanager
def without_guard(*names: str) -> Iterator[None]:
    """Let `create_all` make tables without these triggers of the ledger."""

    def taken_away(_target: Any, connection: sa.Connection, **_more: Any) -> None:
        for name in names:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")

    sa.event.listen(Row.metadata, "after_create", taken_away)
    yield
    sa.event.remove(Row.metadata, "after_create", taken_away)


# 1: one microgram more than the vial can give.


def one_microgram_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule sees a vial that may give 1 ug more than it may."""
    decide = bedside.decide_draw

    def mutant(vial, *rest, **more):
        return decide(replace(vial, overfill_left_ug=vial.overfill_left_ug + 1), *rest, **more)

    monkeypatch.setattr("dispatch.custody.service.bedside.decide_draw", mutant)


def test_the_database_refuses_one_microgram_too_many(session: Session, monkeypatch) -> None:
    one_microgram_more(monkeypatch)
    scene = opened(session)
    with pytest.raises(IntegrityError, match="no more overfill than its cap"):
        service.draw(session, a_draw(scene, LABEL_UG + 1), scene.nurse, scene.clock)


def test_the_machine_notices_one_microgram_too_many(tmp_path: Path, monkeypatch) -> None:
    one_microgram_more(monkeypatch)
    with (
        without_guard("custody_closing_overfill_capped"),
        pytest.raises(AssertionError, match=r"draw: moved .* where the pencil says claimed"),
    ):
        run_machines(tmp_path, FEW)


# 2: the actor witnesses by a second account.


def second_accounts_may_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule compares accounts and sessions, but forgets that a person may have two."""
    rule = signing.witness_is_not_actor

    def mutant(account_id, person_ref, session_refs, witness):
        return rule(account_id, "somebody else", session_refs, witness)

    monkeypatch.setattr(signing, "witness_is_not_actor", mutant)


def test_the_database_refuses_the_actors_second_account(session: Session, monkeypatch) -> None:
    second_accounts_may_witness(monkeypatch)
    scene = given(session)
    command = a_waste(scene, MG, witness=scene.proof(scene.second_account))
    with pytest.raises(IntegrityError, match=r"custody_signature.*person_ref"):
        service.waste_residual(session, command, scene.nurse, scene.clock)


def test_attack_5_notices_the_actors_second_account(bare_engine: Engine, monkeypatch) -> None:
    second_accounts_may_witness(monkeypatch)
    table = SignatureRow.__table__
    (one_signature_a_person,) = [
        each
        for each in table.constraints
        if isinstance(each, UniqueConstraint) and [c.name for c in each.columns] == ["event_id", "person_ref"]
    ]
    table.constraints.remove(one_signature_a_person)
    try:
        Row.metadata.create_all(bare_engine)
    finally:
        table.constraints.add(one_signature_a_person)
    with (
        Session(bare_engine, info={"keyring": KEYRING}) as session,
        pytest.raises(pytest.fail.Exception, match=r"DID NOT RAISE .*Forbidden"),
    ):
        test_attacks.test_the_actors_second_account_cannot_witness(session)


# 3: the leaf is written outside the event's transaction.


def leaf_after_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The leaf is left for later: it is written once the event's transaction is over."""
    append = log.append

    def later(session: Session, *what: Any) -> int:
        engine = session.get_bind()

        @sa.event.listens_for(session, "after_commit", once=True)
        def write(_session: Session) -> None:
            with Session(engine) as own, own.begin():
                append(own, *what[:3])

        return what[3].leaf_index

    monkeypatch.setattr(ledger.log, "append", later)


def committed(session: Session) -> Scene:
    """A nurse with a sealed vial."""
    scene = picked_up(session)
    session.commit()
    return scene


def an_event_and_its_leaf_stand_or_fall_together(session: Session, scene: Scene) -> None:
    """The law's own test: the leaf is there before the transaction ends, and gone when it falls."""
    service.open_container(session, an_opening(scene), scene.nurse, scene.clock)
    custody_laws.every_event_has_its_leaf(session)
    session.rollback()
    custody_laws.every_event_has_its_leaf(session)


def test_an_event_and_its_leaf_stand_or_fall_together(session: Session) -> None:
    an_event_and_its_leaf_stand_or_fall_together(session, committed(session))


def test_the_database_closes_no_event_before_its_leaf(session: Session, monkeypatch) -> None:
    scene = committed(session)
    leaf_after_commit(monkeypatch)
    with pytest.raises(IntegrityError, match="closes when its leaf stands in the log"):
        service.open_container(session, an_opening(scene), scene.nurse, scene.clock)


def test_the_law_of_leaves_notices_one_that_is_late(bare_engine: Engine, monkeypatch) -> None:
    with without_guard("custody_closing_logged"):
        Row.metadata.create_all(bare_engine)
    with Session(bare_engine, info={"keyring": KEYRING}) as session:
        scene = committed(session)
        an_event_and_its_leaf_stand_or_fall_together(session, scene)
        leaf_after_commit(monkeypatch)
        with pytest.raises(AssertionError, match="an event without its leaf"):
            an_event_and_its_leaf_stand_or_fall_together(session, scene)


def test_without_a_mutant_the_machine_is_content(tmp_path: Path, monkeypatch) -> None:
    """It is the mutant that is noticed, not the missing guard."""
    with without_guard("custody_closing_overfill_capped"):
        run_machines(tmp_path, settings(SETTINGS, max_examples=5))

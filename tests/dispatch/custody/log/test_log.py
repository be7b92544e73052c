"""Leaves in the transaction of their events, checkpoints, proofs, rotation; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from dispatch.custody import service as custody
from dispatch.custody.log import queries, service, tree
from dispatch.custody.log.checkpoint import Checkpoint, handed_over
from dispatch.custody.log.note import Note, Verifier
from dispatch.custody.log.publishing import checkpoint_is_due, publish_checkpoint
from dispatch.custody.log.records import HeadRow, LeafRow, LogKeyRow, NodeRow
from dispatch.custody.records import ClosingRow, EventRow
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import transaction
from tests.builders.custody import a_draw, a_scene, given, opened, wasted
from tests.builders.log import HOURLY, LOG_KEY, NEXT_KEY, published


def leaves_of(session: Session) -> list[Any]:
    return list(session.scalars(select(LeafRow).order_by(LeafRow.leaf_index)))


def test_every_event_has_its_leaf_in_order(session: Session) -> None:
    wasted(session)
    events = session.scalars(select(EventRow).order_by(EventRow.leaf_index)).all()
    leaves = leaves_of(session)
    assert [leaf.leaf_index for leaf in leaves] == list(range(len(events))) == [e.leaf_index for e in events]
    assert [leaf.entry_id for leaf in leaves] == [event.id for event in events]
    assert [leaf.leaf_hash for leaf in leaves] == [tree.leaf_hash(event.canonical) for event in events]
    assert queries.size_of(session) == len(events)


def test_the_root_is_that_of_the_canonical_bytes_alone(session: Session) -> None:
    wasted(session)
    hashes = [tree.leaf_hash(each) for each in session.scalars(
        select(EventRow.canonical).order_by(EventRow.leaf_index)
    )]  # fmt: skip
    peaks: list[bytes] = []
    for index, leaf in enumerate(hashes):
        peaks, _ = tree.grown(index, peaks, leaf)
        assert queries.root(session, index + 1) == tree.root_of_peaks(peaks)


def test_a_rolled_back_event_takes_its_leaf_along(session: Session) -> None:
    scene = opened(session)
    session.commit()
    before, root = queries.size_of(session), queries.root(session, queries.size_of(session))
    custody.draw(session, a_draw(scene), scene.nurse, scene.clock)
    assert queries.size_of(session) == before + 1
    session.rollback()
    assert queries.size_of(session) == before
    custody.draw(session, a_draw(scene), scene.nurse, scene.clock)
    session.commit()
    assert [leaf.leaf_index for leaf in leaves_of(session)] == list(range(before + 1))
    found = queries.prove_consistency(session, before)
    assert tree.consistency_holds(before, before + 1, found.proof, root, found.new_root)


def test_another_row_becomes_a_leaf_with_its_bytes(session: Session) -> None:
    entry = new_id()
    assert service.append(session, "count", entry, b"counted") == 0
    assert leaves_of(session)[0].content == b"counted"
    assert queries.prove_inclusion(session, entry, kind="count").proof == ()
    with pytest.raises(IntegrityError):
        service.append(session, "count", entry, b"counted again")


def test_eight_writers_at_once_leave_no_gap(engine: Engine, keyring: Keyring) -> None:
    def write(writer: int) -> None:
        for each in range(6):
            with transaction(engine, keyring) as session:
                service.append(session, "count", new_id(), b"%d %d" % (writer, each))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with Session(engine) as session:
        leaves = leaves_of(session)
        assert [leaf.leaf_index for leaf in leaves] == list(range(48))
        assert queries.size_of(session) == 48
        peaks: list[bytes] = []
        for index, leaf in enumerate(leaves):
            peaks, _ = tree.grown(index, peaks, tree.leaf_hash(leaf.content))
        assert queries.root(session, 48) == tree.root_of_peaks(peaks)


def test_proofs_hold_for_every_leaf_and_size(session: Session) -> None:
    entries = [new_id() for _ in range(21)]
    for entry in entries:
        service.append(session, "count", entry, entry.bytes)
    roots = [queries.root(session, size) for size in range(22)]
    for size in range(1, 22):
        for index in range(size):
            found = queries.prove_inclusion(session, entries[index], size, "count")
            assert (found.leaf_index, found.root_hash) == (index, roots[size])
            assert tree.inclusion_holds(found.leaf_hash, index, size, found.proof, roots[size])
        old = queries.prove_consistency(session, size // 2, size)
        assert tree.consistency_holds(size // 2, size, old.proof, roots[size // 2], roots[size])


def test_no_proof_leads_beyond_the_log(session: Session) -> None:
    entry = new_id()
    service.append(session, "count", entry, b"1")
    with pytest.raises(Invalid):
        queries.prove_inclusion(session, entry, 2, "count")
    with pytest.raises(NotFound):
        queries.prove_inclusion(session, entry, 0, "count")
    with pytest.raises(NotFound):
        queries.prove_inclusion(session, new_id())
    with pytest.raises(Invalid):
        queries.prove_consistency(session, 0, 2)
    with pytest.raises(Invalid):
        queries.prove_consistency(session, 2, 1)


# Guards.


def test_leaves_nodes_and_head_are_not_rewritten(session: Session) -> None:
    wasted(session)
    session.commit()
    for change in (
        update(LeafRow).where(LeafRow.leaf_index == 0).values(kind="x"),
        delete(LeafRow).where(LeafRow.leaf_index == 0),
        update(NodeRow).values(hash=bytes(32)),
        delete(NodeRow),
        delete(HeadRow),
        update(HeadRow).values(size=HeadRow.size - 1),
        update(HeadRow).values(peaks=bytes(32)),
        update(HeadRow).values(size=HeadRow.size + 1),
    ):
        with pytest.raises(IntegrityError):
            session.execute(change)
        session.rollback()


def test_a_leaf_leaves_no_gap(session: Session) -> None:
    leaf = {"leaf_index": 1, "kind": "x", "entry_id": new_id(), "leaf_hash": bytes(32), "content": b""}
    with pytest.raises(IntegrityError, match="without a gap"):
        session.execute(insert(LeafRow), [leaf])


def test_an_event_does_not_close_without_its_leaf(session: Session, monkeypatch: Any) -> None:
    scene = given(session)
    monkeypatch.setattr("dispatch.custody.ledger.log.append", lambda *_: 0)
    with pytest.raises(IntegrityError, match="its leaf stands in the log"):
        custody.draw(session, a_draw(scene), scene.nurse, scene.clock)


@pytest.mark.postgresql
def test_log_tables_are_not_emptied(postgresql_database: str, database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("TRUNCATE is PostgreSQL's")
    from dispatch.kernel.storage import open_engine

    engine = open_engine(database_url)
    for table in ("leaf", "node", "head", "key", "checkpoint", "cosignature", "timestamp"):
        with engine.connect() as connection, pytest.raises(DBAPIError):
            connection.execute(text(f"TRUNCATE custody_log_{table} CASCADE"))
    engine.dispose()


# Checkpoints.


def test_a_checkpoint_states_size_and_root_under_the_logs_key(session: Session) -> None:
    scene = wasted(session)
    number = publish_checkpoint(session, [LOG_KEY], HOURLY, scene.clock)
    found = queries.checkpoint(session)
    assert (number, found.number) == (1, 1)
    note = Note.read(found.note)
    assert note.signed_by([LOG_KEY.verifier]) == (LOG_KEY.verifier,)
    size = queries.size_of(session)
    assert Checkpoint.read(note.text) == Checkpoint(LOG_KEY.name, size, queries.root(session, size))


def test_a_checkpoint_is_signed_when_it_is_due_and_not_before(session: Session, clock: SetClock) -> None:
    due = lambda: checkpoint_is_due(session, [LOG_KEY], HOURLY, clock)  # noqa: E731
    assert not due()
    assert publish_checkpoint(session, [LOG_KEY], HOURLY, clock) is None
    service.append(session, "count", new_id(), b"1")
    assert due()
    assert publish_checkpoint(session, [LOG_KEY], HOURLY, clock) == 1
    clock.advance(HOURLY)
    assert not due()
    assert publish_checkpoint(session, [LOG_KEY], HOURLY, clock) is None
    service.append(session, "count", new_id(), b"2")
    clock.advance(-timedelta(seconds=1))
    assert not due()
    clock.advance(timedelta(seconds=1))
    assert due()
    assert publish_checkpoint(session, [LOG_KEY], HOURLY, clock) == 2


def test_each_checkpoint_continues_the_one_before(session: Session, clock: SetClock) -> None:
    for each in range(1, 8):
        for _ in range(each):
            service.append(session, "count", new_id(), b"x")
        publish_checkpoint(session, [LOG_KEY], timedelta(0), clock)
    all_of_them = queries.checkpoints(session)
    assert [each.number for each in all_of_them] == list(range(1, 8))
    for before, after in pairwise(all_of_them):
        proof = queries.prove_consistency(session, before.size, after.size).proof
        assert tree.consistency_holds(before.size, after.size, proof, before.root_hash, after.root_hash)


def test_a_new_key_is_handed_over_and_signs_at_once(session: Session, clock: SetClock) -> None:
    service.append(session, "count", new_id(), b"1")
    publish_checkpoint(session, [LOG_KEY], HOURLY, clock)
    assert publish_checkpoint(session, [LOG_KEY, NEXT_KEY], HOURLY, clock) == 2
    first, second = queries.keys(session)
    assert (first.verifier, first.hand_over) == (str(LOG_KEY.verifier), None)
    assert handed_over(Note.read(second.hand_over), Verifier.read(first.verifier)) == NEXT_KEY.verifier
    before, after = queries.checkpoints(session)
    assert Note.read(before.note).signed_by([LOG_KEY.verifier])
    assert Note.read(after.note).signed_by([NEXT_KEY.verifier])
    leaf = leaves_of(session)[-1]
    assert leaf.kind == "log_key"
    assert after.size == leaf.leaf_index + 1
    # The old key is not needed any more.
    service.append(session, "count", new_id(), b"2")
    assert publish_checkpoint(session, [NEXT_KEY], timedelta(0), clock) == 3


def test_a_key_that_nobody_handed_over_signs_nothing(session: Session, clock: SetClock) -> None:
    service.append(session, "count", new_id(), b"1")
    publish_checkpoint(session, [LOG_KEY], HOURLY, clock)
    with pytest.raises(Conflict, match="log_key_not_handed_over"):
        publish_checkpoint(session, [NEXT_KEY], HOURLY, clock)
    assert session.scalars(select(LogKeyRow)).one().verifier == str(LOG_KEY.verifier)


def test_a_key_that_was_replaced_does_not_come_back(session: Session, clock: SetClock) -> None:
    service.append(session, "count", new_id(), b"1")
    for keys in ([LOG_KEY], [LOG_KEY, NEXT_KEY]):
        publish_checkpoint(session, keys, HOURLY, clock)
    with pytest.raises(Conflict, match="log_key_was_replaced"):
        publish_checkpoint(session, [NEXT_KEY, LOG_KEY], HOURLY, clock)


def test_checkpoints_are_not_rewritten(session: Session) -> None:
    published(session, a_scene(session).clock)
    session.commit()
    for table in ("checkpoint", "key"):
        with pytest.raises(IntegrityError, match="append-only"):
            session.execute(text(f"DELETE FROM custody_log_{table}"))
        session.rollback()


def test_no_patient_stands_in_a_leaf(session: Session) -> None:
    scene = wasted(session)
    for event in session.scalars(select(EventRow)):
        for form in (str(scene.visit_id), scene.visit_id.hex):
            assert form.encode() not in event.canonical
    said = session.scalars(select(EventRow).where(EventRow.visit_id.is_not(None))).first()
    assert len(said.visit_salt) == 16
    assert said.visit_salt.hex().encode() not in said.canonical


def test_two_events_of_one_visit_are_not_linked_by_their_leaves(session: Session) -> None:
    wasted(session)
    events = session.scalars(select(EventRow).where(EventRow.visit_id.is_not(None))).all()
    assert len(events) > 1
    assert len({event.visit_salt for event in events}) == len(events)
    assert session.scalar(select(ClosingRow.event_id).limit(1)) is not None

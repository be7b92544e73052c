"""Attacks 6 to 9 of the custody rules: what an owner of the database can do to the log, and who notices.

The attacker may switch triggers off, as only the tables' owner can (docs/operations.md: the serving role is
not), rewrite rows, and knows everything but the keys; in attack 8 even the log's own key.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from api.witness import Witness, make_folder
from dispatch.custody.log import queries, service, tree
from dispatch.custody.log.checkpoint import Checkpoint
from dispatch.custody.log.note import Note
from dispatch.custody.log.publishing import publish_checkpoint
from dispatch.custody.log.records import CheckpointRow, HeadRow, LeafRow, NodeRow
from dispatch.custody.log.witness import Submission
from dispatch.custody.records import EventRow
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict
from tests.builders.custody import wasted
from tests.builders.log import HOURLY, LOG_KEY, published

TABLES = (
    "custody_event",
    "custody_log_leaf",
    "custody_log_node",
    "custody_log_head",
    "custody_log_checkpoint",
)
Change = Callable[[Session], Any]


def tamper(session: Session, change: Change) -> None:
    """Do what the database's owner can: switch the triggers off, change rows, switch them on again."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        change(session)
        session.execute(text("SET LOCAL session_replication_role = origin"))
    else:
        asked = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = session.connection().exec_driver_sql(asked).all()
        for name, _sql in triggers:
            session.connection().exec_driver_sql(f"DROP TRIGGER {name}")
        change(session)
        for _name, sql in triggers:
            session.connection().exec_driver_sql(sql)
    session.expire_all()


def grown_by(session: Session, number: int) -> None:
    for _ in range(number):
        service.append(session, "count", new_id(), new_id().bytes)


# Attack 6: a row's actor or body edited.


@pytest.mark.parametrize(
    "edit",
    [
        lambda canonical: canonical.replace(b"person-ada", b"person-bea"),
        lambda canonical: canonical.replace(b'"amount_ug":', b'"amount_ug":1'),
        lambda canonical: canonical[:-1] + b" }",
        lambda canonical: b"",
    ],
)
def test_an_edited_body_names_its_leaf_and_stops_the_next_checkpoint(
    session: Session, edit: Callable[[bytes], bytes]
) -> None:
    scene = wasted(session)
    event = session.scalars(select(EventRow).where(EventRow.kind == "drawn")).one()
    changed = edit(event.canonical)
    assert changed != event.canonical
    with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
        session.execute(update(EventRow).where(EventRow.id == event.id).values(canonical=changed))
    index = event.leaf_index
    tamper(
        session,
        lambda s: s.execute(update(EventRow).where(EventRow.id == event.id).values(canonical=changed)),
    )
    assert queries.first_wrong_leaf(session, 0, queries.size_of(session)) == index
    with pytest.raises(Conflict) as refused:
        publish_checkpoint(session, [LOG_KEY], HOURLY, scene.clock)
    assert refused.value.reasons[0].code == "leaf_differs"
    assert f"Leaf {index} " in refused.value.reasons[0].text


def test_a_body_edited_with_its_leaf_does_not_lead_to_the_signed_root(session: Session) -> None:
    scene = wasted(session)
    signed = published(session, scene.clock)
    event = session.scalars(select(EventRow).where(EventRow.kind == "drawn")).one()
    forged = event.canonical.replace(b"person-ada", b"person-bea")

    def edit(s: Session) -> None:
        hashes = {"canonical": forged, "event_hash": tree.sha256(forged).digest()}
        s.execute(text("DELETE FROM custody_signature"))
        s.execute(update(EventRow).where(EventRow.id == event.id).values(**hashes))
        s.execute(
            update(LeafRow).where(LeafRow.entry_id == event.id).values(leaf_hash=tree.leaf_hash(forged))
        )

    tamper(session, edit)
    found = queries.prove_inclusion(session, event.id, signed.size)
    assert not tree.inclusion_holds(
        found.leaf_hash, found.leaf_index, signed.size, found.proof, signed.root_hash
    )


def test_a_deleted_event_names_its_leaf(session: Session) -> None:
    wasted(session)
    event = session.scalars(select(EventRow).where(EventRow.kind == "drawn")).one()
    index, event_id = event.leaf_index, event.id
    if session.get_bind().dialect.name == "sqlite":
        session.commit()
        session.execute(text("SELECT 1"))
        session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")

    def gone(s: Session) -> None:
        for table, column in (("posting", "event_id"), ("signature", "event_id"), ("closing", "event_id")):
            s.execute(text(f"DELETE FROM custody_{table} WHERE {column} = '{_raw(s, event_id)}'"))
        s.execute(delete(EventRow).where(EventRow.id == event_id))

    tamper(session, gone)
    assert queries.first_wrong_leaf(session, 0, queries.size_of(session)) == index


def _raw(session: Session, key: Any) -> str:
    return key.hex if session.get_bind().dialect.name == "sqlite" else str(key)


# Attack 7: the tail cut off.


def cut_to(size: int) -> Change:
    """Cut the log back to `size` leaves, cleanly: head, nodes and leaves as they were then."""

    def cut(session: Session) -> None:
        peaks = b"".join(
            queries.stored_nodes(session, [place])[place] for place in tree.peaks_of(size)
        )  # fmt: skip
        session.execute(delete(LeafRow).where(LeafRow.leaf_index >= size))
        for place in session.scalars(select(NodeRow.place)).all():
            level, number = divmod(place, 1 << 48)
            if (number + 1) << level > size:
                session.execute(delete(NodeRow).where(NodeRow.place == place))
        session.execute(update(HeadRow).values(size=size, peaks=peaks))

    return cut


def test_a_log_cut_short_fails_against_its_own_checkpoint(session: Session, clock: SetClock) -> None:
    grown_by(session, 13)
    published(session, clock)
    tamper(session, cut_to(9))
    with pytest.raises(Conflict, match="log_shortened"):
        publish_checkpoint(session, [LOG_KEY], HOURLY, clock)


def test_a_log_cut_short_and_written_on_fails_against_any_earlier_checkpoint(
    session: Session, clock: SetClock
) -> None:
    grown_by(session, 13)
    signed = published(session, clock)
    tamper(session, cut_to(9))
    grown_by(session, 8)
    proof = queries.prove_consistency(session, signed.size)
    assert not tree.consistency_holds(
        signed.size, proof.new_size, proof.proof, signed.root_hash, proof.new_root
    )
    with pytest.raises(Conflict, match="log_rewritten"):
        publish_checkpoint(session, [LOG_KEY], HOURLY * 0, clock)


@pytest.fixture
def witness(tmp_path: Path, clock: SetClock) -> Witness:
    """A second party who trusts the log's key."""
    make_folder(tmp_path / "witness", "witness.example/w1")
    found = Witness(tmp_path / "witness", clock)
    found.trust(LOG_KEY.verifier)
    return found


def shown(session: Session, witness: Witness, signed: queries.PublishedCheckpoint, old: int) -> int:
    """Submit a checkpoint with the proof from `old` leaves, and return the witness's status."""
    proof = tuple(queries.consistency(session, old, signed.size)) if old <= signed.size else ()
    body = str(Submission(old, proof, Note.read(signed.signed_note)))
    return witness.add_checkpoint(body.encode())[0]


def no_checkpoints_left(session: Session) -> None:
    """What the thorough attacker also does."""
    tamper(session, lambda s: s.execute(delete(CheckpointRow)))


def test_a_log_cut_short_with_its_checkpoints_fails_at_the_witness(
    session: Session, clock: SetClock, witness: Witness
) -> None:
    grown_by(session, 13)
    assert shown(session, witness, published(session, clock), 0) == 200
    tamper(session, cut_to(9))
    no_checkpoints_left(session)
    signed = published(session, clock)  # nobody inside notices
    assert shown(session, witness, signed, 9) == 409
    assert shown(session, witness, signed, 0) == 409
    assert shown(session, witness, signed, 13) == 400
    kept = list((witness.folder / "refused").iterdir())
    assert [Checkpoint.read(Note.read(each.read_text()).text).size for each in kept] == [9]


# Attack 8: the whole log rebuilt and signed anew, with the log's own key.


def rebuilt(session: Session) -> None:
    """Take one leaf out and build everything anew, as if it had never been."""
    rows = session.execute(
        select(LeafRow.kind, LeafRow.entry_id, LeafRow.content).order_by(LeafRow.leaf_index)
    ).all()

    def build(s: Session) -> None:
        for table in (CheckpointRow, LeafRow, NodeRow, HeadRow):
            s.execute(delete(table))
        peaks: list[bytes] = []
        for index, row in enumerate(rows[:4] + rows[5:]):
            hashed = tree.leaf_hash(row.content)
            peaks, made = tree.grown(index, peaks, hashed)
            leaf = row._asdict() | {"leaf_index": index, "leaf_hash": hashed}
            s.execute(insert(LeafRow), [leaf])
            for (level, number), found in made:
                s.execute(insert(NodeRow), [{"place": (level << 48) + number, "hash": found}])
        s.execute(insert(HeadRow), [{"id": 1, "size": len(rows) - 1, "peaks": b"".join(peaks)}])

    tamper(session, build)


def test_a_rebuilt_log_fails_against_a_witnessed_checkpoint(
    session: Session, clock: SetClock, witness: Witness
) -> None:
    grown_by(session, 13)
    before = published(session, clock)
    assert shown(session, witness, before, 0) == 200
    rebuilt(session)
    grown_by(session, 5)
    signed = published(session, clock)  # with the right key: inside all is in order
    assert queries.first_wrong_leaf(session, 0, signed.size) is None
    assert Note.read(signed.note).signed_by([LOG_KEY.verifier])
    # No proof joins it to what the witness holds, so it never gets a second signature...
    assert shown(session, witness, signed, before.size) == 422
    assert shown(session, witness, signed, 0) == 409
    # ... and an inspector who holds the witnessed note sees it without asking anybody.
    proof = queries.prove_consistency(session, before.size, signed.size)
    assert not tree.consistency_holds(
        before.size, signed.size, proof.proof, before.root_hash, signed.root_hash
    )
    assert len(list((witness.folder / "refused").iterdir())) == 1


def test_a_rebuilt_log_of_the_same_size_fails_at_the_witness(
    session: Session, clock: SetClock, witness: Witness
) -> None:
    grown_by(session, 13)
    before = published(session, clock)
    assert shown(session, witness, before, 0) == 200
    rebuilt(session)
    grown_by(session, 1)
    signed = published(session, clock)
    assert (signed.size, signed.root_hash != before.root_hash) == (before.size, True)
    assert shown(session, witness, signed, before.size) == 422
    assert shown(session, witness, before, before.size) == 200


# Attack 9: TRUNCATE, or triggers switched off.


def test_truncate_is_refused(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite knows no TRUNCATE; its DELETE without a condition fires the triggers")
    for table in TABLES:
        with engine.connect() as connection, pytest.raises(DBAPIError):
            connection.execute(text(f"TRUNCATE {table} CASCADE"))


@pytest.mark.parametrize("table", TABLES)
def test_a_delete_of_everything_is_refused(session: Session, table: str) -> None:
    scene = wasted(session)
    published(session, scene.clock)
    with pytest.raises(IntegrityError):
        session.execute(text(f"DELETE FROM {table}"))


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (
            lambda s: s.execute(update(NodeRow).where(NodeRow.place == 1 << 48).values(hash=bytes(32))),
            "log_proof_fails",
        ),
        (lambda s: s.execute(delete(NodeRow).where(NodeRow.place == 3 << 48)), "log_node_missing"),
        (
            lambda s: s.execute(update(LeafRow).where(LeafRow.leaf_index == 8).values(content=b"x")),
            "leaf_differs",
        ),
        (
            lambda s: s.execute(update(LeafRow).where(LeafRow.leaf_index == 8).values(leaf_hash=bytes(32))),
            "leaf_differs",
        ),
        (lambda s: s.execute(delete(LeafRow).where(LeafRow.leaf_index == 10)), "leaf_differs"),
        (lambda s: s.execute(update(HeadRow).values(peaks=bytes(96))), "log_nodes_differ"),
        (lambda s: s.execute(update(CheckpointRow).values(root_hash=bytes(32))), "log_rewritten"),
    ],
)
def test_what_was_done_with_triggers_off_is_detected(
    session: Session, clock: SetClock, what: Change, code: str
) -> None:
    grown_by(session, 7)
    published(session, clock)
    grown_by(session, 6)
    tamper(session, what)
    assert _detected(session, clock) == code


def _detected(session: Session, clock: SetClock) -> str:
    """What the publisher says; a node below the ones it needs shows when leaves are proved."""
    try:
        publish_checkpoint(session, [LOG_KEY], HOURLY * 0, clock)
    except Conflict as refused:
        return refused.reasons[0].code
    signed = queries.checkpoint(session)
    assert signed is not None
    try:
        for index in range(signed.size):
            leaf = session.scalars(select(LeafRow).where(LeafRow.leaf_index == index)).one()
            found = queries.prove_inclusion(session, leaf.entry_id, signed.size, leaf.kind)
            if not tree.inclusion_holds(
                tree.leaf_hash(leaf.content), index, signed.size, found.proof, signed.root_hash
            ):
                return "log_proof_fails"
    except Conflict as refused:
        return refused.reasons[0].code
    return ""

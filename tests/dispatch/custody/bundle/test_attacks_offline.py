"""Attacks 6, 7 and 8 against the verifier alone, and rows really edited past switched-off triggers."""

import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.custody.bundle.verifier import Bundle, NoBundle
from dispatch.custody.canonical import canonical_bytes
from dispatch.custody.log.note import ED25519, Signer
from dispatch.custody.model import EventKind
from dispatch.custody.service import count, report_exception
from dispatch.kernel.row import Row
from tests.builders.bundles import (
    LOG,
    WITNESS,
    a_bundle,
    a_checkpoint,
    altered,
    faults,
    rows,
    said,
)
from tests.builders.custody import Scene, a_count, a_report, wasted


def a_ledger(session: Session, **more: Any) -> Scene:
    """A day's work under a checkpoint: a wasted vial, a lost one with its case, a count."""
    scene = wasted(session, vials=2, **more)
    report_exception(
        session, a_report(scene, EventKind.LOST, container_id=scene.vials[1]), scene.nurse, scene.clock
    )
    count(session, a_count(scene, 0), scene.nurse, scene.clock)
    a_checkpoint(session, scene.clock.now(), witnessed=True)
    return scene


def without_guards(session: Session, statement: str, **values: Any) -> int:
    """Do what only the database's owner can: edit past triggers, keys and checks."""
    session.flush()
    if session.get_bind().dialect.name == "sqlite":
        triggers = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        kept = session.execute(triggers).all()
        for name, _sql in kept:
            session.execute(sa.text(f"DROP TRIGGER {name}"))
        session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        done = session.execute(sa.text(statement), values)
        for _name, sql in kept:
            session.connection().exec_driver_sql(sql)
    else:
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        done = session.execute(sa.text(statement), values)
        session.execute(sa.text("SET LOCAL session_replication_role = DEFAULT"))
    session.expire_all()
    return int(done.rowcount)  # type: ignore[attr-defined]


def test_an_honest_ledger_is_right(session: Session) -> None:
    scene = a_ledger(session)
    assert faults(a_bundle(session, scene.clock.now())) == []


@pytest.mark.parametrize("limit", ["container_id", "nurse_id", "visit_ids", "since", "until"])
def test_an_honest_part_is_right(session: Session, limit: str) -> None:
    scene = a_ledger(session)
    wish = {
        "container_id": scene.vial,
        "nurse_id": scene.nurse.nurse_id,
        "visit_ids": frozenset({scene.visit_id}),
        "since": scene.clock.now() - timedelta(days=1),
        "until": scene.clock.now() + timedelta(days=1),
    }
    files = a_bundle(session, scene.clock.now(), **{limit: wish[limit]})
    assert faults(files) == []
    assert Bundle.read(files).events


# 6: a row's actor or body is edited in the database.


EDITS = {
    "amount_ug": ("UPDATE custody_event SET amount_ug = amount_ug + 1 WHERE kind = 'wasted'", "amount_ug"),
    "actor": (
        "UPDATE custody_event SET actor_person_ref = 'person-bea' WHERE kind = 'wasted'", "actor_person_ref",
    ),
    "witness": (
        "UPDATE custody_signature SET person_ref = 'person-x' WHERE role = 'witness'", "witness's signature",
    ),
    "posting": ("UPDATE custody_posting SET amount_ug = amount_ug - 1 WHERE account = 'waste'", "posting"),
    "balance": ("UPDATE custody_balance SET balance_ug = 7 WHERE account = 'waste'", "balance is 7 ug"),
    "seal": ("UPDATE custody_container SET seal = 'S-9' WHERE serial = '7F0'", "the row's seal"),
    "visit": ("UPDATE custody_event SET visit_id = NULL WHERE kind = 'wasted'", "visit"),
    "count": ("UPDATE custody_count SET counted_units = 2", "counted_units"),
    "case": ("UPDATE custody_discrepancy SET kind = 'charting'", "signal"),
    "deleted": ("DELETE FROM custody_signature WHERE role = 'witness'", "signatures are not those"),
    "closing": ("DELETE FROM custody_closing", "it is not closed once"),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("shows_visits", [True, False])
def test_an_edited_row_is_named_with_its_leaf(session: Session, edit: str, shows_visits: bool) -> None:
    scene = a_ledger(session)
    statement, words = EDITS[edit]
    assert without_guards(session, statement)
    found = said(a_bundle(session, scene.clock.now(), shows_visits=shows_visits))
    assert words in found
    assert found.startswith("leaf ") or edit == "balance"


def test_a_fault_says_where_and_what(session: Session) -> None:
    scene = a_ledger(session)
    without_guards(session, EDITS["actor"][0])
    found = said(a_bundle(session, scene.clock.now()))
    assert "vial 7F0" in found
    assert "2026-11-23T11:00:00.000000Z" in found
    assert (
        "the row's actor_person_ref is not the one in the signed bytes (person-bea, signed: person-ada)"
        in found
    )


def test_an_edit_that_carries_its_hashes_along_is_not_in_the_signed_log(session: Session) -> None:
    scene = a_ledger(session)
    files = a_bundle(session, scene.clock.now())
    place = next(row for row in rows(files, "custody_event") if row["kind"] == "wasted")
    told = json.loads(place["canonical"])
    content = canonical_bytes(told | {"reason": "charted anew"})
    without_guards(
        session,
        "UPDATE custody_event SET reason = 'charted anew', canonical = :content, event_hash = :hash "
        "WHERE kind = 'wasted'",
        content=content, hash=sha256(content).digest(),
    )  # fmt: skip
    without_guards(
        session,
        "UPDATE custody_signature SET event_hash = :hash WHERE event_hash = :old",
        hash=sha256(content).digest(), old=bytes.fromhex(place["event_hash"]),
    )  # fmt: skip
    named = f"leaf {place['leaf_index']} "
    assert said(a_bundle(session, scene.clock.now())).startswith(named)
    without_guards(
        session,
        "UPDATE custody_log_leaf SET leaf_hash = :hash WHERE leaf_index = :place",
        hash=sha256(b"\0" + content).digest(), place=place["leaf_index"],
    )  # fmt: skip
    whole, part = faults(a_bundle(session, scene.clock.now())), faults(
        a_bundle(session, scene.clock.now(), container_id=scene.vial)
    )  # fmt: skip
    pair = place["leaf_index"] // 2 * 2
    assert whole[0].text.startswith(f"leaves {pair} to {pair + 1}")
    assert any("its root is not that of the leaves" in fault.text for fault in whole)
    assert any(fault.text.startswith(named) and "is not in the log" in fault.text for fault in part)


# 7: the tail is cut off.


def cut(session: Session, keep: int) -> None:
    """Take away the newest leaves, the events they stand for, and what the log says of them."""
    gone = f"SELECT entry_id FROM custody_log_leaf WHERE leaf_index >= {keep}"
    for table in ("posting", "signature", "closing"):
        without_guards(session, f"DELETE FROM custody_{table} WHERE event_id IN ({gone})")
    without_guards(session, f"DELETE FROM custody_event WHERE id IN ({gone})")
    without_guards(session, f"DELETE FROM custody_log_leaf WHERE leaf_index >= {keep}")


def test_a_cut_tail_contradicts_the_logs_own_checkpoint(session: Session) -> None:
    scene = a_ledger(session)
    cut(session, 6)
    for wish in ({"shows_visits": True}, {"container_id": scene.vial}):
        found = faults(a_bundle(session, scene.clock.now(), **wish))
        assert any("its tail was cut off" in fault.text for fault in found)


def test_a_cut_tail_without_its_checkpoint_contradicts_one_kept_outside(session: Session) -> None:
    scene = wasted(session)
    first = a_checkpoint(session, scene.clock.now())
    earlier = a_bundle(session, scene.clock.now())["checkpoint.txt"].decode()
    assert earlier == first
    report_exception(session, a_report(scene, EventKind.LOST), scene.nurse, scene.clock)
    later = a_checkpoint(session, scene.clock.now())
    without_guards(session, "DELETE FROM custody_log_checkpoint WHERE number = 2")
    files = a_bundle(session, scene.clock.now())
    assert said(files, checkpoints={"kept": earlier}) == ""
    assert "its tail was cut off" in said(files, checkpoints={"kept": later})


# 8: the whole log is rebuilt and signed again.


def test_a_log_that_was_rebuilt_and_signed_again_is_sound_in_itself(session: Session) -> None:
    scene = a_ledger(session)
    files = a_bundle(session, scene.clock.now())
    assert said(files, keys=[str(LOG.verifier)], witnesses=[str(WITNESS.verifier)]) == ""


def test_a_log_that_was_rebuilt_fails_against_a_witnessed_checkpoint(session: Session) -> None:
    scene = wasted(session)
    kept = a_checkpoint(session, scene.clock.now(), witnessed=True)
    session.rollback()
    session.expunge_all()
    # The same people, the same key, and a story told anew, with as many leaves.
    again = wasted(session, amount_ug=30_000)
    a_checkpoint(session, again.clock.now())
    files = a_bundle(session, again.clock.now())
    assert said(files) == ""
    assert "the log was rebuilt" in said(files, checkpoints={"the witness's": kept})
    assert "cosigned no checkpoint" in said(files, witnesses=[str(WITNESS.verifier)])


def test_another_key_is_not_the_one_the_reader_knows(session: Session) -> None:
    scene = a_ledger(session)
    other = Signer(LOG.name, ED25519, b"o" * 32)
    files = a_bundle(session, scene.clock.now())
    assert "not signed by a key that you named" in said(files, keys=[str(other.verifier)])


def test_a_checkpoint_of_another_log_says_nothing_about_this_one(session: Session) -> None:
    scene = a_ledger(session)
    files = a_bundle(session, scene.clock.now())
    other = files["checkpoint.txt"].decode().replace(LOG.name, "other.example/log")
    assert "it is of another log" in said(files, checkpoints={"kept": other})


# Files, and what the reader may see.


def test_a_changed_file_is_not_the_manifests(session: Session) -> None:
    scene = a_ledger(session)
    files = a_bundle(session, scene.clock.now())
    assert "README.txt: it is not the one" in said(files | {"README.txt": b"trust us"})
    assert "it is not in the manifest" in said(files | {"more.txt": b""})
    assert "not in the bundle" in said({name: each for name, each in files.items() if name != "verify.py"})


@pytest.mark.parametrize("missing", ["bundle.json", "MANIFEST"])
def test_what_has_no_header_is_no_bundle(session: Session, missing: str) -> None:
    scene = a_ledger(session)
    files = a_bundle(session, scene.clock.now())
    del files[missing]
    with pytest.raises(NoBundle):
        Bundle.read(files)


def test_a_bundle_shows_one_patients_visits_and_nobody_elses(session: Session) -> None:
    scene = a_ledger(session)
    one = str(scene.visit_id)
    for wish, shown in (
        ({"visit_ids": frozenset({scene.visit_id})}, True),
        ({"container_id": scene.vial}, False),
        ({"shows_visits": False}, False),
        ({"shows_visits": True}, True),
    ):
        files = a_bundle(session, scene.clock.now(), **wish)
        assert (one.encode() in b"".join(files.values())) is shown
        assert faults(files) == []
        salted = [row for row in rows(files, "custody_event") if row["visit_salt"]]
        assert bool(salted) is shown


def test_a_visit_that_is_withheld_is_still_bound(session: Session) -> None:
    scene = a_ledger(session)
    files = a_bundle(session, scene.clock.now(), shows_visits=False)
    lie = altered(files, "custody_event", lambda row: row | {"visit_commitment": "0" * 64})
    assert "visit is not the one" in said(lie)


def test_a_vial_whose_event_is_left_out_is_named(session: Session) -> None:
    scene = a_ledger(session)
    files = a_bundle(session, scene.clock.now(), container_id=scene.vial)
    cut_out = {row["id"] for row in rows(files, "custody_event") if row["kind"] == "drawn"}
    for table, key in (
        ("custody_event", "id"), ("custody_log_leaf", "entry_id"), ("custody_posting", "event_id"),
        ("custody_signature", "event_id"), ("custody_closing", "event_id"),
    ):  # fmt: skip
        files = altered(files, table, lambda row, key=key: None if row[key] in cut_out else row)
    assert "it is number 5 of its vial, after number 3" in said(files)


def test_a_bit_turned_in_the_database_itself_is_named(session: Session) -> None:
    """A column at a time, in SQLite's rows as they lie there; PostgreSQL's are typed: `test_single_bits`."""
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("SQLite keeps any bytes in any column")
    scene = a_ledger(session)
    session.flush()
    session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = ON")
    unseen, tried = [], 0
    for name in ("custody_event", "custody_posting", "custody_signature", "custody_container"):
        for column in Row.metadata.tables[name].columns.keys():  # noqa: SIM118 - a collection of columns
            with session.begin_nested() as meanwhile:
                if turned(session, name, column):
                    tried += 1
                    if not said(a_bundle(session, scene.clock.now())):
                        unseen.append((name, column))
                meanwhile.rollback()
    assert (unseen, tried > 50) == ([], True)


def turned(session: Session, table: str, column: str) -> bool:
    """Turn the last bit of a column in the newest row that has something in it."""
    place = session.execute(
        sa.text(
            f"SELECT rowid, CAST({column} AS BLOB), typeof({column}) FROM {table} "
            f"WHERE length({column}) > 0 ORDER BY rowid DESC LIMIT 1"
        )
    ).one_or_none()
    if place is None:
        return False
    rowid, raw, kind = place
    changed: Any = bytes([*raw[:-1], raw[-1] ^ 1])
    changed = int(raw) ^ 1 if kind == "integer" else changed.decode() if kind == "text" else changed
    statement = f"UPDATE OR IGNORE {table} SET {column} = :changed WHERE rowid = :rowid"
    return bool(without_guards(session, statement, changed=changed, rowid=rowid))

"""Single bits of the ledger's tables, each turned by itself: the verifier names every one.

HOUSECALL_TEST_FLIPS says how many; 10,000 are the figure in docs/benchmarks.md.

A bit is turned in the cell as the database keeps it (text and moments are text in SQLite; PostgreSQL keeps
typed values and refuses others), then goes into the bundle as an export would put it there. The same is done
to real rows, a column at a time, past switched-off triggers, in `test_attacks_offline`.
"""

import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import Column
from sqlalchemy.orm import Session

from dispatch.custody.bundle import verifier
from dispatch.custody.bundle.cells import cell_of, raw_rows
from dispatch.custody.bundle.verifier import CHECKS, Bundle, files_are_those_of_the_manifest
from dispatch.custody.model import EventKind
from dispatch.custody.service import open_container, report_exception
from dispatch.kernel.row import Row, UtcDateTime
from tests.builders.bundles import a_bundle, a_checkpoint
from tests.builders.custody import Scene, a_report, a_stamp, an_opening, wasted

FLIPS = int(os.environ.get("HOUSECALL_TEST_FLIPS", "1500"))
TABLES = (
    "custody_event", "custody_posting", "custody_signature", "custody_closing", "custody_container",
    "custody_lot", "custody_product", "custody_balance", "custody_log_leaf", "custody_log_node",
    "custody_log_head", "custody_log_key", "custody_log_checkpoint", "custody_log_cosignature",
)  # fmt: skip
# What no signed byte tells, and why that is right.
NOT_TOLD = {
    ("custody_product", "gtin"): "a number on a package, found out and corrected later; it moves no drug",
    ("custody_lot", "recalled_at"): "recalls are entries of their own, this is their newest moment",
    ("custody_log_checkpoint", "signed_at"): "a checkpoint bears no time; witnesses' and timestamps' count",
    ("custody_log_key", "adopted_at"): "likewise; the hand-over is a leaf, whose place is signed",
    ("custody_log_cosignature", "id"): "names a row and nothing else; nobody refers to it",
}


def a_ledger(session: Session) -> Scene:
    """A wasted vial, a lost one, a claim, a device's stamp, two checkpoints, one of them witnessed."""
    scene = wasted(session, vials=2, overfill_percent=10)
    a_checkpoint(session, scene.clock.now(), witnessed=True)
    scene.clock.advance(timedelta(minutes=5))
    stamp = a_stamp(scene.clock.now())
    report = a_report(
        scene, EventKind.LOST, container_id=scene.vials[1], stamp=stamp, reason="caf\u00e9 \U0001f600"
    )
    report_exception(session, report, scene.nurse, scene.clock)
    open_container(session, an_opening(scene), scene.nurse, scene.clock)
    a_checkpoint(session, scene.clock.now())
    return scene


class Parsed(Bundle):
    """A bundle whose tables are read once, and of which a row can be exchanged."""

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What is worked out of leaves and events alone."""
        return {name: getattr(self, name) for name in ("leaves", "events", "levels")}

    def with_row(self, table: str, place: int, row: dict[str, Any]) -> "Parsed":
        name = f"rows/{table}.jsonl"
        rows = list(self.lines(name))
        rows[place] = row
        found = Parsed(self.files, self.header, self.parsed | {name: rows})
        if table not in ("custody_event", "custody_log_leaf"):
            vars(found).update(self.kept)
        return found


def wrong(bundle: Bundle) -> bool:
    """Whether any check but that of the files has something to say."""
    return any(
        fault for check in CHECKS if check is not files_are_those_of_the_manifest for fault in check(bundle)
    )


def turned(kind: Any, cell: Any, dialect: str, chance: random.Random) -> Any:
    """The cell with one bit turned; None where this database could not keep it so."""
    if isinstance(kind, sa.Boolean):
        return not cell if dialect == "postgresql" else cell ^ 1 << chance.randrange(8)
    if isinstance(cell, int):
        return cell ^ 1 << chance.randrange(
            63 if dialect == "sqlite" or isinstance(kind, sa.BigInteger) else 31
        )
    if dialect == "postgresql" and isinstance(cell, str):
        return _typed(kind, cell, chance)
    raw = bytearray(cell if isinstance(cell, bytes) else cell.encode())
    if not raw:
        return None
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return bytes(raw)


def _typed(kind: Any, cell: str, chance: random.Random) -> str | None:
    if isinstance(kind, sa.Uuid):
        return str(UUID(int=UUID(cell).int ^ 1 << chance.randrange(128)))
    if isinstance(kind, UtcDateTime):
        since = datetime(2000, 1, 1, tzinfo=UTC)
        microseconds = (datetime.fromisoformat(cell) - since) // timedelta(microseconds=1)
        later = since + timedelta(microseconds=microseconds ^ 1 << chance.randrange(57))
        return later.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(kind, sa.Date):
        return str(date.fromordinal(date.fromisoformat(cell).toordinal() ^ 1 << chance.randrange(20)))
    raw = bytearray(cell.encode())
    if not raw:
        return None
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    try:
        text = raw.decode()
        if isinstance(kind, sa.JSON):
            json.loads(text)
    except ValueError:
        return None
    return None if "\0" in text else text


def turns(session: Session, seed: int) -> Iterator[tuple[Column[Any], int, Any]]:
    """Columns, places of rows, and their cells with one bit turned, without end."""
    chance, dialect = random.Random(seed), session.get_bind().dialect.name
    tables = [Row.metadata.tables[name] for name in TABLES]
    rows = {table.name: list(raw_rows(session, table)) for table in tables}
    columns = [(column, number) for table in tables for number, column in enumerate(table.columns)]
    while True:
        column, number = chance.choice(columns)
        place = chance.randrange(len(rows[column.table.name]))
        cell = rows[column.table.name][place][number]
        if cell is not None and (column.table.name, column.name) not in NOT_TOLD:
            changed = turned(column.type, cell, dialect, chance)
            if changed is not None:
                yield column, place, cell_of(column, dialect)(changed)


@pytest.fixture
def _remembering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is pure and costly be done once for the same bytes, or this takes minutes."""
    monkeypatch.setattr(verifier, "_told", cache(verifier._told))
    monkeypatch.setattr(verifier.Key, "signed", cache(verifier.Key.signed))
    monkeypatch.setattr(verifier.Checkpoint, "read", cache(verifier.Checkpoint.read))


@pytest.mark.usefixtures("_remembering")
def test_every_single_bit_is_named(session: Session) -> None:
    scene = a_ledger(session)
    bundle = Parsed.read(a_bundle(session, scene.clock.now()))
    assert isinstance(bundle, Parsed)
    assert not wrong(bundle)
    unseen, tried = [], set()
    for number, (column, place, cell) in enumerate(turns(session, seed=20261123)):
        if number == FLIPS:
            break
        table = column.table.name
        before = bundle.table(table)[place]
        tried.add((table, column.name))
        if not wrong(bundle.with_row(table, place, before | {column.name: cell})):
            unseen.append((table, column.name, before[column.name], cell))
    assert unseen == []
    if FLIPS >= 10_000:
        filled = {
            (table, name) for table in TABLES for row in bundle.table(table) for name, cell in row.items()
            if cell is not None and (table, name) not in NOT_TOLD
        }  # fmt: skip
        assert tried >= {each for each in filled if each[1] != "visit_commitment"}

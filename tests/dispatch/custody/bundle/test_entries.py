"""Every kind of leaf is told anew from its row, or an honest bundle would miss the row."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

import dispatch.custody
from dispatch.custody.bundle.entries import ROW_OF_KIND, TOLD_ANEW
from dispatch.custody.cases.writing import LEAF as CASE_STEP
from dispatch.custody.log.records import LeafRow
from dispatch.custody.reports.taking import LEAF_KIND as INVENTORY
from dispatch.custody.service import count
from dispatch.custody.stock.records import RecallRow
from dispatch.custody.stock.service import recall_lot
from dispatch.custody.stock.writing import recall_bytes
from dispatch.kernel.ids import new_id
from tests.builders.bundles import a_bundle, a_checkpoint, altered, faults, said
from tests.builders.custody import a_count, picked_up
from tests.builders.lifecycle import a_recall

SOURCES = Path(dispatch.custody.__path__[0])
# How the ledger's code puts leaves into the log, each with the kind it names.
CALLS = re.compile(r"(?:\bappend|\bkeep|\bwrite)\(\s*session, (\"\w+\"|[A-Z_a-z.]+),")
NAMED = {"LEAF": CASE_STEP, "LEAF_KIND": INVENTORY, "RECALL": "recall", "log.EVENT": "event"}


def kinds() -> set[str]:
    found = {each for path in SOURCES.rglob("*.py") for each in CALLS.findall(path.read_text())}
    return {NAMED.get(each, each.strip('"')) for each in found if each != "kind"}


def test_every_kind_of_leaf_is_told_anew() -> None:
    known = {"event", *ROW_OF_KIND, *TOLD_ANEW}
    assert {kind for kind in kinds() if kind.islower() and kind.isidentifier()} <= known


@pytest.mark.parametrize("kind", ["count", "order", "recall", INVENTORY, "signal", "assay_result", CASE_STEP])
def test_the_search_for_kinds_finds_them(kind: str) -> None:
    assert kind in kinds()


def test_a_recall_commits_to_its_reason_and_the_bundle_to_the_row(session: Session) -> None:
    scene = picked_up(session)
    command = a_recall(session, scene, reason="Mr Marked's reaction")
    recall_lot(session, command, scene.compliance, scene.clock)
    a_checkpoint(session, scene.clock.now())
    leaf = session.scalars(select(LeafRow).where(LeafRow.entry_id == command.recall_id)).one()
    assert b"Marked" not in leaf.content
    assert faults(a_bundle(session, scene.clock.now())) == []
    row = session.get_one(RecallRow, command.recall_id)
    assert TOLD_ANEW["recall"](session, row.id) == leaf.content
    set_committed_value(row, "reason", "another")
    assert TOLD_ANEW["recall"](session, row.id) != leaf.content


def test_a_recall_of_before_is_told_as_typed() -> None:
    row = RecallRow(id=new_id(), lot_id=new_id(), reference="D-1", reason="sub-potent", recalled_by=new_id())
    row.at, row.text_salt = datetime(2026, 11, 23, tzinfo=UTC), None
    told = json.loads(recall_bytes(row))
    assert (told["v"], told["reason"]) == (1, "sub-potent")


def test_a_count_of_a_bundle_is_compared_with_its_row(session: Session) -> None:
    scene = picked_up(session)
    count(session, a_count(scene, 1), scene.nurse, scene.clock)
    a_checkpoint(session, scene.clock.now())
    files = a_bundle(session, scene.clock.now())
    assert faults(files) == []
    gone = files | {"entries.jsonl": b""}
    assert "its row is missing" in said(altered(gone, "custody_lot", lambda row: row))

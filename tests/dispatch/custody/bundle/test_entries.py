"""Every kind of leaf is told anew from its row, or an honest bundle would miss the row."""

import re
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

import dispatch.custody
from dispatch.custody.bundle.entries import ROW_OF_KIND, TOLD_ANEW
from dispatch.custody.cases.writing import LEAF as CASE_STEP
from dispatch.custody.reports.taking import LEAF_KIND as INVENTORY
from dispatch.custody.service import count
from tests.builders.bundles import a_bundle, a_checkpoint, altered, faults, said
from tests.builders.custody import a_count, picked_up

SOURCES = Path(dispatch.custody.__path__[0])
# How the ledger's code puts leaves into the log, each with the kind it names.
CALLS = re.compile(r"(?:\bappend|\bkeep|\bwrite)\(\s*session, (\"\w+\"|[A-Z_a-z.]+),")
NAMED = {"LEAF": CASE_STEP, "LEAF_KIND": INVENTORY, "log.EVENT": "event"}


def kinds() -> set[str]:
    found = {each for path in SOURCES.rglob("*.py") for each in CALLS.findall(path.read_text())}
    return {NAMED.get(each, each.strip('"')) for each in found if each != "kind"}


def test_every_kind_of_leaf_is_told_anew() -> None:
    known = {"event", *ROW_OF_KIND, *TOLD_ANEW}
    assert {kind for kind in kinds() if kind.islower() and kind.isidentifier()} <= known


@pytest.mark.parametrize("kind", ["count", "order", "recall", INVENTORY, "signal", "assay_result", CASE_STEP])
def test_the_search_for_kinds_finds_them(kind: str) -> None:
    assert kind in kinds()


def test_a_count_of_a_bundle_is_compared_with_its_row(session: Session) -> None:
    scene = picked_up(session)
    count(session, a_count(scene, 1), scene.nurse, scene.clock)
    a_checkpoint(session, scene.clock.now())
    files = a_bundle(session, scene.clock.now())
    assert faults(files) == []
    gone = files | {"entries.jsonl": b""}
    assert "its row is missing" in said(altered(gone, "custody_lot", lambda row: row))

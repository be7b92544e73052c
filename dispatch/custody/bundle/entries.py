"""What the rows of other entries tell, made anew: counts, orders, steps of cases, inventories, questions."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dispatch.custody.bundle.cells import rows_of
from dispatch.custody.canonical import canonical_bytes
from dispatch.custody.cases.records import CaseStepRow
from dispatch.custody.cases.writing import LEAF as CASE_STEP
from dispatch.custody.cases.writing import step_bytes
from dispatch.custody.log.records import LogKeyRow
from dispatch.custody.records import CountRow
from dispatch.custody.reports.records import InventoryRow
from dispatch.custody.reports.taking import LEAF_KIND as INVENTORY
from dispatch.custody.signals.records import (
    AssayPeriodRow,
    AssayResultRow,
    AssayRevealRow,
    AssayTaskRow,
    SignalAnswerRow,
    SignalRow,
)
from dispatch.custody.stock.records import OrderRow, RecallRow
from dispatch.custody.stock.writing import RECALL, recall_bytes
from dispatch.kernel.row import Row
from dispatch.kernel.sealing import SealBroken

Cells = dict[str, Any]

# Kinds of leaf that tell columns of one row. What else they tell (a commitment to somebody's words, who
# signed) is bound by the leaf, and the words themselves by their seal.
ROW_OF_KIND: dict[str, type[Row]] = {
    "count": CountRow,
    "order": OrderRow,
    INVENTORY: InventoryRow,
    "signal": SignalRow,
    "signal_answer": SignalAnswerRow,
    "assay_period": AssayPeriodRow,
    "assay_reveal": AssayRevealRow,
    "assay_task": AssayTaskRow,
    "assay_result": AssayResultRow,
}
# Kinds that their own chapter tells anew.
TOLD_ANEW: dict[str, Callable[[Session, UUID], bytes]] = {
    CASE_STEP: lambda session, entry_id: step_bytes(session, session.get_one(CaseStepRow, entry_id)),
    RECALL: lambda session, entry_id: recall_bytes(session.get_one(RecallRow, entry_id)),
    "log_key": lambda session, entry_id: _hand_over_bytes(session.get_one(LogKeyRow, entry_id)),
}


def entries_anew(session: Session, leaves: Iterable[Cells]) -> Iterator[Cells]:
    """Yield what each leaf's row tells now; `told` is None where the row cannot be read, nothing where it
    is gone."""
    rows: dict[str, dict[Any, Cells]] = {}
    for leaf in leaves:
        kind, entry_id = leaf["kind"], leaf["entry_id"]
        if kind in TOLD_ANEW:
            yield {"kind": kind, "id": entry_id, "told": _read(session, TOLD_ANEW[kind], entry_id)}
        elif kind in ROW_OF_KIND:
            rows.setdefault(kind, _by_key(session, ROW_OF_KIND[kind]))
            if entry_id in rows[kind]:
                yield {"kind": kind, "id": entry_id, "told": _as_told(leaf, rows[kind][entry_id])}


def _by_key(session: Session, record: type[Row]) -> dict[Any, Cells]:
    table = record.__table__
    assert isinstance(table, Table)
    (key,) = table.primary_key.columns.keys()
    return {row[key]: row for row in rows_of(session, table)}


def _as_told(leaf: Cells, row: Cells) -> Cells | None:
    """Return the leaf's content with the row's own cells in it."""
    try:
        told: Cells = json.loads(leaf["content"])
    except (TypeError, ValueError):
        return None
    return told | {
        name: cell
        for name, cell in row.items()
        if name in told and not (name == "kind" and told[name] == leaf[name])
    }


def _read(session: Session, told: Callable[[Session, UUID], bytes], entry_id: Any) -> Any:
    try:
        return json.loads(told(session, UUID(entry_id)))
    except (SQLAlchemyError, SealBroken, ValueError, TypeError, LookupError):
        # An altered row must not stop the export: the verifier names its leaf.
        return None


def _hand_over_bytes(row: LogKeyRow) -> bytes:
    return canonical_bytes({"kind": "log_key", "v": 1, "note": row.hand_over})

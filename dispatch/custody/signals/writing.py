"""The one place that adds a row of signals or assays: the row, its leaf and its audit entry together."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.canonical import canonical_bytes
from dispatch.custody.log.service import append
from dispatch.custody.signals.records import (
    AssayPeriodRow,
    AssayResultRow,
    AssayRevealRow,
    AssayTaskRow,
    SignalAnswerRow,
    SignalRow,
)
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock

SignalsRow = SignalRow | SignalAnswerRow | AssayPeriodRow | AssayRevealRow | AssayTaskRow | AssayResultRow


def write(
    session: Session, kind: str, row: SignalsRow, told: Mapping[str, Any], actor: Actor, clock: Clock
) -> None:
    """Add a row. `kind` names its leaf; `told` is the row in plain values, without anybody's words."""
    entry_id: UUID = row.period_id if isinstance(row, AssayRevealRow) else row.id
    session.add(row)
    session.flush()
    append(session, kind, entry_id, canonical_bytes({"v": 1, "kind": kind, "id": entry_id, **told}))
    entry = AuditEntry(action=f"custody.{kind}", subject_kind=kind, subject_id=entry_id)
    record(session, entry, actor, clock)

"""Receipts of events, repeats of them, and the discrepancies that need somebody's eye.

A reused id is the one refusal that must leave a trace (invariant 7), and a raised refusal leaves none.
So it is no exception but a verdict: `already_written` keeps the alarm as a discrepancy and an audit
entry and returns a receipt with `Verdict.ID_REUSED`; the web floor commits and answers 409.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.canonical import digest
from dispatch.custody.cases.opening import take_up
from dispatch.custody.model import DeviceStamp, EventKind, Receipt, State, Verdict
from dispatch.custody.records import ContainerRow, DiscrepancyRow, EventRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.row import table_of


def receipt_of(event: Mapping[str, Any], replayed: bool) -> Receipt:
    """Return the receipt of an event, of its columns; the same whenever it is asked for."""
    verdict = Verdict.STORED
    if event["exception"]:
        verdict = Verdict.FLAGGED if event["applied"] else Verdict.CLAIM
    return Receipt(
        event_id=event["id"],
        container_id=event["container_id"],
        sequence=event["sequence"],
        kind=EventKind(event["kind"]),
        state=State(event["to_state"]),
        verdict=verdict,
        reasons=tuple(event["reasons"]),
        event_hash=event["event_hash"].hex(),
        stored_at=event["server_time"],
        replayed=replayed,
    )


def already_written(
    session: Session,
    event_id: UUID,
    stated: bytes,
    stamp: DeviceStamp | None,
    actor: Actor,
    clock: Clock,
) -> Receipt | None:
    """Return the receipt of an event that came before, or an alarm when its id or its place in the
    phone's sequence came with other content; None for a new event (attacks 3 and 4)."""
    same = [EventRow.id == event_id]
    if stamp is not None:
        same.append((EventRow.device_id == stamp.device_id) & (EventRow.device_seq == stamp.device_seq))
    rows = session.scalars(select(EventRow).where(or_(*same)).order_by(EventRow.server_time)).all()
    if not rows:
        return None
    kept = next((row for row in rows if row.id == event_id), rows[0])
    if kept.id == event_id and kept.body_hash == digest(stated):
        return receipt_of(
            {each.name: getattr(kept, each.name) for each in table_of(EventRow).c}, replayed=True
        )
    code = "event_id_reused" if kept.id == event_id else "device_sequence_reused"
    area_id = session.scalars(select(ContainerRow.area_id).where(ContainerRow.id == kept.container_id)).one()
    detail = {
        "sent_event_id": str(event_id),
        "kept_body": kept.body_hash.hex(),
        "sent_body": digest(stated).hex(),
    }
    open_case(session, area_id, code, kept.container_id, kept.id, actor, clock, detail)
    entry = AuditEntry(
        action=f"custody.{code}", subject_kind="container", subject_id=kept.container_id, detail=detail
    )
    record(session, entry, actor, clock)
    return Receipt(
        event_id=event_id,
        container_id=kept.container_id,
        sequence=kept.sequence,
        kind=EventKind(kept.kind),
        state=State(kept.to_state),
        verdict=Verdict.ID_REUSED,
        reasons=(code,),
        event_hash=kept.event_hash.hex(),
        stored_at=kept.server_time,
    )


def open_case(
    session: Session,
    area_id: UUID,
    kind: str,
    container_id: UUID | None,
    event_id: UUID | None,
    actor: Actor,
    clock: Clock,
    detail: Mapping[str, Any],
    expected_ug: int | None = None,
    found_ug: int | None = None,
    count_id: UUID | None = None,
    discovered_at: datetime | None = None,
) -> UUID:
    """Keep a discrepancy, discovered now unless there was an earlier signal; it opens a case or joins one.

    Returns the case's id.
    """
    row = DiscrepancyRow(
        id=new_id(),
        area_id=area_id,
        kind=kind,
        container_id=container_id,
        event_id=event_id,
        count_id=count_id,
        discovered_at=discovered_at or clock.now(),
        discovered_by=actor.account_id,
        expected_ug=expected_ug,
        found_ug=found_ug,
        detail=dict(detail),
    )
    session.add(row)
    return take_up(session, row, actor, clock)

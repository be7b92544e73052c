"""Write the audit log: in the same transaction as the fact."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, func, insert, select
from sqlalchemy.orm import Session

from dispatch.audit.model import AuditEntry
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.row import table_of

_ONE = insert(table_of(AuditEntryRow))


def record(session: Session, entry: AuditEntry, actor: Actor, clock: Clock) -> UUID:
    """Add `entry` to the running transaction and return its id."""
    row = AuditEntryRow(**_columns(session, entry, actor, clock))
    session.add(row)
    return row.id


def as_row(session: Session, entry: AuditEntry, actor: Actor, clock: Clock) -> tuple[Insert, dict[str, Any]]:
    """Return the statement that adds `entry`, and its values: for where a lock is held, and time counts."""
    return _ONE, _columns(session, entry, actor, clock)


def _columns(session: Session, entry: AuditEntry, actor: Actor, clock: Clock) -> dict[str, Any]:
    return {
        "id": new_id(),
        "at": clock.now(),
        "actor_id": actor.account_id,
        "actor_name": actor.name,
        "session_ref": actor.session_ref,
        "action": entry.action,
        "subject_kind": entry.subject_kind,
        "subject_id": entry.subject_id,
        "patient_id": entry.patient_id,
        "request_id": str(session.info.get("request_id", "")),
        "detail": dict(entry.detail),
    }


def newest_at(session: Session) -> datetime | None:
    """Return when the latest deed was recorded, None when there is none."""
    return session.scalar(select(func.max(AuditEntryRow.at)))

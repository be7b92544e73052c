"""Tell the boards that something about a nurse changed; keep the audit entry of it."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import note_change, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.workforce.records import NurseRow, ShiftRow


def today_in(session: Session, area_id: UUID, clock: Clock) -> date:
    """Return today's date in the service area."""
    area = session.get_one(ServiceAreaRow, area_id)
    return local_day(clock.now(), zone_of(area))


def nurse_changed(
    session: Session, nurse: NurseRow, kind: str, clock: Clock, since: datetime | None = None
) -> None:
    """Note a change of `kind` on today's board and on each day she works from `since` (now) on."""
    area = session.get_one(ServiceAreaRow, nurse.area_id)
    zone, now = zone_of(area), clock.now()
    wanted = select(ShiftRow.starts_at).where(
        ShiftRow.nurse_id == nurse.id, ShiftRow.ends_at > min(since or now, now)
    )
    days = {local_day(starts_at, zone) for starts_at in session.scalars(wanted)}
    for day in sorted(days | {local_day(now, zone)}):
        note_change(session, nurse.area_id, day, kind, clock, nurse.id)


def audit(
    session: Session,
    action: str,
    kind: str,
    subject_id: UUID,
    actor: Actor,
    clock: Clock,
    **detail: Any,
) -> None:
    """Record a deed about a nurse; `detail` holds codes and numbers only."""
    entry = AuditEntry(action=action, subject_kind=kind, subject_id=subject_id, detail=detail)
    record(session, entry, actor, clock)


def audit_saved(
    session: Session,
    kind: str,
    subject_id: UUID,
    saved: Saved,
    changed: Iterable[str],
    actor: Actor,
    clock: Clock,
    **detail: Any,
) -> None:
    """Record that something was added, or which of its fields changed; nothing when nothing did."""
    if saved is Saved.UNCHANGED:
        return
    verb = "add" if saved is Saved.ADDED else "change"
    named = {} if saved is Saved.ADDED else {"changed": sorted(changed)}
    audit(session, f"{kind}.{verb}", kind, subject_id, actor, clock, **named, **detail)

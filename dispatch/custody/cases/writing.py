"""The one place that writes a step: the row, its leaf in the log, its audit entry, in one transaction."""

import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.canonical import canonical_bytes
from dispatch.custody.cases.model import DECISIONS, StepKind
from dispatch.custody.cases.records import CaseAttachmentRow, CaseStepRow
from dispatch.custody.cases.sentences import reason
from dispatch.custody.log.service import append
from dispatch.custody.records import DiscrepancyRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict

LEAF = "case_step"
MOST_TRIES = 5
# What the opening of a case, or a signal that joined it, tells in the log.
_OF_A_SIGNAL = (
    "id", "area_id", "kind", "container_id", "event_id", "count_id", "discovered_at", "discovered_by",
    "expected_ug", "found_ug", "detail",
)  # fmt: skip


def write_step(
    session: Session,
    case_id: UUID,
    kind: StepKind,
    actor: Actor,
    clock: Clock,
    *,
    code: str = "",
    text: str = "",
    happened_at: datetime | None = None,
    person_id: UUID | None = None,
    event_id: UUID | None = None,
    signal_id: UUID | None = None,
    attachment: CaseAttachmentRow | None = None,
) -> CaseStepRow:
    """Add the next step to a case.

    Raises
    ------
    Conflict
        ``case_moved_on`` when somebody else added a step at the same moment.
    """
    columns = {
        "case_id": case_id,
        "kind": kind.value,
        "code": code,
        "at": clock.now(),
        "account_id": actor.account_id,
        "happened_at": happened_at,
        "person_id": person_id,
        "event_id": event_id,
        "signal_id": signal_id,
        "attachment_id": attachment.id if attachment else None,
    }
    row = _numbered(session, columns, text, tries=1 if kind in DECISIONS else MOST_TRIES)
    append(session, LEAF, row.id, step_bytes(session, row))
    entry = AuditEntry(
        action=f"custody.case.{kind.value}",
        subject_kind="case",
        subject_id=case_id,
        detail={"step": row.sequence, "code": code, "event_id": str(event_id) if event_id else None},
    )
    record(session, entry, actor, clock)
    return row


def _numbered(session: Session, columns: dict[str, Any], text: str, tries: int) -> CaseStepRow:
    """Insert a step under the next number. Where another step took it meanwhile, a decision is refused."""
    newest = select(func.max(CaseStepRow.sequence)).where(CaseStepRow.case_id == columns["case_id"])
    row = CaseStepRow(id=new_id(), sequence=(session.scalar(newest) or 0) + 1, **columns)
    if text:
        row.text = text
        row.text_salt = secrets.token_bytes(16)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        if tries <= 1:
            raise Conflict([reason("case_moved_on")]) from None
        return _numbered(session, columns, text, tries - 1)
    return row


def step_bytes(session: Session, row: CaseStepRow) -> bytes:
    """Return the canonical bytes of a step, made anew from its row and the rows it names.

    They equal the content of its leaf, or one of those rows was altered (`queries.altered_steps`).
    """
    told: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            "id", "case_id", "sequence", "code", "at", "account_id", "happened_at", "person_id", "event_id",
            "signal_id",
        )
    }  # fmt: skip
    told |= {"v": 1, "kind": LEAF, "step": row.kind, "text": None, "attachment": None, "signal": None}
    if row.text_salt is not None:
        # Notes may name a patient: the log holds only that this text, and no other, stood here.
        told["text"] = sha256(row.text_salt + row.text.encode()).hexdigest()
    if row.attachment_id is not None:
        kept = session.get_one(CaseAttachmentRow, row.attachment_id)
        told["attachment"] = {
            "id": kept.id, "media_type": kept.media_type, "size_bytes": kept.size_bytes,
            "sha256": kept.sha256,
        }  # fmt: skip
    if row.signal_id is not None:
        signal = session.get_one(DiscrepancyRow, row.signal_id)
        told["signal"] = {name: getattr(signal, name) for name in _OF_A_SIGNAL}
    return canonical_bytes(told)

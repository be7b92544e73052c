"""The audit log: who did what to whom, and when. Append-only in the database itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from dispatch.kernel.row import Identified, Row, append_only


@append_only
class AuditEntryRow(Identified, Row):
    """One deed (45 CFR 164.312(b)). `detail` holds ids, codes and numbers, never a patient's data."""

    __tablename__ = "audit_entry"

    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    session_ref: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    request_id: Mapped[str]
    detail: Mapped[Mapping[str, Any]]

    __table_args__ = (
        Index("ix_audit_entry_subject", "subject_kind", "subject_id"),
        Index("ix_audit_entry_patient", "patient_id", "at"),
        Index("ix_audit_entry_at", "at"),
    )

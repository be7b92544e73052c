"""Tables of the bedside: readings as integers, sections sealed. Both only grow."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kernel.row import Row, append_only
from dispatch.kernel.sealing import SealedText


class Reported:
    """What every report of a device carries; times as in `visits.records.VisitFactRow`."""

    position: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    id: Mapped[UUID] = mapped_column(unique=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"))
    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    account_id: Mapped[UUID | None]
    device_id: Mapped[UUID | None]
    device_seq: Mapped[int | None] = mapped_column(BigInteger())
    device_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    happened_at: Mapped[datetime]
    body_digest: Mapped[bytes]
    verdict: Mapped[Mapping[str, Any]]


@append_only
class ReadingRow(Reported, Row):
    """One set of readings: mmHg, per minute, percent. `verdict` holds level, codes and limits."""

    __tablename__ = "bedside_reading"

    phase: Mapped[str]
    sbp: Mapped[int]
    dbp: Mapped[int]
    hr: Mapped[int]
    rr: Mapped[int]
    spo2: Mapped[int]
    rhythm: Mapped[str]
    moaas: Mapped[int]
    agitation: Mapped[int]
    spo2_low_s: Mapped[int | None]
    symptoms: Mapped[list[str]]

    __table_args__ = (
        UniqueConstraint("device_id", "device_seq"),
        CheckConstraint("phase IN ('before', 'during', 'after')", name="phase_known"),
        CheckConstraint("moaas BETWEEN 0 AND 5 AND agitation BETWEEN 0 AND 3", name="scales_in_range"),
        Index("ix_bedside_reading_appointment", "appointment_id", "happened_at"),
    )


@append_only
class EntryRow(Reported, Row):
    """One section of the checklist as it was charted; its answers are sealed JSON."""

    __tablename__ = "bedside_entry"

    section: Mapped[str]
    answers = SealedText()
    answers_sealed: Mapped[bytes | None]

    __table_args__ = (
        UniqueConstraint("device_id", "device_seq"),
        Index("ix_bedside_entry_appointment", "appointment_id", "section"),
    )

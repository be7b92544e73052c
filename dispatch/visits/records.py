"""What nurses' phones reported of visits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kernel.row import Row, append_only
from dispatch.kernel.sealing import SealedText


@append_only
class VisitFactRow(Row):
    """One deed of a nurse at a visit. `id` is the event id that the device made.

    Where the nurse stood and why she says so are sealed: the place of a check-in is a patient's home.
    `body_digest` is keyed for the same reason. `verdict` is what was judged at receipt (state, flags,
    distance, fence), as the device was told.
    """

    __tablename__ = "visit_fact"

    position: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    id: Mapped[UUID] = mapped_column(unique=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"))
    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    account_id: Mapped[UUID | None]
    device_id: Mapped[UUID | None]
    device_seq: Mapped[int | None] = mapped_column(BigInteger())
    deed: Mapped[str]
    device_at: Mapped[datetime]
    device_utc_offset_s: Mapped[int]
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    happened_at: Mapped[datetime]
    clock_offset_s: Mapped[int | None] = mapped_column(BigInteger())
    # "39.961200,-82.998800,15"; the last is the phone's accuracy in metres, empty when it gave none.
    place = SealedText()
    place_sealed: Mapped[bytes | None]
    reason = SealedText()
    reason_sealed: Mapped[bytes | None]
    calls_made: Mapped[int | None]
    body_digest: Mapped[bytes]
    verdict: Mapped[Mapping[str, Any]]

    __table_args__ = (
        UniqueConstraint("device_id", "device_seq"),
        CheckConstraint(
            "deed IN ('en_route', 'check_in', 'screen', 'hold', 'release', 'ready', 'lapse', 'start', "
            "'pause', 'resume', 'stop', 'discharge', 'check_out', 'no_show', 'abort', 'emergency', "
            "'transfer')",
            name="deed_known",
        ),
        CheckConstraint("device_seq IS NULL OR device_seq > 0", name="device_seq_positive"),
        Index("ix_visit_fact_appointment", "appointment_id", "nurse_id"),
    )

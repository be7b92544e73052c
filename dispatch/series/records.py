"""Series, their infusions, the versions of their orders, consents and reviews."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.kernel.row import Identified, Row, Versioned, append_only
from dispatch.kernel.sealing import SealedText


class SeriesRow(Identified, Versioned, Row):
    """A series. Its patient is a row of a chapter above, so her id stands here alone.

    Attributes
    ----------
    reviewed_after
        How many infusions had been given at the last review, 0 before the first.
    """

    __tablename__ = "series"

    patient_id: Mapped[UUID]
    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    state_code: Mapped[str]
    template: Mapped[str]
    status: Mapped[str]
    first_day: Mapped[date]
    reviewed_after: Mapped[int] = mapped_column(default=0)
    # JSON: when she and the adult are free, see `rules.habits`.
    habits = SealedText()
    habits_sealed: Mapped[bytes | None]

    infusions: Mapped[list["InfusionRow"]] = relationship(
        lazy="selectin", order_by="InfusionRow.number", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint("reviewed_after >= 0", name="reviewed_after_not_negative"),
        Index("ix_series_patient", "patient_id", "status"),
        Index("ix_series_area", "area_id", "status"),
    )


class InfusionRow(Identified, Versioned, Row):
    """One infusion of a series: where it is laid, which appointment it became, what came of it."""

    __tablename__ = "series_infusion"

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id"))
    number: Mapped[int]
    phase: Mapped[str]
    status: Mapped[str]
    earliest: Mapped[date | None]
    latest: Mapped[date | None]
    day: Mapped[date | None]
    part: Mapped[str | None]
    nurse_id: Mapped[UUID | None] = mapped_column(ForeignKey("nurse.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(index=True)
    given_at: Mapped[datetime | None]
    given_under_id: Mapped[UUID | None] = mapped_column(ForeignKey("series_order_version.id"))

    __table_args__ = (
        UniqueConstraint("series_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("(status = 'given') = (given_at IS NOT NULL)", name="given_at_a_time"),
        Index("ix_series_infusion_day", "nurse_id", "day"),
    )


@append_only
class OrderVersionRow(Identified, Row):
    """A signed version of a series' order. The terms are sealed: they tell a diagnosis."""

    __tablename__ = "series_order_version"

    # Equal for all versions of one order.
    order_id: Mapped[UUID]
    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id"))
    number: Mapped[int]
    terms = SealedText()
    terms_sealed: Mapped[bytes | None]
    drawn_ug: Mapped[int]
    signed_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    signed_at: Mapped[datetime]
    proof_ref: Mapped[str]
    expires_at: Mapped[datetime]
    policy: Mapped[Mapping[str, Any]]

    __table_args__ = (
        UniqueConstraint("series_id", "number"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("drawn_ug > 0", name="drawn_positive"),
    )


@append_only
class ConsentRow(Identified, Row):
    """The patient's consent to a use the label does not name, once a series (row D08)."""

    __tablename__ = "series_consent"

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id"), index=True)
    text_version: Mapped[str]
    signed_name = SealedText()
    signed_name_sealed: Mapped[bytes | None]
    signed_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]


@append_only
class SeriesDecisionRow(Identified, Row):
    """A prescriber paused, resumed or stopped a series: who, when and why. The words are sealed."""

    __tablename__ = "series_decision"

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id"), index=True)
    deed: Mapped[str]
    reason = SealedText()
    reason_sealed: Mapped[bytes | None]
    decided_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("deed IN ('pause', 'resume', 'stop')", name="deed_known"),)


@append_only
class OutsideOrderRow(Identified, Row):
    """An order signed outside, as transcribed from its scan (row D10). Who signed is sealed."""

    __tablename__ = "series_outside_order"

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id"), index=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("intake_document.id"))
    content = SealedText()
    content_sealed: Mapped[bytes | None]
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    entered_at: Mapped[datetime]


@append_only
class ReviewRow(Identified, Row):
    """A prescriber's review of the response (rows B03, D03). Scores and words are sealed."""

    __tablename__ = "series_review"

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id"))
    after_given: Mapped[int]
    go_on: Mapped[bool]
    findings = SealedText()
    findings_sealed: Mapped[bytes | None]
    reviewed_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    reviewed_at: Mapped[datetime]
    proof_ref: Mapped[str]
    policy: Mapped[Mapping[str, Any]]

    __table_args__ = (UniqueConstraint("series_id", "after_given"),)

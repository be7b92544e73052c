"""The tables of signals and assays. All are append-only, and every row is a leaf of the log.

A question is kept as it was asked, with its arithmetic; what stands of it now is its last answer.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import dispatch.custody.records  # noqa: F401 - questions and assays stand on its events and cases
from dispatch.kernel.row import Identified, Row, append_only
from dispatch.kernel.sealing import SealedText


@append_only
class SignalRow(Identified, Row):
    """A question as it was asked.

    Attributes
    ----------
    key
        Rule, subject, other and product: what makes it the same question when it is asked again.
    arithmetic
        ``lines``: [what, figure]; ``evidence``: ids of events or counts; ``limits``: the policy's value.
    chance
        The q-value as a decimal text; None where the signal computes none.
    """

    __tablename__ = "custody_signal"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    key: Mapped[str]
    rule: Mapped[str]
    subject_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    other_id: Mapped[UUID | None]
    about: Mapped[str]
    text: Mapped[str]
    arithmetic: Mapped[Mapping[str, Any]]
    chance: Mapped[str | None]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    asked_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("begins_at < ends_at", name="period_in_order"),
        Index("ix_custody_signal_area", "area_id", "asked_at"),
        Index("ix_custody_signal_key", "key", "asked_at"),
    )


@append_only
class SignalAnswerRow(Identified, Row):
    """What a compliance officer said to a question. The words are sealed: they may name a patient."""

    __tablename__ = "custody_signal_answer"

    signal_id: Mapped[UUID] = mapped_column(ForeignKey("custody_signal.id"))
    sequence: Mapped[int]
    answer: Mapped[str]
    text = SealedText()
    text_sealed: Mapped[bytes | None]
    text_salt: Mapped[bytes]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("custody_discrepancy.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("signal_id", "sequence"),
        CheckConstraint("answer IN ('explained', 'watch', 'case')", name="answer_known"),
        CheckConstraint("(answer = 'case') = (case_id IS NOT NULL)", name="case_named"),
        CheckConstraint("sequence > 0", name="sequence_positive"),
    )


@append_only
class AssayPeriodRow(Identified, Row):
    """A time in which residuals are drawn by one secret seed; `commitment` binds us to it beforehand."""

    __tablename__ = "custody_assay_period"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    rate_permille: Mapped[int]
    commitment: Mapped[bytes]
    committed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("area_id", "begins_at"),
        CheckConstraint("begins_at < ends_at", name="period_in_order"),
        CheckConstraint("committed_at <= begins_at", name="committed_before"),
        CheckConstraint("rate_permille BETWEEN 0 AND 1000", name="rate_a_share"),
        CheckConstraint("length(commitment) = 32", name="commitment_whole"),
    )


@append_only
class AssayRevealRow(Row):
    """The seed of a period that is over: now everybody can check what was drawn and what was not."""

    __tablename__ = "custody_assay_reveal"

    period_id: Mapped[UUID] = mapped_column(ForeignKey("custody_assay_period.id"), primary_key=True)
    seed: Mapped[bytes]
    revealed_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("length(seed) = 32", name="seed_whole"),)


@append_only
class AssayTaskRow(Identified, Row):
    """A carried-back residual that was drawn: to be measured before it is destroyed."""

    __tablename__ = "custody_assay_task"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    period_id: Mapped[UUID] = mapped_column(ForeignKey("custody_assay_period.id"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("custody_event.id"), unique=True)
    container_id: Mapped[UUID] = mapped_column(ForeignKey("custody_container.id"))
    ticket: Mapped[bytes]
    expected_ug_per_ml: Mapped[int] = mapped_column(BigInteger)
    expected_ug: Mapped[int] = mapped_column(BigInteger)
    drawn_at: Mapped[datetime]
    due_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("length(ticket) = 32", name="ticket_whole"),
        CheckConstraint("expected_ug_per_ml > 0 AND expected_ug >= 0", name="amounts_positive"),
        Index("ix_custody_assay_task_area", "area_id", "drawn_at"),
    )


@append_only
class AssayResultRow(Identified, Row):
    """What was measured; a failing one opened a case. A second measurement is a second row."""

    __tablename__ = "custody_assay_result"

    task_id: Mapped[UUID] = mapped_column(ForeignKey("custody_assay_task.id"))
    attempt: Mapped[int]
    measured_ug_per_ml: Mapped[int] = mapped_column(BigInteger)
    volume_ul: Mapped[int] = mapped_column(BigInteger)
    diluted: Mapped[bool]
    laboratory: Mapped[str]
    passed: Mapped[bool]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("custody_discrepancy.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("task_id", "attempt"),
        CheckConstraint("attempt > 0", name="attempt_positive"),
        CheckConstraint("measured_ug_per_ml >= 0 AND volume_ul >= 0", name="amounts_not_negative"),
        CheckConstraint("passed = (case_id IS NULL)", name="failure_has_case"),
    )

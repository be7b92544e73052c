"""The tables of clearance. What tells of a patient's health is sealed; what was signed is only added to."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

import dispatch.identity.records
import dispatch.intake.records  # noqa: F401 - clearance stands on cases and accounts
from dispatch.kernel.row import Identified, Row, Versioned, append_only
from dispatch.kernel.sealing import SealedText


class PrescriberRow(Identified, Versioned, Row):
    """Who may order: kind, specialty, DEA registration (care-rules A01, B31)."""

    __tablename__ = "prescriber"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), unique=True)
    kind: Mapped[str]
    specialty: Mapped[str]
    dea_number: Mapped[str] = mapped_column(unique=True)
    dea_expires_on: Mapped[date]
    active: Mapped[bool] = mapped_column(default=True)
    offices: Mapped[list[str]] = mapped_column(default=list)
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    approved_at: Mapped[datetime | None]

    licences: Mapped[list["PrescriberLicenceRow"]] = relationship(
        lazy="selectin", order_by="PrescriberLicenceRow.state"
    )


class PrescriberLicenceRow(Identified, Versioned, Row):
    """A licence to practise in a state."""

    __tablename__ = "prescriber_licence"

    prescriber_id: Mapped[UUID] = mapped_column(ForeignKey("prescriber.id"))
    state: Mapped[str]
    number: Mapped[str]
    valid_from: Mapped[date]
    expires_on: Mapped[date]
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        UniqueConstraint("prescriber_id", "state"),
        CheckConstraint("valid_from <= expires_on", name="begins_before_it_ends"),
    )


class ConsultationRow(Identified, Versioned, Row):
    """A consultation with a prescriber: booked, then done, missed or cancelled (care-rules B11)."""

    __tablename__ = "consultation"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    prescriber_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    mode: Mapped[str]
    begins_at: Mapped[datetime]
    minutes: Mapped[int]
    status: Mapped[str]
    booked_at: Mapped[datetime]
    booked_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))

    __table_args__ = (
        CheckConstraint("minutes > 0", name="minutes_positive"),
        Index("ix_consultation_prescriber", "prescriber_id", "begins_at"),
    )


@append_only
class ConsultationRecordRow(Identified, Row):
    """What a prescriber found in a consultation, with substance-use screen and monitoring programme."""

    __tablename__ = "consultation_record"

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id"), unique=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    at: Mapped[datetime]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    pdmp_checked_at: Mapped[datetime | None]
    # JSON: answers by question, audit_c, pdmp_result, note.
    content = SealedText()
    content_sealed: Mapped[bytes | None]


@append_only
class EvaluationRow(Identified, Row):
    """An in-person evaluation by a prescriber."""

    __tablename__ = "clearance_evaluation"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    evaluated_at: Mapped[datetime]
    at: Mapped[datetime]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    # JSON: asa_class, weight_g, risk_points, answers, note.
    content = SealedText()
    content_sealed: Mapped[bytes | None]


@append_only
class VerdictRow(Identified, Row):
    """One screening: its findings, the policy values and the digests of what it judged."""

    __tablename__ = "clearance_verdict"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    policies: Mapped[Mapping[str, Any]]
    facts_digest: Mapped[bytes]
    medications_digest: Mapped[str]
    findings = SealedText()
    findings_sealed: Mapped[bytes | None]


@append_only
class DecisionRow(Identified, Row):
    """A prescriber's decision on a case, signed by a fresh proof; the newest counts."""

    __tablename__ = "clearance_decision"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    sequence: Mapped[int]
    verdict_id: Mapped[UUID] = mapped_column(ForeignKey("clearance_verdict.id"))
    decision: Mapped[str]
    at: Mapped[datetime]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    proof_ref: Mapped[str]
    proved_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    recheck_on: Mapped[date | None]
    # JSON: reason, target, acknowledged.
    content = SealedText()
    content_sealed: Mapped[bytes | None]

    __table_args__ = (
        UniqueConstraint("case_id", "sequence"),
        CheckConstraint("(decision = 'candidate') = (expires_at IS NOT NULL)", name="clearance_ends"),
        CheckConstraint(
            "(decision = 'needs_prior_treatment') = (recheck_on IS NOT NULL)", name="recheck_due"
        ),
    )


@append_only
class OverrideRow(Identified, Row):
    """A rule set aside for one case until a day, signed."""

    __tablename__ = "clearance_override"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    at: Mapped[datetime]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    proof_ref: Mapped[str]
    proved_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    # JSON: rule, reason, monitoring. Which rule was set aside tells of the patient's health.
    content = SealedText()
    content_sealed: Mapped[bytes | None]


@append_only
class MedicationReviewRow(Identified, Row):
    """A prescriber read the medication list with this digest; another digest makes it invalid (B28)."""

    __tablename__ = "medication_review"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    at: Mapped[datetime]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    proof_ref: Mapped[str]
    proved_at: Mapped[datetime]
    list_digest: Mapped[str]
    # JSON: classes and mg a day by entry, plan.
    content = SealedText()
    content_sealed: Mapped[bytes | None]


class HoldRow(Identified, Versioned, Row):
    """Treatment rests until a prescriber releases it; the case is on hold meanwhile."""

    __tablename__ = "clearance_hold"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    cause: Mapped[str]
    held_at: Mapped[datetime]
    held_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    released_at: Mapped[datetime | None]
    released_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    proof_ref: Mapped[str | None]
    # What the system or a person saw; why it may go on.
    reason = SealedText()
    reason_sealed: Mapped[bytes | None]
    release_reason = SealedText()
    release_reason_sealed: Mapped[bytes | None]

    __table_args__ = (
        CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released_by_somebody"),
    )


@append_only
class ScoreRow(Identified, Row):
    """A scale that was filled in. `case_id`, `patient_id` or both say whose it is."""

    __tablename__ = "score"

    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("intake_case.id"), index=True)
    # Of `appointments`, a chapter above: ids and no foreign keys.
    patient_id: Mapped[UUID | None] = mapped_column(index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(index=True)
    scale: Mapped[str]
    occasion: Mapped[str]
    taken_at: Mapped[datetime]
    at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    by: Mapped[str]
    # JSON: answers, total, band, risk.
    content = SealedText()
    content_sealed: Mapped[bytes | None]

    __table_args__ = (
        CheckConstraint("case_id IS NOT NULL OR patient_id IS NOT NULL", name="about_somebody"),
    )


class PrescriberTaskRow(Identified, Versioned, Row):
    """Something that waits for a prescriber: an alarm, a question, a review."""

    __tablename__ = "prescriber_task"

    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("intake_case.id"), index=True)
    patient_id: Mapped[UUID | None] = mapped_column(index=True)
    kind: Mapped[str]
    about: Mapped[UUID | None]
    raised_at: Mapped[datetime]
    raised_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    proof_ref: Mapped[str | None]
    text = SealedText()
    text_sealed: Mapped[bytes | None]
    answer = SealedText()
    answer_sealed: Mapped[bytes | None]

    __table_args__ = (
        CheckConstraint("case_id IS NOT NULL OR patient_id IS NOT NULL", name="about_somebody"),
        CheckConstraint("(answered_at IS NULL) = (answered_by IS NULL)", name="answered_by_somebody"),
        Index("ix_prescriber_task_open", "answered_at", "due_at"),
    )

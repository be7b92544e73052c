"""The responsible adult, signed overrides of bookings, patients' wishes and what they told us afterwards."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kernel.row import Identified, Row, Versioned, append_only
from dispatch.kernel.sealing import SealedText


@append_only
class VisitAdultRow(Identified, Row):
    """Who is with the patient; the newest counts, one for an appointment before one for all."""

    __tablename__ = "visit_adult"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    name = SealedText()
    name_sealed: Mapped[bytes | None]
    phone = SealedText()
    phone_sealed: Mapped[bytes | None]
    relation = SealedText()
    relation_sealed: Mapped[bytes | None]
    of_age: Mapped[bool | None]
    can_drive: Mapped[bool | None]
    chosen_by_patient: Mapped[bool | None]
    named_at: Mapped[datetime]


@append_only
class BookingOverrideRow(Identified, Row):
    """A prescriber's signature over one requirement of a patient's bookings, until it expires."""

    __tablename__ = "booking_override"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    code: Mapped[str]
    reason = SealedText()
    reason_sealed: Mapped[bytes | None]
    signed_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    signed_at: Mapped[datetime]
    proof_ref: Mapped[str]
    expires_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("signed_at < expires_at", name="expires_after_it_is_signed"),)


class VisitWishRow(Identified, Versioned, Row):
    """What a patient asked for on her page: another time, a chaperone, a call. Open until answered."""

    __tablename__ = "visit_wish"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    kind: Mapped[str]
    words = SealedText()
    words_sealed: Mapped[bytes | None]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    answer: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("kind IN ('another_time', 'chaperone', 'call')", name="kind_known"),
        CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="answered_whole"),
    )


@append_only
class VisitFeedbackRow(Identified, Row):
    """What a patient told us after a visit: private. A boundary report goes to compliance alone."""

    __tablename__ = "visit_feedback"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointment.id"))
    kind: Mapped[str]
    words = SealedText()
    words_sealed: Mapped[bytes | None]
    may_be_shared: Mapped[bool]
    told_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("kind IN ('feedback', 'boundary')", name="kind_known"),
        CheckConstraint("kind = 'feedback' OR NOT may_be_shared", name="boundary_stays_private"),
        Index("ix_visit_feedback_kind", "kind", "told_at"),
    )

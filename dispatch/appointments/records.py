"""Patients, the service catalogue and appointments."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.kernel.row import Identified, Row, Versioned
from dispatch.kernel.sealing import SealedText


class ServiceRow(Identified, Versioned, Row):
    """One service of the catalogue: how long, which competencies, controlled or not."""

    __tablename__ = "service"

    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    minutes: Mapped[int]
    competencies: Mapped[list[str]]
    controlled: Mapped[bool] = mapped_column(default=False)
    units: Mapped[int] = mapped_column(default=0)
    nurses_needed: Mapped[int] = mapped_column(default=1)
    offered: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (CheckConstraint("minutes > 0 AND units >= 0", name="minutes_positive"),)


class PatientRow(Identified, Versioned, Row):
    """A patient. Everything that tells who or where is sealed; the state is not (it rules licences)."""

    __tablename__ = "patient"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    reference: Mapped[str]
    state: Mapped[str]
    name = SealedText()
    name_sealed: Mapped[bytes | None]
    phone = SealedText()
    phone_sealed: Mapped[bytes | None]
    born_on = SealedText()
    born_on_sealed: Mapped[bytes | None]
    address = SealedText()
    address_sealed: Mapped[bytes | None]
    access_notes = SealedText()
    access_notes_sealed: Mapped[bytes | None]
    # "39.961200,-82.998800"; see `appointments.model.point_text`.
    point = SealedText()
    point_sealed: Mapped[bytes | None]
    # geocoder, zip_centroid, import or dispatcher; only a verified point may be planned.
    point_source: Mapped[str]
    point_verified: Mapped[bool] = mapped_column(default=False)
    name_index: Mapped[bytes] = mapped_column(index=True)
    pets: Mapped[list[str]] = mapped_column(default=list)
    required_language: Mapped[str | None]
    required_gender: Mapped[str | None]
    preferred_language: Mapped[str | None]
    preferred_gender: Mapped[str | None]

    __table_args__ = (UniqueConstraint("area_id", "reference"),)


class ExclusionRow(Identified, Row):
    """A patient and a nurse who must not meet; whoever asked for it, it is a law for planning."""

    __tablename__ = "exclusion"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    nurse_id: Mapped[UUID] = mapped_column(ForeignKey("nurse.id"))
    asked_by: Mapped[str]

    __table_args__ = (UniqueConstraint("patient_id", "nurse_id"),)


class AppointmentRow(Identified, Versioned, Row):
    """One infusion (or other service) at one address on one day in one or more time windows."""

    __tablename__ = "appointment"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    service_id: Mapped[UUID] = mapped_column(ForeignKey("service.id"))
    reference: Mapped[str]
    day: Mapped[date]
    minutes: Mapped[int]
    units: Mapped[int]
    first_infusion: Mapped[bool] = mapped_column(default=False)
    # The signed order this infusion belongs to; the series chapter will own it.
    dose_order_ref: Mapped[str | None]
    dose_ug: Mapped[int | None]
    # 1 (may wait) to 5 (must happen): the planner's price of leaving it unassigned.
    priority: Mapped[int] = mapped_column(default=3)
    nurses_needed: Mapped[int] = mapped_column(default=1)
    preferred_nurse_id: Mapped[UUID | None] = mapped_column(ForeignKey("nurse.id"))
    # See docs/states.md: confirmed, cancelled (v1); the care path adds the earlier ones.
    status: Mapped[str] = mapped_column(default="confirmed")
    booked_at: Mapped[datetime]
    pinned_nurse_id: Mapped[UUID | None] = mapped_column(ForeignKey("nurse.id"))
    pinned_begin_at: Mapped[datetime | None]

    patient: Mapped[PatientRow] = relationship(lazy="joined", innerjoin=True)
    service: Mapped[ServiceRow] = relationship(lazy="joined", innerjoin=True)
    windows: Mapped[list["WindowRow"]] = relationship(
        lazy="selectin", order_by="WindowRow.begins_at", cascade="all, delete-orphan"
    )

    __table_args__ = (
        UniqueConstraint("area_id", "reference"),
        CheckConstraint("minutes > 0 AND units >= 0", name="minutes_positive"),
        CheckConstraint("priority BETWEEN 1 AND 5", name="priority_one_to_five"),
        CheckConstraint("dose_ug IS NULL OR dose_ug > 0", name="dose_positive"),
        Index("ix_appointment_day", "area_id", "day"),
        Index("ix_appointment_patient", "patient_id", "day"),
    )


class WindowRow(Identified, Row):
    """A time window: the service *begins* inside it (VRPTW convention)."""

    __tablename__ = "appointment_window"

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"), index=True)
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("begins_at <= ends_at", name="begins_before_it_ends"),)

"""What screens read of appointments."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.model import AppointmentStatus
from dispatch.appointments.records import AppointmentRow, ExclusionRow, PatientRow


def confirmed_on(session: Session, area_id: UUID, day: date) -> Sequence[AppointmentRow]:
    """Return the area's confirmed appointments of a day by reference."""
    wanted = (
        select(AppointmentRow)
        .where(AppointmentRow.area_id == area_id, AppointmentRow.day == day)
        .where(AppointmentRow.status == AppointmentStatus.CONFIRMED.value)
        .order_by(AppointmentRow.reference)
    )
    return session.scalars(wanted).unique().all()


def unplaced_patients(session: Session, area_id: UUID, day: date, limit: int = 200) -> Sequence[PatientRow]:
    """Return patients with an appointment that day whose point nobody has verified, by reference."""
    booked = select(AppointmentRow.patient_id).where(
        AppointmentRow.area_id == area_id,
        AppointmentRow.day == day,
        AppointmentRow.status == AppointmentStatus.CONFIRMED.value,
    )
    wanted = (
        select(PatientRow)
        .where(PatientRow.id.in_(booked), ~PatientRow.point_verified)
        .order_by(PatientRow.reference)
        .limit(limit)
    )
    return session.scalars(wanted).all()


def appointments_after(
    session: Session, area_id: UUID, day: date, reference: str, limit: int
) -> Sequence[AppointmentRow]:
    """Return the area's appointments of a day, cancelled ones too, whose reference comes after that one."""
    wanted = (
        select(AppointmentRow)
        .where(AppointmentRow.area_id == area_id, AppointmentRow.day == day)
        .where(AppointmentRow.reference > reference)
        .order_by(AppointmentRow.reference)
        .limit(limit)
    )
    return session.scalars(wanted).unique().all()


def exclusions_of(session: Session, patient_id: UUID) -> Sequence[ExclusionRow]:
    """Return whom the patient must not meet, in the order it was asked for."""
    wanted = select(ExclusionRow).where(ExclusionRow.patient_id == patient_id).order_by(ExclusionRow.id)
    return session.scalars(wanted).all()

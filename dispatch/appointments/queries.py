"""What screens read of appointments."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.model import AppointmentStatus
from dispatch.appointments.records import AppointmentRow, PatientRow


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

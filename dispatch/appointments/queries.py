"""What screens read of appointments."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.appointments.loading import patient_of_reference
from dispatch.appointments.model import AppointmentStatus, PointSource, Unplaced
from dispatch.appointments.records import AppointmentRow, ExclusionRow, PatientRow

# SQLite takes 32,766 values in one statement.
MOST_IN_A_QUERY = 10_000


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


def unplaced_in(session: Session, area_id: UUID, today: date, limit: int = 200) -> Sequence[Unplaced]:
    """Return the area's patients whose point nobody has verified: who is visited soonest first."""
    next_day = (
        select(func.min(AppointmentRow.day))
        .where(AppointmentRow.patient_id == PatientRow.id, AppointmentRow.day >= today)
        .where(AppointmentRow.status == AppointmentStatus.CONFIRMED.value)
        .scalar_subquery()
    )
    wanted = (
        select(PatientRow.id, PatientRow.reference, PatientRow.point_source, next_day)
        .where(PatientRow.area_id == area_id, ~PatientRow.point_verified)
        .order_by(next_day.is_(None), next_day, PatientRow.reference)
        .limit(limit)
    )
    return [
        Unplaced(patient_id=id_, reference=reference, source=PointSource(source), next_day=day)
        for id_, reference, source, day in session.execute(wanted)
    ]


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


def appointments_of(session: Session, ids: Collection[UUID]) -> Sequence[AppointmentRow]:
    """Return these appointments with their patients."""
    return session.scalars(select(AppointmentRow).where(AppointmentRow.id.in_(ids))).unique().all()


def visits_of_patient(session: Session, area_id: UUID, reference: str) -> frozenset[UUID]:
    """Return the ids of all visits of the area's patient of that reference, or refuse with `NotFound`."""
    patient_id = patient_of_reference(session, area_id, reference)
    wanted = select(AppointmentRow.id).where(AppointmentRow.patient_id == patient_id)
    return frozenset(session.scalars(wanted))


def exclusions_of(session: Session, patient_id: UUID) -> Sequence[ExclusionRow]:
    """Return whom the patient must not meet, in the order it was asked for."""
    wanted = select(ExclusionRow).where(ExclusionRow.patient_id == patient_id).order_by(ExclusionRow.id)
    return session.scalars(wanted).all()


def ordered_doses(session: Session, appointment_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return the dose that the order names, in micrograms, of each appointment that has one."""
    asked = list(appointment_ids)
    found: dict[UUID, int] = {}
    for start in range(0, len(asked), MOST_IN_A_QUERY):
        some = asked[start : start + MOST_IN_A_QUERY]
        rows = session.execute(
            select(AppointmentRow.id, AppointmentRow.dose_ug).where(
                AppointmentRow.id.in_(some), AppointmentRow.dose_ug.is_not(None)
            )
        )
        found |= {row.id: row.dose_ug for row in rows if row.dose_ug is not None}
    return found

"""What the database already knows of the things that the files name, in a handful of queries."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.model import AppointmentStatus
from dispatch.appointments.records import AppointmentRow, ExclusionRow, PatientRow, ServiceRow
from dispatch.appointments.service.catalogue import services
from dispatch.areas.records import ServiceAreaRow
from dispatch.workforce.records import LicenceRow, NurseRow, ShiftRow

AT_ONCE = 500  # values in one IN (...)

LicenceKey = tuple[str, str, str]
T = TypeVar("T")


@dataclass(kw_only=True)
class Known:
    """Rows by the keys that the files use.

    Attributes
    ----------
    licences
        By state, kind and number.
    shifts
        By nurse id.
    exclusions
        Nurse ids by patient id.
    booked
        Confirmed appointments by patient id.
    """

    area: ServiceAreaRow
    nurses: dict[str, NurseRow]
    licences: dict[LicenceKey, LicenceRow]
    shifts: dict[UUID, list[ShiftRow]]
    patients: dict[str, PatientRow]
    exclusions: dict[UUID, set[UUID]]
    appointments: dict[str, AppointmentRow]
    booked: dict[UUID, list[AppointmentRow]]
    services: dict[str, ServiceRow]


def in_parts(values: Collection[T]) -> Iterator[Sequence[T]]:
    """Yield the values in parts that a database takes in one statement."""
    ordered = list(values)
    for begin in range(0, len(ordered), AT_ONCE):
        yield ordered[begin : begin + AT_ONCE]


def load_known(
    session: Session,
    area: ServiceAreaRow,
    *,
    licence_numbers: Collection[str],
    shifts_from: datetime | None,
    patient_references: Collection[str],
    appointment_references: Collection[str],
) -> Known:
    """Load what the files may touch.

    Parameters
    ----------
    shifts_from
        The earliest begin of a shift in the files, None when they have none.
    """
    nurses = session.scalars(select(NurseRow).where(NurseRow.area_id == area.id)).all()
    known = Known(
        area=area,
        nurses={row.code: row for row in nurses},
        licences={},
        shifts={},
        patients={},
        exclusions={},
        appointments={},
        booked={},
        services=services(session),
    )
    for numbers in in_parts(licence_numbers):
        for licence in session.scalars(select(LicenceRow).where(LicenceRow.number.in_(numbers))):
            known.licences[licence.state, licence.kind, licence.number] = licence
    if shifts_from is not None:
        wanted = (
            select(ShiftRow)
            .join(ShiftRow.nurse)
            .where(NurseRow.area_id == area.id, ShiftRow.ends_at > shifts_from)
        )
        for shift in session.scalars(wanted).unique():
            known.shifts.setdefault(shift.nurse_id, []).append(shift)
    _load_patients(session, known, patient_references, appointment_references)
    return known


def _load_patients(
    session: Session, known: Known, references: Collection[str], appointment_references: Collection[str]
) -> None:
    area_id = known.area.id
    for some in in_parts(appointment_references):
        booked = select(AppointmentRow).where(
            AppointmentRow.area_id == area_id, AppointmentRow.reference.in_(some)
        )
        known.appointments |= {row.reference: row for row in session.scalars(booked).unique()}
    for some in in_parts(references):
        patients = select(PatientRow).where(PatientRow.area_id == area_id, PatientRow.reference.in_(some))
        known.patients |= {row.reference: row for row in session.scalars(patients)}
    for ids in in_parts([row.id for row in known.patients.values()]):
        for exclusion in session.scalars(select(ExclusionRow).where(ExclusionRow.patient_id.in_(ids))):
            known.exclusions.setdefault(exclusion.patient_id, set()).add(exclusion.nurse_id)
        if not appointment_references:
            continue
        confirmed = select(AppointmentRow).where(
            AppointmentRow.patient_id.in_(ids),
            AppointmentRow.status == AppointmentStatus.CONFIRMED.value,
        )
        for row in session.scalars(confirmed).unique():
            known.booked.setdefault(row.patient_id, []).append(row)

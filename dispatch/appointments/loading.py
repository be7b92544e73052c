"""Read what a patient's row and an appointment's row hold, for every part of this chapter."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.model import Window
from dispatch.appointments.records import AppointmentRow, PatientRow
from dispatch.kernel.refusals import NotFound, refuse


def patient_by_id(session: Session, patient_id: UUID) -> PatientRow:
    """Return the patient, or refuse with `NotFound`."""
    row = session.get(PatientRow, patient_id)
    if row is None:
        raise refuse(NotFound, "no_such_patient", "There is no such patient.", field="patient")
    return row


def patient_of_reference(session: Session, area_id: UUID, reference: str) -> UUID:
    """Return the id of the area's patient of that reference, or refuse with `NotFound`."""
    wanted = select(PatientRow.id).where(PatientRow.area_id == area_id, PatientRow.reference == reference)
    found = session.scalar(wanted)
    if found is None:
        text = "This area has no patient of that reference."
        raise refuse(NotFound, "no_such_patient", text, field="reference", way_out="Write it as P-0042.")
    return found


def windows_of(row: AppointmentRow) -> tuple[Window, ...]:
    """Return the windows of a row."""
    return tuple(Window(begins_at=w.begins_at, ends_at=w.ends_at) for w in row.windows)

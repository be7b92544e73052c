"""A column that a file leaves out says nothing: what is stored stays."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from dispatch.appointments.day_import.reading import ReadRow
from dispatch.appointments.records import AppointmentRow, PatientRow
from dispatch.workforce.records import NurseRow

DraftT = TypeVar("DraftT")
Stored = Callable[[Any], Any]

# Columns that a file may leave out -> what is stored then stays (draft's field, row's value).
NURSE_KEEPS: Mapping[str, tuple[str, Stored]] = {
    "gender": ("gender", lambda row: row.gender),
    "pet_allergies": ("pet_allergies", lambda row: tuple(row.pet_allergies)),
    "active": ("active", lambda row: row.active),
}
PATIENT_KEEPS: Mapping[str, tuple[str, Stored]] = {
    "phone": ("phone", lambda row: row.phone),
    "access_notes": ("access_notes", lambda row: row.access_notes),
    "pets": ("pets", lambda row: tuple(row.pets)),
    "required_language": ("required_language", lambda row: row.required_language),
    "required_gender": ("required_gender", lambda row: row.required_gender),
    "preferred_language": ("preferred_language", lambda row: row.preferred_language),
    "preferred_gender": ("preferred_gender", lambda row: row.preferred_gender),
}
BOOKING_KEEPS: Mapping[str, tuple[str, Stored]] = {
    "minutes": ("minutes", lambda row: row.minutes),
    "units": ("units", lambda row: row.units),
    "dose_order_ref": ("dose_order_ref", lambda row: row.dose_order_ref),
    "dose_mg": ("dose_ug", lambda row: row.dose_ug),
    "priority": ("priority", lambda row: row.priority),
    "nurses_needed": ("nurses_needed", lambda row: row.nurses_needed),
    "preferred_nurse": ("preferred_nurse_id", lambda row: row.preferred_nurse_id),
}


def kept(
    row: ReadRow,
    draft: DraftT,
    known: NurseRow | PatientRow | AppointmentRow | None,
    keeps: Mapping[str, tuple[str, Stored]],
) -> DraftT:
    """Return the draft with the stored values of a known row for columns that its file leaves out."""
    if known is None:
        return draft
    stored = {name: read(known) for column, (name, read) in keeps.items() if not row.has(column)}
    return replace(draft, **stored) if stored else draft  # type: ignore[type-var]

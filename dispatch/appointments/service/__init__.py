"""Everything that is done to patients and appointments. `save_*` are for the import."""

from dispatch.appointments.loading import patient_by_id
from dispatch.appointments.service.bookings import (
    appointment_by_id,
    appointment_by_reference,
    book_appointment,
    cancel_appointment,
    change_appointment,
    save_appointment,
)
from dispatch.appointments.service.catalogue import never_offered, seed_catalogue, services
from dispatch.appointments.service.exclusions import exclude_nurse, lift_exclusion, save_exclusions
from dispatch.appointments.service.patients import (
    change_patient,
    confirm_point,
    patients_named,
    place_patient,
    register_patient,
    save_patient,
)

__all__ = [
    "appointment_by_id",
    "appointment_by_reference",
    "book_appointment",
    "cancel_appointment",
    "change_appointment",
    "change_patient",
    "confirm_point",
    "exclude_nurse",
    "lift_exclusion",
    "never_offered",
    "patient_by_id",
    "patients_named",
    "place_patient",
    "register_patient",
    "save_appointment",
    "save_exclusions",
    "save_patient",
    "seed_catalogue",
    "services",
]

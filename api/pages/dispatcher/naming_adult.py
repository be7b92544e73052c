"""Who is with the patient, as she named the person on the telephone (B25)."""

from uuid import UUID

from api.actor import actor, clock
from api.db import current_session
from api.pages.patient.visit import adult_from_form
from dispatch.appointments.care.service import name_adult
from dispatch.intake.queries import case_view
from dispatch.kernel.refusals import Conflict, refuse


def adult_by_telephone(case_id: UUID) -> None:
    """Write down whom the patient named, before her first booking or later."""
    session = current_session()
    patient_id = case_view(session, case_id).patient_id
    if patient_id is None:
        text = "The patient is not registered yet."
        raise refuse(Conflict, "not_registered", text, way_out="Register the patient first.")
    name_adult(session, patient_id, adult_from_form(), actor(), clock())

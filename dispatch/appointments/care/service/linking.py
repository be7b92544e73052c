"""Links to a patient's own pages: through her case where one goes on, else a link of her own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.care.rules.telling import day_text
from dispatch.appointments.loading import patient_by_id, patient_of_reference
from dispatch.appointments.records import PatientRow
from dispatch.areas.service import area_by_id, zone_of
from dispatch.intake.model import CaseState
from dispatch.intake.queries import case_of_patient
from dispatch.intake.service import LinkPurpose, make_link, make_patient_link
from dispatch.intake.service.links import NewLink
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.messages.model import NewMessage, Recipient
from dispatch.messages.service import queue_message

OVER = frozenset({CaseState.CLOSED, CaseState.DECLINED})


def link_of_patient(
    session: Session, area_id: UUID, reference: str, actor: Actor, clock: Clock
) -> tuple[NewLink, UUID]:
    """Make a link to the pages of the patient whom an area knows by a reference, and return her id, too.

    Raises
    ------
    NotFound
        ``no_such_patient``.
    """
    patient_id = patient_of_reference(session, area_id, reference)
    return link_to_pages(session, patient_id, actor, clock), patient_id


def link_to_pages(session: Session, patient_id: UUID, actor: Actor, clock: Clock) -> NewLink:
    """Make a link to a patient's own pages.

    Raises
    ------
    NotFound
        ``no_such_patient``.
    """
    patient = patient_by_id(session, patient_id)
    case = case_of_patient(session, patient_id)
    if case is not None and case.state not in OVER:
        return make_link(session, case.case_id, LinkPurpose.PATIENT, actor, clock)
    return make_patient_link(session, patient_id, patient.area_id, actor, clock)


def tell_of_link(
    session: Session, patient_id: UUID, link: str, expires_at: datetime, actor: Actor, clock: Clock
) -> None:
    """Queue the text that carries a link, as an address of this house, to the patient."""
    patient = session.get_one(PatientRow, patient_id)
    zone = zone_of(area_by_id(session, patient.area_id))
    message = NewMessage(
        kind="page_link",
        to=Recipient(patient_id=patient_id),
        due_at=clock.now(),
        lapses_at=expires_at,
        values={"link": link, "day": day_text(expires_at, zone)},
        about=patient_id,
    )
    queue_message(session, message, actor, clock)

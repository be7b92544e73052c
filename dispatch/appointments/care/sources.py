"""What the chapters below say of a patient's care path: clearance, order, series, policies accepted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.care.model import TaskForPrescriber
from dispatch.appointments.loading import windows_of
from dispatch.appointments.records import AppointmentRow
from dispatch.appointments.rules.booking import laid_of
from dispatch.areas.service import area_by_id, zone_of
from dispatch.clearance.model import Clearance
from dispatch.clearance.queries import clearance_of
from dispatch.intake.queries import policies_unaccepted
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Reason
from dispatch.series.model import Order
from dispatch.series.queries import infusion_blocks, infusion_of, next_number, order_in_force
from dispatch.series.service import note_booked

# Rules of the screening that a booking makes a question for the prescriber (care-rules.md section 7).
QUESTIONS = {
    "xanthines": "A visit was asked for. The medication list names a medicine that must be decided on first."
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a patient's care path stands at an instant."""

    clearance: Clearance
    order: Order | None
    reasons: tuple[Reason, ...]
    task: TaskForPrescriber | None


def standing_of(session: Session, patient_id: UUID, at: datetime, *, but: UUID | None = None) -> Standing:
    """Return everything that clearance, intake and series have against a controlled visit at an instant."""
    clearance = clearance_of(session, patient_id, at)
    order = order_in_force(session, patient_id, at)
    reasons = [*clearance.for_office(), *policies_unaccepted(session, patient_id)]
    known = None if but is None else infusion_of(session, but)
    number = (known.number if known is not None else next_number(session, patient_id)) or 1
    if order is None:
        reasons.append(
            Reason(
                code="order_not_in_force",
                text="No signed order is in force at that time.",
                field="dose_order_ref",
                way_out="A prescriber signs one.",
            )
        )
    reasons.extend(infusion_blocks(session, patient_id, number, at))
    return Standing(
        clearance=clearance, order=order, reasons=tuple(reasons), task=_task(patient_id, clearance)
    )


def link_infusion(
    session: Session, appointment_id: UUID, patient_id: UUID, actor: Actor, clock: Clock
) -> None:
    """Make a booked appointment the next infusion of the patient's open series, where it is none yet."""
    number = next_number(session, patient_id)
    order = order_in_force(session, patient_id, clock.now())
    if number is None or order is None or infusion_of(session, appointment_id) is not None:
        return
    row = session.get_one(AppointmentRow, appointment_id)
    laid = laid_of(row.day, windows_of(row), zone_of(area_by_id(session, row.area_id)))
    note_booked(session, order.series_id, number, appointment_id, actor, clock, laid=laid)


def _task(patient_id: UUID, clearance: Clearance) -> TaskForPrescriber | None:
    for reason in clearance.unmet:
        if reason.code in QUESTIONS:
            return TaskForPrescriber(
                patient_id=patient_id, case_id=clearance.case_id, text=QUESTIONS[reason.code]
            )
    return None

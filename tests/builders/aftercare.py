"""A patient who was treated on Monday and left at home, discharged."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow, PatientRow
from dispatch.clearance.model import Subject, TaskKind
from dispatch.clearance.queries import open_tasks
from dispatch.intake.service import make_patient_link, open_link
from dispatch.kernel.actor import Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.row import Row
from dispatch.visits.aftercare import aftercare_of
from dispatch.visits.model import Deed
from tests.builders.safety import a_fact_row, a_staff_member
from tests.builders.visits import Town, a_town
from tests.builders.workforce import MONDAY, at

# 14:00 in Columbus on Monday the 23rd.
LEFT_AT = at(14, MONDAY)
CALM = (1, 1, 1, 1, 1, 1, 1, 1, 0)
WORRYING = (*CALM[:8], 1)


@dataclass(frozen=True, kw_only=True)
class Treated:
    """Whom it is about, at which visit."""

    town: Town
    patient_id: UUID
    visit_id: UUID


def a_treated_patient(session: Session, left_at: datetime = LEFT_AT, *, started: bool = True) -> Treated:
    """Ada of `a_town`, treated and discharged; without a case, as by import."""
    town = a_town(session)
    begun = left_at - timedelta(minutes=90)
    deeds = [(Deed.CHECK_IN, begun - timedelta(minutes=30)), (Deed.DISCHARGE, left_at)]
    deeds += [(Deed.START, begun), (Deed.STOP, begun + timedelta(minutes=40))] if started else []
    rows: list[Row] = [a_fact_row(town.first_id, town.nurse_id, deed, when) for deed, when in deeds]
    session.add_all(rows)
    session.flush()
    row = session.get_one(AppointmentRow, town.first_id)
    return Treated(town=town, patient_id=row.patient_id, visit_id=row.id)


def her_device(session: Session, treated: Treated, clock: Clock) -> str:
    """The secret in the cookie of the phone on which she opened a link of her own."""
    dana = a_staff_member(session, Role.DISPATCHER, "links@test.example")
    link = make_patient_link(session, treated.patient_id, treated.town.area_id, dana, clock)
    return open_link(session, link.secret, clock).secret


def alarms_for_prescriber(session: Session, treated: Treated) -> list[TaskKind]:
    """What waits for a prescriber about her."""
    return [task.kind for task in open_tasks(session, Subject(patient_id=treated.patient_id))]


def reference_of_somebody_treated(session: Session, area_id: UUID, clock: Clock) -> str:
    """The reference of a patient of the area whose treated visit still asks something of her."""
    patients = session.scalars(select(PatientRow).where(PatientRow.area_id == area_id))
    return next(row.reference for row in patients if aftercare_of(session, row.id, clock))

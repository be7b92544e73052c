"""A patient whose whole care path stands: cleared, ordered, agreed to the policies, with her sister."""

from dataclasses import replace
from datetime import date, time
from typing import Any

from sqlalchemy.orm import Session

from dispatch.appointments.care.model import ResponsibleAdult
from dispatch.appointments.care.service import name_adult
from dispatch.appointments.model import BookingDraft, LocalWindow
from dispatch.appointments.records import AppointmentRow
from dispatch.appointments.service import book_appointment
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import SetClock
from tests.builders.clearance import Scene, a_scene, cleared
from tests.builders.intake import fill
from tests.builders.series import ordered
from tests.builders.visits import a_patient

SISTER = ResponsibleAdult(
    name="Nora Example", phone="+1 614 555 0111", relation="sister", of_age=True, can_drive=True,
    chosen_by_patient=True,
)  # fmt: skip
WEDNESDAY = date(2026, 11, 25)
MORNING = LocalWindow(begins=time(9), ends=time(11))
VISIT = BookingDraft(
    reference="A-1", service_code="ketamine_first", day=WEDNESDAY, windows=(MORNING,)
)  # fmt: skip


def registered(scene: Scene) -> Scene:
    """The case's patient, registered at a verified address."""
    row = a_patient(scene.area_id, 1, "Ada Example")
    row.id = scene.patient_id
    scene.session.add(row)
    scene.session.flush()
    return scene


def a_ready_patient(session: Session, clock: SetClock) -> Scene:
    """Everything is there that a first visit needs but its time."""
    scene = registered(cleared(a_scene(session, clock)))
    ordered(scene)
    fill(session, scene.case_id, clock, {"agreements"})
    name_adult(session, scene.patient_id, SISTER, SYSTEM, clock)
    return scene


def book(scene: Scene, **more: Any) -> AppointmentRow:
    """Book her visit, on Wednesday morning unless said otherwise."""
    draft = replace(VISIT, **more)
    return book_appointment(scene.session, scene.patient_id, draft, SYSTEM, scene.clock)

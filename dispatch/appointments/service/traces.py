"""What a deed leaves behind: its audit entry, and the boards told."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.model import AppointmentStatus
from dispatch.appointments.records import AppointmentRow, PatientRow
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import note_change, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day


def audit(
    session: Session,
    action: str,
    subject_id: UUID,
    patient_id: UUID,
    actor: Actor,
    clock: Clock,
    **detail: Any,
) -> None:
    """Record a deed; `detail` holds codes, references and names of fields, never a patient's data."""
    entry = AuditEntry(
        action=action,
        subject_kind=action.partition(".")[0],
        subject_id=subject_id,
        patient_id=patient_id,
        detail=detail,
    )
    record(session, entry, actor, clock)


def audit_saved(
    session: Session,
    verbs: tuple[str, str],
    saved: Saved,
    changed: Iterable[str],
    subject_id: UUID,
    patient_id: UUID,
    actor: Actor,
    clock: Clock,
    **detail: Any,
) -> None:
    """Record the first verb for what was added, the second with the changed fields, or nothing."""
    if saved is Saved.ADDED:
        audit(session, verbs[0], subject_id, patient_id, actor, clock, **detail)
    elif saved is Saved.CHANGED:
        audit(session, verbs[1], subject_id, patient_id, actor, clock, changed=sorted(changed), **detail)


def patient_changed(session: Session, patient: PatientRow, clock: Clock) -> None:
    """Tell the boards of the days, from today on, on which the patient has an appointment."""
    area = session.get_one(ServiceAreaRow, patient.area_id)
    wanted = select(AppointmentRow.day).where(
        AppointmentRow.patient_id == patient.id,
        AppointmentRow.status == AppointmentStatus.CONFIRMED.value,
        AppointmentRow.day >= local_day(clock.now(), zone_of(area)),
    )
    for day in sorted(set(session.scalars(wanted))):
        note_change(session, patient.area_id, day, "patient", clock, patient.id)

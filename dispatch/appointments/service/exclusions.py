"""Patients and nurses who must not meet."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.loading import patient_by_id
from dispatch.appointments.records import ExclusionRow, PatientRow
from dispatch.appointments.service.traces import audit, patient_changed
from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid, NotFound, refuse
from dispatch.workforce.service import nurse_by_id

ASKERS = frozenset({"patient", "nurse", "office"})


def exclude_nurse(
    session: Session, patient_id: UUID, nurse_id: UUID, asked_by: str, actor: Actor, clock: Clock
) -> ExclusionRow:
    """Keep a nurse from a patient, whichever of them asked for it; asking twice changes nothing."""
    if asked_by not in ASKERS:
        raise refuse(Invalid, "choice_unknown", "Choose one of: patient, nurse, office.", field="asked_by")
    patient = patient_by_id(session, patient_id)
    nurse_by_id(session, nurse_id)
    known = session.scalar(
        select(ExclusionRow).where(ExclusionRow.patient_id == patient_id, ExclusionRow.nurse_id == nurse_id)
    )
    if known is not None:
        return known
    row = ExclusionRow(id=new_id(), patient_id=patient_id, nurse_id=nurse_id, asked_by=asked_by)
    session.add(row)
    audit(
        session, "exclusion.add", row.id, patient_id, actor, clock, nurse_id=str(nurse_id), asked_by=asked_by
    )
    patient_changed(session, patient, clock)
    return row


def lift_exclusion(session: Session, exclusion_id: UUID, actor: Actor, clock: Clock) -> None:
    """Let the two meet again."""
    row = session.get(ExclusionRow, exclusion_id)
    if row is None:
        raise refuse(NotFound, "no_such_exclusion", "There is no such exclusion.", field="exclusion")
    audit(session, "exclusion.lift", row.id, row.patient_id, actor, clock, nurse_id=str(row.nurse_id))
    patient_changed(session, patient_by_id(session, row.patient_id), clock)
    session.delete(row)


def save_exclusions(
    session: Session,
    patient: PatientRow,
    nurse_ids: Collection[UUID],
    known: Collection[UUID],
    actor: Actor,
    clock: Clock,
) -> Saved:
    """Add the exclusions that are missing. Those not named stay: a file never lifts a safeguard."""
    missing = [nurse_id for nurse_id in nurse_ids if nurse_id not in known]
    for nurse_id in missing:
        row = ExclusionRow(id=new_id(), patient_id=patient.id, nurse_id=nurse_id, asked_by="office")
        session.add(row)
        audit(
            session, "exclusion.add", row.id, patient.id, actor, clock, nurse_id=str(nurse_id),
            asked_by="office",
        )  # fmt: skip
    return Saved.CHANGED if missing else Saved.UNCHANGED

"""Patients: registered, placed on the map, found again by name."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.loading import patient_by_id
from dispatch.appointments.model import UNPLACED, PatientDraft, Placed, Point, PointSource, point_text
from dispatch.appointments.records import PatientRow
from dispatch.appointments.rules.patients import name_key, patient_faults, pin_faults
from dispatch.appointments.service.traces import audit, audit_saved, patient_changed
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import zone_of
from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved, assign, require_version
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Conflict, Invalid, refuse
from dispatch.kernel.sealing import keyring_of
from dispatch.workforce.rules.compact import the_compact


def patients_named(session: Session, area_id: UUID, name: str) -> Sequence[PatientRow]:
    """Return the area's patients of that full name: found by a keyed digest, no name is compared."""
    wanted = select(PatientRow).where(
        PatientRow.area_id == area_id, PatientRow.name_index == name_index(session, name)
    )
    return session.scalars(wanted.order_by(PatientRow.reference)).all()


def name_index(session: Session, name: str) -> bytes:
    """Return the digest by which a name is looked up."""
    return keyring_of(session).blind_index(name_key(name), "patient.name")


def register_patient(
    session: Session,
    area_id: UUID,
    draft: PatientDraft,
    actor: Actor,
    clock: Clock,
    *,
    placed: Placed = UNPLACED,
) -> PatientRow:
    """Register a patient of the area.

    Parameters
    ----------
    placed
        Where her address is; nobody is sent there before the point is verified.

    Raises
    ------
    Invalid
        With every fault.
    Conflict
        ``reference_taken``.
    """
    _refuse_faulty(session, area_id, draft, clock)
    known = select(PatientRow.id).where(
        PatientRow.area_id == area_id, PatientRow.reference == draft.reference
    )
    if session.scalar(known) is not None:
        text = "There is a patient of that reference already."
        raise refuse(Conflict, "reference_taken", text, field="reference")
    row, _ = save_patient(session, area_id, draft, placed, None, actor, clock)
    session.flush()
    return row


def change_patient(
    session: Session,
    patient_id: UUID,
    draft: PatientDraft,
    actor: Actor,
    clock: Clock,
    *,
    seen: int | None = None,
    placed: Placed | None = None,
) -> PatientRow:
    """Change what is known of a patient. A new address is unverified until its point is confirmed.

    Raises
    ------
    Stale
        When somebody changed her since version `seen`.
    """
    row = patient_by_id(session, patient_id)
    require_version(row, seen)
    _refuse_faulty(session, row.area_id, draft, clock)
    if draft.reference != row.reference:
        text = "A patient keeps her reference."
        raise refuse(Invalid, "reference_never_changes", text, field="reference")
    if placed is None and draft.address != row.address:
        placed = UNPLACED
    save_patient(session, row.area_id, draft, placed, row, actor, clock)
    session.flush()
    patient_changed(session, row, clock)
    return row


def _refuse_faulty(session: Session, area_id: UUID, draft: PatientDraft, clock: Clock) -> None:
    today = local_day(clock.now(), zone_of(session.get_one(ServiceAreaRow, area_id)))
    if faults := patient_faults(draft, today, the_compact()):
        raise Invalid(faults)


def save_patient(
    session: Session,
    area_id: UUID,
    draft: PatientDraft,
    placed: Placed | None,
    known: PatientRow | None,
    actor: Actor,
    clock: Clock,
) -> tuple[PatientRow, Saved]:
    """Write a faultless draft into the row that is known, or into a new one.

    Parameters
    ----------
    placed
        None leaves the point of a known patient as it is.
    """
    row = known or PatientRow(id=new_id(), area_id=area_id, reference=draft.reference)
    values: dict[str, object] = {
        "state": draft.state,
        "name": draft.name,
        "phone": draft.phone,
        "born_on": draft.born_on.isoformat(),
        "address": draft.address,
        "access_notes": draft.access_notes,
        "pets": list(draft.pets),
        "required_language": draft.required_language,
        "required_gender": draft.required_gender,
        "preferred_language": draft.preferred_language,
        "preferred_gender": draft.preferred_gender,
    }
    if known is None or known.name != draft.name:
        values["name_index"] = name_index(session, draft.name)
    if placed is not None:
        values |= _placed_values(placed)
    changed = assign(row, values)
    saved = Saved.ADDED if known is None else Saved.CHANGED if changed else Saved.UNCHANGED
    if known is None:
        session.add(row)
    verbs = ("patient.register", "patient.change")
    audit_saved(session, verbs, saved, changed, row.id, row.id, actor, clock, point_source=row.point_source)
    return row, saved


def _placed_values(placed: Placed) -> dict[str, object]:
    return {
        "point": None if placed.point is None else point_text(placed.point),
        "point_source": placed.source.value,
        "point_verified": placed.verified and placed.point is not None,
    }


def confirm_point(
    session: Session, patient_id: UUID, point: Point, actor: Actor, clock: Clock, *, seen: int | None = None
) -> PatientRow:
    """Let a dispatcher confirm where the patient's door is; from now on visits there can be planned."""
    if faults := pin_faults(point):
        raise Invalid(faults)
    row = patient_by_id(session, patient_id)
    require_version(row, seen)
    before = row.point_source
    placed = Placed(point=point, source=PointSource.DISPATCHER, verified=True)
    assign(row, _placed_values(placed))
    session.flush()
    audit(session, "patient.confirm_point", row.id, row.id, actor, clock, before=before)
    patient_changed(session, row, clock)
    return row


def place_patient(
    session: Session, patient_id: UUID, address: str, placed: Placed, actor: Actor, clock: Clock
) -> bool:
    """Take over what a geocoder found for `address`, unless it moved or a person placed it meanwhile.

    Returns
    -------
    bool
        Whether it was taken over.
    """
    row = patient_by_id(session, patient_id)
    if row.address != address or row.point_source in (PointSource.DISPATCHER, PointSource.IMPORT):
        return False
    if assign(row, _placed_values(placed)):
        session.flush()
        audit(session, "patient.place", row.id, row.id, actor, clock, point_source=row.point_source)
        patient_changed(session, row, clock)
    return True


def born_on(row: PatientRow) -> date | None:
    """Return the patient's birthday, None when it is not known."""
    return date.fromisoformat(row.born_on) if row.born_on else None

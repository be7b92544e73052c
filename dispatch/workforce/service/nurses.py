"""Nurses and where they live."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved, assign, require_version
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, refuse
from dispatch.workforce.model import NurseDraft, Residence
from dispatch.workforce.records import NurseRow, ResidenceRow
from dispatch.workforce.rules.compact import the_compact
from dispatch.workforce.rules.drafts import nurse_faults, residence_faults
from dispatch.workforce.service.boards import audit_saved, nurse_changed, today_in


def nurse_by_code(session: Session, area_id: UUID, code: str) -> NurseRow:
    """Return the nurse of the area whom boards show as `code`, or refuse with `NotFound`."""
    row = session.scalar(select(NurseRow).where(NurseRow.area_id == area_id, NurseRow.code == code))
    if row is None:
        raise refuse(NotFound, "no_such_nurse", "There is no nurse of that code.", field="nurse")
    return row


def nurse_by_id(session: Session, nurse_id: UUID) -> NurseRow:
    """Return the nurse, or refuse with `NotFound`."""
    row = session.get(NurseRow, nurse_id)
    if row is None:
        raise refuse(NotFound, "no_such_nurse", "There is no such nurse.", field="nurse")
    return row


def add_nurse(session: Session, area_id: UUID, draft: NurseDraft, actor: Actor, clock: Clock) -> NurseRow:
    """Add a nurse to the area; without licences, residence and shifts she is eligible for nothing yet.

    Raises
    ------
    Invalid
        With every fault of the draft.
    Conflict
        ``code_taken``.
    """
    refuse_faulty_nurse(draft)
    known = select(NurseRow.id).where(NurseRow.area_id == area_id, NurseRow.code == draft.code)
    if session.scalar(known) is not None:
        raise refuse(Conflict, "code_taken", f"There is a nurse {draft.code} already.", field="code")
    row, _ = save_nurse(session, area_id, draft, None, actor, clock)
    return row


def change_nurse(
    session: Session,
    nurse_id: UUID,
    draft: NurseDraft,
    actor: Actor,
    clock: Clock,
    *,
    seen: int | None = None,
) -> NurseRow:
    """Change what is known of a nurse; her code stays.

    Raises
    ------
    Stale
        When somebody changed her since version `seen`.
    """
    row = nurse_by_id(session, nurse_id)
    require_version(row, seen)
    refuse_faulty_nurse(draft)
    if draft.code != row.code:
        text = "A nurse keeps her code: plans and ledgers name her by it."
        raise refuse(Invalid, "code_never_changes", text, field="code")
    save_nurse(session, row.area_id, draft, row, actor, clock)
    nurse_changed(session, row, "nurse", clock)
    return row


def refuse_faulty_nurse(draft: NurseDraft) -> None:
    """Raise `Invalid` with every fault of the draft."""
    if faults := nurse_faults(draft):
        raise Invalid(faults)


def save_nurse(
    session: Session, area_id: UUID, draft: NurseDraft, known: NurseRow | None, actor: Actor, clock: Clock
) -> tuple[NurseRow, Saved]:
    """Write a faultless draft into the row that is known, or into a new one."""
    row = known or NurseRow(id=new_id(), area_id=area_id, code=draft.code)
    lat, lon = draft.home_point
    values = {
        "name": draft.name,
        "gender": draft.gender,
        "languages": list(draft.languages),
        "pet_allergies": list(draft.pet_allergies),
        "home_address": draft.home_address,
        "home_lat": lat,
        "home_lon": lon,
        "lock_box_units": draft.lock_box_units,
        "active": draft.active,
    }
    changed = assign(row, values)
    saved = Saved.ADDED if known is None else Saved.CHANGED if changed else Saved.UNCHANGED
    if known is None:
        session.add(row)
    audit_saved(session, "nurse", row.id, saved, changed, actor, clock, code=row.code)
    return row, saved


def move_residence(
    session: Session, nurse_id: UUID, residence: Residence, actor: Actor, clock: Clock
) -> NurseRow:
    """Enter since when a nurse has her primary residence in a state; earlier ones stay on record."""
    row = nurse_by_id(session, nurse_id)
    if faults := residence_faults(residence, today_in(session, row.area_id, clock), the_compact()):
        raise Invalid(faults)
    save_residence(session, row, residence, actor, clock)
    nurse_changed(session, row, "residence", clock)
    return row


def save_residence(
    session: Session, nurse: NurseRow, residence: Residence, actor: Actor, clock: Clock
) -> Saved:
    """Write a faultless residence; the same day again corrects the state."""
    known = next((row for row in nurse.residences if row.since == residence.since), None)
    row = known or ResidenceRow(id=new_id(), nurse_id=nurse.id, since=residence.since)
    changed = assign(row, {"state": residence.state})
    saved = Saved.ADDED if known is None else Saved.CHANGED if changed else Saved.UNCHANGED
    if known is None:
        nurse.residences.append(row)
    audit_saved(session, "residence", row.id, saved, changed, actor, clock, nurse=nurse.code, state=row.state)
    return saved

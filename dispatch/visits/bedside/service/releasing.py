"""A prescriber lets a held visit go on: signed, with the reason; nobody else, and never what blocks."""

import json
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.service import policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.clearance.rules.deciding import proof_faults
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, Reasons
from dispatch.kernel.sealing import keyring_of
from dispatch.visits.bedside.casework import case_of
from dispatch.visits.bedside.model import NewRelease, Section
from dispatch.visits.bedside.records import EntryRow
from dispatch.visits.bedside.rules.gates import Case
from dispatch.visits.bedside.service.following import for_a_prescriber
from dispatch.visits.facts import facts_of, no_such_visit
from dispatch.visits.model import Deed, VisitState
from dispatch.visits.system_deeds import note_deed


def held_case(session: Session, appointment_id: UUID, clock: Clock) -> tuple[AppointmentRow, UUID, Case]:
    """Return a visit at whose bedside one nurse is, that nurse, and the case as it stands now.

    Raises
    ------
    NotFound
        ``no_such_visit``.
    """
    row = session.get(AppointmentRow, appointment_id)
    nurses = {nurse_id for _, nurse_id in facts_of(session, [appointment_id])}
    if row is None or len(nurses) != 1:
        raise no_such_visit()
    (nurse_id,) = nurses
    return row, nurse_id, case_of(session, row, nurse_id, clock.now())


def release_hold(session: Session, new: NewRelease, actor: Actor, clock: Clock) -> VisitState:
    """Sign that a held visit may go on although `new.codes` stand; when nothing else holds it, it does.

    A visit that is held although nothing stands any more (it was put right, or the nurse herself asked for a
    prescriber) is released without codes.

    Raises
    ------
    Forbidden
        ``role_missing``; without a fresh proof of her own identity.
    NotFound
        ``no_such_visit``.
    Conflict
        ``not_to_be_released``, for each code that does not stand or that no signature releases.
    Invalid
        ``reason_missing``.
    """
    actor.require((Role.PRESCRIBER,))
    row, nurse_id, held = held_case(session, new.appointment_id, clock)
    now, codes = clock.now(), new.codes
    fresh = timedelta(minutes=policy(session, "identity.fresh_minutes")["minutes"])
    if unsigned := proof_faults(new.proof, actor.account_id, now, fresh):
        raise Forbidden(unsigned)
    due = {each.reason.code for each in for_a_prescriber(held)}
    wrong = Reasons()
    for_nothing = not codes and (bool(due) or held.story.state is not VisitState.HELD)
    for code in sorted(codes - due) or [""] * for_nothing:
        wrong.add("not_to_be_released", f"Nothing of this kind waits for your signature: {code or 'none'}.")
    wrong.raise_if_any(Conflict)
    reason = new.reason.strip()
    if len(reason) < 3:
        wrong.add("reason_missing", "Say why it may go on.", field="reason")
    wrong.raise_if_any(Invalid)
    assert new.proof is not None
    entry = EntryRow(
        id=new_id(),
        appointment_id=row.id,
        nurse_id=nurse_id,
        account_id=actor.account_id,
        device_at=now,
        received_at=now,
        happened_at=now,
        body_digest=keyring_of(session).blind_index(reason, "bedside.body"),
        verdict={"missing": [], "flags": [], "proof": new.proof.session_ref},
        section=Section.RELEASE.value,
    )
    entry.answers = json.dumps({"codes": sorted(codes), "reason": reason})
    session.add(entry)
    session.flush()
    detail = {"codes": sorted(codes), "event_id": str(entry.id)}
    noted = AuditEntry(
        action="bedside.release",
        subject_kind="appointment",
        subject_id=row.id,
        patient_id=row.patient_id,
        detail=detail,
    )
    record(session, noted, actor, clock)
    case = case_of(session, row, nurse_id, now)
    if for_a_prescriber(case):
        return case.story.state
    return note_deed(session, row, nurse_id, Deed.RELEASE, entry.id, now, reason, actor, clock)

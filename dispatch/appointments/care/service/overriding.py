"""A prescriber signs over a requirement of a patient's bookings, until it expires (section 2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.care.model import NewOverride
from dispatch.appointments.care.records import BookingOverrideRow
from dispatch.appointments.loading import patient_by_id
from dispatch.areas.service import policies
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.clearance.queries import prescriber_may_order
from dispatch.clearance.rules.deciding import proof_faults
from dispatch.custody.queries.names import account_names
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.plain_text import LONGEST_NOTE, text_fault
from dispatch.kernel.refusals import Forbidden, Invalid, Reasons

# What a prescriber may sign over at a booking; everything else is released where it arises.
OVERRIDABLE = frozenset({"fasting_solids_short"})
POLICIES = ("clearance.expiry", "identity.fresh_minutes")


@dataclass(frozen=True, kw_only=True)
class StandingOverride:
    """What a prescriber signed over for a patient's bookings, why, and until when."""

    override_id: UUID
    code: str
    reason: str = field(repr=False)
    by: str
    signed_at: datetime
    expires_at: datetime


def sign_booking_override(session: Session, new: NewOverride, actor: Actor, clock: Clock) -> StandingOverride:
    """Let a prescriber sign over a requirement of class OVERRIDE for a patient, until it expires.

    The same event again gives what it gave before.

    Raises
    ------
    Forbidden
        Without the role, a licence of the patient's state, a DEA registration, or a fresh proof.
    NotFound
        ``no_such_patient``.
    Invalid
        ``not_overridable``, ``reason_missing``, ``expiry_past``, ``expiry_too_far``, all at once.
    """
    actor.require((Role.PRESCRIBER,))
    patient = patient_by_id(session, new.patient_id)
    before = session.get(BookingOverrideRow, new.event_id)
    if before is not None and (before.patient_id, before.signed_by) == (patient.id, actor.account_id):
        return _lines(session, [before])[0]
    assert actor.account_id is not None
    now, rules = clock.now(), policies(session, POLICIES, patient.area_id, patient.state)
    fresh = timedelta(minutes=rules["identity.fresh_minutes"]["minutes"])
    days = rules["clearance.expiry"]["override_days"]
    wrong = Reasons()
    if new.code not in OVERRIDABLE:
        wrong.add("not_overridable", "Nobody signs over that.", field="code")
    if len(new.reason.strip()) < 3:
        wrong.add("reason_missing", "Say why.", field="reason")
    elif fault := text_fault(new.reason, most=LONGEST_NOTE, lines=True):
        wrong.add(*fault, field="reason")
    if new.expires_at <= now:
        wrong.add("expiry_past", "It has to expire later than now.", field="expires_at")
    elif new.expires_at > now + timedelta(days=days):
        wrong.add("expiry_too_far", f"It expires within {days} days.", field="expires_at")
    forbidden = [
        *prescriber_may_order(session, actor.account_id, patient.state, now),
        *proof_faults(new.proof, actor.account_id, now, fresh),
    ]
    if forbidden:
        raise Forbidden([*forbidden, *wrong.found])
    wrong.raise_if_any(Invalid)
    assert new.proof is not None
    row = BookingOverrideRow(
        id=new.event_id,
        patient_id=patient.id,
        code=new.code,
        signed_by=actor.account_id,
        signed_at=now,
        proof_ref=new.proof.session_ref,
        expires_at=new.expires_at,
    )
    row.reason = new.reason.strip()
    session.add(row)
    session.flush()
    entry = AuditEntry(
        action="booking.override", subject_kind="booking", subject_id=row.id, patient_id=patient.id,
        detail={"code": new.code},
    )  # fmt: skip
    record(session, entry, actor, clock)
    return _lines(session, [row])[0]


def standing_overrides(session: Session, patient_id: UUID, at: datetime) -> Sequence[StandingOverride]:
    """Return what is signed over for a patient's bookings at an instant, what ends first first."""
    patient_by_id(session, patient_id)
    wanted = select(BookingOverrideRow).where(
        BookingOverrideRow.patient_id == patient_id, BookingOverrideRow.expires_at > at
    )
    rows = session.scalars(wanted.order_by(BookingOverrideRow.expires_at, BookingOverrideRow.id)).all()
    return _lines(session, rows)


def _lines(session: Session, rows: Sequence[BookingOverrideRow]) -> list[StandingOverride]:
    names = account_names(session, {row.signed_by for row in rows})
    return [
        StandingOverride(
            override_id=row.id, code=row.code, reason=row.reason or "", by=names[row.signed_by],
            signed_at=row.signed_at, expires_at=row.expires_at,
        )
        for row in rows
    ]  # fmt: skip

"""Store what was read and charted at the bedside. What is well-formed is kept; what it says is judged.

The server judges again whatever a phone did without signal: a set of readings beyond the limits aborts or
holds the visit when it arrives, as it would have at once.
"""

import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import rfc8785
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import ServiceAreaRow
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Conflict, Invalid, Reason
from dispatch.kernel.sealing import keyring_of
from dispatch.visits.bedside.loading import keeps_checklist, limits_of, phase_at
from dispatch.visits.bedside.model import (
    EntryReceipt,
    Level,
    NewEntry,
    NewReading,
    Phase,
    ReadingReceipt,
    Section,
)
from dispatch.visits.bedside.outside import ordered
from dispatch.visits.bedside.records import EntryRow, ReadingRow
from dispatch.visits.bedside.rules.checklist import answer_faults, blank, unmet_of
from dispatch.visits.bedside.rules.gates import Ordered, against_rate
from dispatch.visits.bedside.rules.vitals import implausible, judge
from dispatch.visits.bedside.service.following import after_entry, after_reading
from dispatch.visits.bedside.service.scoring import keep_scores
from dispatch.visits.facts import event_id_reused, facts_of, may_report, no_such_visit, story_of
from dispatch.visits.model import Story
from dispatch.visits.receiving import Timing, timing


def record_reading(session: Session, new: NewReading, actor: Actor, clock: Clock) -> ReadingReceipt:
    """Store a set of readings, judged by the limits that hold now; the same again gets the same receipt.

    Raises
    ------
    NotFound
        ``no_such_visit``, as `visits.service.record_fact`.
    Invalid
        ``reading_implausible``, once for each figure that no patient has.
    EventIdReused
        As `visits.service.record_fact`.
    """
    digest = _digest(session, new, asdict(new.reading), actor)
    stored = _stored(session, ReadingRow, new, actor, digest)
    if stored is not None:
        return _reading_receipt(session, stored, repeated=True)
    row, story = _visit_of(session, new, actor)
    limits = limits_of(session, row)
    if wrong := implausible(new.reading, limits["vitals.plausible"]):
        raise Invalid(wrong)
    when = timing(new.at, new.sent_at, clock.now())
    phase = phase_at(story, when.happened_at)
    judged = judge(phase, new.reading, limits)
    kept = ReadingRow(
        **_reported(new, row, actor, when, clock, digest),
        **{name: value for name, value in asdict(new.reading).items() if name != "symptoms"},
        symptoms=list(new.reading.symptoms),
        phase=phase.value,
    )
    kept.verdict = {
        "level": judged.level.value,
        "codes": list(judged.codes),
        "limits": judged.limits,
        "flags": _flags(session, row, when),
    }
    session.add(kept)
    session.flush()
    _audit(session, "bedside.reading", row, kept.id, actor, clock, phase=phase.value)
    if keeps_checklist(session, row):
        after_reading(session, row, kept, story, clock)
    return _reading_receipt(session, kept, repeated=False)


def record_step(session: Session, new: NewEntry, actor: Actor, clock: Clock) -> EntryReceipt:
    """Store a section as it was charted, complete or not; the newest counts, earlier ones stay.

    Raises
    ------
    NotFound
        ``no_such_visit``.
    Invalid
        ``question_unknown``, ``answer_not_valid``; ``section_not_hers`` for what a prescriber signs.
    Conflict
        ``rate_out_of_range``, for a change of rate that is asked for; one that was made is kept and flagged.
    EventIdReused
        As `visits.service.record_fact`.
    """
    digest = _digest(session, new, {"section": new.section.value, **new.answers}, actor)
    stored = _stored(session, EntryRow, new, actor, digest)
    if stored is not None:
        return _entry_receipt(session, stored, repeated=True)
    row, story = _visit_of(session, new, actor)
    wrong = answer_faults(new.section, new.answers)
    if new.section is Section.RELEASE:
        wrong.append(Reason(code="section_not_hers", text="Only a prescriber signs a release."))
    if wrong:
        raise Invalid(wrong)
    when = timing(new.at, new.sent_at, clock.now())
    kept = EntryRow(**_reported(new, row, actor, when, clock, digest), section=new.section.value)
    kept.answers = json.dumps(dict(new.answers))
    missing = [each.reason for each in unmet_of(new.section, new.answers)]
    flags = _flags(session, row, when)
    order = ordered(session, row, when.happened_at) if new.section is Section.RATE else None
    if new.section is Section.RATE and (against := _against_rate(new, order)):
        if new.asked:
            raise Conflict([against])
        flags.append(against.code)
    kept.verdict = {
        "missing": [asdict(each) for each in missing],
        "flags": flags,
        **({"order": order.reference} if order else {}),
    }
    session.add(kept)
    session.flush()
    _audit(session, "bedside.charted", row, kept.id, actor, clock, section=new.section.value)
    keep_scores(session, row, new.section, new.answers, when.happened_at, actor, clock)
    if keeps_checklist(session, row):
        after_entry(session, row, kept, story, clock)
    return _entry_receipt(session, kept, repeated=False)


def _against_rate(new: NewEntry, order: Ordered | None) -> Reason | None:
    to_ml_h = new.answers.get("to_ml_h")
    return None if blank(to_ml_h) else against_rate(Decimal(str(to_ml_h)), order)


def _visit_of(session: Session, new: NewReading | NewEntry, actor: Actor) -> tuple[AppointmentRow, Story]:
    row = session.get(AppointmentRow, new.appointment_id)
    if row is None or actor.nurse_id is None:
        raise no_such_visit()
    before = facts_of(session, [row.id]).get((row.id, actor.nurse_id), ())
    if not may_report(session, actor.nurse_id, row, before, new.at):
        raise no_such_visit()
    return row, story_of(before, cancelled=row.status == "cancelled")


def _reported(
    new: NewReading | NewEntry,
    row: AppointmentRow,
    actor: Actor,
    when: Timing,
    clock: Clock,
    digest: bytes,
) -> dict[str, Any]:
    return {
        "id": new.event_id,
        "appointment_id": row.id,
        "nurse_id": actor.nurse_id,
        "account_id": actor.account_id,
        "device_id": actor.device_id,
        "device_seq": new.device_seq,
        "device_at": new.at,
        "sent_at": new.sent_at,
        "received_at": clock.now(),
        "happened_at": when.happened_at,
        "body_digest": digest,
    }


def _flags(session: Session, row: AppointmentRow, when: Timing) -> list[str]:
    area = session.get_one(ServiceAreaRow, row.area_id)
    other_day = local_day(when.happened_at, ZoneInfo(area.time_zone)) != row.day
    return [*when.flags, *(["other_day"] * other_day)]


def _audit(
    session: Session,
    action: str,
    row: AppointmentRow,
    event_id: UUID,
    actor: Actor,
    clock: Clock,
    **detail: str,
) -> None:
    entry = AuditEntry(
        action=action,
        subject_kind="appointment",
        subject_id=row.id,
        patient_id=row.patient_id,
        detail={"event_id": str(event_id), **detail},
    )
    record(session, entry, actor, clock)


def _digest(session: Session, new: NewReading | NewEntry, body: dict[str, Any], actor: Actor) -> bytes:
    """Return a keyed digest of what was sent, without the time of sending, which differs when retried."""
    told = {
        "account": str(actor.account_id),
        "device": str(actor.device_id),
        "event": str(new.event_id),
        "appointment": str(new.appointment_id),
        "at": new.at.isoformat(),
        "seq": new.device_seq,
        "body": json.dumps(body, sort_keys=True),
    }
    return keyring_of(session).blind_index(rfc8785.dumps(told).decode(), "bedside.body")


StoredT = TypeVar("StoredT", ReadingRow, EntryRow)


def _stored(
    session: Session, table: type[StoredT], new: NewReading | NewEntry, actor: Actor, digest: bytes
) -> StoredT | None:
    """Return the report that came before under this id or sequence number, the very same one only."""
    same = table.id == new.event_id
    if actor.device_id is not None and new.device_seq is not None:
        same = or_(same, (table.device_id == actor.device_id) & (table.device_seq == new.device_seq))
    stored = session.scalar(select(table).where(same).order_by(table.position).limit(1))
    if stored is not None and stored.body_digest != digest:
        raise event_id_reused()
    return stored


def _state_now(session: Session, row: ReadingRow | EntryRow) -> str:
    facts = facts_of(session, [row.appointment_id]).get((row.appointment_id, row.nurse_id), ())
    cancelled = session.get_one(AppointmentRow, row.appointment_id).status == "cancelled"
    return story_of(facts, cancelled=cancelled).state.value


def _reading_receipt(session: Session, row: ReadingRow, *, repeated: bool) -> ReadingReceipt:
    return ReadingReceipt(
        event_id=row.id,
        position=row.position,
        received_at=row.received_at,
        phase=Phase(row.phase),
        level=Level(row.verdict["level"]),
        codes=tuple(row.verdict["codes"]),
        flags=tuple(row.verdict["flags"]),
        state=_state_now(session, row),
        repeated=repeated,
    )


def _entry_receipt(session: Session, row: EntryRow, *, repeated: bool) -> EntryReceipt:
    return EntryReceipt(
        event_id=row.id,
        position=row.position,
        received_at=row.received_at,
        section=Section(row.section),
        missing=tuple(Reason(**each) for each in row.verdict["missing"]),
        flags=tuple(row.verdict["flags"]),
        state=_state_now(session, row),
        repeated=repeated,
    )


def note_reuse(session: Session, event_id: UUID, actor: Actor, clock: Clock) -> None:
    """Alarm compliance: an event id came again with another body (custody-rules.md, invariant 7)."""
    entry = AuditEntry(action="visit.event_id_reused", subject_kind="bedside", subject_id=event_id, detail={})
    record(session, entry, actor, clock)

"""Record what a nurse did at a visit. Nothing that physically happened is refused storage."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import rfc8785
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import note_change, policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.queries import vials_of_nurse
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.kernel.sealing import keyring_of
from dispatch.visits.bedside.service.asking import FLAG_OF, Said, bedside_says, make_ready, told_by
from dispatch.visits.bedside.service.ending import tell_others
from dispatch.visits.facts import (
    event_id_reused,
    fact_of,
    facts_of,
    may_report,
    no_such_visit,
    on_route,
    story_of,
)
from dispatch.visits.model import Deed, Fact, NewFact, Receipt, VisitState
from dispatch.visits.receiving import (
    Judgement,
    Timing,
    distance_m,
    no_show_flags,
    place_flags,
    point_of,
    reason_due,
    timing,
)
from dispatch.visits.records import VisitFactRow
from dispatch.visits.rules import (
    fold,
)


def record_fact(session: Session, fact: NewFact, actor: Actor, clock: Clock) -> Receipt:
    """Store a deed and return its receipt; the same fact again gets the same receipt.

    Raises
    ------
    NotFound
        When the visit is not on the actor's published route, was not when the deed happened, and she has
        reported nothing of it before.
    EventIdReused
        When the event id, or the device's sequence number, came before with another body.
    """
    digest = _digest(session, fact, actor)
    stored = _stored(session, fact, actor)
    if stored is not None:
        return _again(stored, digest)
    row = session.get(AppointmentRow, fact.appointment_id)
    if row is None or actor.nurse_id is None:
        raise no_such_visit()
    before = facts_of(session, [row.id]).get((row.id, actor.nurse_id), ())
    if not may_report(session, actor.nurse_id, row, before, fact.at):
        raise no_such_visit()
    said = _said(session, fact, actor.nurse_id, row, before, clock)
    if make_ready(session, fact, row, actor.nurse_id, said, actor, clock):
        before = facts_of(session, [row.id])[row.id, actor.nurse_id]
    new = _new_row(session, fact, actor, row, before, said, clock, digest)
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:  # the same fact, sent twice at the same moment, was stored by the other request
        stored = _stored(session, fact, actor)
        if stored is None:
            raise
        return _again(stored, digest)
    entry = AuditEntry(
        action=f"visit.{fact.deed}",
        subject_kind="appointment",
        subject_id=row.id,
        patient_id=row.patient_id,
        detail={"event_id": str(fact.event_id), **new.verdict},
    )
    record(session, entry, actor, clock)
    note_change(session, row.area_id, row.day, "visit", clock, row.id)
    tell_others(session, row, fact.deed, said.story, new.happened_at, actor, clock)
    return _receipt(new, repeated=False)


def note_reuse(session: Session, fact: NewFact, actor: Actor, clock: Clock) -> None:
    """Alarm compliance: an event id came again with another body (custody-rules.md, invariant 7)."""
    entry = AuditEntry(
        action="visit.event_id_reused",
        subject_kind="visit_fact",
        subject_id=fact.event_id,
        detail={"deed": fact.deed.value, "device_seq": fact.device_seq},
    )
    record(session, entry, actor, clock)


def judge(session: Session, fact: NewFact, actor: Actor, clock: Clock) -> Judgement:
    """Say what storing `fact` now would flag, without storing it, so that a screen can ask for the reason.

    Raises
    ------
    NotFound
        As `record_fact`.
    """
    row = session.get(AppointmentRow, fact.appointment_id)
    if row is None or actor.nurse_id is None:
        raise no_such_visit()
    before = facts_of(session, [row.id]).get((row.id, actor.nurse_id), ())
    if not may_report(session, actor.nurse_id, row, before, fact.at):
        raise no_such_visit()
    said = _said(session, fact, actor.nurse_id, row, before, clock)
    judged, _ = _judge(session, fact, actor, row, before, said, clock.now())
    return judged


def _said(
    session: Session,
    fact: NewFact,
    nurse_id: UUID,
    row: AppointmentRow,
    before: Sequence[VisitFactRow],
    clock: Clock,
) -> Said:
    """Ask the bedside; it refuses what is asked for and has not happened."""
    story = story_of(before, cancelled=row.status == "cancelled")
    at = clock.now() if fact.asked else timing(fact.at, fact.sent_at, clock.now()).happened_at
    return bedside_says(session, fact, row, nurse_id, story, at)


def _judge(
    session: Session,
    fact: NewFact,
    actor: Actor,
    row: AppointmentRow,
    before: Sequence[VisitFactRow],
    said: Said,
    received_at: datetime,
) -> tuple[Judgement, VisitState]:
    assert actor.nurse_id is not None
    when = timing(fact.at, fact.sent_at, received_at)
    area = session.get_one(ServiceAreaRow, row.area_id)
    fence_m = int(policy(session, "visit.geofence_m", row.area_id)["metres"])
    there = point_of(row.patient.point)
    away_m = distance_m(fact.position, there) if fact.position and there else None
    placed = place_flags(fact.deed, fact.position, away_m, fence_m, row.patient.point_verified)
    flags = [*when.flags, *placed]
    if local_day(when.happened_at, ZoneInfo(area.time_zone)) != row.day:
        flags.append("other_day")
    if not on_route(session, actor.nurse_id, row):
        flags.append("not_on_route_now")
    if row.status == "cancelled":
        flags.append("visit_cancelled")
    if fact.deed is Deed.NO_SHOW:
        flags += _no_show(session, fact, row, before, when.happened_at)
    if fact.deed is Deed.CHECK_OUT and any(
        line.residual_ug for line in vials_of_nurse(session, actor.nurse_id)
    ):
        flags.append("residual_open")
    if said.unmet:
        flags.append(FLAG_OF[fact.deed])
    told = _as_fact(fact, actor, when, checklist=said.checklist)
    story = fold([*map(fact_of, before), told], cancelled=row.status == "cancelled")
    flags += [verdict.code for verdict in story.verdicts if verdict.event_id == fact.event_id]
    due = reason_due(fact.deed, flags)
    if due and not fact.reason.strip():
        flags.append("reason_missing")
    judged = Judgement(timing=when, distance_m=away_m, fence_m=fence_m, flags=tuple(flags), reason_due=due)
    return judged, story.state


def _no_show(
    session: Session, fact: NewFact, row: AppointmentRow, before: Sequence[VisitFactRow], at: datetime
) -> list[str]:
    """Judge the wait from the later of arrival and the window's begin: nobody is late before it."""
    law = policy(session, "visit.no_show", row.area_id)
    arrived_at = fold(map(fact_of, before)).times.get(Deed.CHECK_IN)
    opened_at = row.windows[0].begins_at if row.windows else None
    since = max(arrived_at, opened_at) if arrived_at and opened_at else arrived_at
    return no_show_flags(at, since, fact.calls_made, int(law["wait_minutes"]), int(law["calls"]))


def _as_fact(fact: NewFact, actor: Actor, when: Timing, *, checklist: bool) -> Fact:
    assert actor.nurse_id is not None
    return Fact(
        event_id=fact.event_id,
        nurse_id=actor.nurse_id,
        deed=fact.deed,
        happened_at=when.happened_at,
        device=str(actor.device_id or ""),
        device_seq=fact.device_seq,
        checklist=checklist,
    )


def _new_row(
    session: Session,
    fact: NewFact,
    actor: Actor,
    row: AppointmentRow,
    before: Sequence[VisitFactRow],
    said: Said,
    clock: Clock,
    digest: bytes,
) -> VisitFactRow:
    received_at = clock.now()
    judged, state = _judge(session, fact, actor, row, before, said, received_at)
    here, offset = fact.position, fact.at.utcoffset()
    return VisitFactRow(
        id=fact.event_id,
        appointment_id=row.id,
        nurse_id=actor.nurse_id,
        account_id=actor.account_id,
        device_id=actor.device_id,
        device_seq=fact.device_seq,
        deed=fact.deed.value,
        device_at=fact.at,
        device_utc_offset_s=int(offset.total_seconds()) if offset else 0,
        sent_at=fact.sent_at,
        received_at=received_at,
        happened_at=judged.timing.happened_at,
        clock_offset_s=judged.timing.clock_offset_s,
        place=f"{here.lat:.6f},{here.lon:.6f},{here.accuracy_m or ''}" if here else None,
        reason=fact.reason.strip() or None,
        calls_made=fact.calls_made,
        body_digest=digest,
        verdict={
            "state": state.value,
            "flags": list(judged.flags),
            "distance_m": judged.distance_m,
            "fence_m": judged.fence_m,
            **told_by(said),
        },
    )


def _stored(session: Session, fact: NewFact, actor: Actor) -> VisitFactRow | None:
    same = VisitFactRow.id == fact.event_id
    if actor.device_id is not None and fact.device_seq is not None:
        same = or_(
            same,
            (VisitFactRow.device_id == actor.device_id) & (VisitFactRow.device_seq == fact.device_seq),
        )
    return session.scalar(select(VisitFactRow).where(same).order_by(VisitFactRow.position).limit(1))


def _again(stored: VisitFactRow, digest: bytes) -> Receipt:
    if stored.body_digest != digest:
        raise event_id_reused()
    return _receipt(stored, repeated=True)


def _receipt(row: VisitFactRow, *, repeated: bool) -> Receipt:
    return Receipt(
        event_id=row.id,
        position=row.position,
        received_at=row.received_at,
        state=VisitState(row.verdict["state"]),
        flags=tuple(row.verdict["flags"]),
        distance_m=row.verdict["distance_m"],
        repeated=repeated,
    )


def _digest(session: Session, fact: NewFact, actor: Actor) -> bytes:
    """Return a keyed digest of what was sent, without the time of sending, which differs when retried."""
    body = {
        "account": str(actor.account_id),
        "device": str(actor.device_id),
        "event": str(fact.event_id),
        "appointment": str(fact.appointment_id),
        "deed": fact.deed.value,
        "at": fact.at.isoformat(),
        "seq": fact.device_seq,
        "position": asdict(fact.position) if fact.position else None,
        "reason": fact.reason,
        "calls": fact.calls_made,
    }
    return keyring_of(session).blind_index(rfc8785.dumps(body).decode(), "visit_fact.body")

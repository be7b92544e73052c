"""Deeds that the phone does not report: the rules abort or hold, a prescriber releases.

They are facts of the visit like the nurse's own, folded by their time.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.service import note_change
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.sealing import keyring_of
from dispatch.visits.facts import fact_of, facts_of, story_of
from dispatch.visits.model import Deed, Fact, VisitState
from dispatch.visits.records import VisitFactRow
from dispatch.visits.rules import NEXT, fold

TICK = timedelta(microseconds=1)


def note_deed(
    session: Session,
    row: AppointmentRow,
    nurse_id: UUID,
    deed: Deed,
    cause: UUID,
    at: datetime,
    reason: str,
    actor: Actor,
    clock: Clock,
) -> VisitState:
    """Store a deed that follows from `cause` (a report's event id), once, where the state allows it.

    Returns
    -------
    VisitState
        Where the visit stands after it, or stood already.
    """
    before = facts_of(session, [row.id]).get((row.id, nurse_id), ())
    story = story_of(before, cancelled=row.status == "cancelled")
    event_id = uuid5(cause, deed.value)
    stored = session.scalar(select(VisitFactRow.position).where(VisitFactRow.id == event_id))
    if stored is not None or (story.state, deed) not in NEXT:
        return story.state
    told = max((each.happened_at for each in before), default=at)
    at = max(at, told + TICK)  # it follows what was reported, even within the same second
    fact = Fact(event_id=event_id, nurse_id=nurse_id, deed=deed, happened_at=at, checklist=True)
    state = fold([*map(fact_of, before), fact], cancelled=row.status == "cancelled").state
    session.add(
        VisitFactRow(
            id=event_id,
            appointment_id=row.id,
            nurse_id=nurse_id,
            account_id=actor.account_id,
            deed=deed.value,
            device_at=at,
            device_utc_offset_s=0,
            received_at=clock.now(),
            happened_at=at,
            reason=reason or None,
            body_digest=keyring_of(session).blind_index(str(event_id), "visit_fact.body"),
            verdict={
                "state": state.value, "flags": [], "distance_m": None, "fence_m": 0, "checklist": True,
            },
        )
    )  # fmt: skip
    session.flush()
    entry = AuditEntry(
        action=f"visit.{deed}",
        subject_kind="appointment",
        subject_id=row.id,
        patient_id=row.patient_id,
        detail={"event_id": str(event_id), "state": state.value, "cause": str(cause)},
    )
    record(session, entry, actor, clock)
    note_change(session, row.area_id, row.day, "visit", clock, row.id)
    return state

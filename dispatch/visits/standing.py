"""Was the nurse licensed in a state, on shift and the registrant's agent at a moment? Stored with every
custody event.

Invariant 3 of custody-rules.md: what was looked at is kept as a snapshot, so that a later change of a
licence changes no history.
"""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.areas.service import policies, policy, zone_of
from dispatch.custody.model import Standing
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.visits.facts import is_hers, no_such_visit
from dispatch.workforce.model import Licence, LicenceKind, LicenceStatus, Residence
from dispatch.workforce.records import NurseRow, ShiftRow
from dispatch.workforce.rules.compact import the_compact
from dispatch.workforce.rules.licences import licence_covers_state, practice_span


def standing_at_visit(session: Session, appointment_id: UUID, actor: Actor, clock: Clock) -> Standing:
    """Return the actor's standing in the state of the visit's patient.

    Raises
    ------
    NotFound
        When the visit is not on the actor's route and she has reported nothing of it.
    """
    row = session.get(AppointmentRow, appointment_id)
    if row is None or actor.nurse_id is None or not is_hers(session, actor.nurse_id, row):
        raise no_such_visit()
    return standing_in(session, actor.nurse_id, row.patient.state, clock)


def standing_at_pharmacy(session: Session, pharmacy_id: UUID, actor: Actor, clock: Clock) -> Standing:
    """Return the actor's standing in the state of a pharmacy, where she takes or returns drug."""
    place = session.get(PharmacyRow, pharmacy_id)
    if place is None or actor.nurse_id is None:
        return Standing(licensed=False, on_shift=False, employed=False)
    return standing_in(session, actor.nurse_id, place.state, clock)


def standing_in_area(session: Session, actor: Actor, clock: Clock) -> Standing:
    """Return the actor's standing where her area's stock points lie, for a deed that is tied to no visit."""
    nurse = session.get(NurseRow, actor.nurse_id) if actor.nurse_id else None
    wanted = select(PharmacyRow.state).where(PharmacyRow.area_id == nurse.area_id) if nurse else None
    state = session.scalar(wanted.order_by(PharmacyRow.code).limit(1)) if wanted is not None else None
    if nurse is None or state is None:
        return Standing(licensed=False, on_shift=False, employed=False)
    return standing_in(session, nurse.id, state, clock)


def standing_in(session: Session, nurse_id: UUID, state: str, clock: Clock) -> Standing:
    """Return whether the nurse may practise in `state` and is on shift now, and what says so.

    A shift counts until the overtime that policy ``hours.overtime`` allows is over.
    """
    nurse = session.get_one(NurseRow, nurse_id)
    area = session.get_one(ServiceAreaRow, nurse.area_id)
    now = clock.now()
    span = practice_span(now, now + timedelta(microseconds=1), zone_of(area))  # the moment, its end excluded
    covered = licence_covers_state(_licences(nurse), _residences(nurse), state, span, the_compact())
    overtime = timedelta(minutes=policy(session, "hours.overtime", area.id)["most_minutes"])
    shift_id = session.scalar(
        select(ShiftRow.id)
        .where(ShiftRow.nurse_id == nurse_id, ShiftRow.starts_at <= now, ShiftRow.ends_at >= now - overtime)
        .order_by(ShiftRow.starts_at.desc())
        .limit(1)
    )
    agent = agent_of(nurse, state, local_day(now, zone_of(area)))
    required = policies(session, ("custody.agency",), area.id, state)["custody.agency"]["required"]
    licences = [f"{licence.state} {licence.kind.value} {licence.number}" for licence in covered.covering]
    seen = {"state": state, "licences": ", ".join(licences), "shift": str(shift_id or "")}
    seen["registrant"] = agent or ""
    seen["against"] = ", ".join(reason.code for reason in covered.reasons)
    return Standing(
        licensed=bool(covered.covering),
        on_shift=shift_id is not None,
        employed=nurse.active and (agent is not None or not required),
        snapshot=seen,
    )


def witness_is_licensed(
    session: Session, witness: Actor | None, where: Standing, clock: Clock
) -> bool | None:
    """Tell whether a nurse who witnesses is licensed where the deed is; None for whoever is no nurse."""
    state = where.snapshot.get("state")
    if witness is None or witness.nurse_id is None or not state:
        return None
    return standing_in(session, witness.nurse_id, state, clock).licensed


def agent_of(nurse: NurseRow, state: str, day: date) -> str | None:
    """Return the registrant whose agent or employee the nurse is in a state on a day (21 CFR 1301.22)."""
    valid = (
        row.registrant
        for row in nurse.authorisations
        if row.state == state and row.valid_from <= day <= row.expires_on
    )
    return min(valid, default=None)


def may_practise(nurse: NurseRow, state: str, begins_at: datetime, ends_at: datetime, zone: ZoneInfo) -> bool:
    """Tell whether a licence of hers covers a state from then to then, whatever a plan says."""
    span = practice_span(begins_at, ends_at, zone)
    return bool(
        licence_covers_state(_licences(nurse), _residences(nurse), state, span, the_compact()).covering
    )


def _licences(nurse: NurseRow) -> list[Licence]:
    return [
        Licence(
            state=row.state,
            kind=LicenceKind(row.kind),
            number=row.number,
            multistate=row.multistate,
            valid_from=row.valid_from,
            expires_on=row.expires_on,
            status=LicenceStatus(row.status),
            status_since=row.status_since,
        )
        for row in nurse.licences
    ]


def _residences(nurse: NurseRow) -> list[Residence]:
    return [Residence(state=row.state, since=row.since) for row in nurse.residences]

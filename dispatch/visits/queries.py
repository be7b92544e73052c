"""What screens and boards read of visits: the nurse's own day, progress by appointment, EVV."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import NotFound, refuse
from dispatch.routes.awaited import Delayed, delayed_behind
from dispatch.visits.evv_model import EvvRecord
from dispatch.visits.facts import facts_of, flags_of, is_hers, no_such_visit, plan_in_force, story_of
from dispatch.visits.model import (
    Care,
    Deed,
    NewFact,
    NursesDay,
    PharmacyStop,
    Point,
    Progress,
    RouteStop,
    Visit,
)
from dispatch.visits.receiving import (
    initials,
    point_of,
)
from dispatch.visits.records import VisitFactRow
from dispatch.visits.rules import (
    FLAGS,
    RANK,
    REPEATED,
    current_visit,
    deeds_open,
)
from dispatch.workforce.records import NurseRow


def progress(session: Session, area_id: UUID, day: date) -> dict[UUID, Progress]:
    """Return how far the day's appointments have come, by appointment id; without facts there is no entry.

    When a visit changed hands and both nurses reported something, the one who came furthest counts.
    """
    wanted = select(AppointmentRow.id, AppointmentRow.status).where(
        AppointmentRow.area_id == area_id, AppointmentRow.day == day
    )
    status = {row.id: row.status for row in session.execute(wanted)}
    found: dict[UUID, Progress] = {}
    for (appointment_id, nurse_id), rows in facts_of(session, status).items():
        story = story_of(rows, cancelled=status[appointment_id] == "cancelled")
        before = found.get(appointment_id)
        if before is None or RANK[story.state] > RANK[before.state]:
            found[appointment_id] = Progress(
                appointment_id=appointment_id,
                nurse_id=nurse_id,
                state=story.state,
                en_route_at=story.times.get(Deed.EN_ROUTE),
                arrived_at=story.times.get(Deed.CHECK_IN),
                started_at=story.times.get(Deed.START),
                stopped_at=story.times.get(Deed.STOP),
                finished_at=story.times.get(Deed.CHECK_OUT),
                flags=flags_of(rows, story),
            )
    return found


def nurses_day(session: Session, actor: Actor, clock: Clock, day: date | None = None) -> NursesDay:
    """Return the actor's own route by the plan in force, today's unless `day` says otherwise.

    Raises
    ------
    NotFound
        When the account belongs to no nurse.
    """
    nurse, area = _nurse_and_area(session, actor)
    wanted = day or local_day(clock.now(), ZoneInfo(area.time_zone))
    stops = session.scalars(
        select(PlannedStopRow)
        .where(
            PlannedStopRow.plan_id == plan_in_force(area.id, wanted).scalar_subquery(),
            PlannedStopRow.nurse_id == nurse.id,
        )
        .order_by(PlannedStopRow.arrives_at, PlannedStopRow.sequence)  # a nurse may have two shifts
    )
    return NursesDay(
        nurse_id=nurse.id,
        area_id=area.id,
        area_name=area.name,
        time_zone=area.time_zone,
        day=wanted,
        plan_number=_newest_number(session, area.id, wanted),
        stops=_route(session, nurse.id, list(stops)),
    )


def plan_number(session: Session, actor: Actor, clock: Clock, day: date | None = None) -> int | None:
    """Return the number of the day's plan in the actor's area, None while none is published."""
    _, area = _nurse_and_area(session, actor)
    return _newest_number(session, area.id, day or local_day(clock.now(), ZoneInfo(area.time_zone)))


def _newest_number(session: Session, area_id: UUID, day: date) -> int | None:
    return session.scalar(
        select(func.max(PlanRow.number)).where(PlanRow.area_id == area_id, PlanRow.day == day)
    )


def _nurse_and_area(session: Session, actor: Actor) -> tuple[NurseRow, ServiceAreaRow]:
    nurse = session.get(NurseRow, actor.nurse_id) if actor.nurse_id else None
    if nurse is None:
        raise refuse(
            NotFound,
            "no_nurse_record",
            "Your account is not tied to a nurse's record.",
            way_out="Ask an administrator to tie it.",
        )
    return nurse, session.get_one(ServiceAreaRow, nurse.area_id)


def _route(session: Session, nurse_id: UUID, stops: list[PlannedStopRow]) -> tuple[RouteStop, ...]:
    ids = [stop.appointment_id for stop in stops if stop.appointment_id is not None]
    pharmacy_ids = {stop.pharmacy_id for stop in stops}
    pharmacies = {
        row.id: _pharmacy(row)
        for row in session.scalars(select(PharmacyRow).where(PharmacyRow.id.in_(pharmacy_ids)))
    }
    visits = _visits(session, nurse_id, ids)
    return tuple(
        RouteStop(
            kind=stop.kind,
            arrives_at=stop.arrives_at,
            begins_at=stop.begins_at,
            ends_at=stop.ends_at,
            travel_s=stop.travel_s,
            units=stop.units,
            visit=visits[stop.appointment_id] if stop.appointment_id else None,
            pharmacy=pharmacies[stop.pharmacy_id] if stop.pharmacy_id else None,
        )
        for stop in stops
    )


def _visits(session: Session, nurse_id: UUID, ids: list[UUID]) -> dict[UUID, Visit]:
    """Return the visits of a route; only the one that is under way or next shows its patient in full."""
    rows = {row.id: row for row in session.scalars(select(AppointmentRow).where(AppointmentRow.id.in_(ids)))}
    facts = facts_of(session, ids)
    visits = {
        wanted: visit_of(rows[wanted], facts.get((wanted, nurse_id), ()), in_full=False) for wanted in ids
    }
    near = current_visit(list(visits.values()))
    if near is not None:
        mine = facts.get((near.appointment_id, nurse_id), ())
        visits[near.appointment_id] = visit_of(rows[near.appointment_id], mine, in_full=True)
    return visits


def visit_of(row: AppointmentRow, facts: Sequence[VisitFactRow], *, in_full: bool) -> Visit:
    """Return an appointment with what its nurse reported."""
    story = story_of(facts, cancelled=row.status == "cancelled")
    return Visit(
        appointment_id=row.id,
        patient_id=row.patient_id,
        reference=row.reference,
        initials=initials(row.patient.name),
        service=row.service.name,
        minutes=row.minutes,
        first_infusion=row.first_infusion,
        controlled=row.service.controlled,
        units=row.units,
        dose_ug=row.dose_ug,
        windows=tuple((window.begins_at, window.ends_at) for window in row.windows),
        state=story.state,
        times=story.times,
        flags=flags_of(facts, story),
        checklist=story.checklist,
        care=_care(row) if in_full else None,
    )


def _care(row: AppointmentRow) -> Care:
    patient = row.patient
    return Care(
        name=patient.name or "",
        address=patient.address or "",
        access_notes=patient.access_notes or "",
        phone=patient.phone or "",
        point=point_of(patient.point),
        pets=tuple(patient.pets),
        language=patient.required_language or patient.preferred_language,
    )


def _pharmacy(row: PharmacyRow) -> PharmacyStop:
    return PharmacyStop(
        pharmacy_id=row.id, name=row.name, address=row.address, point=Point(lat=row.lat, lon=row.lon)
    )


def pharmacies(session: Session, area_id: UUID) -> list[PharmacyStop]:
    """Return the area's stock points by name."""
    rows = select(PharmacyRow).where(PharmacyRow.area_id == area_id).order_by(PharmacyRow.name)
    return [_pharmacy(row) for row in session.scalars(rows)]


def own_visit(session: Session, appointment_id: UUID, actor: Actor) -> Visit:
    """Return a visit of the actor's own route, or one she has reported on.

    Raises
    ------
    NotFound
        When there is none, or it is somebody else's.
    """
    row = session.get(AppointmentRow, appointment_id)
    if row is None or actor.nurse_id is None or not is_hers(session, actor.nurse_id, row):
        raise no_such_visit()
    facts = facts_of(session, [appointment_id]).get((appointment_id, actor.nurse_id), ())
    return visit_of(row, facts, in_full=True)


def delayed(session: Session, appointment_id: UUID, actor: Actor, clock: Clock) -> tuple[Delayed, ...]:
    """Return the actor's visits behind this one that are expected late, for who must stay at a bedside."""
    row = session.get(AppointmentRow, appointment_id)
    if row is None or actor.nurse_id is None:
        return ()
    met = progress(session, row.area_id, row.day).values()
    return delayed_behind(session, row, actor.nurse_id, clock, met)


def evv_record(session: Session, appointment_id: UUID, nurse_id: UUID) -> EvvRecord:
    """Derive the six elements of electronic visit verification from what was recorded.

    The visit begins with the nurse's check-in and ends with her check-out; the day is the area's own.

    Raises
    ------
    NotFound
        When there is no such appointment or nurse.
    """
    row, nurse = session.get(AppointmentRow, appointment_id), session.get(NurseRow, nurse_id)
    if row is None or nurse is None:
        raise no_such_visit()
    facts = facts_of(session, [appointment_id]).get((appointment_id, nurse_id), ())
    story = story_of(facts, cancelled=row.status == "cancelled")
    arrival = next((fact for fact in facts if fact.deed == Deed.CHECK_IN), None)
    area = session.get_one(ServiceAreaRow, row.area_id)
    begins_at, ends_at = story.times.get(Deed.CHECK_IN), story.times.get(Deed.CHECK_OUT)
    elements = {
        "service": row.service.name,
        "recipient": row.patient.name or "",
        "place": row.patient.address or "",
        "provider": nurse.name,
        "begins_at": begins_at,
        "ends_at": ends_at,
    }
    return EvvRecord(
        service=row.service.name,
        recipient=row.patient.name or "",
        day=local_day(begins_at, ZoneInfo(area.time_zone)) if begins_at else row.day,
        place=row.patient.address or "",
        provider=nurse.name,
        begins_at=begins_at,
        ends_at=ends_at,
        distance_m=arrival.verdict["distance_m"] if arrival else None,
        missing=tuple(name for name, value in elements.items() if not value),
        flags=flags_of(facts, story),
    )


def next_deeds(visit: Visit) -> tuple[Deed, ...]:
    """Return what the nurse may do next at a visit, the usual deed first."""
    deeds = deeds_open(visit.state, checklist=visit.checklist)
    return tuple(deed for deed in deeds if deed in REPEATED or deed not in visit.times)


def flag_text(code: str) -> str:
    """Return the sentence of a flag."""
    return FLAGS[code]


def is_recorded(session: Session, fact: NewFact, actor: Actor) -> bool:
    """Tell whether the actor reported this very deed already: a double tap on a page without script sends
    the same event id with another reading of the server's clock."""
    row = session.scalar(select(VisitFactRow).where(VisitFactRow.id == fact.event_id))
    return row is not None and (row.nurse_id, row.appointment_id, row.deed) == (
        actor.nurse_id,
        fact.appointment_id,
        fact.deed,
    )

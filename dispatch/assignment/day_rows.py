"""Everything of an area's day that planning reads, in a handful of queries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow, ExclusionRow, PatientRow
from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.areas.service import policies, zone_of
from dispatch.assignment.plan_model import Progress, Source
from dispatch.assignment.records import DisturbanceRow, PlannedStopRow, PlanRow
from dispatch.kernel.local_time import day_bounds
from dispatch.workforce.model import Shift
from dispatch.workforce.records import NurseRow, ShiftRow, StateRuleRow
from dispatch.workforce.rules.state_hours import StateHours, hours_of_state

POLICIES = (
    "visit.latest_end_minute", "hours.meal_break", "hours.states", "hours.overtime", "hours.fatigue",
)  # fmt: skip
TO_PLAN = "confirmed"
LOOK_BACK = timedelta(days=7)
LOOK_AHEAD = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class DayRows:
    """The rows of one area's day.

    `hours` are the laws of the states in which the area visits; `begins_at` and `ends_at` are its local
    midnights; `worked` holds each nurse's shifts of the week before
    to the day after, by which fatigue is judged (care-rules.md section 4).
    """

    area: ServiceAreaRow
    day: date
    zone: ZoneInfo
    begins_at: datetime
    ends_at: datetime
    shifts: Sequence[ShiftRow]
    appointments: Sequence[AppointmentRow]
    pharmacies: Sequence[PharmacyRow]
    exclusions: Sequence[ExclusionRow]
    state_rules: Sequence[StateRuleRow]
    progress: Sequence[Progress]
    policies: Mapping[str, Mapping[str, Any]]
    plan: PlanRow | None
    worked: Mapping[UUID, Sequence[Shift]]
    hours: Sequence[StateHours]
    disturbances: Sequence[DisturbanceRow] = ()

    @cached_property
    def stops(self) -> Mapping[UUID, Sequence[PlannedStopRow]]:
        """The stops of the plan in force by shift, in order."""
        found: dict[UUID, list[PlannedStopRow]] = {}
        for stop in self.plan.stops if self.plan else ():
            found.setdefault(stop.shift_id, []).append(stop)
        return found


def plan_in_force(session: Session, area_id: UUID, day: date) -> PlanRow | None:
    """Return the newest plan of the day, None before the first."""
    newest = (
        select(PlanRow)
        .where(PlanRow.area_id == area_id, PlanRow.day == day)
        .order_by(PlanRow.number.desc())
        .limit(1)
    )
    return session.scalar(newest)


def read_day(session: Session, area: ServiceAreaRow, day: date, progress: Iterable[Progress]) -> DayRows:
    """Read the day. Shifts belong to the local day on which they begin."""
    zone = zone_of(area)
    begins_at, ends_at = day_bounds(day, zone)
    shifts = (
        select(ShiftRow)
        .join(ShiftRow.nurse)
        .where(NurseRow.area_id == area.id, NurseRow.active)
        .where(ShiftRow.starts_at >= begins_at, ShiftRow.starts_at < ends_at)
        .order_by(NurseRow.code, ShiftRow.starts_at)
    )
    appointments = (
        select(AppointmentRow)
        .where(AppointmentRow.area_id == area.id, AppointmentRow.day == day, AppointmentRow.status == TO_PLAN)
        .order_by(AppointmentRow.reference)
    )
    patients = select(AppointmentRow.patient_id).where(
        AppointmentRow.area_id == area.id, AppointmentRow.day == day
    )
    pharmacies = select(PharmacyRow).where(PharmacyRow.area_id == area.id).order_by(PharmacyRow.code)
    states = select(PatientRow.state).where(PatientRow.area_id == area.id).distinct()
    states = states.order_by(PatientRow.state)
    laws = policies(session, POLICIES, area.id)
    on_shift = session.scalars(shifts).unique().all()
    return DayRows(
        area=area,
        day=day,
        zone=zone,
        begins_at=begins_at,
        ends_at=ends_at,
        shifts=on_shift,
        appointments=session.scalars(appointments).unique().all(),
        pharmacies=session.scalars(pharmacies).all(),
        exclusions=session.scalars(select(ExclusionRow).where(ExclusionRow.patient_id.in_(patients))).all(),
        state_rules=session.scalars(select(StateRuleRow)).all(),
        progress=sorted(progress, key=lambda met: (met.appointment_id, met.nurse_id)),
        policies=laws,
        hours=[hours_of_state(laws["hours.states"], state) for state in session.scalars(states)],
        plan=plan_in_force(session, area.id, day),
        worked=_worked(session, {shift.nurse_id for shift in on_shift}, begins_at, ends_at),
        disturbances=disturbances_of(session, area.id, day),
    )


def disturbances_of(session: Session, area_id: UUID, day: date) -> Sequence[DisturbanceRow]:
    """Return what was reported of the day and not withdrawn, the oldest first."""
    wanted = (
        select(DisturbanceRow)
        .where(DisturbanceRow.area_id == area_id, DisturbanceRow.day == day)
        .where(DisturbanceRow.withdrawn_at.is_(None))
        .order_by(DisturbanceRow.reported_at, DisturbanceRow.id)
    )
    return session.scalars(wanted).all()


def _worked(
    session: Session, nurse_ids: Iterable[UUID], begins_at: datetime, ends_at: datetime
) -> dict[UUID, list[Shift]]:
    near = select(ShiftRow.nurse_id, ShiftRow.starts_at, ShiftRow.ends_at).where(
        ShiftRow.nurse_id.in_(nurse_ids),
        ShiftRow.starts_at >= begins_at - LOOK_BACK,
        ShiftRow.starts_at < ends_at + LOOK_AHEAD,
    )
    found: dict[UUID, list[Shift]] = {}
    for nurse_id, starts_at, stops_at in session.execute(near.order_by(ShiftRow.starts_at)):
        found.setdefault(nurse_id, []).append(Shift(starts_at=starts_at, ends_at=stops_at))
    return found


def sources_of(rows: DayRows) -> dict[str, Source]:
    """Return a mark of every row that was read: what changed since can then be named."""
    return {key: Source(name=name, mark=mark) for key, name, mark in _marks(rows)}


def _marks(rows: DayRows) -> Iterator[tuple[str, str, str]]:
    number = rows.plan.number if rows.plan else 0
    yield "plan", "the plan in force", str(number)
    yield f"area/{rows.area.id}", "the service area", str(rows.area.version)
    for key, value in rows.policies.items():
        yield f"policy/{key}", f"policy {key}", sha256(rfc8785.dumps(dict(value))).hexdigest()[:16]
    for pharmacy in rows.pharmacies:
        yield f"pharmacy/{pharmacy.id}", f"pharmacy {pharmacy.code}", str(pharmacy.version)
    for rule in rows.state_rules:
        yield f"state_rule/{rule.id}", f"the rule of {rule.state}", str(rule.version)
    for row in rows.disturbances:
        yield f"disturbance/{row.id}", f"what {row.reporter} reported", str(row.version)
    yield from _nurse_marks(rows)
    yield from _appointment_marks(rows)
    known = {booked.id: booked.reference for booked in rows.appointments}
    for met in rows.progress:
        moments = (met.en_route_at, met.arrived_at, met.started_at, met.stopped_at, met.finished_at)
        mark = " ".join(str(at) for at in (met.state, *moments))
        name = f"the visit of {known.get(met.appointment_id, 'an appointment no longer on the day')}"
        yield f"progress/{met.appointment_id}/{met.nurse_id}", name, mark


def _nurse_marks(rows: DayRows) -> Iterator[tuple[str, str, str]]:
    for nurse in {shift.nurse.id: shift.nurse for shift in rows.shifts}.values():
        code = nurse.code
        yield f"nurse/{nurse.id}", f"nurse {code}", str(nurse.version)
        for licence in nurse.licences:
            name = f"the {licence.state} {licence.kind} licence of nurse {code}"
            yield f"licence/{licence.id}", name, str(licence.version)
        for residence in nurse.residences:
            mark = f"{residence.state} {residence.since}"
            yield f"residence/{residence.id}", f"the primary residence of nurse {code}", mark
        for skill in nurse.competencies:
            yield f"competency/{skill.id}", f"competency {skill.code} of nurse {code}", str(skill.version)
        for leave in nurse.authorisations:
            name = f"the {leave.state} authorisation of nurse {code}"
            yield f"authorisation/{leave.id}", name, str(leave.version)
        spans = " ".join(f"{span.starts_at}/{span.ends_at}" for span in rows.worked.get(nurse.id, ()))
        yield f"hours/{nurse.id}", f"the hours of nurse {code} around this day", spans
    for shift in rows.shifts:
        yield f"shift/{shift.id}", f"a shift of nurse {shift.nurse.code}", str(shift.version)


def _appointment_marks(rows: DayRows) -> Iterator[tuple[str, str, str]]:
    for booked in rows.appointments:
        spans = " ".join(f"{w.begins_at.isoformat()}/{w.ends_at.isoformat()}" for w in booked.windows)
        yield f"appointment/{booked.id}", f"appointment {booked.reference}", f"{booked.version} {spans}"
        patient, service = booked.patient, booked.service
        yield f"patient/{patient.id}", f"the patient of {booked.reference}", str(patient.version)
        yield f"service/{service.id}", f"service {service.code}", str(service.version)
    for exclusion in rows.exclusions:
        yield f"exclusion/{exclusion.id}", "an exclusion of a nurse by a patient", str(exclusion.nurse_id)

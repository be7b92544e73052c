"""From rows to the facts that eligibility is judged by."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.assignment.day_rows import DayRows
from dispatch.assignment.model import AppointmentFacts, LawFacts, NurseFacts, TimeWindow
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.workforce.model import (
    Authorisation,
    Competency,
    FatigueLimits,
    Licence,
    LicenceKind,
    LicenceStatus,
    Residence,
    Shift,
    StateRule,
)
from dispatch.workforce.records import NurseRow


def nurse_facts(rows: DayRows) -> dict[UUID, NurseFacts]:
    """Return the facts of every nurse on shift, by nurse id."""
    people = {shift.nurse_id: shift.nurse for shift in rows.shifts}
    return {nurse_id: _nurse(row, rows.worked.get(nurse_id, ())) for nurse_id, row in people.items()}


def _nurse(row: NurseRow, shifts: Iterable[Shift]) -> NurseFacts:
    return NurseFacts(
        nurse_id=row.id,
        code=row.code,
        active=row.active,
        licences=tuple(
            Licence(
                state=licence.state,
                kind=LicenceKind(licence.kind),
                number=licence.number,
                multistate=licence.multistate,
                valid_from=licence.valid_from,
                expires_on=licence.expires_on,
                status=LicenceStatus(licence.status),
                status_since=licence.status_since,
            )
            for licence in row.licences
        ),
        residences=tuple(Residence(state=home.state, since=home.since) for home in row.residences),
        competencies=tuple(
            Competency(code=skill.code, valid_from=skill.valid_from, expires_on=skill.expires_on)
            for skill in row.competencies
        ),
        authorisations=tuple(
            Authorisation(
                registrant=leave.registrant,
                state=leave.state,
                valid_from=leave.valid_from,
                expires_on=leave.expires_on,
            )
            for leave in row.authorisations
        ),
        shifts=tuple(shifts),
        languages=frozenset(row.languages),
        gender=row.gender,
        pet_allergies=frozenset(row.pet_allergies),
        lock_box_units=row.lock_box_units,
    )


def appointment_facts(session: Session, rows: DayRows) -> dict[UUID, AppointmentFacts]:
    """Return the facts of every appointment that has a window, by appointment id."""
    excluded: dict[UUID, set[UUID]] = {}
    for exclusion in rows.exclusions:
        excluded.setdefault(exclusion.patient_id, set()).add(exclusion.nurse_id)
    known = nurses_before(session, rows)
    return {
        row.id: _appointment(row, excluded.get(row.patient_id, set()), known.get(row.patient_id, ()))
        for row in rows.appointments
        if row.windows
    }


def _appointment(row: AppointmentRow, excluded: Iterable[UUID], known: tuple[UUID, ...]) -> AppointmentFacts:
    patient = row.patient
    return AppointmentFacts(
        appointment_id=row.id,
        state=patient.state,
        windows=tuple(TimeWindow(begins_at=w.begins_at, ends_at=w.ends_at) for w in row.windows),
        minutes=row.minutes,
        controlled=row.service.controlled,
        units=row.units,
        competencies=frozenset(row.service.competencies),
        address_verified=patient.point_verified,
        excluded_nurses=frozenset(excluded),
        pets=frozenset(patient.pets),
        required_language=patient.required_language,
        required_gender=patient.required_gender,
        preferred_language=patient.preferred_language,
        preferred_gender=patient.preferred_gender,
        preferred_nurse=row.preferred_nurse_id,
        known_nurses=known,
    )


def nurses_before(session: Session, rows: DayRows) -> dict[UUID, tuple[UUID, ...]]:
    """Return, for each patient of the day, the nurses of earlier days' plans, the latest first."""
    in_force = (
        select(PlanRow.day, func.max(PlanRow.number).label("number"))
        .where(PlanRow.area_id == rows.area.id, PlanRow.day < rows.day)
        .group_by(PlanRow.day)
        .subquery()
    )
    came = (
        select(AppointmentRow.patient_id, PlannedStopRow.nurse_id)
        .join(PlannedStopRow, PlannedStopRow.appointment_id == AppointmentRow.id)
        .join(PlanRow, PlanRow.id == PlannedStopRow.plan_id)
        .join(in_force, (in_force.c.day == PlanRow.day) & (in_force.c.number == PlanRow.number))
        .where(PlanRow.area_id == rows.area.id)
        .where(AppointmentRow.patient_id.in_({row.patient_id for row in rows.appointments}))
        .order_by(PlanRow.day.desc(), PlannedStopRow.begins_at.desc())
    )
    found: dict[UUID, dict[UUID, None]] = {}
    for patient_id, nurse_id in session.execute(came):
        found.setdefault(patient_id, {})[nurse_id] = None
    return {patient_id: tuple(nurses) for patient_id, nurses in found.items()}


def law_facts(rows: DayRows, *, by_hand: bool = False) -> LawFacts:
    """Return the law and the policies of the day; what a dispatcher does by hand may end later."""
    latest: Mapping[str, int] = rows.policies["visit.latest_end_minute"]
    return LawFacts(
        zone=rows.zone,
        state_rules={
            rule.state: StateRule(
                state=rule.state,
                roles=frozenset(rule.roles),
                setting=rule.setting,
                supervision=rule.supervision,
                bolus_allowed=rule.bolus_allowed,
                citation=rule.citation,
                verified_on=rule.verified_on,
            )
            for rule in rows.state_rules
        },
        fatigue=FatigueLimits.from_policy(rows.policies["hours.fatigue"]),
        overtime=timedelta(minutes=rows.policies["hours.overtime"]["most_minutes"]),
        latest_end_minute=latest["at_most" if by_hand else "planned"],
    )

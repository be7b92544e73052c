"""From the database to a day file: the first of planning's three straight steps."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.assignment.day_rows import read_day, sources_of
from dispatch.assignment.day_shape import second_of, second_of_reading, weights_of
from dispatch.assignment.disturbances import Names, disturbed
from dispatch.assignment.facts import appointment_facts, law_facts, nurse_facts
from dispatch.assignment.gather_day import DayFile
from dispatch.assignment.gather_nurses import add_nurses
from dispatch.assignment.gather_visits import add_visits, doors_of
from dispatch.assignment.plan_model import Gathered, Progress
from dispatch.assignment.rules import eligibility_of_day
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Reason
from routing.faults import ProblemInvalid
from routing.problem import Nurse, Problem
from routing.travel import AffineGreatCircle

# What goes back by the end of the shift, unless the area's weights say otherwise (care-rules.md section 5).
RETURN_OF_STOCK = "unopened"


def gather(
    session: Session,
    area: ServiceAreaRow,
    day: date,
    clock: Clock,
    progress: Iterable[Progress] = (),
    *,
    by_hand: bool = False,
) -> Gathered:
    """Read an area's day and shape it for the planner.

    Parameters
    ----------
    progress
        How far the visits have come (`visits.queries.progress`): on a running day these stay as they are.
    by_hand
        A dispatcher may let a visit end later than the planner does (policy ``visit.latest_end_minute``).

    Returns
    -------
    Gathered
        With the complete list of reasons for each nurse and visit that do not go together. Appointments
        that cannot be planned at all (address not verified, ...) are in `left_out`.

    Raises
    ------
    Conflict
        When the stored day makes no plannable day, with every fault (prices out of range, ...).
    """
    rows = read_day(session, area, day, progress)
    now_s = second_of(clock.now(), rows.begins_at)
    law = law_facts(rows, by_hand=by_hand)
    people, booked = nurse_facts(rows), appointment_facts(session, rows)
    writing = DayFile(
        rows=rows,
        now_s=now_s if now_s > 0 else None,
        latest_end_minute=law.latest_end_minute,
        people=people,
        booked=booked,
        law=eligibility_of_day(list(people.values()), list(booked.values()), law),
    )
    for pharmacy in rows.pharmacies:
        writing.add_pharmacy(pharmacy)
    doors = doors_of(writing)
    add_nurses(writing, doors)
    add_visits(writing, doors)
    return Gathered(
        area_id=area.id,
        day=day,
        origin=rows.begins_at,
        zone=rows.zone,
        problem=_disturbed(writing),
        sources=sources_of(rows),
        law=writing.law,
        people=people,
        booked=booked,
        visits=writing.visit_keys,
        nurses=writing.nurse_keys,
        pharmacies=writing.pharmacy_ids,
        left_out=writing.left_out,
        planned_end_s=second_of_reading(
            rows.policies["visit.latest_end_minute"]["planned"], day, rows.zone, rows.begins_at
        ),
        latest_end_s=second_of_reading(law.latest_end_minute, day, rows.zone, rows.begins_at),
        rules=law,
        plan_number=rows.plan.number if rows.plan else 0,
    )


def _disturbed(day: DayFile) -> Problem:
    problem = _problem(day)
    if day.now_s is None or not day.rows.disturbances:
        return problem
    names = Names(day.rows.begins_at, day.visit_keys, day.nurse_keys, day.pharmacy_ids)
    return disturbed(problem, names, day.rows.disturbances, day.now_s)


def _problem(day: DayFile) -> Problem:
    area = day.rows.area
    try:
        return Problem(
            label=f"{area.name} {day.rows.day.isoformat()}",
            origin=day.rows.begins_at.isoformat(),
            horizon=day.horizon,
            places=tuple(day.places.values()),
            travel=AffineGreatCircle(base_s=float(area.travel_base_s), s_per_km=float(area.travel_s_per_km)),
            nurses=_with_fair_load(day),
            visits=tuple(day.visits),
            pharmacies=tuple(day.pharmacies),
            weights=weights_of(area.weights),
            return_of_stock=area.weights.get("return_of_stock", RETURN_OF_STOCK),
            double_visits=tuple(day.pairs),
            pins=tuple(day.pins),
        )
    except ProblemInvalid as invalid:
        reasons = (
            Reason(code=fault.code, text=fault.text, field=fault.path, way_out=fault.way_out)
            for fault in invalid.faults
        )
        raise Conflict(reasons) from invalid


def _with_fair_load(day: DayFile) -> tuple[Nurse, ...]:
    """Return the nurses with an even share of the day's service, where the area prices fairness at all."""
    if not day.rows.area.weights.get("fairness_mc_per_s") or not day.nurses:
        return tuple(day.nurses)
    fair_s = sum(visit.service_s for visit in day.visits) // len(day.nurses)
    return tuple(replace(nurse, fair_load_s=fair_s) for nurse in day.nurses)

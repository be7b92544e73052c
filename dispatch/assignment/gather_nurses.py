"""Nurses on shift, as the planner sees them: one line of the day file a shift."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from dispatch.assignment.day_shape import HOUR_S, distinct_id, latest_end, meal_break, second_of
from dispatch.assignment.gather_day import DayFile
from dispatch.assignment.plan_model import NurseKey, Progress
from dispatch.assignment.underway import Door, freeze, met_by
from dispatch.workforce.records import ShiftRow
from routing.problem import Nurse, Window
from routing.replan.underway import Underway


def add_nurses(day: DayFile, doors: Mapping[UUID, Door]) -> None:
    """Add a nurse for each shift: named after her code, a second shift on the same day with its number."""
    met: dict[UUID, int] = {}
    for shift in day.rows.shifts:
        met[shift.nurse_id] = count = met.get(shift.nurse_id, 0) + 1
        wanted = shift.nurse.code if count == 1 else f"{shift.nurse.code} (shift {count})"
        name = distinct_id(wanted, str(shift.id), day.nurse_keys)
        day.nurse_keys[name] = NurseKey(nurse_id=shift.nurse_id, shift_id=shift.id)
        day.nurses.append(_nurse(day, name, shift, _underway(day, shift, doors)))


def _nurse(day: DayFile, name: str, shift: ShiftRow, past: Underway | None) -> Nurse:
    rows, nurse = day.rows, shift.nurse
    home = day.add_place(f"home {name}", nurse.home_lat, nurse.home_lon)
    # A shift over midnight belongs to the day on which it begins; what is after midnight is not planned.
    end_s = min(second_of(shift.ends_at, rows.begins_at), day.horizon.end_s)
    whole = Window(begin_s=second_of(shift.starts_at, rows.begins_at), end_s=end_s)
    from_s = past.free.at_s if past else max(whole.begin_s, day.now_s or 0)
    meal = rows.policies["hours.meal_break"]
    rest = None if past and past.rested else meal_break(whole, meal, from_s, rows.hours)
    end_s, overtime_s = latest_end(whole, rows.policies["hours.overtime"]["most_minutes"] * 60, rows.hours)
    if past:  # she is not sent home from what she has begun
        end_s = min(whole.end_s, max(end_s, from_s))
    return Nurse(
        id=name,
        start_place=home,
        end_place=home,
        shift=Window(begin_s=whole.begin_s if past else min(from_s, end_s), end_s=end_s),
        overtime_limit_s=overtime_s,
        max_duration_s=rows.policies["hours.fatigue"]["most_h_in_24"] * HOUR_S,
        meal_break=rest,
        lock_box_units=nurse.lock_box_units,
        stock_units=min(past.stock_units, nurse.lock_box_units) if past else 0,
        free=past.free if past else None,
        frozen=past.frozen if past else (),
    )


def _underway(day: DayFile, shift: ShiftRow, doors: Mapping[UUID, Door]) -> Underway | None:
    met = met_by(day.rows.progress, shift.nurse_id)
    hers = [other for other in day.rows.shifts if other.nurse_id == shift.nurse_id]
    return freeze(
        [visit for visit in met if _shift_of(visit, hers) is shift],
        day.rows.stops.get(shift.id, ()),
        doors,
        day.pharmacy_names,
        origin=day.rows.begins_at,
        now_s=day.now_s or 0,
        shift_begin_s=second_of(shift.starts_at, day.rows.begins_at),
    )


def _shift_of(met: Progress, shifts: Sequence[ShiftRow]) -> ShiftRow:
    """Return the shift in which a visit was begun: the latest that had begun by then."""
    at = met.en_route_at or met.arrived_at or met.started_at or met.stopped_at or met.finished_at
    begun = [shift for shift in shifts if at is not None and shift.starts_at <= at]
    return begun[-1] if begun else shifts[0]

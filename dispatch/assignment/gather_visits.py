"""Appointments as visits of the day file, each with every nurse who may not go, and why."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from dispatch.appointments.records import AppointmentRow
from dispatch.assignment.day_shape import (
    distinct_id,
    merged,
    penalty_mc,
    preference_prices,
    second_of,
    second_of_reading,
)
from dispatch.assignment.gather_day import DayFile
from dispatch.assignment.plan_model import VisitKey
from dispatch.assignment.rules import preference_cost, preferences
from dispatch.assignment.underway import Door
from dispatch.kernel.refusals import Reason
from routing.problem import Pin, Visit, Window

MOST_NURSES = 2

LEFT_OUT = {
    reason.code: reason
    for reason in (
        Reason(
            code="address_not_verified",
            text="The point of the address is not verified.",
            way_out="Confirm the pin on the map.",
        ),
        Reason(
            code="no_time_window",
            text="It has no time window on this day.",
            way_out="Agree a window with the patient.",
        ),
        Reason(
            code="ends_too_late",
            text="Begun inside its windows it would end after the latest time for a visit.",
            way_out="Agree an earlier window with the patient.",
        ),
        Reason(
            code="pinned_nurse_not_on_shift",
            text="It is pinned to a nurse who has no shift on this day.",
            way_out="Unpin it, or give her a shift.",
        ),
        Reason(
            code="more_than_two_nurses",
            text="It asks for more than two nurses.",
            way_out="Book the further nurses as appointments of their own.",
        ),
        Reason(
            code="under_way_off_shift",
            text="A nurse who has no shift on this day is making it.",
            way_out="Enter her shift, so that the plan shows it.",
        ),
    )
}


def doors_of(day: DayFile) -> dict[UUID, Door]:
    """Name the appointments and their places; those without a verified point get none."""
    doors: dict[UUID, Door] = {}
    taken: set[str] = set()
    for row in day.rows.appointments:
        point = row.patient.point
        if not row.patient.point_verified or not point:
            continue
        name = distinct_id(row.reference, str(row.id), taken)
        taken.add(name)
        lat, _, lon = point.partition(",")
        place = day.add_place(f"door {name}", float(lat), float(lon))
        doors[row.id] = Door(visit=name, place=place, service_s=row.minutes * 60, units=row.units)
    return doors


def add_visits(day: DayFile, doors: Mapping[UUID, Door]) -> None:
    """Add what is still to be planned; what cannot be planned at all goes to `left_out`."""
    frozen = day.frozen
    for row in day.rows.appointments:
        door = doors.get(row.id)
        begun = frozen.count(door.visit) if door else 0
        if door and begun:
            day.visit_keys[door.visit] = VisitKey(appointment_id=row.id)
        if begun >= row.nurses_needed:
            continue
        windows = _windows(day, row)
        reasons = tuple(LEFT_OUT[code] for code in _obstacles(day, row, door, windows, begun))
        if reasons or door is None:
            day.left_out[row.id] = reasons
            continue
        _add_parts(day, row, door, windows, begun)


def _add_parts(day: DayFile, row: AppointmentRow, door: Door, windows: Sequence[Window], begun: int) -> None:
    """Add the visit, or both halves of one by two nurses; a half that is under way leaves the other alone."""
    names = [door.visit]
    if row.nurses_needed == MOST_NURSES:
        names = [f"{door.visit} ({part} of {MOST_NURSES})" for part in (1, 2)]
    for part, name in enumerate(names, start=1):
        if part > begun:
            day.visit_keys[name] = VisitKey(appointment_id=row.id, part=part)
            day.visits.append(_visit(day, row, door, name, windows))
    if len(names) == MOST_NURSES and not begun:
        day.pairs.append((names[0], names[1]))
    nurse = _pinned_nurse(day, row)
    if nurse is not None or row.pinned_begin_at is not None:
        begin_s = second_of(row.pinned_begin_at, day.rows.begins_at) if row.pinned_begin_at else None
        day.pins.append(Pin(visit=names[begun], nurse=nurse, begin_s=begin_s))


def _visit(day: DayFile, row: AppointmentRow, door: Door, name: str, windows: Sequence[Window]) -> Visit:
    prices = preference_prices(day.rows.area.weights)
    booked, against = day.booked[row.id], day.law[row.id]
    wishes: dict[str, int] = {}
    ineligible: dict[str, tuple[str, ...]] = {}
    for nurse, key in day.nurse_keys.items():
        missed = preference_cost(preferences(day.people[key.nurse_id], booked), prices)
        if missed_mc := sum(missed.values()):
            wishes[nurse] = missed_mc
        if reasons := against[key.nurse_id]:
            ineligible[nurse] = tuple(dict.fromkeys(reason.code for reason in reasons))
    return Visit(
        id=name,
        place=door.place,
        windows=tuple(windows),
        service_s=door.service_s,
        penalty_mc=penalty_mc(row.priority, day.rows.area.weights),
        units=row.units,
        preference_mc=wishes,
        ineligible=ineligible,
    )


def _windows(day: DayFile, row: AppointmentRow) -> tuple[Window, ...]:
    """Return when it may begin so that it ends by the latest time for a visit (care-rules.md section 5)."""
    rows = day.rows
    latest_s = second_of_reading(day.latest_end_minute, rows.day, rows.zone, rows.begins_at)
    spans = (
        (second_of(window.begins_at, rows.begins_at), second_of(window.ends_at, rows.begins_at))
        for window in row.windows
    )
    return merged(spans, 0, latest_s - row.minutes * 60)


def _obstacles(
    day: DayFile, row: AppointmentRow, door: Door | None, windows: Sequence[Window], begun: int
) -> Iterator[str]:
    if door is None:
        yield "address_not_verified"
    if not row.windows:
        yield "no_time_window"
    elif not windows:
        yield "ends_too_late"
    if row.pinned_nurse_id is not None and _pinned_nurse(day, row) is None:
        yield "pinned_nurse_not_on_shift"
    if row.nurses_needed > MOST_NURSES:
        yield "more_than_two_nurses"
    met = {visit.nurse_id for visit in day.rows.progress if visit.appointment_id == row.id}
    if met and not begun and not met & {shift.nurse_id for shift in day.rows.shifts}:
        yield "under_way_off_shift"


def _pinned_nurse(day: DayFile, row: AppointmentRow) -> str | None:
    """Return the shift of the pinned nurse that meets the windows: the first that does not end before."""
    if row.pinned_nurse_id is None:
        return None
    ends_at = {shift.id: shift.ends_at for shift in day.rows.shifts}
    hers = [name for name, key in day.nurse_keys.items() if key.nurse_id == row.pinned_nurse_id]
    wanted_at = row.pinned_begin_at or (row.windows[0].begins_at if row.windows else None)
    for name in hers:
        if wanted_at is None or ends_at[day.nurse_keys[name].shift_id] > wanted_at:
            return name
    return hers[0] if hers else None

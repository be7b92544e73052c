"""The offers of one day: which windows the patient, the law and the policies leave, and what each costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.appointments.model import LocalWindow
from dispatch.appointments.model import Window as Span
from dispatch.appointments.records import AppointmentRow
from dispatch.appointments.service.prospects import Prospect
from dispatch.assignment.day_shape import (
    instant_of,
    penalty_mc,
    preference_prices,
    second_of,
    second_of_reading,
)
from dispatch.assignment.model import AppointmentFacts, TimeWindow
from dispatch.assignment.ready_days import Ready
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.assignment.rules import DayJudge, preference_cost, preferences
from dispatch.assignment.slot_model import Slot, SlotQuery
from dispatch.assignment.slot_reasons import CannotBegin, reasons_for_none, stated
from dispatch.kernel.refusals import Reason
from routing.plan import ReasonLeft
from routing.problem import Window
from routing.slots import ReadyDay, SlotOffer, Wanted, grid, offers

MC_PER_DOLLAR = 100_000
ENOUGH_NURSES = 3  # with so many a promise outlives an absence; more make it no better
NOT_BOOKED = UUID(int=0)
Came = tuple[date, UUID]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The question with all that is read once for every day: `rules` is the policy ``booking.slots``.

    `known` are the days and nurses of the patient's planned visits, the latest first.
    """

    prospect: Prospect
    query: SlotQuery
    rules: Mapping[str, Any]
    now: datetime
    known: Sequence[Came]


def slots_of(
    asked: Asked, ready: Ready, only: LocalWindow | None = None
) -> tuple[list[Slot], tuple[ReasonLeft, ...]]:
    """Return every window that could be promised on a day, or why there is none.

    `only` asks about one window instead, which may begin sooner than the lead.
    """
    state = asked.prospect.patient.state
    if ready.slots is None or ready.judge is None:
        return [], stated(ready.reasons)
    if not ready.nurses:
        return [], reasons_for_none(ready, state, {}, CannotBegin.NOBODY_WORKS)
    windows = _windows(asked, ready, only)
    faults = asked.prospect.faults(ready.day, [_span(ready, window) for window in windows[:1]])
    # Only her other visits tell one window from another; the policies are in the windows already.
    free = windows
    if faults or asked.prospect.others or asked.prospect.path is not None:
        free = [span for span in windows if not asked.prospect.faults(ready.day, (_span(ready, span),))]
    if not free:
        return [], stated(faults) or reasons_for_none(ready, state, {}, CannotBegin.DAY_IS_OVER)
    against, wanted = _wanted(asked, ready, ready.judge, free)
    found = [
        _slot(asked, ready, ready.slots, offer)
        for offer in offers(ready.slots, wanted, free)
        if offer is not None
    ]
    most_mc = penalty_mc(asked.query.priority, asked.prospect.area.weights)
    worth = [slot for slot in found if slot.added_mc < most_mc]
    if worth:
        return worth, ()
    return [], reasons_for_none(ready, state, against, CannotBegin.TOO_DEAR if found else CannotBegin.NO_ROOM)


def rank(slot: Slot) -> tuple[int, int, datetime]:
    """Cheaper by whole dollars first, then what enough nurses could keep, then the sooner."""
    return slot.added_mc // MC_PER_DOLLAR, -min(len(slot.nurses), ENOUGH_NURSES), slot.begins_at


def apart(slots: Iterable[Slot], most: int) -> list[Slot]:
    """Return the best of a day that do not overlap, in the order of the day."""
    chosen: list[Slot] = []
    for slot in sorted(slots, key=lambda slot: (*rank(slot)[:2], -slot.leeway_s, slot.begins_at)):
        if len(chosen) == most:
            break
        if all(slot.ends_at <= other.begins_at or other.ends_at <= slot.begins_at for other in chosen):
            chosen.append(slot)
    return sorted(chosen, key=lambda slot: slot.begins_at)


def known_nurses(session: Session, prospect: Prospect) -> list[Came]:
    """Return when which nurse was planned to come to the patient, the latest first."""
    in_force = (
        select(PlanRow.day, func.max(PlanRow.number).label("number"))
        .where(PlanRow.area_id == prospect.area.id)
        .group_by(PlanRow.day)
        .subquery()
    )
    came = (
        select(PlanRow.day, PlannedStopRow.nurse_id)
        .join(PlannedStopRow, PlannedStopRow.plan_id == PlanRow.id)
        .join(in_force, (in_force.c.day == PlanRow.day) & (in_force.c.number == PlanRow.number))
        .join(AppointmentRow, AppointmentRow.id == PlannedStopRow.appointment_id)
        .where(PlanRow.area_id == prospect.area.id, AppointmentRow.patient_id == prospect.patient.id)
        .order_by(PlanRow.day.desc(), PlannedStopRow.begins_at.desc())
    )
    return [(day, nurse_id) for day, nurse_id in session.execute(came)]


def _windows(asked: Asked, ready: Ready, only: LocalWindow | None) -> list[Window]:
    """Return the windows that hours, policy and the present moment leave, in seconds of the day."""
    now_s = second_of(asked.now, ready.origin)
    if only is not None:
        begin, end = (reading.hour * 60 + reading.minute for reading in (only.begins, only.ends))
        window = _in_seconds(ready, begin, end)
        return [window] if window is not None and window.end_s >= now_s else []
    rules, query = asked.rules, asked.query
    first = max(rules["first_begin_minute"], query.earliest_minute)
    last = min(asked.prospect.policy.latest_end_minute - asked.prospect.minutes, query.latest_minute)
    found = (
        _in_seconds(ready, window.begin_s, window.end_s)
        for window in grid(first, last, rules["window_minutes"], rules["step_minutes"])
    )
    soonest_s = now_s + rules["lead_minutes"] * 60
    return [window for window in found if window is not None and window.begin_s >= soonest_s]


def _in_seconds(ready: Ready, begin_minute: int, end_minute: int) -> Window | None:
    """Return a window of readings as seconds; None where the clocks skip or repeat one of them."""
    ends = []
    for minute in (begin_minute, end_minute):
        at = datetime.combine(ready.day, time.min) + timedelta(minutes=minute)
        if len({at.replace(tzinfo=ready.zone, fold=fold).astimezone(UTC) for fold in (0, 1)}) > 1:
            return None
        ends.append(second_of_reading(minute, ready.day, ready.zone, ready.origin))
    return Window(begin_s=ends[0], end_s=ends[1]) if ends[0] <= ends[1] else None


def _span(ready: Ready, window: Window) -> Span:
    return Span(
        begins_at=instant_of(window.begin_s, ready.origin), ends_at=instant_of(window.end_s, ready.origin)
    )


def _wanted(
    asked: Asked, ready: Ready, judge: DayJudge, windows: Sequence[Window]
) -> tuple[Mapping[UUID, tuple[Reason, ...]], Wanted]:
    """Return what stands against each nurse on shift, and the visit as planning is asked about it."""
    facts = _facts(asked, ready, windows)
    against = judge.reasons(facts)
    prices = preference_prices(asked.prospect.area.weights)
    begins, nurse_mc = {}, {}
    now_s = second_of(asked.now, ready.origin)
    for name, key in ready.nurses.items():
        if against[key.nurse_id]:
            continue
        begins[name] = tuple(
            (max(now_s, second_of(span.begins_at, ready.origin)), second_of(span.ends_at, ready.origin))
            for span in judge.may_begin(key.nurse_id, facts)
            if second_of(span.ends_at, ready.origin) >= now_s
        )
        nurse_mc[name] = sum(preference_cost(preferences(ready.people[key.nurse_id], facts), prices).values())
    wanted = Wanted(
        lat=asked.prospect.point.lat,
        lon=asked.prospect.point.lon,
        service_s=asked.prospect.minutes * 60,
        units=asked.prospect.units,
        begins=begins,
        nurse_mc=nurse_mc,
    )
    return against, wanted


def _facts(asked: Asked, ready: Ready, windows: Sequence[Window]) -> AppointmentFacts:
    prospect, patient = asked.prospect, asked.prospect.patient
    whole = _span(ready, Window(begin_s=windows[0].begin_s, end_s=max(window.end_s for window in windows)))
    return AppointmentFacts(
        appointment_id=NOT_BOOKED,
        state=patient.state,
        windows=(TimeWindow(begins_at=whole.begins_at, ends_at=whole.ends_at),),
        minutes=prospect.minutes,
        controlled=prospect.service.controlled,
        units=prospect.units,
        competencies=prospect.service.competencies,
        address_verified=True,
        excluded_nurses=prospect.excluded,
        pets=frozenset(patient.pets),
        required_language=patient.required_language,
        required_gender=patient.required_gender,
        preferred_language=patient.preferred_language,
        preferred_gender=patient.preferred_gender,
        preferred_nurse=asked.query.preferred_nurse_id,
        known_nurses=tuple(dict.fromkeys(nurse for day, nurse in asked.known if day < ready.day)),
    )


def _slot(asked: Asked, ready: Ready, slots: ReadyDay, offer: SlotOffer) -> Slot:
    codes = (ready.people[ready.nurses[name].nurse_id].code for name in offer.nurses)
    route = slots.roster.routes[slots.roster.day.nurse_at[offer.nurse]]
    span = _span(ready, offer.window)
    return Slot(
        day=ready.day,
        begins_at=span.begins_at,
        ends_at=span.ends_at,
        added_mc=offer.added_mc,
        expected_at=instant_of(offer.begin_s, ready.origin),
        nurses=tuple(dict.fromkeys(codes)),
        before=offer.position,
        after=len(route) - offer.position,
        detour_s=offer.detour_s,
        leeway_s=offer.leeway_s,
    )

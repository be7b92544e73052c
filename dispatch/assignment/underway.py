"""A running day: what is done or in progress stays; each nurse starts where and when she is free."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatch.assignment.day_shape import second_of
from dispatch.assignment.plan_model import OVER, Progress, begun_at
from dispatch.assignment.records import PlannedStopRow
from routing.problem import StopKind
from routing.replan.underway import Span, Underway, underway

# What else stands on a route and is over once a later visit is under way.
CALLS: Mapping[str, StopKind] = {
    "start": "start",
    "pickup": "pickup",
    "break": "break",
    "return": "return",
}


@dataclass(frozen=True, kw_only=True)
class Door:
    """What freezing needs of an appointment: its id in the day file, its place, length and stock."""

    visit: str
    place: str
    service_s: int
    units: int


def met_by(progress: Iterable[Progress], nurse_id: UUID) -> list[Progress]:
    """Return the visits that a nurse has at least set off to, in the order in which she did."""
    mine = [met for met in progress if met.nurse_id == nurse_id and _first_at(met) is not None]
    return sorted(mine, key=lambda met: (_first_at(met), met.appointment_id))


def freeze(
    met: Sequence[Progress],
    stops: Sequence[PlannedStopRow],
    doors: Mapping[UUID, Door],
    pharmacies: Mapping[UUID, str],
    *,
    origin: datetime,
    now_s: int,
    shift_begin_s: int,
) -> Underway | None:
    """Return what of a nurse's day is past, None when she has not set off to anything yet.

    Parameters
    ----------
    met
        Her visits under way or over, in order.
    stops
        Her route of the plan in force: pickups and breaks before the last visit she set off to are past.
    doors, pharmacies
        Appointment id -> door; pharmacy id -> its id in the day file.
    """
    known = [visit for visit in met if visit.appointment_id in doors]
    if not known:
        return None
    past = _past_calls(known, stops)
    spans = [_visit_span(visit, doors[visit.appointment_id], past, origin, now_s) for visit in known]
    spans += [_call_span(stop, pharmacies, origin) for stop in past.values() if stop.kind in CALLS]
    return underway(
        spans,
        place=doors[known[-1].appointment_id].place,
        now_s=now_s,
        duty_begin_s=max(shift_begin_s, 0),
    )


def _past_calls(met: Sequence[Progress], stops: Sequence[PlannedStopRow]) -> dict[UUID, PlannedStopRow]:
    """Return the stops of the route up to the last visit she set off to, by stop id."""
    begun = {visit.appointment_id for visit in met}
    last = max((index for index, stop in enumerate(stops) if stop.appointment_id in begun), default=-1)
    return {stop.id: stop for stop in stops[: last + 1]}


def _visit_span(
    met: Progress, door: Door, past: Mapping[UUID, PlannedStopRow], origin: datetime, now_s: int
) -> Span:
    planned = next((stop for stop in past.values() if stop.appointment_id == met.appointment_id), None)
    began_at = begun_at(met, planned.begins_at if planned else None)
    if began_at is not None:
        begin_s = second_of(began_at, origin)
    else:  # on the way: she arrives as planned, or now if that is past
        begin_s = max(now_s, second_of(planned.begins_at, origin) if planned else now_s)
    done_at = met.finished_at or (met.stopped_at if met.state in OVER else None)
    if done_at is not None:
        return Span("visit", door.visit, begin_s, second_of(done_at, origin), door.units)
    if met.state in OVER:
        return Span("visit", door.visit, begin_s, begin_s, door.units)
    return Span("visit", door.visit, begin_s, max(begin_s + door.service_s, now_s), door.units)


def _call_span(stop: PlannedStopRow, pharmacies: Mapping[UUID, str], origin: datetime) -> Span:
    ref = pharmacies.get(stop.pharmacy_id, "") if stop.pharmacy_id else ""
    begin_s, end_s = second_of(stop.begins_at, origin), second_of(stop.ends_at, origin)
    return Span(CALLS[stop.kind], ref, begin_s, end_s, stop.units)


def _first_at(met: Progress) -> datetime | None:
    moments = (met.en_route_at, met.arrived_at, met.started_at, met.stopped_at, met.finished_at)
    return min((at for at in moments if at is not None), default=None)

"""What of a day is past at a moment, and where that leaves each nurse.

A stop is past once its nurse has set off to it: done, in progress or driven to. It is frozen, and she is free
behind it. Who has not left home yet begins no sooner than now.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from routing.plan import Plan, Route, Stop
from routing.problem import Free, FrozenStop, MealBreak, Nurse, Pin, Problem, StopKind, Window
from routing.rules.reading import RouteReading


class Span(NamedTuple):
    """A stop that is past or under way; `units` of stock were taken on (pickup), used or given back."""

    kind: StopKind
    ref: str
    begin_s: int
    end_s: int
    units: int = 0


@dataclass(frozen=True, kw_only=True)
class Underway:
    """What of one nurse's day is past, and where it leaves her.

    `stock_units` is what her lock-box still holds after the frozen stops; `rested`: her break is behind her.
    """

    free: Free
    frozen: tuple[FrozenStop, ...]
    stock_units: int
    rested: bool


class Promise(NamedTuple):
    """Who was to make a visit and when: what its patient and nurse were told."""

    nurse: str
    begin_s: int


@dataclass(frozen=True, kw_only=True)
class Running:
    """A day at a moment, with the plan in force.

    Attributes
    ----------
    problem
        The day as it stands: frozen stops, where and when each nurse is free, the visits still to make.
    orders
        Nurse -> her visits still to make, in order, by the plan in force.
    promised
        Visit -> nurse and begin by the plan in force.
    frozen_units
        Frozen visit -> units of controlled stock that it uses, where it uses any.
    """

    problem: Problem
    orders: Mapping[str, tuple[str, ...]]
    promised: Mapping[str, Promise]
    now_s: int
    frozen_units: Mapping[str, int] = field(default_factory=dict)


def underway(
    spans: Iterable[Span], *, place: str, now_s: int, duty_begin_s: int, stock_units: int = 0
) -> Underway:
    """Return where a nurse is after these stops, in order of time; overlapping ones follow each other.

    Parameters
    ----------
    place
        Where the last of them is.
    duty_begin_s
        When her duty began, if not with the first stop.
    stock_units
        What was in her lock-box before them.
    """
    spans = sorted(spans, key=lambda span: (span.begin_s, span.end_s))
    frozen: list[FrozenStop] = []
    clock_s = 0
    for span in spans:
        begin_s = max(span.begin_s, clock_s)
        clock_s = max(span.end_s, begin_s)
        frozen.append(FrozenStop(kind=span.kind, ref=span.ref, begin_s=begin_s, end_s=clock_s))
        stock_units += span.units if span.kind == "pickup" else -span.units
    return Underway(
        free=Free(
            place=place,
            at_s=max(clock_s, now_s),
            on_duty_since_s=min([duty_begin_s, *(stop.begin_s for stop in frozen[:1])]),
        ),
        frozen=tuple(frozen),
        stock_units=max(0, stock_units),
        rested=any(span.kind == "break" for span in spans),
    )


def as_planned(problem: Problem, plan: Plan, now_s: int) -> Running:
    """Return the day at a moment if everything went as planned until then.

    Parameters
    ----------
    problem
        The day of the plan, running or not.
    plan
        Passed by `routing.check`.
    """
    routes = {route.nurse: route for route in plan.routes}
    past = {
        nurse: _past(problem, RouteReading(problem, route), now_s)
        for nurse, route in routes.items()
        if nurse in problem.nurse
    }
    nurses = tuple(_at(problem, nurse, past.get(nurse.id), now_s) for nurse in problem.nurses)
    begun = {stop.ref for stops in past.values() for stop in stops if stop.kind == "visit"}
    promised = {
        stop.ref: Promise(nurse, stop.begin_s)
        for nurse, route in routes.items()
        for stop in route.stops
        if stop.kind == "visit" and not stop.frozen and stop.ref not in begun
    }
    visits = tuple(visit for visit in problem.visits if visit.id not in begun)
    day = replace(
        problem,
        nurses=nurses,
        visits=visits,
        double_visits=tuple(pair for pair in problem.double_visits if not begun & set(pair)),
        pins=tuple(_pins(problem, begun, promised)),
    )
    return Running(
        problem=with_travel_of(problem, day),
        orders={nurse: tuple(v for v in route.visits if v not in begun) for nurse, route in routes.items()},
        promised=promised,
        now_s=now_s,
        frozen_units={visit: problem.visit[visit].units for visit in begun if problem.visit[visit].units},
    )


def with_travel_of(known: Problem, problem: Problem) -> Problem:
    """Let a problem of the same places use travel times that are already computed."""
    if problem.places == known.places and problem.travel == known.travel:
        problem.__dict__["travel_s"] = known.travel_s
        problem.__dict__["place_at"] = known.place_at
    return problem


def _past(problem: Problem, reading: RouteReading, now_s: int) -> list[Stop]:
    """Return the planned stops that are done, in progress or driven to."""
    found: list[Stop] = []
    ready_s: int | None = None  # when she was ready to set off to the next stop
    for stop in reading.planned:
        if stop.kind == "break" and ready_s is not None and stop.begin_s > ready_s and ready_s <= now_s:
            found.append(stop)  # taken on the road or at the next door: she has set off already
            continue
        # A day and a break begin when they begin, everything else when the stop before it ends.
        waits = stop.kind in ("start", "break") or ready_s is None
        if (stop.begin_s if waits or ready_s is None else ready_s) > now_s:
            break
        found.append(stop)
        ready_s = stop.end_s
    while found and found[-1].kind == "break" and found[-1].begin_s > now_s:
        found.pop()
    has_left = reading.nurse.free is not None or any(stop.kind == "start" for stop in found)
    return found if has_left else []


def _at(problem: Problem, nurse: Nurse, past: list[Stop] | None, now_s: int) -> Nurse:
    if past:
        return _on_duty(problem, nurse, past, now_s)
    if nurse.free is not None:
        free = replace(nurse.free, at_s=max(nurse.free.at_s, now_s))
        return replace(nurse, free=free)
    return not_before(nurse, now_s)


def not_before(nurse: Nurse, second_s: int) -> Nurse:
    """Return a nurse who has not begun yet, and begins not before a moment.

    That shortens what is left of her shift, not what break the whole shift owes.
    """
    begin_s = min(max(nurse.shift.begin_s, second_s), nurse.shift.end_s)
    rest = nurse.due_break
    if rest is not None:
        rest = _rest_after(rest, begin_s)
    return replace(nurse, shift=Window(begin_s=begin_s, end_s=nurse.shift.end_s), meal_break=rest)


def _rest_after(rest: MealBreak, from_s: int) -> MealBreak | None:
    if from_s > rest.latest_s:
        return None
    return replace(rest, earliest_s=max(rest.earliest_s, from_s), threshold_s=0)


def _on_duty(problem: Problem, nurse: Nurse, past: list[Stop], now_s: int) -> Nurse:
    reading = RouteReading(problem, Route(nurse=nurse.id, stops=tuple(past)))
    places = [reading.place_of(stop) for stop in past if stop.kind != "break"]
    # A day that ran already has its own start among the frozen stops.
    silent = ("end",) if nurse.free is None else ("start", "end")
    spans = [
        Span(stop.kind, stop.ref, stop.begin_s, stop.end_s, stop.units)
        for stop in past
        if stop.kind not in silent
    ]
    since_s = nurse.on_duty_since_s
    if since_s is None:
        since_s = next(stop.end_s for stop in past if stop.kind == "start")
    found = underway(
        spans,
        place=places[-1] if places else nurse.departs_from,
        now_s=max(now_s, past[-1].end_s),
        duty_begin_s=since_s,
        stock_units=nurse.stock_units,
    )
    return replace(
        nurse,
        free=replace(found.free, on_duty_since_s=since_s),
        frozen=(*nurse.frozen, *found.frozen),
        stock_units=min(found.stock_units, nurse.lock_box_units),
        meal_break=None if found.rested else nurse.meal_break,
    )


def _pins(problem: Problem, begun: set[str], promised: Mapping[str, Promise]) -> Iterator[Pin]:
    """Yield the pins that remain; a half whose other half is under way keeps its nurse and begin."""
    bound = {
        problem.partner[visit]
        for visit in begun
        if visit in problem.partner and problem.partner[visit] in promised
    }
    for visit in sorted(bound - begun):
        yield Pin(visit=visit, nurse=promised[visit].nurse, begin_s=promised[visit].begin_s)
    for pin in problem.pins:
        if pin.visit not in begun and pin.visit not in bound:
            yield pin

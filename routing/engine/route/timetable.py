"""Turns the labels of a timed route into stops with times that a nurse can read."""

from routing.engine.index import DayIndex, NurseLine
from routing.engine.route.schedule import RESTED, Label, Timing
from routing.plan import Route, Stop


def route_from(day: DayIndex, nurse: int, timing: Timing) -> Route:
    """Return the route of a timing: she leaves as late as its cost allows, then does all as soon as she can.

    Frozen stops of a running day come first, as they were.
    """
    problem_nurse = day.problem.nurses[nurse]
    frozen = tuple(
        Stop(
            kind=stop.kind,
            ref=stop.ref,
            arrive_s=stop.begin_s,
            begin_s=stop.begin_s,
            end_s=stop.end_s,
            frozen=True,
        )
        for stop in problem_nurse.frozen
    )
    chain: list[Label] = []
    label: Label | None = timing.last
    while label is not None:
        chain.append(label)
        label = label.parent
    chain.reverse()
    leave_s = _latest_departure(day, day.nurses[nurse], chain, timing.end_s)
    stops = (*frozen, *_stops(day, day.nurses[nurse], chain, leave_s))
    return Route(nurse=problem_nurse.id, stops=stops)


def _latest_departure(day: DayIndex, line: NurseLine, chain: list[Label], end_s: int) -> int:
    """Walk back from the end: the last moment to leave that still ends the day at `end_s`."""
    root = chain[0]
    if line.on_duty:
        return root.earliest_s
    completed_s = end_s
    for before, label in zip(reversed(chain[:-1]), reversed(chain[1:]), strict=True):
        assert label.call is not None
        begin_s = min(label.window[1], completed_s - label.call.service_s)
        drive_s = day.drive_s[before.call.place if before.call else line.start][label.call.place]
        completed_s = begin_s - drive_s
        if label.rest_before and line.rest is not None:
            completed_s = min(line.rest[2], completed_s - line.rest[0])
    return completed_s


def _stops(day: DayIndex, line: NurseLine, chain: list[Label], leave_s: int) -> list[Stop]:
    stops: list[Stop] = []
    if chain[0].rest_before and line.rest is not None:
        duration_s, earliest_s, latest_s = line.rest
        begin_s = max(line.begin_s, earliest_s) if line.on_duty else min(latest_s, leave_s - duration_s)
        stops.append(_rest(begin_s, duration_s))
    stops.append(Stop(kind="start", arrive_s=leave_s, begin_s=leave_s, end_s=leave_s))
    place, now_s, on_board = line.start, leave_s, line.stock
    for index, label in enumerate(chain[1:], start=1):
        call = label.call
        assert call is not None
        arrive_s = now_s + day.drive_s[place][call.place]
        if label.rest_before and line.rest is not None:
            duration_s, earliest_s, _ = line.rest
            stops.append(_rest(max(now_s, earliest_s), duration_s))
            arrive_s = max(arrive_s, earliest_s) + duration_s
        begin_s = max(arrive_s, label.window[0])
        now_s, place = begin_s + call.service_s, call.place
        ref, units = "", 0
        if call.kind == "visit":
            ref, units = day.problem.visits[call.ref].id, day.visits[call.ref].units
            on_board -= units
        elif call.kind == "pickup":
            ref = day.problem.pharmacies[call.ref].id
            units = max(0, _units_until_next_pickup(day, chain[index + 1 :]) - on_board)
            on_board += units
        elif call.kind == "return":
            ref, units, on_board = day.problem.pharmacies[call.ref].id, on_board, 0
        stops.append(
            Stop(kind=call.kind, ref=ref, arrive_s=arrive_s, begin_s=begin_s, end_s=now_s, units=units)
        )
    if line.rest is not None and not chain[-1].done & RESTED:
        stops.append(_rest(max(now_s, line.rest[1]), line.rest[0]))
    return stops


def _rest(begin_s: int, duration_s: int) -> Stop:
    return Stop(kind="break", arrive_s=begin_s, begin_s=begin_s, end_s=begin_s + duration_s)


def _units_until_next_pickup(day: DayIndex, rest: list[Label]) -> int:
    units = 0
    for label in rest:
        assert label.call is not None
        if label.call.kind == "pickup":
            break
        if label.call.kind == "visit":
            units += day.visits[label.call.ref].units
    return units

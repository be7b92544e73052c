"""What becomes of the day if nobody does anything: each nurse goes on with her visits, as soon as she can.

Who is late comes late, up to a limit; what cannot be made at all any more is left. This is the plan that a
re-planned day is measured against, and the state that every answer starts from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from routing.engine.index import DayIndex, Windows
from routing.engine.route.roster import Roster
from routing.engine.route.schedule import RouteTimer
from routing.engine.route.timetable import route_from


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A nurse's visits (positions) that she still makes, those that she cannot, and begins too late by
    what was promised.
    """

    order: list[int]
    left: list[int] = field(default_factory=list)
    late: Mapping[int, int] = field(default_factory=dict)


def settle(roster: Roster, nurse: int, order: list[int], eased: Callable[[int], Windows]) -> Settled:
    """Say which of these visits a nurse makes if she keeps their order, and when those begin that are late.

    Parameters
    ----------
    eased
        Visit -> the windows in which it may still begin, late or not.
    """
    timer, agreed = roster.timers[nurse], roster.agreed
    if not order or timer.best(order, agreed) is not None:
        return Settled(order=order)
    windows = {visit: agreed[visit] if visit in agreed else eased(visit) for visit in order}
    kept, left = list(order), []
    while kept and timer.best(kept, windows) is None:
        dropped = _to_drop(roster.day, timer, kept, windows)
        kept.remove(dropped)
        left.append(dropped)
    return Settled(order=kept, left=left, late=_late(roster, nurse, kept, windows))


def _to_drop(day: DayIndex, timer: RouteTimer, order: list[int], windows: Mapping[int, Windows]) -> int:
    """Return the cheapest visit without which the others can be made; the last one where there is none."""
    best: tuple[int, int, int] | None = None
    for place, visit in enumerate(order):
        rest = order[:place] + order[place + 1 :]
        timing = timer.best(rest, windows)
        if timing is not None:
            found = (day.visits[visit].penalty_mc + timing.cost_mc, -place, visit)
            best = found if best is None or found < best else best
    return order[-1] if best is None else best[2]


def _late(roster: Roster, nurse: int, order: list[int], windows: Mapping[int, Windows]) -> dict[int, int]:
    if not order:
        return {}
    day = roster.day
    timing = roster.timers[nurse].best(order, windows)
    assert timing is not None, "what was kept can be made"
    route = route_from(day, nurse, timing)
    begins = {
        day.visit_at[stop.ref]: stop.begin_s
        for stop in route.stops
        if stop.kind == "visit" and not stop.frozen
    }
    return {
        visit: begin_s
        for visit, begin_s in begins.items()
        if visit not in roster.agreed and not any(a <= begin_s <= b for a, b in day.visits[visit].windows)
    }

"""Small days for the planning tests. Times are minutes past midnight here and seconds in the values.

Places lie on a line, ten minutes of driving apart: ``p0``, ``p1``, ... so that every duration is easy to
check by head.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from routing.plan import Plan, ReasonLeft, Route, Stop, Unassigned
from routing.price import price
from routing.problem import (
    Free,
    MealBreak,
    Nurse,
    Pharmacy,
    Pin,
    Place,
    Problem,
    StopKind,
    Visit,
    Weights,
    Window,
)
from routing.travel import TravelMatrix

MIN = 60
PLACES = 10
LEG_MIN = 10
WEIGHTS = Weights(travel_mc_per_s=10, idle_mc_per_s=4, overtime_mc_per_s=7, fairness_mc_per_s=3)


def window(begin_min: int, end_min: int) -> Window:
    return Window(begin_s=begin_min * MIN, end_s=end_min * MIN)


def line_of_places(count: int = PLACES) -> tuple[tuple[Place, ...], TravelMatrix]:
    names = tuple(f"p{index}" for index in range(count))
    seconds = tuple(tuple(abs(a - b) * LEG_MIN * MIN for b in range(count)) for a in range(count))
    return tuple(Place(id=name) for name in names), TravelMatrix(places=names, seconds=seconds)


def nurse(name: str = "ann", *, at: int = 0, shift: tuple[int, int] = (480, 960), **more: Any) -> Nurse:
    fields = {"start_place": f"p{at}", "end_place": f"p{at}", "shift": window(*shift)} | more
    return Nurse(id=name, **fields)


def visit(
    name: str, at: int, *, begin: tuple[int, int] = (480, 960), service: int = 60, **more: Any
) -> Visit:
    fields = {"windows": (window(*begin),), "penalty_mc": 10_000_000} | more
    return Visit(id=name, place=f"p{at}", service_s=service * MIN, **fields)


def pharmacy(
    name: str = "rx", *, at: int = 5, hours: tuple[int, int] = (420, 1140), handling: int = 5
) -> Pharmacy:
    return Pharmacy(id=name, place=f"p{at}", open=(window(*hours),), handling_s=handling * MIN)


def meal(earliest: int = 660, latest: int = 780, duration: int = 30, threshold: int = 0) -> MealBreak:
    return MealBreak(
        duration_s=duration * MIN,
        earliest_s=earliest * MIN,
        latest_s=latest * MIN,
        threshold_s=threshold * MIN,
    )


def on_duty(at: int, minute: int, since: int = 480) -> Free:
    return Free(place=f"p{at}", at_s=minute * MIN, on_duty_since_s=since * MIN)


def day(*parts: Nurse | Visit | Pharmacy, **more: Any) -> Problem:
    """A day of these nurses, visits and pharmacies on the line of places."""
    places, travel = line_of_places()
    fields: dict[str, Any] = {
        "label": "test",
        "horizon": window(0, 1440),
        "places": places,
        "travel": travel,
        "weights": WEIGHTS,
        "nurses": tuple(part for part in parts if isinstance(part, Nurse)),
        "visits": tuple(part for part in parts if isinstance(part, Visit)),
        "pharmacies": tuple(part for part in parts if isinstance(part, Pharmacy)),
    }
    return Problem(**(fields | more))


def stop(
    kind: StopKind, begin: int, ref: str = "", *, arrive: int | None = None, lasts: int = 0, **more: Any
) -> Stop:
    at = begin if arrive is None else arrive
    return Stop(
        kind=kind, ref=ref, arrive_s=at * MIN, begin_s=begin * MIN, end_s=(begin + lasts) * MIN, **more
    )


def plan(problem: Problem, routes: Mapping[str, list[Stop]], left: tuple[str, ...] = (), **more: Any) -> Plan:
    """A plan with these stops, truthfully priced."""
    reasons = (ReasonLeft(code="no_room_in_day", text="No room."),)
    bare = Plan(
        label=problem.label,
        routes=tuple(Route(nurse=name, stops=tuple(stops)) for name, stops in routes.items()),
        unassigned=tuple(Unassigned(visit=name, reasons=reasons) for name in left),
        status="partial" if left else "feasible",
    )
    fields = {name: getattr(bare, name) for name in Plan.__dataclass_fields__} | {
        "cost": price(problem, bare)
    }
    return Plan(**(fields | more))


def pin(name: str, to: str | None = None, begin: int | None = None) -> Pin:
    return Pin(visit=name, nurse=to, begin_s=None if begin is None else begin * MIN)


@st.composite
def days(draw: st.DrawFn, *, ripening: bool = False) -> Problem:
    """Random small days with every trait that a problem can have; `ripening`: some stock is ready late."""
    pharmacies = tuple(
        pharmacy(f"rx{k}", at=draw(st.integers(0, 9)), hours=draw(_spans(300, 1200, 120)), handling=5)
        for k in range(draw(st.integers(0, 2)))
    )
    nurses = tuple(draw(_nurses(f"n{k}")) for k in range(draw(st.integers(1, 3))))
    names = [n.id for n in nurses]
    visits = tuple(draw(_visits(f"v{k}", names, ripening)) for k in range(draw(st.integers(1, 6))))
    double = ((visits[0].id, visits[1].id),) if len(visits) > 1 and draw(st.booleans()) else ()
    pins = ()
    if draw(st.booleans()):
        one = draw(st.sampled_from(visits))
        pins = (pin(one.id, draw(st.sampled_from([None, *names])), draw(st.sampled_from([None, 600, 700]))),)
    idle_mc = draw(st.sampled_from((0, 4, 4))) if ripening else WEIGHTS.idle_mc_per_s
    return day(
        *nurses,
        *visits,
        *pharmacies,
        weights=replace(WEIGHTS, idle_mc_per_s=idle_mc),
        double_visits=double,
        pins=pins,
        return_of_stock=draw(st.sampled_from(("never", "unopened", "carried"))),
    )


def _spans(least: int, most: int, width: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.integers(least // 15, (most - width) // 15).flatmap(
        lambda a: st.integers(a * 15 + width, most).map(lambda b: (a * 15, b))
    )


@st.composite
def _nurses(draw: st.DrawFn, name: str) -> Nurse:
    shift = draw(_spans(420, 1140, 240))
    box = draw(st.integers(0, 6))
    running = draw(st.integers(0, 4)) == 0
    at = draw(st.integers(shift[0], shift[1]))
    return nurse(
        name,
        at=draw(st.integers(0, 9)),
        shift=shift,
        end_place=f"p{draw(st.integers(0, 9))}",
        overtime_limit_s=draw(st.sampled_from((0, 30, 60))) * MIN,
        max_duration_s=draw(st.sampled_from((None, 300 * MIN, 480 * MIN))),
        meal_break=draw(st.sampled_from((None, meal(), meal(600, 660), meal(660, 720, threshold=360)))),
        lock_box_units=box,
        stock_units=draw(st.integers(0, box)),
        max_pickups=draw(st.integers(0, 2)),
        free=on_duty(draw(st.integers(0, 9)), at, shift[0]) if running else None,
        fair_load_s=draw(st.sampled_from((None, 60 * MIN))),
    )


@st.composite
def _visits(draw: st.DrawFn, name: str, nurses: list[str], ripening: bool) -> Visit:
    first = draw(_spans(420, 900, 0))
    windows = [window(*first)]
    if draw(st.booleans()):
        windows.append(window(first[1] + 30, first[1] + 90))
    barred = draw(st.lists(st.sampled_from(nurses), unique=True, max_size=1))
    units = draw(st.sampled_from((1, 2) if ripening else (0, 0, 1, 2)))
    return visit(
        name,
        draw(st.integers(0, 9)),
        service=draw(st.sampled_from((15, 45, 60, 120))),
        windows=tuple(windows),
        units=units,
        ready_s=draw(st.sampled_from((None, 540 * MIN, 600 * MIN, 700 * MIN))) if ripening else None,
        penalty_mc=draw(st.sampled_from((0, 20_000, 10_000_000))),
        preferred_nurses=tuple(draw(st.lists(st.sampled_from(nurses), unique=True, max_size=1))),
        continuity_mc=draw(st.sampled_from((0, 5_000))),
        preference_mc={nurses[0]: 1_000} if draw(st.booleans()) else {},
        ineligible=dict.fromkeys(barred, ("licence_not_valid_in_state",)),
    )

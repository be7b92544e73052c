"""How every rule reads a plan: violations, routes resolved against the day, and their legs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from routing.plan import Plan, Route, Stop
from routing.problem import Nurse, Problem


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One broken rule of a plan.

    `rule` is the name of the rule's file; `nurse` and `visit` say where, empty where it does not apply.
    """

    rule: str
    text: str
    nurse: str = ""
    visit: str = ""

    def __str__(self) -> str:
        where = " ".join(
            f"{what} {name}:" for what, name in (("nurse", self.nurse), ("visit", self.visit)) if name
        )
        return f"{self.rule}: {where} {self.text}".replace("  ", " ")


@dataclass(frozen=True, kw_only=True)
class Leg:
    """The way from one stop to the next that has a place, with the break taken on it."""

    origin: Stop
    destination: Stop
    drive_s: int
    rest: Stop | None


@dataclass(frozen=True)
class RouteReading:
    """A route whose shape is known to be right, resolved against its day."""

    problem: Problem
    route: Route

    @property
    def nurse(self) -> Nurse:
        """Whose route it is."""
        return self.problem.nurse[self.route.nurse]

    @cached_property
    def planned(self) -> tuple[Stop, ...]:
        """The stops after the frozen ones."""
        return tuple(stop for stop in self.route.stops if not stop.frozen)

    @cached_property
    def start(self) -> Stop:
        """The departure."""
        return next(stop for stop in self.planned if stop.kind == "start")

    @cached_property
    def end(self) -> Stop:
        """The arrival at the end of the day."""
        return next(stop for stop in self.planned if stop.kind == "end")

    @cached_property
    def rests(self) -> tuple[Stop, ...]:
        """The breaks, wherever they are taken."""
        return tuple(stop for stop in self.planned if stop.kind == "break")

    @cached_property
    def visits(self) -> tuple[Stop, ...]:
        """The planned visits in order."""
        return tuple(stop for stop in self.planned if stop.kind == "visit")

    @cached_property
    def counters(self) -> tuple[Stop, ...]:
        """Pickups and returns in order."""
        return tuple(stop for stop in self.planned if stop.kind in ("pickup", "return"))

    @cached_property
    def loads(self) -> tuple[tuple[Stop, int], ...]:
        """Each planned stop with the units in the lock-box after it (negative: more used than on board)."""
        load, found = self.nurse.stock_units, []
        for stop in self.planned:
            if stop.kind == "pickup":
                load += stop.units
            elif stop.kind == "visit":
                load -= self.problem.visit[stop.ref].units
            elif stop.kind == "return":
                load -= stop.units
            found.append((stop, load))
        return tuple(found)

    @property
    def leaves_s(self) -> int:
        """When paid time on the road begins: departure, or when an on-duty nurse became free."""
        return self.nurse.free.at_s if self.nurse.free else self.start.end_s

    def place_of(self, stop: Stop) -> str:
        """Return where a stop is; a break has no place of its own."""
        if stop.kind == "start":
            return self.nurse.departs_from
        if stop.kind == "end":
            return self.nurse.end_place
        if stop.kind == "visit":
            return self.problem.visit[stop.ref].place
        return self.problem.pharmacy[stop.ref].place

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """All legs from start to end, in order."""
        found: list[Leg] = []
        origin, rest = self.start, None
        inside = self.planned[self.planned.index(self.start) + 1 : self.planned.index(self.end) + 1]
        for stop in inside:
            if stop.kind == "break":
                rest = stop
                continue
            drive_s = self.problem.drive_s(self.place_of(origin), self.place_of(stop))
            found.append(Leg(origin=origin, destination=stop, drive_s=drive_s, rest=rest))
            origin, rest = stop, None
        return tuple(found)


def readings(problem: Problem, plan: Plan) -> Iterator[RouteReading]:
    """Yield the routes of a plan, resolved; `route_shape` must have found nothing wrong with them."""
    return (RouteReading(problem, route) for route in plan.routes)

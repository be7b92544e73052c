"""Who makes which visits in which order, with exact costs: the state that every heuristic works on."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

from routing.engine.index import FAR_S, DayIndex, Windows
from routing.engine.route.schedule import Label, RouteTimer, Timing
from routing.engine.route.timetable import route_from
from routing.plan import Plan, Route

NOT_POSSIBLE = 1 << 60  # a cost that no plan has


class Insertion(NamedTuple):
    """What it would cost, in mc, to add a visit to a nurse's route at a position."""

    added_mc: int
    position: int


class Roster:
    """The routes of all nurses as visit positions, each timed exactly.

    Attributes
    ----------
    routes
        ``routes[nurse]``: visit positions in order.
    cost_mc
        ``cost_mc[nurse]``: travel, idle, overtime, continuity and fairness of her route.
    nurse_of
        ``nurse_of[visit]``: nurse position, -1 while unassigned.
    agreed
        Visit position -> the single begin that both halves of a double visit keep.
    """

    def __init__(self, day: DayIndex) -> None:
        self.day = day
        self.timers = [RouteTimer(day, nurse) for nurse in range(len(day.nurses))]
        self.routes: list[list[int]] = [[] for _ in day.nurses]
        self.nurse_of = [-1] * len(day.visits)
        self.agreed: dict[int, Windows] = {}
        self.cost_mc = [0] * len(day.nurses)
        self._slack_mc = [0] * len(day.nurses)
        self._load_s = [0] * len(day.nurses)
        self._prefixes: list[dict[tuple[int, bool, tuple[int, ...]], list[Label]]] = [{} for _ in day.nurses]
        for nurse in range(len(day.nurses)):
            self._retime(nurse)

    @property
    def unassigned(self) -> list[int]:
        """Visit positions that nobody makes."""
        return [visit for visit, nurse in enumerate(self.nurse_of) if nurse < 0]

    @property
    def total_mc(self) -> int:
        """Cost of the whole day, penalties included."""
        return sum(self.cost_mc) + sum(self.day.visits[visit].penalty_mc for visit in self.unassigned)

    def copy(self) -> "Roster":
        """Return an independent copy (timers and their caches are shared)."""
        other = object.__new__(Roster)
        other.day, other.timers = self.day, self.timers
        other.routes = [list(route) for route in self.routes]
        other.nurse_of, other.agreed = list(self.nurse_of), dict(self.agreed)
        other.cost_mc, other._slack_mc = list(self.cost_mc), list(self._slack_mc)
        other._load_s = list(self._load_s)
        other._prefixes = [dict(prefixes) for prefixes in self._prefixes]
        return other

    def on(self, day: DayIndex, *, returns: bool = True) -> "Roster":
        """Return the same routes on a day with other limits or rights, at their present costs.

        To ask what would be possible there; the present routes must be possible on it, too. `returns`
        switches the return of stock off.
        """
        other = self.copy()
        other.day = day
        other.timers = [RouteTimer(day, nurse, returns=returns) for nurse in range(len(day.nurses))]
        other._prefixes = [{} for _ in day.nurses]
        return other

    def slack_mc(self, nurse: int) -> int:
        """Return what a detour could at most win back beside its own way: waiting, overtime, a pharmacy."""
        return self._slack_mc[nurse]

    def timing(self, nurse: int) -> Timing | None:
        """Return the timing of a nurse's present route; None when she stays at home."""
        if not self.routes[nurse] and not self.day.nurses[nurse].on_duty:
            return None
        return self.timers[nurse].best(self.routes[nurse], self.agreed)

    def best_insertion(
        self,
        nurse: int,
        visit: int,
        windows: Windows | None = None,
        below_mc: int = NOT_POSSIBLE,
        positions: Iterable[int] | None = None,
    ) -> Insertion | None:
        """Return the cheapest way to add a visit to a nurse's route, None if there is none below `below_mc`.

        Parameters
        ----------
        windows
            Replace the visit's own windows.
        positions
            Where to try; everywhere when None.
        """
        day = self.day
        if not day.allowed[nurse][visit]:
            return None
        route, line = self.routes[nurse], day.visits[visit]
        at = self.agreed if windows is None else {**self.agreed, visit: windows}
        fixed_mc = day.nurse_cost_mc[nurse][visit] + self._unfair_mc(nurse, line.service_s)
        places = [day.nurses[nurse].start, *(day.visits[v].place for v in route), day.nurses[nurse].end]
        base_mc = self.cost_mc[nurse] - self._constant_mc(nurse)
        travel_mc, drive_s = day.problem.weights.travel_mc_per_s, day.drive_s
        best: Insertion | None = None
        for position in range(len(route) + 1) if positions is None else positions:
            a, b = places[position], places[position + 1]
            skipped_s = drive_s[a][b] if route or day.nurses[nurse].on_duty else 0
            longer_mc = travel_mc * (drive_s[a][line.place] + drive_s[line.place][b] - skipped_s)
            if longer_mc - self._slack_mc[nurse] + fixed_mc >= below_mc:
                continue
            cost_mc = self._cost_with(nurse, visit, position, at)
            added_mc = cost_mc - base_mc + fixed_mc
            if cost_mc < NOT_POSSIBLE and added_mc < below_mc:
                best, below_mc = Insertion(added_mc, position), added_mc
        return best

    def reachable_begins(self, nurse: int, visit: int) -> list[int]:
        """Return the earliest and latest begins of a visit behind each stop of a nurse's route.

        What follows on the route is not looked at: these are times to try, not promises.
        """
        timer, line = self.timers[nurse], self.day.visits[visit]
        found: list[int] = []
        for position in range(len(self.routes[nurse]) + 1):
            labels = timer.drive_to_visit(
                self._prefix(nurse, position, visit),
                self._place(nurse, position),
                visit,
                line.units,
                False,
                ready=timer.ready([visit]),
            )
            for label in labels:
                found += [label.earliest_s - line.service_s, label.latest_s - line.service_s]
        return found

    def insert(self, nurse: int, visit: int, position: int) -> None:
        """Add a visit where `best_insertion` found it possible."""
        self.routes[nurse].insert(position, visit)
        self.nurse_of[visit] = nurse
        self._retime(nurse)

    def can_remove(self, visit: int) -> bool:
        """Say whether its route holds without it.

        Nearly always; but stock that it would have used may then have to go back, and there may be no time
        for that, or a stated travel matrix may have no short cut.
        """
        nurse = self.nurse_of[visit]
        rest = [other for other in self.routes[nurse] if other != visit]
        if not rest and not self.day.nurses[nurse].on_duty:
            return True
        return self.timers[nurse].best(rest, self.agreed) is not None

    def remove(self, visit: int) -> tuple[int, int]:
        """Take a visit off its route (see `can_remove`); return the nurse and position it had."""
        nurse = self.nurse_of[visit]
        position = self.routes[nurse].index(visit)
        del self.routes[nurse][position]
        self.nurse_of[visit] = -1
        self.agreed.pop(visit, None)
        self._retime(nurse)
        return nurse, position

    def set_route(self, nurse: int, visits: list[int]) -> bool:
        """Replace a whole route by unassigned visits; leave it as it was and return False if impossible."""
        if visits and self.timers[nurse].best(visits, self.agreed) is None:
            return False
        for visit in self.routes[nurse]:
            self.nurse_of[visit] = -1
        self.routes[nurse] = list(visits)
        for visit in visits:
            self.nurse_of[visit] = nurse
        self._retime(nurse)
        return True

    def route(self, nurse: int) -> Route | None:
        """Return a nurse's route with its times; None when she stays at home."""
        timing = self.timing(nurse)
        return None if timing is None else route_from(self.day, nurse, timing)

    def all_routes(self) -> tuple[Route, ...]:
        """Return the routes of all nurses who go out, in the order of the problem."""
        found = (self.route(nurse) for nurse in range(len(self.routes)))
        return tuple(route for route in found if route is not None)

    def _unfair_mc(self, nurse: int, more_s: int) -> int:
        load_s = self._load_s[nurse]
        return self.day.fairness_mc(nurse, load_s + more_s) - self.day.fairness_mc(nurse, load_s)

    def _constant_mc(self, nurse: int) -> int:
        """Return what a route costs whatever its timing: continuity and fairness."""
        row = self.day.nurse_cost_mc[nurse]
        return sum(row[v] for v in self.routes[nurse]) + self.day.fairness_mc(nurse, self._load_s[nurse])

    def _retime(self, nurse: int) -> None:
        day, route = self.day, self.routes[nurse]
        self._prefixes[nurse] = {}
        self._load_s[nurse] = sum(day.visits[v].service_s for v in route)
        timing = self.timing(nurse)
        assert timing is not None or not (route or day.nurses[nurse].on_duty), "a route nobody can drive"
        timed_mc = timing.cost_mc if timing else 0
        places = [day.nurses[nurse].start, *(day.visits[v].place for v in route), day.nurses[nurse].end]
        driven_s = sum(day.drive_s[a][b] for a, b in pairwise(places)) if timing else 0
        # What a detour could at most win back beside its own way: waiting, overtime, the way to a pharmacy.
        self._slack_mc[nurse] = timed_mc - day.problem.weights.travel_mc_per_s * driven_s
        self.cost_mc[nurse] = timed_mc + self._constant_mc(nurse)

    def _prefix(self, nurse: int, position: int, visit: int) -> list[Label]:
        """Return the labels at `position` of the present route, `visit` to be added there or later.

        If that is controlled, stock may be collected on any leg and must not yet be returned. Else the
        route's own visits decide.
        """
        timer, controlled_ahead = self.timers[nurse], self.day.visits[visit].units > 0
        key = position, controlled_ahead, timer.ready((visit,))
        prefixes = self._prefixes[nurse]
        if key not in prefixes:
            route = self.routes[nurse]
            if position == 0:
                prefixes[key] = timer.roots(True)
            else:
                units = [self.day.visits[v].units for v in route]
                due = not controlled_ahead and timer.return_due(len(route), sum(units))
                ahead = FAR_S if controlled_ahead else sum(units[position - 1 :])
                ready = timer.ready((visit, *route[position - 1 :]))
                before = self._prefix(nurse, position - 1, visit)
                place = self._place(nurse, position - 1)
                prefixes[key] = timer.drive_to_visit(
                    before, place, route[position - 1], ahead, due, self.agreed, ready
                )
        return prefixes[key]

    def _place(self, nurse: int, position: int) -> int:
        if position == 0:
            return self.day.nurses[nurse].start
        return self.day.visits[self.routes[nurse][position - 1]].place

    def _cost_with(self, nurse: int, visit: int, position: int, windows: Mapping[int, Windows]) -> int:
        timer, day = self.timers[nurse], self.day
        tail = [visit, *self.routes[nurse][position:]]
        units = [day.visits[v].units for v in tail]
        carried = sum(day.visits[v].units for v in self.routes[nurse]) + units[0]
        return_due = timer.return_due(len(self.routes[nurse]) + 1, carried)
        labels = self._prefix(nurse, position, visit)
        place = self._place(nurse, position)
        for index, following in enumerate(tail):
            ahead, ready = sum(units[index:]), timer.ready(tail[index:])
            labels = timer.drive_to_visit(labels, place, following, ahead, return_due, windows, ready)
            if not labels:
                return NOT_POSSIBLE
            place = day.visits[following].place
        timing = timer.drive_home(labels, place, return_due)
        return timing.cost_mc if timing else NOT_POSSIBLE


def roster_of(day: DayIndex, plan: Plan, without: str = "") -> tuple[Roster, set[int]]:
    """Return the roster of a plan, timed again, and the nurses whose routes cannot be kept.

    `without` names a visit to leave out. Routes that cannot be kept (the day changed under the plan) are
    empty in the roster.
    """
    roster, broken = Roster(day), set()
    for one, other in day.problem.double_visits:
        begin_s = plan.begin_s(one)
        if begin_s is not None:
            for half in (day.visit_at[one], day.visit_at[other]):
                roster.agreed[half] = day.begin_at(half, begin_s)
    for route in plan.routes:
        nurse = day.nurse_at[route.nurse]
        if not roster.set_route(nurse, [day.visit_at[visit] for visit in route.visits if visit != without]):
            broken.add(nurse)
    return roster, broken


def roster_with(roster: Roster, routes: list[list[int]]) -> Roster:
    """Return a roster of these routes, with the begins agreed in another."""
    found = Roster(roster.day)
    found.agreed.update(roster.agreed)
    for nurse, route in enumerate(routes):
        kept = found.set_route(nurse, route)
        assert kept, "a route that the compiled timing allows"
    return found

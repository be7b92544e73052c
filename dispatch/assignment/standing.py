"""The plan in force, as it stands on the day as it is now: what every deed by hand starts from.

A plan may be hours old. Whoever was given a visit keeps it until somebody moves it, even when a law turned
against her meanwhile or she runs late: a dispatcher can then still move one visit after the other. Such a
route is `strained`; it is kept, and nothing more may be given to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from dispatch.assignment.day_shape import second_of
from dispatch.assignment.plan_model import Gathered
from dispatch.assignment.plan_rows import orders_of
from dispatch.assignment.records import PlannedStopRow, PlanRow
from routing.check import violations
from routing.engine.index import DayIndex
from routing.engine.route.roster import Roster
from routing.plan import Plan, ReasonLeft, Route, Status, Stop, Unassigned
from routing.price import price
from routing.problem import Nurse, Problem, Visit, Window

# Longer than any day: what a strained route is allowed so that it can be kept as it is.
ANY_S = 48 * 3600
NOT_PLANNED = (
    ReasonLeft(code="not_planned_yet", text="It was booked, or became free, after the plan was made."),
)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The plan in force on the present day.

    Attributes
    ----------
    problem
        The gathered day, made so tolerant that every present route holds.
    strained
        Nurses whose route holds only thanks to that.
    stuck
        Nurses whose visits no longer make any route; neither they nor their visits are in `problem`.
    """

    gathered: Gathered
    problem: Problem
    plan: Plan
    strained: frozenset[str]
    stuck: frozenset[str]


def standing(gathered: Gathered, row: PlanRow) -> Standing:
    """Lay the published stops over the day as gathered now."""
    keeper = _Keeper(gathered, row.stops)
    for nurse in gathered.problem.nurses:
        keeper.keep(nurse)
    problem = keeper.tolerant_day()
    routes = tuple(keeper.routes[nurse.id] for nurse in problem.nurses if nurse.id in keeper.routes)
    placed = {visit for route in routes for visit in route.visits}
    stated = _stated_reasons(gathered, row)
    left = tuple(
        Unassigned(visit=visit.id, reasons=stated.get(visit.id, NOT_PLANNED))
        for visit in problem.visits
        if visit.id not in placed
    )
    status: Status = "partial" if left else "feasible"
    if left and not placed:
        status = "infeasible"
    plan = Plan(label=problem.label, routes=routes, unassigned=left, status=status, engine="by hand")
    return Standing(
        gathered=gathered,
        problem=problem,
        plan=replace(plan, cost=price(problem, plan)),
        strained=frozenset(keeper.strained),
        stuck=frozenset(keeper.stuck),
    )


def _stated_reasons(gathered: Gathered, row: PlanRow) -> dict[str, tuple[ReasonLeft, ...]]:
    """Return why the plan in force leaves visits, by visit id."""
    found = {}
    for visit, key in gathered.visits.items():
        reasons: Iterable[Mapping[str, object]] = row.unassigned.get(str(key.appointment_id), ())
        if reasons:
            found[visit] = tuple(
                ReasonLeft(code=str(r["code"]), text=str(r["text"]), nurses=int(str(r["nurses"])))
                for r in reasons
            )
    return found


class _Keeper:
    """Keeps route after route; what must be tolerated for that is collected on the way."""

    def __init__(self, gathered: Gathered, stops: Sequence[PlannedStopRow]) -> None:
        self.gathered = gathered
        self.orders = orders_of(gathered, stops)
        has = {visit: nurse for nurse, order in self.orders.items() for visit in order}
        self.visits = {visit.id: _kept_by(visit, has.get(visit.id)) for visit in gathered.problem.visits}
        self.nurses = {nurse.id: nurse for nurse in gathered.problem.nurses}
        self.pins = {
            pin.visit: replace(pin, nurse=has[pin.visit]) if pin.nurse and pin.visit in has else pin
            for pin in gathered.problem.pins
        }
        self.rows: dict[UUID, list[PlannedStopRow]] = {}
        for stop in sorted(stops, key=lambda stop: stop.sequence):
            self.rows.setdefault(stop.shift_id, []).append(stop)
        self.routes: dict[str, Route] = {}
        self.strained: set[str] = set()
        self.stuck: set[str] = set()

    def keep(self, nurse: Nurse) -> None:
        """Keep a nurse's route: as published; else timed anew; else strained; else she is stuck."""
        order = self.orders.get(nurse.id, [])
        if not order and nurse.free is None:
            return
        route = self._as_published(nurse, order)
        if route is None or _is_broken(self._alone(nurse, order), route):
            route = self._timed(nurse, order)
        if route is None:
            self._ease(nurse, order)
            route = self._timed(nurse, order)
        if route is None:
            self.strained.discard(nurse.id)
            self.stuck.add(nurse.id)
        else:
            self.routes[nurse.id] = route

    def tolerant_day(self) -> Problem:
        """Return the gathered day with all that had to be tolerated, without who is stuck."""
        gone = {visit for nurse in self.stuck for visit in self.orders.get(nurse, ())}
        problem = self.gathered.problem
        return replace(
            problem,
            horizon=self._horizon,
            nurses=tuple(nurse for nurse in self.nurses.values() if nurse.id not in self.stuck),
            visits=tuple(
                _among(visit, self.nurses.keys() - self.stuck)
                for visit in self.visits.values()
                if visit.id not in gone
            ),
            double_visits=tuple(pair for pair in problem.double_visits if not gone & set(pair)),
            pins=tuple(
                pin for pin in self.pins.values() if pin.visit not in gone and pin.nurse not in self.stuck
            ),
        )

    @property
    def _horizon(self) -> Window:
        horizon = self.gathered.problem.horizon
        return replace(horizon, end_s=horizon.end_s + ANY_S) if self.strained else horizon

    def _as_published(self, nurse: Nurse, order: Sequence[str]) -> Route | None:
        """Return the route to the second as published; None when the day ran on or a visit is gone."""
        rows = self.rows.get(self.gathered.nurses[nurse.id].shift_id, [])
        planned = sum(row.kind == "visit" for row in rows)
        if nurse.free is not None or any(row.frozen for row in rows) or len(order) != planned:
            return None
        visits = iter(order)
        pharmacies = {pharmacy_id: name for name, pharmacy_id in self.gathered.pharmacies.items()}
        at = self.gathered.origin
        return Route(
            nurse=nurse.id,
            stops=tuple(
                Stop(
                    kind=row.kind,  # type: ignore[arg-type] # it was written from a Stop
                    ref=next(visits)
                    if row.kind == "visit"
                    else pharmacies.get(row.pharmacy_id, "")
                    if row.pharmacy_id
                    else "",
                    arrive_s=second_of(row.arrives_at, at),
                    begin_s=second_of(row.begins_at, at),
                    end_s=second_of(row.ends_at, at),
                    units=row.units,
                )
                for row in rows
            ),
        )

    def _timed(self, nurse: Nurse, order: Sequence[str]) -> Route | None:
        day = DayIndex(self._alone(nurse, order))
        roster = Roster(day)
        return roster.route(0) if roster.set_route(0, [day.visit_at[visit] for visit in order]) else None

    def _alone(self, nurse: Nurse, order: Sequence[str]) -> Problem:
        """Return the day of this nurse alone, so that her route is judged by itself."""
        her, problem = self.nurses[nurse.id], self.gathered.problem
        visits = tuple(_among(self.visits[visit], {nurse.id}) for visit in order)
        used = {her.start_place, her.end_place, *(visit.place for visit in visits)}
        used |= {pharmacy.place for pharmacy in problem.pharmacies}
        if her.free is not None:
            used.add(her.free.place)
        return replace(
            problem,
            horizon=self._horizon,
            places=tuple(place for place in problem.places if place.id in used),
            nurses=(her,),
            visits=visits,
            double_visits=(),
            pins=tuple(self.pins[visit] for visit in order if visit in self.pins),
        )

    def _ease(self, nurse: Nurse, order: Sequence[str]) -> None:
        """Let her take as long as it takes, from each visit's first window on: who is late is late."""
        self.strained.add(nurse.id)
        until_s = self.gathered.problem.horizon.end_s + ANY_S
        self.nurses[nurse.id] = replace(nurse, overtime_limit_s=ANY_S, max_duration_s=None, meal_break=None)
        for name in order:
            visit = self.visits[name]
            any_time = Window(begin_s=visit.windows[0].begin_s, end_s=until_s)
            self.visits[name] = replace(visit, windows=(any_time,))
            if name in self.pins:
                self.pins[name] = replace(self.pins[name], begin_s=None)


def _is_broken(alone: Problem, route: Route) -> bool:
    plan = Plan(label=alone.label, routes=(route,), unassigned=())
    return bool(violations(alone, replace(plan, cost=price(alone, plan))))


def _kept_by(visit: Visit, nurse: str | None) -> Visit:
    """Let a visit stay with the nurse who has it, whatever the law says by now."""
    if nurse not in visit.ineligible:
        return visit
    return replace(visit, ineligible={n: why for n, why in visit.ineligible.items() if n != nurse})


def _among(visit: Visit, nurses: Iterable[str]) -> Visit:
    """Return a visit that knows of these nurses only."""
    kept = set(nurses)
    return replace(
        visit,
        ineligible={n: why for n, why in visit.ineligible.items() if n in kept},
        preference_mc={n: mc for n, mc in visit.preference_mc.items() if n in kept},
    )

"""Proves a relaxation: the nurses whom it touches as a small day of its own, timed, priced and checked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from routing.check import violations
from routing.engine.index import DayIndex
from routing.engine.route.roster import Roster
from routing.plan import Plan, ReasonLeft, Route, Unassigned
from routing.price import price
from routing.problem import Pharmacy, Problem, Visit, Window

LEFT = (ReasonLeft(code="left_for_another", text="It would be left for another visit."),)


@dataclass(frozen=True, kw_only=True)
class Give:
    """What gives way: windows of the visit, minutes of a nurse's overtime, her box, hours, rules, a pin."""

    windows: tuple[Window, ...] | None = None
    overtime_s: int = 0
    box: int | None = None
    pharmacies: tuple[Pharmacy, ...] | None = None
    lifts: Collection[str] = ()  # nurses whose rules against the visit are lifted
    unpinned: bool = False


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A plan of the touched nurses that passed every check: cost in mc, with what is left."""

    problem: Problem
    plan: Plan

    @property
    def cost_mc(self) -> int:
        """What these nurses' day costs."""
        return self.plan.cost_mc

    def begin_s(self, visit: str) -> int:
        """Return when a visit of the plan begins."""
        begin_s = self.plan.begin_s(visit)
        assert begin_s is not None, "asked of a visit that the plan makes"
        return begin_s

    def back_s(self, nurse: str) -> int:
        """Return when a nurse is back."""
        route = next(route for route in self.plan.routes if route.nurse == nurse)
        return next(stop.arrive_s for stop in reversed(route.stops) if stop.kind == "end")


def prove(
    roster: Roster, visit: int, orders: Mapping[int, Sequence[int]], give: Give, left: Sequence[int] = ()
) -> Proof | None:
    """Return the proof that these nurses can make these visits in this order if that gives way; else None.

    Parameters
    ----------
    roster
        The day as it is; its agreed begins of double visits are kept.
    visit
        Which visit is asked about: windows, rules and pin give way for it alone.
    orders
        Nurse position -> her visits in order.
    left
        Visits that nobody makes any more.
    """
    small = _small(roster, visit, orders, give, left)
    day = DayIndex(small)
    trial = Roster(day)
    whole = roster.day.problem
    for nurse, order in orders.items():
        names = [whole.visits[other].id for other in order]
        if not all(day.allowed[day.nurse_at[whole.nurses[nurse].id]][day.visit_at[name]] for name in names):
            return None
        if not trial.set_route(day.nurse_at[whole.nurses[nurse].id], [day.visit_at[name] for name in names]):
            return None
    plan = _plan(small, trial.all_routes(), [whole.visits[other].id for other in left])
    return None if violations(small, plan) else Proof(problem=small, plan=plan)


def _plan(problem: Problem, routes: tuple[Route, ...], left: Sequence[str]) -> Plan:
    plan = Plan(
        label=problem.label,
        routes=routes,
        unassigned=tuple(Unassigned(visit=name, reasons=LEFT) for name in left),
        status="partial" if left else "feasible",
    )
    return replace(plan, cost=price(problem, plan))


def _small(
    roster: Roster, visit: int, orders: Mapping[int, Sequence[int]], give: Give, left: Sequence[int]
) -> Problem:
    whole = roster.day.problem
    asked = whole.visits[visit].id
    holder = next((nurse for nurse, order in orders.items() if visit in order), None)
    nurses = []
    for position in sorted(orders):
        nurse = whole.nurses[position]
        if position == holder:
            box = nurse.lock_box_units if give.box is None else give.box
            more_s = nurse.overtime_limit_s + give.overtime_s
            nurse = replace(nurse, overtime_limit_s=more_s, lock_box_units=box)
        nurses.append(nurse)
    names = {nurse.id for nurse in nurses}
    made = sorted({other for order in orders.values() for other in order} | set(left))
    visits = tuple(_visit(roster, other, visit, names, give) for other in made)
    kept = {other.id for other in visits} - ({asked} if give.unpinned else set())
    return part(
        whole,
        nurses=tuple(nurses),
        visits=visits,
        pharmacies=whole.pharmacies if give.pharmacies is None else give.pharmacies,
        double_visits=(),
        pins=tuple(pin for pin in whole.pins if pin.visit in kept and pin.nurse in {None, *names}),
    )


def _visit(roster: Roster, other: int, asked: int, names: Collection[str], give: Give) -> Visit:
    """Return a visit as it is among these nurses: its begin where agreed, its rules where not lifted."""
    visit = roster.day.problem.visits[other]
    windows = visit.windows
    if other in roster.agreed:
        windows = tuple(Window(begin_s=a, end_s=b) for a, b in roster.agreed[other])
    lifts: Collection[str] = ()
    if other == asked:
        windows, lifts = give.windows or windows, give.lifts
    return replace(
        visit,
        windows=windows,
        preferred_nurses=visit.preferred_nurses,
        preference_mc={nurse: mc for nurse, mc in visit.preference_mc.items() if nurse in names},
        ineligible={
            nurse: why for nurse, why in visit.ineligible.items() if nurse in names and nurse not in lifts
        },
    )


def part(whole: Problem, **changed: Any) -> Problem:
    """Return a day with other nurses, visits, pharmacies or pins, among the places that these need.

    Not validated again: what is sound stays sound with less in it. Drive times are the whole day's.
    """
    small = object.__new__(Problem)
    for field in fields(whole):
        object.__setattr__(small, field.name, changed.get(field.name, getattr(whole, field.name)))
    used = {other.place for other in small.visits} | {shop.place for shop in small.pharmacies}
    for nurse in small.nurses:
        used |= {nurse.departs_from, nurse.start_place, nurse.end_place}
    rows = [row for row, place in enumerate(whole.places) if place.id in used]
    object.__setattr__(small, "places", tuple(whole.places[row] for row in rows))
    seconds = whole.travel_s[np.ix_(rows, rows)]
    seconds.setflags(write=False)
    small.__dict__["travel_s"] = seconds
    return small

"""What a dispatcher is shown of a re-planned day: who moves, whose time changes, what it costs and saves."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from routing.plan import CostTerms, Route
from routing.price import price_route
from routing.problem import Problem
from routing.replan.promises import Promises, late_s
from routing.replan.underway import Promise
from routing.rules.reading import RouteReading

LEAST_CHANGE_S = 300  # a begin that moves by less is not shown


class Slot(NamedTuple):
    """Who makes a visit and when it begins; nobody: None for the whole slot."""

    nurse: str
    begin_s: int


@dataclass(frozen=True, kw_only=True)
class MovedVisit:
    """A visit that is not as it was promised.

    Attributes
    ----------
    promised, nothing, after
        By the plan in force, if nobody does anything, and by the proposal; None for nobody.
    change
        ``other_nurse`` (perhaps at another time, too), ``other_time``, ``taken_on`` (nobody had it) or
        ``left`` (nobody has it now).
    moved_mc, late_s
        The price of moving it, and how long behind its own windows it begins.
    """

    visit: str
    promised: Slot | None
    nothing: Slot | None
    after: Slot | None
    change: str
    moved_mc: int = 0
    late_s: int = 0

    @property
    def is_anyway(self) -> bool:
        """Whether it would be just so if nobody did anything."""
        return self.after == self.nothing


@dataclass(frozen=True, kw_only=True)
class Rest:
    """One nurse's rest of the day: her route, what it costs, and when she makes which visit.

    `moved_mc` is the price of what is moved from its promise; `terms` holds none of that.
    """

    route: Route | None
    terms: CostTerms
    moved_mc: int
    slots: tuple[tuple[str, Slot], ...]

    @property
    def total_mc(self) -> int:
        """Everything."""
        return self.terms.total_mc + self.moved_mc


@dataclass(frozen=True, kw_only=True)
class NurseDay:
    """One nurse's rest of the day in figures."""

    visits: tuple[str, ...]
    travel_s: int
    overtime_s: int
    ends_s: int | None


@dataclass(frozen=True, kw_only=True)
class ChangedDay:
    """A nurse whose rest of the day is not as it would be if nobody did anything."""

    nurse: str
    nothing: NurseDay
    after: NurseDay


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What a day costs in mc: the plan's own terms, and the price of everything moved from its promise.

    `terms.continuity_mc` holds no price of moving.
    """

    terms: CostTerms
    moved_mc: int

    @property
    def total_mc(self) -> int:
        """Everything."""
        return self.terms.total_mc + self.moved_mc


@dataclass(frozen=True, kw_only=True)
class Diff:
    """A proposal beside doing nothing.

    "Doing nothing" means that every nurse goes on with her own visits as soon as she can: who is late comes
    late, and what she cannot make any more is left.
    """

    moved: tuple[MovedVisit, ...]
    nurses: tuple[ChangedDay, ...]
    nothing: Bill
    after: Bill

    @property
    def saves_mc(self) -> int:
        """What the proposal saves against doing nothing."""
        return self.nothing.total_mc - self.after.total_mc


def diff_as_json(diff: Diff) -> dict[str, Any]:
    """Return a diff as plain JSON values, its totals included."""
    document = asdict(diff)
    for name in ("nothing", "after"):
        bill: Bill = getattr(diff, name)
        document[name] |= {"total_mc": bill.total_mc}
    for entry in document["moved"]:
        for name in ("promised", "nothing", "after"):
            slot = entry[name]
            entry[name] = None if slot is None else {"nurse": slot[0], "begin_s": slot[1]}
        entry["anyway"] = entry["after"] == entry["nothing"]
    return document | {"saves_mc": diff.saves_mc}


def rest_of(own: Problem, promises: Promises, nurse: str, route: Route | None) -> Rest:
    """Return one nurse's rest of the day: what it costs and what of it is not as promised."""
    if route is None:
        return Rest(route=None, terms=CostTerms(), moved_mc=0, slots=())
    slots = tuple(
        (stop.ref, Slot(nurse, stop.begin_s))
        for stop in route.stops
        if stop.kind == "visit" and not stop.frozen
    )
    moved_mc = sum(promises.moved_mc(own.visit[visit], nurse, slot.begin_s) for visit, slot in slots)
    return Rest(route=route, terms=price_route(own, route), moved_mc=moved_mc, slots=slots)


def diff_of(own: Problem, promises: Promises, nothing: Mapping[str, Rest], after: Mapping[str, Rest]) -> Diff:
    """Compare a proposal with doing nothing, nurse by nurse.

    Parameters
    ----------
    own
        The day with its own windows and prices.
    """
    before, then = _slots(nothing), _slots(after)
    moved = []
    for visit in own.visits:
        slot, promise = then.get(visit.id), promises.promised.get(visit.id)
        change = _change(promise, slot)
        if not change:
            continue
        moved.append(
            MovedVisit(
                visit=visit.id,
                promised=Slot(promise.nurse, promise.begin_s) if promise else None,
                nothing=before.get(visit.id),
                after=slot,
                change=change,
                moved_mc=promises.moved_mc(visit, slot.nurse, slot.begin_s) if slot else 0,
                late_s=late_s(visit, slot.begin_s) if slot else 0,
            )
        )
    return Diff(
        moved=tuple(sorted(moved, key=_by_weight)),
        nurses=tuple(
            ChangedDay(
                nurse=nurse, nothing=_nurse_day(own, nothing[nurse]), after=_nurse_day(own, after[nurse])
            )
            for nurse in nothing
            if nothing[nurse] is not after[nurse] and nothing[nurse].route != after[nurse].route
        ),
        nothing=_bill(own, nothing, before),
        after=_bill(own, after, then),
    )


def _change(promise: Promise | None, after: Slot | None) -> str:
    if after is None:
        return "left" if promise is not None else ""
    if promise is None:
        return "taken_on"
    if promise.nurse != after.nurse:
        return "other_nurse"
    return "other_time" if abs(promise.begin_s - after.begin_s) >= LEAST_CHANGE_S else ""


def _by_weight(moved: MovedVisit) -> tuple[int, int, str]:
    order = ("left", "taken_on", "other_nurse", "other_time")
    begin_s = moved.after.begin_s if moved.after else moved.promised.begin_s if moved.promised else 0
    return order.index(moved.change), begin_s, moved.visit


def _slots(rests: Mapping[str, Rest]) -> dict[str, Slot]:
    return {visit: slot for rest in rests.values() for visit, slot in rest.slots}


def _bill(own: Problem, rests: Mapping[str, Rest], slots: Mapping[str, Slot]) -> Bill:
    found = rests.values()
    terms = CostTerms(
        travel_mc=sum(rest.terms.travel_mc for rest in found),
        idle_mc=sum(rest.terms.idle_mc for rest in found),
        overtime_mc=sum(rest.terms.overtime_mc for rest in found),
        continuity_mc=sum(rest.terms.continuity_mc for rest in found),
        fairness_mc=sum(rest.terms.fairness_mc for rest in found),
        unassigned_mc=sum(visit.penalty_mc for visit in own.visits if visit.id not in slots),
    )
    return Bill(terms=terms, moved_mc=sum(rest.moved_mc for rest in found))


def _nurse_day(own: Problem, rest: Rest) -> NurseDay:
    if rest.route is None:
        return NurseDay(visits=(), travel_s=0, overtime_s=0, ends_s=None)
    reading = RouteReading(own, rest.route)
    return NurseDay(
        visits=rest.route.visits,
        travel_s=sum(leg.drive_s for leg in reading.legs),
        overtime_s=max(0, reading.end.arrive_s - reading.nurse.shift.end_s),
        ends_s=reading.end.arrive_s,
    )

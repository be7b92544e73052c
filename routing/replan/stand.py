"""The day as it stands for engines: promises priced, what is held pinned, every route settled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from routing.engine.index import DayIndex, Windows
from routing.engine.route.roster import Roster
from routing.engine.route.schedule import RouteTimer
from routing.engine.route.timetable import route_from
from routing.plan import Route
from routing.problem import Pin, Problem, Visit
from routing.replan.diff import Rest, rest_of
from routing.replan.effects import Happened
from routing.replan.promises import Promises, derived, priced_day, stretched
from routing.replan.settle import Settled, settle


@dataclass(frozen=True, kw_only=True)
class Stand:
    """A day after what happened, if nobody does anything.

    Attributes
    ----------
    own
        The day with its own windows and prices.
    priced
        The same for engines: see `promises.priced_day`. Visits that are gone keep their positions in it.
    roster
        What every nurse still makes of her own, on the index of `priced`.
    gone, touched
        Positions: visits that nobody needs to make any more; nurses whose day is not as it was planned.
    late
        Visit position -> its begin, where that is later than promised.
    rests
        What `rest` has found already, by nurse and order.
    waited
        Visits that nobody made before this happened either.
    """

    own: Problem
    priced: Problem
    promises: Promises
    roster: Roster
    gone: frozenset[int]
    touched: frozenset[int]
    late: Mapping[int, int]
    rests: dict[tuple[object, ...], Rest] = field(default_factory=dict, repr=False)
    waited: frozenset[int] = frozenset()

    @property
    def day(self) -> DayIndex:
        """The index of `priced`."""
        return self.roster.day

    @cached_property
    def loose(self) -> list[int]:
        """Visits that nobody makes, those that must be made first."""
        day = self.day
        missing = [visit for visit in self.roster.unassigned if visit not in self.gone]
        return sorted(missing, key=lambda v: (-day.visits[v].penalty_mc, self.due_s(v), v))

    def due_s(self, visit: int) -> int:
        """Return when a visit was promised, or may begin at the latest."""
        name = self.day.problem.visits[visit].id
        promise = self.promises.promised.get(name)
        return promise.begin_s if promise else self.own.visit[name].windows[-1].end_s

    def own_windows(self, visit: int) -> Windows:
        """Return a visit's own windows, however narrow the promise is."""
        windows = self.own.visit[self.day.problem.visits[visit].id].windows
        return tuple((window.begin_s, window.end_s) for window in windows)

    def span_windows(self, visit: int) -> Windows:
        """Return when a visit begins as promised, however late its nurse is."""
        found = self.promises.span_of(self.own.visit[self.day.problem.visits[visit].id])
        return tuple((window.begin_s, window.end_s) for window in found)

    def own_penalty_mc(self, visit: int) -> int:
        """Return what leaving a visit costs."""
        return self.own.visit[self.day.problem.visits[visit].id].penalty_mc

    def is_fixed(self, visit: int) -> bool:
        """Say whether a visit is held or pinned: it stays where it is."""
        return self.day.problem.visits[visit].id in self.priced.pin

    def total_mc(self, roster: Roster) -> int:
        """Return what a day costs, with the price of everything that is moved."""
        left_mc = sum(self.own_penalty_mc(visit) for visit in roster.unassigned if visit not in self.gone)
        return left_mc + sum(self.rest(roster, nurse).total_mc for nurse in range(len(roster.routes)))

    def rest(self, roster: Roster, nurse: int) -> Rest:
        """Return what a nurse's rest of the day is in some roster of this day."""
        order, agreed = roster.routes[nurse], roster.agreed
        key = (nurse, *order, *(agreed[visit] for visit in order if visit in agreed))
        found = self.rests.get(key)
        if found is None:
            name = self.own.nurses[nurse].id
            found = self.rests[key] = rest_of(self.own, self.promises, name, self._route(roster, nurse))
        return found

    def _route(self, roster: Roster, nurse: int) -> Route | None:
        """Return a nurse's route; of those that cost the same the one that begins as promised."""
        day = self.day
        timing, timer, order = roster.timing(nurse), roster.timers[nurse], roster.routes[nurse]
        if timing is None:
            return None
        kept = dict(roster.agreed)
        for visit in order:
            promise = self.promises.promised.get(day.problem.visits[visit].id)
            if promise is not None and visit not in kept:
                kept[visit] = day.begin_at(visit, promise.begin_s) or day.visits[visit].windows
        same = timer.best(order, kept)
        return route_from(day, nurse, same if same and same.cost_mc <= timing.cost_mc else timing)

    @cached_property
    def problem(self) -> Problem:
        """The day as a plan is checked against it: who cannot but be late may be so late."""
        if not self.late:
            return self.own
        late = {self.day.problem.visits[visit].id: begin_s for visit, begin_s in self.late.items()}
        return derived(
            self.own,
            visits=tuple(
                replace(visit, windows=stretched(visit.windows, late[visit.id]))
                if visit.id in late
                else visit
                for visit in self.own.visits
            ),
            pins=tuple(
                replace(pin, begin_s=late[pin.visit])
                if pin.begin_s is not None and pin.visit in late
                else pin
                for pin in self.own.pins
            ),
        )


def stand(happened: Happened, promises: Promises, warm: Stand | None = None) -> Stand:
    """Return how a day stands after what happened.

    `warm` is how it stood before: what did not change is taken from there.
    """
    own = happened.problem
    if warm is None:
        priced = priced_day(own, promises)
        roster = Roster(DayIndex(priced))
        touched = set(range(len(priced.nurses)))
    else:
        priced = _priced_again(happened, promises, warm)
        touched = _touched(happened, priced, warm)
        roster = renewed(warm.roster, warm.day.renewed(priced), touched)
    work = _Settling(own, priced, promises, roster, happened)
    work.settle(sorted(touched))
    at = roster.day.visit_at
    return Stand(
        own=own,
        priced=work.priced,
        promises=promises,
        roster=work.roster,
        gone=frozenset(at[visit] for visit in happened.gone if visit in at),
        touched=frozenset(touched if warm else work.disturbed),
        late=({v: s for v, s in warm.late.items() if v not in work.seen} if warm else {}) | work.late,
        rests={key: rest for key, rest in warm.rests.items() if key[0] not in touched} if warm else {},
        waited=frozenset(warm.loose) if warm else frozenset(),
    )


def renewed(roster: Roster, day: DayIndex, emptied: Iterable[int]) -> Roster:
    """Return a roster's routes on a day that is nearly its own; those of some nurses are taken off."""
    other = roster.copy()
    other.day = day
    other.nurse_of += [-1] * (len(day.visits) - len(other.nurse_of))
    other.timers = [RouteTimer(day, nurse) for nurse in range(len(day.nurses))]
    for nurse in emptied:
        for visit in other.routes[nurse]:
            other.agreed.pop(visit, None)
        other.set_route(nurse, [])
    return other


def _priced_again(happened: Happened, promises: Promises, warm: Stand) -> Problem:
    """Return the priced day, with the very objects of `warm` where nothing changed."""
    own, was = happened.problem, warm.priced
    names = tuple(nurse.id for nurse in own.nurses)
    loose = set(happened.loose)
    visits: list[Visit] = []
    pins: list[Pin] = []
    for visit in was.visits:
        new = own.visit.get(visit.id)
        keeps_pin = visit.id not in loose or visit.id in own.pin
        if new is None or (new is warm.own.visit.get(visit.id) and keeps_pin):
            visits.append(visit)
        else:
            held = (keeps_pin and visit.id in was.pin) or visit.id in own.pin
            visits.append(promises.priced(new, names, held=held))
        pin = was.pin.get(visit.id) if keeps_pin else None
        if pin is not None:
            pins.append(pin)
    known = was.visit
    visits += [promises.priced(visit, names, held=False) for visit in own.visits if visit.id not in known]
    gone = happened.gone
    return derived(
        own,
        visits=tuple(visits),
        pins=tuple(pins),
        double_visits=tuple(pair for pair in was.double_visits if not gone & set(pair)),
    )


def _touched(happened: Happened, priced: Problem, warm: Stand) -> set[int]:
    """Return the nurses whose day changed: she, her order, one of her visits, or a pharmacy she needs."""
    was, day = warm.priced, warm.day
    shops = happened.problem.pharmacies != warm.own.pharmacies
    changed = {visit for visit, line in enumerate(was.visits) if priced.visits[visit] is not line} | {
        day.visit_at[visit] for visit in happened.gone if visit in day.visit_at
    }
    found = set()
    for nurse, her in enumerate(priced.nurses):
        route = warm.roster.routes[nurse]
        order = [day.visit_at[v] for v in happened.orders.get(her.id, ()) if v in day.visit_at]
        needs_shop = shops and (warm.own.nurses[nurse].stock_units or any(day.visits[v].units for v in route))
        if her is not was.nurses[nurse] or changed & set(order) or set(route) - set(order) or needs_shop:
            found.add(nurse)
    return found


class _Settling:
    """Settles route after route; what must be eased or left on the way changes the priced day."""

    def __init__(
        self, own: Problem, priced: Problem, promises: Promises, roster: Roster, happened: Happened
    ) -> None:
        self.own, self.priced, self.promises, self.roster = own, priced, promises, roster
        self.gone, self.orders = happened.gone, happened.orders
        self.late: dict[int, int] = {}
        self.seen: set[int] = set()
        self.disturbed: set[int] = set()

    def settle(self, nurses: list[int]) -> None:
        """Give these nurses back what they can still make of their own."""
        self._agree()
        found = {nurse: self._settled(nurse) for nurse in nurses}
        self._keep_pairs(found)
        left = {visit for settled in found.values() for visit in settled.left}
        for nurse, settled in found.items():
            self.seen.update(settled.order, settled.left)
            self.late.update(settled.late)
            if settled.late or settled.left:
                self.disturbed.add(nurse)
        if self.late or any(self.priced.visits[visit].id in self.priced.pin for visit in left):
            self._ease(left)
        for nurse, settled in found.items():
            kept = self.roster.set_route(nurse, settled.order)
            assert kept, "what was settled holds"

    def _settled(self, nurse: int) -> Settled:
        day = self.roster.day
        names = self.orders.get(self.priced.nurses[nurse].id, ())
        order = [day.visit_at[v] for v in names if v in day.visit_at and v not in self.gone]
        may = [visit for visit in order if day.allowed[nurse][visit]]
        settled = settle(self.roster, nurse, may, self._eased)
        return replace(settled, left=[*settled.left, *(v for v in order if not day.allowed[nurse][v])])

    def _eased(self, visit: int) -> Windows:
        """Return a visit's own windows, each as much longer as anybody may be late."""
        most_s = self.promises.policy.most_late_s
        found: list[tuple[int, int]] = []
        for window in self.own.visit[self.priced.visits[visit].id].windows:
            if found and window.begin_s <= found[-1][1]:
                found[-1] = (found[-1][0], window.end_s + most_s)
            else:
                found.append((window.begin_s, window.end_s + most_s))
        return tuple(found)

    def _agree(self) -> None:
        """Let both halves of a double visit keep the begin that was promised."""
        day = self.roster.day
        for one, other in self.priced.double_visits:
            promise = self.promises.promised.get(one)
            if promise is not None and other in self.promises.promised:
                for half in (day.visit_at[one], day.visit_at[other]):
                    self.roster.agreed.setdefault(half, day.begin_at(half, promise.begin_s))

    def _keep_pairs(self, found: dict[int, Settled]) -> None:
        """Take the other half of a double visit off its route, too, where one half cannot be made."""
        day = self.roster.day
        made = {visit for settled in found.values() for visit in settled.order}
        made |= {visit for visit, nurse in enumerate(self.roster.nurse_of) if nurse >= 0}
        for visit, partner in enumerate(day.partner):
            if partner < 0 or visit in made or partner not in made:
                continue
            nurse = self.roster.nurse_of[partner]
            if nurse >= 0:
                self.roster.remove(partner)
                self.disturbed.add(nurse)
            for nurse, settled in found.items():
                if partner in settled.order:
                    order = [other for other in settled.order if other != partner]
                    found[nurse] = replace(settled, order=order, left=[*settled.left, partner])
            for half in (visit, partner):
                self.roster.agreed.pop(half, None)

    def _ease(self, left: set[int]) -> None:
        """Let who is late be late, and let go of what was held and cannot be."""
        late = {self.priced.visits[visit].id: begin_s for visit, begin_s in self.late.items()}
        free = {self.priced.visits[visit].id for visit in left} - self.own.pin.keys()
        names = tuple(nurse.id for nurse in self.priced.nurses)
        visits = []
        for visit in self.priced.visits:
            if visit.id in late:
                visit = replace(visit, windows=stretched(visit.windows, late[visit.id]))
            elif visit.id in free and visit.id in self.priced.pin:
                visit = self.promises.priced(self.own.visit[visit.id], names, held=False)
            visits.append(visit)
        pins = [
            replace(pin, begin_s=late[pin.visit]) if pin.begin_s is not None and pin.visit in late else pin
            for pin in self.priced.pins
            if pin.visit not in free
        ]
        self.priced = derived(self.priced, visits=tuple(visits), pins=tuple(pins))
        self.roster = renewed(self.roster, self.roster.day.renewed(self.priced), ())

"""One visit by hand: what each nurse would cost, and moving it; what a dispatcher's board asks.

Both work on a plan as it stands. Only the routes that a move touches change; all others keep their stops
to the second.
"""

from collections.abc import Set
from dataclasses import dataclass, replace

from routing.check import Violation, violations
from routing.dayfile import fingerprint
from routing.engine.index import DayIndex, Windows
from routing.engine.route.roster import Roster, roster_of
from routing.engine.route.why_not import TEXTS, reason_text, reasons_against
from routing.plan import Plan, ReasonLeft, Status, Unassigned
from routing.price import price
from routing.problem import Problem


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What it would mean to give a visit to one nurse.

    Attributes
    ----------
    added_mc
        Cost added to the day without the visit, penalty not counted; None when it is not possible.
    position
        Place among her visits, 0 first.
    begin_s
        When it would begin.
    reasons
        Every named reason against her; empty when it is possible.
    """

    nurse: str
    added_mc: int | None = None
    position: int | None = None
    begin_s: int | None = None
    reasons: tuple[str, ...] = ()


def best_insertions(
    problem: Problem, plan: Plan, visit: str, known: tuple[Roster, Set[int]] | None = None
) -> tuple[Offer, ...]:
    """Return an offer for every nurse: the possible ones by cost, then the others by name.

    The visit is first taken off its present route, so its present nurse is ranked like any other. The
    other half of a double visit stays where it is and fixes the begin. `known` is the plan's roster, with
    the nurses whose routes cannot be kept, where the caller has it; it is left as it is.
    """
    day = DayIndex(problem) if known is None else known[0].day
    board = _Board(day, plan, visit, known)
    offers = [board.offer(nurse) for nurse in range(len(day.nurses))]
    return tuple(sorted(offers, key=lambda offer: (offer.added_mc is None, offer.added_mc or 0, offer.nurse)))


def move(
    problem: Problem,
    plan: Plan,
    visit: str,
    nurse: str | None,
    *,
    begin_s: int | None = None,
    position: int | None = None,
) -> Plan | tuple[Violation, ...]:
    """Give a visit to a nurse (None: to nobody), and return the new plan or every rule it would break.

    Parameters
    ----------
    begin_s
        Begin at this second. It holds for this plan only: to keep it in later solves, pin it.
    position
        Place among her other visits; the cheapest when None.

    Raises
    ------
    KeyError
        If the day has no such visit or nurse.
    """
    day = DayIndex(problem)
    board = _Board(day, plan, visit)
    target = None if nurse is None else day.nurse_at[nurse]
    refused = board.reasons_to_keep() if target is None else board.give(target, begin_s, position)
    if refused:
        return tuple(_broken(reason, nurse or "", visit) for reason in refused)
    changed = board.changed(target)
    before = set(violations(problem, plan))
    return tuple(found for found in violations(problem, changed) if found not in before) or changed


def _no_room(windows: Windows | None) -> tuple[str, ...]:
    """Say that a route has no room: within those windows, or at all."""
    return ("no_room_in_day",) if windows is None else ("no_room_then",)


class _Board:
    """A plan's roster without one visit, and what the rest of the plan says about that visit."""

    def __init__(
        self, day: DayIndex, plan: Plan, visit: str, known: tuple[Roster, Set[int]] | None = None
    ) -> None:
        self.day, self.plan, self.name = day, plan, visit
        self.visit = day.visit_at[visit]
        self.roster, self.broken = (
            roster_of(day, plan, without=visit) if known is None else _less(*known, visit)
        )
        route = plan.route_of(visit)
        self.source = None if route is None else day.nurse_at[route.nurse]
        self.partner = day.partner[self.visit]
        self.windows: Windows | None = None  # what the other half of a double visit imposes
        if self.partner >= 0:
            begin_s = plan.begin_s(day.problem.visits[self.partner].id)
            self.windows = None if begin_s is None else day.begin_at(self.visit, begin_s)
        self.roster.agreed.pop(self.visit, None)

    def reasons_to_keep(self) -> tuple[str, ...]:
        """Return why the visit cannot simply be taken off."""
        if self.source in self.broken:
            return ("own_route_broken",)
        return ("double_visit",) if self.partner >= 0 and self.roster.nurse_of[self.partner] >= 0 else ()

    def reasons_against(self, nurse: int) -> tuple[str, ...]:
        """Return every reason why this nurse cannot take it."""
        if nurse in self.broken or self.source in self.broken:
            return ("own_route_broken",)
        if self.partner >= 0 and self.roster.nurse_of[self.partner] in (nurse, -1):
            return ("double_visit",)
        return reasons_against(self.roster, nurse, self.visit)

    def offer(self, nurse: int) -> Offer:
        """Return what it would mean to give it to this nurse."""
        name = self.day.problem.nurses[nurse].id
        reasons = self.reasons_against(nurse)
        found = None if reasons else self.roster.best_insertion(nurse, self.visit, self.windows)
        if found is None:
            return Offer(nurse=name, reasons=reasons or _no_room(self.windows))
        trial = self.roster.copy()
        _insert(trial, nurse, self.visit, found.position, self.windows)
        route = trial.route(nurse)
        assert route is not None
        begin_s = next(stop.begin_s for stop in route.stops if stop.ref == self.name and not stop.frozen)
        return Offer(nurse=name, added_mc=found.added_mc, position=found.position, begin_s=begin_s)

    def give(self, nurse: int, begin_s: int | None, position: int | None) -> tuple[str, ...]:
        """Give the visit to a nurse, or return why not."""
        refused = self.reasons_against(nurse)
        if refused:
            return refused
        windows = self.windows
        if begin_s is not None:
            held = self.day.begin_at(self.visit, begin_s)
            windows = held if windows is None or windows == held else ()
            if not windows:
                return ("time_window",)
        at = None if position is None else [min(max(position, 0), len(self.roster.routes[nurse]))]
        found = self.roster.best_insertion(nurse, self.visit, windows, positions=at)
        if found is None:
            return _no_room(windows)
        _insert(self.roster, nurse, self.visit, found.position, windows)
        return ()

    def changed(self, target: int | None) -> Plan:
        """Return the plan with the touched routes replaced, priced anew."""
        problem, plan = self.day.problem, self.plan
        touched = {nurse for nurse in (self.source, target) if nurse is not None}
        names = {problem.nurses[nurse].id for nurse in touched}
        routes = {route.nurse: route for route in plan.routes if route.nurse not in names}
        for nurse in touched:
            route = self.roster.route(nurse)
            if route is not None:
                routes[route.nurse] = route
        left = [entry for entry in plan.unassigned if entry.visit != self.name]
        if target is None:
            by_hand = ReasonLeft(code="taken_off_by_hand", text=TEXTS["taken_off_by_hand"])
            left.append(Unassigned(visit=self.name, reasons=(by_hand,)))
        status: Status = "feasible"
        if left:
            status = "partial" if len(left) < len(problem.visits) else "infeasible"
        changed = replace(
            plan,
            routes=tuple(routes[nurse.id] for nurse in problem.nurses if nurse.id in routes),
            unassigned=tuple(left),
            status=status,
            problem_sha256=fingerprint(problem),
        )
        return replace(changed, cost=price(problem, changed))


def _less(roster: Roster, broken: Set[int], visit: str) -> tuple[Roster, set[int]]:
    """Return a roster without a visit, as `roster_of` would have made it."""
    less, unkept = roster.copy(), set(broken)
    at = roster.day.visit_at[visit]
    nurse = roster.nurse_of[at]
    if nurse >= 0 and roster.can_remove(at):
        less.remove(at)
    elif nurse >= 0:
        less.set_route(nurse, [])
        unkept.add(nurse)
    return less, unkept


def _insert(roster: Roster, nurse: int, visit: int, position: int, windows: Windows | None) -> None:
    if windows is not None:
        roster.agreed[visit] = windows
    roster.insert(nurse, visit, position)


def _broken(rule: str, nurse: str, visit: str) -> Violation:
    return Violation(rule=rule, nurse=nurse, visit=visit, text=reason_text(rule))

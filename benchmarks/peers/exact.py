"""From orders of visits to a plan: exact times, exact price, and a second chance for what cannot be kept.

A peer that cannot model a trait (the break, the pharmacy, overtime) now and then returns an order that cannot
be kept. It is not punished for that, rather helped: such a route gives up the visits whose loss costs least
until the rest can be kept; then all visits that are left go, dearest first, to the nurse who takes them most
cheaply, or take the place of another visit that finds room elsewhere. None of this counts as the peer's time.
"""

from collections.abc import Sequence

from benchmarks.peers import Routes
from routing.engine.index import DayIndex
from routing.engine.quick.greedy import hardest_first, insert_cheapest
from routing.engine.route.roster import Roster
from routing.engine.solve import plan_of
from routing.plan import Plan


def cheapest_plan(day: DayIndex, answers: Sequence[Routes], seed: int) -> Plan:
    """Return the cheapest exactly timed plan of all answers; visits that nobody may make are dropped."""
    rosters = [timed(day, routes, seed) for routes in answers]
    return plan_of(min(rosters, key=lambda roster: roster.total_mc))


def timed(day: DayIndex, routes: Routes, seed: int) -> Roster:
    """Return a roster with these orders of visits, as far as they can be kept, and the rest inserted.

    Double visits, which no peer knows, are placed by insertion after all others.
    """
    roster, seen = Roster(day), set[int]()
    for nurse, route in enumerate(routes):
        single = (visit for visit in route if day.allowed[nurse][visit] and day.partner[visit] < 0)
        wanted = [visit for visit in single if visit not in seen]
        seen.update(wanted)
        while not roster.set_route(nurse, wanted):
            wanted = _without_the_least(roster, nurse, wanted)
    for visit in hardest_first(day, seed):
        if roster.nurse_of[visit] < 0 and not insert_cheapest(roster, visit) and day.partner[visit] < 0:
            roster = _exchanged(roster, visit)
    return roster


def _without_the_least(roster: Roster, nurse: int, route: list[int]) -> list[int]:
    """Return an impossible route less the visit whose loss costs least, or least penalty where none helps."""

    def loss(visit: int) -> tuple[bool, int]:
        rest = [other for other in route if other != visit]
        penalty_mc = roster.day.visits[visit].penalty_mc
        if not roster.set_route(nurse, rest):
            return True, penalty_mc
        return False, penalty_mc + roster.cost_mc[nurse]

    least = min(route, key=loss)
    roster.set_route(nurse, [])
    return [visit for visit in route if visit != least]


def _exchanged(roster: Roster, visit: int) -> Roster:
    """Return the roster in which the visit replaces one other, which goes elsewhere, if that costs less."""
    day, best = roster.day, roster
    for nurse, route in enumerate(roster.routes):
        if not day.allowed[nurse][visit]:
            continue
        for other in route:
            if day.partner[other] >= 0 or not roster.can_remove(other):
                continue
            trial = roster.copy()
            trial.remove(other)
            found = trial.best_insertion(nurse, visit)
            if found is None:
                continue
            trial.insert(nurse, visit, found.position)
            insert_cheapest(trial, other)
            if trial.total_mc < best.total_mc:
                best = trial
    return best

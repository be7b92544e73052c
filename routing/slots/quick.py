"""A quick plan of what is booked, where no plan is in force: cheapest insertion, the nearest nurses first."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from routing.engine.index import DayIndex
from routing.engine.quick.greedy import hardest_first, insert_cheapest
from routing.engine.route.roster import Roster
from routing.slots.fits import Fit, ReadyNurse, Wanted

SEED = 1  # breaks ties


def quick_plan(day: DayIndex) -> Roster:
    """Plan a day by `put_in` from nothing."""
    roster = Roster(day)
    put_in(roster)
    return roster


def put_in(roster: Roster) -> None:
    """Give each unassigned visit, the hardest first, to whom it costs least there; the rest stay as they are.

    As `greedy.insert_cheapest`, but sooner: nurses are asked in the order of the least that it could cost
    them, as long as that is less than the best so far, and no route is timed for an answer (`fits`).
    """
    day, ready = roster.day, dict[int, ReadyNurse]()
    for visit in hardest_first(day, SEED):
        if roster.nurse_of[visit] >= 0:
            continue
        if day.partner[visit] >= 0:
            insert_cheapest(roster, visit)
            ready.clear()
            continue
        best: Fit | None = None
        below_mc = day.visits[visit].penalty_mc
        for least_mc, nurse in sorted(_bounds(roster, visit)):
            if least_mc >= below_mc:
                break
            if nurse not in ready:
                ready[nurse] = ReadyNurse(roster, nurse)
            for fit in _fits(ready[nurse], visit):
                cost_mc = _least_mc(day, fit)
                if cost_mc < below_mc:
                    best, below_mc = fit, cost_mc
        if best is not None:
            roster.insert(best.nurse, visit, best.position)
            del ready[best.nurse]


def _fits(ready: ReadyNurse, visit: int) -> Iterable[Fit]:
    day, line = ready.day, ready.day.visits[visit]
    if not line.windows:
        return ()
    wanted = Wanted(lat=0.0, lon=0.0, service_s=line.service_s, units=line.units, begins={})
    nurse_mc = day.nurse_cost_mc[ready.nurse][visit]
    return ready.fits(wanted, day.drive_s[line.place], line.windows, nurse_mc)


def _least_mc(day: DayIndex, fit: Fit) -> int:
    """Return the least cost of a fit over all begins (see `fits`)."""
    weights, begin_s = day.problem.weights, min(max(fit.w_s, fit.lo_s), fit.hi_s)
    waiting_s = max(0, begin_s - fit.f_s) + max(0, fit.w_s - begin_s)
    over_s = max(0, max(begin_s, fit.w_s) - fit.o_s)
    return fit.k_mc + weights.idle_mc_per_s * waiting_s + weights.overtime_mc_per_s * over_s


def _bounds(roster: Roster, visit: int) -> list[tuple[int, int]]:
    """Return the least that a visit could add to each nurse's route, with her position."""
    day, door = roster.day, roster.day.visits[visit].place
    travel_mc, row = day.problem.weights.travel_mc_per_s, day.drive_s[door]
    found = []
    for nurse, line in enumerate(day.nurses):
        if not day.allowed[nurse][visit]:
            continue
        route = roster.routes[nurse]
        places = [line.start, *(day.visits[v].place for v in route), line.end]
        longer_s = _detour_s(day.drive_s, row, door, places, goes=bool(route) or line.on_duty)
        least_mc = travel_mc * longer_s - roster.slack_mc(nurse) + day.nurse_cost_mc[nurse][visit]
        found.append((least_mc, nurse))
    return found


def _detour_s(
    drive_s: Sequence[Sequence[int]], row: Sequence[int], door: int, places: Sequence[int], *, goes: bool
) -> int:
    if not goes:
        return drive_s[places[0]][door] + row[places[-1]]
    return min(drive_s[a][door] + row[b] - drive_s[a][b] for a, b in pairwise(places))

"""An answer at once: put what is loose where it is cheapest, and relieve who is late."""

from collections.abc import Iterable

from routing.engine.index import FAR_S, Windows
from routing.engine.quick.double import best_pair, insert_pair
from routing.engine.route.roster import NOT_POSSIBLE, Roster
from routing.replan.stand import Stand

MOST_RELIEVED = 6  # visits of late nurses that are tried elsewhere


def greedy(stand: Stand) -> Roster:
    """Return the cheapest of a few quick days, prices of moving included.

    What is loose is inserted in two orders, the dearest first and by the time promised: at first as
    promised, then whenever its own windows allow. Visits of late nurses are tried with others.
    """
    best = stand.roster
    best_mc = stand.total_mc(best)
    orders = [stand.loose]
    by_time = sorted(stand.loose, key=stand.due_s)
    if by_time != stand.loose:
        orders.append(by_time)
    for order in orders:
        trial = stand.roster.copy()
        for visit in order:
            if trial.nurse_of[visit] < 0:
                insert(stand, trial, visit)
        trial_mc = stand.total_mc(trial)
        if trial_mc < best_mc:
            best, best_mc = trial, trial_mc
    return _relieve(stand, best, best_mc)


def insert(stand: Stand, roster: Roster, visit: int) -> bool:
    """Insert a visit (and its other half) where it is cheapest; False where leaving it is cheaper.

    What nobody made before either is tried only with nurses whose day has changed.
    """
    partner = stand.day.partner[visit]
    penalty_mc = stand.own_penalty_mc(visit)
    if partner >= 0:
        if roster.nurse_of[partner] >= 0:
            return False
        pair = best_pair(roster, visit, partner)
        if pair is None or pair.added_mc >= penalty_mc + stand.own_penalty_mc(partner):
            return False
        insert_pair(roster, visit, partner, pair)
        return True
    nurses: Iterable[int] = range(len(roster.routes))
    if visit in stand.waited:
        nurses = [n for n in nurses if n in stand.touched or roster.routes[n] != stand.roster.routes[n]]
    if _insert_single(roster, visit, None, penalty_mc, nurses):
        return True
    price_mc = stand.promises.policy.time_mc
    windows = stand.own_windows(visit)
    if stand.is_fixed(visit) or windows == stand.day.visits[visit].windows:
        return False
    return _insert_single(roster, visit, windows, penalty_mc - price_mc, nurses)


def _insert_single(
    roster: Roster, visit: int, windows: Windows | None, below_mc: int, nurses: Iterable[int]
) -> bool:
    best: tuple[int, int] | None = None
    for least_mc, nurse, positions in _ways(roster, visit, windows, nurses):
        if least_mc >= below_mc:
            break
        found = roster.best_insertion(nurse, visit, windows, below_mc, positions)
        if found is not None:
            best, below_mc = (nurse, found.position), found.added_mc
    if best is None:
        return False
    if windows is not None:
        roster.agreed[visit] = windows
    roster.insert(best[0], visit, best[1])
    return True


def _ways(
    roster: Roster, visit: int, windows: Windows | None, nurses: Iterable[int]
) -> list[tuple[int, int, list[int]]]:
    """Return a lower bound of what a visit adds, the nurse and the positions, the least bound first.

    Only where the drives alone leave time for it: breaks, pharmacies and waiting are not looked at.
    """
    day, found = roster.day, []
    line, travel_mc = day.visits[visit], day.problem.weights.travel_mc_per_s
    place, from_here, windows = (
        line.place,
        day.drive_s[line.place],
        line.windows if windows is None else windows,
    )
    if not windows:
        return []
    opens_s, closes_s = windows[0][0], windows[-1][1]
    for nurse in nurses:
        if not day.allowed[nurse][visit]:
            continue
        her, route = day.nurses[nurse], roster.routes[nurse]
        latest_s, then = [her.latest_end_s], her.end
        for other in reversed(route):
            stop = day.visits[other]
            last_s = latest_s[-1] - day.drive_s[stop.place][then] - stop.service_s
            latest_s.append(min(last_s, roster.agreed.get(other, stop.windows)[-1][1]))
            then = stop.place
        latest_s.reverse()
        ready_s, here, shortest_s, positions = her.begin_s, her.start, FAR_S, []
        for position in range(len(route) + 1):
            following = day.visits[route[position]] if position < len(route) else None
            then = following.place if following else her.end
            to_s = day.drive_s[here][place]
            begin_s = max(ready_s + to_s, opens_s)
            if begin_s <= closes_s and begin_s + line.service_s + from_here[then] <= latest_s[position]:
                positions.append(position)
                skipped_s = day.drive_s[here][then] if route or her.on_duty else 0
                shortest_s = min(shortest_s, to_s + from_here[then] - skipped_s)
            if following is not None:
                own = roster.agreed.get(route[position], following.windows)
                ready_s = max(ready_s + day.drive_s[here][then], own[0][0]) + following.service_s
                here = then
        if positions:
            least_mc = travel_mc * shortest_s - roster.slack_mc(nurse) + day.nurse_cost_mc[nurse][visit]
            found.append((least_mc, nurse, positions))
    return sorted(found)


def _relieve(stand: Stand, best: Roster, best_mc: int) -> Roster:
    """Give single visits of late nurses to others as long as that is cheaper, all in all."""
    tried = 0
    nurses = sorted({best.nurse_of[visit] for visit in stand.late if best.nurse_of[visit] >= 0})
    for nurse in nurses:
        for visit in list(best.routes[nurse]):
            if tried >= MOST_RELIEVED:
                return best
            if best.nurse_of[visit] != nurse or stand.is_fixed(visit) or stand.day.partner[visit] >= 0:
                continue
            tried += 1
            trial = best.copy()
            if not trial.can_remove(visit):
                continue
            trial.remove(visit)
            spare = stand.own_penalty_mc(visit) if stand.own_penalty_mc(visit) else NOT_POSSIBLE
            others = [n for n in range(len(trial.routes)) if n != nurse]
            # With another nurse it is to be in time: how late it may be is eased for its own nurse alone.
            if not _insert_single(trial, visit, stand.span_windows(visit), spare, others):
                continue
            trial_mc = stand.total_mc(trial)
            if trial_mc < best_mc:
                best, best_mc = trial, trial_mc
    return best

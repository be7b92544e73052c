"""An exact answer for the nurses around a disturbance; everybody else goes on as she is.

Needs the compiled engine: for planning processes, never for a web request.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from threading import Event as Flag

from routing.engine.budget import Budget, OnProgress, say_nothing
from routing.engine.exact.part import part_of
from routing.engine.index import DayIndex
from routing.engine.route.roster import Roster
from routing.replan.replanner import Proposal
from routing.replan.stand import Stand

NURSES, MOST_NURSES, MOST_WAITING = 8, 14, 4
SECONDS = 0.8
AS_PROMISED = 0.4  # share of the time for a day in which everything begins as promised


@dataclass(frozen=True, kw_only=True)
class Around:
    """The nurses (positions) around a disturbance, nearest first, and all that they may make."""

    nurses: tuple[int, ...]
    visits: tuple[int, ...]


def improve(
    proposal: Proposal,
    *,
    seconds: float = SECONDS,
    seed: int = 0,
    iterations: int | None = None,
    hand_in: Flag | None = None,
    on_progress: OnProgress = say_nothing,
) -> Proposal:
    """Return the cheapest answer for the nurses around what happened, or the proposal itself.

    Prices of other nurses are in what is solved exactly, spans of time are its limits: the first part of
    the time goes to a day in which everything begins as promised, the rest to one in which visits may
    leave their span. The cheapest of all answers counts, prices of time included.

    Parameters
    ----------
    seconds, seed, iterations, hand_in, on_progress
        As in `routing.engine.solve.solve`.
    """
    # Numba takes seconds to import: only a process that plans with it may pay for it.
    from routing.engine.exact.columns import plan_columns

    stand = proposal.stand
    around = around_of(stand, proposal.roster)
    if not around.visits:
        return proposal
    best, best_mc = proposal.roster, proposal.total_mc
    flag, began = hand_in or Flag(), Budget(seconds=seconds)
    part = part_of(stand.day, around.nurses, around.visits)
    for day, share in ((part, AS_PROMISED), (opened(stand, part, around), 1.0)):
        budget = Budget(seconds=share * began.left_s, iterations=iterations, hand_in=flag)
        found, _, _ = plan_columns(day, seed, budget, on_progress)
        trial = merged(stand, proposal.roster, around, found)
        if trial is not None and (trial_mc := stand.total_mc(trial)) < best_mc:
            best, best_mc = trial, trial_mc
    return proposal if best is proposal.roster else replace(proposal, roster=best, engine="columns")


def around_of(stand: Stand, roster: Roster) -> Around:
    """Choose the nurses whose day changed or who are nearest to what did, and the visits they share.

    Both nurses of a double visit are chosen together, or neither.
    """
    day = stand.day
    unsure = [visit for visit in stand.loose if visit not in stand.waited]
    wanted = [visit for visit in unsure if any(row[visit] for row in day.allowed)]
    moved = {n for n in range(len(roster.routes)) if roster.routes[n] != stand.roster.routes[n]}
    core = sorted(stand.touched | moved)
    places = [day.visits[visit].place for visit in (*unsure, *stand.late, *stand.gone)]
    places = places or [day.nurses[nurse].start for nurse in core]
    chosen = dict.fromkeys(core[:MOST_NURSES])
    by_distance = sorted(
        (_distance_s(day, roster, nurse, places), nurse)
        for nurse in range(len(day.nurses))
        if nurse not in chosen and any(day.allowed[nurse][visit] for visit in wanted or roster.routes[nurse])
    )
    for _, nurse in by_distance:
        if len(chosen) >= NURSES:
            break
        chosen[nurse] = None
    nurses = _with_partners(day, roster, list(chosen))
    visits = {visit for nurse in nurses for visit in roster.routes[nurse]}
    visits |= {visit for visit in wanted if roster.nurse_of[visit] < 0}
    visits |= set(_near_waiting(stand, roster, nurses, places))
    visits -= {v for v in visits if day.partner[v] >= 0 and day.partner[v] not in visits}
    return Around(nurses=tuple(nurses), visits=tuple(sorted(visits)))


def opened(stand: Stand, part: DayIndex, around: Around) -> DayIndex:
    """Return the part with every visit's own windows, however narrow the promise; what is fixed stays so."""
    other = part_of(stand.day, around.nurses, around.visits)
    for index, visit in enumerate(around.visits):
        if not stand.is_fixed(visit):
            windows = (*stand.own_windows(visit), *part.visits[index].windows)
            other.visits[index] = replace(other.visits[index], windows=_joined(windows))
            other.calls[index] = other.calls[index]._replace(windows=other.visits[index].windows)
    return other


def merged(stand: Stand, roster: Roster, around: Around, part: Roster) -> Roster | None:
    """Return the whole day with the part's routes in it; None where a half of a double visit has no other."""
    other = roster.copy()
    for nurse in around.nurses:
        other.set_route(nurse, [])
    for index, visit in enumerate(around.visits):
        windows = part.agreed.get(index, part.day.visits[index].windows)
        other.agreed.pop(visit, None)
        if index in part.agreed or windows != stand.day.visits[visit].windows:
            other.agreed[visit] = windows
    for place, nurse in enumerate(around.nurses):
        if not other.set_route(nurse, [around.visits[index] for index in part.routes[place]]):
            return None
    for visit, partner in enumerate(stand.day.partner):
        if partner >= 0 and (other.nurse_of[visit] < 0) != (other.nurse_of[partner] < 0):
            return None
    return other


def _distance_s(day: DayIndex, roster: Roster, nurse: int, places: Iterable[int]) -> int:
    """Return the shortest drive from anywhere on a nurse's rest of the day to any of these places."""
    hers = [day.nurses[nurse].start, *(day.visits[visit].place for visit in roster.routes[nurse])]
    return min((day.drive_s[a][b] for a in hers for b in places), default=0)


def _near_waiting(stand: Stand, roster: Roster, nurses: list[int], places: list[int]) -> list[int]:
    """Return a few visits that nobody made before either, nearest first: what happened may leave room."""
    day = stand.day
    waiting = [
        (min((day.drive_s[day.visits[visit].place][b] for b in places), default=0), visit)
        for visit in stand.waited
        if roster.nurse_of[visit] < 0 and any(day.allowed[nurse][visit] for nurse in nurses)
    ]
    return [visit for _, visit in sorted(waiting)[:MOST_WAITING]]


def _with_partners(day: DayIndex, roster: Roster, nurses: list[int]) -> list[int]:
    chosen = dict.fromkeys(nurses)
    for nurse in nurses:
        for visit in roster.routes[nurse]:
            partner = day.partner[visit]
            if partner >= 0 and roster.nurse_of[partner] >= 0:
                chosen[roster.nurse_of[partner]] = None
    return list(chosen)


def _joined(windows: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for begin_s, end_s in sorted(windows):
        if found and begin_s <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], end_s))
        else:
            found.append((begin_s, end_s))
    return tuple(found)

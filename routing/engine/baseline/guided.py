"""The baseline: a day planned by OR-Tools' routing library alone, timed exactly afterwards.

Nothing of our own improves what the library found, so that a comparison with it says what it is worth. Only
the start is greedy insertion, which the library needs for a complete day within its first second, and visits
that the exact timing could not keep are inserted again.
"""

from routing.engine.baseline.library import LibraryModel
from routing.engine.budget import Budget, OnProgress, Progress
from routing.engine.index import DayIndex
from routing.engine.quick.greedy import (
    cheapest_insertion,
    hardest_first,
    insert_cheapest,
    relocate_until_settled,
)
from routing.engine.route.roster import Roster

GREEDY_SHARE = 0.15  # of the budget, for the start


def routing_library(
    day: DayIndex, seed: int, budget: Budget, on_progress: OnProgress
) -> tuple[Roster, set[int]]:
    """Plan a day: greedy start, guided local search, exact timing; never worse than the greedy day.

    Returns
    -------
    The roster, and the visits that were not tried because the time was up.
    """
    greedy, untried = cheapest_insertion(day, seed, budget)
    _report(greedy, budget, on_progress, "cheapest insertion")
    relocate_until_settled(greedy, budget.share(GREEDY_SHARE))
    _report(greedy, budget, on_progress, "relocation")
    if untried or budget.is_spent or not day.visits or not day.nurses:
        return greedy, untried
    found = LibraryModel(day, greedy).search(seed, budget, on_progress)
    if found is None:
        return greedy, set()
    roster = timed_again(day, greedy, found, seed)
    best = min(roster, greedy, key=lambda candidate: candidate.total_mc)
    _report(best, budget, on_progress, "exact timing")
    return best, set()


def timed_again(day: DayIndex, greedy: Roster, routes: list[list[int]], seed: int) -> Roster:
    """Return a roster with these orders of visits where they can be kept exactly, the rest placed anew."""
    roster = Roster(day)
    kept = {visit for route in routes for visit in route}
    for visit, windows in greedy.agreed.items():
        if visit in kept and day.partner[visit] in kept:
            roster.agreed[visit] = windows
    for nurse, route in enumerate(routes):
        route = [visit for visit in route if day.partner[visit] < 0 or visit in roster.agreed]
        if roster.set_route(nurse, route):
            continue
        for visit in route:
            found = roster.best_insertion(nurse, visit)
            if found is not None:
                roster.insert(nurse, visit, found.position)
    _drop_torn_pairs(roster)
    for visit in hardest_first(day, seed):
        if roster.nurse_of[visit] < 0:
            insert_cheapest(roster, visit)
    return roster


def _drop_torn_pairs(roster: Roster) -> None:
    for visit, partner in enumerate(roster.day.partner):
        if partner >= 0 and roster.nurse_of[visit] < 0:
            roster.agreed.pop(visit, None)
            if roster.nurse_of[partner] >= 0 and roster.can_remove(partner):
                roster.remove(partner)


def _report(roster: Roster, budget: Budget, on_progress: OnProgress, doing: str) -> None:
    on_progress(
        Progress(
            seconds=round(budget.used_s, 3),
            cost_mc=roster.total_mc,
            unassigned=len(roster.unassigned),
            doing=doing,
        )
    )

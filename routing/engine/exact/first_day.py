"""A first complete day: cheapest insertion, then ruin and recreate as long as the exact work can spare."""

from routing.engine.budget import Budget, OnProgress, Progress
from routing.engine.index import DayIndex
from routing.engine.quick.greedy import cheapest_insertion, relocate_until_settled
from routing.engine.route.roster import Roster, roster_with
from routing.engine.swift.pair import Pair
from routing.engine.swift.rounds import Swift

GREEDY_SHARE = 0.05
SWIFT_SHARE, LEAST_SWIFT_S, MOST_SWIFT_S = 0.06, 0.1, 3.0
SWIFT_S_A_VISIT = 0.03  # a small day is at its best long before
HURRIED_SHARE, LONG_SWIFT_SHARE = 0.75, 0.4
EXACT_S, EXACT_POWER, ENOUGH_TIMES = 2.0, 2.5, 2.0  # measured: 2 s for 100 visits, 11 s for 200
SWIFT_ROUNDS, LONG_SWIFT_ROUNDS = 2_000, 20_000  # where the rounds are counted, not the seconds
LONG_DAY = 9  # more visits than this on the longest greedy route: remember neighbours only
ONE_REGION = 250  # visits: days of more are improved region by region


def first_day(
    day: DayIndex, seed: int, budget: Budget, on_progress: OnProgress
) -> tuple[Roster, set[int], Swift | Pair]:
    """Return a first complete day and what improved it; the visits that were not tried."""
    roster, untried = Roster(day), set[int]()
    if any(partner >= 0 for partner in day.partner):  # only the slow way can agree on a begin for both halves
        roster, untried = cheapest_insertion(day, seed, budget)
        relocate_until_settled(roster, budget.share(GREEDY_SHARE), rounds=1)
    swift = Swift(day, roster.agreed)
    if untried or not day.visits or not day.nurses:
        return roster, untried, swift
    roster = roster_with(roster, swift.greedy(seed, roster.routes))
    tell(roster, None, budget, on_progress, "cheapest insertion")
    long = max(len(route) for route in roster.routes) > LONG_DAY
    searching = Pair(swift, Swift(day, roster.agreed)) if long else swift
    seconds = swift_seconds(day, budget, long)
    rounds = LONG_SWIFT_ROUNDS if long else SWIFT_ROUNDS
    routes = searching.improve(
        roster.routes,
        seed,
        seconds=seconds if budget.iterations is None else None,
        rounds=rounds if budget.iterations is not None else None,
        hand_in=budget.hand_in,
    )
    roster = roster_with(roster, routes)
    tell(roster, None, budget, on_progress, "ruin and recreate")
    return roster, untried, searching


def swift_seconds(day: DayIndex, budget: Budget, long: bool) -> float:
    """Return how long ruin and recreate may work before the prices begin.

    Where the time will not do for exact prices it does most of the work, and where routes are long a good
    part of it.
    """
    if budget.left_s < ENOUGH_TIMES * exact_seconds(len(day.visits)):
        return HURRIED_SHARE * budget.left_s
    if long:
        return LONG_SWIFT_SHARE * budget.left_s
    most_s = min(MOST_SWIFT_S, SWIFT_S_A_VISIT * len(day.visits))
    return max(LEAST_SWIFT_S, min(most_s, SWIFT_SHARE * budget.left_s))


def exact_seconds(visits: int) -> float:
    """Return about how long exact prices take to settle on two cores; of large days, in all regions."""
    hundreds = min(visits, ONE_REGION) / 100
    return float(EXACT_S * hundreds**EXACT_POWER * max(1.0, visits / ONE_REGION))


def tell(roster: Roster, bound_mc: int | None, budget: Budget, on_progress: OnProgress, doing: str) -> None:
    """Report how far the work has come."""
    on_progress(
        Progress(
            seconds=round(budget.used_s, 3),
            cost_mc=roster.total_mc,
            unassigned=len(roster.unassigned),
            doing=doing,
            bound_mc=bound_mc,
        )
    )

"""What one more nurse would be worth, by the prices of the relaxation.

At prices pi of visits and g of cuts, every plan of the day costs at least the bound that `routing.engine.
pricing` proves. A further nurse adds one term to it: min(0, her least reduced cost). So no plan with her
costs less than bound - value, where

    value = max(0, -least reduced cost of her days at these prices):

an upper estimate of what she saves in the relaxation (to which the distance of its value from the bound
is added, where the prices have not settled), and found in one pricing instead of one solve. For whole plans
it is an estimate. (Prices as marginal values: G. B. Dantzig, "Linear Programming and Extensions", 1963,
chapter 12.)

The nurse is invented: she lives at a place in the middle of the visits around her, works the shift that most
nurses of the day work, and may go to every patient; patients who know others pay for not knowing her. This
module loads the compiled pricing: never in a request.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from routing.engine.budget import Budget
from routing.engine.exact.part import part_of
from routing.engine.index import DayIndex
from routing.engine.master.cuts import Cut
from routing.engine.master.generation import KEEP, Relaxation
from routing.engine.master.pool import Pool
from routing.engine.pricing.nurses import EXACT, Pricer
from routing.engine.pricing.side import sides_of
from routing.engine.quick.greedy import cheapest_insertion, relocate_until_settled
from routing.engine.route.roster import Roster
from routing.problem import Nurse, Problem, Window

MOST_PLACES = 5
LONG_DAY, NEAR_VISITS = 9, 10  # as `routing.engine.exact.columns`: routes that remember neighbours only


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What one more nurse would be worth who lives at a place.

    Attributes
    ----------
    near
        The visit at whose place she is thought to live; `visits_near` are closer to it than to the other
        places that were tried.
    shift
        When she would work.
    value_mc
        The most that she could save in the relaxation, by the prices, `Worths.slack_mc`
        included.
    """

    near: str
    visits_near: int
    shift: Window
    value_mc: int


@dataclass(frozen=True, kw_only=True)
class Worths:
    """Worths, the largest first; empty while nothing is proven.

    Attributes
    ----------
    bound_mc
        The bound whose prices they come from.
    slack_mc
        By how much each could be smaller if the prices had had the time to settle.
    """

    bound_mc: int | None = None
    slack_mc: int = 0
    nurses: tuple[Worth, ...] = ()


def worth_of_one_more(problem: Problem, seconds: float) -> Worths:
    """Price one more nurse at places in the middle of the visits, with prices that had `seconds` to settle.

    With less time than that takes, the estimates are higher than they need be, and still upper ones.
    """
    if not problem.visits or not problem.nurses:
        return Worths()
    budget = Budget(seconds=seconds)
    relaxation = _relaxation(DayIndex(problem), budget)
    try:
        relaxation.warm_up(budget.share(0.6))
        relaxation.bound_quickly()
        relaxation.converge(budget)
    finally:
        relaxation.pricer.close()
    if relaxation.at is None:
        return Worths()
    places = middles(problem)
    least_mc = _least_reduced_mc(problem, relaxation, [place for place, _ in places], seconds)
    slack_mc = max(0, math.ceil(relaxation.value_mc) - (relaxation.bound_mc or 0))
    shift = typical_nurse(problem).shift
    found = [
        Worth(near=place, visits_near=count, shift=shift, value_mc=max(0, -least) + slack_mc)
        for (place, count), least in zip(places, least_mc, strict=True)
        if least is not None
    ]
    return Worths(
        bound_mc=relaxation.bound_mc,
        slack_mc=slack_mc,
        nurses=tuple(sorted(found, key=lambda worth: (-worth.value_mc, worth.near))),
    )


def with_one_more(problem: Problem, near: str) -> Problem:
    """Return the day with the invented nurse, who lives where the visit `near` is."""
    return replace(problem, nurses=(*problem.nurses, invented_nurse(problem, near)))


def invented_nurse(problem: Problem, near: str) -> Nurse:
    """Return a typical nurse of the day who lives where a visit is, under a name that nobody has."""
    name = f"one more near {near}"
    while name in problem.nurse:
        name += "'"
    place = problem.visit[near].place
    return replace(typical_nurse(problem), id=name, start_place=place, end_place=place)


def typical_nurse(problem: Problem) -> Nurse:
    """Return the first nurse with the shift that most nurses have, as fresh as in the morning."""
    shifts = Counter((nurse.shift.begin_s, nurse.shift.end_s) for nurse in problem.nurses)
    begin_s, end_s = min(shifts, key=lambda shift: (-shifts[shift], shift))
    model = next(nurse for nurse in problem.nurses if nurse.shift == Window(begin_s=begin_s, end_s=end_s))
    now_s = min((nurse.free.at_s for nurse in problem.nurses if nurse.free), default=begin_s)
    shift = Window(begin_s=min(end_s, max(begin_s, now_s)), end_s=end_s)
    return replace(model, shift=shift, free=None, frozen=(), stock_units=0)


def middles(problem: Problem, most: int = MOST_PLACES) -> list[tuple[str, int]]:
    """Return visits whose places lie in the middle of the others, each with how many are closest to it.

    Chosen one by one, each the one that brings the visits nearest to the places chosen so far.
    """
    rows = [problem.place_at[visit.place] for visit in problem.visits]
    apart_s = problem.travel_s[np.ix_(rows, rows)].astype(np.int64)
    chosen: list[int] = []
    nearest_s = np.full(len(rows), apart_s.max() + 1, dtype=np.int64)
    for _ in range(min(most, len(rows))):
        total_s = np.minimum(nearest_s[None, :], apart_s).sum(axis=1)
        best = int(total_s.argmin())
        if best in chosen:
            break
        chosen.append(best)
        nearest_s = np.minimum(nearest_s, apart_s[best])
    closest = apart_s[chosen].argmin(axis=0)
    return [(problem.visits[row].id, int((closest == at).sum())) for at, row in enumerate(chosen)]


def _relaxation(day: DayIndex, budget: Budget) -> Relaxation:
    roster, _ = cheapest_insertion(day, 0, budget)
    relocate_until_settled(roster, budget.share(0.1), rounds=1)
    pool = Pool()
    pool.add_roster(roster)
    pricer = Pricer(day, sides_of(day, _near(roster)), budget)
    return Relaxation(day, pricer, pool, list(Roster(day).cost_mc))


def _near(roster: Roster) -> int:
    return NEAR_VISITS if max(len(route) for route in roster.routes) > LONG_DAY else 0


def _of_visits_alone(relaxation: Relaxation) -> list[Cut]:
    """Return the cuts without the nurses among their rows: none of those is the nurse who would come."""
    visits = len(relaxation.day.visits)
    return [tuple(row for row in cut if row < visits) for cut in relaxation.master.cuts]


def _least_reduced_mc(
    problem: Problem, relaxation: Relaxation, places: Sequence[str], seconds: float
) -> list[int | None]:
    assert relaxation.at is not None
    more = tuple(invented_nurse(problem, place) for place in places)
    day = DayIndex(replace(problem, nurses=(*problem.nurses, *more)))
    first = len(problem.nurses)
    alone = part_of(day, range(first, first + len(more)), range(len(day.visits)))
    near = 0 if all(len(column.order) <= LONG_DAY for column in relaxation.pool.columns) else NEAR_VISITS
    pricer = Pricer(alone, sides_of(alone, near), Budget(seconds=seconds))
    try:
        priced = pricer.price(
            relaxation.at,
            _of_visits_alone(relaxation),
            way=EXACT,
            below_mc=np.zeros(len(more), dtype=np.int64),
            labels=relaxation.exact_labels,
            keep=KEEP,
        )
    finally:
        pricer.close()
    return [found.least_mc for found in priced]

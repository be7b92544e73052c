"""The exact engine: route generation, cuts and closing, with a proven bound at every moment.

The order of work, each step ended by the budget: a greedy day and ruin and recreate, both compiled
(`routing.engine.swift.rounds`), whose routes are the first columns; column generation from rough to exact
prices, which proves the first tight bound; a dive and the integer master, which make a plan, and exact solves
of parts of the day, which better it; cuts, which lift the bound; and closing, which lists all routes of any
better plan and searches among them. Days of many visits go region by region first
(`routing.engine.exact.regions`). `docs/planning.md` tells the story with a picture.

Where exactness is given up. The two halves of a double visit are bound to one begin, the one the greedy day
agreed, while plans are made; the bound is that of the day in which each half may begin on its own, so it
stays true and may be less than tight. Everything else is exact.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from routing.engine.budget import Budget, OnProgress, say_nothing
from routing.engine.exact.closing import Closing
from routing.engine.exact.dive import dive
from routing.engine.exact.first_day import (
    ENOUGH_TIMES,
    LONG_DAY,
    ONE_REGION,
    SWIFT_ROUNDS,
    exact_seconds,
    first_day,
    swift_seconds,
    tell,
)
from routing.engine.exact.part import part_of
from routing.engine.exact.regions import regions
from routing.engine.exact.seeking import PART_NURSES, can_be_parted, polish
from routing.engine.index import DayIndex
from routing.engine.master.generation import LARGE_LABELS, Relaxation, shared_prices
from routing.engine.master.integer import choose
from routing.engine.master.linear import Prices, Stuck
from routing.engine.master.pool import Column, Pool, columns_of, roster_from
from routing.engine.pricing.nurses import Pricer
from routing.engine.pricing.side import Ints, sides_of
from routing.engine.route.roster import Roster, roster_with
from routing.engine.swift.pair import Pair
from routing.engine.swift.rounds import Swift

CUTS_A_ROUND = 80
CUT_ROUNDS, CUT_ROUNDS_MANY = 4, 2  # then lists bring more
CHOICE_SHARE, MOST_CHOICE_S = 0.15, 12.0
MOST_COLUMNS_CHOSEN, MOST_LONG_COLUMNS_CHOSEN = 12_000, 3_000
NEAR_SHARE = 0.02  # of the bound: columns that cost no more than this are offered to the integer master
WARM_UP_SHARE = 0.5
LONG_LABELS, MOST_LONG_LABELS = 20_000, 80_000  # of long routes, at first and at most
LONG_BEAMS = (6,)
LONG_CLOSE_ENOUGH = 0.004  # of the value: no plan comes so near, and the last rounds cost as much as the rest
LONG_PRICES_SHARE, SEARCH_SHARE = 0.75, 0.6  # of the time left
SOON = 3.0  # times what sensible prices took: with less than that left, exact ones come too late
POOR = 0.02  # gap from which the known routes are recombined before anything else
BROKEN = 0.01  # a number of visits this close to a whole one is whole
MANY_VISITS = 120  # from here the whole is searched first, parts of it later
POLISH_SHARE = 0.35  # of the time left
REST_SHARE, REST_TIMES, LEAST_REST_S = 0.5, 6.0, 2.0  # for what a half dive leaves
MOST_SWEEPS, SWEEP_SHARE, LAST_WORD_SHARE, MOST_REGION_S = 9, 0.4, 0.3, 14.0
BOUND_SHARE = 0.45  # of the time, for one bound of a large day
BOUND_SHARES = (0.0, 0.4, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0)  # how far each round goes from the best prices known
NEAR_VISITS = 10


def plan_columns(
    day: DayIndex, seed: int, budget: Budget, on_progress: OnProgress
) -> tuple[Roster, set[int], int | None]:
    """Return the best day found, the visits that were not tried, and the bound in mc if one is proven."""
    roster, untried, swift = first_day(day, seed, budget, on_progress)
    if untried or not day.visits or not day.nurses:
        return roster, untried, None
    if not any(partner >= 0 for partner in day.partner):
        work = _Work(day, roster, swift, seed, budget, on_progress)
        work.run()
        return work.roster, set(), work.bound_mc
    bound_mc = bound_of(day, roster, budget, on_progress)
    work = _Work(
        _with_agreed_begins(day, roster), roster, swift, seed, budget, on_progress, proven_mc=bound_mc
    )
    work.run()
    return work.roster, set(), bound_mc


def bound_of(day: DayIndex, roster: Roster, budget: Budget, on_progress: OnProgress) -> int | None:
    """Return a bound in mc of the day, proven by prices and cuts alone; None if the budget was too short."""
    relaxed = _Work(day, roster, None, 0, budget, on_progress, only_bound=True)
    relaxed.run()
    return relaxed.bound_mc


class _Work:
    """One solve: the incumbent, the relaxation, and what is being done."""

    def __init__(
        self,
        day: DayIndex,
        roster: Roster,
        swift: Swift | Pair | None,
        seed: int,
        budget: Budget,
        on_progress: OnProgress,
        *,
        only_bound: bool = False,
        proven_mc: int | None = None,
    ) -> None:
        self.day, self.roster, self.seed, self.budget = day, roster, seed, budget
        self.swift = swift
        self.on_progress, self.only_bound, self.foreign_mc = on_progress, only_bound, proven_mc
        self.repeatable = budget.iterations is not None
        self.bound_mc: int | None = None
        pool = Pool()
        if not only_bound:
            pool.add_roster(roster)
        if swift is not None:
            pool.add_routes(swift.harvest())
        longest = max((len(route) for route in roster.routes), default=0)
        self.elementary = longest <= LONG_DAY
        sides = sides_of(day, 0 if self.elementary else NEAR_VISITS)
        self.pricer = Pricer(day, sides, budget, hard=not self.elementary)
        retime = None if swift is None else swift.cost_mc
        self.relaxation = Relaxation(day, self.pricer, pool, list(Roster(day).cost_mc), retime)
        self.near = None if swift is None else shared_prices(day, roster.routes, swift.cost_mc)
        if not self.elementary:
            self.relaxation.exact_labels, self.relaxation.most_labels = LONG_LABELS, MOST_LONG_LABELS
            self.relaxation.beams, self.relaxation.close_enough = LONG_BEAMS, LONG_CLOSE_ENOUGH

    def run(self) -> None:
        """Work until optimal or until the budget is spent."""
        try:
            self._run()
        except Stuck:
            self._tell("stuck")
        finally:
            self.pricer.close()

    def _run(self) -> None:
        relaxation, budget = self.relaxation, self.budget
        if len(self.day.visits) > ONE_REGION and not self.only_bound:
            self._go_by_region()
            return
        if not self.elementary and not self.only_bound:
            self._go_long()
            return
        if not self.only_bound and budget.left_s < ENOUGH_TIMES * exact_seconds(len(self.day.visits)):
            self._choose()  # the routes of ruin and recreate, recombined
        warm_up_s = WARM_UP_SHARE * budget.left_s
        relaxation.warm_up(Budget(seconds=warm_up_s, hand_in=budget.hand_in), self.near)
        if not self.only_bound and budget.left_s < SOON * budget.used_s:
            relaxation.bound_quickly()
            self._tell_proven("column generation")
            self._dive()  # exact prices may take too long: first a plan
            self._choose()
        relaxation.converge(budget)
        self._tell_proven("column generation")
        if self.only_bound or relaxation.bound_mc is None:
            return
        few = len(self.day.visits) <= MANY_VISITS
        self._make_plan(few)
        self._branch_on_left()
        for _ in range(CUT_ROUNDS if few else CUT_ROUNDS_MANY):
            if self._is_done() or self._rounds_are_used_up() or not relaxation.add_cuts(CUTS_A_ROUND):
                break
            relaxation.converge(budget)
            self._tell_proven("cuts")
        if not self._is_done() and self.elementary:
            self._close()
        if not self._is_done():
            self._dive()
            self._choose()

    def _go_long(self) -> None:
        """Plan a day of long routes: prices for the bound, ruin and recreate for the plan, in turn.

        A mixture of long routes is far from a plan, so a dive brings little; what ruin and recreate comes
        across, recombined with the routes that the prices brought, brings more.
        """
        relaxation, budget = self.relaxation, self.budget
        relaxation.warm_up(budget.of(WARM_UP_SHARE * budget.left_s), self.near)
        relaxation.converge(budget.of(LONG_PRICES_SHARE * budget.left_s))
        self._tell_proven("column generation")
        while not self._is_done() and not self._rounds_are_used_up():
            self._search_on()
            self._choose()
            if self._is_done() or not relaxation.add_cuts(CUTS_A_ROUND):
                continue
            relaxation.converge(budget.of(LONG_PRICES_SHARE * budget.left_s))
            self._tell_proven("cuts")

    def _search_on(self) -> None:
        """Ruin and recreate from the best plan, with most of the time left."""
        if self.swift is None or self._is_done():
            return
        self.relaxation.rounds += 1
        routes = self.swift.improve(
            self.roster.routes,
            self.seed + self.relaxation.rounds,
            seconds=None if self.repeatable else SEARCH_SHARE * self.budget.left_s,
            rounds=SWIFT_ROUNDS if self.repeatable else None,
            hand_in=self.budget.hand_in,
        )
        self.relaxation.pool.add_routes(self.swift.harvest())
        self._take(columns_of(roster_with(self.roster, routes)), "ruin and recreate")

    def _make_plan(self, few: bool) -> None:
        """Make plans near the bound; of many visits that may take a second try, from other routes."""
        if can_be_parted(self.day):
            self._settle_half()
        elif few:
            self._dive()
        if few and self._gap() > POOR:
            self._choose()
        self._polish()
        if not few and self._gap() > POOR:
            self._settle_half()
            self._polish()

    def _go_by_region(self) -> None:
        """Improve region by region; then a bound of the whole day, and again."""
        price_mc = np.array([line.penalty_mc for line in self.day.visits], dtype=np.int64)
        for sweep in range(MOST_SWEEPS):
            parts = list(regions(self.roster, self.seed, sweep))
            whole_s = self.budget.left_s * (SWEEP_SHARE if sweep == 0 else 1 - LAST_WORD_SHARE)
            for number, (nurses, visits) in enumerate(parts):
                if self._is_done() or self._rounds_are_used_up():
                    return
                began_s = self.budget.used_s
                self._improve(nurses, visits, min(MOST_REGION_S, whole_s / (len(parts) - number)), price_mc)
                whole_s -= self.budget.used_s - began_s
            nobody = np.zeros(len(self.day.nurses), dtype=np.int64)
            self._bound_whole(Prices(price_mc, nobody, np.zeros(0, dtype=np.int64)))

    def _gap(self) -> float:
        if self.bound_mc is None:
            return math.inf
        return (self.roster.total_mc - self.bound_mc) / max(1, abs(self.bound_mc))

    def _improve(self, nurses: list[int], visits: list[int], seconds: float, price_mc: Ints) -> None:
        """Plan a region anew, keep it if it is cheaper, and note what its visits are worth."""
        found, work = self._solved_part(self.roster, nurses, visits, self.budget.of(seconds))
        for column in work.relaxation.pool.columns:
            self.relaxation.pool.add(
                nurses[column.nurse], tuple(visits[visit] for visit in column.order), column.cost_mc
            )
        self.relaxation.rounds += work.relaxation.rounds
        price_mc[visits] = work.relaxation.best_guess().visit_mc
        if found.total_mc < self.roster.total_mc:
            self.roster = found
        self._tell("region by region")

    def _solved_part(
        self, roster: Roster, nurses: Sequence[int], visits: Sequence[int], budget: Budget
    ) -> tuple[Roster, "_Work"]:
        """Return the day with this part of it planned anew, and the work that was done."""
        part = part_of(self.day, nurses, visits)
        at = {visit: index for index, visit in enumerate(visits)}
        before = Roster(part)
        before.agreed.update({at[v]: windows for v, windows in roster.agreed.items() if v in at})
        for index, nurse in enumerate(nurses):
            before.set_route(index, [at[visit] for visit in roster.routes[nurse]])
        swift = Swift(part, before.agreed)
        rounds = SWIFT_ROUNDS if self.repeatable else None
        swift_s = None if self.repeatable else swift_seconds(part, budget, long=False)
        better = swift.improve(
            before.routes, self.seed, seconds=swift_s, rounds=rounds, hand_in=budget.hand_in
        )
        work = _Work(part, roster_with(before, better), swift, self.seed, budget, say_nothing)
        work.relaxation.exact_labels = LARGE_LABELS
        for column in self.relaxation.pool.within(nurses, visits):
            work.relaxation.pool.add(column.nurse, column.order, column.cost_mc)
        work.run()
        found = roster.copy()
        for nurse in nurses:
            found.set_route(nurse, [])
        for index, nurse in enumerate(nurses):
            found.set_route(nurse, [visits[visit] for visit in work.roster.routes[index]])
        return found, work

    def _better(self, roster: Roster, nurses: Sequence[int], visits: Sequence[int], budget: Budget) -> Roster:
        return self._solved_part(roster, nurses, visits, budget)[0]

    def _polish(self) -> None:
        """Solve one part after the other to the end, while that helps."""
        if self._is_done() or not can_be_parted(self.day):
            return
        budget = self.budget.of(POLISH_SHARE * self.budget.left_s)
        for roster in polish(self.roster, self.seed, budget, self._better):
            self.roster = roster
            self._tell("part by part")

    def _bound_whole(self, near: Prices) -> None:
        """Prove a bound of the whole day, from prices near the right ones."""
        relaxation, until_s = self.relaxation, BOUND_SHARE * self.budget.seconds
        relaxation.pool.add_roster(self.roster)
        began_s = self.budget.used_s
        for share in BOUND_SHARES:
            if self._is_done() or self.budget.used_s - began_s > until_s:
                return
            relaxation.bound_near(near, share)
            self._tell_proven("bounding")
        self._choose()

    def _branch_on_left(self) -> None:
        """Where the relaxation leaves a broken number of visits, show that no good plan leaves the larger
        one.

        Leaving a visit is dear, so this lifts the bound at little cost; then only plans that leave fewer
        count.
        """
        relaxation, budget = self.relaxation, self.budget
        while not self._is_done():
            relaxation.master.solve()
            left, (least, most) = relaxation.master.left, relaxation.master.left_between
            below = math.floor(left + BROKEN)
            if left - below <= BROKEN:
                return
            proven_mc = self.bound_mc
            relaxation.leave_between(below + 1, most)
            relaxation.converge(budget, enough_mc=self.roster.total_mc)
            more_mc = relaxation.bound_mc
            excluded = more_mc is not None and more_mc >= self.roster.total_mc
            relaxation.leave_between(least, below)
            relaxation.converge(budget)
            fewer_mc = relaxation.bound_mc
            if more_mc is not None and fewer_mc is not None:
                self._note_bound(min(more_mc, fewer_mc))
            self._tell("branching on visits left")
            if not excluded:
                if fewer_mc is None or proven_mc is None:
                    return
                relaxation.leave_between(least, most)
                relaxation.converge(budget)
                return

    def _rounds_are_used_up(self) -> bool:
        most = self.budget.iterations
        return most is not None and self.relaxation.rounds >= most

    def _is_done(self) -> bool:
        return self.budget.is_spent or (self.bound_mc is not None and self.bound_mc >= self.roster.total_mc)

    def _dive(self) -> None:
        if not self._is_done():
            found = dive(self.relaxation, self.budget)
            if found is not None:
                self._take(found, "dive")

    def _settle_half(self) -> None:
        """Dive until half of the nurses are settled, then solve the rest as a day of its own.

        The sure half of a dive costs next to nothing; what is lost is lost in the other half, where visits
        are settled that no longer fit together. A day half as large is solved much better than that.
        """
        if self._is_done():
            return
        found = dive(self.relaxation, self.budget, leave=max(PART_NURSES, len(self.day.nurses) // 2))
        if found is None:
            return
        roster = roster_from(found, self.roster)
        busy = {column.nurse for column in found}
        free = [nurse for nurse in range(len(self.day.nurses)) if nurse not in busy]
        seconds = max(LEAST_REST_S, REST_TIMES * exact_seconds(len(roster.unassigned)))
        budget = self.budget.of(min(REST_SHARE * self.budget.left_s, seconds))
        self._take(columns_of(self._better(roster, free, roster.unassigned, budget)), "dive")

    def _choose(self) -> None:
        """Offer the integer master the columns that cost least beyond the bound, and those of the
        incumbent.
        """
        relaxation, now_mc = self.relaxation, self.roster.total_mc
        if relaxation.bound_mc is None:
            relaxation.value_mc = relaxation.master.solve()
        low_mc = round(relaxation.value_mc) if relaxation.bound_mc is None else relaxation.bound_mc
        distance_mc = min(max(1, now_mc - low_mc), int(NEAR_SHARE * abs(now_mc)) + 1)
        near = relaxation.within_mc(distance_mc if relaxation.rounds else now_mc)
        near = near[-(MOST_COLUMNS_CHOSEN if self.elementary else MOST_LONG_COLUMNS_CHOSEN) :]
        relaxation.pool.add_roster(self.roster)
        columns = [*(relaxation.pool.columns[index] for index in near), *columns_of(self.roster)]
        chosen = choose(
            self.day,
            columns,
            relaxation.home_mc,
            hint=set(range(len(near), len(columns))),
            seconds=min(MOST_CHOICE_S, CHOICE_SHARE * self.budget.seconds),
            budget=self.budget,
            seed=self.seed,
            repeatable=self.repeatable,
            prices=relaxation.at,
            cuts=relaxation.master.cuts,
        )
        if chosen is not None:
            self._take([columns[index] for index in chosen.columns], "integer master")

    def _close(self) -> None:
        closing = Closing(self.relaxation, self.roster, self._better, self.budget, self.seed, self.repeatable)
        for step in closing.steps():
            self._take(step.columns, "closing")
            self._note_bound(step.bound_mc)
            self._tell("closing")

    def _take(self, columns: list[Column], doing: str) -> None:
        """Keep a plan if it is cheaper than the incumbent."""
        roster = Roster(self.day)
        roster.agreed.update(self.roster.agreed)
        for column in columns:
            if not roster.set_route(column.nurse, list(column.order)):
                return
        torn = any(
            partner >= 0 and (roster.nurse_of[visit] < 0) != (roster.nurse_of[partner] < 0)
            for visit, partner in enumerate(self.day.partner)
        )
        if not torn and roster.total_mc < self.roster.total_mc:
            self.roster = roster
            self._tell(doing)

    def _note_bound(self, bound_mc: int | None) -> None:
        if bound_mc is not None:
            self.bound_mc = max(bound_mc, self.bound_mc) if self.bound_mc is not None else bound_mc
            self.bound_mc = min(self.bound_mc, self.roster.total_mc)

    def _tell_proven(self, doing: str) -> None:
        """Note what the relaxation has proven by now, and report."""
        self._note_bound(self.relaxation.bound_mc)
        self._tell(doing)

    def _tell(self, doing: str) -> None:
        bound_mc = (
            self.foreign_mc if self.day.problem.double_visits and not self.only_bound else self.bound_mc
        )
        tell(self.roster, bound_mc, self.budget, self.on_progress, doing)


def _with_agreed_begins(day: DayIndex, roster: Roster) -> DayIndex:
    """Return the day in which both halves of each double visit keep the begin agreed, or are not made."""
    restricted = DayIndex(day.problem)
    for visit, partner in enumerate(day.partner):
        if partner >= 0:
            windows = roster.agreed.get(visit, ()) if roster.nurse_of[visit] >= 0 else ()
            restricted.visits[visit] = replace(restricted.visits[visit], windows=windows)
    return restricted

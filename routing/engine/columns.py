"""The exact engine: route generation, cuts and closing, with a proven bound at every moment.

The order of work, each step ended by the budget: a greedy day; column generation from rough to exact
prices, which proves the first bound; a dive and the integer master, which make a plan; subset-row cuts,
which lift the bound, with a dive between; and closing, which lists all routes of any better plan and
chooses among them. `docs/planning.md` tells the story with a picture.

Where exactness is given up. The two halves of a double visit are bound to one begin, the one the greedy day
agreed, while plans are made; the bound is that of the day in which each half may begin on its own, so it
stays true and may be less than tight. Everything else is exact.
"""

import math
from dataclasses import replace

from routing.engine.budget import Budget, OnProgress, Progress, say_nothing
from routing.engine.choice import choose
from routing.engine.closing import close
from routing.engine.dive import dive
from routing.engine.generation import Relaxation
from routing.engine.greedy import cheapest_insertion, relocate_until_settled
from routing.engine.index import DayIndex
from routing.engine.pool import Column, Pool
from routing.engine.pricing import Pricer
from routing.engine.roster import Roster
from routing.engine.ruin import ruin_and_recreate
from routing.engine.side import sides_of
from routing.generator import generate_day

CUTS_A_ROUND = 60
CUT_ROUNDS = 25
CHOICE_SHARE, MOST_CHOICE_S = 0.15, 12.0
MOST_COLUMNS_CHOSEN = 12_000
NEAR_SHARE = 0.02  # of the bound: columns that cost no more than this are offered to the integer master
GREEDY_SHARE = 0.05
RUIN_SHARE, MOST_RUIN_S, LONG_RUIN_SHARE = 0.02, 0.5, 0.4
RUIN_ROUNDS, LONG_RUIN_ROUNDS = 50, 400  # where the rounds are counted, not the seconds
WARM_UP_SHARE = 0.6
LONG_LABELS = 15_000
MANY_VISITS = 150
BROKEN = 0.01  # a number of visits this close to a whole one is whole
LONG_DAY = 9  # more visits than this on the longest greedy route: remember neighbours only
NEAR_VISITS = 10


def plan_columns(
    day: DayIndex, seed: int, budget: Budget, on_progress: OnProgress
) -> tuple[Roster, set[int], int | None]:
    """Return the best day found, the visits that were not tried, and the bound in mc if one is proven."""
    roster, untried = cheapest_insertion(day, seed, budget)
    _tell(roster, None, budget, on_progress, "cheapest insertion")
    if untried or not day.visits or not day.nurses:
        return roster, untried, None
    relocate_until_settled(roster, budget.share(GREEDY_SHARE), rounds=1)
    _tell(roster, None, budget, on_progress, "relocation")
    long = max(len(route) for route in roster.routes) > LONG_DAY
    share, rounds = (LONG_RUIN_SHARE, LONG_RUIN_ROUNDS) if long else (RUIN_SHARE, RUIN_ROUNDS)
    ruin_s = share * budget.left_s if long else min(MOST_RUIN_S, share * budget.left_s)
    ruin = Budget(seconds=ruin_s, hand_in=budget.hand_in)
    roster = ruin_and_recreate(roster, seed, ruin, say_nothing, rounds if budget.iterations else None)
    _tell(roster, None, budget, on_progress, "ruin and recreate")
    if not any(partner >= 0 for partner in day.partner):
        work = _Work(day, roster, seed, budget, on_progress)
        work.run()
        return work.roster, set(), work.bound_mc
    relaxed = _Work(day, roster, seed, budget, on_progress, only_bound=True)
    relaxed.run()
    work = _Work(
        _with_agreed_begins(day, roster), roster, seed, budget, on_progress, proven_mc=relaxed.bound_mc
    )
    work.run()
    return work.roster, set(), relaxed.bound_mc


def warm_up() -> None:
    """Load the compiled loops (the first time: compile them), so that the first day need not wait for it.

    For a planning worker's boot: it takes about two seconds from the cache on disk and half a minute
    without.
    """
    plan_columns(DayIndex(generate_day(6, 2, 1)), 0, Budget(seconds=60.0, iterations=1), say_nothing)


class _Work:
    """One solve: the incumbent, the relaxation, and what is being done."""

    def __init__(
        self,
        day: DayIndex,
        roster: Roster,
        seed: int,
        budget: Budget,
        on_progress: OnProgress,
        *,
        only_bound: bool = False,
        proven_mc: int | None = None,
    ) -> None:
        self.day, self.roster, self.seed, self.budget = day, roster, seed, budget
        self.on_progress, self.only_bound, self.foreign_mc = on_progress, only_bound, proven_mc
        self.repeatable = budget.iterations is not None
        self.bound_mc: int | None = None
        pool = Pool()
        if not only_bound:
            pool.add_roster(roster)
        longest = max((len(route) for route in roster.routes), default=0)
        self.elementary = longest <= LONG_DAY
        sides = sides_of(day, 0 if self.elementary else NEAR_VISITS)
        self.pricer = Pricer(day, sides, budget)
        self.relaxation = Relaxation(day, self.pricer, pool, list(Roster(day).cost_mc))
        if not self.elementary:
            self.relaxation.exact_labels = LONG_LABELS

    def run(self) -> None:
        """Work until optimal or until the budget is spent."""
        try:
            self._run()
        finally:
            self.pricer.close()

    def _run(self) -> None:
        relaxation, budget = self.relaxation, self.budget
        relaxation.warm_up(replace(budget, seconds=WARM_UP_SHARE * budget.seconds))
        relaxation.bound_quickly()
        self._note_bound(relaxation.bound_mc)
        self._tell("column generation")
        if not self.only_bound and (not self.elementary or len(self.day.visits) > MANY_VISITS):
            self._make_plan()  # exact prices may take long: first a plan
        relaxation.converge(budget)
        self._note_bound(relaxation.bound_mc)
        self._tell("column generation")
        if self.only_bound or relaxation.bound_mc is None:
            return
        self._make_plan()
        self._branch_on_left()
        for rounds in range(CUT_ROUNDS):
            if self._is_done() or self._rounds_are_used_up():
                return
            if not relaxation.add_cuts(CUTS_A_ROUND):
                break
            relaxation.heuristic_rounds(budget, rounds=6)
            relaxation.converge(budget)
            self._note_bound(relaxation.bound_mc)
            self._tell("subset-row cuts")
            if rounds % 4 == 3:
                self._make_plan()
        if self._is_done() or self._rounds_are_used_up():
            return
        self._make_plan()
        if self.elementary and not self._is_done():
            self._close()

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
            relaxation.heuristic_rounds(budget)
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

    def _make_plan(self) -> None:
        found = dive(self.relaxation, self.budget)
        if found is not None:
            self._take(found, "dive")
        if not self._is_done():
            self._choose()

    def _choose(self) -> None:
        """Offer the integer master the columns that cost least beyond the bound, and those of the
        incumbent.
        """
        relaxation, now_mc = self.relaxation, self.roster.total_mc
        low_mc = round(relaxation.value_mc) if relaxation.bound_mc is None else relaxation.bound_mc
        near = relaxation.within_mc(min(max(1, now_mc - low_mc), int(NEAR_SHARE * abs(now_mc)) + 1))
        if len(near) > MOST_COLUMNS_CHOSEN:
            near = near[-MOST_COLUMNS_CHOSEN:]
        relaxation.pool.add_roster(self.roster)
        columns = [*(relaxation.pool.columns[index] for index in near), *_columns_of(self.roster)]
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
        roster = self.roster
        steps = close(
            self.relaxation, _columns_of(roster), roster.total_mc, self.budget, self.seed, self.repeatable
        )
        for step in steps:
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

    def _tell(self, doing: str) -> None:
        bound_mc = (
            self.foreign_mc if self.day.problem.double_visits and not self.only_bound else self.bound_mc
        )
        _tell(self.roster, bound_mc, self.budget, self.on_progress, doing)


def _columns_of(roster: Roster) -> list[Column]:
    return [
        Column(nurse, tuple(route), roster.cost_mc[nurse])
        for nurse, route in enumerate(roster.routes)
        if route
    ]


def _with_agreed_begins(day: DayIndex, roster: Roster) -> DayIndex:
    """Return the day in which both halves of each double visit keep the begin agreed, or are not made."""
    restricted = DayIndex(day.problem)
    for visit, partner in enumerate(day.partner):
        if partner >= 0:
            windows = roster.agreed.get(visit, ()) if roster.nurse_of[visit] >= 0 else ()
            restricted.visits[visit] = replace(restricted.visits[visit], windows=windows)
    return restricted


def _tell(roster: Roster, bound_mc: int | None, budget: Budget, on_progress: OnProgress, doing: str) -> None:
    on_progress(
        Progress(
            seconds=round(budget.used_s, 3),
            cost_mc=roster.total_mc,
            unassigned=len(roster.unassigned),
            doing=doing,
            bound_mc=bound_mc,
        )
    )

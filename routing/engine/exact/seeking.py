"""Better plans: an exact solve of some nurses at a time, again and again, the rest of the day held.

A part of fourteen nurses is solved to the end in a second or two, and what it saves the whole day saves, for
no cost couples two routes (E. Taillard, S. Voss, "POPMUSIC: partial optimization metaheuristic under special
intensification conditions", in "Essays and Surveys in Metaheuristics", 2002). The parts are regions, drawn
elsewhere in each sweep (`routing.engine.exact.regions`).
"""

from collections.abc import Callable, Iterator, Sequence
from threading import Event, Thread
from types import TracebackType
from typing import Self

from routing.engine.budget import Budget
from routing.engine.exact.branching import Branching, question_of
from routing.engine.exact.listing import Narrowing
from routing.engine.exact.regions import regions
from routing.engine.index import DayIndex
from routing.engine.master.pool import Column, columns_of, cost_of_plan_mc, roster_from
from routing.engine.route.roster import Roster

PART_NURSES = 14
LEAST_PARTS = 1.5
MOST_PART_S = 6.0
IDLE_SWEEPS = 2  # sweeps without gain: more would bring little
SIZES = (14, 10, 17, 12)  # nurses of a part, in turn, beside the tree
NEAREST = 7_000  # routes; some thousand nearly always hold a plan next to the best
CHOICE_SHARE, LAST_WORD_S = 0.45, 1.0  # of the time left, for those; how long to wait beyond that
LOOK_UP_S = 0.05

Improve = Callable[[Roster, Sequence[int], Sequence[int], Budget], Roster]


def can_be_parted(day: DayIndex) -> bool:
    """Say whether a part is a good deal less than the whole day."""
    return len(day.nurses) >= LEAST_PARTS * PART_NURSES


def polish(roster: Roster, seed: int, budget: Budget, improve: Improve) -> Iterator[Roster]:
    """Yield better and better days, until sweeps bring nothing or the budget is spent."""
    idle = sweep = 0
    while idle < IDLE_SWEEPS and not budget.is_spent:
        before_mc = roster.total_mc
        for found in _sweep(roster, seed, sweep, PART_NURSES, budget, improve):
            roster = found
            yield found
        idle = 0 if roster.total_mc < before_mc else idle + 1
        sweep += 1


def _sweep(
    roster: Roster, seed: int, sweep: int, size: int, budget: Budget, improve: Improve
) -> Iterator[Roster]:
    for nurses, visits in regions(roster, seed, sweep, size):
        if budget.is_spent:
            return
        part_budget = Budget(seconds=min(MOST_PART_S, budget.left_s), hand_in=budget.hand_in)
        found = improve(roster, nurses, visits, part_budget)
        if found.total_mc < roster.total_mc:
            roster = found
            yield found


class Seeker:
    """Looks for plans in a thread of its own, ended when it is left; `plan` is the best known."""

    def __init__(self, day: DayIndex, plan: list[Column], home_mc: Sequence[int], budget: Budget) -> None:
        self.day, self.home_mc = day, home_mc
        self.plan, self.cost_mc = plan, cost_of_plan_mc(day, plan, home_mc)
        self.budget = Budget(seconds=budget.left_s, hand_in=Event())
        self._thread: Thread | None = None

    def begin(self, *ways: "Way") -> None:
        """Begin to seek, one way after the other; until then, and without, it keeps what it is offered."""

        def seek() -> None:
            for way in ways:
                if not self.budget.is_spent:
                    way(self)

        self._thread = Thread(target=seek, daemon=True)
        self._thread.start()

    @property
    def is_at_work(self) -> bool:
        """Whether it is still seeking."""
        return self._thread is not None and self._thread.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.budget.hand_in.set()
        if self._thread is not None:
            self._thread.join()

    def offer(self, plan: list[Column]) -> None:
        """Take a plan if it is cheaper."""
        cost_mc = cost_of_plan_mc(self.day, plan, self.home_mc)
        if cost_mc < self.cost_mc:
            self.plan, self.cost_mc = plan, cost_mc


Way = Callable[[Seeker], None]


def by_parts(like: Roster, seed: int, improve: Improve) -> Way:
    """Seek by solving parts of changing size, from the best plan; begins are agreed as in another roster."""

    def seek(seeker: Seeker) -> None:
        best, sweep = roster_from(seeker.plan, like), 0
        while not seeker.budget.is_spent:
            size = SIZES[sweep % len(SIZES)]
            for found in _sweep(best, seed + 1, sweep, size, seeker.budget, improve):
                best = found
                seeker.offer(columns_of(found))
            sweep += 1

    return seek


def by_choice(narrowing: Narrowing) -> Way:
    """Seek among the routes nearest to the bound, in a process of its own (`exact.branching`)."""
    routes, prices, cuts = narrowing.routes.columns(), narrowing.at, list(narrowing.cuts)
    nearest = [routes[place] for place in narrowing.order()[:NEAREST].tolist()]

    def seek(seeker: Seeker) -> None:
        columns = [*nearest, *seeker.plan]
        seconds = CHOICE_SHARE * seeker.budget.left_s
        asked = question_of(seeker.day, columns, seeker.home_mc, prices.visit_mc, cuts, seconds)
        branching, until = Branching(asked), Budget(seconds=seconds + LAST_WORD_S)
        try:
            while not (branching.is_done() or seeker.budget.hand_in.wait(LOOK_UP_S) or until.is_spent):
                pass
            answer = branching.answer(0.0)
        finally:
            branching.end()
        if answer is not None:
            seeker.offer([columns[index] for index in answer["chosen"]])

    return seek

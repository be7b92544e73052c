"""Closing the gap: list every route that a better plan could still use, and search among them.

With prices that prove the bound L, a plan cheaper than a target T can use a route of nurse k only if its
reduced cost stays less than T - L above the nurse's least (her term in L): whatever exceeds its least adds
to L. All such routes are enumerated by the labels that keep every set of visits. The target is the
incumbent's cost where the list stays short enough, else something between: if no plan below the target
exists, the target is the new bound, and the next one is farther; if one exists, the cheapest is optimal.

Over the list, cuts raise the bound (`routing.engine.exact.listing`); then a tree search raises it on
(`routing.engine.exact.tree`), while parts of the day are solved beside it (`routing.engine.exact.seeking`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from routing.engine.budget import Budget
from routing.engine.exact.listing import Narrowing, RouteList, listed
from routing.engine.exact.seeking import Improve, Seeker, Way, by_choice, by_parts, can_be_parted
from routing.engine.exact.tree import Tree
from routing.engine.master.generation import Relaxation
from routing.engine.master.integer import choose
from routing.engine.master.pool import Column, columns_of
from routing.engine.pricing.nurses import ALL
from routing.engine.route.roster import Roster

LABELS_A_NURSE = 400_000
LOOK_UP_S = 0.1
MOST_LISTED = 100_000
ENOUGH = 12_000  # routes: a list of so many need not be longer
FIRST_DISTANCE = 0.008  # from bound to target at first, as a share of the bound
LEAST_DISTANCE = 0.0005  # below, other work is better
GROWTH, LEAST_FACTOR, MOST_FACTOR = 3.0, 1.3, 3.0  # a list grows about as the third power of the distance
SHRINK = 0.6
TREE_COLUMNS = 500  # that the tree begins with
MANY_NURSES = 40
NODES = 60  # of the tree, where the plan must not depend on the machine's speed


@dataclass(frozen=True)
class Step:
    """What the search has brought by now: the columns of the best plan, and the bound of the day."""

    columns: list[Column]
    bound_mc: int


class Closing:
    """Raises the target from the bound towards the best plan's cost, until that is optimal or time is up.

    `roster` is the best day known, `improve` solves a part of it (`routing.engine.exact.seeking`).
    """

    def __init__(
        self,
        relaxation: Relaxation,
        roster: Roster,
        improve: Improve,
        budget: Budget,
        seed: int,
        repeatable: bool,
    ) -> None:
        assert relaxation.bound_mc is not None
        self.relaxation, self.roster, self.improve = relaxation, roster, improve
        self.budget, self.seed, self.repeatable = budget, seed, repeatable
        self.bound_mc: int = relaxation.bound_mc
        self.seeker = Seeker(relaxation.day, columns_of(roster), relaxation.home_mc, budget)

    @property
    def step(self) -> Step:
        """What the search has brought by now."""
        return Step(self.seeker.plan, min(self.bound_mc, self.seeker.cost_mc))

    def steps(self) -> Iterator[Step]:
        """Work, and say now and then what it has brought."""
        with self.seeker:
            for _ in self._list_after_list():
                yield self.step
            # Lists have grown too long to prove more: plans may still be found.
            while self.seeker.is_at_work and not self._is_done():
                self.budget.hand_in.wait(LOOK_UP_S)
                yield self.step

    def _is_done(self) -> bool:
        return self.budget.is_spent or self.bound_mc >= self.seeker.cost_mc

    def _list_after_list(self) -> Iterator[None]:
        proven_mc, reach_mc = self.bound_mc, 0
        while not self._is_done():
            found = _longest_list(self.relaxation, self.seeker.cost_mc, reach_mc, self.budget)
            if found is None:
                return
            routes, target_mc = found
            reach_mc = target_mc - proven_mc
            yield from self._over(routes, target_mc)
            if self.bound_mc < min(target_mc, self.seeker.cost_mc):
                return

    def _over(self, routes: RouteList, target_mc: int) -> Iterator[None]:
        """Search one list."""
        relaxation, budget, seeker = self.relaxation, self.budget, self.seeker
        narrowing = _narrowing(relaxation, routes, target_mc)
        narrowing.run(seeker.plan, budget)
        if narrowing.plan is not None:
            seeker.offer(narrowing.plan)
        self._note(min(narrowing.target_mc, narrowing.bound_mc))
        yield
        if self.bound_mc >= narrowing.target_mc or budget.is_spent:
            return
        if any(partner >= 0 for partner in relaxation.day.partner):
            self._ask_master(narrowing)  # the tree would tear the halves of double visits apart
            yield
            return
        if not self.repeatable and not seeker.is_at_work:
            seeker.begin(*self._ways(narrowing))
        tree = Tree(narrowing, seeker)
        for _ in tree.search(TREE_COLUMNS, budget, NODES if self.repeatable else None):
            self._note(tree.bound_mc)
            yield

    def _ways(self, narrowing: Narrowing) -> list[Way]:
        """Return how plans are sought: on large days part by part, for the list is far from closed there."""
        parts = by_parts(self.roster, self.seed, self.improve)
        if len(self.relaxation.day.nurses) >= MANY_NURSES:
            return [parts]
        return [by_choice(narrowing), parts] if can_be_parted(self.relaxation.day) else [by_choice(narrowing)]

    def _note(self, bound_mc: int) -> None:
        self.bound_mc = max(self.bound_mc, bound_mc)

    def _ask_master(self, narrowing: Narrowing) -> None:
        """Let the integer master decide among the routes of a list."""
        columns = [*narrowing.routes.columns(), *self.seeker.plan]
        chosen = choose(
            self.relaxation.day,
            columns,
            self.relaxation.home_mc,
            hint=set(range(len(narrowing.routes), len(columns))),
            seconds=self.budget.left_s,
            budget=self.budget,
            seed=self.seed,
            repeatable=self.repeatable,
            enough_mc=narrowing.target_mc,
            prices=narrowing.at,
            cuts=narrowing.cuts,
        )
        if chosen is not None:
            self.seeker.offer([columns[index] for index in chosen.columns])
            self._note(min(narrowing.target_mc, chosen.bound_mc))


def _longest_list(
    relaxation: Relaxation, cost_mc: int, least_mc: int, budget: Budget
) -> tuple[RouteList, int] | None:
    """Return as long a list as can be searched, and its target; None where none goes beyond `least_mc`."""
    assert relaxation.bound_mc is not None
    bound_mc = relaxation.bound_mc
    floor_mc = max(least_mc + 1, int(LEAST_DISTANCE * abs(bound_mc)))
    distance_mc = max(int(FIRST_DISTANCE * abs(bound_mc)), int(LEAST_FACTOR * least_mc))
    best: tuple[RouteList, int] | None = None
    while not budget.is_spent:
        target_mc = min(cost_mc, bound_mc + distance_mc)
        found = list_routes(relaxation, target_mc)
        if found is None:
            distance_mc = int(SHRINK * min(distance_mc, cost_mc - bound_mc))
            if best is not None or distance_mc < floor_mc:
                return best
            continue
        best = found, target_mc
        if target_mc >= cost_mc or len(found) >= ENOUGH:
            return best
        factor = (ENOUGH / max(1, len(found))) ** (1 / GROWTH)
        distance_mc = int(distance_mc * min(MOST_FACTOR, max(LEAST_FACTOR, factor)))
    return best


def _narrowing(relaxation: Relaxation, routes: RouteList, target_mc: int) -> Narrowing:
    assert relaxation.at is not None
    assert relaxation.bound_mc is not None
    return Narrowing(
        routes=routes,
        home_mc=np.array(relaxation.home_mc, dtype=np.int64),
        left_between=relaxation.master.left_between,
        cuts=list(relaxation.master.cuts),
        bound_mc=relaxation.bound_mc,
        target_mc=target_mc,
        at=relaxation.at,
    )


def list_routes(relaxation: Relaxation, below_mc: int) -> RouteList | None:
    """Return all routes that a plan below `below_mc` can use; None when they are too many to list.

    Raises
    ------
    ValueError
        If the relaxation has proven no bound yet.
    """
    at, bound_mc = relaxation.at, relaxation.bound_mc
    if at is None or bound_mc is None or relaxation.terms_mc is None:
        raise ValueError("a bound must be proven first")
    gap_mc = below_mc - bound_mc
    thresholds = np.array([term + gap_mc for term in relaxation.terms_mc], dtype=np.int64)
    day, last = relaxation.day, len(relaxation.day.visits)
    blocks, count = [], 0
    for nurses in _in_groups(len(day.nurses)):
        priced = relaxation.pricer.price(
            at,
            relaxation.master.cuts,
            way=ALL,
            below_mc=thresholds,
            labels=LABELS_A_NURSE,
            keep=LABELS_A_NURSE,
            nurses=nurses,
        )
        for found in priced:
            count += len(found.routes)
            if found.cut_short or count > MOST_LISTED:
                return None
            in_day = np.append(relaxation.pricer.sides[found.nurse].visits, last)[found.routes]
            blocks.append((found.nurse, in_day, found.cost_mc))
    return listed(day, blocks)


def _in_groups(nurses: int) -> list[list[int]]:
    return [list(range(first, min(first + 4, nurses))) for first in range(0, nurses, 4)]

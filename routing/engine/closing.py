"""Closing the gap: list every route that a better plan could still use, and choose among them exactly.

With prices that prove the bound L, and an incumbent of cost U, a plan cheaper than U can use a route of
nurse k only if its reduced cost stays less than U - L above the nurse's least (her term in L): whatever
exceeds its least adds to L. Rather than with U, which may be far above the optimum, the list is made for a
target a little above L: if no plan below the target exists, the target is the new bound, and the next one
is twice as far; if one exists, the cheapest is optimal, whatever U was. All such routes are enumerated by
the labels that keep every set of visits; when there are few enough, the integer master over them proves the
incumbent optimal or finds the optimum (R. Baldacci, N. Christofides, A. Mingozzi, Mathematical Programming
115, 2008).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from routing.engine.budget import Budget
from routing.engine.choice import choose
from routing.engine.generation import Relaxation
from routing.engine.pool import Column
from routing.engine.pricing import ALL

LABELS_A_NURSE = 400_000
MOST_COLUMNS = 150_000
FIRST_TARGET = 0.002  # above the bound, as a share of it
STEP_SHARE = 0.5  # of the time left, for one target


@dataclass(frozen=True)
class Step:
    """What one target brought: the columns of the best plan, and the bound of the day."""

    columns: list[Column]
    bound_mc: int


def close(
    relaxation: Relaxation, incumbent: list[Column], cost_mc: int, budget: Budget, seed: int, repeatable: bool
) -> Iterator[Step]:
    """Raise the target from the bound towards the incumbent's cost, until one is optimal or lists grow too
    long.

    The incumbent's routes are added to every list, so that a choice can never be worse than it.
    """
    bound_mc = proven_mc = relaxation.bound_mc
    assert bound_mc is not None
    assert proven_mc is not None
    distance_mc = max(1, int(FIRST_TARGET * abs(bound_mc)))
    while not budget.is_spent:
        target_mc = min(cost_mc, proven_mc + distance_mc)
        listed = list_routes(relaxation, target_mc)
        if listed is None:
            return
        columns = [*listed, *incumbent]
        chosen = choose(
            relaxation.day,
            columns,
            relaxation.home_mc,
            hint=set(range(len(listed), len(columns))),
            seconds=STEP_SHARE * budget.left_s,
            budget=budget,
            seed=seed,
            repeatable=repeatable,
            enough_mc=target_mc,
            prices=relaxation.at,
            cuts=relaxation.master.cuts,
        )
        if chosen is not None:
            bound_mc = max(bound_mc, min(target_mc, chosen.bound_mc))
            if chosen.cost_mc < cost_mc:
                cost_mc = chosen.cost_mc
                incumbent = [columns[index] for index in chosen.columns]
            yield Step(incumbent, bound_mc)
        if bound_mc >= cost_mc or repeatable or target_mc >= cost_mc:
            return
        distance_mc *= 2


def list_routes(relaxation: Relaxation, below_mc: int, labels: int = LABELS_A_NURSE) -> list[Column] | None:
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
    found: dict[tuple[int, frozenset[int]], Column] = {}
    count = 0
    for nurses in _in_pairs(len(relaxation.day.nurses)):
        priced = relaxation.pricer.price(
            at,
            relaxation.master.cuts,
            way=ALL,
            below_mc=thresholds,
            labels=labels,
            keep=labels,
            nurses=nurses,
        )
        for nurse in priced:
            count += len(nurse.routes)
            if nurse.cut_short or count > MOST_COLUMNS:
                return None
            side = relaxation.pricer.sides[nurse.nurse]
            for route, cost_mc in zip(nurse.routes, nurse.cost_mc.tolist(), strict=True):
                order = tuple(side.visits[route[route >= 0]].tolist())
                key = nurse.nurse, frozenset(order)
                known = found.get(key)
                if known is None or cost_mc < known.cost_mc:
                    found[key] = Column(nurse.nurse, order, cost_mc)
    return list(found.values())


def _in_pairs(nurses: int) -> list[list[int]]:
    return [list(range(first, min(first + 4, nurses))) for first in range(0, nurses, 4)]

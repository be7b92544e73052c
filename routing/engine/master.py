"""The linear master: the mixture of known routes that serves the day at least cost, and what visits are
worth.

    min  sum_r c_r x_r + sum_v penalty_v y_v
    s.t. sum_{r makes v} x_r + y_v  = 1   for every visit    (price pi_v, free in sign: serving a visit
                                                              may also save waiting)
         sum_{r of k} x_r          <= 1   for every nurse    (price mu_k <= 0)
         least <= sum_v y_v        <= most                   (a branch on how many visits are left)
         sum_r floor(|r and S| / 2) x_r <= 1  for every subset-row cut S of three visits (price <= 0)

Solved by GLOP through OR-Tools, warm from the basis before. Costs enter in dollars, so that the solver
works with numbers of a friendly size; prices leave as whole millicents, which any bound may round as it
likes because `routing.engine.pricing.Pricer.bound_mc` holds for whatever prices it is given.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ortools.linear_solver import pywraplp

from routing.engine.index import DayIndex
from routing.engine.pool import Column, Pool
from routing.engine.side import Ints

MC_A_DOLLAR = 100_000
LEAST_SHARE = 1e-7
_solvers: Any = pywraplp  # its Python face carries no types


@dataclass(frozen=True)
class Prices:
    """Prices in whole mc: visits (N,), nurses (M,) none positive, cuts (Q,) as what a route pays, none
    negative.
    """

    visit_mc: Ints
    nurse_mc: Ints
    cut_mc: Ints
    left_mc: int = 0  # of one more visit left: > 0 where bounded from below, < 0 from above

    def towards(self, other: "Prices", share: float) -> "Prices":
        """Return a mixture: this share of the way to `other` (dual smoothing)."""

        def mix(a: Ints, b: Ints) -> Ints:
            if len(a) < len(b):
                a = np.concatenate([a, np.zeros(len(b) - len(a), dtype=np.int64)])
            return np.rint(a + share * (b - a)).astype(np.int64)

        return Prices(
            mix(self.visit_mc, other.visit_mc),
            mix(self.nurse_mc, other.nurse_mc),
            mix(self.cut_mc, other.cut_mc),
            round(self.left_mc + share * (other.left_mc - self.left_mc)),
        )


class LinearMaster:
    """The linear programme over a growing pool.

    After `solve`, `shares` holds the columns in the solution, by position, with their share, `prices` its
    prices and `left` how many visits it leaves.
    """

    def __init__(self, day: DayIndex, pool: Pool, home_mc: list[int]) -> None:
        self.day, self.pool = day, pool
        self.cuts: list[tuple[int, int, int]] = []
        self.shares: dict[int, float] = {}
        self.prices: Prices
        self.left = 0.0
        self._cuts_of: dict[int, list[int]] = defaultdict(list)
        self._solver = _solvers.Solver.CreateSolver("GLOP")
        self._solver.SetSolverSpecificParametersAsString("use_preprocessing: false")
        self._objective = self._solver.Objective()
        self._objective.SetMinimization()
        self._visit = [self._solver.Constraint(1.0, 1.0) for _ in day.visits]
        self._nurse = [self._solver.Constraint(1.0 if line.on_duty else 0.0, 1.0) for line in day.nurses]
        self._cut: list[Any] = []
        self._column: list[Any] = []
        self._left = []
        for visit in range(len(day.visits)):
            slack = self._solver.NumVar(0.0, 1.0, "")
            self._visit[visit].SetCoefficient(slack, 1.0)
            self._left.append(slack)
        self.left_between = 0, len(day.visits)
        self._left_count = self._solver.Constraint(0.0, float(len(day.visits)))
        for slack in self._left:
            self._left_count.SetCoefficient(slack, 1.0)
        self.price_leaving()
        for nurse, line in enumerate(day.nurses):
            if line.on_duty:
                stays = self._solver.NumVar(0.0, 1.0, "")
                self._nurse[nurse].SetCoefficient(stays, 1.0)
                self._objective.SetCoefficient(stays, home_mc[nurse] / MC_A_DOLLAR)

    def solve(self) -> float:
        """Take in new columns and solve; return the value in mc."""
        for known in self.pool.cheaper:
            if known < len(self._column):
                self._objective.SetCoefficient(
                    self._column[known], self.pool.columns[known].cost_mc / MC_A_DOLLAR
                )
        self.pool.cheaper.clear()
        for column in self.pool.columns[len(self._column) :]:
            self._add(column)
        status = self._solver.Solve()
        assert status == _solvers.Solver.OPTIMAL, "a master with slacks always has a solution"
        # Read at once: a later change of the model would make the library forget its solution.
        shares = [variable.solution_value() for variable in self._column]
        self.shares = {index: share for index, share in enumerate(shares) if share > LEAST_SHARE}
        self.prices = self._prices()
        self.left = sum(slack.solution_value() for slack in self._left)
        return float(self._objective.Value() * MC_A_DOLLAR)

    def _prices(self) -> Prices:
        def mc(rows: list[Any]) -> npt.NDArray[np.float64]:
            return np.array([row.dual_value() for row in rows], dtype=np.float64) * MC_A_DOLLAR

        on_duty = np.array([line.on_duty for line in self.day.nurses], dtype=bool)
        nurse = mc(self._nurse)
        nurse = np.where(on_duty, nurse, np.minimum(nurse, 0.0))
        return Prices(
            np.rint(mc(self._visit)).astype(np.int64),
            np.rint(nurse).astype(np.int64),
            np.rint(np.maximum(0.0, -mc(self._cut))).astype(np.int64),
            round(float(mc([self._left_count])[0])),
        )

    def price_leaving(self, most_mc: int | None = None) -> None:
        """Price unassigned visits by their penalties, or by `most_mc` where that is less.

        A low price at first keeps the early prices of visits near what serving them costs.
        """
        for slack, line in zip(self._left, self.day.visits, strict=True):
            penalty_mc = line.penalty_mc if most_mc is None else min(line.penalty_mc, most_mc)
            self._objective.SetCoefficient(slack, penalty_mc / MC_A_DOLLAR)

    def leave_between(self, least: int, most: int) -> None:
        """Bound how many visits stay unassigned."""
        self.left_between = least, most
        self._left_count.SetBounds(float(least), float(most))

    def settle(self, column: int) -> None:
        """Hold a column, by position, in the solution."""
        self._column[column].SetBounds(1.0, 1.0)

    def release(self, column: int) -> None:
        """Let go of a settled column."""
        self._column[column].SetBounds(0.0, self._solver.infinity())

    def add_cut(self, triple: tuple[int, int, int]) -> None:
        """Add the subset-row cut of three visits: routes that make two of them or more, one at most."""
        row = self._solver.Constraint(-self._solver.infinity(), 1.0)
        index = len(self.cuts)
        self.cuts.append(triple)
        self._cut.append(row)
        for visit in triple:
            self._cuts_of[visit].append(index)
        members = set(triple)
        for variable, column in zip(self._column, self.pool.columns, strict=False):
            times = sum(visit in members for visit in column.order)
            if times >= 2:
                row.SetCoefficient(variable, float(times // 2))

    def _add(self, column: Column) -> None:
        variable = self._solver.NumVar(0.0, self._solver.infinity(), "")
        self._objective.SetCoefficient(variable, column.cost_mc / MC_A_DOLLAR)
        self._nurse[column.nurse].SetCoefficient(variable, 1.0)
        met: dict[int, int] = defaultdict(int)
        for visit in column.order:
            self._visit[visit].SetCoefficient(variable, float(column.order.count(visit)))
            for cut in self._cuts_of.get(visit, ()):
                met[cut] += 1
        for cut, times in met.items():
            if times >= 2:
                self._cut[cut].SetCoefficient(variable, float(times // 2))
        self._column.append(variable)

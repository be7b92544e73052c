"""The linear master: the mixture of known routes that serves the day at least cost, and what visits are
worth.

    min  sum_r c_r x_r + sum_v penalty_v y_v
    s.t. sum_{r makes v} x_r + y_v  = 1   for every visit    (price pi_v, free in sign: serving a visit
                                                              may also save waiting)
         sum_{r of k} x_r + h_k     = 1   for every nurse    (price mu_k; h_k: she stays at home, for home_k)
         least <= sum_v y_v        <= most                   (a branch on how many visits are left)
         sum_r floor(|r and S| / 2) x_r <= floor(|S| / 2)  for every cut, an odd set S of these rows
                                                              (price <= 0)

Solved by GLOP through OR-Tools, warm from the basis before. Costs enter in dollars, so that the solver
works with numbers of a friendly size; prices leave as whole millicents, which any bound may round as it
likes because `routing.engine.pricing.nurses.Pricer.bound_mc` holds for whatever prices it is given.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ortools.linear_solver import pywraplp

from routing.engine.index import DayIndex
from routing.engine.master.cuts import Cut, Fractions, right_side, rows_of
from routing.engine.master.pool import Column, Pool
from routing.engine.pricing.side import Ints

MC_A_DOLLAR = 100_000
LEAST_SHARE = 1e-7
OVER = 10  # times the dearest visit: what leaving one more than allowed costs
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


class Stuck(ArithmeticError):
    """The linear solver gave up on a programme that has a solution; whoever asked ends with what it has."""


class LinearMaster:
    """The linear programme over a growing pool.

    After `solve`, `shares` holds the columns in the solution, by position, with their share, `prices` its
    prices and `left` how many visits it leaves.
    """

    def __init__(self, day: DayIndex, pool: Pool, home_mc: list[int], *, for_tree: bool = False) -> None:
        self.day, self.pool, self.home_mc = day, pool, home_mc
        self.cuts: list[Cut] = []
        self.shares: dict[int, float] = {}
        self.prices: Prices
        self.value_mc = float("inf")
        self.left = 0.0
        self._cuts_of: dict[int, list[int]] = defaultdict(list)
        self._solver = _solvers.Solver.CreateSolver("GLOP")
        how = "use_preprocessing: false"
        if for_tree:  # most solutions follow a change of bounds, not of columns
            how += " use_dual_simplex: true"
        self._solver.SetSolverSpecificParametersAsString(how)
        self._objective = self._solver.Objective()
        self._objective.SetMinimization()
        self._visit = [self._solver.Constraint(1.0, 1.0) for _ in day.visits]
        self._nurse = [self._solver.Constraint(1.0, 1.0) for _ in day.nurses]
        self._cut: list[Any] = []
        self._column: list[Any] = []
        self._left = []
        self._stays: list[Any] = []
        for visit in range(len(day.visits)):
            slack = self._solver.NumVar(0.0, 1.0, "")
            self._visit[visit].SetCoefficient(slack, 1.0)
            self._left.append(slack)
        self.left_between = 0, len(day.visits)
        self._left_count = self._solver.Constraint(0.0, float(len(day.visits)))
        for slack in self._left:
            self._left_count.SetCoefficient(slack, 1.0)
        # More than allowed may be left at a price: perhaps no mixture of the columns known leaves so few.
        over = self._solver.NumVar(0.0, self._solver.infinity(), "")
        self._left_count.SetCoefficient(over, -1.0)
        self._dearest_mc = max((visit.penalty_mc for visit in day.visits), default=MC_A_DOLLAR)
        self._objective.SetCoefficient(over, max(1.0, OVER * self._dearest_mc / MC_A_DOLLAR))
        for slack, call in zip(self._left, day.visits, strict=True):
            self._objective.SetCoefficient(slack, call.penalty_mc / MC_A_DOLLAR)
        for row, cost_mc in zip(self._nurse, home_mc, strict=True):
            stays = self._solver.NumVar(0.0, 1.0, "")
            row.SetCoefficient(stays, 1.0)
            self._objective.SetCoefficient(stays, cost_mc / MC_A_DOLLAR)
            self._stays.append(stays)

    def take_in(self) -> None:
        """Take in the pool's new columns."""
        for known in self.pool.cheaper:
            if known < len(self._column):
                self._objective.SetCoefficient(
                    self._column[known], self.pool.columns[known].cost_mc / MC_A_DOLLAR
                )
        self.pool.cheaper.clear()
        for column in self.pool.columns[len(self._column) :]:
            self._add(column)

    def solve(self) -> float:
        """Take in new columns and solve; return the value in mc."""
        self.take_in()
        status = self._solver.Solve()
        afresh = _solvers.MPSolverParameters()
        afresh.SetIntegerParam(afresh.INCREMENTALITY, afresh.INCREMENTALITY_OFF)
        for way in (afresh.PRIMAL, afresh.DUAL):
            if status != _solvers.Solver.OPTIMAL:  # the basis before has become a bad one to start from
                afresh.SetIntegerParam(afresh.LP_ALGORITHM, way)
                status = self._solver.Solve(afresh)
        if status != _solvers.Solver.OPTIMAL:  # with slacks it always has a solution: numbers have gone bad
            raise Stuck
        # Read at once: a later change of the model would make the library forget its solution.
        shares = [variable.solution_value() for variable in self._column]
        self.shares = {index: share for index, share in enumerate(shares) if share > LEAST_SHARE}
        self.prices = self._prices()
        self.left = sum(slack.solution_value() for slack in self._left)
        self.value_mc = float(self._objective.Value() * MC_A_DOLLAR)
        return self.value_mc

    def fractions(self) -> Fractions:
        """Return the rows of each route in the last solution, with its share."""
        visits, columns = len(self.day.visits), self.pool.columns
        return [
            (rows_of(columns[index].order, columns[index].nurse, visits), share)
            for index, share in self.shares.items()
        ]

    def _prices(self) -> Prices:
        def mc(rows: list[Any]) -> npt.NDArray[np.float64]:
            return np.array([row.dual_value() for row in rows], dtype=np.float64) * MC_A_DOLLAR

        return Prices(
            np.rint(mc(self._visit)).astype(np.int64),
            np.rint(mc(self._nurse)).astype(np.int64),
            np.rint(np.maximum(0.0, -mc(self._cut))).astype(np.int64),
            round(float(mc([self._left_count])[0])),
        )

    def leave_between(self, least: int, most: int) -> None:
        """Bound how many visits stay unassigned."""
        self.left_between = least, most
        self._left_count.SetBounds(float(least), float(most))

    def send_out(self, nurse: int, out: bool) -> None:
        """Make it so dear that a nurse on duty stays at home that she goes out; or take that back."""
        cost_mc = self._dearest_mc * OVER if out else self.home_mc[nurse]
        self._objective.SetCoefficient(self._stays[nurse], cost_mc / MC_A_DOLLAR)

    def bar(self, column: int) -> None:
        """Keep a column, by position, out of the solution."""
        self._column[column].SetBounds(0.0, 0.0)

    def settle(self, column: int) -> None:
        """Hold a column, by position, in the solution."""
        self._column[column].SetBounds(1.0, 1.0)

    def release(self, column: int) -> None:
        """Let go of a settled column."""
        self._column[column].SetBounds(0.0, self._solver.infinity())

    def add_cut(self, cut: Cut) -> None:
        """Add a cut (`routing.engine.master.cuts`)."""
        row = self._solver.Constraint(-self._solver.infinity(), float(right_side(cut)))
        index = len(self.cuts)
        self.cuts.append(cut)
        self._cut.append(row)
        for met in cut:
            self._cuts_of[met].append(index)
        members = set(cut)
        for variable, column in zip(self._column, self.pool.columns, strict=False):
            times = sum(met in members for met in rows_of(column.order, column.nurse, len(self.day.visits)))
            if times >= 2:
                row.SetCoefficient(variable, float(times // 2))

    def _add(self, column: Column) -> None:
        variable = self._solver.NumVar(0.0, self._solver.infinity(), "")
        self._objective.SetCoefficient(variable, column.cost_mc / MC_A_DOLLAR)
        self._nurse[column.nurse].SetCoefficient(variable, 1.0)
        met: dict[int, int] = defaultdict(int)
        for visit in column.order:
            self._visit[visit].SetCoefficient(variable, float(column.order.count(visit)))
        for row in rows_of(column.order, column.nurse, len(self.day.visits)):
            for cut in self._cuts_of.get(row, ()):
                met[cut] += 1
        for cut, times in met.items():
            if times >= 2:
                self._cut[cut].SetCoefficient(variable, float(times // 2))
        self._column.append(variable)

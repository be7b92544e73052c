"""Plans from some thousand routes by CBC, in a process of its own.

It is run as ``python -m routing.engine.exact.branching``.

Over the routes nearest to a tight bound its diving finds plans that CP-SAT does not (measured at 200/55:
of 7,032 routes a plan of $3,022 in 14 s, where CP-SAT stayed at $3,088). CBC comes with OR-Tools. It hears
nothing while it works, so it gets a process that can be ended at any moment; and it works in floating
point, so what it would prove is not used.

The process reads one line of JSON, ``{"visits": [[...]], "nurse": [...], "cost": [...], "left": [...],
"home": [...], "together": [[...]], "cuts": [[...]], "seconds": 10}``, and writes one, ``{"chosen": [...],
"optimal": true}``, or nothing. Costs are numbers in dollars near zero (reduced costs).
"""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ortools.linear_solver import pywraplp

from routing.engine.index import DayIndex
from routing.engine.master.cuts import Cut, right_side, rows_of
from routing.engine.master.linear import MC_A_DOLLAR
from routing.engine.master.pool import Column
from routing.engine.pricing.side import Ints

_solvers: Any = pywraplp  # its Python face carries no types


class Branching:
    """One branch and bound at work; `answer` asks whether it is done."""

    def __init__(self, question: Mapping[str, object]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "routing.engine.exact.branching"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.close()

    def is_done(self) -> bool:
        """Say whether it has ended, with or without an answer."""
        return self._process.poll() is not None

    def answer(self, wait_s: float) -> dict[str, Any] | None:
        """Return the answer, waiting for so long at most; None if there is none."""
        assert self._process.stdout is not None
        try:
            self._process.wait(timeout=max(0.0, wait_s))
        except subprocess.TimeoutExpired:
            return None
        line = self._process.stdout.read()
        found: dict[str, Any] | None = json.loads(line) if line.strip() else None
        return found

    def end(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def question_of(
    day: DayIndex,
    columns: Sequence[Column],
    home_mc: Sequence[int],
    visit_mc: Ints,
    cuts: Sequence[Cut],
    seconds: float,
) -> dict[str, object]:
    """Return a choice among columns as the process reads it: costs beyond the visits' prices, in dollars."""
    beyond = [column.cost_mc - int(visit_mc[list(column.order)].sum()) for column in columns]
    return {
        "visits": [column.order for column in columns],
        "nurse": [column.nurse for column in columns],
        "cost": [mc / MC_A_DOLLAR for mc in beyond],
        "left": [(line.penalty_mc - int(visit_mc[v])) / MC_A_DOLLAR for v, line in enumerate(day.visits)],
        "home": [mc / MC_A_DOLLAR for mc in home_mc],
        "together": [(v, partner) for v, partner in enumerate(day.partner) if v < partner],
        "cuts": list(cuts),
        "seconds": seconds,
    }


def solve(question: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the cheapest choice found in time and what is proven of all; None if none was found."""
    solver = _solvers.Solver.CreateSolver("CBC")
    solver.SetTimeLimit(max(1, int(1000 * question["seconds"])))
    objective = solver.Objective()
    objective.SetMinimization()
    visits = [solver.Constraint(1.0, 1.0) for _ in question["left"]]
    nurses = [solver.Constraint(1.0, 1.0) for _ in question["home"]]
    left = [
        _variable(solver, objective, cost, [row]) for cost, row in zip(question["left"], visits, strict=True)
    ]
    for cost, row in zip(question["home"], nurses, strict=True):
        _variable(solver, objective, cost, [row])
    for one, other in question["together"]:
        both = solver.Constraint(0.0, 0.0)
        both.SetCoefficient(left[one], 1.0)
        both.SetCoefficient(left[other], -1.0)
    cuts_of: dict[int, list[int]] = defaultdict(list)
    cuts = [solver.Constraint(-solver.infinity(), float(right_side(cut))) for cut in question["cuts"]]
    for index, cut in enumerate(question["cuts"]):
        for row in cut:
            cuts_of[row].append(index)
    routes = []
    for order, nurse, cost in zip(question["visits"], question["nurse"], question["cost"], strict=True):
        met: dict[int, int] = defaultdict(int)
        for row in rows_of(order, nurse, len(visits)):
            for index in cuts_of.get(row, ()):
                met[index] += 1
        rows = [*(visits[visit] for visit in order), nurses[nurse]]
        routes.append(_variable(solver, objective, cost, rows))
        for index, times in met.items():
            if times >= 2:
                cuts[index].SetCoefficient(routes[-1], float(times // 2))
    parameters = _solvers.MPSolverParameters()
    parameters.SetDoubleParam(parameters.RELATIVE_MIP_GAP, 0.0)
    status = solver.Solve(parameters)
    if status not in (solver.OPTIMAL, solver.FEASIBLE):
        return None
    return {
        "chosen": [index for index, route in enumerate(routes) if route.solution_value() > 0.5],
        "optimal": status == solver.OPTIMAL,
    }


def _variable(solver: Any, objective: Any, cost: float, rows: list[Any]) -> Any:
    variable = solver.BoolVar("")
    objective.SetCoefficient(variable, cost)
    for row in rows:
        row.SetCoefficient(variable, 1.0)
    return variable


def main() -> int:
    """Read the question, answer it; return the exit status."""
    found = solve(json.loads(sys.stdin.readline()))
    if found is not None:
        sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The integer master: the cheapest choice of whole routes, by CP-SAT.

Given any pool it returns a plan no worse than the one it starts from. Given a pool that holds every route of a
better plan, what it proves is a bound of the day itself; `routing.engine.closing` makes such pools.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from ortools.sat.python import cp_model

from routing.engine.index import DayIndex
from routing.engine.pool import Column

WORKERS = 2
DETERMINISTIC_S = 4.0  # CP-SAT's own clock, where the plan must not depend on the machine's


@dataclass(frozen=True)
class Chosen:
    """Columns by position in the given list, their cost with penalties, and what CP-SAT proved of the list."""

    columns: list[int]
    cost_mc: int
    bound_mc: int
    optimal: bool


def choose(
    day: DayIndex,
    columns: Sequence[Column],
    home_mc: Sequence[int],
    *,
    hint: Set[int],
    seconds: float,
    seed: int,
    repeatable: bool,
    below_mc: int | None = None,
    kept: Mapping[int, Column] | None = None,
) -> Chosen | None:
    """Return the best choice found, None if there is none (below `below_mc`, where given).

    Parameters
    ----------
    hint
        Positions of the columns of the plan at hand.
    repeatable
        One worker and CP-SAT's deterministic clock instead of all cores and the wall's.
    kept
        Nurses whose column is settled: only the others choose, among what these leave.
    """
    model = cp_model.CpModel()
    kept = kept or {}
    settled = {visit for column in kept.values() for visit in column.order}
    of_visit: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    of_nurse: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    taken: list[cp_model.IntVar] = []
    prices: list[int] = []
    where: list[int] = []
    for index, column in enumerate(columns):
        if column.nurse in kept or not settled.isdisjoint(column.order):
            continue
        variable = model.new_bool_var("")
        for visit in column.order:
            of_visit[visit].append(variable)
        of_nurse[column.nurse].append(variable)
        model.add_hint(variable, index in hint)
        taken.append(variable)
        prices.append(column.cost_mc - home_mc[column.nurse])
        where.append(index)
    left: dict[int, cp_model.IntVar] = {}
    hinted = {visit for index in hint for visit in columns[index].order}
    for visit, line in enumerate(day.visits):
        if visit in settled:
            continue
        variable = model.new_bool_var("")
        model.add_exactly_one([*of_visit[visit], variable])
        model.add_hint(variable, visit not in hinted)
        left[visit] = variable
        prices.append(line.penalty_mc)
    for visit, partner in enumerate(day.partner):
        if visit < partner and visit in left and partner in left:
            model.add(left[visit] == left[partner])
    for variables in of_nurse.values():
        model.add_at_most_one(variables)
    constant_mc = sum(home_mc[n] for n in range(len(day.nurses)) if n not in kept)
    constant_mc += sum(column.cost_mc for column in kept.values())
    objective = sum(p * x for p, x in zip(prices, [*taken, *left.values()], strict=True))
    if below_mc is not None:
        model.add(objective <= below_mc - 1 - constant_mc)
    model.minimize(objective)
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed
    solver.parameters.linearization_level = 2
    solver.parameters.max_time_in_seconds = max(0.05, seconds)
    solver.parameters.num_workers = 1 if repeatable else WORKERS
    if repeatable:
        solver.parameters.max_deterministic_time = DETERMINISTIC_S
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        if status == cp_model.INFEASIBLE and below_mc is not None:
            return Chosen([], below_mc, below_mc, True)
        return None
    picked = [index for index, variable in zip(where, taken, strict=True) if solver.boolean_value(variable)]
    return Chosen(
        picked,
        round(solver.objective_value) + constant_mc,
        int(solver.best_objective_bound) + constant_mc,
        status == cp_model.OPTIMAL,
    )

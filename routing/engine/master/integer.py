"""The integer master: the cheapest choice of whole routes, by CP-SAT.

Given any pool it returns a plan no worse than the one it starts from. Given a pool that holds every route
of a better plan, what it proves is a bound of the day itself; `routing.engine.exact.closing` makes such
pools."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from threading import Event, Thread

from ortools.sat.python import cp_model

from routing.engine.budget import Budget
from routing.engine.index import DayIndex
from routing.engine.master.cuts import Cut, right_side, rows_of
from routing.engine.master.linear import Prices
from routing.engine.master.pool import Column

WORKERS = 2
LOOK_UP_S = 0.2  # how often it looks up whether it should hand in
ROUNDING = 1e-3  # CP-SAT states its whole-number bound as a float
DETERMINISTIC_S = 4.0  # CP-SAT's own clock, where the plan must not depend on the machine's


@dataclass(frozen=True)
class Chosen:
    """Columns by position in the list, their cost with penalties, and what CP-SAT proved of the list."""

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
    budget: Budget,
    seed: int,
    repeatable: bool,
    enough_mc: int | None = None,
    prices: Prices | None = None,
    cuts: Sequence[Cut] = (),
    workers: int = WORKERS,
) -> Chosen | None:
    """Return the best choice found, None if none was found in time.

    CP-SAT starts from the plan at hand and soon betters it.

    Parameters
    ----------
    hint
        Positions of the columns of the plan at hand.
    repeatable
        One worker and CP-SAT's deterministic clock instead of all cores and the wall's.
    enough_mc
        Stop when the list is known to hold no choice cheaper than this.
    prices, cuts
        Of the relaxation. Because every visit's row is an equation, the cost of a plan is the same as the
        sum of the visits' prices and what each route and each visit left costs beyond them: small numbers,
        in which CP-SAT sees at once what is too dear. Cuts hold for every plan.
    """
    visit_mc = [0] * len(day.visits) if prices is None else prices.visit_mc.tolist()
    model, taken = _model(day, columns, home_mc, visit_mc, hint, cuts)
    without = set(range(len(home_mc))) - {column.nurse for column in columns}
    constant_mc = sum(visit_mc) + sum(home_mc[nurse] for nurse in without)
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed
    solver.parameters.linearization_level = 2
    solver.parameters.max_time_in_seconds = max(0.05, min(seconds, budget.left_s))
    solver.parameters.num_workers = 1 if repeatable else workers
    if repeatable:
        solver.parameters.max_deterministic_time = DETERMINISTIC_S
    if enough_mc is not None:
        solver.best_bound_callback = _stop_at(solver, enough_mc - constant_mc)
    done = Event()
    watch = Thread(target=_stop_when_asked, args=(solver, budget, done), daemon=True)
    watch.start()
    status = solver.solve(model)
    done.set()
    watch.join()
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return Chosen(
        [index for index, variable in enumerate(taken) if solver.boolean_value(variable)],
        round(solver.objective_value) + constant_mc,
        math.ceil(solver.best_objective_bound - ROUNDING) + constant_mc,
        status == cp_model.OPTIMAL,
    )


def _model(
    day: DayIndex,
    columns: Sequence[Column],
    home_mc: Sequence[int],
    visit_mc: Sequence[int],
    hint: Set[int],
    cuts: Sequence[Cut],
) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    """Return the choice as a model, and which variable takes each column."""
    model = cp_model.CpModel()
    of_visit: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    of_nurse: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    taken: list[cp_model.IntVar] = []
    terms: list[cp_model.LinearExpr] = []
    for index, column in enumerate(columns):
        variable = model.new_bool_var("")
        for visit in column.order:
            of_visit[visit].append(variable)
        of_nurse[column.nurse].append(variable)
        model.add_hint(variable, index in hint)
        taken.append(variable)
        terms.append(variable * (column.cost_mc - sum(visit_mc[visit] for visit in column.order)))
    hinted = {visit for index in hint for visit in columns[index].order}
    left = [model.new_bool_var("") for _ in day.visits]
    for visit, line in enumerate(day.visits):
        model.add_exactly_one([*of_visit[visit], left[visit]])
        model.add_hint(left[visit], visit not in hinted)
        terms.append(left[visit] * (line.penalty_mc - visit_mc[visit]))
        partner = day.partner[visit]
        if visit < partner:
            model.add(left[visit] == left[partner])
    busy = {columns[index].nurse for index in hint}
    for nurse, variables in of_nurse.items():
        home = model.new_bool_var("")
        model.add_exactly_one([*variables, home])
        model.add_hint(home, nurse not in busy)
        terms.append(home * home_mc[nurse])
    met = [set(rows_of(column.order, column.nurse, len(day.visits))) for column in columns]
    for cut in cuts:
        times = [len(met_by.intersection(cut)) // 2 for met_by in met]
        within = [(x, count) for x, count in zip(taken, times, strict=True) if count]
        if right_side(cut) == 1:
            model.add_at_most_one(x for x, _ in within)
        else:
            model.add(sum(count * x for x, count in within) <= right_side(cut))
    model.minimize(sum(terms))
    return model, taken


def _stop_when_asked(solver: cp_model.CpSolver, budget: Budget, done: Event) -> None:
    while not done.wait(LOOK_UP_S):
        if budget.hand_in.is_set():
            solver.stop_search()
            return


def _stop_at(solver: cp_model.CpSolver, enough: int) -> Callable[[float], None]:
    def at_bound(bound: float) -> None:
        if bound >= enough:
            solver.stop_search()

    return at_bound

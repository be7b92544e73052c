"""Where policy says so, stock goes back to a pharmacy after the last controlled visit, by shift end."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import RouteReading, Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield nurses who should go back and do not, too late, or without all that is left."""
    for reading in readings(problem, plan):
        for text in _faults(problem, reading):
            yield Violation(rule="return_of_stock", nurse=reading.nurse.id, text=text)


def _faults(problem: Problem, reading: RouteReading) -> Iterator[str]:
    last_controlled = max(
        (
            index
            for index, (stop, _) in enumerate(reading.loads)
            if stop.kind == "visit" and problem.visit[stop.ref].controlled
        ),
        default=-1,
    )
    returns = []
    for index, (stop, load) in enumerate(reading.loads):
        if stop.kind != "return":
            continue
        if load:
            yield f"the return at {stop.ref} gives back {stop.units} units and leaves {load}."
        if index > last_controlled and stop.begin_s <= reading.nurse.shift.end_s:
            returns.append(stop)
    taken_on = reading.nurse.stock_units + sum(s.units for s in reading.planned if s.kind == "pickup")
    used = sum(problem.visit[stop.ref].units for stop in reading.visits)
    due = problem.return_is_due(
        reading.nurse,
        visits=len(reading.visits),
        carried=taken_on + used,
        left=max(0, taken_on - used),
    )
    if due and not returns:
        yield (
            "stock must go back after the last controlled visit, by "
            f"{reading.nurse.shift.end_s} s, and no return does that."
        )

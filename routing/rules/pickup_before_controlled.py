"""A nurse has the stock on board before each controlled visit: from the start, or from a pickup before it."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield controlled visits reached without enough stock."""
    for reading in readings(problem, plan):
        for stop, load in reading.loads:
            if stop.kind == "visit" and load < 0 and problem.visit[stop.ref].controlled:
                yield Violation(
                    rule="pickup_before_controlled",
                    nurse=reading.nurse.id,
                    visit=stop.ref,
                    text=f"its stock was not collected before it; {-load} units are missing.",
                )

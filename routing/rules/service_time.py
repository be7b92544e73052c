"""A visit lasts its service time, a counter its handling time: neither cut short nor drawn out."""

from collections.abc import Iterator

from routing.plan import Plan
from routing.problem import Problem
from routing.rules.reading import Violation, readings


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield stops whose length is not the stated one."""
    for reading in readings(problem, plan):
        for stop in (*reading.visits, *reading.counters):
            if stop.kind == "visit":
                stated = problem.visit[stop.ref].service_s
            else:
                stated = problem.pharmacy[stop.ref].handling_s
            if stop.end_s - stop.begin_s != stated:
                yield Violation(
                    rule="service_time",
                    nurse=reading.nurse.id,
                    visit=stop.ref if stop.kind == "visit" else "",
                    text=f"{stop.kind} {stop.ref} takes {stop.end_s - stop.begin_s} s instead of {stated} s.",
                )

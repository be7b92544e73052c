"""A route is start, stops, end, in the order of time, and names only what the day knows."""

from collections.abc import Iterator

from routing.plan import Plan, Route, Stop
from routing.problem import Problem
from routing.rules.reading import Violation


def check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Yield what makes a route unreadable; every other rule relies on this one."""
    seen: set[str] = set()
    for route in plan.routes:
        if route.nurse not in problem.nurse:
            yield _broken(route, "there is no such nurse in the day")
            continue
        if route.nurse in seen:
            yield _broken(route, "the nurse has two routes")
        seen.add(route.nurse)
        yield from _check_kinds(route)
        yield from _check_names(problem, route)
        yield from _check_order(route)


def _check_kinds(route: Route) -> Iterator[Violation]:
    frozen = [stop.frozen for stop in route.stops]
    if frozen != sorted(frozen, reverse=True):
        yield _broken(route, "a frozen stop stands behind a planned one")
    planned = [stop.kind for stop in route.stops if not stop.frozen]
    if planned.count("start") != 1 or planned.count("end") != 1:
        yield _broken(route, "it needs exactly one start and one end")
        return
    around = planned[: planned.index("start")] + planned[planned.index("end") + 1 :]
    if planned.index("start") > planned.index("end") or any(kind != "break" for kind in around):
        yield _broken(route, "only a break may stand before the start or after the end")
    if planned.count("break") > 1:
        yield _broken(route, "it has more than one break")


def _check_names(problem: Problem, route: Route) -> Iterator[Violation]:
    for stop in route.stops:
        if stop.frozen:
            continue
        if stop.kind == "visit" and stop.ref not in problem.visit:
            yield _broken(route, f"there is no visit {stop.ref!r} in the day")
        elif stop.kind in ("pickup", "return") and stop.ref not in problem.pharmacy:
            yield _broken(route, f"there is no pharmacy {stop.ref!r} in the day")
        elif stop.kind in ("start", "end", "break") and stop.ref:
            yield _broken(route, f"a {stop.kind} names {stop.ref!r}")


def _check_order(route: Route) -> Iterator[Violation]:
    before: Stop | None = None
    for stop in route.stops:
        if not stop.arrive_s <= stop.begin_s <= stop.end_s:
            yield _broken(route, f"{stop.kind} {stop.ref} begins before its arrival or ends before its begin")
        if before is not None and stop.arrive_s < before.end_s:
            yield _broken(route, f"{stop.kind} {stop.ref} is reached before the stop before it ends")
        if stop.kind in ("start", "end") and not stop.frozen and stop.arrive_s != stop.end_s:
            yield _broken(route, f"a {stop.kind} takes time")
        before = stop


def _broken(route: Route, text: str) -> Violation:
    return Violation(rule="route_shape", nurse=route.nurse, text=f"{text}.")

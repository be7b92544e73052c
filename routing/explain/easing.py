"""A day with one limit eased for everybody, and the same routes on it: to ask at once whom it would help."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from routing.engine.index import FAR_S, Counter, DayIndex, NurseLine, Windows
from routing.engine.route.roster import Insertion, Roster
from routing.engine.route.schedule import RouteTimer
from routing.explain.rules import Kind, rule_of

STEP_MIN = 5
MOST_MIN = 120
MINUTE_S = 60


def with_nurses(day: DayIndex, ease: Callable[[int, NurseLine], NurseLine]) -> DayIndex:
    """Return the day with other limits of its nurses."""
    eased = copy.copy(day)
    eased.nurses = [ease(nurse, line) for nurse, line in enumerate(day.nurses)]
    return eased


def with_counters(day: DayIndex, counters: Sequence[Counter]) -> DayIndex:
    """Return the day with other hours of its pharmacies."""
    eased = copy.copy(day)
    eased.counters = list(counters)
    return eased


def allowing(day: DayIndex, visit: int, nurses: Iterable[int]) -> DayIndex:
    """Return the day on which these nurses too may make a visit."""
    eased = copy.copy(day)
    eased.allowed = list(day.allowed)
    for nurse in nurses:
        row = list(day.allowed[nurse])
        row[visit] = True
        eased.allowed[nurse] = row
    return eased


def may_go_by_law(day: DayIndex, visit: int) -> dict[int, tuple[str, ...]]:
    """Return the nurses whom no law keeps away -> what a person would have to lift (often nothing).

    What only the windows and her shift say against her is left to the timing of her route.
    """
    problem, found = day.problem, {}
    asked = problem.visits[visit]
    pin = problem.pin.get(asked.id)
    for nurse, known in enumerate(problem.nurses):
        codes = asked.ineligible.get(known.id, ())
        if pin is not None and pin.nurse not in (None, known.id):
            codes = (*codes, "pinned_to_another_nurse")
        if pin is not None and pin.begin_s is not None:
            codes = (*codes, "pinned_to_time")
        if all(rule_of(code).kind is not Kind.LAW for code in codes):
            found[nurse] = tuple(code for code in codes if rule_of(code).kind is Kind.PERSON)
    return found


def more_overtime(day: DayIndex, nurse: int, minutes: int) -> NurseLine:
    """Return a nurse's limits with so many minutes more overtime; the longest day allowed stays."""
    line, known = day.nurses[nurse], day.problem.nurses[nurse]
    latest_s = line.latest_end_s + minutes * MINUTE_S
    if known.free is not None and known.max_duration_s is not None:
        longest_s = max(known.free.on_duty_since_s + known.max_duration_s, line.latest_end_s)
        latest_s = min(latest_s, longest_s)
    return replace(line, latest_end_s=latest_s)


def unlimited_day(line: NurseLine) -> NurseLine:
    """Return a nurse's limits without the longest day, to see whether it alone stands in the way."""
    return replace(line, max_duration_s=FAR_S)


def opened(windows: Windows, earlier_min: int = 0, later_min: int = 0, last_s: int = FAR_S) -> Windows:
    """Return windows that open so much earlier and close so much later, never after `last_s`."""
    found: list[tuple[int, int]] = []
    for a, b in windows:
        begin_s = max(0, a - earlier_min * MINUTE_S)
        end_s = max(b, min(last_s, b + later_min * MINUTE_S))
        if found and begin_s <= found[-1][1]:
            found[-1] = (found[-1][0], max(end_s, found[-1][1]))
        else:
            found.append((begin_s, end_s))
    return tuple(found)


def cheapest_place(timer: RouteTimer, roster: Roster, visit: int, windows: Windows) -> Insertion | None:
    """Return the cheapest place for a visit on a nurse's route by this timer, by timing every order."""
    nurse, route, day = timer.nurse, roster.routes[timer.nurse], roster.day
    at: Mapping[int, Windows] = {**roster.agreed, visit: windows}
    best: Insertion | None = None
    for position in range(len(route) + 1):
        timing = timer.best([*route[:position], visit, *route[position:]], at)
        if timing is not None and (best is None or timing.cost_mc < best.added_mc):
            best = Insertion(timing.cost_mc, position)
    if best is None:
        return None
    now = roster.timing(nurse)
    load_s = sum(day.visits[other].service_s for other in route)
    unfair_mc = day.fairness_mc(nurse, load_s + day.visits[visit].service_s) - day.fairness_mc(nurse, load_s)
    added_mc = best.added_mc - (now.cost_mc if now else 0) + day.nurse_cost_mc[nurse][visit] + unfair_mc
    return Insertion(added_mc, best.position)

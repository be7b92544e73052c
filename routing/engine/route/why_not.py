"""Why a nurse cannot make a visit: the rule that, alone, stands in the way."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from routing.engine.index import FAR_S, DayIndex, NurseLine, Windows
from routing.engine.route.roster import Roster
from routing.engine.route.schedule import RouteTimer

TEXTS = {
    "pinned_to_another_nurse": "A dispatcher pinned it to another nurse.",
    "pinned_outside_window": "It is pinned to a time outside its windows.",
    "costs_more_than_leaving_it": "Making it would cost more than leaving it.",
    "no_room_in_day": "The other visits of the day leave no room.",
    "no_room_then": "She cannot begin it at that time.",
    "time_window": "Its windows cannot be reached on the way.",
    "overtime": "It would end after the shift and the overtime allowed.",
    "max_duration": "The day would become too long.",
    "meal_break": "The meal break could not be kept.",
    "lock_box_capacity": "The lock-box does not hold the stock it needs.",
    "pickup_before_controlled": "Its stock cannot be collected before it.",
    "stock_ready": "Its stock is not ready in time to be collected before it.",
    "return_of_stock": "Stock could not be returned by the end of the shift.",
    "double_visit": "No two nurses can begin it at the same time.",
    "several_rules": "Several rules together stand in the way.",
    "nobody_works": "No nurse works that day.",
    "own_route_broken": "Her present route cannot be kept as the day is now; plan it again first.",
    "taken_off_by_hand": "A dispatcher took it off its route.",
    "not_tried": "The time was up before it was tried.",
}


def reason_text(code: str) -> str:
    """Return one sentence for a named reason."""
    return TEXTS.get(code, f"Against the nurse: {code.replace('_', ' ')}.")


def reasons_against(roster: Roster, nurse: int, visit: int) -> tuple[str, ...]:
    """Return every named reason why a nurse cannot add a visit to her route; empty when she can."""
    day = roster.day
    problem = day.problem
    named = problem.visits[visit].ineligible.get(problem.nurses[nurse].id)
    if named:
        return named
    if not day.allowed[nurse][visit]:
        return ("pinned_to_another_nurse",)
    if not day.visits[visit].windows:
        return ("pinned_outside_window",)
    if roster.best_insertion(nurse, visit) is not None:
        return ()
    alone = _rule_in_the_way(day, nurse, [visit])
    if alone:
        return (alone,)
    return (
        "lock_box_capacity" if _box_is_full(day, nurse, [*roster.routes[nurse], visit]) else "no_room_in_day",
    )


def _box_is_full(day: DayIndex, nurse: int, visits: list[int]) -> bool:
    """Say whether a larger lock-box alone would let her make all of these, in the order of their windows."""
    units = sum(day.visits[visit].units for visit in visits)
    if units <= day.nurses[nurse].box:
        return False
    order = sorted(visits, key=lambda visit: day.visits[visit].windows[0])
    roomy = replace(day.nurses[nurse], box=units)
    return RouteTimer(day, nurse, roomy).best(order) is not None


def _rule_in_the_way(day: DayIndex, nurse: int, visits: Sequence[int]) -> str:
    """Return the one rule without which these visits would be possible; empty when they are."""
    if RouteTimer(day, nurse).best(visits) is not None:
        return ""
    if RouteTimer(day, nurse, returns=False).best(visits) is not None:
        return "return_of_stock"
    if RouteTimer(day, nurse, freshness=False).best(visits) is not None:
        return "stock_ready"
    for rule, line, windows in _relaxations(day, nurse, visits):
        if RouteTimer(day, nurse, line).best(visits, windows) is not None:
            return rule
    return "several_rules"


def _relaxations(
    day: DayIndex, nurse: int, visits: Sequence[int]
) -> Iterator[tuple[str, NurseLine, dict[int, Windows]]]:
    line = day.nurses[nurse]
    units = sum(day.visits[visit].units for visit in visits)
    own: dict[int, Windows] = {}
    if units > line.box:
        yield "lock_box_capacity", replace(line, box=units), own
    if units > line.stock:
        yield "pickup_before_controlled", replace(line, box=units, stock=units), own
    if line.rest is not None:
        yield "meal_break", replace(line, rest=None), own
    if line.max_duration_s < FAR_S:
        yield "max_duration", replace(line, max_duration_s=FAR_S), own
    yield "overtime", replace(line, latest_end_s=FAR_S), own
    always: Windows = ((0, FAR_S),)
    yield "time_window", line, dict.fromkeys(visits, always)

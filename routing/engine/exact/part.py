"""A part of a day: some of its nurses and some of its visits, as a day of its own.

For large days that are improved region by region, and for a running day whose disturbance is local. The
places keep their positions, so drive times are shared with the whole day, not copied.
"""

import copy
from collections.abc import Sequence
from dataclasses import fields

from routing.engine.index import DayIndex
from routing.problem import Problem


def part_of(day: DayIndex, nurses: Sequence[int], visits: Sequence[int]) -> DayIndex:
    """Return the day of these nurses and visits; its positions are those of the two lists.

    The other half of a double visit must be in the part too, or it is planned as if it stood alone.
    Costs of a plan of the part, added to those of the rest, are costs of the whole: no term of the price
    couples two routes.
    """
    at_visit = {visit: index for index, visit in enumerate(visits)}
    part = object.__new__(DayIndex)
    part.problem = _problem_of(day.problem, nurses, visits)
    part.drive_s, part.counters = day.drive_s, day.counters
    part.nurses = [day.nurses[nurse] for nurse in nurses]
    part.visits = [day.visits[visit] for visit in visits]
    part.calls = [day.calls[visit]._replace(ref=index) for index, visit in enumerate(visits)]
    part.visit_at = {visit.id: index for index, visit in enumerate(part.problem.visits)}
    part.nurse_at = {nurse.id: index for index, nurse in enumerate(part.problem.nurses)}
    part.allowed = [[day.allowed[nurse][visit] for visit in visits] for nurse in nurses]
    part.nurse_cost_mc = [[day.nurse_cost_mc[nurse][visit] for visit in visits] for nurse in nurses]
    part.partner = [at_visit.get(day.partner[visit], -1) for visit in visits]
    return part


def _problem_of(whole: Problem, nurses: Sequence[int], visits: Sequence[int]) -> Problem:
    """Return the problem of a part. Not validated again: what is sound stays sound with less in it."""
    part = object.__new__(Problem)
    for field in fields(whole):
        object.__setattr__(part, field.name, copy.copy(getattr(whole, field.name)))
    chosen = {whole.visits[visit].id for visit in visits}
    object.__setattr__(part, "nurses", tuple(whole.nurses[nurse] for nurse in nurses))
    object.__setattr__(part, "visits", tuple(whole.visits[visit] for visit in visits))
    pairs = tuple(pair for pair in whole.double_visits if chosen.issuperset(pair))
    object.__setattr__(part, "double_visits", pairs)
    object.__setattr__(part, "pins", tuple(pin for pin in whole.pins if pin.visit in chosen))
    part.__dict__["travel_s"] = whole.travel_s
    part.__dict__["place_at"] = whole.place_at
    return part

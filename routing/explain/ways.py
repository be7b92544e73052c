"""Ways to make an unassigned visit after all: the least change of each kind, on the routes as they are.

Each kind is searched for the nurse and the amount that cost least, in steps of five minutes up to two hours;
what is found is proven (`routing.explain.proof`) before anyone sees it. One change at a time: what would need
two is not offered, and the facts then say what stands in the way. Laws never give way
(`routing.explain.rules`).
"""

from routing.engine.index import FAR_S, DayIndex
from routing.engine.route.roster import Roster, roster_of
from routing.explain.asked import Asked, Lawful
from routing.explain.ejection import left_for, moved_for, swaps
from routing.explain.facts import facts_against
from routing.explain.giving import (
    larger_box,
    more_overtime_allowed,
    pharmacy_hours,
    rules_lifted,
    windows_opened,
)
from routing.explain.relaxation import Relaxation, Ways
from routing.plan import Plan
from routing.problem import Problem


def anything(_: Relaxation) -> bool:
    """Take the day file's word for the law."""
    return True


def find_ways(
    problem: Problem,
    plan: Plan,
    visit: str,
    *,
    lawful: Lawful = anything,
    latest_end_s: int = FAR_S,
    roster: tuple[Roster, set[int]] | None = None,
) -> Ways:
    """Say what would make a visit possible that nobody makes, and what stands in the way.

    Moving one other visit comes first (it breaks no rule), then everything else by its cost. A visit that
    somebody makes, or that could be made as the day is, needs no relaxation; for one by two nurses only the
    facts are told.

    Parameters
    ----------
    lawful
        Judges a change of hours by what the day file does not know (rest between shifts, ...); what it
        refuses is not offered.
    latest_end_s
        No visit may be made to end later than this.
    roster
        The plan's roster and the nurses whose routes do not hold, where the caller has them.

    Raises
    ------
    KeyError
        If the day has no such visit.
    """
    whole, broken = roster or roster_of(DayIndex(problem), plan)
    asked = Asked(whole, broken, whole.day.visit_at[visit], lawful, latest_end_s)
    if whole.nurse_of[asked.visit] >= 0:
        return Ways(visit=visit, relaxations=(), facts=())
    alone = whole.day.partner[asked.visit] < 0
    possible = alone and _is_possible(asked)
    found = [] if possible or not alone else _relaxations(asked)
    return Ways(visit=visit, relaxations=tuple(found), facts=facts_against(asked))


def _is_possible(asked: Asked) -> bool:
    """Say whether somebody could make it as the day is, at less than its penalty."""
    below_mc = asked.known.penalty_mc
    return any(
        asked.roster.best_insertion(nurse, asked.visit, below_mc=below_mc) is not None for nurse in asked.free
    )


def _relaxations(asked: Asked) -> list[Relaxation]:
    room = swaps(asked)
    found = [
        *moved_for(asked, room),
        *left_for(asked, room),
        *windows_opened(asked),
        *more_overtime_allowed(asked),
        *larger_box(asked),
        *pharmacy_hours(asked),
        *rules_lifted(asked),
    ]
    return sorted(found, key=lambda one: (not one.needs_nobody, one.added_mc, one.way))

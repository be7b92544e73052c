"""Large days, region by region: the exact engine on some tens of nurses at a time, then one bound for all.

A region is a nurse with those whose days lie nearest to hers, and the visits that they make or that nobody
makes near them. Improving a region improves the day by the same amount, because no cost couples two routes.
Regions of one sweep do not overlap; the next sweep draws them elsewhere, so that what lay at a border lies
inside. The prices that the regions end with are good first prices of the whole day: a few rounds at
all nurses prove a bound from there.
"""

import random
from collections.abc import Iterator

from routing.engine.index import DayIndex
from routing.engine.route.roster import Roster

REGION_NURSES = 36
FAR_S = 1 << 40


def regions(
    roster: Roster, seed: int, sweep: int, nurses_each: int = REGION_NURSES
) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the nurses and visits of each region of a sweep; every nurse who can be out is in one."""
    draw = random.Random(f"{seed}/{sweep}")  # noqa: S311 - a search, not a secret
    day = roster.day
    waiting = list(range(len(day.nurses)))
    home_of_left = _nearest_nurse(day, roster.unassigned)
    count = max(1, round(len(waiting) / nurses_each))
    size = -(-len(waiting) // count)
    centre = draw.choice(waiting) if waiting else 0
    while waiting:
        apart = {nurse: _apart_s(roster, centre, nurse) for nurse in waiting}
        nurses = sorted(sorted(waiting, key=lambda nurse: (apart[nurse], nurse))[:size])
        chosen = set(nurses)
        visits = {visit for nurse in nurses for visit in roster.routes[nurse]}
        visits |= {visit for visit, nurse in home_of_left.items() if nurse in chosen}
        visits |= {day.partner[visit] for visit in visits if day.partner[visit] >= 0} & set(roster.unassigned)
        yield nurses, sorted(visits)
        waiting = [nurse for nurse in waiting if nurse not in chosen]
        if (
            waiting
        ):  # go on with whoever is farthest from what is done, so that nobody is left over in the middle
            centre = max(waiting, key=lambda nurse: (apart[nurse], nurse))


def _apart_s(roster: Roster, one: int, other: int) -> int:
    """Return the mean drive between the places of two nurses' days."""
    drive_s = roster.day.drive_s
    here, there = _places(roster, one), _places(roster, other)
    return sum(drive_s[a][b] for a in here for b in there) // (len(here) * len(there))


def _places(roster: Roster, nurse: int) -> list[int]:
    visits = roster.day.visits
    return [visits[visit].place for visit in roster.routes[nurse]] or [roster.day.nurses[nurse].start]


def _nearest_nurse(day: DayIndex, visits: list[int]) -> dict[int, int]:
    """Return for each visit the allowed nurse who starts nearest to it, if anybody may make it."""
    found: dict[int, int] = {}
    for visit in visits:
        drive_s = day.drive_s[day.visits[visit].place]
        allowed = [nurse for nurse, row in enumerate(day.allowed) if row[visit]]
        if allowed:
            found[visit] = min(allowed, key=lambda nurse: (drive_s[day.nurses[nurse].start], nurse))
    return found

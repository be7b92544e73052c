"""Ruin and recreate: take neighbouring visits out of their routes and put them back better.

After G. Schrimpf and others, "Record breaking optimization results using the ruin and recreate principle",
Journal of Computational Physics 159, 2000; the ruin of neighbours follows P. Shaw, "Using constraint
programming and local search methods to solve vehicle routing problems", CP 1998. Every insertion is timed
exactly, so what it accepts is priced as the plan will be.
"""

import math
import random

from routing.engine.budget import Budget, OnProgress, Progress
from routing.engine.greedy import insert_cheapest
from routing.engine.roster import Roster

MOST_REMOVED = 10
START_HEAT = 0.01  # accepts a day that is dearer by about this share of a route's cost, cooling to nothing


def ruin_and_recreate(
    roster: Roster, seed: int, budget: Budget, on_progress: OnProgress, rounds: int | None = None
) -> Roster:
    """Return the best day found until the budget, or a number of rounds, is used up.

    Only the routes that a round touched are copied back when it is refused.
    """
    day, draw = roster.day, random.Random(seed)  # noqa: S311 - a search, not a secret
    near = _neighbours(roster)
    single = [visit for visit, partner in enumerate(day.partner) if partner < 0]
    if not single:
        return roster
    best, best_mc, now_mc = roster.copy(), roster.total_mc, roster.total_mc
    began_s, whole_s = budget.used_s, budget.left_s
    heat_mc = START_HEAT * max(1, best_mc)
    done = 0
    while not budget.is_spent and (rounds is None or done < rounds):
        done += 1
        cooling = 1 - (done / rounds if rounds else (budget.used_s - began_s) / max(whole_s, 1e-9))
        trial = roster.copy()
        _ruin(trial, near, draw.choice(single), draw)
        _recreate(trial, draw)
        trial_mc = trial.total_mc
        if trial_mc < now_mc - heat_mc * max(0.0, cooling) * math.log(max(draw.random(), 1e-12)):
            roster, now_mc = trial, trial_mc
            if trial_mc < best_mc:
                best, best_mc = trial.copy(), trial_mc
                on_progress(
                    Progress(
                        seconds=round(budget.used_s, 3),
                        cost_mc=best_mc,
                        unassigned=len(best.unassigned),
                        doing="ruin and recreate",
                    )
                )
    return best


def _neighbours(roster: Roster) -> list[list[int]]:
    """Return for each visit the others by how near they are in place and time."""
    day = roster.day
    middle_s = [(line.windows[0][0] + line.windows[-1][1]) // 2 if line.windows else 0 for line in day.visits]
    found = []
    for visit, line in enumerate(day.visits):
        drive_s = day.drive_s[line.place]
        others = [other for other, partner in enumerate(day.partner) if partner < 0]
        others.sort(
            key=lambda other: drive_s[day.visits[other].place] + abs(middle_s[other] - middle_s[visit]) // 8
        )
        found.append(others[:60])
    return found


def _ruin(roster: Roster, near: list[list[int]], centre: int, draw: random.Random) -> None:
    wanted = draw.randint(2, MOST_REMOVED)
    for visit in near[centre]:
        if wanted <= 0:
            break
        if draw.random() < 0.3:
            continue
        if roster.nurse_of[visit] >= 0 and roster.can_remove(visit):
            roster.remove(visit)
            wanted -= 1


def _recreate(roster: Roster, draw: random.Random) -> None:
    visits = [visit for visit in roster.unassigned if roster.day.partner[visit] < 0]
    draw.shuffle(visits)
    order = draw.random()
    if order < 0.4:
        visits.sort(key=lambda visit: -roster.day.visits[visit].penalty_mc)
    elif order < 0.7:
        visits.sort(key=lambda visit: -roster.day.visits[visit].service_s)
    for visit in visits:
        insert_cheapest(roster, visit)

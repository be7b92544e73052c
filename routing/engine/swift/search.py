"""Ruin and recreate, compiled: thousands of rounds a second, simulated annealing decides.

After J. Christiaens and G. Vanden Berghe, "Slack Induction by String Removals for Vehicle Routing Problems",
Transportation Science 54, 2020, with regret insertion (D. Pisinger and S. Ropke, "A general heuristic for
vehicle routing problems", Computers & Operations Research 34, 2007) in half of the rounds: days of three to
five visits are a puzzle of whom to send more than of the way. Absent visits are always tried again. Only the
routes that a round touched are copied back when it is refused.
"""

import math

import numpy as np
import numpy.typing as npt

from routing.engine.compiled import lean
from routing.engine.swift.day import FlatDay
from routing.engine.swift.insert import Crew
from routing.engine.swift.recreate import place_absent, place_by_regret, sort_absent
from routing.engine.swift.ruin import ruin
from routing.engine.swift.state import (
    ABSENT,
    ACCEPTED,
    TOTAL,
    TOUCHED,
    Search,
    draw,
    note_best,
    reap,
    undo,
)
from routing.engine.swift.timing import Desk

Reals = npt.NDArray[np.float64]

# Positions in the dial: temperatures at begin and end in mc, the first round and how many in all.
HOT, COLD, ROUND, ROUNDS, DIAL = range(5)

BLINK = 0.01
BY_REGRET = 0.5  # share of the rounds
MANY_ABSENT = 60  # more are not inserted by regret: it looks at each again after each insertion


@lean
def improve(flat: FlatDay, crew: Crew, search: Search, work: Desk, dial: Reals, rounds: int) -> None:
    """Ruin and recreate so many times; the temperature falls from `HOT` to `COLD` over `ROUNDS`."""
    now = search.now
    for done in range(rounds):
        at = min(1.0, (dial[ROUND] + done) / dial[ROUNDS])
        heat_mc = dial[HOT] * (dial[COLD] / dial[HOT]) ** at
        total_mc, absent = now[TOTAL], now[ABSENT]
        for index in range(absent):
            search.was_absent[index] = search.absent[index]
        now[TOUCHED] = 0
        ruin(flat, crew, search, work)
        if draw(now) < BY_REGRET and now[ABSENT] < MANY_ABSENT:
            place_by_regret(flat, crew, search, work, BLINK)
        else:
            sort_absent(search)
            place_absent(flat, crew, search, work, BLINK)
        if now[TOTAL] < total_mc - heat_mc * math.log(max(draw(now), 1e-12)):
            now[ACCEPTED] += 1
            reap(crew, search)
            note_best(crew, search)
        else:
            now[TOTAL] = total_mc
            undo(crew, search, search.was_absent, absent)

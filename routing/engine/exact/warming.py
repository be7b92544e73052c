"""Compiles or loads all inner loops, so that the first day need not wait for them."""

import subprocess
import sys

from routing.engine.budget import Budget, say_nothing
from routing.engine.compiled import is_cold
from routing.engine.exact.columns import bound_of, plan_columns
from routing.engine.index import DayIndex
from routing.engine.master.larger_cuts import larger_violated
from routing.engine.quick.greedy import cheapest_insertion
from routing.engine.swift.rounds import Swift
from routing.generator import generate_day

SECONDS = 600.0


def warm_up() -> None:
    """Load the compiled loops; the first time, compile them.

    For a planning worker's boot: it takes about three seconds from the cache on disk and up to a minute
    without. Numba compiles one function at a time in a process, so without a cache the heuristic's loops are
    compiled in a second process (``python -m routing.engine.exact.warming``) beside those of the pricing.
    """
    day, once = DayIndex(generate_day(6, 2, 1)), Budget(seconds=SECONDS, iterations=1)
    if is_cold():
        beside = subprocess.Popen([sys.executable, "-m", "routing.engine.exact.warming"])
        bound_of(day, cheapest_insertion(day, 0, once)[0], once, say_nothing)
        beside.wait()  # whatever became of it: what is not compiled yet is compiled here
    plan_columns(day, 0, once, say_nothing)
    larger_violated([((row, (row + 1) % 5), 0.5) for row in range(5)], [], 1)  # so small a day needs none


def warm_up_heuristic() -> None:
    """Compile what ruin and recreate needs."""
    swift = Swift(DayIndex(generate_day(6, 2, 1)))
    swift.improve(swift.greedy(0), 0, rounds=1)


if __name__ == "__main__":
    warm_up_heuristic()

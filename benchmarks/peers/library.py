"""OR-Tools' routing library, as the engine `routing` runs it.

`routing.engine.baseline.library` says what it models.

Its search has one thread, so two runs with different seeds share the cores.
"""

from benchmarks.peers import Routes, Search
from routing.engine.baseline.guided import routing_library
from routing.engine.budget import Budget, say_nothing
from routing.engine.index import DayIndex


def prepare(day: DayIndex, seed: int, _part: int) -> Search:
    """Return the search; encoding and the greedy start are part of its time, as for the engine."""

    def search(seconds: float) -> list[Routes]:
        roster, _ = routing_library(day, seed, Budget(seconds=seconds), say_nothing)
        return [roster.routes]

    return search

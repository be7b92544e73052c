"""Other solvers, each given a day in its closest encoding, and our exact timing of what they answer.

A peer never prices its own work: it hands over who makes which visits in which order, `exact.py` times those
orders exactly, gives the visits left over to whoever takes them most cheaply, and the plan is checked and
priced like any other.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from routing.engine.index import DayIndex

Routes = list[list[int]]  # each nurse's visit positions in order
Search = Callable[[float], Sequence[Routes]]  # seconds -> one or more answers, of which the cheapest counts


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A solver to compare with.

    Attributes
    ----------
    module
        Holds ``prepare``; it imports the solver, so only a process of its own loads it.
    package, distribution
        What must be importable, and whose version is stated.
    parts
        A solver with one thread runs in so many processes at the same time, with different seeds, and the
        best counts: it has the same cores as everybody.
    """

    module: str
    package: str
    distribution: str
    parts: int

    @property
    def is_installed(self) -> bool:
        """Whether it can run here."""
        return find_spec(self.package) is not None

    @property
    def version(self) -> str:
        """The installed version, empty where there is none."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return ""


PEERS = {
    "ortools_routing": Peer(
        module="benchmarks.peers.library", package="ortools", distribution="ortools", parts=2
    ),
    "pyvrp": Peer(module="benchmarks.peers.pyvrp", package="pyvrp", distribution="pyvrp", parts=2),
    "vroom": Peer(module="benchmarks.peers.vroom", package="vroom", distribution="pyvroom", parts=1),
}


def prepare(name: str, day: DayIndex, seed: int, part: int) -> Search:
    """Import a peer and let it get ready for a day, which is no part of its time."""
    prepared: Search = importlib.import_module(PEERS[name].module).prepare(day, seed, part)
    return prepared

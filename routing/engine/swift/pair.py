"""Two searches side by side, one a core: where routes are long, ruin and recreate makes the plan."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from routing.engine.swift.rounds import Routes, Swift


class Pair:
    """Two `Swift` on one day, with seeds of their own; the better plan counts, both hand over their routes.

    The compiled rounds let go of Python's lock, so the second costs no time where a core is free.
    """

    def __init__(self, one: Swift, other: Swift) -> None:
        self._both = one, other

    def cost_mc(self, nurse: int, order: Sequence[int]) -> int | None:
        """Return what a nurse's visits cost in this order, as `Swift.cost_mc`."""
        return self._both[0].cost_mc(nurse, order)

    def improve(
        self,
        routes: Routes,
        seed: int,
        *,
        seconds: float | None = None,
        rounds: int | None = None,
        hand_in: Event | None = None,
    ) -> Routes:
        """Return a day no dearer, as `Swift.improve`; the seeds are twice `seed` and the next."""
        with ThreadPoolExecutor(len(self._both)) as threads:
            asked = [
                threads.submit(
                    swift.improve, routes, 2 * seed + number, seconds=seconds, rounds=rounds, hand_in=hand_in
                )
                for number, swift in enumerate(self._both)
            ]
            found = [answer.result() for answer in asked]
        costs = [swift.best_mc for swift in self._both]
        return found[costs.index(min(costs))]

    def harvest(self) -> list[tuple[int, tuple[int, ...], int]]:
        """Return the routes of both since the last harvest, as `Swift.harvest`."""
        return [route for swift in self._both for route in swift.harvest()]

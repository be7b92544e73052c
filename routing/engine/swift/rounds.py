"""The swift engine: a first board within milliseconds, then thousands of ruin-and-recreate rounds a second.

Every route is timed exactly, as `routing.engine.route.schedule` does, but compiled. It is meant to run beside
the exact engine: `harvest` hands over the routes of the days it accepted, which the integer
master recombines.

Double visits are left where they are: their halves keep the begin agreed and are never taken out.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event

import numpy as np

from routing.engine.index import DayIndex, Windows
from routing.engine.route.schedule import OWN_WINDOWS
from routing.engine.swift.day import BEHIND, FIRST, NEVER_MC, PENALTY, PLACE, SERVICE, FlatDay, Ints, flat_day
from routing.engine.swift.insert import COST, LENGTH, crew_of
from routing.engine.swift.recreate import place_absent
from routing.engine.swift.search import COLD, DIAL, HOT, ROUND, ROUNDS, improve
from routing.engine.swift.state import (
    ABSENT,
    ACCEPTED,
    BEST,
    DRAWN,
    HARVEST,
    HARVESTED,
    NURSE,
    ORDER,
    PRICE,
    STOPS,
    begin,
    note_best,
    search_of,
)
from routing.engine.swift.timing import desk, most_labels, time_stops

Routes = list[list[int]]

CHUNK_S = 0.03  # one compiled call lasts about so long: who asks for the plan waits no longer
FIRST_CHUNK = 20
HARDEST = 0  # row of `_ranks`
HOT_SHARE, COLD_SHARE = 1.0, 0.02  # of what a visit costs on average: temperatures at begin and end


class Swift:
    """The swift engine on one day; holds its own memory, so one thread at a time.

    Routes are lists of visit positions by nurse, as `Roster.routes`.

    Parameters
    ----------
    day
        The day.
    agreed
        Begins agreed for double visits, as in `Roster.agreed`; other halves cannot be placed.

    Attributes
    ----------
    rounds
        Ruin-and-recreate rounds of the last `improve`.
    """

    def __init__(self, day: DayIndex, agreed: Mapping[int, Windows] = OWN_WINDOWS) -> None:
        self.rounds = 0
        self._day = day
        self._flat = flat_day(day, agreed)
        self._work = desk(most_labels(self._flat))
        self._crew = crew_of(self._flat)
        self._rank = _ranks(self._flat)
        self._search = search_of(self._flat, self._crew, self._rank)
        self._fetched = 0
        self._chunk = FIRST_CHUNK

    @property
    def best_mc(self) -> int:
        """Cost of the best day since `greedy` or `improve` last began, penalties included."""
        return int(self._search.now[BEST])

    def cost_mc(self, nurse: int, order: Sequence[int]) -> int | None:
        """Return what a nurse's visits cost in this order; None if she may not or cannot make them so."""
        flat, crew = self._flat, self._crew
        chosen = set(order)
        if len(order) > crew.route.shape[1] or any(self._day.partner[visit] in chosen for visit in order):
            return None
        visits = np.array(order, dtype=np.int64)
        fixed_mc = int(flat.fixed_mc[visits, nurse].max(initial=0))
        if fixed_mc >= NEVER_MC:
            return None
        timed_mc = time_stops(flat, nurse, visits, crew.other, crew.others, self._work)
        if timed_mc >= NEVER_MC:
            return None
        load_s = int(flat.stop[visits, SERVICE].sum())
        return timed_mc + int(flat.fixed_mc[visits, nurse].sum()) + self._day.fairness_mc(nurse, load_s)

    def greedy(self, seed: int = 0, routes: Routes | None = None) -> Routes:
        """Return a day made by cheapest insertion, the hardest visits first, into `routes` or empty ones.

        Raises
        ------
        ValueError
            If a nurse cannot make her route in `routes`.
        """
        self._begin(routes or [[] for _ in self._day.nurses], seed)
        search = self._search
        count = int(search.now[ABSENT])
        absent = search.absent[:count]
        noise = np.random.default_rng(seed).random(count)
        search.absent[:count] = absent[np.lexsort((noise, self._rank[HARDEST, absent]))]
        place_absent(self._flat, self._crew, search, self._work, 0.0)
        note_best(self._crew, search)
        return self._best()

    def improve(
        self,
        routes: Routes,
        seed: int,
        *,
        seconds: float | None = None,
        rounds: int | None = None,
        hand_in: Event | None = None,
        on_better: Callable[[int], None] | None = None,
    ) -> Routes:
        """Return a day no dearer, by ruin and recreate until the seconds or the rounds are used up.

        Parameters
        ----------
        seed, rounds
            The same routes, seed and rounds give the same day, as long as the seconds suffice.
        hand_in
            When another thread sets it, the work ends within `CHUNK_S`.
        on_better
            Called between two chunks with the cost of a better day.

        Raises
        ------
        ValueError
            If a nurse cannot make her route in `routes`, or neither seconds nor rounds are given.
        """
        if seconds is None and rounds is None:
            raise ValueError("How long? Give seconds or rounds.")
        self._begin(routes, seed)
        now, began = self._search.now, time.monotonic()
        dial = np.zeros(DIAL)
        dial[HOT], dial[COLD] = self._temperatures()
        done, told_mc = 0, self.best_mc
        most = 0 if not self._flat.movable.any() else rounds
        while most is None or done < most:
            used_s = time.monotonic() - began
            if (seconds is not None and used_s >= seconds) or (hand_in is not None and hand_in.is_set()):
                break
            count = self._chunk if most is None else min(self._chunk, most - done)
            if most is not None:
                dial[ROUND], dial[ROUNDS] = done, most
            elif seconds is not None:
                whole = seconds * max(1, done) / used_s if done else 1e9
                dial[ROUND], dial[ROUNDS] = whole * used_s / seconds, whole
            improve(self._flat, self._crew, self._search, self._work, dial, count)
            done += count
            self._chunk = max(1, round(done * CHUNK_S / max(1e-6, time.monotonic() - began)))
            if on_better is not None and now[BEST] < told_mc:
                told_mc = int(now[BEST])
                on_better(told_mc)
        self.rounds = done
        return self._best()

    def harvest(self) -> list[tuple[int, tuple[int, ...], int]]:
        """Return the routes of accepted days since the last harvest: nurse, visits in order, cost in mc.

        At most the last `HARVEST` of them; a route may come again after a while.
        """
        search = self._search
        end = int(search.now[HARVESTED])
        rows = np.arange(max(self._fetched, end - HARVEST), end) % HARVEST
        self._fetched = end
        return [
            (row[NURSE], tuple(row[ORDER : ORDER + row[STOPS]]), row[PRICE])
            for row in search.harvest[rows].tolist()
        ]

    def _begin(self, routes: Routes, seed: int) -> None:
        crew, search = self._crew, self._search
        for nurse, order in enumerate(routes):
            if len(order) > crew.route.shape[1]:
                raise ValueError(f"Nurse {nurse} cannot make so many visits.")
            crew.route[nurse, : len(order)] = order
            crew.sums[nurse, LENGTH] = len(order)
        search.now[DRAWN] = np.random.default_rng(seed).integers(1, 1 << 62)
        search.now[ACCEPTED] = 0
        if not begin(self._flat, crew, search, self._work):
            raise ValueError("A nurse cannot make her route.")

    def _temperatures(self) -> tuple[float, float]:
        """Return the temperatures at begin and end, by what a visit of the present day costs on average."""
        sums = self._crew.sums
        each_mc = max(1.0, float(sums[:, COST].sum()) / max(1, int(sums[:, LENGTH].sum())))
        return HOT_SHARE * each_mc, COLD_SHARE * each_mc

    def _best(self) -> Routes:
        search = self._search
        lengths = search.best_length.tolist()
        return [row[:length] for row, length in zip(search.best.tolist(), lengths, strict=True)]


def _ranks(flat: FlatDay) -> Ints:
    """Return keys of the visits by which they are inserted, least first.

    By penalty; by service; by the width of their windows; by how many nurses may go; far from the middle;
    near to it; and `HARDEST`: penalty, then windows in hours, then nurses.
    """
    visits = flat.movable.shape[0]
    stop = flat.stop[:visits]
    widths = flat.window[:, 1] - flat.window[:, 0]
    until = np.concatenate(([0], np.cumsum(widths)))
    width_s = until[stop[:, BEHIND]] - until[stop[:, FIRST]]
    choice = (flat.fixed_mc < NEVER_MC).sum(axis=1)
    place = stop[:, PLACE]
    far_s = flat.drive_s[np.ix_(place, place)].sum(axis=1) if visits else place
    penalty = -stop[:, PENALTY]
    order = np.lexsort((choice, width_s // 3600, penalty))
    hardest = np.empty(visits, dtype=np.int64)
    hardest[order] = np.arange(visits)
    return np.array(
        [hardest, penalty, penalty, -stop[:, SERVICE], -stop[:, SERVICE], width_s, choice, -far_s, far_s],
        dtype=np.int64,
    )

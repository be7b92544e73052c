"""Where one more visit fits into a day, and what it costs as a function of when it begins.

A nurse's labels up to a stop (`routing.engine.route.schedule`) and her tails behind it
(`routing.slots.tails`) are made once for a day. A visit put between the two then costs,
beginning at x with lo <= x <= hi,

    K + idle x max(0, x - F) + idle x max(0, W - x) + overtime x max(0, max(x, W) - O)      mc

K: driving, waiting that no begin avoids, wishes missed and fairness, less what her day costs now; F: later
begins make her wait before the visit; W: earlier ones make her wait behind it; O: she is back after her
shift. The sum is convex, so its least within any window [a, b] is at W, pushed into [max(lo, a), min(hi, b)]:
no route is timed again for a window.

A longest duration M asks for lo >= D + Q - M and hi <= F + M - D - P (D: elapsed before, P and Q as in
`tails`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from routing.engine.index import FAR_S, Call, Windows
from routing.engine.route.roster import Roster
from routing.engine.route.schedule import RESTED, RETURNED, Label
from routing.slots.tails import NurseTails, Row, State
from routing.travel import AffineGreatCircle


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A visit that is not booked yet.

    Attributes
    ----------
    lat, lon
        Its door in degrees (WGS 84).
    begins
        Nurse id -> when she may begin it, ascending and disjoint; who is not named may not go.
    nurse_mc
        Nurse id -> price of sending her (continuity, preferences).
    """

    lat: float
    lon: float
    service_s: int
    units: int = 0
    begins: Mapping[str, Windows]
    nurse_mc: Mapping[str, int] = field(default_factory=dict)


class Fit(NamedTuple):
    """A nurse and a place in her route: the letters above, in seconds and mc."""

    nurse: int
    position: int
    lo_s: int
    hi_s: int
    k_mc: int
    f_s: int
    w_s: int
    o_s: int


class _Reach(NamedTuple):
    """Having arrived: E, F, C and D of `routing.engine.route.schedule`, and what is done."""

    earliest_s: int
    latest_s: int
    cost_mc: int
    elapsed_s: int
    state: State


class ReadyDay:
    """A day's roster, ready to be asked where one more visit fits.

    Making it takes as long as planning the day greedily, asking a few milliseconds; it never changes.
    """

    def __init__(self, roster: Roster, closed: frozenset[int] = frozenset()) -> None:
        """Prepare a roster; the nurses in `closed` (positions) are given nothing more.

        Nor is who waits for stock that is not ready yet (`Visit.ready_s`): a running day's rare case.
        """
        if not isinstance(roster.day.problem.travel, AffineGreatCircle):
            raise ValueError("a new door's drives are known by its point only: the day states a matrix")
        waiting = (v for v, visit in enumerate(roster.day.problem.visits) if visit.ready_s is not None)
        self.roster, self.closed = roster, closed | {roster.nurse_of[visit] for visit in waiting}
        self.problem = roster.day.problem
        self._travel = roster.day.problem.travel
        self._lats = np.array([place.lat for place in self.problem.places], dtype=np.float64)
        self._lons = np.array([place.lon for place in self.problem.places], dtype=np.float64)
        self._nurses = [ReadyNurse(roster, nurse) for nurse in range(len(roster.routes))]

    def drives_s(self, lat: float, lon: float) -> list[int]:
        """Return the seconds between a door and each place of the day."""
        found: list[int] = self._travel.seconds_from(lat, lon, self._lats, self._lons).tolist()
        return found

    def detour_s(self, nurse: int, position: int, row: Row) -> int:
        """Return the driving that a door with these drives adds at a position of a nurse's route."""
        ready = self._nurses[nurse]
        here, there = ready.legs[position]
        goes = ready.tails.route or ready.line.on_duty
        return row[here] + row[there] - (ready.day.drive_s[here][there] if goes else 0)

    def fits(self, wanted: Wanted, row: Row) -> list[Fit]:
        """Return every way to make the visit, by nurse; `row` is what `drives_s` says of its door."""
        found: list[Fit] = []
        for nurse, ready in enumerate(self._nurses):
            name = self.problem.nurses[nurse].id
            begins = wanted.begins.get(name)
            if begins and nurse not in self.closed:
                found += ready.fits(wanted, row, begins, wanted.nurse_mc.get(name, 0))
        return found


class ReadyNurse:
    """One nurse's labels before each of her stops, and her tails behind them."""

    def __init__(self, roster: Roster, nurse: int) -> None:
        day = roster.day
        self.day, self.nurse, self.timer = day, nurse, roster.timers[nurse]
        self.line, self.weights = day.nurses[nurse], day.problem.weights
        self.tails = NurseTails(roster, nurse)
        route = self.tails.route
        self.units = sum(day.visits[visit].units for visit in route)
        self.load_s = sum(day.visits[visit].service_s for visit in route)
        continuity_mc = sum(day.nurse_cost_mc[nurse][visit] for visit in route)
        self.timed_mc = roster.cost_mc[nurse] - continuity_mc - day.fairness_mc(nurse, self.load_s)
        self.agreed = roster.agreed
        self._before: dict[int, list[list[Label]]] = {}
        # Where each position leads, and when she must be there at the latest: rules most of them out.
        self.legs = [
            (
                self.tails.place(position),
                self.tails.place(position + 1) if position < len(route) else self.line.end,
            )
            for position in range(len(route) + 1)
        ]
        self.due_s = self._due()

    def _due(self) -> list[int]:
        """Return the latest arrival at the end of each leg, breaks and pharmacies apart."""
        found = [self.line.latest_end_s]
        place = self.line.end
        for position in range(len(self.tails.route) - 1, -1, -1):
            visit = self.day.visits[self.tails.route[position]]
            onward_s = self.day.drive_s[visit.place][place]
            found.append(min(visit.windows[-1][1], found[-1] - onward_s - visit.service_s))
            place = visit.place
        return found[::-1]

    def before(self, units: int) -> list[list[Label]]:
        """Return the labels at each position when a visit that uses `units` follows there or later."""
        if units not in self._before:
            route, place = self.tails.route, self.line.start
            due = not units and self.timer.return_due(len(route), self.units)
            labels = self.timer.roots(True)
            found = [labels]
            for position, visit in enumerate(route):
                ahead = units + self.tails.ahead[position]
                labels = self.timer.drive_to_visit(labels, place, visit, ahead, due, self.agreed)
                found.append(labels)
                place = self.day.visits[visit].place
            self._before[units] = found
        return self._before[units]

    def fits(self, wanted: Wanted, row: Row, begins: Windows, nurse_mc: int) -> Iterator[Fit]:
        """Yield every way in which she makes the visit.

        `row`: seconds between its door and each place.
        """
        tails = self.tails
        return_due = self.timer.return_due(len(tails.route) + 1, self.units + wanted.units)
        more_mc = self.day.fairness_mc(self.nurse, self.load_s + wanted.service_s)
        more_mc += nurse_mc - self.day.fairness_mc(self.nurse, self.load_s) - self.timed_mc
        for position, labels in enumerate(self.before(wanted.units)):
            here, there = self.legs[position]
            latest_s = min(begins[-1][1], self.due_s[position] - row[there] - wanted.service_s)
            known: dict[State, list[tuple[int, int, int, int]]] = {}
            for label in labels:
                if max(label.earliest_s + row[here], begins[0][0]) > latest_s:
                    continue
                for reach in self._arrivals(label, position, row, wanted.units, return_due):
                    if reach.state not in known:
                        behind = tails.behind(row, position, reach.state, return_due)
                        known[reach.state] = [
                            (t.latest_s - wanted.service_s, t.back_s, t.busy_s + wanted.service_s, t.drive_mc)
                            for t in behind
                        ]
                    yield from self._joined(reach, known[reach.state], begins, position, more_mc)

    def _joined(
        self,
        reach: _Reach,
        behind: list[tuple[int, int, int, int]],
        begins: Windows,
        position: int,
        more_mc: int,
    ) -> Iterator[Fit]:
        earliest_s, f_s, cost_mc, elapsed_s, _ = reach
        most_s = self.line.max_duration_s
        for latest_s, back_s, busy_s, drive_mc in behind:
            first_s, last_s = earliest_s, latest_s
            if most_s < FAR_S:
                if elapsed_s + busy_s > most_s or elapsed_s + back_s - most_s > f_s:
                    continue
                first_s = max(first_s, elapsed_s + back_s - most_s)
                last_s = min(last_s, f_s + most_s - elapsed_s - busy_s)
            for opens_s, closes_s in begins:
                lo_s, hi_s = max(first_s, opens_s), min(last_s, closes_s)
                if lo_s <= hi_s:
                    yield Fit(
                        self.nurse,
                        position,
                        lo_s,
                        hi_s,
                        cost_mc + drive_mc + more_mc,
                        f_s,
                        back_s - busy_s,
                        self.line.shift_end_s - busy_s,
                    )

    def _arrivals(
        self, label: Label, position: int, row: Row, units: int, return_due: bool
    ) -> Iterator[_Reach]:
        """Yield how she may arrive at the new door from a label: straight, or over a pharmacy."""
        tails, line = self.tails, self.line
        place = tails.place(position)
        ahead = units + tails.ahead[position]
        state = State(bool(label.done & RESTED), label.left, label.pickups, bool(label.done & RETURNED))
        here = _Reach(label.earliest_s, label.latest_s, label.cost_mc, label.elapsed_s, state)
        if state.left >= units:
            used = here._replace(state=state._replace(left=state.left - units))
            yield from self._drive(used, row[place])
        calls, after = (
            tails.collecting,
            State(state.rested, line.box - units, state.pickups + 1, state.returned),
        )
        if ahead > state.left and state.pickups < line.max_pickups and line.box >= units:
            yield from self._over(here._replace(state=after), place, row, calls)
        if return_due and not ahead and not state.returned:
            after = State(state.rested, 0, state.pickups, True)
            yield from self._over(here._replace(state=after), place, row, tails.returning)

    def _over(self, here: _Reach, place: int, row: Row, calls: Sequence[Call]) -> Iterator[_Reach]:
        # The door has no row of its own in the day: its drives are the same both ways.
        from_place = self.day.drive_s[place]
        for call in self.tails.worth_it(row, place, calls):
            for at in self._drive(here, from_place[call.place]):
                for opens_s, closes_s in call.windows:
                    if at.earliest_s > closes_s:
                        continue
                    wait_s = max(0, opens_s - at.latest_s)
                    done = _Reach(
                        max(at.earliest_s, opens_s) + call.service_s,
                        min(max(at.latest_s, opens_s), closes_s) + call.service_s,
                        at.cost_mc + self.weights.idle_mc_per_s * wait_s,
                        at.elapsed_s + wait_s + call.service_s,
                        at.state,
                    )
                    yield from self._drive(done, row[call.place])

    def _drive(self, here: _Reach, drive_s: int) -> Iterator[_Reach]:
        """Yield the arrival after a drive, and the one with the break on it."""
        earliest_s, latest_s, cost_mc, elapsed_s, state = here
        cost_mc, elapsed_s = cost_mc + self.weights.travel_mc_per_s * drive_s, elapsed_s + drive_s
        yield _Reach(earliest_s + drive_s, latest_s + drive_s, cost_mc, elapsed_s, state)
        rest = self.line.rest
        if rest is None or state.rested or earliest_s > rest[2]:
            return
        rest_s, from_s, until_s = rest
        there_s = min(latest_s, until_s) + drive_s
        wait_s = max(0, from_s - there_s)
        yield _Reach(
            max(earliest_s + drive_s, from_s) + rest_s,
            max(there_s, from_s) + rest_s,
            cost_mc + self.weights.idle_mc_per_s * wait_s,
            elapsed_s + wait_s + rest_s,
            state._replace(rested=True),
        )

"""The rest of a nurse's day behind a stop, whatever comes before it.

Which window each later visit keeps, on which leg the break is taken and at which pharmacy she calls make one
*tail*. For a given tail, leaving at t

    she is back at          max(t + P, Q)            P: driving, service, counters, break; Q: never before
    having waited           max(0, Q - P - t)
    which is possible for   t <= L
    and drives for          T mc

so four numbers say all, and putting a stop or a leg in front of a tail is constant time:

    drive d                 L - d,                     Q,              P + d
    begin in [a, b], s      min(b, L - s),             max(Q, a+s+P),  P + s       (possible if a + s <= L)
    break k in [e, l],      min(l, L - k - d),         max(Q, e+k+P),  P + k + d   (possible if e + k <= L)
      anywhere on a leg d

These are the labels of `routing.engine.route.schedule` seen from the other end. A tail does not depend on
what is put before it, so the tails of a day are made once and serve every question.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from routing.engine.index import FAR_S, Call, Windows
from routing.engine.route.roster import Roster


class Tail(NamedTuple):
    """L, Q, P in seconds and T in mc, as above."""

    latest_s: int
    back_s: int
    busy_s: int
    drive_mc: int


class State(NamedTuple):
    """What is behind her: break taken, units that may still be used, pickups made, stock returned."""

    rested: bool
    left: int
    pickups: int
    returned: bool


Row = Sequence[int]  # seconds from one place to every place


class NurseTails:
    """The tails of one nurse's route; remembers those between the stops that she has."""

    def __init__(self, roster: Roster, nurse: int) -> None:
        day = roster.day
        self.day, self.route = day, list(roster.routes[nurse])
        self.line = day.nurses[nurse]
        self.travel_mc = day.problem.weights.travel_mc_per_s
        self._waiting_is_dearer = day.problem.weights.idle_mc_per_s > self.travel_mc
        self._windows = [roster.agreed.get(v, day.visits[v].windows) for v in self.route]
        units = [day.visits[visit].units for visit in self.route]
        self.ahead = [sum(units[position:]) for position in range(len(units) + 1)]
        self.collecting = [_counter("pickup", at, c.place, c.windows, c.handling_s)
                           for at, c in enumerate(day.counters)]  # fmt: skip
        last_s = self.line.shift_end_s
        self.returning = [
            _counter("return", at, c.place, tuple((a, min(b, last_s)) for a, b in c.windows if a <= last_s),
                     c.handling_s)
            for at, c in enumerate(day.counters)
        ]  # fmt: skip
        self._known: dict[tuple[int, State, bool], list[Tail]] = {}

    def place(self, position: int) -> int:
        """Return the place at which she is before the visit at `position`."""
        return self.line.start if position == 0 else self.day.visits[self.route[position - 1]].place

    def behind(self, row: Row, position: int, state: State, return_due: bool) -> list[Tail]:
        """Return the tails of leaving a place to go on with the visits from `position` on.

        Parameters
        ----------
        row
            Seconds from that place.
        return_due
            Whether policy sends her to a counter before the day ends.
        """
        if position == len(self.route):
            return self._homewards(row, state, return_due)
        visit = self.route[position]
        units, place = self.day.visits[visit].units, self.day.visits[visit].place
        ahead, box = self.ahead[position], self.line.box
        found: list[Tail] = []
        if state.left >= units:
            found += self._leg(row[place], state, self._visit(position, state.left - units, return_due))
        if ahead > state.left and state.pickups < self.line.max_pickups and box >= units:
            stocked = state._replace(pickups=state.pickups + 1)
            follow = self._visit(position, box - units, return_due)
            found += self._over(row, place, stocked, self.collecting, follow)
        if return_due and not ahead and not state.returned:
            emptied = state._replace(returned=True)
            follow = self._visit(position, 0, return_due)
            found += self._over(row, place, emptied, self.returning, follow)
        return _undominated(found)

    def worth_it(self, row: Row, place: int, calls: Sequence[Call]) -> Iterable[Call]:
        """Return the counters that may be best on the way from `row`'s place to `place`.

        One that is as open, as quick and nearer to both ends costs no more, unless waiting is dearer than
        driving.
        """
        drive_s = self.day.drive_s
        alike = len({(call.windows, call.service_s) for call in calls}) == 1
        if self._waiting_is_dearer or not alike:
            return calls
        found, nearest_s = [], FAR_S
        for call in sorted(calls, key=lambda call: (row[call.place], drive_s[call.place][place])):
            if drive_s[call.place][place] < nearest_s:
                nearest_s = drive_s[call.place][place]
                found.append(call)
        return found

    def _visit(self, position: int, left: int, return_due: bool) -> Callable[[State], list[Tail]]:
        def arriving(state: State) -> list[Tail]:
            key = position, state._replace(left=left), return_due
            if key not in self._known:
                visit = self.day.visits[self.route[position]]
                leaving = self.behind(self.day.drive_s[visit.place], position + 1, key[1], return_due)
                self._known[key] = _stop(self._windows[position], visit.service_s, leaving)
            return self._known[key]

        return arriving

    def _homewards(self, row: Row, state: State, return_due: bool) -> list[Tail]:
        home = self.line.end
        if not return_due or state.returned:
            return self._leg(row[home], state, self._home)
        emptied = state._replace(returned=True)
        return _undominated(self._over(row, home, emptied, self.returning, self._home))

    def _home(self, state: State) -> list[Tail]:
        latest_s = self.line.latest_end_s
        if not state.rested and self.line.rest is not None:
            latest_s = min(latest_s, self.line.rest[2])  # the break that is still due is taken at home
        return [Tail(latest_s, 0, 0, 0)]

    def _over(
        self,
        row: Row,
        place: int,
        state: State,
        calls: Sequence[Call],
        follow: Callable[[State], list[Tail]],
    ) -> list[Tail]:
        """Put a counter, and the legs to it and from it, in front of what follows at `place`."""
        found: list[Tail] = []
        for call in self.worth_it(row, place, calls):
            onward_s = self.day.drive_s[call.place][place]

            def at_counter(state: State, call: Call = call, onward_s: int = onward_s) -> list[Tail]:
                return _stop(call.windows, call.service_s, self._leg(onward_s, state, follow))

            found += self._leg(row[call.place], state, at_counter)
        return found

    def _leg(self, drive_s: int, state: State, follow: Callable[[State], list[Tail]]) -> list[Tail]:
        """Put a drive in front of what follows, with the break on it or not."""
        drive_mc = self.travel_mc * drive_s
        found = [
            Tail(tail.latest_s - drive_s, tail.back_s, tail.busy_s + drive_s, tail.drive_mc + drive_mc)
            for tail in follow(state)
        ]
        if not state.rested and self.line.rest is not None:
            rest_s, from_s, until_s = self.line.rest
            found += [
                Tail(
                    min(until_s, tail.latest_s - rest_s - drive_s),
                    max(tail.back_s, from_s + rest_s + tail.busy_s),
                    tail.busy_s + rest_s + drive_s,
                    tail.drive_mc + drive_mc,
                )
                for tail in follow(state._replace(rested=True))
                if from_s + rest_s <= tail.latest_s
            ]
        return found


def _counter(kind: str, at: int, place: int, windows: Windows, handling_s: int) -> Call:
    return Call(kind, at, place, windows, handling_s)  # type: ignore[arg-type] # "pickup" or "return"


def _stop(windows: Windows, service_s: int, leaving: list[Tail]) -> list[Tail]:
    """Put a stop that begins in one of its windows in front of leaving it."""
    return [
        Tail(
            min(closes_s, tail.latest_s - service_s),
            max(tail.back_s, opens_s + service_s + tail.busy_s),
            tail.busy_s + service_s,
            tail.drive_mc,
        )
        for opens_s, closes_s in windows
        for tail in leaving
        if opens_s + service_s <= tail.latest_s
    ]


def _undominated(tails: list[Tail]) -> list[Tail]:
    """Leave out whatever another tail is nowhere worse than: in time, in waiting and in driving."""
    if len(tails) < 2:
        return tails
    kept: list[Tail] = []
    for tail in sorted(tails, key=lambda tail: (tail.drive_mc, tail.busy_s, tail.back_s, -tail.latest_s)):
        if not any(
            other.latest_s >= tail.latest_s
            and other.back_s <= tail.back_s
            and other.busy_s <= tail.busy_s
            and other.drive_mc <= tail.drive_mc
            and other.back_s - other.busy_s <= tail.back_s - tail.busy_s
            for other in kept
        ):
            kept.append(tail)
    return kept

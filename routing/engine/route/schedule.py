"""The exact timing of one nurse's route whose visits and their order are given.

Decides, at least cost, when to leave, which window of each visit to keep, where to wait, on which leg to
take the break, at which pharmacy and on which leg to collect and to return stock, and prices overtime.

Method: forward labels. A label says of all ways to have just completed a stop

    E  earliest completion,
    F  latest completion without waiting beyond what is already forced (leaving later shifts everything),
    C  cost so far: travel and forced waiting,
    D  elapsed time since departure, forced waiting included.

The cost as a function of the completion time x >= E is C + idle x max(0, x - F), and the elapsed time
D + max(0, x - F): so the departure time is optimised in constant time a stop. Driving t and beginning in
[a, b] with service s is possible when E + t <= b, and gives

    wait = max(0, a - F - t);  C += idle x wait;  D += wait + t + s
    E = max(E + t, a) + s;     F = min(max(F + t, a), b) + s.

A break of length d that begins in [e, l] may be taken anywhere on a leg, also on the road: it needs
E <= l, and then F = min(F, l), the drive, a wait for e, and d. One label is dropped for another that is no
worse in E, C, C - idle x F, D, D - F and in what it has already done: both functions above are then no worse
everywhere. Two things already done are also lost: a break still to come may fill a wait that one taken early
left to be paid, so a rested label must be cheaper by that much; and so may a counter, so labels are compared
only at equal stock and pickups. (The shape of the cost follows M. W. P. Savelsbergh, "The vehicle routing
problem with time windows: minimizing route duration", ORSA Journal on Computing 4, 1992.)
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Optional

from routing.engine.index import FAR_S, Call, DayIndex, NurseLine, Windows
from routing.engine.route.detours import Detours

RESTED, RETURNED = 1, 2

OWN_WINDOWS: Mapping[int, Windows] = {}


class Label(NamedTuple):
    """One non-dominated way to have completed the stops so far (E, F, C, D above)."""

    earliest_s: int
    latest_s: int
    cost_mc: int
    elapsed_s: int
    left: int  # units of stock that may still be used
    pickups: int
    done: int  # RESTED | RETURNED
    fresh_s: int  # the last pickup begins not before this second; FAR_S while there was none
    parent: Optional["Label"]
    call: Call | None  # None at the root
    window: tuple[int, int]
    rest_before: bool  # the break was taken on the leg to this stop, or before departure


class Timing(NamedTuple):
    """The best timing found: cost in mc (travel, idle, overtime), when she is back, and its last label."""

    cost_mc: int
    end_s: int
    last: Label


class RouteTimer:
    """Times the routes of one nurse. Stateless apart from small caches; safe to keep for a whole solve.

    `line` replaces the nurse's own limits; without `returns` stock need not go back, without `freshness`
    it is always ready: to ask what would be possible without one of them.
    """

    def __init__(
        self,
        day: DayIndex,
        nurse: int,
        line: NurseLine | None = None,
        *,
        returns: bool = True,
        freshness: bool = True,
    ) -> None:
        self.day = day
        self.nurse = nurse
        self.line = line or day.nurses[nurse]
        self._returns = returns
        weights = day.problem.weights
        self.travel_mc, self.idle_mc = weights.travel_mc_per_s, weights.idle_mc_per_s
        self.overtime_mc = weights.overtime_mc_per_s
        self._ready_s = [visit.ready_s if freshness else 0 for visit in day.visits]
        self._any_ready = any(self._ready_s)
        # Where waiting is not priced, a stop at a counter fills none: it may be made without a reason, and
        # labels that differ in stock can be compared.
        self._at_will = self.idle_mc == 0 and day.problem.return_of_stock == "never"
        self._bounded = self.line.max_duration_s < FAR_S
        self._home = Call("end", -1, self.line.end, ((0, self.line.latest_end_s),), 0)
        self._detours = Detours(day, self.line)

    def best(self, visits: Sequence[int], windows: Mapping[int, Windows] = OWN_WINDOWS) -> Timing | None:
        """Return the cheapest timing of these visits in this order, None if there is none.

        Parameters
        ----------
        visits
            Visit positions.
        windows
            Visit position -> windows that replace its own (the agreed begin of a double visit, say).
        """
        labels = self.roots(bool(visits))
        place, units = self.line.start, [self.day.visits[v].units for v in visits]
        return_due = self.return_due(len(visits), sum(units))
        for position, visit in enumerate(visits):
            ahead, ready = sum(units[position:]), self.ready(visits[position:])
            labels = self.drive_to_visit(labels, place, visit, ahead, return_due, windows, ready)
            if not labels:
                return None
            place = self.day.visits[visit].place
        return self.drive_home(labels, place, return_due)

    def ready(self, visits: Iterable[int]) -> tuple[int, ...]:
        """Return the seconds, ascending, at which stock for these visits becomes ready."""
        if not self._any_ready:
            return ()
        return tuple(sorted({self._ready_s[visit] for visit in visits} - {0}))

    def return_due(self, visits: int, units: int) -> bool:
        """Say whether policy sends her back with stock after `visits` that use `units` in all."""
        problem = self.day.problem
        return self._returns and problem.return_is_due(
            problem.nurses[self.nurse],
            visits=visits,
            carried=self.line.stock + units,
            left=max(0, self.line.stock - units),
        )

    def roots(self, has_visits: bool) -> list[Label]:
        """Return the labels of not having left yet: the break still to come, or taken before leaving."""
        line = self.line
        latest_s = line.begin_s if line.on_duty else FAR_S
        done = 0 if line.rest and has_visits else RESTED
        unrested = Label(line.begin_s, latest_s, 0, 0, line.stock, 0, done, FAR_S, None, None, (0, 0), False)
        if not (line.rest and has_visits) or line.begin_s > line.rest[2]:
            return [unrested]
        duration_s, earliest_s, _ = line.rest
        rested_s = max(line.begin_s, earliest_s) + duration_s
        cost_mc, elapsed_s = 0, 0
        if line.on_duty:  # she is paid since she became free, so waiting for the break is idle
            latest_s, elapsed_s = rested_s, rested_s - line.begin_s
            cost_mc = self.idle_mc * max(0, earliest_s - line.begin_s)
        rested = Label(
            rested_s, latest_s, cost_mc, elapsed_s, line.stock, 0, RESTED, FAR_S, None, None, (0, 0), True
        )
        return [unrested, rested]

    def drive_to_visit(
        self,
        labels: list[Label],
        place: int,
        visit: int,
        ahead: int,
        return_due: bool,
        windows: Mapping[int, Windows] = OWN_WINDOWS,
        ready: tuple[int, ...] = (),
    ) -> list[Label]:
        """Extend labels at `place` to having completed `visit`, over pharmacies where that may be needed.

        `ahead` counts the units that this visit and those after it use, `ready` tells when their stock is
        ready (see `ready`).
        """
        call = self.day.calls[visit]
        if visit in windows:
            call = call._replace(windows=windows[visit])
        found: list[Label] = []
        units, ready_s = self.day.visits[visit].units, self._ready_s[visit]
        for label in labels:
            fresh_s = _freshest(label.fresh_s, ready)
            if label.left >= units and fresh_s >= ready_s:
                self._extend(label, place, call, label.left - units, fresh_s, found)
            worth_it = ahead > label.left or (ready and ready[-1] > fresh_s) or (ahead and self._at_will)
            if worth_it and label.pickups < self.line.max_pickups and self.line.box >= units:
                for counter in self._detours.to_collect(place, call.place, ready):
                    for midway in self._call_at(label, place, counter, self.line.box):
                        fresh_s = _freshest(midway.fresh_s, ready)
                        if fresh_s >= ready_s:
                            self._extend(midway, counter.place, call, self.line.box - units, fresh_s, found)
            if return_due and not ahead and not label.done & RETURNED:
                for counter in self._detours.to_return(place, call.place):
                    for midway in self._call_at(label, place, counter, 0):
                        self._extend(midway, counter.place, call, 0, 0, found)
        return self._undominated(found)

    def drive_home(self, labels: list[Label], place: int, return_due: bool) -> Timing | None:
        """Return the cheapest way to end the day from labels at `place`, None if there is none."""
        found: list[Label] = []
        for label in labels:
            if not return_due or label.done & RETURNED:
                self._extend(label, place, self._home, label.left, 0, found)
            else:
                for counter in self._detours.to_return(place, self._home.place):
                    for midway in self._call_at(label, place, counter, 0):
                        self._extend(midway, counter.place, self._home, 0, 0, found)
        best: Timing | None = None
        for label in found:
            end_s = label.earliest_s
            cost_mc = label.cost_mc + self.overtime_mc * max(0, end_s - self.line.shift_end_s)
            if best is None or (cost_mc, end_s) < (best.cost_mc, best.end_s):
                best = Timing(cost_mc, end_s, label)
        return best

    def _call_at(self, label: Label, place: int, counter: Call, left: int) -> list[Label]:
        """Return the labels of having called at a pharmacy, with `left` units that may then be used."""
        found: list[Label] = []
        self._extend(label, place, counter, left, 0, found)
        return found

    def _extend(
        self, label: Label, place: int, call: Call, left: int, fresh_s: int, found: list[Label]
    ) -> None:
        line, drive_s = self.line, self.day.drive_s[place][call.place]
        earliest_s, latest_s = label.earliest_s + drive_s, label.latest_s + drive_s
        cost_mc, elapsed_s = label.cost_mc + self.travel_mc * drive_s, label.elapsed_s + drive_s
        pickups = label.pickups + (call.kind == "pickup")
        done = label.done | (RETURNED if call.kind == "return" else 0)
        state = left, pickups, done, fresh_s
        self._begin(label, call, (earliest_s, latest_s, cost_mc, elapsed_s), state, False, found)
        if line.rest is None or done & RESTED or label.earliest_s > line.rest[2]:
            return
        duration_s, from_s, until_s = line.rest
        there_s = min(label.latest_s, until_s) + drive_s
        wait_s = max(0, from_s - there_s)
        reach = (
            max(earliest_s, from_s) + duration_s,
            max(there_s, from_s) + duration_s,
            cost_mc + self.idle_mc * wait_s,
            elapsed_s + wait_s + duration_s,
        )
        self._begin(label, call, reach, (left, pickups, done | RESTED, fresh_s), True, found)

    def _begin(
        self,
        label: Label,
        call: Call,
        reach: tuple[int, int, int, int],
        state: tuple[int, int, int, int],
        rest_before: bool,
        found: list[Label],
    ) -> None:
        earliest_s, latest_s, cost_mc, elapsed_s = reach
        left, pickups, done, fresh_s = state
        line, service_s = self.line, call.service_s
        for window in call.windows:
            opens_s, closes_s = window
            if earliest_s > closes_s:
                continue
            wait_s = opens_s - latest_s if opens_s > latest_s else 0
            completed_s = (earliest_s if earliest_s > opens_s else opens_s) + service_s
            all_elapsed_s = elapsed_s + wait_s + service_s
            if completed_s > line.latest_end_s or all_elapsed_s > line.max_duration_s:
                continue
            if line.rest is not None and not done & RESTED and completed_s > line.rest[2]:
                continue  # too late for the break, on the road as well as at home
            last_s = latest_s if latest_s > opens_s else opens_s
            found.append(
                Label(
                    completed_s,
                    (last_s if last_s < closes_s else closes_s) + service_s,
                    cost_mc + self.idle_mc * wait_s,
                    all_elapsed_s,
                    left,
                    pickups,
                    done,
                    opens_s if call.kind == "pickup" else fresh_s,
                    label,
                    call,
                    window,
                    rest_before,
                )
            )

    def _undominated(self, labels: list[Label]) -> list[Label]:
        if len(labels) < 2:
            return labels
        labels.sort()
        kept: list[Label] = []
        for label in labels:
            if not any(self._dominates(other, label) for other in kept):
                kept.append(label)
        return kept

    def _dominates(self, one: Label, other: Label) -> bool:
        # `one` is not later (the caller sorts by E)
        if self._at_will:
            if one.left < other.left or one.pickups > other.pickups or one.fresh_s < other.fresh_s:
                return False
        elif one.left != other.left or one.pickups != other.pickups or one.fresh_s != other.fresh_s:
            return False  # who has not been to the counter may still fill a wait with it
        elif (one.done ^ other.done) & RETURNED:
            return False
        if other.done & RESTED and not one.done & RESTED:
            return False
        margin_mc = 0
        if self.line.rest is not None and one.done != other.done:
            margin_mc = self.idle_mc * self.line.rest[0]  # as much waiting the break to come may yet fill
        return (
            one.cost_mc + margin_mc <= other.cost_mc
            and one.cost_mc + margin_mc - self.idle_mc * one.latest_s
            <= other.cost_mc - self.idle_mc * other.latest_s
            and (
                not self._bounded
                or (
                    one.elapsed_s <= other.elapsed_s
                    and one.elapsed_s - one.latest_s <= other.elapsed_s - other.latest_s
                )
            )
        )


def _freshest(fresh_s: int, ready: tuple[int, ...]) -> int:
    """Return the last second of `ready` that is not after `fresh_s`, 0 where there is none.

    What lies between two of them makes no difference to the visits ahead.
    """
    if not ready:
        return 0
    before = bisect_right(ready, fresh_s)
    return ready[before - 1] if before else 0

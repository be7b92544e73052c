"""What moving a visit costs: patients and nurses were told who comes and when.

A promise is the nurse of the plan in force and a span around its begin. Another nurse costs `nurse_mc`: the
engines price that exactly, as a preference. A begin outside the span costs `time_mc`; one behind the visit's
own windows costs `late_mc_per_s` beside. No engine knows a price of time, so the span is a limit while routes
are made, opened only where a visit could not be made otherwise, and priced when answers are compared.

What begins within the freeze horizon is held: the nurse is about to leave for it, and it stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from routing.problem import Pin, Problem, Visit, Window
from routing.replan.underway import Promise
from routing.soundness import MOST_COST_MC

HELD_MC = MOST_COST_MC // 1_000  # what leaving a held visit costs: no saving is worth it


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Prices in millicents and spans in seconds.

    Attributes
    ----------
    freeze_s
        Visits that begin within this time from now stay as they are.
    nurse_mc, time_mc
        Price of another nurse, and of a begin outside the span, once a visit: $10 each.
    span_s
        How far from the promised begin a visit may begin as promised.
    late_mc_per_s
        Price of each second behind the visit's own windows: $45 an hour.
    most_late_s
        Who would be later than this does not come any more.
    """

    freeze_s: int = 1_800
    nurse_mc: int = 1_000_000
    time_mc: int = 1_000_000
    span_s: int = 1_800
    late_mc_per_s: int = 1_250
    most_late_s: int = 7_200


@dataclass(frozen=True, kw_only=True)
class Promises:
    """The promises of a day, at a moment, under a policy."""

    policy: Policy
    promised: Mapping[str, Promise]
    now_s: int

    def is_held(self, visit: str) -> bool:
        """Say whether a visit begins within the freeze horizon."""
        promise = self.promised.get(visit)
        return promise is not None and promise.begin_s < self.now_s + self.policy.freeze_s

    def priced(self, visit: Visit, nurses: tuple[str, ...], *, held: bool) -> Visit:
        """Return the visit with the price of another nurse, and with its windows cut to the span promised."""
        promise = self.promised.get(visit.id)
        if promise is None:
            return visit
        moved = {nurse: self.policy.nurse_mc for nurse in nurses if nurse != promise.nurse}
        for nurse, cost in visit.preference_mc.items():
            moved[nurse] = moved.get(nurse, 0) + cost
        return replace(
            visit,
            windows=self.span_of(visit) or visit.windows,
            preference_mc=moved,
            penalty_mc=max(visit.penalty_mc, HELD_MC) if held else visit.penalty_mc,
        )

    def span_of(self, visit: Visit) -> tuple[Window, ...]:
        """Return the parts of the visit's windows in which it begins as promised."""
        promise = self.promised.get(visit.id)
        if promise is None:
            return visit.windows
        low_s, high_s = promise.begin_s - self.policy.span_s, promise.begin_s + self.policy.span_s
        return tuple(
            Window(begin_s=max(w.begin_s, low_s), end_s=min(w.end_s, high_s))
            for w in visit.windows
            if w.begin_s <= high_s and w.end_s >= low_s
        )

    def moved_mc(self, visit: Visit, nurse: str, begin_s: int) -> int:
        """Return what it costs, beside the plan's own cost, that this nurse makes a visit at this second.

        Parameters
        ----------
        visit
            With its own windows.
        """
        policy, promise = self.policy, self.promised.get(visit.id)
        nurse_mc = policy.nurse_mc if promise is not None and nurse != promise.nurse else 0
        return nurse_mc + self.time_mc(visit, begin_s)

    def time_mc(self, visit: Visit, begin_s: int) -> int:
        """Return the part of `moved_mc` that is about the begin."""
        policy, promise = self.policy, self.promised.get(visit.id)
        off = promise is not None and abs(begin_s - promise.begin_s) > policy.span_s
        return (policy.time_mc if off else 0) + policy.late_mc_per_s * late_s(visit, begin_s)


def late_s(visit: Visit, begin_s: int) -> int:
    """Return how long behind the last window open by then a visit begins."""
    if any(window.holds(begin_s) for window in visit.windows):
        return 0
    before = [window.end_s for window in visit.windows if window.end_s < begin_s]
    return begin_s - max(before) if before else 0


def stretched(windows: tuple[Window, ...], begin_s: int) -> tuple[Window, ...]:
    """Return windows that hold this second, too: the last one that opens before it lasts until then."""
    if any(window.holds(begin_s) for window in windows):
        return windows
    before = [index for index, window in enumerate(windows) if window.begin_s <= begin_s]
    if not before:
        return (Window(begin_s=begin_s, end_s=windows[0].end_s), *windows[1:])
    last = before[-1]
    longer = replace(windows[last], end_s=begin_s)
    return (*windows[:last], longer, *windows[last + 1 :])


def priced_day(problem: Problem, promises: Promises, free: frozenset[str] = frozenset()) -> Problem:
    """Return the day as engines get it: every promise priced, what is held pinned.

    `free` names visits that are not held, whatever the freeze horizon says.
    """
    names = tuple(nurse.id for nurse in problem.nurses)
    held = {visit.id for visit in problem.visits if promises.is_held(visit.id)} - free
    pins = dict(problem.pin)
    for visit in held:
        promise = promises.promised[visit]
        pins[visit] = Pin(visit=visit, nurse=promise.nurse, begin_s=promise.begin_s)
    return derived(
        problem,
        visits=tuple(
            promises.priced(visit, names, held=visit.id in held or visit.id in problem.pin)
            for visit in problem.visits
        ),
        pins=tuple(pins.values()),
    )


def derived(problem: Problem, **changes: object) -> Problem:
    """Return a problem with other fields, not validated again: made from a sound day, for engines only."""
    other = object.__new__(Problem)
    for field in fields(problem):
        object.__setattr__(other, field.name, changes.get(field.name, getattr(problem, field.name)))
    if "places" not in changes:
        other.__dict__["travel_s"], other.__dict__["place_at"] = problem.travel_s, problem.place_at
    return other

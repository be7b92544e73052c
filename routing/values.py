"""What a day is made of: windows, places, nurses, visits, prices. Units as in `routing.problem`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ReturnOfStock = Literal["never", "unopened", "carried"]
StopKind = Literal["start", "pickup", "visit", "break", "return", "end"]

# What leaving a visit unassigned costs unless policy says otherwise: $300, $600, $1,200, $3,000.
PENALTY_MC_BY_PRIORITY: Mapping[str, int] = {
    "low": 30_000_000,
    "routine": 60_000_000,
    "high": 120_000_000,
    "critical": 300_000_000,
}


@dataclass(frozen=True, kw_only=True)
class Window:
    """A closed span of seconds, ``begin_s <= t <= end_s``."""

    begin_s: int
    end_s: int

    def holds(self, moment_s: int) -> bool:
        """Say whether the moment lies inside, both ends included."""
        return self.begin_s <= moment_s <= self.end_s


@dataclass(frozen=True, kw_only=True)
class Place:
    """A point on the map; `lat`, `lon` in degrees (WGS 84), None only where travel is a matrix."""

    id: str
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, kw_only=True)
class Pharmacy:
    """Where controlled stock is collected and returned.

    A pickup or return *begins* inside one of `open` and takes `handling_s` (count, signatures, seal).
    """

    id: str
    place: str
    open: tuple[Window, ...]
    handling_s: int


@dataclass(frozen=True, kw_only=True)
class MealBreak:
    """A rest of `duration_s` that begins in [`earliest_s`, `latest_s`], due when the shift is longer than
    `threshold_s`. It may be taken at home, at a door or on the road, never inside a visit or at a counter.
    """

    duration_s: int
    earliest_s: int
    latest_s: int
    threshold_s: int = 0


@dataclass(frozen=True, kw_only=True)
class Free:
    """A running day: where and when an on-duty nurse can begin something new, and since when she works."""

    place: str
    at_s: int
    on_duty_since_s: int


@dataclass(frozen=True, kw_only=True)
class FrozenStop:
    """What is done, driven to or in progress. It is shown in the plan exactly so and never planned again.

    `ref` names a visit or pharmacy of the day that is not among the visits still to plan.
    """

    kind: StopKind
    ref: str
    begin_s: int
    end_s: int


@dataclass(frozen=True, kw_only=True)
class Nurse:
    """A nurse's day.

    Attributes
    ----------
    start_place, end_place
        Home, or wherever she leaves from and returns to; they may differ.
    shift
        She leaves `start_place` not before it begins and is at `end_place` by its end, or later in
        overtime up to `overtime_limit_s`, which is priced.
    max_duration_s
        Longest time from leaving to being back, None for no limit.
    meal_break
        None when none is due (any more).
    lock_box_units, stock_units
        Units of controlled stock that the box holds, and that are in it at the start.
    max_pickups
        How often she may collect stock.
    free, frozen
        The running day; None and empty before it begins. An on-duty nurse always has a route, home at
        least, and waiting counts as idle from `free.at_s` on.
    fair_load_s
        Seconds of service beyond which her load counts as unfair; None for never.
    """

    id: str
    start_place: str
    end_place: str
    shift: Window
    overtime_limit_s: int = 0
    max_duration_s: int | None = None
    meal_break: MealBreak | None = None
    lock_box_units: int = 0
    stock_units: int = 0
    max_pickups: int = 1
    free: Free | None = None
    frozen: tuple[FrozenStop, ...] = ()
    fair_load_s: int | None = None

    @property
    def departs_from(self) -> str:
        """Place at which her plannable route begins."""
        return self.free.place if self.free else self.start_place

    @property
    def departs_at_s(self) -> int:
        """Earliest departure; for an on-duty nurse the only one."""
        return self.free.at_s if self.free else self.shift.begin_s

    @property
    def on_duty_since_s(self) -> int | None:
        """When her working day began, None when it has not."""
        return self.free.on_duty_since_s if self.free else None

    @property
    def due_break(self) -> MealBreak | None:
        """The break this shift still owes her.

        None where the shift is too short to owe one, or where a running day is past its latest begin (no
        plan can repair that; it is compliance's to see).
        """
        rest = self.meal_break
        if rest is None or self.shift.end_s - self.shift.begin_s <= rest.threshold_s:
            return None
        return None if self.free and self.free.at_s > rest.latest_s else rest


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One infusion to plan.

    Attributes
    ----------
    windows
        Disjoint, ascending; the service *begins* inside one of them, both ends included.
    service_s
        Seconds from begin to being ready to drive on.
    penalty_mc
        Price of leaving it unassigned (its priority, in money).
    units
        Units of controlled stock it needs in the lock-box; zero for an uncontrolled visit.
    ready_s
        From when its stock can be collected (a drug that is compounded that morning): the last pickup
        before the visit begins not earlier. None: at any time. Stock on board at the start is ready.
    preferred_nurses, continuity_mc
        Nurses the patient knows, and the price of sending another; no price where none is named.
    preference_mc
        Any further price of sending a certain nurse (language, gender preferred, not required).
    ineligible
        Nurse id -> names of every rule against her (licence, competency, exclusion, ...). A nurse not
        named may go.
    """

    id: str
    place: str
    windows: tuple[Window, ...]
    service_s: int
    penalty_mc: int = PENALTY_MC_BY_PRIORITY["routine"]
    units: int = 0
    ready_s: int | None = None
    preferred_nurses: tuple[str, ...] = ()
    continuity_mc: int = 0
    preference_mc: Mapping[str, int] = field(default_factory=dict)
    ineligible: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def controlled(self) -> bool:
        """Whether it needs stock from the lock-box."""
        return self.units > 0

    def nurse_cost_mc(self, nurse: str) -> int:
        """Price of sending this nurse: broken continuity plus preferences."""
        broken = bool(self.preferred_nurses) and nurse not in self.preferred_nurses
        return (self.continuity_mc if broken else 0) + self.preference_mc.get(nurse, 0)


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Prices as policy, in millicents. The defaults: a wage of $45 an hour is 1,250 mc a second; driving adds
    mileage; overtime is paid half as much again; fairness is off.
    """

    travel_mc_per_s: int = 1_700
    idle_mc_per_s: int = 1_250
    overtime_mc_per_s: int = 1_875
    fairness_mc_per_s: int = 0


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A dispatcher's word: if this visit is served, then by `nurse` and at `begin_s` (where given)."""

    visit: str
    nurse: str | None = None
    begin_s: int | None = None

"""A day to be planned: frozen values that validate themselves.

Units. Times are whole seconds counted from ``origin``, the area's local midnight as a UTC instant. They
are *elapsed* seconds: on a day when the clocks change, 02:59 and the reading after it are still one
minute apart, so every subtraction is a true duration (the day is then 23 or 25 hours long). Costs are
whole millicents (mc): 1,000 mc are one cent, 100,000 mc one dollar, so that "1.25 cents a second" is an
integer. Ids are plain strings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from routing.soundness import require_sound
from routing.travel import AffineGreatCircle, Seconds, TravelMatrix
from routing.values import (
    PENALTY_MC_BY_PRIORITY,
    Free,
    FrozenStop,
    MealBreak,
    Nurse,
    Pharmacy,
    Pin,
    Place,
    ReturnOfStock,
    StopKind,
    Visit,
    Weights,
    Window,
)

__all__ = [
    "PENALTY_MC_BY_PRIORITY",
    "Free",
    "FrozenStop",
    "MealBreak",
    "Nurse",
    "Pharmacy",
    "Pin",
    "Place",
    "Problem",
    "ReturnOfStock",
    "StopKind",
    "Visit",
    "Weights",
    "Window",
]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything a planner needs to know about one area's day; see `docs/day-file.md`.

    `double_visits` are pairs of visits (often two halves of one appointment) that two different nurses
    begin at the same second, or that both stay unassigned. `return_of_stock`: ``never``; ``unopened``
    (what the plan leaves in the box goes back); ``carried`` (whoever carried stock goes back, if only
    with empty vials).

    Raises
    ------
    ProblemInvalid
        With every fault found.
    """

    label: str
    horizon: Window
    places: tuple[Place, ...]
    travel: AffineGreatCircle | TravelMatrix
    nurses: tuple[Nurse, ...]
    visits: tuple[Visit, ...]
    pharmacies: tuple[Pharmacy, ...] = ()
    weights: Weights = field(default_factory=Weights)
    return_of_stock: ReturnOfStock = "never"
    double_visits: tuple[tuple[str, str], ...] = ()
    pins: tuple[Pin, ...] = ()
    origin: str | None = None

    def __post_init__(self) -> None:
        require_sound(self)

    @cached_property
    def place_at(self) -> Mapping[str, int]:
        """Place id -> its row in `travel_s`."""
        return {place.id: index for index, place in enumerate(self.places)}

    @cached_property
    def visit(self) -> Mapping[str, Visit]:
        """Visits by id."""
        return {visit.id: visit for visit in self.visits}

    @cached_property
    def nurse(self) -> Mapping[str, Nurse]:
        """Nurses by id."""
        return {nurse.id: nurse for nurse in self.nurses}

    @cached_property
    def pharmacy(self) -> Mapping[str, Pharmacy]:
        """Pharmacies by id."""
        return {pharmacy.id: pharmacy for pharmacy in self.pharmacies}

    @cached_property
    def pin(self) -> Mapping[str, Pin]:
        """Pins by visit id."""
        return {pin.visit: pin for pin in self.pins}

    @cached_property
    def partner(self) -> Mapping[str, str]:
        """Double visits: each half -> the other."""
        return {a: b for pair in self.double_visits for a, b in (pair, pair[::-1])}

    @cached_property
    def travel_s(self) -> Seconds:
        """Shape (P, P), whole seconds, in the order of `places`; read-only."""
        seconds = self.travel.seconds_between(self.places)
        seconds.setflags(write=False)
        return seconds

    def drive_s(self, origin: str, destination: str) -> int:
        """Return the travel time between two places."""
        return int(self.travel_s[self.place_at[origin], self.place_at[destination]])

    def straight_home_s(self, nurse: Nurse) -> int:
        """Return when an on-duty nurse is back if she drives home at once; she always may. Else 0."""
        if nurse.free is None:
            return 0
        return nurse.free.at_s + self.drive_s(nurse.free.place, nurse.end_place)

    def latest_end_s(self, nurse: Nurse) -> int:
        """Return when she must be at `end_place`: shift end plus overtime limit, or straight home."""
        return max(nurse.shift.end_s + nurse.overtime_limit_s, self.straight_home_s(nurse))

    def return_is_due(self, nurse: Nurse, *, visits: int, carried: int, left: int) -> bool:
        """Say whether policy sends this nurse back to a pharmacy.

        Parameters
        ----------
        visits
            How many visits her route has.
        carried, left
            Units that were ever in the box, and those that the visits leave in it.
        """
        if self.return_of_stock == "never" or (self.return_of_stock == "unopened" and not left):
            return False
        if not carried:
            return False
        return visits > 0 or self._can_return_at_once(nurse)

    def _can_return_at_once(self, nurse: Nurse) -> bool:
        # A nurse who cannot reach any open pharmacy in time even straight away must not make the whole
        # day infeasible: that stock is custody's to follow up.
        latest_s = self.latest_end_s(nurse)
        if nurse.max_duration_s is not None and nurse.on_duty_since_s is not None:
            latest_s = min(latest_s, nurse.on_duty_since_s + nurse.max_duration_s)
        for pharmacy in self.pharmacies:
            arrive_s = nurse.departs_at_s + self.drive_s(nurse.departs_from, pharmacy.place)
            begin_s = min(
                (max(arrive_s, w.begin_s) for w in pharmacy.open if arrive_s <= w.end_s), default=None
            )
            if begin_s is None or begin_s > nurse.shift.end_s:
                continue
            home_s = begin_s + pharmacy.handling_s + self.drive_s(pharmacy.place, nurse.end_place)
            if home_s <= latest_s:
                return True
        return False

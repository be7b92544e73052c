"""What makes a day plannable at all: the rules that `Problem` applies to itself, all faults at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from routing.faults import Faults
from routing.travel import AffineGreatCircle, TravelMatrix

if TYPE_CHECKING:
    from routing.problem import Nurse, Pharmacy, Problem, Visit, Window

MOST_SECONDS = 10**9  # times and durations: keeps every sum far inside 64 bits
MOST_COST_MC = 10**12  # ten million dollars
MOST_UNITS = 10**6
ID = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


def require_sound(problem: Problem) -> None:
    """Raise `ProblemInvalid` with every fault of the day."""
    faults = Faults()
    _check_header(problem, faults)
    _check_places(problem, faults)
    places = {place.id for place in problem.places}
    for index, pharmacy in enumerate(problem.pharmacies):
        _check_pharmacy(f"pharmacies[{index}]", pharmacy, problem, places, faults)
    for index, nurse in enumerate(problem.nurses):
        _check_nurse(f"nurses[{index}]", nurse, problem, places, faults)
    nurses = {nurse.id for nurse in problem.nurses}
    for index, visit in enumerate(problem.visits):
        _check_visit(f"visits[{index}]", visit, problem, places, nurses, faults)
    _check_unique("pharmacies", [pharmacy.id for pharmacy in problem.pharmacies], faults)
    _check_unique("nurses", [nurse.id for nurse in problem.nurses], faults)
    _check_unique("visits", [visit.id for visit in problem.visits], faults)
    _check_links(problem, nurses, faults)
    faults.raise_if_any()


def _check_header(problem: Problem, faults: Faults) -> None:
    if problem.horizon.begin_s > problem.horizon.end_s:
        faults.add("horizon", "window_reversed", "The horizon ends before it begins.", "Swap the two ends.")
    for end in ("begin_s", "end_s"):
        _number(f"horizon.{end}", getattr(problem.horizon, end), MOST_SECONDS, faults)
    for name in ("travel_mc_per_s", "idle_mc_per_s", "overtime_mc_per_s", "fairness_mc_per_s"):
        _number(f"weights.{name}", getattr(problem.weights, name), MOST_COST_MC, faults)
    if problem.return_of_stock not in ("never", "unopened", "carried"):
        faults.add(
            "return_of_stock",
            "not_a_choice",
            f"{problem.return_of_stock!r} is no policy.",
            "Use never, unopened or carried.",
        )


def _check_places(problem: Problem, faults: Faults) -> None:
    _check_unique("places", [place.id for place in problem.places], faults)
    travel = problem.travel
    if isinstance(travel, TravelMatrix):
        _check_matrix(travel, {place.id for place in problem.places}, faults)
    else:
        _check_affine(travel, faults)
    for index, place in enumerate(problem.places):
        for name, value, most in (("lat", place.lat, 90.0), ("lon", place.lon, 180.0)):
            if value is None and isinstance(travel, TravelMatrix):
                continue
            if value is None or not math.isfinite(value) or abs(value) > most:
                faults.add(
                    f"places[{index}].{name}",
                    "not_on_earth",
                    f"{value!r} is not within -{most:g} and {most:g} degrees.",
                    "Give the point in degrees (WGS 84), or travel times as a matrix.",
                )


def _check_affine(travel: AffineGreatCircle, faults: Faults) -> None:
    for name in ("base_s", "s_per_km"):
        value = getattr(travel, name)
        if not (math.isfinite(value) and 0 <= value <= 10**6):
            faults.add(
                f"travel.{name}", "out_of_range", f"{value!r} is not within 0 and 1000000.", "Correct it."
            )


def _check_matrix(travel: TravelMatrix, places: set[str], faults: Faults) -> None:
    _check_unique("travel.places", list(travel.places), faults)
    missing = sorted(places - set(travel.places))
    if missing:
        faults.add(
            "travel.places",
            "place_without_travel",
            f"No travel times for {', '.join(missing[:5])}.",
            "Name every place of the day in the matrix.",
        )
    rows, size = travel.seconds, len(travel.places)
    if len(rows) != size or any(len(row) != size for row in rows):
        faults.add("travel.seconds", "not_square", f"The matrix is not {size} by {size}.", "Fill every row.")
    if any(not 0 <= value <= MOST_SECONDS for row in rows for value in row):
        faults.add("travel.seconds", "out_of_range", "A travel time is negative or too large.", "Correct it.")
    elif any(row[index] for index, row in enumerate(rows) if index < len(row)):
        faults.add("travel.seconds", "not_zero", "Travel from a place to itself takes time.", "Make it zero.")


def _check_pharmacy(
    path: str, pharmacy: Pharmacy, problem: Problem, places: set[str], faults: Faults
) -> None:
    _known(f"{path}.place", pharmacy.place, places, "place", faults)
    _number(f"{path}.handling_s", pharmacy.handling_s, MOST_SECONDS, faults)
    _check_windows(f"{path}.open", pharmacy.open, problem.horizon, faults)


def _check_nurse(path: str, nurse: Nurse, problem: Problem, places: set[str], faults: Faults) -> None:
    _known(f"{path}.start_place", nurse.start_place, places, "place", faults)
    _known(f"{path}.end_place", nurse.end_place, places, "place", faults)
    _check_windows(f"{path}.shift", [nurse.shift], problem.horizon, faults, named=True)
    for name, most in (
        ("overtime_limit_s", MOST_SECONDS),
        ("lock_box_units", MOST_UNITS),
        ("stock_units", MOST_UNITS),
        ("max_pickups", 1000),
    ):
        _number(f"{path}.{name}", getattr(nurse, name), most, faults)
    for name in ("max_duration_s", "fair_load_s"):
        if (value := getattr(nurse, name)) is not None:
            _number(f"{path}.{name}", value, MOST_SECONDS, faults)
    if nurse.stock_units > nurse.lock_box_units:
        faults.add(
            f"{path}.stock_units",
            "stock_over_capacity",
            f"{nurse.stock_units} units on board, the lock-box holds {nurse.lock_box_units}.",
            "Correct the stock or the capacity.",
        )
    rest = nurse.meal_break
    if rest is not None:
        for name in ("duration_s", "earliest_s", "latest_s", "threshold_s"):
            _number(f"{path}.meal_break.{name}", getattr(rest, name), MOST_SECONDS, faults)
        if rest.earliest_s > rest.latest_s:
            faults.add(
                f"{path}.meal_break",
                "window_reversed",
                "The break's latest begin is before its earliest.",
                "Swap the two.",
            )
    _check_running(path, nurse, places, faults)


def _check_running(path: str, nurse: Nurse, places: set[str], faults: Faults) -> None:
    if nurse.free is not None:
        _known(f"{path}.free.place", nurse.free.place, places, "place", faults)
        for name in ("at_s", "on_duty_since_s"):
            _number(f"{path}.free.{name}", getattr(nurse.free, name), MOST_SECONDS, faults)
        if nurse.free.on_duty_since_s > nurse.free.at_s:
            faults.add(
                f"{path}.free.on_duty_since_s",
                "duty_after_free",
                "She is free before her duty began.",
                "Correct one of the two times.",
            )
    elif nurse.frozen:
        faults.add(
            f"{path}.frozen",
            "frozen_without_free",
            "Stops are frozen, but not where and when she is free after them.",
            "Add free.",
        )
    for index, stop in enumerate(nurse.frozen):
        if stop.begin_s > stop.end_s or (nurse.free is not None and stop.end_s > nurse.free.at_s):
            faults.add(
                f"{path}.frozen[{index}]",
                "frozen_out_of_order",
                "A frozen stop ends before it begins, or after the nurse is free.",
                "Correct the times.",
            )


def _check_visit(
    path: str, visit: Visit, problem: Problem, places: set[str], nurses: set[str], faults: Faults
) -> None:
    _known(f"{path}.place", visit.place, places, "place", faults)
    _check_windows(f"{path}.windows", visit.windows, problem.horizon, faults)
    for name, most in (
        ("service_s", MOST_SECONDS),
        ("penalty_mc", MOST_COST_MC),
        ("continuity_mc", MOST_COST_MC),
        ("units", MOST_UNITS),
    ):
        _number(f"{path}.{name}", getattr(visit, name), most, faults)
    if visit.ready_s is not None:
        _number(f"{path}.ready_s", visit.ready_s, MOST_SECONDS, faults)
        if not visit.units:
            faults.add(
                f"{path}.ready_s",
                "ready_without_stock",
                "It says when its stock is ready, and needs none.",
                "Give its units, or leave ready_s out.",
            )
    for index, nurse in enumerate(visit.preferred_nurses):
        _known(f"{path}.preferred_nurses[{index}]", nurse, nurses, "nurse", faults)
    for nurse, cost in visit.preference_mc.items():
        _known(f"{path}.preference_mc.{nurse}", nurse, nurses, "nurse", faults)
        _number(f"{path}.preference_mc.{nurse}", cost, MOST_COST_MC, faults)
    for nurse, reasons in visit.ineligible.items():
        _known(f"{path}.ineligible.{nurse}", nurse, nurses, "nurse", faults)
        if not reasons:
            faults.add(
                f"{path}.ineligible.{nurse}",
                "no_reason",
                f"Nurse {nurse!r} may not go, and no reason is named.",
                "Name at least one rule against her, or leave her out.",
            )


def _check_links(problem: Problem, nurses: set[str], faults: Faults) -> None:
    visits = {visit.id for visit in problem.visits}
    halves: set[str] = set()
    for index, pair in enumerate(problem.double_visits):
        for half in pair:
            _known(f"double_visits[{index}]", half, visits, "visit", faults)
        if pair[0] == pair[1] or halves & set(pair):
            faults.add(
                f"double_visits[{index}]",
                "paired_twice",
                "A visit is paired with itself or in two pairs.",
                "Give each visit one partner at most.",
            )
        halves |= set(pair)
    for index, pin in enumerate(problem.pins):
        _known(f"pins[{index}].visit", pin.visit, visits, "visit", faults)
        if pin.nurse is not None:
            _known(f"pins[{index}].nurse", pin.nurse, nurses, "nurse", faults)
        if pin.begin_s is not None:
            _number(f"pins[{index}].begin_s", pin.begin_s, MOST_SECONDS, faults)
    _check_unique("pins", [pin.visit for pin in problem.pins], faults, id_field="visit")
    for index, nurse in enumerate(problem.nurses):
        for place, stop in enumerate(nurse.frozen):
            if stop.kind == "visit" and stop.ref in visits:
                faults.add(
                    f"nurses[{index}].frozen[{place}].ref",
                    "frozen_and_planned",
                    f"Visit {stop.ref!r} is frozen and still among the visits to plan.",
                    "Leave it out of visits.",
                )


def _check_windows(
    path: str, windows: Sequence[Window], horizon: Window, faults: Faults, *, named: bool = False
) -> None:
    if not windows:
        faults.add(path, "no_window", "There is no window.", "Give at least one.")
    before: Window | None = None
    for index, window in enumerate(windows):
        where = path if named else f"{path}[{index}]"
        if window.begin_s > window.end_s:
            faults.add(
                where,
                "window_reversed",
                f"It ends at {window.end_s} s, before it begins at {window.begin_s} s.",
                "Swap the two ends.",
            )
        elif window.begin_s < horizon.begin_s or window.end_s > horizon.end_s:
            faults.add(
                where,
                "outside_horizon",
                f"{window.begin_s}-{window.end_s} s is not within {horizon.begin_s}-{horizon.end_s} s.",
                "Correct the window, or widen the horizon.",
            )
        if before is not None and window.begin_s <= before.end_s:
            faults.add(where, "windows_overlap", "It meets the window before it.", "Merge or sort them.")
        before = window


def _check_unique(path: str, ids: Iterable[str], faults: Faults, *, id_field: str = "id") -> None:
    seen: set[str] = set()
    for index, value in enumerate(ids):
        if value in seen:
            faults.add(f"{path}[{index}].{id_field}", "id_twice", f"{value!r} occurs twice.", "Rename one.")
        if not ID.fullmatch(value):
            faults.add(
                f"{path}[{index}].{id_field}",
                "bad_id",
                "An id has 1 to 200 characters and no control characters.",
                "Rename it.",
            )
        seen.add(value)


def _known(path: str, value: str, known: set[str], what: str, faults: Faults) -> None:
    if value not in known:
        faults.add(path, f"unknown_{what}", f"There is no {what} {value!r}.", f"Name a {what} of this day.")


def _number(path: str, value: int, most: int, faults: Faults) -> None:
    if not 0 <= value <= most:
        faults.add(path, "out_of_range", f"{value} is not within 0 and {most}.", "Correct it.")

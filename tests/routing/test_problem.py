"""What makes a day unplannable: each fault by name and path, and all of them at once."""

import math
from dataclasses import replace
from typing import Any

import pytest

from routing.faults import ProblemInvalid
from routing.problem import Place, Problem, Window
from routing.travel import AffineGreatCircle, TravelMatrix
from tests.builders.routing import MIN, day, meal, nurse, on_duty, pharmacy, pin, visit, window


def faults_of(**more: Any) -> set[tuple[str, str]]:
    parts = more.pop("parts", (nurse(), visit("a", 1)))
    with pytest.raises(ProblemInvalid) as refused:
        day(*parts, **more)
    return {(fault.path, fault.code) for fault in refused.value.faults}


def test_a_sound_day() -> None:
    problem = day(nurse(), visit("a", 1))
    assert problem.drive_s("p0", "p3") == 30 * MIN


def test_a_reversed_window() -> None:
    assert faults_of(parts=(nurse(), visit("a", 1, begin=(700, 600)))) == {
        ("visits[0].windows[0]", "window_reversed")
    }


def test_windows_that_overlap() -> None:
    overlapping = visit("a", 1, windows=(window(600, 700), window(700, 800)))
    assert faults_of(parts=(nurse(), overlapping)) == {("visits[0].windows[1]", "windows_overlap")}


def test_a_visit_without_window() -> None:
    assert faults_of(parts=(nurse(), visit("a", 1, windows=()))) == {("visits[0].windows", "no_window")}


def test_a_window_outside_the_horizon() -> None:
    assert faults_of(parts=(nurse(), visit("a", 1, begin=(600, 1441)))) == {
        ("visits[0].windows[0]", "outside_horizon")
    }


def test_two_visits_with_one_id() -> None:
    assert faults_of(parts=(nurse(), visit("a", 1), visit("a", 2))) == {("visits[1].id", "id_twice")}


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 201, "nul\0"])
def test_a_bad_id(name: str) -> None:
    assert ("visits[0].id", "bad_id") in faults_of(parts=(nurse(), visit(name, 1)))


def test_an_unknown_place() -> None:
    assert faults_of(parts=(nurse(), replace_place())) == {("visits[0].place", "unknown_place")}


def replace_place() -> Any:
    return replace(visit("a", 1), place="nowhere")


def test_reasons_against_an_unknown_nurse() -> None:
    assert faults_of(parts=(nurse(), visit("a", 1, ineligible={"zoe": ("licence_expired",)}))) == {
        ("visits[0].ineligible.zoe", "unknown_nurse")
    }


def test_ineligible_without_a_reason() -> None:
    assert faults_of(parts=(nurse(), visit("a", 1, ineligible={"ann": ()}))) == {
        ("visits[0].ineligible.ann", "no_reason")
    }


@pytest.mark.parametrize("field", ["service_s", "penalty_mc", "continuity_mc", "units"])
def test_a_negative_number_of_a_visit(field: str) -> None:
    broken = replace(visit("a", 1), **{field: -1})
    assert faults_of(parts=(nurse(), broken)) == {(f"visits[0].{field}", "out_of_range")}


def test_stock_that_is_ready_for_a_visit_that_needs_none() -> None:
    assert faults_of(parts=(visit("a", 1, ready_s=600),)) == {("visits[0].ready_s", "ready_without_stock")}


def test_stock_that_is_ready_before_the_day() -> None:
    assert faults_of(parts=(visit("a", 1, units=1, ready_s=-1),)) == {("visits[0].ready_s", "out_of_range")}


@pytest.mark.parametrize("field", ["overtime_limit_s", "max_duration_s", "lock_box_units", "max_pickups"])
def test_a_negative_number_of_a_nurse(field: str) -> None:
    assert (f"nurses[0].{field}", "out_of_range") in faults_of(parts=(nurse(**{field: -1}),))


def test_more_stock_than_the_box_holds() -> None:
    assert faults_of(parts=(nurse(lock_box_units=1, stock_units=2),)) == {
        ("nurses[0].stock_units", "stock_over_capacity")
    }


def test_a_break_whose_window_is_reversed() -> None:
    assert faults_of(parts=(nurse(meal_break=meal(700, 600)),)) == {
        ("nurses[0].meal_break", "window_reversed")
    }


def test_duty_that_begins_after_she_is_free() -> None:
    assert faults_of(parts=(nurse(free=on_duty(1, 500, since=501)),)) == {
        ("nurses[0].free.on_duty_since_s", "duty_after_free")
    }


def test_a_pair_of_one() -> None:
    assert faults_of(double_visits=(("a", "a"),)) == {("double_visits[0]", "paired_twice")}


def test_a_pin_on_an_unknown_visit() -> None:
    assert faults_of(pins=(pin("z", "ann"),)) == {("pins[0].visit", "unknown_visit")}


def test_two_pins_on_one_visit() -> None:
    assert faults_of(pins=(pin("a"), pin("a", "ann"))) == {("pins[1].visit", "id_twice")}


@pytest.mark.parametrize("lat", [None, math.nan, 90.1])
def test_a_point_that_is_nowhere(lat: float | None) -> None:
    places = (Place(id="p0", lat=lat, lon=0.0), Place(id="p1", lat=1.0, lon=1.0))
    assert faults_of(places=places, travel=AffineGreatCircle()) == {("places[0].lat", "not_on_earth")}


def test_a_travel_model_that_runs_backwards() -> None:
    places = (Place(id="p0", lat=0.0, lon=0.0), Place(id="p1", lat=1.0, lon=1.0))
    assert faults_of(places=places, travel=AffineGreatCircle(base_s=-1.0)) == {
        ("travel.base_s", "out_of_range")
    }


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(((0,), (0,)), "not_square"), (((1, 1), (1, 0)), "not_zero"), (((0, -1), (1, 0)), "out_of_range")],
)
def test_a_bad_matrix(seconds: Any, code: str) -> None:
    matrix = TravelMatrix(places=("p0", "p1"), seconds=seconds)
    assert ("travel.seconds", code) in faults_of(places=(Place(id="p0"), Place(id="p1")), travel=matrix)


def test_a_place_that_the_matrix_does_not_know() -> None:
    matrix = TravelMatrix(places=("p0",), seconds=((0,),))
    assert ("travel.places", "place_without_travel") in faults_of(
        places=(Place(id="p0"), Place(id="p1")), travel=matrix
    )


def test_an_unknown_policy() -> None:
    assert faults_of(return_of_stock="sometimes") == {("return_of_stock", "not_a_choice")}


def test_a_pharmacy_that_is_never_open() -> None:
    closed = replace(pharmacy(), open=())
    assert faults_of(parts=(closed,)) == {("pharmacies[0].open", "no_window")}


def test_all_faults_at_once() -> None:
    parts = (nurse(lock_box_units=-1), visit("a", 1, windows=()), visit("b", 1, begin=(2, 1)))
    assert len(faults_of(parts=parts, pins=(pin("z"),))) == 5  # the negative box is also over-filled


def test_every_fault_names_place_rule_and_way_out() -> None:
    with pytest.raises(ProblemInvalid, match=r"visits\[0\]\.windows: .* \[no_window\] Give at least one"):
        day(nurse(), visit("a", 1, windows=()))


def test_a_horizon_that_ends_before_it_begins() -> None:
    with pytest.raises(ProblemInvalid, match="window_reversed"):
        Problem(
            label="x",
            horizon=Window(begin_s=2, end_s=1),
            places=(),
            travel=AffineGreatCircle(),
            nurses=(),
            visits=(),
        )

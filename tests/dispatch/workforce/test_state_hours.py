"""Meals and overtime by a state's row: California's at its edges, the federal week elsewhere."""

from datetime import timedelta

import pytest

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.workforce.rules.state_hours import hours_of_state, meal_faults, paid_hours
from tests.builders.workforce import MONDAY, a_shift, at

HOUR = timedelta(hours=1)
CALIFORNIA = hours_of_state(DEFAULT_POLICIES["hours.states"], "CA")
OHIO = hours_of_state(DEFAULT_POLICIES["hours.states"], "OH")


def meal(hour, minutes=30):
    return at(hour), at(hour) + timedelta(minutes=minutes)


def codes(shift, *meals, infusions=()):
    return [reason.code for reason in meal_faults(shift, meals, infusions, CALIFORNIA)]


@pytest.mark.parametrize(("hour", "found"), [(11.99, []), (12, ["meal_missing"])])
def test_californias_first_meal_begins_before_the_fifth_hour_ends(hour, found):
    assert codes(a_shift(7, 15), meal(hour)) == found


def test_a_shift_of_five_hours_owes_none_and_one_of_more_than_ten_owes_two():
    assert codes(a_shift(7, 12)) == []
    assert codes(a_shift(7, 17.1), meal(11)) == ["meal_missing"]
    assert codes(a_shift(7, 17.1), meal(11), meal(16.9)) == []


def test_twenty_nine_minutes_are_no_meal():
    assert codes(a_shift(7, 15), meal(11, 29)) == ["meal_too_short", "meal_missing"]


def test_nor_is_one_during_an_infusion():
    running = (at(10.5), at(11.25))
    assert codes(a_shift(7, 15), meal(11), infusions=[running]) == ["meal_during_infusion", "meal_missing"]
    assert codes(a_shift(7, 15), meal(11.25), infusions=[running]) == []


@pytest.mark.parametrize(
    ("hours", "straight", "overtime", "double"), [(8, 8, 0, 0), (9, 8, 1, 0), (12, 8, 4, 0), (13, 8, 4, 1)]
)
def test_california_pays_overtime_after_eight_hours_and_double_after_twelve(
    hours, straight, overtime, double
):
    paid = paid_hours(a_shift(7, 7 + hours), [], CALIFORNIA)
    assert (paid.straight, paid.overtime, paid.double) == (straight * HOUR, overtime * HOUR, double * HOUR)


def test_elsewhere_the_federal_week_of_forty_hours_counts():
    week = [a_shift(7, 17, MONDAY - timedelta(days=back)) for back in (4, 3, 2, 1)]
    assert paid_hours(a_shift(7, 17), week[1:], OHIO).overtime == timedelta()
    assert paid_hours(a_shift(7, 17), week, OHIO).overtime == 10 * HOUR


def test_a_state_without_a_row_owes_no_meal_by_its_own_law():
    assert meal_faults(a_shift(7, 19), [], [], OHIO) == ()

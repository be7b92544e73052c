"""Shifts against the fatigue limits: 12 h in 24, 60 h in 7 days, 10 h between shifts."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.workforce.model import FatigueLimits, Shift
from dispatch.workforce.rules.hours import may_work_until, overlapping, rest_before, shift_faults, worked
from tests.builders.workforce import LIMITS, MONDAY, a_shift, at

SUNDAY = MONDAY - timedelta(days=1)
HOUR = timedelta(hours=1)


def codes(shift, *others):
    return [reason.code for reason in shift_faults(shift, others, LIMITS)]


def test_limits_are_read_from_policy():
    policy = {"most_h_in_24": 12, "most_h_in_7_days": 60, "least_h_between_shifts": 10}
    assert FatigueLimits.from_policy(policy) == LIMITS


@pytest.mark.parametrize(("ends", "found"), [(19, []), (19.01, ["too_many_hours_in_24"])])
def test_twelve_hours_in_twenty_four(ends, found):
    assert codes(a_shift(7, ends)) == found


def test_hours_of_the_evening_before_count():
    assert codes(a_shift(8, 16), a_shift(16, 22, SUNDAY)) == ["too_many_hours_in_24"]
    assert codes(a_shift(8, 14), a_shift(16, 22, SUNDAY)) == []


@pytest.mark.parametrize(("hours", "found"), [(10, []), (10.1, ["too_many_hours_in_7_days"])])
def test_sixty_hours_in_seven_days(hours, found):
    week = [a_shift(7, 17, MONDAY - timedelta(days=back)) for back in range(1, 6)]
    assert codes(a_shift(7, 7 + hours), *week) == found


def test_hours_of_eight_days_ago_do_not_count():
    week = [a_shift(7, 19, MONDAY - timedelta(days=back)) for back in (7, 8, 9, 3, 2, 1)]
    assert codes(a_shift(7, 15), *week) == []


@pytest.mark.parametrize(("begins", "found"), [(8, []), (7.99, ["rest_too_short"])])
def test_ten_hours_between_shifts(begins, found):
    assert codes(a_shift(begins, 12), a_shift(18, 22, SUNDAY)) == found


def test_the_shift_itself_may_be_among_the_others():
    shift = a_shift()
    assert codes(shift, shift, shift) == []


def test_the_earlier_of_two_shifts_is_not_at_fault():
    assert codes(a_shift(18, 22, SUNDAY), a_shift(6, 12)) == []


def test_the_first_shift_has_no_rest_before_it():
    assert rest_before(a_shift(), [a_shift()]) is None


def test_overtime_ends_where_the_day_is_full():
    assert may_work_until(a_shift(7, 18.5), (), LIMITS, HOUR) == at(19)
    assert may_work_until(a_shift(7, 15), (), LIMITS, HOUR) == at(16)


def test_overtime_leaves_the_rest_before_the_next_shift():
    tomorrow = a_shift(6, 12, MONDAY + timedelta(days=1))
    assert may_work_until(a_shift(12, 19.5), (tomorrow,), LIMITS, HOUR) == at(20)


def test_overtime_ends_where_the_week_is_full():
    week = tuple(a_shift(7, 17, MONDAY - timedelta(days=back)) for back in range(1, 6))
    assert may_work_until(a_shift(7, 16.5), week, LIMITS, HOUR) == at(17)


def test_overtime_never_shortens_a_shift_that_is_too_long_already():
    assert may_work_until(a_shift(7, 20), (), LIMITS, HOUR) == at(20)


def test_shifts_that_run_into_one_another():
    assert overlapping(a_shift(7, 12), [a_shift(11, 15)])
    assert not overlapping(a_shift(7, 12), [a_shift(12, 15), a_shift(7, 12)])


SHIFTS = st.lists(st.tuples(st.integers(-160, 30), st.integers(1, 14)), max_size=8)


@settings(max_examples=150, deadline=None)
@given(SHIFTS, st.integers(0, 180))
def test_no_overtime_that_is_granted_breaks_a_limit(starts, overtime):
    others = tuple(
        Shift(starts_at=at(0) + b * HOUR, ends_at=at(0) + (b + length) * HOUR) for b, length in starts
    )
    shift = a_shift(7, 15)
    until = may_work_until(shift, others, LIMITS, timedelta(minutes=overtime))
    assert shift.ends_at <= until <= shift.ends_at + timedelta(minutes=overtime)
    if until > shift.ends_at:
        longer = Shift(starts_at=shift.starts_at, ends_at=until)
        rest = [other for other in others if other != shift]
        assert worked([*rest, longer], until - 24 * HOUR, until) <= LIMITS.most_in_24_h
        assert worked([*rest, longer], until - timedelta(days=7), until) <= LIMITS.most_in_7_days

"""Fasting in the user's words and at its edges."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.appointments.care.model import FastingReport
from dispatch.appointments.care.rules.fasting import earliest_begin, eat_until, fasting_requirements
from dispatch.areas.model import DEFAULT_POLICIES
from tests.builders.workforce import at

POLICY = DEFAULT_POLICIES["visit.fasting"]
LATEST_END = at(20)


def ate(solids=0.0, clear=0.0, fatty=None):
    fatty_at = None if fatty is None else at(fatty)
    return FastingReport(last_solids_at=at(solids), last_clear_at=at(clear), last_fatty_at=fatty_at)


def found(report, begins_at, policy=POLICY):
    return [
        (each.rule_class.value, each.reason.code) for each in fasting_requirements(report, begins_at, policy)
    ]


def test_ate_at_8_clear_drink_at_11_cleared_at_10_wants_today():
    earliest = earliest_begin(ate(8, 11), at(10), 150, POLICY)
    assert (earliest.at, earliest.over_at) == (at(14), at(16.5))
    assert earliest.because == {"solids": at(14), "clear": at(13), "cleared": at(10)}
    assert earliest.over_at <= LATEST_END
    assert found(ate(8, 11), earliest.at) == []


def test_cleared_later_than_the_fast_it_begins_when_she_is_cleared():
    assert earliest_begin(ate(6, 7), at(13), 150, POLICY).at == at(13)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (3 * 60 + 59, [("BLOCK", "fasting_solids")]),
        (4 * 60, [("OVERRIDE", "fasting_solids_short")]),
        (5 * 60 + 59, [("OVERRIDE", "fasting_solids_short")]),
        (6 * 60, []),
    ],
)
def test_solid_food_at_its_edges(minutes, expected):
    assert found(ate(8, 0), at(8) + timedelta(minutes=minutes)) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(119, [("BLOCK", "fasting_clear")]), (120, [])])
def test_clear_drinks_at_their_edge(minutes, expected):
    assert found(ate(0, 11), at(11) + timedelta(minutes=minutes)) == expected


@pytest.mark.parametrize(("minutes", "expected"), [(479, [("WARN", "fasting_fatty")]), (480, [])])
def test_a_fatty_meal_is_a_warning_for_eight_hours(minutes, expected):
    assert found(ate(0, 0, fatty=6), at(6) + timedelta(minutes=minutes)) == expected


def test_a_fatty_meal_is_solid_food_too():
    assert ("BLOCK", "fasting_solids") in found(ate(0, 0, fatty=10), at(12))


def test_the_fatty_meal_is_told_but_does_not_move_the_begin():
    earliest = earliest_begin(ate(6, 6, fatty=6), None, 120, POLICY)
    assert (earliest.at, earliest.because["fatty"]) == (at(12), at(14))


def test_no_signed_policy_goes_below_four_and_two_hours():
    lax = {"solids_minutes": 0, "solids_override_minutes": 0, "fatty_minutes": 0, "clear_minutes": 0}
    assert found(ate(8, 8), at(9.5), lax) == [("BLOCK", "fasting_solids"), ("BLOCK", "fasting_clear")]


def test_until_when_she_may_eat():
    assert eat_until(at(12), POLICY) == {"fatty": at(4), "solids": at(6), "clear": at(10)}


@given(
    solids=st.integers(0, 1200), clear=st.integers(0, 1200), fatty=st.none() | st.integers(0, 1200),
    cleared=st.none() | st.integers(0, 1200), minutes=st.integers(1, 240),
)  # fmt: skip
def test_the_earliest_begin_is_free_and_a_minute_sooner_is_not(solids, clear, fatty, cleared, minutes):
    report = FastingReport(
        last_solids_at=at(0) + timedelta(minutes=solids),
        last_clear_at=at(0) + timedelta(minutes=clear),
        last_fatty_at=None if fatty is None else at(0) + timedelta(minutes=fatty),
    )
    cleared_at = None if cleared is None else at(0) + timedelta(minutes=cleared)
    earliest = earliest_begin(report, cleared_at, minutes, POLICY)
    assert [code for kind, code in found(report, earliest.at) if kind != "WARN"] == []
    sooner = earliest.at - timedelta(minutes=1)
    against = [code for kind, code in found(report, sooner) if kind != "WARN"]
    assert against or (cleared_at is not None and sooner < cleared_at)

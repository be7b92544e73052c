"""The limits of care-rules.md section 3, "Vitals", at their edges, and two readings so many minutes apart."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.kernel.ids import new_id
from dispatch.visits.bedside.model import ChartedReading, Level, Phase, Reading
from dispatch.visits.bedside.rules.vitals import (
    against_baseline,
    implausible,
    judge,
    next_reading_due,
    red_is_confirmed,
)

TEN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LIMITS = DEFAULT_POLICIES
CALM = {"sbp": 124, "dbp": 78, "hr": 72, "rr": 14, "spo2": 98, "rhythm": "sinus", "moaas": 5}


def reading(**more) -> Reading:
    return Reading(**(CALM | more))


def charted(minute: float, phase: Phase = Phase.BEFORE, **more) -> ChartedReading:
    values = reading(**more)
    return ChartedReading(
        event_id=new_id(), at=TEN + timedelta(minutes=minute), phase=phase, reading=values,
        judged=judge(phase, values, LIMITS),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "level"),
    [
        ({}, Level.GREEN),
        ({"sbp": 139, "dbp": 89, "hr": 100, "spo2": 95}, Level.GREEN),
        ({"sbp": 140}, Level.AMBER),
        ({"dbp": 90}, Level.AMBER),
        ({"hr": 101}, Level.AMBER),
        ({"hr": 110}, Level.AMBER),
        ({"spo2": 94}, Level.AMBER),
        ({"sbp": 159, "dbp": 99}, Level.AMBER),
        ({"sbp": 160}, Level.RED),
        ({"dbp": 100}, Level.RED),
        ({"hr": 111}, Level.RED),
        ({"hr": 50}, Level.GREEN),
        ({"hr": 49}, Level.RED),
        ({"sbp": 90, "dbp": 60}, Level.GREEN),
        ({"sbp": 89, "dbp": 60}, Level.RED),
        ({"spo2": 93}, Level.RED),
        ({"spo2": 90}, Level.RED),
        ({"sbp": 166, "dbp": 102}, Level.RED),
        ({"sbp": 179, "dbp": 109}, Level.RED),
        ({"sbp": 180}, Level.ABORT),
        ({"dbp": 110}, Level.ABORT),
        ({"sbp": 182, "dbp": 111}, Level.ABORT),
        ({"hr": 150}, Level.ABORT),
        ({"spo2": 89}, Level.ABORT),
        ({"rr": 10}, Level.GREEN),
        ({"rr": 9}, Level.ABORT),
        ({"rr": 30}, Level.GREEN),
        ({"rr": 31}, Level.ABORT),
        ({"symptoms": ("chest_pain",)}, Level.ABORT),
    ],
)
def test_before_the_infusion(more, level):
    assert judge(Phase.BEFORE, reading(**more), LIMITS).level is level


@pytest.mark.parametrize(
    ("more", "level"),
    [
        ({"sbp": 159, "dbp": 99}, Level.GREEN),
        ({"sbp": 160}, Level.WATCH),
        ({"dbp": 100}, Level.WATCH),
        ({"sbp": 180}, Level.PAUSE),
        ({"dbp": 110}, Level.PAUSE),
        ({"hr": 139}, Level.GREEN),
        ({"hr": 140}, Level.PAUSE),
        ({"spo2": 94}, Level.GREEN),
        ({"spo2": 93}, Level.PAUSE),
        ({"spo2": 90}, Level.PAUSE),
        ({"spo2": 89, "spo2_low_s": 59}, Level.PAUSE),
        ({"spo2": 89, "spo2_low_s": 60}, Level.STOP),
        ({"spo2": 89}, Level.STOP),  # nobody knows how long: it counts as long
        ({"moaas": 4}, Level.GREEN),
        ({"moaas": 3}, Level.PAUSE),
        ({"moaas": 2}, Level.STOP),
        ({"rr": 8}, Level.GREEN),
        ({"rr": 7}, Level.STOP),
        ({"symptoms": ("seizure",)}, Level.STOP),
        ({"symptoms": ("chest_pain",)}, Level.STOP),
        ({"symptoms": ("anaphylaxis",)}, Level.STOP),
    ],
)
def test_during_the_infusion(more, level):
    assert judge(Phase.DURING, reading(**more), LIMITS).level is level


def test_a_set_keeps_the_limits_that_judged_it():
    told = judge(Phase.BEFORE, reading(sbp=166, dbp=102), LIMITS)
    assert told.codes == ("sbp", "dbp")
    assert told.limits["vitals.red"] == LIMITS["vitals.red"]


@pytest.mark.parametrize(("apart", "confirmed"), [(4, False), (4.99, False), (5, True), (10, True)])
def test_the_second_red_set_counts_from_five_minutes_on(apart, confirmed):
    pair = [charted(0, sbp=166, dbp=102), charted(apart, sbp=164, dbp=100)]
    assert (red_is_confirmed(pair, LIMITS) is pair[1]) is confirmed


def test_a_third_red_set_confirms_the_first_when_the_second_came_too_soon():
    sets = [charted(0, sbp=166), charted(4, sbp=164), charted(5, sbp=163)]
    assert red_is_confirmed(sets, LIMITS) is sets[2]


def test_a_better_set_between_begins_anew():
    assert red_is_confirmed([charted(0, sbp=166), charted(3), charted(6, sbp=164)], LIMITS) is None


def codes(sets, minute: float, **more) -> list[str]:
    return [each.code for each in against_baseline(sets, LIMITS, TEN + timedelta(minutes=minute), **more)]


def test_without_a_set_there_is_no_baseline():
    assert codes([], 0) == ["baseline_missing"]


@pytest.mark.parametrize(("age", "found"), [(10, []), (10.1, ["baseline_too_old"])])
def test_a_baseline_is_ten_minutes_old_at_most(age, found):
    assert codes([charted(0)], age) == found


def test_a_raised_set_is_repeated_after_the_rest():
    assert codes([charted(0, sbp=150)], 1) == ["baseline_amber"]


@pytest.mark.parametrize(("rest", "found"), [(9, ["baseline_amber"]), (10, [])])
def test_the_rest_takes_ten_minutes(rest, found):
    assert codes([charted(0, sbp=150), charted(rest, sbp=148)], rest + 1) == found


def test_a_better_set_later_does_not_take_an_abort_back():
    assert codes([charted(0, sbp=182, dbp=111), charted(20)], 21) == ["vitals_abort"]


def test_without_a_look_at_the_rhythm_there_is_no_baseline():
    assert codes([charted(0, rhythm="")], 1) == ["rhythm_missing"]


def test_what_a_prescriber_released_is_no_longer_red():
    assert codes([charted(0, sbp=164)], 1, red_released=True) == []


@pytest.mark.parametrize(
    ("more", "field"),
    [({"sbp": 281}, "sbp"), ({"spo2": 101}, "spo2"), ({"hr": 0}, "hr"), ({"sbp": 80, "dbp": 80}, "dbp")],
)
def test_a_figure_that_no_patient_has_names_its_field(more, field):
    found = implausible(reading(**more), LIMITS["vitals.plausible"])
    assert [each.field for each in found] == [field]


def due(sets, stopped: float | None = None) -> float:
    at = next_reading_due(sets, TEN, TEN + timedelta(minutes=stopped) if stopped else None, LIMITS)
    return (at - TEN).total_seconds() / 60


def test_readings_are_due_every_ten_minutes_five_when_raised_fifteen_after():
    assert due([]) == 10
    assert due([charted(9, Phase.DURING)]) == 19
    assert due([charted(9, Phase.DURING, sbp=165)]) == 14
    assert due([charted(9, Phase.DURING)], stopped=40) == 55


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([Phase.BEFORE, Phase.DURING]),
    st.fixed_dictionaries(
        {"sbp": st.integers(60, 220), "hr": st.integers(30, 200), "rr": st.integers(4, 40)}
    ),
    st.integers(0, 40),
)
def test_a_higher_pressure_never_asks_for_less(phase, values, more):
    """Above the low limits, a rise of the systolic pressure moves the level up or leaves it."""
    if values["sbp"] < 90:
        values["sbp"] = 90
    order = list(Level)
    before = judge(phase, reading(**values), LIMITS).level
    after = judge(phase, reading(**(values | {"sbp": values["sbp"] + more})), LIMITS).level
    assert order.index(after) >= order.index(before)

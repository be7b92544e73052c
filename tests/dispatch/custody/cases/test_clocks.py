"""When something is due: attack 16, clock changes, and that no due time leaves what the law allows."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.custody.cases.model import FEDERAL, Standing, StepKind, Unit
from dispatch.custody.cases.rules.clocks import (
    PolicyUnreadable,
    deadlines,
    due_at,
    is_business_day,
    next_due,
    policy_from,
)
from dispatch.custody.cases.rules.folding import folded
from tests.builders.cases import FOUND_AT, a_duty, a_step, an_opening

OHIO, IOWA, ARIZONA = (ZoneInfo(f"America/{name}") for name in ("New_York", "Chicago", "Phoenix"))
CLOSE = 17 * 60
NOTICE, FORM = a_duty(Unit.BUSINESS_DAYS, 1), a_duty(Unit.DAYS, 45)
IOWA_FORM = a_duty(Unit.DAYS, 14, state="IA")
POLICY = policy_from(DEFAULT_POLICIES["custody.cases"])
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
         "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico")  # fmt: skip
START = datetime(2020, 1, 1, tzinfo=UTC)
moments = st.timedeltas(timedelta(0), timedelta(days=7300)).map(lambda since: START + since)
zones = st.sampled_from(ZONES).map(ZoneInfo)
states = st.sampled_from([FEDERAL, "OH", "IA", "TX", "CA", "HI", "LA"])


def local(year, month, day, hour, minute=0, zone=OHIO, fold=0):
    return datetime(year, month, day, hour, minute, tzinfo=zone, fold=fold)


# 16: a loss found on a Friday evening before a holiday; clock changes.


def test_a_loss_found_on_friday_evening_before_a_holiday_is_due_on_tuesday():
    """Monday 2026-05-25 is Memorial Day."""
    assert due_at(local(2026, 5, 22, 18), NOTICE, OHIO, CLOSE) == local(2026, 5, 26, 17)


def test_a_holiday_on_a_saturday_is_kept_on_friday():
    """Independence Day 2026 is a Saturday, observed on Friday the third."""
    assert due_at(local(2026, 7, 2, 18), NOTICE, OHIO, CLOSE) == local(2026, 7, 6, 17)


def test_the_day_is_that_of_the_registrants_zone():
    """Friday 22:30 in Columbus is Saturday in UTC, Sunday 20:00 is Monday: both are due on Monday."""
    assert due_at(local(2026, 11, 20, 22, 30), NOTICE, OHIO, CLOSE) == local(2026, 11, 23, 17)
    sunday = datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert due_at(sunday, NOTICE, OHIO, CLOSE) == local(2026, 11, 23, 17)
    assert due_at(sunday, NOTICE, ZoneInfo("Europe/Berlin"), CLOSE).date() == date(2026, 11, 24)


@pytest.mark.parametrize(("day", "offset_h"), [(date(2027, 3, 12), -4), (date(2026, 10, 30), -5)])
def test_the_close_of_business_stays_what_the_clock_shows_over_a_change(day, offset_h):
    """Found on the Friday before the clocks change; Monday 17:00 is 47 or 49 hours after Saturday 17:00."""
    due = due_at(local(day.year, day.month, day.day, 18), NOTICE, OHIO, CLOSE)
    monday = day + timedelta(days=3)
    assert due == local(monday.year, monday.month, monday.day, 17)
    assert due.astimezone(OHIO).utcoffset() == timedelta(hours=offset_h)


def test_a_close_of_business_that_the_clocks_skip_is_still_that_day():
    """On 2027-03-14 the clocks of Ohio skip 02:30; a Sunday is no business day, so the law asks in days."""
    due = due_at(local(2027, 3, 13, 9), a_duty(Unit.DAYS, 1), OHIO, 150)
    assert due.astimezone(OHIO).date() == date(2027, 3, 14)


def test_form_106_is_due_within_forty_five_days():
    """2026-11-23 and 45 days is 2027-01-07, a Thursday."""
    assert due_at(local(2026, 11, 23, 10), FORM, OHIO, CLOSE) == local(2027, 1, 7, 17)


def test_calendar_days_that_end_on_a_weekend_are_brought_forward():
    """2026-11-11 and 45 days is Saturday, 26 December; the day before is Christmas."""
    assert due_at(local(2026, 11, 11, 10), FORM, OHIO, CLOSE) == local(2026, 12, 24, 17)


def test_iowa_has_fourteen_days():
    assert due_at(local(2026, 11, 23, 10, zone=IOWA), IOWA_FORM, IOWA, CLOSE) == local(
        2026, 12, 7, 17, zone=IOWA
    )


def test_a_states_own_holiday_does_not_lengthen_the_federal_clock():
    """The day after Thanksgiving is a holiday in Texas, not in the federal calendar."""
    wednesday_night = local(2026, 11, 26, 9, zone=IOWA)
    texan = a_duty(Unit.BUSINESS_DAYS, 1, state="TX")
    assert due_at(wednesday_night, NOTICE, IOWA, CLOSE).astimezone(IOWA).date() == date(2026, 11, 27)
    assert due_at(wednesday_night, texan, IOWA, CLOSE).astimezone(IOWA).date() == date(2026, 11, 30)


def test_at_once_is_at_once():
    assert due_at(FOUND_AT, a_duty(Unit.AT_ONCE, 0), OHIO, CLOSE) == FOUND_AT


def test_hours_that_end_on_a_weekend_are_brought_forward():
    assert due_at(local(2026, 11, 20, 10), a_duty(Unit.HOURS, 48), OHIO, CLOSE) == local(2026, 11, 20, 17)


def test_hours_that_hold_no_business_time_end_when_they_end():
    found = local(2026, 11, 20, 18)
    assert due_at(found, a_duty(Unit.HOURS, 24), OHIO, CLOSE) == found + timedelta(hours=24)


@given(moments, zones, states, st.integers(1, 10), st.integers(1, 1439))
def test_business_days_end_on_the_nth_business_day_after(found, zone, state, count, close_minute):
    duty = a_duty(Unit.BUSINESS_DAYS, count, state=state)
    due = due_at(found, duty, zone, close_minute).astimezone(zone).date()
    first = found.astimezone(zone).date()
    between = [first + timedelta(days=n) for n in range(1, (due - first).days + 1)]
    assert is_business_day(due, state)
    assert sum(is_business_day(day, state) for day in between) == count


@given(moments, zones, states, st.integers(1, 90), st.integers(1, 1439))
def test_calendar_days_never_end_later_and_never_on_a_holiday(found, zone, state, count, close_minute):
    duty = a_duty(Unit.DAYS, count, state=state)
    due = due_at(found, duty, zone, close_minute)
    first, last = found.astimezone(zone).date(), due.astimezone(zone).date()
    assert found < due
    assert last <= first + timedelta(days=count)
    allowed = [first + timedelta(days=n) for n in range(1, count + 1)]
    assert is_business_day(last, state) or not any(is_business_day(day, state) for day in allowed)


@given(moments, zones, states, st.integers(1, 200), st.integers(1, 1439))
def test_hours_never_end_later(found, zone, state, count, close_minute):
    due = due_at(found, a_duty(Unit.HOURS, count, state=state), zone, close_minute)
    assert found < due <= found + timedelta(hours=count)
    ends = due.astimezone(zone).date()
    assert is_business_day(ends, state) or due == found + timedelta(hours=count)


# Standing of a case's deadlines.


def standings(case, now=FOUND_AT, state="OH"):
    return {each.duty.code: each.standing for each in deadlines(case, POLICY, state, OHIO, now)}


def test_clocks_run_before_anybody_has_judged():
    assert standings(folded(an_opening(), [])) == {
        "dea_notice": Standing.RUNNING,
        "form_106": Standing.RUNNING,
    }


@pytest.mark.parametrize(
    ("hours", "standing"),
    [(2, Standing.RUNNING), (7, Standing.SOON), (31, Standing.SOON), (32, Standing.OVERDUE)],
)  # fmt: skip
def test_a_deadline_comes_near_and_passes(hours, standing):
    """Found on Monday 10:00; due on Tuesday 17:00, which is 31 hours later."""
    assert standings(folded(an_opening(), []), FOUND_AT + timedelta(hours=hours))["dea_notice"] is standing


def test_what_was_sent_in_time_is_done_and_what_was_sent_after_is_done_late():
    sent = [FOUND_AT + timedelta(hours=3), FOUND_AT + timedelta(hours=32)]
    found = [
        standings(
            folded(an_opening(), [a_step(1, StepKind.NOTICE_SENT, "dea_notice", happened_at=at)]), sent[1]
        )["dea_notice"]
        for at in sent
    ]
    assert found == [Standing.DONE, Standing.DONE_LATE]


def test_sending_it_again_changes_no_clock():
    steps = [
        a_step(1, StepKind.NOTICE_SENT, "dea_notice", happened_at=FOUND_AT),
        a_step(2, StepKind.NOTICE_SENT, "dea_notice", happened_at=FOUND_AT + timedelta(days=9)),
    ]
    assert folded(an_opening(), steps).done == {"dea_notice": FOUND_AT}


def test_a_charting_error_needs_no_notice():
    case = folded(an_opening(), [a_step(1, StepKind.CLASSIFIED, "charting_error")])
    assert set(standings(case).values()) == {Standing.NOT_NEEDED}
    assert next_due(deadlines(case, POLICY, "OH", OHIO, FOUND_AT)) is None


def test_a_reopened_case_runs_on_from_the_same_discovery():
    steps = [
        a_step(1, StepKind.CLASSIFIED, "charting_error"),
        a_step(2, StepKind.RESOLVED, "record_corrected"),
        a_step(3, StepKind.REOPENED, "late_entry"),
    ]
    now = FOUND_AT + timedelta(days=3)
    assert standings(folded(an_opening(), steps), now)["dea_notice"] is Standing.OVERDUE


def test_iowa_and_texas_have_rows_of_their_own():
    case = folded(an_opening(), [])
    assert set(standings(case, state="IA")) == {"dea_notice", "form_106", "ia_form_106"}
    assert standings(case, state="TX")["tx_record"] is Standing.DONE


def test_what_is_due_first_stands_first():
    found = deadlines(folded(an_opening(), []), POLICY, "IA", IOWA, FOUND_AT)
    assert [each.duty.code for each in found] == ["dea_notice", "ia_form_106", "form_106"]


# The policy.


def changed(**more):
    row = DEFAULT_POLICIES["custody.cases"]["duties"]["dea_notice"] | more
    return DEFAULT_POLICIES["custody.cases"] | {"duties": {"dea_notice": row}}


@pytest.mark.parametrize(
    "wrong",
    [
        changed(unit="moons"), changed(state="ZZ"), changed(count=0), changed(count=9999),
        changed(done_by="note"), changed(count="many"), {"close_minute": 1020},
        DEFAULT_POLICIES["custody.cases"] | {"close_minute": 1440},
        DEFAULT_POLICIES["custody.cases"] | {"duties": "none"},
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_read_says_so(wrong):
    with pytest.raises(PolicyUnreadable):
        policy_from(wrong)

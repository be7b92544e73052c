from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.kernel.local_time import day_bounds, instant, local_day
from dispatch.kernel.refusals import Invalid

COLUMBUS = ZoneInfo("America/New_York")
SPRING, AUTUMN = date(2027, 3, 14), date(2026, 11, 1)


def test_a_common_reading():
    assert instant(date(2026, 11, 23), time(9, 30), COLUMBUS) == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def test_a_skipped_reading_is_refused():
    with pytest.raises(Invalid) as refusal:
        instant(SPRING, time(2, 30), COLUMBUS, field="begins")
    assert refusal.value.reasons[0].code == "local_time_does_not_exist"
    assert refusal.value.reasons[0].field == "begins"


def test_a_repeated_reading_is_asked_about():
    with pytest.raises(Invalid) as refusal:
        instant(AUTUMN, time(1, 30), COLUMBUS)
    assert refusal.value.reasons[0].code == "local_time_exists_twice"


@pytest.mark.parametrize(("fold", "hour"), [(0, 5), (1, 6)])
def test_a_repeated_reading_that_was_named(fold, hour):
    assert instant(AUTUMN, time(1, 30), COLUMBUS, fold=fold) == datetime(2026, 11, 1, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (date(2026, 11, 23), 24), (AUTUMN, 25)])
def test_days_have_23_24_or_25_hours(day, hours):
    begins, ends = day_bounds(day, COLUMBUS)
    assert ends - begins == timedelta(hours=hours)


@given(
    zone=st.sampled_from(sorted(available_timezones())).map(ZoneInfo),
    day=st.dates(date(2025, 1, 1), date(2028, 12, 31)),
    minute=st.integers(0, 1439),
)
def test_every_accepted_reading_shows_again_on_that_zones_clock(zone, day, minute):
    reading = time(minute // 60, minute % 60)
    try:
        at = instant(day, reading, zone)
    except Invalid as refusal:
        assert refusal.reasons[0].code in {"local_time_does_not_exist", "local_time_exists_twice"}  # noqa: PT017
        return
    assert at.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, reading)
    assert local_day(at, zone) == day

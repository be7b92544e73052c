"""Business days of a jurisdiction, and when they close by the clock of a zone."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

FEDERAL = "US"
SATURDAY = 5


@cache
def _calendar(state: str) -> holidays.HolidayBase:
    """Return a jurisdiction's legal holidays and the days they are observed on (federal: 5 U.S.C. 6103)."""
    return holidays.country_holidays("US", subdiv=None if state == FEDERAL else state)


def is_business_day(day: date, state: str = FEDERAL) -> bool:
    """Tell whether `day` is neither a weekend day nor a legal holiday of the jurisdiction."""
    return day.weekday() < SATURDAY and day not in _calendar(state)


def business_day_after(day: date, count: int = 1, state: str = FEDERAL) -> date:
    """Return the business day that is `count` of them after `day`, which itself is not counted."""
    for _ in range(count):
        day += timedelta(days=1)
        while not is_business_day(day, state):
            day += timedelta(days=1)
    return day


def close_of(day: date, zone: ZoneInfo, minute: int) -> datetime:
    """Return the instant at which business of `day` closes, `minute` minutes after midnight of its clock.

    A reading that the clocks skip or show twice still names an instant of that day (PEP 495, fold 0).
    """
    reading = time(minute // 60, minute % 60)
    return datetime.combine(day, reading, tzinfo=zone).astimezone(UTC)

"""When a patient is told something, and how a day and a time are written to her."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

# Care-rules.md section 2: never lower, whatever is signed.
LEAST_HOURS_WITHOUT_DRIVING = 24


def no_driving_hours(policy: Mapping[str, int]) -> int:
    """Return for how long a patient neither drives nor uses machines; a night's sleep comes besides."""
    return max(policy["no_driving_hours"], LEAST_HOURS_WITHOUT_DRIVING)


def outside_quiet(due_at: datetime, policy: Mapping[str, int], zone: ZoneInfo) -> datetime:
    """Return when a text that is due may arrive: in the quiet hours of the night it waits for the morning."""
    local = due_at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    if policy["quiet_to_minute"] <= minute < policy["quiet_from_minute"]:
        return due_at
    day = local.date() + timedelta(days=1 if minute >= policy["quiet_from_minute"] else 0)
    hours, minutes = divmod(policy["quiet_to_minute"], 60)
    return datetime.combine(day, time(hours, minutes), tzinfo=zone)


def day_text(at: datetime, zone: ZoneInfo) -> str:
    """Write a day as messages have it: ``Mon 23 Nov``."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b}"


def time_text(at: datetime, zone: ZoneInfo) -> str:
    """Write a time as messages have it: ``09:30``."""
    return f"{at.astimezone(zone):%H:%M}"

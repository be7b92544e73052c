"""Local clock readings and instants: times are stored in UTC and shown in the service area's zone.

Twice a year a zone's clock skips an hour or repeats one. A visit cannot be promised at a reading that
never shows; at a reading that shows twice the caller must say which one is meant.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.kernel.refusals import Invalid, refuse


def instant(
    day: date, reading: time, zone: ZoneInfo, *, fold: int | None = None, field: str = ""
) -> datetime:
    """Turn a local reading into the UTC instant it names.

    Parameters
    ----------
    day, reading, zone
        The local date, the clock's reading (naive) and the zone.
    fold
        0 for the first, 1 for the second showing of a repeated reading; None when the caller did not say.
    field
        Path of the input, for the refusal.

    Raises
    ------
    Invalid
        ``local_time_does_not_exist`` for a skipped reading, ``local_time_exists_twice`` for a repeated
        one without `fold` (PEP 495 gap and fold).
    """
    naive = datetime.combine(day, reading.replace(tzinfo=None))
    first = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return first
    if first.astimezone(zone).replace(tzinfo=None) != naive:
        raise refuse(
            Invalid,
            "local_time_does_not_exist",
            f"On {day} the clocks of {zone.key} skip {reading:%H:%M}.",
            field=field,
            way_out="Choose a time before or after the change of the clocks.",
        )
    if fold is None:
        raise refuse(
            Invalid,
            "local_time_exists_twice",
            f"On {day} the clocks of {zone.key} show {reading:%H:%M} twice.",
            field=field,
            way_out="Say which one is meant: fold 0 for the first, 1 for the second.",
        )
    return first if fold == 0 else second


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the UTC instants at which the local `day` begins and ends (23, 24 or 25 hours apart)."""
    begins = datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)
    return begins, ends


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Return the date on a wall calendar of `zone` at the instant `at`."""
    return at.astimezone(zone).date()

"""The board's time axis: instants become class names, so that bars stand in place before any script runs.

The page's policy forbids style attributes, and positions set by script would move after the first paint.
So ``css/board-minutes.css`` has a rule for each hour and minute, and a bar that begins at 09:05 and lasts
two hours is of the classes ``h9 m5 lh2 lm0``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MOST_HOURS = 36
LEAST_HOURS = 8
DEFAULT_HOURS = (7, 12)


@dataclass(frozen=True, kw_only=True)
class Hour:
    """One hour line: where it stands and what the area's clocks show there."""

    place: str
    reading: str


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The hours that a board shows.

    Hours are elapsed ones since the area's local midnight `origin`; on a day of a change of the clocks
    their readings skip or repeat, their distances do not.
    """

    origin: datetime
    zone: ZoneInfo
    first_h: int
    span_h: int

    def minute(self, at: datetime) -> int:
        """Return the elapsed minutes from midnight, kept inside what the axis can show."""
        minutes = round((at - self.origin).total_seconds() / 60)
        return max(0, min(minutes, MOST_HOURS * 60 + 59))

    def point(self, at: datetime) -> str:
        """Return the classes of an instant."""
        hour, minute = divmod(self.minute(at), 60)
        return f"h{hour} m{minute}"

    def span(self, begins_at: datetime, ends_at: datetime) -> str:
        """Return the classes of a span of time."""
        begin = self.minute(begins_at)
        hour, minute = divmod(begin, 60)
        long_h, long_m = divmod(max(0, self.minute(ends_at) - begin), 60)
        return f"h{hour} m{minute} lh{long_h} lm{long_m}"

    def place_of(self, begins_at: datetime, minutes: int) -> str:
        """Return the classes of what begins at an instant and takes so many minutes."""
        return self.span(begins_at, begins_at + timedelta(minutes=minutes))

    @property
    def clock_ahead_min(self) -> int:
        """Return by how much the clocks are ahead of elapsed time at noon: 60 or -60 after a change."""
        noon = self.origin + timedelta(hours=12)
        reading = noon.astimezone(self.zone)
        return reading.hour * 60 + reading.minute - 12 * 60

    @property
    def classes(self) -> str:
        """Return the classes of the board itself."""
        return f"from{self.first_h} span{self.span_h}"

    @property
    def hours(self) -> Sequence[Hour]:
        """Return the hour lines in order."""
        found = []
        for hour in range(self.first_h, self.first_h + self.span_h):
            reading = (self.origin + timedelta(hours=hour)).astimezone(self.zone)
            found.append(Hour(place=f"h{hour} m0", reading=f"{reading:%H}"))
        return found

    def shows(self, at: datetime) -> bool:
        """Tell whether the instant lies on the axis."""
        elapsed_h = (at - self.origin).total_seconds() / 3600
        return self.first_h <= elapsed_h < self.first_h + self.span_h

    def reading(self, at: datetime) -> str:
        """Return what the area's clocks show."""
        return f"{at.astimezone(self.zone):%H:%M}"


def axis_of(origin: datetime, zone: ZoneInfo, spans: Iterable[tuple[datetime, datetime]]) -> Axis:
    """Return the axis that shows all `spans` in whole hours; an empty day shows a usual one."""
    known = list(spans)
    if not known:
        first_h, span_h = DEFAULT_HOURS
        return Axis(origin=origin, zone=zone, first_h=first_h, span_h=span_h)
    begin_s = min((begin - origin).total_seconds() for begin, _ in known)
    end_s = max((end - origin).total_seconds() for _, end in known)
    first_h = max(0, min(int(begin_s // 3600), 23))
    last_h = min(MOST_HOURS, int(-(-end_s // 3600)))
    return Axis(origin=origin, zone=zone, first_h=first_h, span_h=max(LEAST_HOURS, last_h - first_h))

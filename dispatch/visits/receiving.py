"""What is said of a fact when it comes in: when it happened by the server's reckoning, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from dispatch.visits.model import Deed, Point, Position

EARTH_RADIUS_M = 6_371_009  # mean radius, as geopy's great circle
SKEW_TOLERATED = timedelta(minutes=2)  # reliability.md: more is flagged, never refused
SENT_IN_TIME = timedelta(minutes=15)  # an event received later is a late entry (custody-rules.md)
D = Deed


def initials(name: str | None) -> str:
    """Return the first letters of a name: "Ada King" -> "A.K."."""
    return "".join(f"{part[0]}." for part in (name or "").split()[:2]).upper()


def point_of(text: str | None) -> Point | None:
    """Read a stored point such as "39.961200,-82.998800"."""
    if not text:
        return None
    lat, lon = text.split(",")[:2]
    return Point(lat=float(lat), lon=float(lon))


def distance_m(here: Position, there: Point) -> int:
    """Return the great-circle distance in whole metres (haversine on a sphere)."""
    lat_1, lat_2 = radians(here.lat), radians(there.lat)
    half = sin((lat_2 - lat_1) / 2) ** 2
    half += cos(lat_1) * cos(lat_2) * sin(radians(there.lon - here.lon) / 2) ** 2
    return round(2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half))))


def place_flags(
    deed: Deed, position: Position | None, away_m: int | None, fence_m: int, verified: bool
) -> list[str]:
    """Judge the place of a check-in or check-out (EVV); other deeds have none.

    Parameters
    ----------
    away_m
        Metres from the patient's point, None where either place is unknown.
    fence_m
        Policy ``visit.geofence_m``.
    """
    if deed not in {D.CHECK_IN, D.CHECK_OUT}:
        return []
    flags = [] if verified else ["place_not_verified"]
    if position is None:
        return [*flags, "no_position"]
    if position.accuracy_m is not None and position.accuracy_m > fence_m:
        flags.append("position_inaccurate")
    if away_m is not None and away_m > fence_m:
        flags.append("out_of_range")
    return flags


def reason_due(deed: Deed, flags: Iterable[str]) -> bool:
    """Tell whether the nurse is asked why: the place is wrong or unknown, the visit was given up, or she
    leaves with something undone."""
    asked = {"out_of_range", "no_position", "residual_open"}
    if deed is D.CHECK_OUT:
        asked |= {"step_missing", "left_without_discharge"}
    return deed in {D.NO_SHOW, D.ABORT, D.HOLD} or not asked.isdisjoint(flags)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When a deed happened by the server's reckoning, and what the phone's clock left odd.

    `clock_offset_s` is server minus device, None where the phone did not say when it sent.
    """

    happened_at: datetime
    clock_offset_s: int | None
    flags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is said about a fact before it is stored."""

    timing: Timing
    distance_m: int | None
    fence_m: int
    flags: tuple[str, ...]
    reason_due: bool


def timing(at: datetime, sent_at: datetime | None, received_at: datetime) -> Timing:
    """Reckon when a deed happened.

    A phone that says when it sent tells a wrong clock (sending and receipt differ) from a late sending
    (deed and sending differ); its time is then corrected. Without that, only a clock that runs ahead is
    certain. Nothing happens after its receipt. `docs/states.md` names the flags.
    """
    offset = received_at - (sent_at or max(at, received_at))
    skewed = abs(offset) > SKEW_TOLERATED
    late = (sent_at or received_at) - at > SENT_IN_TIME
    flags = ("clock_skewed",) * skewed + ("late_entry",) * late
    known = sent_at is not None or skewed
    return Timing(
        happened_at=min(at + offset if skewed else at, received_at),
        clock_offset_s=round(offset.total_seconds()) if known else None,
        flags=flags,
    )


def no_show_flags(
    happened_at: datetime,
    waiting_since: datetime | None,
    calls_made: int | None,
    wait_minutes: int,
    calls: int,
) -> list[str]:
    """Judge a no-show by policy ``visit.no_show``: how long waited, how often called."""
    flags = []
    if waiting_since is None or happened_at - waiting_since < timedelta(minutes=wait_minutes):
        flags.append("no_show_too_early")
    if (calls_made or 0) < calls:
        flags.append("no_show_calls_missing")
    return flags

"""When the rest of a route is expected, by what has happened so far, and who must hear of a delay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.assignment.plan_model import OVER, Progress, begun_at
from dispatch.routes.model import Expected, Lateness, Span


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A stop as published; `met` is what its nurse reported of the visit."""

    kind: str
    arrives_at: datetime
    begins_at: datetime
    ends_at: datetime
    travel_s: int
    met: Progress | None = None


def expect(stops: Sequence[Planned], now: datetime) -> tuple[Expected, ...]:
    """Carry delays along a route.

    Nothing is expected before its planned begin: the patient was told that time. A delay shrinks where the
    plan had waiting in it. A visit to which nobody has set off at the planned time gets later as time
    passes; pickups and breaks, of which no fact tells, are taken as done once a later visit is under way.
    """
    last_met = max((index for index, stop in enumerate(stops) if stop.met is not None), default=-1)
    found: list[Expected] = []
    free_at: datetime | None = None
    for index, stop in enumerate(stops):
        if stop.met is not None:
            begins_at, ends_at = _met(stop, stop.met, now)
        elif index < last_met:
            begins_at, ends_at = stop.begins_at, stop.ends_at
        else:
            begins_at, ends_at = _to_come(stop, free_at, now)
        late_s = max(0, round((begins_at - stop.begins_at).total_seconds()))
        found.append(Expected(begins_at=begins_at, ends_at=ends_at, late_s=late_s))
        free_at = ends_at
    return tuple(found)


def _met(stop: Planned, met: Progress, now: datetime) -> tuple[datetime, datetime]:
    """A visit that is driven to, begun or over."""
    length = stop.ends_at - stop.begins_at
    began_at = begun_at(met, stop.begins_at)
    if began_at is None:
        drive = timedelta(seconds=stop.travel_s)
        there_at = max(met.en_route_at + drive, now) if met.en_route_at else now
        began_at = max(stop.begins_at, there_at)
    over_at = met.finished_at or (met.stopped_at if met.state in OVER else None)
    if over_at is not None:
        return min(began_at, over_at), over_at
    if met.state in OVER:
        return began_at, began_at
    return began_at, max(began_at + length, now)


def _to_come(stop: Planned, free_at: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    drive = timedelta(seconds=stop.travel_s)
    begins_at = stop.begins_at
    if free_at is not None:
        begins_at = max(begins_at, free_at + drive)
    if stop.kind == "visit":  # not even set off: she cannot be there before the drive from now on
        begins_at = max(begins_at, now + drive)
    return begins_at, begins_at + (stop.ends_at - stop.begins_at)


def lateness(late_s: int, policy: Mapping[str, int]) -> Lateness:
    """Say who must hear of a delay: more than so many minutes, as the policy has it."""
    minutes = late_s / 60
    if minutes > policy["replan"]:
        return Lateness.REPLAN
    if minutes > policy["tell_dispatcher"]:
        return Lateness.TELL_DISPATCHER
    return Lateness.TELL_PATIENT if minutes > policy["tell_patient"] else Lateness.ON_TIME


def missed_by_s(begins_at: datetime, windows: Sequence[Span]) -> int:
    """Return by how much a begin misses the last window, 0 when it does not."""
    if not windows:
        return 0
    return max(0, round((begins_at - max(window.ends_at for window in windows)).total_seconds()))


def initials(name: str | None) -> str:
    """Return first and last initials ("Ada Maria Kingsley" -> "A.K."), "?" where there is no name."""
    words = [word for word in (name or "").split() if word[0].isalpha()]
    ends = words if len(words) < 2 else [words[0], words[-1]]
    return "".join(f"{word[0].upper()}." for word in ends) or "?"

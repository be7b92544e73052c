"""Which nurse may give ketamine on a day, and how many minutes a shift leaves in a part of it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from dispatch.kernel.local_time import day_bounds
from dispatch.workforce.model import Licence, LicenceKind, LicenceStatus, Residence
from dispatch.workforce.rules.compact import the_compact
from dispatch.workforce.rules.licences import licence_covers_state, practice_span

PARTS = ("morning", "afternoon")
NEEDED = frozenset({"acls", "bls", "iv", "ketamine"})


class _Dated(Protocol):
    code: str
    valid_from: date
    expires_on: date


class _Licence(Protocol):
    state: str
    kind: str
    number: str
    multistate: bool
    valid_from: date
    expires_on: date
    status: str
    status_since: datetime | None


class _Home(Protocol):
    state: str
    since: date


class _Rule(Protocol):
    roles: list[str]
    verified_on: date | None


def may_give(nurse: object, state: str, rule: _Rule | None, day: date, zone: ZoneInfo) -> bool:
    """Tell whether a nurse may give ketamine in a state on a day, by her papers alone.

    A first look for weeks ahead: on the day itself `assignment` judges anew, with every reason. No
    verified state rule: nobody.
    """
    if rule is None or rule.verified_on is None:
        return False
    skills: Sequence[_Dated] = nurse.competencies  # type: ignore[attr-defined]
    held = {each.code for each in skills if each.valid_from <= day <= each.expires_on}
    if not held >= NEEDED:
        return False
    begins, ends = day_bounds(day, zone)
    covered = licence_covers_state(
        _licences(nurse.licences),  # type: ignore[attr-defined]
        _homes(nurse.residences),  # type: ignore[attr-defined]
        state,
        practice_span(begins, ends, zone),
        the_compact(),
    )
    kinds = {kind.value for kind in covered.kinds} - {LicenceKind.LPN.value}
    return bool(kinds & set(rule.roles))


def _licences(rows: Sequence[_Licence]) -> list[Licence]:
    return [
        Licence(
            state=each.state,
            kind=LicenceKind(each.kind),
            number=each.number,
            multistate=each.multistate,
            valid_from=each.valid_from,
            expires_on=each.expires_on,
            status=LicenceStatus(each.status),
            status_since=each.status_since,
        )
        for each in rows
    ]


def _homes(rows: Sequence[_Home]) -> list[Residence]:
    return [Residence(state=each.state, since=each.since) for each in rows]


def part_bounds(day: date, part: int, policy: Mapping[str, int], zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a part of a day begins and ends, as instants."""
    name = PARTS[part]
    midnight = datetime.combine(day, time.min)
    from_minute, to_minute = policy[f"{name}_from_minute"], policy[f"{name}_to_minute"]
    return (
        (midnight + timedelta(minutes=from_minute)).replace(tzinfo=zone),
        (midnight + timedelta(minutes=to_minute)).replace(tzinfo=zone),
    )


def part_minutes(starts_at: datetime, ends_at: datetime, bounds: tuple[datetime, datetime]) -> int:
    """Return how many minutes of a shift lie in a part of a day."""
    overlap = min(ends_at, bounds[1]) - max(starts_at, bounds[0])
    return max(int(overlap.total_seconds()) // 60, 0)

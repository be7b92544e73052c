"""Invented nurses: a registered nurse of Ohio, licensed, proven, at work on Monday 2026-11-23."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatch.assignment.model import LawFacts, NurseFacts
from dispatch.workforce.model import (
    Authorisation,
    Competency,
    FatigueLimits,
    Licence,
    LicenceKind,
    Residence,
    Shift,
    StateRule,
)

COLUMBUS = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 23)
NURSE = UUID(int=7)
LIMITS = FatigueLimits(
    most_in_24_h=timedelta(hours=12),
    most_in_7_days=timedelta(hours=60),
    least_between_shifts=timedelta(hours=10),
)


def at(hour: float, day: date = MONDAY, zone: ZoneInfo = COLUMBUS) -> datetime:
    """The instant at which the clocks of `zone` show `hour` (decimal) of `day`."""
    midnight = datetime.combine(day, time.min)
    return (midnight + timedelta(hours=hour)).replace(tzinfo=zone).astimezone(UTC)


def a_licence(state: str = "OH", **more: Any) -> Licence:
    """An active licence of a registered nurse, single-state."""
    facts = {
        "kind": LicenceKind.RN,
        "number": "RN.1234",
        "multistate": False,
        "valid_from": date(2024, 1, 1),
        "expires_on": date(2027, 12, 31),
    }
    return Licence(state=state, **(facts | more))


def a_shift(begins: float = 7, ends: float = 19, day: date = MONDAY) -> Shift:
    """A shift by the clocks of Columbus, in hours of the day."""
    return Shift(starts_at=at(begins, day), ends_at=at(ends, day))


def a_competency(code: str, **more: Any) -> Competency:
    """A proof that is valid this year and the next."""
    return Competency(
        code=code, **({"valid_from": date(2026, 1, 1), "expires_on": date(2027, 12, 31)} | more)
    )


def an_authorisation(state: str = "OH", **more: Any) -> Authorisation:
    """The word of the one registrant there is."""
    facts = {"registrant": "REG-1", "valid_from": date(2026, 1, 1), "expires_on": date(2027, 12, 31)}
    return Authorisation(state=state, **(facts | more))


def a_state_rule(state: str = "OH", **more: Any) -> StateRule:
    """A verified rule: registered nurses, at home, supervised by video."""
    facts = {
        "roles": frozenset({"RN"}),
        "setting": "home",
        "supervision": "on_call_video",
        "bolus_allowed": False,
        "citation": "invented for tests",
        "verified_on": date(2026, 11, 1),
    }
    return StateRule(state=state, **(facts | more))


def nurse_facts(**more: Any) -> NurseFacts:
    """A nurse whom nothing stands against."""
    facts = {
        "nurse_id": NURSE,
        "code": "N-07",
        "active": True,
        "licences": (a_licence(),),
        "residences": (Residence(state="OH", since=date(2020, 1, 1)),),
        "competencies": tuple(a_competency(code) for code in ("acls", "bls", "iv", "ketamine")),
        "authorisations": (an_authorisation(),),
        "shifts": (a_shift(),),
        "languages": frozenset({"en"}),
        "gender": "female",
        "pet_allergies": frozenset(),
        "lock_box_units": 6,
    }
    return NurseFacts(**(facts | more))


def law_facts(*rules: StateRule, **more: Any) -> LawFacts:
    """The law of an Ohio day; other states' rules as given."""
    facts = {
        "zone": COLUMBUS,
        "state_rules": {rule.state: rule for rule in (a_state_rule(), *rules)},
        "fatigue": LIMITS,
        "overtime": timedelta(minutes=60),
        "latest_end_minute": 1200,
    }
    return LawFacts(**(facts | more))

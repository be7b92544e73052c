"""Nurses as the law and the planner see them: licences, residence, competencies, shifts, states' rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

NurseId = NewType("NurseId", UUID)
LicenceId = NewType("LicenceId", UUID)

# A nurse's registered licence is in one of these; what advances practice is licensed state by state.
MULTISTATE_KINDS = frozenset({"RN", "LPN"})


class LicenceKind(StrEnum):
    """The licences that exist: registered, practical, advanced practice."""

    RN = "RN"
    LPN = "LPN"
    APRN = "APRN"


class LicenceStatus(StrEnum):
    """How a board of nursing holds a licence; only an active one allows practice."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENCUMBERED = "encumbered"
    SURRENDERED = "surrendered"
    INACTIVE = "inactive"


# What a board does to discipline somebody; it reaches further than a licence that merely lapsed.
DISCIPLINE = frozenset({LicenceStatus.SUSPENDED, LicenceStatus.ENCUMBERED, LicenceStatus.SURRENDERED})


class CompetencyCode(StrEnum):
    """Skills that are proven and expire."""

    ACLS = "acls"
    BLS = "bls"
    IV = "iv"
    KETAMINE = "ketamine"
    LINE_CARE = "line_care"
    NAD = "nad"
    ANTIBIOTIC = "antibiotic"


@dataclass(frozen=True, kw_only=True)
class Licence:
    """A nursing licence.

    Attributes
    ----------
    state
        Who issued it; of a multistate licence also the home state.
    valid_from, expires_on
        First and last day it is valid, both inclusive, by the calendar of the visit's place.
    status, status_since
        As the board of nursing has it, and the instant since when; None for "always".
    """

    state: str
    kind: LicenceKind
    number: str
    multistate: bool
    valid_from: date
    expires_on: date
    status: LicenceStatus = LicenceStatus.ACTIVE
    status_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Residence:
    """A primary state of residence since a day; it lasts until the next one begins."""

    state: str
    since: date


@dataclass(frozen=True, kw_only=True)
class Competency:
    """A proven skill; both days inclusive."""

    code: str
    valid_from: date
    expires_on: date


@dataclass(frozen=True, kw_only=True)
class Authorisation:
    """The nurse acts as agent of a DEA registrant in a state (21 USC 822(c), 21 CFR 1301.22)."""

    registrant: str
    state: str
    valid_from: date
    expires_on: date


@dataclass(frozen=True, kw_only=True)
class Shift:
    """When a nurse works; elapsed time, whatever the clocks show meanwhile."""

    starts_at: datetime
    ends_at: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.ends_at - self.starts_at


@dataclass(frozen=True, kw_only=True)
class StateRule:
    """Who may give ketamine at home in a state.

    `verified_on` is the day on which somebody checked the row against the law; None blocks like no row.
    """

    state: str
    roles: frozenset[str]
    setting: str
    supervision: str
    bolus_allowed: bool
    citation: str
    verified_on: date | None


@dataclass(frozen=True, kw_only=True)
class FatigueLimits:
    """How long a nurse may work (care-rules.md section 4); the values are policy `hours.fatigue`."""

    most_in_24_h: timedelta
    most_in_7_days: timedelta
    least_between_shifts: timedelta

    @classmethod
    def from_policy(cls, value: Mapping[str, float]) -> "FatigueLimits":
        """Read the policy value `hours.fatigue`."""
        return cls(
            most_in_24_h=timedelta(hours=value["most_h_in_24"]),
            most_in_7_days=timedelta(hours=value["most_h_in_7_days"]),
            least_between_shifts=timedelta(hours=value["least_h_between_shifts"]),
        )


@dataclass(frozen=True, kw_only=True)
class NurseDraft:
    """What a person says about a nurse when she is added or changed.

    Attributes
    ----------
    code
        What boards show, e.g. ``N-07``; unique in an area, never changed.
    languages
        ISO 639-1 codes.
    home_point
        Latitude and longitude in degrees (WGS 84).
    lock_box_units
        Vials of controlled drug that her locked box holds (21 CFR 1301.75(b)).
    """

    code: str
    name: str = field(repr=False)
    gender: str | None
    languages: tuple[str, ...]
    pet_allergies: tuple[str, ...]
    home_address: str = field(repr=False)
    home_point: tuple[float, float] = field(repr=False)
    lock_box_units: int
    active: bool = True

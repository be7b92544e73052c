"""Who may go where: the facts that eligibility is judged by, and the preferences that only cost.

Facts are plain values, so that a rule can be tried on any day that was or may come.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatch.workforce.model import (
    Authorisation,
    Competency,
    FatigueLimits,
    Licence,
    Residence,
    Shift,
    StateRule,
)
from dispatch.workforce.rules.compact import Compact, the_compact


@dataclass(frozen=True, kw_only=True)
class NurseFacts:
    """What eligibility needs to know about a nurse.

    Attributes
    ----------
    shifts
        From 7 days before the day on, so that the fatigue limits can be judged, to the day after.
    gender
        None when it is not known, which never meets a requirement.
    """

    nurse_id: UUID
    code: str
    active: bool
    licences: tuple[Licence, ...]
    residences: tuple[Residence, ...]
    competencies: tuple[Competency, ...]
    authorisations: tuple[Authorisation, ...]
    shifts: tuple[Shift, ...]
    languages: frozenset[str]
    gender: str | None
    pet_allergies: frozenset[str]
    lock_box_units: int


@dataclass(frozen=True, kw_only=True)
class TimeWindow:
    """The service begins inside; both ends included."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class AppointmentFacts:
    """What eligibility needs to know about an appointment.

    Attributes
    ----------
    state
        The patient's state: it rules licences.
    competencies
        Codes the service asks for, valid to the visit's end.
    units
        Vials of controlled drug that travel in the nurse's locked box.
    excluded_nurses
        Nurses and patient who must not meet, whoever asked for it.
    known_nurses
        Nurses who came before, the latest first.
    """

    appointment_id: UUID
    state: str
    windows: tuple[TimeWindow, ...]
    minutes: int
    controlled: bool
    units: int
    competencies: frozenset[str]
    address_verified: bool
    excluded_nurses: frozenset[UUID] = frozenset()
    pets: frozenset[str] = frozenset()
    required_language: str | None = None
    required_gender: str | None = None
    preferred_language: str | None = None
    preferred_gender: str | None = None
    preferred_nurse: UUID | None = None
    known_nurses: tuple[UUID, ...] = ()

    def __post_init__(self) -> None:
        if not self.windows:
            raise ValueError("an appointment has at least one time window")

    @property
    def length(self) -> timedelta:
        """How long the nurse is busy there."""
        return timedelta(minutes=self.minutes)

    @property
    def begins_at(self) -> datetime:
        """The earliest begin."""
        return min(window.begins_at for window in self.windows)

    @property
    def ends_at(self) -> datetime:
        """The latest end."""
        return max(window.ends_at for window in self.windows) + self.length

    def beginning_at(self, at: datetime) -> "AppointmentFacts":
        """Return the same appointment with its begin settled, as when a dispatcher moves it by hand."""
        return replace(self, windows=(TimeWindow(begins_at=at, ends_at=at),))


@dataclass(frozen=True, kw_only=True)
class LawFacts:
    """The law and the policies that hold on the day, for one area.

    Attributes
    ----------
    latest_end_minute
        Minutes after local midnight by which a visit ends (policy ``visit.latest_end_minute``: its
        ``planned`` value when planning, ``at_most`` for what a dispatcher does by hand).
    overtime
        How long past the end of her shift a nurse may be on the way at most.
    registrants
        DEA registrants whose drug is carried that day; empty: any one who authorised her.
    """

    zone: ZoneInfo
    state_rules: Mapping[str, StateRule]
    fatigue: FatigueLimits
    overtime: timedelta
    latest_end_minute: int
    registrants: frozenset[str] = frozenset()
    compact: Compact = field(default_factory=the_compact)


class Grade(StrEnum):
    """How well a nurse suits a preference."""

    FULL = "full"
    PARTLY = "partly"
    NOT = "not"


@dataclass(frozen=True, kw_only=True)
class Preference:
    """One wish of a patient and how well a nurse meets it; never a law.

    Attributes
    ----------
    code
        ``preferred_nurse``, ``continuity``, ``preferred_language`` or ``preferred_gender``.
    share
        How much of the wish is missed: 0 (met) to 1.
    """

    code: str
    grade: Grade
    share: float
    text: str

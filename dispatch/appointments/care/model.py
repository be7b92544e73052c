"""What a controlled visit needs beyond a time and a place, as values (care-rules.md, sections 1 and 2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from dispatch.clearance.model import RuleClass
from dispatch.identity.model import ProofOfIdentity
from dispatch.kernel.refusals import Conflict, Reason


class BookingChannel(StrEnum):
    """By which way a booking came; the rules are the same for all (C02)."""

    PHONE = "phone"
    WEB = "web"


class CancelledBy(StrEnum):
    """Why an appointment was called off, as a code."""

    PATIENT_ILL = "patient_ill"
    PATIENT_WISH = "patient_wish"
    NO_ADULT = "no_adult"
    NOT_FASTING = "not_fasting"
    PATIENT_NO_SHOW = "patient_no_show"
    NO_NURSE = "no_nurse"
    NO_CLEARANCE = "no_clearance"
    WEATHER = "weather"
    REPLANNED = "replanned"
    OTHER = "other"


# What a patient may give as a reason herself.
PATIENTS_REASONS = (
    CancelledBy.PATIENT_ILL,
    CancelledBy.PATIENT_WISH,
    CancelledBy.NO_ADULT,
    CancelledBy.NOT_FASTING,
)


@dataclass(frozen=True, kw_only=True)
class FastingReport:
    """What the patient says of the day: when she last ate and drank.

    Attributes
    ----------
    last_solids_at
        Solid food, milk, soup or juice with pulp (B16).
    last_clear_at
        Water, apple juice, sports drink, black coffee or tea (B17).
    last_fatty_at
        A fried or fatty meal; None when she says that there was none.
    """

    last_solids_at: datetime = field(repr=False)
    last_clear_at: datetime = field(repr=False)
    last_fatty_at: datetime | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class EarliestBegin:
    """The soonest begin of a visit on the day of the question, and when it would be over.

    Attributes
    ----------
    because
        Code of each limit -> when it allows the begin: ``cleared``, ``solids``, ``clear``, ``fatty`` (a
        warning only, so it does not move `at`).
    """

    at: datetime
    over_at: datetime
    because: Mapping[str, datetime]


@dataclass(frozen=True, kw_only=True)
class ResponsibleAdult:
    """Who is with the patient from the beginning to the end (B25); may be her companion, too (C14).

    Attributes
    ----------
    of_age, can_drive, chosen_by_patient
        What the patient stated; None when nobody asked, which blocks.
    """

    name: str = field(repr=False)
    phone: str = field(repr=False)
    relation: str = field(repr=False)
    of_age: bool | None = None
    can_drive: bool | None = None
    chosen_by_patient: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One thing that a booking needs and that is not there."""

    rule_class: RuleClass
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class NewOverride:
    """A prescriber's signature over one requirement of a booking, for one patient and for a time.

    `event_id` is made by the screen; the proof of identity was given for it.
    """

    event_id: UUID
    patient_id: UUID
    code: str
    reason: str = field(repr=False)
    expires_at: datetime
    proof: ProofOfIdentity | None


@dataclass(frozen=True, kw_only=True)
class TaskForPrescriber:
    """What a refused booking leaves for the prescriber to decide."""

    patient_id: UUID
    case_id: UUID | None
    text: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Passage:
    """What the gate says of a booking.

    Attributes
    ----------
    missing
        Everything in the way, warnings that nobody acknowledged included.
    passed
        Codes that were signed over or acknowledged.
    policies
        The values that judged it.
    """

    missing: tuple[Requirement, ...]
    passed: tuple[str, ...] = ()
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    order_ref: str | None = None
    dose_ug: int | None = None
    task: TaskForPrescriber | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What is in the way, as reasons of a refusal."""
        return tuple(each.reason for each in self.missing)


class CarePathRefused(Conflict):
    """A controlled visit may not be booked yet.

    A refusal undoes its transaction, so the task that it leaves is carried along: the web floor keeps it.
    """

    title = "This visit cannot be booked yet"

    def __init__(self, reasons: Iterable[Reason], task: TaskForPrescriber | None = None) -> None:
        super().__init__(reasons)
        self.task = task

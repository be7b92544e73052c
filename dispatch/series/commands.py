"""What somebody asks of a series."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from dispatch.identity.model import ProofOfIdentity
from dispatch.series.model import ExternalOrder, Response, SignedOver, Terms


@dataclass(frozen=True, kw_only=True)
class ProposeSeries:
    """A series for a patient by a template (`series.templates`).

    The patient's rows are above this chapter: the caller says her area and the state she is treated in.
    """

    patient_id: UUID
    area_id: UUID
    state: str
    template: str
    first_day: date
    infusions: int | None = None


@dataclass(frozen=True, kw_only=True)
class SignOrder:
    """A version of a series' order.

    Attributes
    ----------
    event_id
        Made by the screen; the proof of identity was given for it.
    seen
        The version the prescriber changed, 0 for the first; a change on an older one is refused.
    acknowledged
        Codes of class WARN that the prescriber has read.
    reason
        Why it changed; the first version needs none.
    """

    event_id: UUID
    series_id: UUID
    terms: Terms
    proof: ProofOfIdentity | None
    seen: int = 0
    signed_over: tuple[SignedOver, ...] = ()
    acknowledged: frozenset[str] = frozenset()
    external: ExternalOrder | None = None
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class NoteOutsideOrder:
    """An order that somebody outside signed: who, and the scan as it was sent (PDF, PNG or JPEG)."""

    series_id: UUID
    external: ExternalOrder
    scan_name: str = field(repr=False)
    scan: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Consent:
    """The patient's signed consent to a use the label does not name (row D08)."""

    series_id: UUID
    text_version: str
    signed_name: str = field(repr=False)
    signed_at: datetime


@dataclass(frozen=True, kw_only=True)
class ReviewResponse:
    """The prescriber's review of what the infusions so far have done.

    The scores are those that clearance keeps; none is typed in here.

    Attributes
    ----------
    response
        Stated by the prescriber; None to take it from PHQ-9, which a baseline of 0 does not allow.
    go_on
        False stops the series.
    """

    event_id: UUID
    series_id: UUID
    proof: ProofOfIdentity | None
    go_on: bool
    response: Response | None = None
    note: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Availability:
    """When a patient, and the adult with her, are free: ISO weekday (1 Monday) -> parts of the day.

    `away` are days on which she cannot at all. A weekday without a word is not free.
    """

    patient: Mapping[int, frozenset[str]]
    adult: Mapping[int, frozenset[str]]
    away: frozenset[date] = frozenset()

"""Patients, services and appointments as values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from dispatch.appointments.care.model import BookingChannel, FastingReport

PatientId = NewType("PatientId", UUID)
AppointmentId = NewType("AppointmentId", UUID)


class AppointmentStatus(StrEnum):
    """What became of a booking (docs/states.md); how the visit itself goes is the visits chapter's."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class BookingStep:
    """One arrow of a booking's life; `source` None: there is no row yet."""

    source: AppointmentStatus | None
    deed: str
    target: AppointmentStatus
    by: str
    meaning: str


# What is only requested is an enquiry or a patient's wish, what is only offered holds no place: neither is a
# row here. From the nurse's setting off on, the visit's own table rules.
APPOINTMENT_STEPS = (
    BookingStep(
        source=None,
        deed="book",
        target=AppointmentStatus.CONFIRMED,
        by="dispatcher, series, import",
        meaning="the gate let it pass; reminders are queued",
    ),
    BookingStep(
        source=AppointmentStatus.CONFIRMED,
        deed="change",
        target=AppointmentStatus.CONFIRMED,
        by="dispatcher",
        meaning="through the gate again; reminders move",
    ),
    BookingStep(
        source=AppointmentStatus.CONFIRMED,
        deed="cancel",
        target=AppointmentStatus.CANCELLED,
        by="patient or dispatcher, before arrival",
        meaning="with a reason; reminders are called off, its infusion is to be laid anew",
    ),
)


class PointSource(StrEnum):
    """Who says where an address is."""

    NONE = "none"
    ZIP_CENTROID = "zip_centroid"
    GEOCODER = "geocoder"
    IMPORT = "import"
    DISPATCHER = "dispatcher"


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place on the map in degrees (WGS 84)."""

    lat: float = field(repr=False)
    lon: float = field(repr=False)


def point_text(point: Point) -> str:
    """Write a point as it is sealed, to about 0.1 m: ``39.961200,-82.998800``."""
    return f"{point.lat:.6f},{point.lon:.6f}"


def point_of(text: str) -> Point:
    """Read what `point_text` wrote."""
    lat, lon = text.split(",")
    return Point(lat=float(lat), lon=float(lon))


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where an address is, who says so, and whether that is good enough to plan with."""

    point: Point | None
    source: PointSource
    verified: bool


@dataclass(frozen=True, kw_only=True)
class Unplaced:
    """A patient whose point nobody has verified, and the day of her next visit, None without one."""

    patient_id: UUID
    reference: str
    source: PointSource
    next_day: date | None


UNPLACED = Placed(point=None, source=PointSource.NONE, verified=False)

# Finds the place of an address; None when it cannot. The caller brings one (`routing.geocode` is above us).
Geocode = Callable[[str], Placed | None]


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service of the catalogue.

    Attributes
    ----------
    minutes
        How long the nurse is busy at the patient's home.
    competencies
        Codes of what she must have proven, to the visit's end.
    units
        Vials of controlled drug it takes; 0 when it is not controlled.
    offered
        Whether it can be booked; what never is stays in the catalogue so that the refusal can name it.
    """

    code: str
    name: str
    minutes: int
    competencies: frozenset[str]
    controlled: bool = False
    units: int = 0
    nurses_needed: int = 1
    offered: bool = True


@dataclass(frozen=True, kw_only=True)
class PatientDraft:
    """What a person says about a patient when she is registered or changed.

    `required_*` are laws for planning, `preferred_*` are wishes. Languages are ISO 639-1 codes.
    """

    reference: str
    state: str
    name: str = field(repr=False)
    phone: str | None = field(repr=False)
    born_on: date = field(repr=False)
    address: str = field(repr=False)
    access_notes: str | None = field(default=None, repr=False)
    pets: tuple[str, ...] = ()
    required_language: str | None = None
    required_gender: str | None = None
    preferred_language: str | None = None
    preferred_gender: str | None = None


@dataclass(frozen=True, kw_only=True)
class LocalWindow:
    """A time window by the clocks of the area: the service begins inside, both ends included.

    `*_fold` says which of two equal readings is meant on the day the clocks go back: 0 the first, 1 the
    second; None when nobody said, which is asked about only where there are two.
    """

    begins: time
    ends: time
    begins_fold: int | None = None
    ends_fold: int | None = None


@dataclass(frozen=True, kw_only=True)
class Window:
    """A time window as instants."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingDraft:
    """What a person says about an appointment when it is booked or changed.

    Attributes
    ----------
    minutes, units
        None for the service's own; never fewer minutes than that.
    dose_order_ref, dose_ug
        The signed order and its dose in micrograms: both are needed for what is controlled.
    priority
        1 (may wait) to 5 (must happen).
    fasting
        When the patient last ate and drank, where the visit is soon; see `care.rules.path.fasting_of_day`.
    acknowledged
        Codes of warnings that whoever books has read.
    channel
        By which way it came; for the record only, the rules are the same (care-rules.md C02).
    """

    reference: str
    service_code: str
    day: date
    windows: tuple[LocalWindow, ...]
    minutes: int | None = None
    units: int | None = None
    dose_order_ref: str | None = None
    dose_ug: int | None = None
    priority: int = 3
    nurses_needed: int | None = None
    preferred_nurse_id: UUID | None = None
    fasting: FastingReport | None = None
    acknowledged: frozenset[str] = frozenset()
    channel: BookingChannel = BookingChannel.PHONE


@dataclass(frozen=True, kw_only=True)
class Occupied:
    """Another appointment of the patient: when it may go on, at the earliest and the latest."""

    reference: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class BookingPolicy:
    """The policies that a booking obeys.

    Attributes
    ----------
    latest_end_minute
        Minutes after local midnight by which a planned visit ends (`visit.latest_end_minute`, planned).
    today
        By the calendar of the area.
    """

    latest_end_minute: int
    today: date


def occupied_by(reference: str, windows: tuple[Window, ...], minutes: int) -> tuple[Occupied, ...]:
    """Return when a visit may be going on, one span a window."""
    length = timedelta(minutes=minutes)
    return tuple(
        Occupied(reference=reference, begins_at=w.begins_at, ends_at=w.ends_at + length) for w in windows
    )

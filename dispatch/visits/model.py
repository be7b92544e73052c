"""What a visit is: the deeds that a nurse's phone reports, and the states they lead to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from dispatch.kernel.refusals import Conflict


class Deed(StrEnum):
    """What somebody did for a visit; `NURSES_DEEDS` are facts that a nurse's phone reports."""

    EN_ROUTE = "en_route"
    CHECK_IN = "check_in"
    SCREEN = "screen"
    HOLD = "hold"
    RELEASE = "release"
    READY = "ready"
    LAPSE = "lapse"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    DISCHARGE = "discharge"
    CHECK_OUT = "check_out"
    NO_SHOW = "no_show"
    ABORT = "abort"
    EMERGENCY = "emergency"
    TRANSFER = "transfer"
    CANCEL = "cancel"


# Others than the nurse: the dispatcher cancels, a prescriber releases, the clock lets a baseline lapse.
NURSES_DEEDS = tuple(deed for deed in Deed if deed not in {Deed.CANCEL, Deed.RELEASE, Deed.LAPSE})
# What may still be refused when it is asked for and has not happened yet.
ASKED_FIRST = frozenset({Deed.READY, Deed.START, Deed.RESUME, Deed.DISCHARGE, Deed.CHECK_OUT})


class VisitState(StrEnum):
    """Where a visit stands, in the order of a usual day; from `NO_SHOW` on they are exits."""

    ASSIGNED = "assigned"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"
    SCREENING = "screening"
    HELD = "held"
    READY = "ready"
    PAUSED = "paused"
    INFUSING = "infusing"
    RECOVERY = "recovery"
    DISCHARGED = "discharged"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    ABORTED = "aborted"
    CANCELLED = "cancelled"
    EMERGENCY = "emergency"
    TRANSFERRED = "transferred"


class EventIdReused(Conflict):
    """An event id came before with another body: refused, and compliance is told."""

    title = "This event id was used before"


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place on earth in degrees (WGS 84)."""

    lat: float
    lon: float


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a phone believes to be; `accuracy_m` is its own 95 % radius, None when it does not say."""

    lat: float
    lon: float
    accuracy_m: float | None = None


@dataclass(frozen=True, kw_only=True)
class NewFact:
    """A deed as the device reports it.

    Attributes
    ----------
    event_id
        Made on the device (UUIDv7) before the deed is shown as recorded.
    at, sent_at
        The device's own clock at the deed and at sending, with its UTC offset. Together they tell a
        clock that is wrong from a deed that was sent late.
    device_seq
        The device's own count of events, None for a screen in a browser.
    calls_made
        Telephone calls tried before a no-show.
    asked
        True when it has not happened yet and the screen asks whether it may: only such a deed, of
        `ASKED_FIRST`, can be refused.
    """

    event_id: UUID
    appointment_id: UUID
    deed: Deed
    at: datetime
    sent_at: datetime | None = None
    device_seq: int | None = None
    position: Position | None = None
    reason: str = ""
    calls_made: int | None = None
    asked: bool = False


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A stored deed, as far as the rules need it.

    Attributes
    ----------
    happened_at
        The device's time, corrected by its clock's offset where that was known to be wrong (UTC).
    device
        Which device counted `device_seq`; empty for screens.
    checklist
        Whether the bedside checklist was to be kept when the fact came in (policy ``visit.checklist``).
    """

    event_id: UUID
    nurse_id: UUID
    deed: Deed
    happened_at: datetime
    device: str = ""
    device_seq: int | None = None
    checklist: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the order of the deeds says about one of them: `code` is a key of `rules.FLAGS`."""

    event_id: UUID
    code: str


@dataclass(frozen=True, kw_only=True)
class Story:
    """A visit folded from its facts: where it stands, the first time of each deed, and what was odd.

    Attributes
    ----------
    since
        The last time at which the state changed, None while nothing was reported.
    checklist
        Whether this visit keeps the bedside checklist.
    """

    state: VisitState
    times: Mapping[Deed, datetime]
    verdicts: tuple[Verdict, ...] = ()
    since: datetime | None = None
    checklist: bool = False


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the device was told when a fact was stored; the same again for the same fact.

    Attributes
    ----------
    position
        The fact's place in the server's order.
    distance_m
        From the patient's verified point; None when the phone gave no position or none was due.
    flags
        Codes of `rules.FLAGS`: the fact is kept, and these are shown to compliance.
    repeated
        True when the fact had been stored before.
    """

    event_id: UUID
    position: int
    received_at: datetime
    state: VisitState
    flags: tuple[str, ...]
    distance_m: int | None
    repeated: bool = False


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far one appointment has come, for the boards (times in UTC)."""

    appointment_id: UUID
    nurse_id: UUID
    state: VisitState
    en_route_at: datetime | None = None
    arrived_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    finished_at: datetime | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Care:
    """What the nurse needs of the patient for the stop that is hers now, and no more."""

    name: str
    address: str
    access_notes: str
    phone: str
    point: Point | None
    pets: tuple[str, ...]
    language: str | None


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One appointment on a nurse's route.

    `initials` is all that a list shows of a patient; `care` is filled for the stop that is next or under
    way. Amounts are micrograms, times UTC.
    """

    appointment_id: UUID
    patient_id: UUID
    reference: str
    initials: str
    service: str
    minutes: int
    first_infusion: bool
    controlled: bool
    units: int
    dose_ug: int | None
    windows: tuple[tuple[datetime, datetime], ...]
    state: VisitState
    times: Mapping[Deed, datetime]
    flags: tuple[str, ...]
    checklist: bool = False
    care: Care | None = None


@dataclass(frozen=True, kw_only=True)
class PharmacyStop:
    """Where vials are picked up or brought back."""

    pharmacy_id: UUID
    name: str
    address: str
    point: Point


@dataclass(frozen=True, kw_only=True)
class RouteStop:
    """One stop of the published route: start, pickup, visit, break, return or end (times UTC).

    `units` are the vials that a pickup or return is planned for.
    """

    kind: str
    arrives_at: datetime
    begins_at: datetime
    ends_at: datetime
    travel_s: int
    units: int = 0
    visit: Visit | None = None
    pharmacy: PharmacyStop | None = None


@dataclass(frozen=True, kw_only=True)
class NursesDay:
    """A nurse's route of one day by the plan in force; `plan_number` is None while none is published."""

    nurse_id: UUID
    area_id: UUID
    area_name: str
    time_zone: str
    day: date
    plan_number: int | None
    stops: tuple[RouteStop, ...] = ()

    @property
    def visits(self) -> tuple[Visit, ...]:
        """The visits of the route, in its order."""
        return tuple(stop.visit for stop in self.stops if stop.visit is not None)

    @property
    def current(self) -> Visit | None:
        """The visit under way, else the next one; None when the day is done."""
        return next((visit for visit in self.visits if visit.care is not None), None)

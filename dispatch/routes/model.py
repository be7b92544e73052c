"""A published day as boards show it: lanes, visits with what is expected now, and who is left.

All times are UTC instants; patients appear by initials only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from routing.plan import gap_of


class Lateness(StrEnum):
    """Who must hear of a visit's delay (policy ``visit.late_minutes``)."""

    ON_TIME = "on_time"
    TELL_PATIENT = "tell_patient"
    TELL_DISPATCHER = "tell_dispatcher"
    REPLAN = "replan"


@dataclass(frozen=True, kw_only=True)
class Span:
    """From an instant to another."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place on earth in degrees (WGS 84)."""

    lat: float
    lon: float


@dataclass(frozen=True, kw_only=True)
class Expected:
    """When a stop is expected to begin and end, by what has happened so far.

    `late_s` counts from the planned begin, 0 when on time.
    """

    begins_at: datetime
    ends_at: datetime
    late_s: int = 0


@dataclass(frozen=True, kw_only=True)
class BoardVisit:
    """What a board shows of an appointment, wherever it stands.

    Attributes
    ----------
    state
        ``planned`` until its nurse sets off; then as `visits.model.VisitState` says; ``cancelled`` when it
        was cancelled after the plan was made.
    point
        None while the address is not verified.
    version
        Of the appointment, for If-Match.
    """

    appointment_id: UUID
    patient_id: UUID
    reference: str
    initials: str
    service: str
    minutes: int
    priority: int
    controlled: bool
    units: int
    first_infusion: bool
    nurses_needed: int
    windows: tuple[Span, ...]
    point: Point | None
    state: str
    pinned_nurse_id: UUID | None
    pinned_begin_at: datetime | None
    version: int


@dataclass(frozen=True, kw_only=True)
class BoardStop:
    """One stop of a lane: start, pickup, visit, break, return or end.

    Attributes
    ----------
    part
        1 or 2: which half of a visit by two nurses.
    travel_s
        The drive to it.
    late, misses_window_s
        Of a visit: who must hear of its delay, and by how much it would miss its last window.
    """

    kind: str
    arrives_at: datetime
    begins_at: datetime
    ends_at: datetime
    travel_s: int
    expected: Expected
    frozen: bool
    units: int = 0
    part: int = 1
    visit: BoardVisit | None = None
    pharmacy_id: UUID | None = None
    late: Lateness = Lateness.ON_TIME
    misses_window_s: int = 0


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One nurse's shift, with her route if she has one."""

    nurse_id: UUID
    shift_id: UUID
    code: str
    name: str
    shift: Span
    stops: tuple[BoardStop, ...] = ()

    @property
    def visits(self) -> tuple[BoardStop, ...]:
        """Her visits in order."""
        return tuple(stop for stop in self.stops if stop.visit is not None)


@dataclass(frozen=True, kw_only=True)
class Left:
    """One reason why nobody goes; `nurses` counts those whom it keeps away, 0 where it is about nobody."""

    code: str
    text: str
    nurses: int = 0


@dataclass(frozen=True, kw_only=True)
class Unassigned:
    """An appointment that nobody makes, and every reason."""

    visit: BoardVisit
    reasons: tuple[Left, ...]


@dataclass(frozen=True, kw_only=True)
class Pharmacy:
    """Where stock is collected and brought back."""

    pharmacy_id: UUID
    code: str
    name: str
    point: Point


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A plan in numbers; money in millicents, times in seconds."""

    cost_mc: int
    travel_s: int
    idle_s: int
    overtime_s: int
    service_s: int
    assigned: int
    unassigned: int
    nurses: int


@dataclass(frozen=True, kw_only=True)
class BoardPlan:
    """The plan in force."""

    plan_id: UUID
    number: int
    origin: str
    published_at: datetime
    publisher: str
    status: str
    bound_mc: int | None
    relaxed: tuple[str, ...]
    figures: Figures

    @property
    def gap(self) -> float | None:
        """What could at most be saved, as a share of the cost; None while nothing is proven."""
        return None if self.bound_mc is None else gap_of(self.figures.cost_mc, self.bound_mc)

    @property
    def is_optimal(self) -> bool:
        """Whether it is proven that no plan of the day costs less."""
        return self.bound_mc is not None and self.bound_mc >= self.figures.cost_mc


@dataclass(frozen=True, kw_only=True)
class BoardRun:
    """The newest plan run of the day.

    Attributes
    ----------
    progress
        ``cost_mc``, ``bound_mc``, ``gap``, ``unassigned``, ``seconds``, ``doing``; empty before the first
        word, and ``doing`` alone before the first plan.
    figures
        Of the plan it found, once it is solved.
    """

    run_id: UUID
    state: str
    seconds: int
    engine: str
    asked_at: datetime
    publish_when_done: bool
    stop_asked: bool
    progress: Mapping[str, object]
    reason: str | None
    figures: Figures | None


@dataclass(frozen=True, kw_only=True)
class Board:
    """One area's day as a dispatcher sees it.

    Attributes
    ----------
    midnight
        The UTC instant at which the local day begins; `length_s` is 23, 24 or 25 hours.
    before
        Figures of the plan before the one in force, to compare.
    position
        Of the newest change of the day: where the live stream goes on.
    """

    area_id: UUID
    area_name: str
    slug: str
    zone: ZoneInfo
    day: date
    midnight: datetime
    length_s: int
    now: datetime
    position: int
    lanes: tuple[Lane, ...]
    unassigned: tuple[Unassigned, ...]
    pharmacies: tuple[Pharmacy, ...]
    plan: BoardPlan | None
    before: Figures | None
    run: BoardRun | None
    total: int
    assigned: int
    late: int = 0
    patient_ids: tuple[UUID, ...] = field(default=(), repr=False)

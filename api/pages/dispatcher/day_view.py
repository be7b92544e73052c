"""What the day board shows, ready for the templates: texts, classes and numbers, nothing to decide.

Patients appear by initials only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from api.pages.dispatcher.axis import Axis


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something in a nurse's lane that is no visit: travel, pickup, break, return, waiting."""

    kind: str
    place: str
    text: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class PharmacyMark:
    """A pharmacy on the map; one that a route calls at is also in that route's `path`."""

    code: str
    name: str
    lat: float
    lon: float


@dataclass(frozen=True, kw_only=True)
class VisitBar:
    """A visit in a lane.

    Attributes
    ----------
    place, windows
        Classes of the bar and of its time windows.
    state
        planned, done or under_way; `late` says by how much it misses its window, empty when it does not.
    label
        The whole bar in words, for those who do not see it.
    point
        ``lat,lon`` of where it is, empty when unknown.
    """

    appointment_id: str
    number: int
    initials: str
    service: str
    place: str
    begins: str
    ends: str
    begin_minute: int
    label: str
    state: str = "planned"
    late: str = ""
    frozen: bool = False
    pinned: bool = False
    controlled: bool = False
    first: bool = False
    point: str = ""
    windows: Sequence[str] = ()
    part: int = 1

    @property
    def key(self) -> str:
        """Name the visit, or one half of a visit by two nurses, in addresses."""
        return f"{self.appointment_id}.{self.part}" if self.part > 1 else self.appointment_id


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A nurse's row. `colour` is 1 to 8; `path` are the points that the route visits, in order."""

    nurse_id: str
    shift_id: str
    code: str
    name: str
    colour: int
    on_shift: str
    shift_text: str
    note: str
    visits: Sequence[VisitBar] = ()
    marks: Sequence[Mark] = ()
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class Against:
    """One reason why nobody goes, and how many nurses it keeps away; empty where it is about nobody."""

    count: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A visit that nobody makes, with every reason."""

    appointment_id: str
    initials: str
    service: str
    minutes: int
    windows: str
    priority: int
    point: str
    reasons: Sequence[Against]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of the plan before and after: text, and whether it became better."""

    name: str
    before: str
    after: str
    trend: str = ""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The board's headline; `gap` says how good the plan is known to be, `relaxed` why it may be better."""

    assigned: int
    total: int
    nurses: int
    late: int
    gap: str
    cost: str
    plan_number: int
    published: str = ""
    relaxed: str = ""
    figures: Sequence[Figure] = ()


@dataclass(frozen=True, kw_only=True)
class DayView:
    """One area's day."""

    area_name: str
    slug: str
    day: str
    day_text: str
    previous: str
    following: str
    is_today: bool
    axis: Axis
    now: str
    now_text: str
    summary: Summary
    lanes: Sequence[Lane]
    waiting: Sequence[Waiting]
    pharmacies: Sequence[PharmacyMark] = field(default_factory=tuple)
    position: int = 0


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A nurse's shift as an answer to "who could go?".

    `grade` A to C says how well she suits, ``–`` that a law is against it; then `reasons` are all of them.
    """

    shift_id: str
    code: str
    grade: str
    tone: str
    begins: str
    added: str
    notes: Sequence[str] = ()
    reasons: Sequence[str] = ()
    is_present: bool = False

    @property
    def allowed(self) -> bool:
        """Whether no law is against it."""
        return not self.reasons


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a deed: done (yes), refused (no), to be confirmed (ask) or out of date (stale)."""

    kind: str
    title: str
    reasons: Sequence[str] = ()
    shift_id: str = ""
    reading: str = ""


@dataclass(frozen=True, kw_only=True)
class VisitPanel:
    """A visit in detail: when, by whom, who else could go and why not the others.

    `is_left` says that nobody makes it: then the panel asks what would make it possible. `wanted` repeats
    what a dispatcher asked for, where somebody else was quicker. `happening` is what a report about it would
    begin with (`replans.CHOICES`), empty where nothing is left to re-plan.
    """

    key: str
    patient_id: UUID
    initials: str
    service: str
    minutes: int
    priority: int
    windows: str
    planned: str
    pinned: str
    movable: bool
    why_not: Sequence[Against]
    candidates: Sequence[Candidate]
    plan_number: int
    is_left: bool = False
    happening: str = ""
    outcome: Outcome | None = None
    wanted: str = ""


@dataclass(frozen=True, kw_only=True)
class WayLine:
    """One change that would make a visit possible: "possible if `text`"."""

    text: str
    added: str
    code: str
    begins: str
    needs_nobody: bool


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """An amount and what it is for."""

    name: str
    amount: str
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class CostPanel:
    """What a plan costs: by term, by nurse and by visit, the dearest first."""

    plan_number: int
    cost: str
    sentences: Sequence[str]
    terms: Sequence[CostLine]
    nurses: Sequence[CostLine]
    visits: Sequence[CostLine]


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A plan run as its strip shows it; `is_news` unless a later plan is in force.

    `doing` is what the solver does just now, `relaxed` why the plan may be better than its gap says.
    """

    run_id: str
    state: str
    seconds: int
    limit_s: int
    cost: str
    gap: str
    unassigned: str
    doing: str = ""
    relaxed: str = ""
    stopping: bool = False
    reason: str = ""
    is_news: bool = True

"""A report as a value: columns, rows, and for each figure the events that it is made of.

One function makes each report; a screen, a CSV and a PDF show any of them and know none.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatch.custody.reports.headings import Heading, ReportKind
from dispatch.kernel.clock import Clock

# Both databases keep instants to the microsecond.
RESOLUTION = timedelta(microseconds=1)


class ColumnKind(StrEnum):
    """What stands in a column, and so how it is written."""

    TEXT = "text"
    MOMENT = "moment"
    DAY = "day"
    AMOUNT = "amount"
    COUNT = "count"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column; amounts are micrograms in the value and milligrams wherever they are shown."""

    name: str
    kind: ColumnKind = ColumnKind.TEXT
    unit: str = ""

    @property
    def head(self) -> str:
        """The name with its unit, as it stands above the column."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


def text_column(name: str) -> Column:
    """Return a column of words."""
    return Column(name=name)


def amount_column(name: str) -> Column:
    """Return a column of amounts of drug."""
    return Column(name=name, kind=ColumnKind.AMOUNT, unit="mg")


def count_column(name: str, unit: str = "") -> Column:
    """Return a column of whole numbers."""
    return Column(name=name, kind=ColumnKind.COUNT, unit=unit)


def moment_column(name: str) -> Column:
    """Return a column of instants, shown in the area's zone."""
    return Column(name=name, kind=ColumnKind.MOMENT)


class Measure(StrEnum):
    """What a figure adds up over its events.

    ``moved``: postings in micrograms; ``units``: whole vials that these postings move; ``events``: the
    events themselves; ``held``: what their vials held right after them, in micrograms.
    """

    MOVED = "moved"
    UNITS = "units"
    EVENTS = "events"
    HELD = "held"


class Oddity(StrEnum):
    """What is odd about an event."""

    EXCEPTION = "exception"
    OVERRIDE = "override"
    LATE = "late"
    REVERSAL = "reversal"
    UNWITNESSED = "unwitnessed"


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Which events a figure is made of, and what it adds up over them. Empty fields ask for nothing.

    Attributes
    ----------
    since, before
        Server time, from the first inclusive to the second exclusive.
    account
        A class of accounts (``waste``) or one account (``custody:nurse:<id>``).
    kinds
        Kinds of event; in a sum of postings a reversal counts as the kind that it takes back.
    gross
        Only what was applied, and reversals do not count as what they take back.
    giver, taker
        Holder before and after the event.
    moves_hands
        Only events that change the holder.
    newest
        Only the last event of each vial before `before`, where the vial still holds something.
    sign
        -1 turns the sum around: what left ``source:overfill`` is shown as a positive figure.
    """

    measure: Measure = Measure.EVENTS
    since: datetime | None = None
    before: datetime | None = None
    account: str = ""
    kinds: tuple[str, ...] = ()
    vial: UUID | None = None
    lot: UUID | None = None
    product: UUID | None = None
    visit: UUID | None = None
    giver: str = ""
    taker: str = ""
    actor: UUID | None = None
    witness: UUID | None = None
    oddity: Oddity | None = None
    moves_hands: bool = False
    newest: bool = False
    gross: bool = False
    sign: int = 1


@dataclass(frozen=True, kw_only=True)
class EventPlace:
    """An event in the history of its vial, or the history as a whole."""

    vial: UUID
    sequence: int | None = None


@dataclass(frozen=True, kw_only=True)
class InventoryPlace:
    """An inventory that was taken."""

    inventory: UUID


@dataclass(frozen=True, kw_only=True)
class CasePlace:
    """A discrepancy case."""

    case: UUID


Place = Sought | EventPlace | InventoryPlace | CasePlace
Value = str | int | datetime | date | None


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A value and where it leads: a figure to its events, a vial to its history."""

    value: Value
    to: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a report; `odd` where somebody should look."""

    cells: tuple[Cell, ...]
    odd: bool = False


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of a report: where, over which time, of which nurse, by which instant.

    `since` and `before` bound the events; for an instant both a report's sums run up to `before`, which
    lies one microsecond after it, so that the instant itself counts.
    """

    area_id: UUID
    zone: ZoneInfo
    before: datetime
    since: datetime | None = None
    nurse_id: UUID | None = None


def sums_of(columns: Sequence[Column], lines: Sequence[Line]) -> tuple[Cell, ...]:
    """Return the sums of the columns of figures, to stand below their lines; none below no lines."""
    if not lines:
        return ()
    sums = [
        Cell(value=sum(value for line in lines if isinstance(value := line.cells[number].value, int)))
        if column.kind in (ColumnKind.AMOUNT, ColumnKind.COUNT)
        else Cell(value="")
        for number, column in enumerate(columns)
    ]
    return (Cell(value="Sum"), *sums[1:])


@dataclass(frozen=True, kw_only=True)
class VisitPatient:
    """Whose visit it was, as the chapter that knows patients tells it."""

    patient_id: UUID
    name: str
    reference: str
    order: str


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a report may ask besides the ledger: the time, and whose visits these are.

    Custody itself knows a visit only by its id.
    """

    clock: Clock
    patients_of_visits: Callable[[Collection[UUID]], Mapping[UUID, VisitPatient]]


@dataclass(frozen=True, kw_only=True)
class Body:
    """What a report's own function makes of a question."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    sums: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()
    patients: frozenset[UUID] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report with all that makes it a document: of whom, over which time, by which policies, by whom."""

    kind: ReportKind
    heading: Heading
    area: str
    registrant: str
    zone: ZoneInfo
    since: datetime | None
    before: datetime
    made_at: datetime
    made_by: str
    body: Body
    policies: tuple[tuple[str, str], ...] = field(default=())

    @property
    def period(self) -> str:
        """The time it covers, in the area's zone, in words."""
        if self.since is None:
            return f"as of {_shown(last_instant(self.before), self.zone)}"
        return f"from {_shown(self.since, self.zone)} to {_shown(self.before, self.zone)} (exclusive)"


def _shown(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def last_instant(before: datetime) -> datetime:
    """Return the last instant that lies before an exclusive bound, to the microsecond."""
    return before - RESOLUTION


def bound_after(instant: datetime) -> datetime:
    """Return the exclusive bound that still lets an instant count."""
    return instant + RESOLUTION

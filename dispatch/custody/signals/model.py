"""Plain value streams that the signals read, and the questions they raise.

The same values come from the ledger (`queries.books`) and from the simulation (`benchmarks.diversion`), so
that what is measured there is what runs here. Amounts are micrograms.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

RowT = TypeVar("RowT")


class Rule(StrEnum):
    """Which signal asks."""

    WASTE_RATIO = "waste_ratio"
    SLOW_TO_GIVE = "slow_to_give"
    WASTE_PAIR = "waste_pair"
    OFF_SHIFT = "off_shift"
    COUNT_VARIANCE = "count_variance"
    DRAWN_ABOVE_ORDER = "drawn_above_order"
    GIVEN_BELOW_ORDER = "given_below_order"
    VIALS_SPOILT = "vials_spoilt"
    LATE_ENTRY = "late_entry"
    WEAK_WITNESS = "weak_witness"
    PEER_DISTANCE = "peer_distance"


class Answer(StrEnum):
    """What a compliance officer says to a question."""

    EXPLAINED = "explained"
    WATCH = "watch"
    CASE = "case"


@dataclass(frozen=True, kw_only=True, slots=True)
class VialUse:
    """One vial that a nurse opened, from the broken seal to the waste of what was left.

    Attributes
    ----------
    ordered_ug
        The sum of what the orders of its visits name; None where a visit has no order with a dose.
    witness
        The person who signed the waste beside the nurse: a nurse's id, else an account's.
    weak
        The waste has no witness of the company: nobody, or a companion of the patient.
    events
        From the opening to the waste.
    """

    nurse: UUID
    product: str
    opened_at: datetime
    given_at: datetime | None
    wasted_at: datetime | None
    ordered_ug: int | None
    drawn_ug: int
    given_ug: int
    wasted_ug: int
    witness: UUID | None
    weak: bool
    events: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One event by which a nurse touched drug. `late`: it reached the server long after it happened."""

    nurse: UUID
    at: datetime
    on_shift: bool
    late: bool
    event_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """One sealed vial that a nurse took. `spoilt`: it broke, was lost or came back with a wrong seal."""

    nurse: UUID
    at: datetime
    spoilt: bool
    event_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """One finished blind count of a nurse's box; `variance_units` is found minus expected."""

    nurse: UUID
    at: datetime
    variance_units: int
    count_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """When somebody was at work and could be asked to witness."""

    person: UUID
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Books:
    """What happened in an area during a period, in the order of time.

    Attributes
    ----------
    names
        The code (N-12) or name by which the screens know a person.
    """

    uses: tuple[VialUse, ...] = ()
    accesses: tuple[Access, ...] = ()
    taken: tuple[Taken, ...] = ()
    counts: tuple[Counted, ...] = ()
    duties: tuple[Duty, ...] = ()
    names: Mapping[UUID, str] = field(default_factory=dict)

    def name(self, person: UUID) -> str:
        """Return how the screens name somebody."""
        return self.names.get(person, str(person)[:8])


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The signed policy ``custody.signals``: when a figure is unusual enough to be asked about.

    Attributes
    ----------
    period_days
        How far back the figures reach.
    quiet_days
        A question that was answered is not asked again for so long.
    least_observations, least_hits, least_peers
        Fewer than these say nothing about anybody.
    false_discovery_permille
        The share of questions without cause that Benjamini and Hochberg's procedure allows.
    least_percent_of_expected
        An unusual share must also be so many percent of the expected one: what is certain may be trifling.
    unusual_permille
        The share of all vials that counts as unusual where there is no natural limit (waste, minutes).
    tolerance_percent
        How far drawn or given may lie from the order: syringe marks, the prime of a line.
    pair_least_percent_of_expected
        As `least_percent_of_expected`, for pairs: colleagues of one zone do call each other.
    distance_tenths
        From which robust distance to the peers on, in tenths of a standard deviation.
    """

    period_days: int
    quiet_days: int
    least_observations: int
    least_hits: int
    least_peers: int
    false_discovery_permille: int
    least_percent_of_expected: int
    unusual_permille: int
    tolerance_percent: int
    pair_least_percent_of_expected: int
    distance_tenths: int

    @classmethod
    def of_policy(cls, value: Mapping[str, Any]) -> "Limits":
        """Read the policy's value."""
        return cls(**{name: int(value[name]) for name in cls.__dataclass_fields__})

    @property
    def false_discovery(self) -> float:
        """The allowed share as a fraction."""
        return self.false_discovery_permille / 1000

    @property
    def times_expected(self) -> float:
        """The least ratio of observed to expected."""
        return self.least_percent_of_expected / 100


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing to ask about, with all its arithmetic.

    Attributes
    ----------
    subject, other
        Whose figures they are, and with whom (a pair's witness).
    about
        The product, where the signal looks at each apart.
    arithmetic
        (what, figure) line by line: the numbers, the comparison group, the interval, the chance.
    evidence
        The events, or counts, it rests on.
    chance
        How probable such a figure would be by chance alone among all that were looked at (the q-value); None
        where the signal computes none.
    """

    rule: Rule
    subject: UUID
    other: UUID | None = None
    about: str = ""
    text: str
    arithmetic: tuple[tuple[str, str], ...]
    evidence: tuple[UUID, ...]
    chance: float | None = None

    @property
    def key(self) -> str:
        """What makes two questions the same one, asked at different times."""
        return ":".join((self.rule.value, str(self.subject), str(self.other or ""), self.about))


def within(books: Books, begins: datetime, ends: datetime) -> Books:
    """Return what happened from `begins` on and before `ends`; the streams are in the order of time."""

    def kept(rows: tuple[RowT, ...], at: Callable[[RowT], datetime]) -> tuple[RowT, ...]:
        return rows[bisect_left(rows, begins, key=at) : bisect_left(rows, ends, key=at)]

    return replace(
        books,
        uses=kept(books.uses, lambda use: use.opened_at),
        accesses=kept(books.accesses, lambda access: access.at),
        taken=kept(books.taken, lambda taken: taken.at),
        counts=kept(books.counts, lambda count: count.at),
        duties=kept(books.duties, lambda duty: duty.begins_at),
    )

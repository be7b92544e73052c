"""The problem: who needs how many infusions how far apart, and who is free when.

Days are whole numbers from the first day of the horizon (0); days before it are negative. A slot is a part
of a day, such as its morning; minutes of work are counted for each nurse and slot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple


class Slot(NamedTuple):
    """A part of a day, both counted from 0."""

    day: int
    part: int


class Visit(NamedTuple):
    """An infusion in its slot with its nurse; the empty name where nobody was written down."""

    slot: Slot
    nurse: str


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Days from one infusion to the next: what is allowed, and inside it what is even."""

    least: int
    most: int
    even_least: int
    even_most: int

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.even_least <= self.even_most <= self.most:
            raise ValueError("a gap is at least one day, and its even part lies inside it")


@dataclass(frozen=True, kw_only=True)
class Span:
    """Infusions `first` to `last` (counted from 0) lie between `least` and `most` days apart."""

    first: int
    last: int
    least: int
    most: int


@dataclass(frozen=True, kw_only=True)
class Course:
    """One patient's series.

    Attributes
    ----------
    minutes
        Of a nurse's time for each infusion, the way there included.
    gaps
        One fewer than infusions.
    first
        Earliest and latest day of the first infusion.
    patient, adult
        Slots in which she, and the adult with her, are free.
    stands
        Infusions that are given or stay where they are, by number from 0.
    before
        Where infusions lay before a repair, by number from 0: they move as little as possible.
    earlier
        Days of infusions before this series, which count for so many in so many days.
    late_days
        By how much an infusion may come later than its gap allows (repairs only); each day is priced.
    reviewed
        Whether the response has been reviewed already.
    """

    id: str
    area: str
    minutes: tuple[int, ...]
    gaps: tuple[Gap, ...]
    first: tuple[int, int]
    patient: frozenset[Slot]
    adult: frozenset[Slot]
    spans: tuple[Span, ...] = ()
    excluded: frozenset[str] = frozenset()
    usual_nurse: str = ""
    stands: Mapping[int, Visit] = field(default_factory=dict)
    before: Mapping[int, Visit] = field(default_factory=dict)
    earlier: tuple[int, ...] = ()
    late_days: int = 0
    reviewed: bool = False

    def __post_init__(self) -> None:
        if len(self.gaps) != len(self.minutes) - 1:
            raise ValueError("a series has one gap fewer than infusions")
        if not all(0 <= number < self.count for number in (*self.stands, *self.before)):
            raise ValueError("an infusion that stands has no number in the series")

    @property
    def count(self) -> int:
        """How many infusions."""
        return len(self.minutes)

    @property
    def open(self) -> tuple[int, ...]:
        """Numbers, from 0, of the infusions to be laid."""
        return tuple(number for number in range(self.count) if number not in self.stands)


@dataclass(frozen=True, kw_only=True)
class Nurse:
    """A nurse: her areas, and the minutes she has in each slot for infusions."""

    id: str
    areas: frozenset[str]
    minutes: Mapping[Slot, int]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What each imperfection costs; only their relation matters."""

    left: int = 100_000
    late_day: int = 2_000
    moved: int = 1_000
    moved_day: int = 100
    other_nurse: int = 60
    uneven_day: int = 40
    later_start_day: int = 2
    not_free: int = 5_000


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """All courses over some weeks.

    Attributes
    ----------
    reviews
        How many responses prescribers can review on each day.
    most_in, in_days
        At most so many infusions of one patient in so many consecutive days.
    review_after, review_before
        The response is reviewed on a day after infusion `review_after` and before `review_before`, both
        counted from 1.
    """

    days: int
    parts: int
    courses: tuple[Course, ...]
    nurses: tuple[Nurse, ...]
    reviews: tuple[int, ...]
    most_in: int = 3
    in_days: int = 7
    review_after: int = 2
    review_before: int = 4
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        if len(self.reviews) != self.days:
            raise ValueError("every day says how many reviews it has room for")
        for named in (self.courses, self.nurses):
            if len({each.id for each in named}) != len(named):
                raise ValueError("two courses or two nurses have the same name")

    @cached_property
    def course(self) -> Mapping[str, Course]:
        """Courses by name."""
        return {course.id: course for course in self.courses}

    @cached_property
    def nurse(self) -> Mapping[str, Nurse]:
        """Nurses by name."""
        return {nurse.id: nurse for nurse in self.nurses}

    def needs_review(self, course: Course) -> bool:
        """Tell whether a review has to be fitted in."""
        there = self.review_before - 1 in course.open
        return not course.reviewed and course.count >= self.review_before and there

"""The answer: which infusion lies where, who reviews when, which courses found no place."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from routing.horizon.problem import Course, Horizon, Slot, Visit


@dataclass(frozen=True, kw_only=True)
class Laid:
    """One course laid whole: a visit for each infusion, the day of the review, what it costs.

    Attributes
    ----------
    review
        None where none is needed.
    """

    visits: tuple[Visit, ...]
    review: int | None
    cost: int


@dataclass(frozen=True, kw_only=True)
class Laying:
    """All courses; `left` found no place. `proven` says that no cheaper answer exists."""

    laid: Mapping[str, Laid] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    proven: bool = False

    @property
    def cost(self) -> int:
        """What the laid courses cost together."""
        return sum(each.cost for each in self.laid.values())


@dataclass
class Room:
    """What nurses and reviewers have left once some courses are laid."""

    minutes: dict[tuple[str, Slot], int]
    reviews: list[int]

    @classmethod
    def of(cls, horizon: Horizon) -> "Room":
        """Return all the room there is."""
        minutes = {(nurse.id, slot): free for nurse in horizon.nurses for slot, free in nurse.minutes.items()}
        return cls(minutes=minutes, reviews=list(horizon.reviews))

    def take(self, course: Course, laid: Laid, sign: int = 1) -> None:
        """Take what a laid course needs; with `sign` -1 give it back."""
        for number, visit in enumerate(laid.visits):
            key = (visit.nurse, visit.slot)
            if key in self.minutes:
                self.minutes[key] -= sign * course.minutes[number]
        if laid.review is not None:
            self.reviews[laid.review] -= sign


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How good an answer is, in shares from 0 to 1.

    Attributes
    ----------
    spacing_kept
        Gaps inside what is allowed, of all gaps that the courses ask for; those of left courses count.
    even
        Gaps inside what is even, likewise.
    continuity
        Infusions given by the patient's most frequent nurse, of all that are laid.
    """

    courses: int
    laid: int
    spacing_kept: float
    even: float
    continuity: float
    full: float


def figures(horizon: Horizon, laying: Laying) -> Figures:
    """Measure an answer."""
    gaps = kept = even = same = visits = 0
    for course in horizon.courses:
        gaps += len(course.gaps)
        laid = laying.laid.get(course.id)
        if laid is None:
            continue
        days = [visit.slot.day for visit in laid.visits]
        for gap, (one, other) in zip(course.gaps, pairwise(days), strict=False):
            kept += gap.least <= other - one <= gap.most
            even += gap.even_least <= other - one <= gap.even_most
        nurses = Counter(visit.nurse for visit in laid.visits)
        same += max(nurses.values(), default=0)
        visits += len(days)
    room = Room.of(horizon)
    had = sum(room.minutes.values())
    for name, laid in laying.laid.items():
        room.take(horizon.course[name], laid)
    return Figures(
        courses=len(horizon.courses),
        laid=len(laying.laid),
        spacing_kept=kept / max(gaps, 1),
        even=even / max(gaps, 1),
        continuity=same / max(visits, 1),
        full=(had - sum(room.minutes.values())) / max(had, 1),
    )

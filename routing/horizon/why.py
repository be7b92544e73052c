"""What blocks a course that finds no place: which law, set aside, would give it one."""

from dataclasses import dataclass
from itertools import combinations

from routing.horizon.lay import EFFORT_ALONE
from routing.horizon.model import ANYBODY, CourseModel, Eased
from routing.horizon.plan import Laid, Room
from routing.horizon.problem import Course, Horizon, Slot

SPACING_DAYS = 3
START_DAYS = 7
# In the order in which a dispatcher would ask for them.
WAYS: dict[str, dict[str, bool | int]] = {
    "adult": {"adult": True},
    "patient": {"patient": True},
    "nurses": {"nurses": True},
    "start": {"start_days": START_DAYS},
    "spacing": {"spacing_days": SPACING_DAYS},
    "review": {"review": True},
}


@dataclass(frozen=True, kw_only=True)
class Block:
    """One way out: which laws would have to give, and in which slots.

    Attributes
    ----------
    gives
        Of `WAYS`; two where no single one helps.
    slots
        Where the patient, the adult or a nurse would be needed beyond what they said.
    """

    gives: tuple[str, ...]
    slots: tuple[Slot, ...]


def blocks(
    horizon: Horizon, course: Course, room: Room | None = None, *, seconds: float = 10.0
) -> tuple[Block, ...]:
    """Return what would have to give for the course to be laid; nothing where not even two laws would do."""
    left = room or Room.of(horizon)
    for size in (1, 2):
        found = []
        for gives in combinations(WAYS, size):
            laid = _eased(horizon, course, left, gives, seconds)
            if laid is not None:
                found.append(Block(gives=gives, slots=_used(course, laid)))
        if found:
            return tuple(found)
    return ()


def _eased(
    horizon: Horizon, course: Course, room: Room, gives: tuple[str, ...], seconds: float
) -> Laid | None:
    asked: dict[str, bool | int] = {}
    for each in gives:
        asked |= WAYS[each]
    eased = Eased(**asked)  # type: ignore[arg-type]
    model = CourseModel(horizon, (course,), room, eased=eased)
    laid, _ = model.solve(effort=EFFORT_ALONE, seconds=seconds)
    return laid.get(course.id)


def _used(course: Course, laid: Laid) -> tuple[Slot, ...]:
    return tuple(
        laid.visits[number].slot
        for number in course.open
        if laid.visits[number].slot not in course.patient
        or laid.visits[number].slot not in course.adult
        or laid.visits[number].nurse == ANYBODY
    )

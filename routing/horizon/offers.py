"""The best few ways to lay one course, and to mend one after a missed visit."""

from collections.abc import Mapping
from dataclasses import replace

from routing.horizon.lay import EFFORT_ALONE
from routing.horizon.model import CourseModel
from routing.horizon.plan import Laid, Room
from routing.horizon.problem import Course, Horizon, Visit

# A repair may come later than the spacing says by up to so many days; each is priced and told.
REPAIR_LATE_DAYS = 4


def offers(
    horizon: Horizon, course: Course, room: Room | None = None, *, most: int = 3, seconds: float = 5.0
) -> tuple[Laid, ...]:
    """Return up to `most` ways to lay a course, the cheapest first.

    Two of them differ in the slots of a third of the infusions at least. The others of the horizon stay
    where they are: `room` is what they leave.
    """
    model = CourseModel(horizon, (course,), room or Room.of(horizon))
    model.must_be_laid()
    found: list[Laid] = []
    for _ in range(most):
        laid, _ = model.solve(effort=EFFORT_ALONE, seconds=seconds)
        if course.id not in laid:
            break
        found.append(laid[course.id])
        model.forbid(course, laid[course.id], max(1, len(course.open) // 3))
    return tuple(found)


def mended(course: Course, stands: Mapping[int, Visit], before: Mapping[int, Visit]) -> Course:
    """Return a course whose infusions in `stands` stay and whose others move as little as possible."""
    return replace(
        course,
        stands=dict(stands),
        before={number: visit for number, visit in before.items() if number not in stands},
        late_days=REPAIR_LATE_DAYS,
    )

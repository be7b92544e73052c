"""Lay many courses: each by itself into the room that is left, then small groups of them anew.

Deterministic by the rounds; the seconds only cut the search off, and what stood then is the answer.
"""

import random
from collections.abc import Callable, Sequence
from time import monotonic

from routing.horizon.model import CourseModel
from routing.horizon.plan import Laid, Laying, Room
from routing.horizon.problem import Course, Horizon
from routing.horizon.start import quick

EFFORT_ALONE = 0.5
EFFORT_GROUP = 0.5
GROUP = 6


def lay(
    horizon: Horizon,
    *,
    rounds: int = 60,
    seconds: float = 60.0,
    seed: int = 0,
    now: Callable[[], float] = monotonic,
) -> Laying:
    """Lay the courses of a horizon.

    Parameters
    ----------
    rounds
        Groups that are laid anew.
    seconds
        By `now`; when they are over, the best so far is handed in.

    Returns
    -------
    Laying
        It passes `check.faults`; courses without a place are `left` (see `why.blocks`).
    """
    until = now() + seconds
    room, laid = Room.of(horizon), dict[str, Laid]()
    proven = len(horizon.courses) == 1
    for course in by_freedom(horizon):
        if now() >= until:
            proven = False
            break
        one = quick(horizon, course, room)
        if one is None or proven:
            model = CourseModel(horizon, (course,), room, known={course.id: one} if one else {})
            found, best = model.solve(effort=EFFORT_ALONE, seconds=until - now(), seed=seed)
            one, proven = found.get(course.id, one), proven and best
        if one is not None:
            laid[course.id] = one
            room.take(course, one)
    draw = random.Random(seed)  # noqa: S311 - repeatable on purpose
    for turn in range(rounds if len(horizon.courses) > 1 else 0):
        if now() >= until:
            break
        _again(horizon, room, laid, _group(horizon, laid, draw), until - now(), seed + turn)
    left = tuple(course.id for course in horizon.courses if course.id not in laid)
    return Laying(laid=laid, left=left, proven=proven)


def by_freedom(horizon: Horizon) -> Sequence[Course]:
    """Return the courses, those with the fewest free slots first."""
    return sorted(horizon.courses, key=lambda each: (len(each.patient & each.adult), each.first, each.id))


def _group(horizon: Horizon, laid: dict[str, Laid], draw: random.Random) -> list[Course]:
    """Choose a course that lies badly, and others that compete for the same nurses at the same time."""
    worst = max(
        horizon.courses,
        key=lambda each: (
            (laid[each.id].cost if each.id in laid else horizon.weights.left) * draw.random(),
            each.id,
        ),
    )
    near = [
        each
        for each in horizon.courses
        if each.id != worst.id
        and each.area == worst.area
        and each.first[0] <= worst.first[1] + horizon.days // 2
    ]
    return [worst, *draw.sample(near, min(GROUP - 1, len(near)))]


def _again(
    horizon: Horizon,
    room: Room,
    laid: dict[str, Laid],
    group: list[Course],
    seconds: float,
    seed: int,
) -> None:
    known = {course.id: laid[course.id] for course in group if course.id in laid}
    for name, one in known.items():
        room.take(horizon.course[name], one, sign=-1)
    found, _ = CourseModel(horizon, group, room, known=known).solve(
        effort=EFFORT_GROUP, seconds=seconds, seed=seed
    )
    better = _worth(horizon, group, found) < _worth(horizon, group, known)
    kept = found if better else known
    for course in group:
        laid.pop(course.id, None)
    for name, one in kept.items():
        laid[name] = one
        room.take(horizon.course[name], one)


def _worth(horizon: Horizon, group: list[Course], laid: dict[str, Laid]) -> int:
    return sum(laid[each.id].cost if each.id in laid else horizon.weights.left for each in group)

"""Verify an answer without the solver: every fault as a sentence, none when it holds."""

from collections.abc import Iterator

from routing.horizon.plan import Laid, Laying, Room
from routing.horizon.problem import Course, Horizon


def faults(horizon: Horizon, laying: Laying) -> tuple[str, ...]:
    """Return every law that the answer breaks."""
    found = [*_each_course_once(horizon, laying)]
    room = Room.of(horizon)
    for name, laid in laying.laid.items():
        course = horizon.course.get(name)
        if course is not None and len(laid.visits) == course.count:
            room.take(course, laid)
            found += [f"{name}: {fault}" for fault in course_faults(horizon, course, laid)]
    found += [
        f"{nurse} has {-left} minutes too many on day {slot.day}, part {slot.part}"
        for (nurse, slot), left in room.minutes.items()
        if left < 0
    ]
    found += [f"{-left} reviews too many on day {day}" for day, left in enumerate(room.reviews) if left < 0]
    return tuple(found)


def _each_course_once(horizon: Horizon, laying: Laying) -> Iterator[str]:
    answered = [*laying.laid, *laying.left]
    if sorted(answered) != sorted(horizon.course):
        yield "the answer does not name each course once"
    for name, laid in laying.laid.items():
        course = horizon.course.get(name)
        if course is not None and len(laid.visits) != course.count:
            yield f"{name}: {len(laid.visits)} visits for {course.count} infusions"


def course_faults(horizon: Horizon, course: Course, laid: Laid) -> Iterator[str]:
    """Yield what is wrong with one course that has a visit for each infusion."""
    for number, visit in course.stands.items():
        if laid.visits[number] != visit:
            yield f"infusion {number + 1} was moved although it stands"
    yield from _visits_are_possible(horizon, course, laid)
    yield from _spacing(horizon, course, laid)
    yield from _review(horizon, course, laid)


def _visits_are_possible(horizon: Horizon, course: Course, laid: Laid) -> Iterator[str]:
    for number in course.open:
        visit = laid.visits[number]
        nurse = horizon.nurse.get(visit.nurse)
        if not 0 <= visit.slot.day < horizon.days or not 0 <= visit.slot.part < horizon.parts:
            yield f"infusion {number + 1} lies outside the horizon"
        if visit.slot not in course.patient:
            yield f"the patient is not free for infusion {number + 1}"
        if visit.slot not in course.adult:
            yield f"the adult is not free for infusion {number + 1}"
        if nurse is None or course.area not in nurse.areas or visit.slot not in nurse.minutes:
            yield f"the nurse of infusion {number + 1} does not work there then"
        if visit.nurse in course.excluded:
            yield f"the nurse of infusion {number + 1} must not come"


def _spacing(horizon: Horizon, course: Course, laid: Laid) -> Iterator[str]:
    days = [visit.slot.day for visit in laid.visits]
    if 0 in course.open and not course.first[0] <= days[0] <= course.first[1] + course.late_days:
        yield "the first infusion lies outside its days"
    for number, gap in enumerate(course.gaps):
        apart = days[number + 1] - days[number]
        decided = number in course.open or number + 1 in course.open
        if decided and not gap.least <= apart <= gap.most + course.late_days:
            yield f"infusion {number + 2} comes {apart} days after the one before"
    over = max(0, days[0] - course.first[1]) if 0 in course.open else 0
    over += sum(
        max(0, days[number + 1] - days[number] - gap.most)
        for number, gap in enumerate(course.gaps)
        if number in course.open or number + 1 in course.open
    )
    if over > course.late_days:
        yield f"the infusions come {over} days late in all"
    for span in course.spans:
        apart = days[span.last] - days[span.first]
        decided = any(number in course.open for number in (span.first, span.last))
        if decided and not span.least <= apart <= span.most + course.late_days:
            yield f"infusions {span.first + 1} to {span.last + 1} take {apart} days"
    row = [*course.earlier, *days]
    for at in range(horizon.most_in, len(row)):
        number = at - len(course.earlier)
        close = row[at] - row[at - horizon.most_in] < horizon.in_days
        moved = any(each in course.open for each in range(max(number - horizon.most_in, 0), number + 1))
        if close and moved:
            yield f"more than {horizon.most_in} infusions in {horizon.in_days} days up to number {number + 1}"


def _review(horizon: Horizon, course: Course, laid: Laid) -> Iterator[str]:
    if not horizon.needs_review(course):
        return
    after = laid.visits[horizon.review_after - 1].slot.day
    before = laid.visits[horizon.review_before - 1].slot.day
    if laid.review is None or not max(after, -1) < laid.review < before:
        between = f"{horizon.review_after} and {horizon.review_before}"
        yield f"the response is not reviewed between infusions {between}"

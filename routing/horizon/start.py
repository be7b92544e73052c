"""A quick first answer for one course: infusion after infusion, keeping the few cheapest beginnings (a beam).

It obeys every law of `problem`; it may miss a place that exists, which `model` then finds.
"""

from dataclasses import dataclass

from routing.horizon.plan import Laid, Room
from routing.horizon.problem import Course, Horizon, Slot, Visit

WIDTH = 40
NURSES_A_SLOT = 3


@dataclass(frozen=True)
class _Begun:
    """Visits of the first infusions."""

    cost: int
    visits: tuple[Visit, ...] = ()
    late: int = 0
    review: int | None = None

    @property
    def usual(self) -> str:
        """Whose patient she has become."""
        return self.visits[0].nurse if self.visits else ""


def quick(horizon: Horizon, course: Course, room: Room) -> Laid | None:
    """Return a good way to lay a course in the room that is left, None when none was met."""
    begun = [_Begun(cost=0)]
    slots = sorted(course.patient & course.adult)
    for number in range(course.count):
        onward = [longer for one in begun for longer in _longer(horizon, course, room, one, number, slots)]
        begun = sorted(onward, key=lambda each: (each.cost, each.visits))[:WIDTH]
    if not begun:
        return None
    best = begun[0]
    return Laid(visits=best.visits, review=best.review, cost=best.cost)


def _longer(
    horizon: Horizon, course: Course, room: Room, one: _Begun, number: int, slots: list[Slot]
) -> list[_Begun]:
    found = []
    standing = course.stands.get(number)
    first, last = _days(horizon, course, one, number)
    for slot in [standing.slot] if standing else slots:
        decided = standing is None or (number > 0 and number - 1 in course.open)
        if decided and not first <= slot.day <= last:
            continue
        review, fits = _review(horizon, course, room, one, number, slot.day)
        if not fits or not _in_spans(course, one, number, slot.day):
            continue
        for visit in [standing] if standing else _visits(horizon, course, room, one, number, slot):
            price, late = _price(horizon, course, one, number, visit)
            if one.late + late <= course.late_days:
                found.append(_Begun(one.cost + price, (*one.visits, visit), one.late + late, review))
    return found


def _days(horizon: Horizon, course: Course, one: _Begun, number: int) -> tuple[int, int]:
    left = course.late_days - one.late
    if number == 0:
        first, last = course.first[0], course.first[1] + left
    else:
        before, gap = one.visits[-1].slot.day, course.gaps[number - 1]
        first, last = before + gap.least, before + gap.most + left
    row = [*course.earlier, *(visit.slot.day for visit in one.visits)]
    if len(row) >= horizon.most_in:
        first = max(first, row[-horizon.most_in] + horizon.in_days)
    return max(first, 0), min(last, horizon.days - 1)


def _in_spans(course: Course, one: _Begun, number: int, day: int) -> bool:
    return all(
        span.least <= day - one.visits[span.first].slot.day <= span.most + course.late_days
        for span in course.spans
        if span.last == number and not (span.first in course.stands and span.last in course.stands)
    )


def _review(
    horizon: Horizon, course: Course, room: Room, one: _Begun, number: int, day: int
) -> tuple[int | None, bool]:
    """Return the day of the review, and whether the infusion may lie on `day` because of it."""
    if number != horizon.review_before - 1 or not horizon.needs_review(course):
        return one.review, True
    after = max(one.visits[horizon.review_after - 1].slot.day, -1)
    found = next((each for each in range(after + 1, day) if room.reviews[each] > 0), None)
    return found, found is not None


def _visits(
    horizon: Horizon, course: Course, room: Room, one: _Begun, number: int, slot: Slot
) -> list[Visit]:
    able = [
        (-room.minutes[nurse.id, slot], nurse.id)
        for nurse in horizon.nurses
        if course.area in nurse.areas
        and nurse.id not in course.excluded
        and room.minutes.get((nurse.id, slot), 0) >= course.minutes[number]
    ]
    hers = course.usual_nurse or one.usual
    if any(name == hers for _, name in able):
        return [Visit(slot, hers)]
    return [Visit(slot, name) for _, name in sorted(able)[:NURSES_A_SLOT]]


def _price(horizon: Horizon, course: Course, one: _Begun, number: int, visit: Visit) -> tuple[int, int]:
    """Return what the visit adds to the cost, and by how many days it is late."""
    if number in course.stands:
        return 0, 0
    weights, price, late = horizon.weights, 0, 0
    if number == 0:
        late = max(0, visit.slot.day - course.first[1])
        price += weights.later_start_day * max(0, visit.slot.day - course.first[0])
    else:
        gap, apart = course.gaps[number - 1], visit.slot.day - one.visits[-1].slot.day
        late = max(0, apart - gap.most)
        price += weights.uneven_day * max(0, gap.even_least - apart, apart - gap.even_most)
    price += weights.late_day * late
    hers = course.usual_nurse or one.usual
    if hers and visit.nurse != hers:
        price += weights.other_nurse
    if number in course.before and visit.slot != course.before[number].slot:
        price += weights.moved + weights.moved_day * abs(visit.slot.day - course.before[number].slot.day)
    return price, late

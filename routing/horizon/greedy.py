"""The plain way, for comparison: course by course, each infusion on the earliest day that is free.

It keeps everything but the widest spacing: where no day is free in time it takes the next free one.
"""

from dataclasses import dataclass

from routing.horizon.lay import by_freedom
from routing.horizon.plan import Laid, Laying, Room
from routing.horizon.problem import Course, Horizon, Slot, Visit


def earliest_fit(horizon: Horizon) -> Laying:
    """Lay every course one after the other, never going back."""
    room, laid = Room.of(horizon), dict[str, Laid]()
    for course in by_freedom(horizon):
        one = _Walk(horizon, course, room).go()
        if one is not None:
            laid[course.id] = one
            room.take(course, one)
    return Laying(laid=laid, left=tuple(each.id for each in horizon.courses if each.id not in laid))


@dataclass
class _Walk:
    horizon: Horizon
    course: Course
    room: Room

    def go(self) -> Laid | None:
        visits: list[Visit] = []
        review: int | None = None
        for number in range(self.course.count):
            if number == self.horizon.review_before - 1 and self.horizon.needs_review(self.course):
                after = visits[self.horizon.review_after - 1].slot.day
                review = next((d for d, free in enumerate(self.room.reviews) if d > after and free > 0), None)
                if review is None:
                    return None
            visit = self.course.stands.get(number) or self._earliest(number, visits, review)
            if visit is None:
                return None
            visits.append(visit)
        return Laid(visits=tuple(visits), review=review, cost=0)

    def _earliest(self, number: int, visits: list[Visit], review: int | None) -> Visit | None:
        days = [*self.course.earlier, *(visit.slot.day for visit in visits)]
        first = self.course.first[0]
        if number:
            first = visits[-1].slot.day + self.course.gaps[number - 1].least
        if len(days) >= self.horizon.most_in:
            first = max(first, days[-self.horizon.most_in] + self.horizon.in_days)
        if review is not None and number == self.horizon.review_before - 1:
            first = max(first, review + 1)
        for day in range(max(first, 0), self.horizon.days):
            for part in range(self.horizon.parts):
                nurse = self._nurse(number, Slot(day, part), visits)
                if nurse:
                    return Visit(Slot(day, part), nurse)
        return None

    def _nurse(self, number: int, slot: Slot, visits: list[Visit]) -> str:
        if slot not in self.course.patient or slot not in self.course.adult:
            return ""
        able = [
            nurse.id
            for nurse in self.horizon.nurses
            if self.course.area in nurse.areas
            and nurse.id not in self.course.excluded
            and self.room.minutes.get((nurse.id, slot), 0) >= self.course.minutes[number]
        ]
        usual = visits[-1].nurse if visits else self.course.usual_nurse
        return usual if usual in able else (able[0] if able else "")

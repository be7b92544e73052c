"""The CP-SAT model of some courses in the room that the others leave. One worker: always the same answer."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from routing.horizon.plan import Laid, Room
from routing.horizon.problem import Course, Horizon, Slot, Visit

# A nurse who does not exist: takes visits where `Eased.nurses` asks what more capacity would do.
ANYBODY = "*"
# A course looks at so many nurses: those known to the patient and those with the most time.
TEAM = 8


@dataclass(frozen=True)
class Eased:
    """Laws that are set aside to learn what blocks; never for a plan that is carried out."""

    patient: bool = False
    adult: bool = False
    nurses: bool = False
    review: bool = False
    spacing_days: int = 0
    start_days: int = 0


@dataclass
class _Vars:
    """The variables of one course."""

    laid: cp_model.IntVar
    at: dict[tuple[int, Visit], cp_model.IntVar] = field(default_factory=dict)
    day: list[cp_model.IntVar] = field(default_factory=list)
    review: dict[int, cp_model.IntVar] = field(default_factory=dict)
    costs: list[tuple[int, cp_model.LinearExpr]] = field(default_factory=list)


class CourseModel:
    """Lays each of `courses` whole or leaves it, at the least cost, in `room`.

    Parameters
    ----------
    known
        An answer to begin with.
    """

    def __init__(
        self,
        horizon: Horizon,
        courses: Sequence[Course],
        room: Room,
        *,
        eased: Eased | None = None,
        known: Mapping[str, Laid] | None = None,
    ) -> None:
        self.horizon, self.courses, self.room = horizon, courses, room
        self.eased = eased or Eased()
        self.model = cp_model.CpModel()
        self.load: dict[tuple[str, Slot], list[tuple[int, cp_model.IntVar]]] = defaultdict(list)
        self.reviewing: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        self.team = {
            course.id: _team(horizon, course, room, (known or {}).get(course.id)) for course in courses
        }
        self.vars = {course.id: self._course(course) for course in courses}
        self._room_is_kept()
        prices = [cost for one in self.vars.values() for cost in one.costs]
        self.model.minimize(_weighed((price, what) for price, what in prices))
        for name, laid in (known or {}).items():
            self._hint(name, laid)

    def solve(self, *, effort: float, seconds: float, seed: int = 0) -> tuple[dict[str, Laid], bool]:
        """Return the laid courses and whether no cheaper answer exists.

        Parameters
        ----------
        effort
            Deterministic time (OR-Tools' own unit, about a second of work): stops the search at the same
            place on every machine.
        seconds
            By the wall; only cuts off what the effort would still allow.
        """
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed
        solver.parameters.max_deterministic_time = effort
        solver.parameters.max_time_in_seconds = max(seconds, 0.01)
        status = solver.solve(self.model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return {}, False
        laid = {}
        for course in self.courses:
            one = self.vars[course.id]
            if solver.value(one.laid):
                laid[course.id] = self._read(solver, course, one)
        return laid, status == cp_model.OPTIMAL

    def forbid(self, course: Course, laid: Laid, differ: int) -> None:
        """Ask for an answer in which at least `differ` infusions lie in another slot."""
        one = self.vars[course.id]
        same = [var for (number, visit), var in one.at.items() if visit.slot == laid.visits[number].slot]
        self.model.add(_sum(same) <= len(course.open) - differ)

    def must_be_laid(self) -> None:
        """Leave no course."""
        for one in self.vars.values():
            self.model.add(one.laid == 1)

    def _read(self, solver: cp_model.CpSolver, course: Course, one: _Vars) -> Laid:
        visits = dict(course.stands)
        visits |= {number: visit for (number, visit), var in one.at.items() if solver.value(var)}
        review = next((day for day, var in one.review.items() if solver.value(var)), None)
        cost = sum(price * solver.value(what) for price, what in one.costs)
        return Laid(visits=tuple(visits[n] for n in range(course.count)), review=review, cost=cost)

    def _course(self, course: Course) -> _Vars:
        one = _Vars(laid=self.model.new_bool_var(f"{course.id} laid"))
        one.costs.append((self.horizon.weights.left, _not(one.laid)))
        for number in range(course.count):
            one.day.append(self._infusion(course, number, one))
        self._spacing(course, one)
        self._few_in_a_week(course, one)
        self._one_nurse(course, one)
        if self.horizon.needs_review(course) and not self.eased.review:
            self._review(course, one)
        return one

    def _infusion(self, course: Course, number: int, one: _Vars) -> cp_model.IntVar:
        if number in course.stands:
            return self.model.new_constant(course.stands[number].slot.day)
        first, last = reach(self.horizon, course, number, self._late(course), self.eased.start_days)
        chosen: list[tuple[Slot, cp_model.IntVar]] = []
        for slot in self._slots(course, first, last):
            for nurse in self._nurses(course, number, slot):
                var = self.model.new_bool_var("")
                one.at[number, Visit(slot, nurse)] = var
                chosen.append((slot, var))
                if nurse != ANYBODY:
                    self.load[nurse, slot].append((course.minutes[number], var))
                if slot not in course.patient or slot not in course.adult or nurse == ANYBODY:
                    one.costs.append((self.horizon.weights.not_free, var))
        self.model.add(_sum(var for _, var in chosen) == one.laid)
        day = self.model.new_int_var(min(first, last), max(first, last), f"{course.id} {number}")
        self.model.add(_weighed((slot.day, var) for slot, var in chosen) == day).only_enforce_if(one.laid)
        self._as_before(course, number, chosen, day, one)
        return day

    def _slots(self, course: Course, first: int, last: int) -> list[Slot]:
        every = [Slot(day, part) for day in range(first, last + 1) for part in range(self.horizon.parts)]
        return [
            slot
            for slot in every
            if (slot in course.patient or self.eased.patient) and (slot in course.adult or self.eased.adult)
        ]

    def _nurses(self, course: Course, number: int, slot: Slot) -> list[str]:
        if self.eased.nurses:
            return [ANYBODY]
        free = self.room.minutes
        return [name for name in self.team[course.id] if free.get((name, slot), 0) >= course.minutes[number]]

    def _as_before(
        self,
        course: Course,
        number: int,
        chosen: list[tuple[Slot, cp_model.IntVar]],
        day: cp_model.IntVar,
        one: _Vars,
    ) -> None:
        weights = self.horizon.weights
        if number in course.before:
            old = course.before[number].slot
            one.costs.append((weights.moved, one.laid - _sum(var for slot, var in chosen if slot == old)))
            apart = [(abs(slot.day - old.day), var) for slot, var in chosen if slot.day != old.day]
            one.costs.append((weights.moved_day, _weighed(apart)))
        elif number == 0:
            later = [(max(slot.day - course.first[0], 0), var) for slot, var in chosen]
            one.costs.append((weights.later_start_day, _weighed(later)))

    def _spacing(self, course: Course, one: _Vars) -> None:
        late, weights = self._late(course), self.horizon.weights
        overs = []
        for number, gap in enumerate(course.gaps):
            if number in course.stands and number + 1 in course.stands:
                continue
            apart = one.day[number + 1] - one.day[number]
            self.model.add(apart >= gap.least).only_enforce_if(one.laid)
            self.model.add(apart <= gap.most + late).only_enforce_if(one.laid)
            off = self.model.new_int_var(0, gap.most + late, "")
            self.model.add(off >= gap.even_least - apart).only_enforce_if(one.laid)
            self.model.add(off >= apart - gap.even_most).only_enforce_if(one.laid)
            one.costs.append((weights.uneven_day, off))
            if late:
                over = self.model.new_int_var(0, late, "")
                self.model.add(over >= apart - gap.most).only_enforce_if(one.laid)
                one.costs.append((weights.late_day, over))
                overs.append(over)
        if 0 in course.open and late:
            over = self.model.new_int_var(0, late, "")
            self.model.add(one.day[0] - over <= course.first[1] + self.eased.start_days).only_enforce_if(
                one.laid
            )
            one.costs.append((weights.late_day, over))
            overs.append(over)
        self.model.add(_sum(overs) <= late)
        for span in course.spans:
            if span.first in course.stands and span.last in course.stands:
                continue
            apart = one.day[span.last] - one.day[span.first]
            self.model.add(apart >= span.least).only_enforce_if(one.laid)
            self.model.add(apart <= span.most + late).only_enforce_if(one.laid)

    def _few_in_a_week(self, course: Course, one: _Vars) -> None:
        row = [*(self.model.new_constant(day) for day in course.earlier), *one.day]
        for at in range(self.horizon.most_in, len(row)):
            numbers = range(at - self.horizon.most_in - len(course.earlier), at - len(course.earlier) + 1)
            if any(number in course.open for number in numbers):
                apart = row[at] - row[at - self.horizon.most_in]
                self.model.add(apart >= self.horizon.in_days).only_enforce_if(one.laid)

    def _one_nurse(self, course: Course, one: _Vars) -> None:
        """One nurse is the patient's; each infusion by another costs."""
        of_nurse: dict[str, dict[int, list[cp_model.IntVar]]] = defaultdict(lambda: defaultdict(list))
        for (number, visit), var in one.at.items():
            of_nurse[visit.nurse][number].append(var)
        if course.usual_nurse:
            others = [var for (_, visit), var in one.at.items() if visit.nurse != course.usual_nurse]
            one.costs.append((self.horizon.weights.other_nurse, _sum(others)))
            return
        hers = {name: self.model.new_bool_var("") for name in of_nurse}
        self.model.add(_sum(hers.values()) <= 1)
        for number in course.open:
            other = self.model.new_bool_var("")
            one.costs.append((self.horizon.weights.other_nurse, other))
            for name, numbers in of_nurse.items():
                if numbers[number]:
                    self.model.add(_sum(numbers[number]) <= hers[name] + other)

    def _review(self, course: Course, one: _Vars) -> None:
        days = [day for day, free in enumerate(self.room.reviews) if free > 0]
        one.review = {day: self.model.new_bool_var("") for day in days}
        self.model.add(_sum(one.review.values()) == one.laid)
        on = _weighed(one.review.items())
        after = one.day[self.horizon.review_after - 1]
        before = one.day[self.horizon.review_before - 1]
        self.model.add(on >= after + 1).only_enforce_if(one.laid)
        self.model.add(on <= before - 1).only_enforce_if(one.laid)
        for day, var in one.review.items():
            self.reviewing[day].append(var)

    def _room_is_kept(self) -> None:
        for key, taken in self.load.items():
            free = self.room.minutes[key]
            if sum(minutes for minutes, _ in taken) > free:
                self.model.add(_weighed(taken) <= free)
        for day, wanted in self.reviewing.items():
            if len(wanted) > self.room.reviews[day]:
                self.model.add(_sum(wanted) <= self.room.reviews[day])

    def _late(self, course: Course) -> int:
        return course.late_days + self.eased.spacing_days

    def _hint(self, name: str, laid: Laid) -> None:
        one = self.vars[name]
        self.model.add_hint(one.laid, 1)
        for (number, visit), var in one.at.items():
            self.model.add_hint(var, int(laid.visits[number] == visit))
        for day, var in one.review.items():
            self.model.add_hint(var, int(laid.review == day))


def _team(horizon: Horizon, course: Course, room: Room, known: Laid | None) -> tuple[str, ...]:
    """Return who may come: those she knows, then those with the most time when she is free."""
    slots = course.patient & course.adult or course.patient
    hers = {course.usual_nurse, *(visit.nurse for visit in known.visits)} if known else {course.usual_nurse}
    able = [
        nurse.id for nurse in horizon.nurses if course.area in nurse.areas and nurse.id not in course.excluded
    ]
    time = {name: sum(room.minutes.get((name, slot), 0) for slot in slots) for name in able}
    return tuple(sorted(able, key=lambda name: (name not in hers, -time[name], name))[:TEAM])


def _sum(variables: Iterable[cp_model.IntVar]) -> cp_model.LinearExpr:
    return cp_model.LinearExpr.sum(list(variables))


def _weighed(terms: Iterable[tuple[int, cp_model.LinearExpr]]) -> cp_model.LinearExpr:
    pairs = list(terms)
    return cp_model.LinearExpr.weighted_sum([what for _, what in pairs], [price for price, _ in pairs])


def _not(variable: cp_model.IntVar) -> cp_model.LinearExpr:
    return cp_model.LinearExpr.affine(variable, -1, 1)


def reach(horizon: Horizon, course: Course, number: int, late: int = 0, start: int = 0) -> tuple[int, int]:
    """Return the first and the last day on which an infusion can lie, by the gaps alone."""
    first, last = course.first[0], course.first[1] + late + start
    if 0 in course.stands:
        first = last = course.stands[0].slot.day
        last += late
    for at in range(1, number + 1):
        gap = course.gaps[at - 1]
        first, last = first + gap.least, last + gap.most
        if at in course.stands:
            first = last = course.stands[at].slot.day
            last += late
    for at in range(course.count - 1, number, -1):
        if at in course.stands:
            least = sum(gap.least for gap in course.gaps[number:at])
            last = min(last, course.stands[at].slot.day - least)
    return max(first, 0), min(last, horizon.days - 1)

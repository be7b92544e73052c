"""An invented honest year of 34 nurses' drug, as plain value streams; `diversion_patterns` twists it.

Honest nurses differ: in their patients' doses, their pace, how generously they draw, how often an infusion
stops early, how well their phones are connected, whom they like to call. Without that spread any signal looks
good. The shares below are guesses that err to the untidy side; docs/signals.md lists them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count

from dispatch.custody.signals.model import Access, Books, Counted, Duty, Taken, VialUse

MG = 1000
LABEL_UG = 100 * MG
PRODUCT = "Ketamine 50 mg/mL, 2 mL vial"
FIRST_DAY = date(2026, 1, 5)
DAYS = 364
NURSES = 34
# Two who sit in the office and answer most video calls.
OFFICE = (0, 1)
ZONES = 5
CARRIED_BACK = 0.25


@dataclass(frozen=True)
class Habits:
    """How one nurse differs from the others."""

    person: int
    zone: int
    dose: float
    pace: float
    generous: float
    stops_early: float
    late: float
    off_shift: float
    miscounts: float
    spoils: float
    unwitnessed: float
    liked: dict[int, float]


@dataclass(kw_only=True)
class Year:
    """The streams of a year. `carried`: residuals carried back, (when, whose, strength by the label's)."""

    uses: list[VialUse] = field(default_factory=list)
    accesses: list[Access] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    counts: list[Counted] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    carried: list[tuple[datetime, int, float]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)

    def books(self) -> Books:
        """Return the finished streams in the order of time."""
        return Books(
            uses=tuple(sorted(self.uses, key=lambda use: use.opened_at)),
            accesses=tuple(sorted(self.accesses, key=lambda access: access.at)),
            taken=tuple(sorted(self.taken, key=lambda taken: taken.at)),
            counts=tuple(sorted(self.counts, key=lambda count: count.at)),
            duties=tuple(sorted(self.duties, key=lambda duty: duty.begins_at)),
            names=self.names,
        )


# Ids are plain numbers here: to hash a int would cost as much as all the arithmetic.
_numbers = count(1000)


def _spread(draw: random.Random, rate: float, shape: float) -> float:
    """Return a rate around `rate`, gamma distributed; a smaller shape means a wider spread."""
    return rate * draw.gammavariate(shape, 1 / shape)


def people_of(seed: int) -> list[Habits]:
    """Invent the nurses."""
    draw = random.Random(f"people/{seed}")
    ids = list(range(1, NURSES + 1))
    zones = [number % ZONES for number in range(NURSES)]
    return [
        Habits(
            person=ids[number],
            zone=zones[number],
            dose=draw.lognormvariate(0, 0.07),
            pace=draw.lognormvariate(0, 0.15),
            generous=_spread(draw, 0.03, 3),
            stops_early=_spread(draw, 0.05, 5),
            late=_spread(draw, 0.04, 3),
            off_shift=_spread(draw, 0.01, 3),
            miscounts=_spread(draw, 0.006, 4),
            spoils=_spread(draw, 0.004, 4),
            unwitnessed=_spread(draw, 0.03, 4),
            liked={
                other: (6.0 if at in OFFICE else 1.0)
                * (2.0 if zones[at] == zones[number] else 1.0)
                * draw.lognormvariate(0, 0.3)
                for at, other in enumerate(ids)
            },
        )
        for number in range(NURSES)
    ]


def honest_year(seed: int) -> Year:
    """Invent a year in which nobody diverts; the same seed is the same year."""
    draw = random.Random(f"year/{seed}")
    people = people_of(seed)
    year = Year(names={habit.person: f"N-{number + 1:02}" for number, habit in enumerate(people)})
    office = {people[place].person for place in OFFICE}
    for number in range(DAYS):
        midnight = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=number)
        working = list(_working(number, people, midnight, draw))
        year.duties += [duty for _, duty in working]
        for habit, duty in working:
            if habit.person not in office:
                _day(year, habit, duty, working, draw)
    return year


def _working(
    number: int, people: list[Habits], midnight: datetime, draw: random.Random
) -> Iterator[tuple[Habits, Duty]]:
    """Yield who works that day: five days of seven, turning with the weeks; about one in fifteen is away."""
    for place, habit in enumerate(people):
        if (number + place + number // 7) % 7 >= 5 or draw.random() < 0.07:
            continue
        begins = midnight + timedelta(hours=draw.choice((6, 7, 7, 8, 9)))
        yield habit, Duty(person=habit.person, begins_at=begins, ends_at=begins + timedelta(hours=10))


def _day(
    year: Year,
    habit: Habits,
    duty: Duty,
    working: list[tuple[Habits, Duty]],
    draw: random.Random,
) -> None:
    visits = draw.choice((2, 3, 3, 4))
    for place in range(visits + (draw.random() < 0.2)):
        spoilt = draw.random() < habit.spoils
        year.taken.append(
            Taken(nurse=habit.person, at=duty.begins_at, spoilt=spoilt, event_id=next(_numbers))
        )
        if place < visits and not spoilt:
            at = duty.begins_at + timedelta(minutes=60 + 130 * place + draw.randrange(40))
            _visit(year, habit, at, working, draw)
    for at in (duty.begins_at, duty.ends_at):
        variance = draw.choice((-1, 1)) if draw.random() < habit.miscounts else 0
        year.counts.append(
            Counted(nurse=habit.person, at=at, variance_units=variance, count_id=next(_numbers))
        )


def _visit(
    year: Year,
    habit: Habits,
    at: datetime,
    working: list[tuple[Habits, Duty]],
    draw: random.Random,
) -> None:
    ordered = round(min(95, max(15, draw.gauss(42, 11) * habit.dose))) * MG
    over = abs(draw.gauss(0, habit.generous))
    if draw.random() < 0.03:
        over += draw.uniform(0.05, 0.2)  # a prime, a larger syringe mark
    drawn = min(LABEL_UG, round(ordered * (1 + over)))
    given = ordered if draw.random() >= habit.stops_early else round(ordered * draw.uniform(0.4, 0.97))
    wait = draw.lognormvariate(2.2, 0.35) * habit.pace + (20 if draw.random() < 0.02 else 0)
    wasted_at = at + timedelta(minutes=wait + 75)
    unwitnessed = draw.random() < habit.unwitnessed
    carried_back = draw.random() < CARRIED_BACK
    witness = None if unwitnessed or carried_back else _witness(habit, wasted_at, working, draw)
    use = VialUse(
        nurse=habit.person,
        product=PRODUCT,
        opened_at=at,
        given_at=at + timedelta(minutes=wait),
        wasted_at=wasted_at,
        ordered_ug=ordered,
        drawn_ug=drawn,
        given_ug=given,
        wasted_ug=LABEL_UG - given,
        witness=witness,
        weak=witness is None and not carried_back,
        events=(next(_numbers), next(_numbers)),
    )
    year.uses.append(use)
    if carried_back:
        year.carried.append((wasted_at, habit.person, 1.0))
    for event_id in use.events:
        late, off = draw.random() < habit.late, draw.random() < habit.off_shift
        year.accesses.append(
            Access(nurse=habit.person, at=at, on_shift=not off, late=late, event_id=event_id)
        )


def _witness(
    habit: Habits, at: datetime, working: list[tuple[Habits, Duty]], draw: random.Random
) -> int | None:
    there = [
        other.person for other, duty in working if other is not habit and duty.begins_at <= at < duty.ends_at
    ]
    if not there:
        return None
    return draw.choices(there, [habit.liked[other] for other in there])[0]

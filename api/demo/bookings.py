"""The patients of the demo's day and the 120 visits they booked."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from api.demo.people import Person, invent_phone
from api.demo.streets import Spot

# Service, how many, minutes, ketamine or not (care-rules.md section 5, "Minutes").
MIX = (
    ("ketamine_first", 9, 150, True),
    ("ketamine_repeat", 38, 120, True),
    ("ketamine_repeat_40", 9, 105, True),
    ("hydration", 25, 60, False),
    ("antibiotic", 18, 75, False),
    ("line_dressing", 18, 40, False),
    ("nad_plus", 3, 240, False),
)
OPENS_MINUTE, CLOSES_MINUTE = 450, 1140
EARLY_VISITS = 16
# What takes four hours begins in the morning.
LONG_MINUTES, LONG_BEGINS = 240, (450, 690)
# Minutes a window is wide, and how often (planner.md, "Measuring"); 0 stands for the whole day.
WIDTHS = ((0, 25), (240, 45), (120, 22), (15, 8))
NOTES = (
    "Side door, the bell is out of order.",
    "Gate code 40#, park on the street.",
    "Ring twice; she walks slowly.",
    "Third floor, no lift.",
    "Key with the neighbour on the left.",
    "Please call from the car.",
    "Ramp at the back of the house.",
    "Steep drive, icy in winter.",
)
MG_PER_KG = 0.5  # care-rules.md: dose = kg x mg/kg, to 0.1 mg
UG_STEP = 100


@dataclass(frozen=True, kw_only=True)
class PatientOfDay:
    """A patient as she will be imported."""

    reference: str
    person: Person
    phone: str
    born_on: date
    spot: Spot
    access_notes: str = ""
    pets: tuple[str, ...] = ()
    required_language: str = ""
    required_gender: str = ""
    preferred_language: str = ""
    preferred_gender: str = ""
    excluded_nurses: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BookingOfDay:
    """A visit as it will be imported; the window is in minutes after the area's midnight."""

    reference: str
    patient: str
    service: str
    minutes: int
    units: int
    dose_ug: int | None
    priority: int
    preferred_nurse: str
    begins_minute: int
    ends_minute: int


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What makes one of the visits awkward; what is None is drawn like everybody's."""

    note: str
    service: str
    window: tuple[int, int] | None = None
    pets: tuple[str, ...] | None = None
    required_language: str = ""
    required_gender: str = ""
    excluded_nurses: tuple[str, ...] = ()
    assignable: bool = True


AWKWARD = (
    Wish(
        note="needs a nurse who speaks Nepali: nobody does",
        service="ketamine_repeat",
        window=(600, 840),
        required_language="ne",
        assignable=False,
    ),
    Wish(
        note="NAD+ late in the afternoon: one nurse is excluded, the others have gone home by then",
        service="nad_plus",
        window=(870, 945),
        excluded_nurses=("N-08",),
        assignable=False,
    ),
    Wish(note="speaks Spanish only", service="ketamine_first", window=(540, 780), required_language="es"),
    Wish(note="speaks Spanish only", service="ketamine_repeat", window=(600, 840), required_language="es"),
    Wish(note="speaks Spanish only", service="antibiotic", window=(480, 720), required_language="es"),
    Wish(note="asks for a woman", service="ketamine_repeat", required_gender="female"),
    Wish(note="asks for a woman", service="hydration", required_gender="female"),
    Wish(note="late window", service="hydration", window=(1110, 1140)),
    Wish(note="late window", service="ketamine_repeat", window=(1050, 1080)),
    Wish(note="two big dogs", service="ketamine_repeat", pets=("dog",)),
    Wish(note="five cats", service="hydration", pets=("cat",)),
    Wish(note="does not want N-01 again", service="ketamine_repeat", excluded_nurses=("N-01",)),
    Wish(note="nor N-02 or N-10", service="ketamine_repeat", excluded_nurses=("N-02", "N-10")),
)  # fmt: skip


def bookings_of_day(
    draw: random.Random, day: date, people: Sequence[Person], homes: Sequence[Spot], nurses: Sequence[str]
) -> Iterator[tuple[PatientOfDay, BookingOfDay]]:
    """Yield one patient with one visit for each person; `nurses` are codes that a patient may know."""
    ordered = _wishes(draw)
    for number, (person, spot, (wish, early)) in enumerate(zip(people, homes, ordered, strict=True), start=1):
        yield _patient(draw, day, number, person, spot, wish), _booking(draw, number, wish, early, nurses)


def _wishes(draw: random.Random) -> list[tuple[Wish, bool]]:
    """Return what is asked for, visit by visit: the awkward ones and plain ones for the rest of `MIX`."""
    plain: list[tuple[Wish, bool]] = []
    for service, how_many, _, _ in MIX:
        rest = how_many - sum(wish.service == service for wish in AWKWARD)
        plain += [(Wish(note="", service=service), False)] * rest
    draw.shuffle(plain)
    early = 0
    for index, (wish, _) in enumerate(plain):
        if early < EARLY_VISITS and wish.service != "nad_plus":
            plain[index] = (wish, True)
            early += 1
    found = [*plain, *((wish, False) for wish in AWKWARD)]
    draw.shuffle(found)
    return found


def _patient(
    draw: random.Random, day: date, number: int, person: Person, spot: Spot, wish: Wish
) -> PatientOfDay:
    pets = draw.choices(((), ("dog",), ("cat",), ("cat", "dog")), weights=(62, 20, 14, 4))[0]
    language = draw.choices(("", "es", "so", "ar"), weights=(88, 7, 3, 2))[0]
    return PatientOfDay(
        reference=f"P-{number:03}",
        person=person,
        phone=invent_phone(number),
        born_on=day - timedelta(days=draw.randint(19 * 366, 74 * 365)),
        spot=spot,
        access_notes=draw.choice(NOTES) if draw.random() < 0.4 else "",
        pets=pets if wish.pets is None else wish.pets,
        required_language=wish.required_language,
        required_gender=wish.required_gender,
        preferred_language="" if wish.required_language else language,
        preferred_gender="female" if draw.random() < 0.06 and not wish.required_gender else "",
        excluded_nurses=wish.excluded_nurses,
    )


def _booking(
    draw: random.Random, number: int, wish: Wish, early: bool, nurses: Sequence[str]
) -> BookingOfDay:
    minutes, ketamine = next((m, k) for service, _, m, k in MIX if service == wish.service)
    begins, ends = wish.window or _window(draw, minutes, early)
    weight_kg = draw.randint(48, 108)
    known = draw.random() < 0.3 and wish.service != "ketamine_first"
    return BookingOfDay(
        reference=f"A-{number:03}",
        patient=f"P-{number:03}",
        service=wish.service,
        minutes=minutes,
        units=1 if ketamine else 0,
        dose_ug=round(weight_kg * MG_PER_KG * 1000 / UG_STEP) * UG_STEP if ketamine else None,
        priority=draw.choices((2, 3, 4, 5), weights=(10, 70, 15, 5))[0],
        preferred_nurse=draw.choice(nurses) if known else "",
        begins_minute=begins,
        ends_minute=ends,
    )


def _window(draw: random.Random, minutes: int, early: bool) -> tuple[int, int]:
    latest = CLOSES_MINUTE - minutes
    if minutes >= LONG_MINUTES:
        return LONG_BEGINS
    if early:
        begins = draw.choice((450, 465, 480, 495))
        return begins, begins + draw.choice((45, 60, 75))
    width = draw.choices([width for width, _ in WIDTHS], weights=[share for _, share in WIDTHS])[0]
    if width == 0:
        return OPENS_MINUTE, latest
    begins = OPENS_MINUTE + 15 * draw.randint(0, max(0, latest - OPENS_MINUTE - width) // 15)
    return begins, begins + width

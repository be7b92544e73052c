"""The 34 nurses of the demo's day, among them those whom a rule keeps away."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from api.demo.people import Person
from api.demo.streets import Spot

# The DEA registrant whose drug the nurses carry (21 CFR 1301.22).
REGISTRANT = "COLUMBUS-HOME-INFUSION"
CORE = ("acls", "bls", "iv")
MINUTES_8_H, MINUTES_10_H, MINUTES_SHORT = 480, 600, 330


@dataclass(frozen=True, kw_only=True)
class LicenceOfNurse:
    """A licence as it will be imported."""

    state: str
    kind: str
    number: str
    multistate: bool
    valid_from: date
    expires_on: date


@dataclass(frozen=True, kw_only=True)
class NurseOfDay:
    """A nurse and her shift; minutes count from the area's midnight."""

    code: str
    person: Person
    languages: tuple[str, ...]
    pet_allergies: tuple[str, ...]
    home: Spot
    lock_box_units: int
    licences: tuple[LicenceOfNurse, ...]
    lives_in: str
    lives_since: date
    competencies: Mapping[str, date]
    authorised_until: date | None
    begins_minute: int
    ends_minute: int


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What tells one nurse from the plain Ohio RN with every skill."""

    note: str = ""
    languages: tuple[str, ...] = ("en",)
    pet_allergies: tuple[str, ...] = ()
    state: str = "OH"
    kind: str = "RN"
    multistate: bool = True
    licence_ended_days: int | None = None
    lives_in: str = "OH"
    lacks: tuple[str, ...] = ()
    ketamine_ended_days: int | None = None
    authorised: bool = True
    nad: bool = False
    shift: tuple[int, int] | None = None


SPANISH = ("en", "es")
# Nurse number -> what is special. Everybody else is an Ohio RN with a multistate licence.
SPECIAL: Mapping[int, Traits] = {
    2: Traits(languages=SPANISH),
    5: Traits(note="her licence expired nine days ago", licence_ended_days=9),
    6: Traits(languages=("en", "so")),
    7: Traits(languages=SPANISH),
    8: Traits(
        nad=True,
        note="the only one with NAD+ who works into the evening; a patient asked not to see her",
        shift=(480, 1080),
    ),
    9: Traits(note="her ketamine competency expired last week", ketamine_ended_days=7),
    11: Traits(note="licensed in Pennsylvania only", state="PA", multistate=False),
    12: Traits(languages=SPANISH),
    14: Traits(note="no ketamine competency", lacks=("ketamine",)),
    16: Traits(languages=("en", "fr")),
    17: Traits(note="LPN: never sent to an infusion", kind="LPN", lacks=("ketamine", "acls")),
    18: Traits(languages=SPANISH),
    19: Traits(note="allergic to cats and dogs", pet_allergies=("cat", "dog")),
    20: Traits(note="lives in Kentucky: her multistate licence counts in Ohio", state="KY", lives_in="KY"),
    21: Traits(note="NAD+, on an early shift", nad=True, shift=(390, 870)),
    22: Traits(note="no ketamine competency", lacks=("ketamine",)),
    23: Traits(languages=("en", "ar")),
    24: Traits(note="NAD+, on an early shift", nad=True, shift=(420, 900)),
    25: Traits(languages=SPANISH),
    26: Traits(note="allergic to dogs", pet_allergies=("dog",)),
    27: Traits(note="NAD+, on an early shift", nad=True, shift=(390, 870)),
    28: Traits(note="no ketamine competency", lacks=("ketamine",)),
    29: Traits(note="NAD+, on an early shift", nad=True, shift=(420, 900)),
    30: Traits(languages=SPANISH),
    33: Traits(note="no registrant has authorised her to carry drug", authorised=False),
}
PLAIN = Traits()
# When the ordinary shifts begin, in turn: most early, some late so that evening windows can be met.
BEGINNINGS = (390, 420, 600, 450, 480, 600, 420, 600, 480, 390, 450, 570)


def nurses_of_day(
    draw: random.Random, day: date, people: list[Person], homes: list[Spot]
) -> list[NurseOfDay]:
    """Return one nurse for each person, with a home from `homes` in the same order."""
    return [
        _nurse(draw, day, number, person, home)
        for number, (person, home) in enumerate(zip(people, homes, strict=True), start=1)
    ]


def _nurse(draw: random.Random, day: date, number: int, person: Person, home: Spot) -> NurseOfDay:
    traits = SPECIAL.get(number, PLAIN)
    begins, ends = traits.shift or _shift(number)
    renewed = day + timedelta(days=draw.randint(90, 700))
    return NurseOfDay(
        code=f"N-{number:02}",
        person=person,
        languages=traits.languages,
        pet_allergies=traits.pet_allergies,
        home=home,
        lock_box_units=draw.choice((4, 6, 6, 8)),
        licences=(_licence(draw, day, number, traits),),
        lives_in=traits.lives_in,
        lives_since=day - timedelta(days=draw.randint(800, 4000)),
        competencies=dict(_competencies(draw, day, traits)),
        authorised_until=renewed if traits.authorised else None,
        begins_minute=begins,
        ends_minute=ends,
    )


def _shift(number: int) -> tuple[int, int]:
    begins = BEGINNINGS[number % len(BEGINNINGS)]
    length = MINUTES_10_H if number % 5 in (0, 2) else MINUTES_8_H
    if number % 10 == 4:
        length = MINUTES_SHORT
    if begins >= 570:
        length = MINUTES_10_H
    return begins, begins + length


def _licence(draw: random.Random, day: date, number: int, traits: Traits) -> LicenceOfNurse:
    expires_on = day + timedelta(days=draw.randint(60, 640))
    if traits.licence_ended_days is not None:
        expires_on = day - timedelta(days=traits.licence_ended_days)
    return LicenceOfNurse(
        state=traits.state,
        kind=traits.kind,
        number=f"{traits.kind}.{traits.state}.{410_000 + 37 * number}",
        multistate=traits.multistate,
        valid_from=expires_on - timedelta(days=730),
        expires_on=expires_on,
    )


def _competencies(draw: random.Random, day: date, traits: Traits) -> Iterator[tuple[str, date]]:
    wanted = (*CORE, "ketamine", "line_care", "antibiotic", *(("nad",) if traits.nad else ()))
    for code in wanted:
        until = day + timedelta(days=draw.randint(30, 700))
        if code == "ketamine" and traits.ketamine_ended_days is not None:
            until = day - timedelta(days=traits.ketamine_ended_days)
        if code not in traits.lacks:
            yield code, until

"""The whole invented day as plain values, drawn from one seed: the same seed, the same day."""

import random
from dataclasses import dataclass
from datetime import date

from api.demo.bookings import MIX, BookingOfDay, PatientOfDay, bookings_of_day
from api.demo.nurses import NurseOfDay, nurses_of_day
from api.demo.people import Person, invent_people
from api.demo.streets import Spot, spots_of_columbus

NURSES = 34
SEED = 4
VISITS = sum(how_many for _, how_many, _, _ in MIX)
OFFICE = ("dispatcher", "compliance", "pharmacist", "prescriber", "admin")


@dataclass(frozen=True, kw_only=True)
class DemoDay:
    """Everything that is seeded.

    Attributes
    ----------
    office
        The people who hold one role each, by role.
    homes
        Houses where nobody of the others lives, for those who come along the care path.
    """

    day: date
    pharmacies: tuple[Spot, ...]
    nurses: tuple[NurseOfDay, ...]
    patients: tuple[PatientOfDay, ...]
    bookings: tuple[BookingOfDay, ...]
    office: dict[str, Person]
    homes: tuple[Spot, ...]


def invent_day(day: date, seed: int = SEED) -> DemoDay:
    """Return the demo's day on the local date `day`."""
    draw = random.Random(f"columbus/{seed}")  # noqa: S311 - invented data
    spots = spots_of_columbus()
    houses = [spot for spot in spots if spot.kind == "house"]
    draw.shuffle(houses)
    people = invent_people(draw, NURSES + VISITS + len(OFFICE))
    nurses = nurses_of_day(draw, day, people[:NURSES], houses[:NURSES])
    known = [nurse.code for nurse in nurses]
    pairs = list(
        bookings_of_day(draw, day, people[NURSES : NURSES + VISITS], houses[NURSES : NURSES + VISITS], known)
    )
    return DemoDay(
        day=day,
        pharmacies=tuple(spot for spot in spots if spot.kind == "pharmacy"),
        nurses=tuple(nurses),
        patients=tuple(patient for patient, _ in pairs),
        bookings=tuple(booking for _, booking in pairs),
        office=dict(zip(OFFICE, people[NURSES + VISITS :], strict=True)),
        homes=tuple(houses[NURSES + VISITS :]),
    )

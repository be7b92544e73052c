"""What may happen to a day that runs. Seconds count from the day's origin."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from routing.dayfile import ID, PLACE, SECONDS, VISIT
from routing.faults import Faults
from routing.form import Field, ListOf, OneOf, OrNull, Record
from routing.problem import Place, Visit


@dataclass(frozen=True, kw_only=True)
class NurseIll:
    """She works until `from_s`; what is under way then she still ends."""

    nurse: str
    from_s: int


@dataclass(frozen=True, kw_only=True)
class Overrun:
    """A visit under way ends only at `ends_s`."""

    visit: str
    ends_s: int


@dataclass(frozen=True, kw_only=True)
class UrgentVisit:
    """A visit comes in, at a new place where one is given; one that the day knows already is replaced."""

    visit: Visit
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    """Nobody needs to go; a nurse who is on her way is free where the visit is."""

    visit: str


@dataclass(frozen=True, kw_only=True)
class NoShow:
    """The nurse stood before a closed door and knew it at `known_s`: what was packed for it is left over."""

    visit: str
    known_s: int


@dataclass(frozen=True, kw_only=True)
class VehicleLate:
    """A nurse has no car before `free_at_s`."""

    nurse: str
    free_at_s: int


@dataclass(frozen=True, kw_only=True)
class DrugNotAvailable:
    """There is no drug for a visit, at a pharmacy or in a nurse's lock-box, before `until_s` or all day."""

    visit: str | None = None
    pharmacy: str | None = None
    nurse: str | None = None
    until_s: int | None = None


Event = NurseIll | Overrun | UrgentVisit | Cancelled | NoShow | VehicleLate | DrugNotAvailable

KINDS: dict[str, type[Any]] = {
    "nurse_ill": NurseIll,
    "overrun": Overrun,
    "urgent_visit": UrgentVisit,
    "cancelled": Cancelled,
    "no_show": NoShow,
    "vehicle_late": VehicleLate,
    "drug_not_available": DrugNotAvailable,
}
NAMES = {kind: name for name, kind in KINDS.items()}

EVENT = OneOf(
    "kind",
    {
        "nurse_ill": Record(
            {"nurse": Field(ID, "Who."), "from_s": Field(SECONDS, "From when on.")}, NurseIll
        ),
        "overrun": Record(
            {"visit": Field(ID, "Which visit under way."), "ends_s": Field(SECONDS, "When it ends now.")},
            Overrun,
        ),
        "urgent_visit": Record(
            {
                "visit": Field(VISIT, "The visit, as in a day file."),
                "place": Field(OrNull(PLACE), "Its place, where the day does not know it.", None),
            },
            UrgentVisit,
        ),
        "cancelled": Record({"visit": Field(ID, "Which visit.")}, Cancelled),
        "no_show": Record(
            {"visit": Field(ID, "Which visit."), "known_s": Field(SECONDS, "When that was known.")}, NoShow
        ),
        "vehicle_late": Record(
            {"nurse": Field(ID, "Who."), "free_at_s": Field(SECONDS, "When she has a car.")}, VehicleLate
        ),
        "drug_not_available": Record(
            {
                "visit": Field(OrNull(ID), "For this visit.", None),
                "pharmacy": Field(OrNull(ID), "At this pharmacy.", None),
                "nurse": Field(OrNull(ID), "In this nurse's lock-box.", None),
                "until_s": Field(OrNull(SECONDS), "Until when; null for the rest of the day.", None),
            },
            DrugNotAvailable,
        ),
    },
)
EVENTS = ListOf(EVENT)


def events_from_json(document: Any, path: str = "events") -> tuple[Event, ...]:
    """Read events; raises `ProblemInvalid` with every fault of their form."""
    faults = Faults()
    found: tuple[Event, ...] = tuple(EVENTS.read(document, path, faults))
    faults.raise_if_any()
    return found


def events_as_json(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return events as plain JSON values; `events_from_json` gives them back."""
    return [{"kind": NAMES[type(event)]} | asdict(event) for event in events]

"""The columns of the files, in one place: what reads them and what docs/import.md says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from dispatch.appointments.day_import import cells
from dispatch.appointments.day_import.cells import Parse, Reading
from dispatch.appointments.model import LocalWindow
from dispatch.workforce.model import LicenceKind, LicenceStatus

A_DAY, A_BIRTHDAY = date(2026, 1, 1), date(1980, 1, 1)
A_TIME = Reading(time(12), None)


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes
    ----------
    needed
        The column must be there and no cell of it empty.
    blank
        What an empty cell means.
    stand_in
        Used for a cell that cannot be read, so that the rest of its row is judged all the same.
    """

    name: str
    parse: Parse
    example: str
    about: str
    needed: bool = False
    blank: Any = None
    stand_in: Any = None


def _needed(name: str, parse: Parse, example: str, about: str, stand_in: Any = "") -> Column:
    return Column(name, parse, example, about, needed=True, stand_in=stand_in)


FILES: Mapping[str, tuple[Column, ...]] = {
    "nurses": (
        _needed("code", cells.text, "N-07", "what boards show; the key, and never changed"),
        _needed("name", cells.text, "Ana Reyes", "her name"),
        Column("gender", cells.lower, "female", "female, male or nonbinary; empty: not known"),
        _needed("languages", cells.words, "en; es", "ISO 639 codes", ("en",)),
        Column("pet_allergies", cells.words, "cat", "animals that make her ill", blank=(), stand_in=()),
        _needed("home_address", cells.text, "12 Oak St, Columbus, OH 43215", "where she starts and ends"),
        Column("home_lat", cells.degrees, "39.9612", "latitude of that; empty: it is looked up"),
        Column("home_lon", cells.degrees, "-82.9988", "longitude of that"),
        _needed("lock_box_units", cells.number, "6", "vials that her locked box holds", 0),
        Column("active", cells.yes_or_no, "yes", "no: she is not sent anywhere", blank=True, stand_in=True),
        _needed("residence_state", cells.upper, "OH", "primary state of residence"),
        _needed("residence_since", cells.day, "2020-05-01", "since when; a new day is a move", A_DAY),
        Column(
            "competencies", cells.competencies, "acls:2026-01-01/2027-12-31; bls:2026-01-01/2027-12-31",
            "proven skills, first and last day", blank=(), stand_in=(),
        ),
        Column(
            "authorisations", cells.authorisations, "REG-1:OH:2026-01-01/2027-12-31",
            "DEA registrants whose agent she is, by state, first and last day", blank=(), stand_in=(),
        ),
    ),
    "licences": (
        _needed("nurse", cells.text, "N-07", "code of the nurse"),
        _needed("state", cells.upper, "OH", "who issued it; the key with kind and number"),
        _needed("kind", cells.kind, "RN", "RN, LPN or APRN", LicenceKind.RN),
        _needed("number", cells.text, "RN.123456", "as the board of nursing writes it"),
        _needed("multistate", cells.yes_or_no, "yes", "yes for a multistate licence", False),
        _needed("valid_from", cells.day, "2024-01-01", "first day", A_DAY),
        _needed("expires_on", cells.day, "2027-12-31", "last day", A_DAY),
        Column(
            "status", cells.status, "active",
            "active, suspended, encumbered, surrendered or inactive; empty: as it is, a new one active",
            stand_in=LicenceStatus.INACTIVE,
        ),
        Column("status_since", cells.moment, "2026-11-21T10:05-05:00", "since when; empty: always"),
    ),
    "shifts": (
        _needed("nurse", cells.text, "N-07", "code of the nurse; the key with day and starts"),
        _needed("day", cells.day, "2026-11-23", "the local day on which it begins", A_DAY),
        _needed("starts", cells.reading, "07:00", "local time", A_TIME),
        _needed("ends", cells.reading, "17:00", "local time; not after starts: on the next day", A_TIME),
    ),
    "patients": (
        _needed("reference", cells.text, "P-0042", "your own number; the key, and never changed"),
        _needed("state", cells.upper, "OH", "where she is treated; it rules licences"),
        _needed("name", cells.text, "Mira Holt", "her name"),
        Column("phone", cells.text, "+1 614 555 0100", "digits"),
        _needed("born_on", cells.day, "1980-02-29", "birthday", A_BIRTHDAY),
        _needed("address", cells.text, "4711 Kenworth Rd, Columbus, OH 43224", "where the nurse goes"),
        Column("lat", cells.degrees, "40.0441", "latitude of the door, verified; empty: it is looked up"),
        Column("lon", cells.degrees, "-82.9779", "longitude of that"),
        Column("access_notes", cells.text, "Gate 40#", "how to get in; several lines in quotes"),
        Column("pets", cells.words, "cat; dog", "animals in the home", blank=(), stand_in=()),
        Column("required_language", cells.lower, "es", "no nurse without it is sent"),
        Column("required_gender", cells.lower, "female", "no other nurse is sent"),
        Column("preferred_language", cells.lower, "es", "a wish"),
        Column("preferred_gender", cells.lower, "female", "a wish"),
        Column(
            "excluded_nurses", cells.codes, "N-12", "codes of nurses never sent; only ever added to",
            blank=(), stand_in=(),
        ),
    ),
    "appointments": (
        _needed("reference", cells.text, "A-1001", "your own number; the key, and never changed"),
        _needed("patient", cells.text, "P-0042", "reference of the patient"),
        _needed("service", cells.lower, "ketamine_repeat", "code of the catalogue"),
        _needed("day", cells.day, "2026-11-23", "local day", A_DAY),
        _needed(
            "windows", cells.windows, "09:00-13:00; 15:00-17:00", "when the service begins, local time",
            (LocalWindow(begins=time(12), ends=time(12)),),
        ),
        Column("minutes", cells.number, "120", "empty: the service's own"),
        Column("units", cells.number, "1", "vials; empty: the service's own"),
        Column("dose_order_ref", cells.text, "ORD-88", "the signed order; empty: the one in force, if any"),
        Column("dose_mg", cells.milligrams, "35.0", "its dose; needed for ketamine", stand_in=1),
        Column("priority", cells.number, "3", "1 may wait, 5 must happen", blank=3, stand_in=3),
        Column("nurses_needed", cells.number, "1", "empty: the service's own"),
        Column("preferred_nurse", cells.text, "N-07", "code of the nurse the patient asks for"),
    ),
}  # fmt: skip


def columns_as_markdown() -> str:
    """Return the tables of docs/import.md."""
    parts = []
    for name, columns in FILES.items():
        lines = [f"### {name}.csv", "", "| column | needed | example | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{c.name}` | {'yes' if c.needed else ''} | `{c.example}` | {c.about} |" for c in columns
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"

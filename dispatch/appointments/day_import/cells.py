"""From the text of a cell to a value: types only; what the values may be is the drafts' rules to say."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from dispatch.appointments.model import LocalWindow
from dispatch.kernel.quantities import ug_from_mg
from dispatch.workforce.model import Authorisation, Competency, LicenceKind, LicenceStatus

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})([ab]?)")
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,20})?")
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})

# Beyond these, calendars and zones cannot be computed with.
FIRST_YEAR, LAST_YEAR = 1900, 2199

Parse = Callable[[str], Any]


@dataclass(eq=False)
class CellFault(Exception):
    """What is wrong with a cell."""

    rule: str
    text: str


def text(cell: str) -> str:
    """Return the text in the one form that Unicode has for equal-looking letters (NFC)."""
    return unicodedata.normalize("NFC", cell)


def upper(cell: str) -> str:
    """Return a code in capitals."""
    return cell.upper()


def lower(cell: str) -> str:
    """Return a word in small letters."""
    return cell.lower()


def words(cell: str) -> tuple[str, ...]:
    """Return words separated by semicolons, each once, in small letters."""
    return tuple(dict.fromkeys(word.strip().lower() for word in cell.split(";") if word.strip()))


def codes(cell: str) -> tuple[str, ...]:
    """Return codes separated by semicolons, each once."""
    return tuple(dict.fromkeys(code.strip() for code in cell.split(";") if code.strip()))


def day(cell: str) -> date:
    """Return a date written as 2026-11-23."""
    if not _DATE.fullmatch(cell):
        raise CellFault("date_malformed", "Write the date as 2026-11-23.")
    try:
        found = date.fromisoformat(cell)
    except ValueError:
        raise CellFault("date_malformed", "The calendar has no such day.") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise CellFault("date_out_of_range", f"The year lies between {FIRST_YEAR} and {LAST_YEAR}.")
    return found


def number(cell: str) -> int:
    """Return a whole number in plain digits."""
    if not _NUMBER.fullmatch(cell):
        raise CellFault("number_malformed", "Write a whole number in plain digits, such as 6.")
    return int(cell)


def degrees(cell: str) -> float:
    """Return degrees as a decimal number."""
    if not _DEGREES.fullmatch(cell):
        raise CellFault("number_malformed", "Write degrees in plain digits, such as -82.9988.")
    return float(cell)


def milligrams(cell: str) -> int:
    """Return micrograms of a dose in milligrams."""
    try:
        return ug_from_mg(cell)
    except ValueError as error:
        sentence = str(error)
        raise CellFault("dose_malformed", f"{sentence[:1].upper()}{sentence[1:]}.") from None


def yes_or_no(cell: str) -> bool:
    """Return whether the cell says yes."""
    said = cell.lower()
    if said not in _YES | _NO:
        raise CellFault("choice_unknown", "Write yes or no.")
    return said in _YES


def moment(cell: str) -> datetime:
    """Return an instant with its offset from UTC, such as 2026-11-21T10:05-05:00."""
    try:
        at = datetime.fromisoformat(cell) if cell.isascii() else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise CellFault("time_malformed", "Write the moment with its offset, such as 2026-11-21T10:05-05:00.")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise CellFault("date_out_of_range", f"The year lies between {FIRST_YEAR} and {LAST_YEAR}.")
    return at


@dataclass(frozen=True)
class Reading:
    """What a clock shows; `fold` when the cell said which of two equal readings is meant."""

    at: time
    fold: int | None


def reading(cell: str) -> Reading:
    """Return a clock's reading such as 07:30; 01:30a and 01:30b are the first and second of two."""
    match = _TIME.fullmatch(cell.lower())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise CellFault("time_malformed", "Write the time as 07:30, from 00:00 to 23:59.")
    return Reading(time(int(match[1]), int(match[2])), {"": None, "a": 0, "b": 1}[match[3]])


def windows(cell: str) -> tuple[LocalWindow, ...]:
    """Return windows such as 09:00-13:00; 15:00-17:00."""
    found = []
    for part in cell.replace("–", "-").split(";"):
        ends = [end.strip() for end in part.split("-")]
        if len(ends) != 2:
            raise CellFault("window_malformed", "Write windows as 09:00-13:00; 15:00-17:00.")
        begins, until = reading(ends[0]), reading(ends[1])
        found.append(
            LocalWindow(begins=begins.at, ends=until.at, begins_fold=begins.fold, ends_fold=until.fold)
        )
    return tuple(found)


def competencies(cell: str) -> tuple[Competency, ...]:
    """Return proofs such as acls:2026-01-01/2027-12-31; iv:2026-01-01/2027-12-31."""
    found = []
    for part in codes(cell):
        code, _, span = part.partition(":")
        valid_from, expires_on = _span(span, "Write proofs as acls:2026-01-01/2027-12-31; iv:...")
        found.append(Competency(code=code.strip().lower(), valid_from=valid_from, expires_on=expires_on))
    return tuple(found)


def authorisations(cell: str) -> tuple[Authorisation, ...]:
    """Return authorisations such as REG-1:OH:2026-01-01/2027-12-31."""
    found = []
    for part in codes(cell):
        registrant, _, rest = part.partition(":")
        state, _, span = rest.partition(":")
        valid_from, expires_on = _span(span, "Write authorisations as REG-1:OH:2026-01-01/2027-12-31; ...")
        found.append(
            Authorisation(
                registrant=registrant.strip(),
                state=state.strip().upper(),
                valid_from=valid_from,
                expires_on=expires_on,
            )
        )
    return tuple(found)


def _span(span: str, form: str) -> tuple[date, date]:
    valid_from, slash, expires_on = span.partition("/")
    if not slash:
        raise CellFault("span_malformed", form)
    return day(valid_from.strip()), day(expires_on.strip())


def kind(cell: str) -> LicenceKind:
    """Return a kind of licence."""
    try:
        return LicenceKind(cell.upper())
    except ValueError:
        raise CellFault("choice_unknown", "Choose one of: RN, LPN, APRN.") from None


def status(cell: str) -> LicenceStatus:
    """Return how a board holds a licence."""
    try:
        return LicenceStatus(cell.lower())
    except ValueError:
        choices = ", ".join(known.value for known in LicenceStatus)
        raise CellFault("choice_unknown", f"Choose one of: {choices}.") from None

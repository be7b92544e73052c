"""What the forms of a case say, read or refused by field."""

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request

from dispatch.clearance.queries import QUESTION_CODES
from dispatch.kernel.local_time import instant
from dispatch.kernel.refusals import Invalid, Refusal, refuse

LAST_READING = time(23, 59)
LONGEST = 2000
YEARS = range(2000, 2200)


def words(name: str) -> str:
    """Read a text; one that is too long is refused by the rules, not cut."""
    return request.form.get(name, "").strip()[: LONGEST + 1]


def not_valid(name: str, text: str) -> Refusal:
    """Make the refusal of a field that cannot be read."""
    return refuse(Invalid, "field_not_valid", text, field=name)


def day_or_none(name: str) -> date | None:
    """Read a date such as 2026-11-23, None where nothing was typed."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text[:10]) if len(text) <= 10 else None
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise not_valid(name, "Write the date as 2026-11-23.")
    return found


def end_of_day(name: str, zone: ZoneInfo) -> datetime:
    """Read a date and return the last minute of it by the clocks of the area."""
    found = day_or_none(name)
    if found is None:
        raise not_valid(name, "Give the last day.")
    return instant(found, LAST_READING, zone, field=name)


def moment(name: str, zone: ZoneInfo) -> datetime | None:
    """Read a local date and time, None where nothing was typed."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text[:16])
    except ValueError:
        raise not_valid(name, "Write the moment as 2026-11-23T09:30.") from None
    if found.year not in YEARS or found.tzinfo is not None:
        raise not_valid(name, "Write the moment as 2026-11-23T09:30.")
    return instant(found.date(), found.time(), zone, fold=0, field=name)


def number(name: str, *, most: int = 1_000_000) -> int:
    """Read a whole number from 0."""
    text = request.form.get(name, "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > most:
        raise not_valid(name, "Write a whole number.")
    return int(text)


def number_or_none(name: str) -> int | None:
    """Read a whole number, None where nothing was typed."""
    return number(name) if request.form.get(name, "").strip() else None


def amount_or_none(name: str) -> Decimal | None:
    """Read an amount such as 1.5, None where nothing was typed."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        found = Decimal(text) if text.isascii() and len(text) <= 12 else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite():
        raise not_valid(name, "Write the amount in plain digits, such as 1.5.")
    return found


def grams(name: str) -> int:
    """Read a weight in kilograms and return whole grams."""
    found = amount_or_none(name)
    if found is None or not 0 <= found <= 1000:
        raise not_valid(name, "Write the weight in kilograms, such as 70.5.")
    return int(found * 1000)


def answers() -> dict[str, str]:
    """Read the answers to screening questions; one left open says nothing."""
    found = {code: request.form.get(f"answer.{code}", "") for code in QUESTION_CODES}
    return {code: answer for code, answer in found.items() if answer}


def entry_of(name: str) -> UUID:
    """Read the id at the end of a field's name."""
    try:
        return UUID(name.partition(".")[2])
    except ValueError:
        raise not_valid(name, "The form has lost its id. Load the page again.") from None

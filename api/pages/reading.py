"""Fields of a deed's form: each is read, or refused by its name."""

from uuid import UUID

from flask import request

from dispatch.kernel.quantities import ug_from_mg
from dispatch.kernel.refusals import Invalid, refuse

MOST_UNITS = 100_000


def id_from_form(name: str = "event_id") -> UUID:
    """Read an id that the page was rendered with, or that a list offered."""
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        raise refuse(
            Invalid, "field_not_valid", "The form has lost its id. Load the page again.", field=name
        ) from None


def amount_from_form(name: str = "amount_mg") -> int:
    """Read milligrams as typed and return whole micrograms."""
    try:
        return ug_from_mg(request.form.get(name, "").strip())
    except ValueError as error:
        raise refuse(Invalid, "amount_not_valid", f"Amount: {error}.", field=name) from None


def units_from_form(name: str = "counted_units") -> int:
    """Read how many were counted."""
    text = request.form.get(name, "").strip()
    if not (text.isascii() and text.isdigit()) or int(text[:7]) > MOST_UNITS:
        raise refuse(Invalid, "count_missing", "Say how many you counted.", field=name)
    return int(text)


def text_from_form(name: str, most: int = 500) -> str:
    """Read a line of text, cut to what is kept."""
    return request.form.get(name, "").strip()[:most]

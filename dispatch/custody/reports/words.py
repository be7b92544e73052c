"""A figure's filter as words in an address, and back; what does not fit is refused by its field."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.custody.model import EventKind
from dispatch.custody.reports.model import Measure, Oddity, Sought
from dispatch.kernel.refusals import Invalid, Reason

LONGEST = 120


def words_of(sought: Sought) -> dict[str, Any]:
    """Return what an address says of a filter: only what is asked for."""
    nothing = Sought()
    return {
        each.name: _word(getattr(sought, each.name))
        for each in fields(Sought)
        if getattr(sought, each.name) != getattr(nothing, each.name)
    }


def _word(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(value)
    return "yes" if value is True else str(value)


def sought_in(words: Mapping[str, str]) -> Sought:
    """Read a filter from an address.

    Raises
    ------
    Invalid
        ``filter_not_understood``, once for each field that says nothing sensible.
    """
    given: dict[str, Any] = {}
    wrong = []
    for name, read in _READ.items():
        word = words.get(name, "")
        if not word:
            continue
        try:
            if len(word) > LONGEST:
                raise ValueError
            given[name] = read(word)
        except ValueError:
            wrong.append(
                Reason(
                    code="filter_not_understood",
                    text=f"{name} says nothing that can be looked for.",
                    field=name,
                    way_out="Follow a figure's link from its report.",
                )
            )
    if wrong:
        raise Invalid(wrong)
    return Sought(**given)


def _instant(word: str) -> datetime:
    at = datetime.fromisoformat(word)
    if at.utcoffset() is None or not 2000 <= at.year <= 2100:
        raise ValueError
    return at


def _kinds(word: str) -> tuple[str, ...]:
    return tuple(EventKind(each).value for each in word.split())


def _text(word: str) -> str:
    if not word.isprintable():
        raise ValueError
    return word


def _yes(word: str) -> bool:
    if word != "yes":
        raise ValueError
    return True


def _sign(word: str) -> int:
    if word != "-1":
        raise ValueError
    return -1


_READ: dict[str, Callable[[str], Any]] = {
    "measure": Measure,
    "since": _instant,
    "before": _instant,
    "account": _text,
    "kinds": _kinds,
    "vial": UUID,
    "lot": UUID,
    "product": UUID,
    "visit": UUID,
    "giver": _text,
    "taker": _text,
    "actor": UUID,
    "witness": UUID,
    "oddity": Oddity,
    "moves_hands": _yes,
    "newest": _yes,
    "gross": _yes,
    "sign": _sign,
}

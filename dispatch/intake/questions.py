"""What intake asks: six histories, each item yes, no or unknown, with words beside it where they matter.

The form is data: `histories.json`. Its codes never change their meaning; a new question is a new code and a
new version, and what nobody answered under it is missing, which blocks (care-rules A05-A10).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Detail(StrEnum):
    """When words are needed beside the answer."""

    NEVER = "never"
    MAY = "may"
    IF_YES = "if_yes"
    ONLY = "only"  # the item is a question that only words answer


@dataclass(frozen=True, kw_only=True)
class Item:
    """One question.

    Attributes
    ----------
    prompt
        What the words beside the answer should say.
    urgent
        An answer of yes is a medical event: the prescriber hears of it at once.
    """

    code: str
    text: str
    detail: Detail = Detail.MAY
    prompt: str = "Anything we should know about it"
    urgent: bool = False


@dataclass(frozen=True, kw_only=True)
class Section:
    """One history, as a page of the form."""

    code: str
    number: int
    title: str
    about: str
    row: str
    items: tuple[Item, ...]


def _read() -> tuple[int, tuple[Section, ...]]:
    form = json.loads((Path(__file__).parent / "histories.json").read_text(encoding="utf-8"))
    sections = tuple(
        Section(
            code=each["code"],
            number=number,
            title=each["title"],
            about=each["about"],
            row=each["row"],
            items=tuple(Item(**(item | {"detail": Detail(item["detail"])})) for item in each["items"]),
        )
        for number, each in enumerate(form["sections"], start=1)
    )
    return form["version"], sections


FORM_VERSION, SECTIONS = _read()
ITEMS: dict[str, Item] = {item.code: item for section in SECTIONS for item in section.items}


def section_of(code: str) -> Section | None:
    """Return the history of that code, such as ``social``; None where there is none."""
    return next((section for section in SECTIONS if section.code == code), None)


def items() -> Iterator[tuple[Section, Item]]:
    """Yield every question in the form's order, with its section."""
    for section in SECTIONS:
        for item in section.items:
            yield section, item

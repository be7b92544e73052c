"""The parts of an intake as pages show them: in order, each complete or with what it lacks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import render_template
from sqlalchemy.orm import Session

from dispatch.intake import queries
from dispatch.intake.commands import INDICATIONS, OUTCOMES
from dispatch.intake.questions import SECTIONS, Section, section_of
from dispatch.intake.statements import Histories
from dispatch.kernel.refusals import NotFound, Reason, refuse

ABOUT, PURPOSE, AGREEMENTS, ACKNOWLEDGEMENT = "about", "purpose", "agreements", "acknowledgement"
TITLES = {
    ABOUT: "About you",
    PURPOSE: "What you come for",
    **{section.code: section.title for section in SECTIONS},
    AGREEMENTS: "What we agree on",
    ACKNOWLEDGEMENT: "Your own provider",
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One page of the intake; `lacks` are sentences, empty when it is complete."""

    code: str
    title: str
    lacks: tuple[str, ...]


def parts_of(reasons: Iterable[Reason]) -> list[Part]:
    """Sort what is missing into the pages on which it is added."""
    lacks: dict[str, list[str]] = {code: [] for code in TITLES}
    for each in reasons:
        lacks[each.field.partition(".")[0]].append(each.text)
    return [Part(code=code, title=title, lacks=tuple(lacks[code])) for code, title in TITLES.items()]


def answered_of(section: Section, histories: Histories) -> str:
    """Return how many of a section's questions have an answer, such as ``3 of 14``."""
    done = sum(item.code in histories.answers for item in section.items)
    return f"{done} of {len(section.items)}"


def part_page(
    session: Session,
    case_id: UUID,
    code: str,
    at: datetime,
    *,
    frame: str,
    base: str,
    token: str,
    refused: Iterable[Reason] = (),
    by_phone: bool = False,
) -> str:
    """Render one part of an intake.

    Parameters
    ----------
    frame
        The template around it: the patient's own or the dispatcher's.
    base
        Address of the whole intake; a part's address is ``<base>/<code>``.
    token
        What each form has to send.
    """
    if code not in TITLES or code == ACKNOWLEDGEMENT:
        raise refuse(NotFound, "no_such_page", "There is no such page.")
    reasons = queries.consultation_blocks(session, case_id, at)
    parts = parts_of(reasons)
    order = [part.code for part in parts if part.code != ACKNOWLEDGEMENT]
    place = order.index(code)
    section = section_of(code)
    intake = queries.intake_of(session, case_id, at)
    return render_template(
        f"patient/{_template(code, section)}",
        frame=frame,
        base=base,
        token=token,
        part=next(part for part in parts if part.code == code),
        number=place + 1,
        total=len(order),
        before=order[place - 1] if place else None,
        after=order[place + 1] if place + 1 < len(order) else None,
        titles=TITLES,
        section=section,
        answered=answered_of(section, intake.histories) if section else "",
        intake=intake,
        case=queries.case_view(session, case_id),
        refused=tuple(refused),
        by_phone=by_phone,
        indications=INDICATIONS,
        outcomes=OUTCOMES,
        providers=queries.providers(session),
    )


def _template(code: str, section: Section | None) -> str:
    return "section.html" if section else f"{code}.html"

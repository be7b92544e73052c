"""A report on a page: what stands in each cell and where it leads; and a figure's own events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, make_response, request, url_for

from api.actor import actor, clock
from api.db import current_session
from api.reporting import FIGURES, cell_text, csv_of, facts_of, file_name, note_reading, pdf_of_report
from dispatch.custody.reports.figures import FigureLine, events_of, figure
from dispatch.custody.reports.model import (
    CasePlace,
    Cell,
    Column,
    EventPlace,
    InventoryPlace,
    Measure,
    Place,
    Report,
    Sought,
    last_instant,
)
from dispatch.custody.reports.words import sought_in
from dispatch.kernel.quantities import mg_text
from dispatch.kernel.refusals import NotFound, refuse

LINES_A_PAGE = 200
CASE_PAGE = "pages.custody_case"
# In which words a figure's own page says what it adds up.
ADDS_UP = {
    Measure.MOVED: ("Sum of the postings", "mg"),
    Measure.UNITS: ("Whole vials", "vials"),
    Measure.EVENTS: ("Events", ""),
    Measure.HELD: ("What the vials held after these events", "mg"),
}


@dataclass(frozen=True, kw_only=True)
class ShownCell:
    """A cell as its text and its address; `figure` stands at the right."""

    text: str
    href: str
    figure: bool


@dataclass(frozen=True, kw_only=True)
class ShownReport:
    """A report as a page shows it."""

    report: Report
    columns: tuple[Column, ...]
    rows: tuple[tuple[bool, tuple[ShownCell, ...]], ...]
    sums: tuple[ShownCell, ...]
    facts: tuple[tuple[str, str], ...]


def shown(report: Report, figures_at: Callable[[Sought], str]) -> ShownReport:
    """Return a report's cells as texts and addresses; `figures_at` is where a figure's events stand."""
    columns = report.body.columns

    def cells(several: tuple[Cell, ...]) -> tuple[ShownCell, ...]:
        return tuple(
            ShownCell(
                text=cell_text(column, cell, report.zone),
                href=_address(cell.to, figures_at) if cell.value is not None else "",
                figure=column.kind in FIGURES,
            )
            for column, cell in zip(columns, several, strict=True)
        )

    return ShownReport(
        report=report,
        columns=columns,
        rows=tuple((line.odd, cells(line.cells)) for line in report.body.lines),
        sums=cells(report.body.sums) if report.body.sums else (),
        facts=facts_of(report),
    )


def _address(place: Place | None, figures_at: Callable[[Sought], str]) -> str:
    match place:
        case Sought():
            return figures_at(place)
        case EventPlace():
            anchor = f"event-{place.sequence}" if place.sequence else None
            return url_for("pages.custody_vial", container_id=place.vial, _anchor=anchor)
        case InventoryPlace():
            return url_for("pages.custody_inventory", inventory_id=place.inventory)
        case CasePlace() if CASE_PAGE in current_app.view_functions:
            return url_for(CASE_PAGE, case_id=place.case)
    return ""


def note_report(report: Report, area_id: UUID, form: str) -> None:
    """Note, once the view is done, that a report was read."""
    who, watch = actor(), clock()
    g.reads = lambda session: note_reading(session, report, area_id, form, who, watch)


def as_file(report: Report, slug: str, form: str) -> Response:
    """Answer with the report as a file."""
    if form == "csv":
        answer, kind = make_response(csv_of(report)), "text/csv; charset=utf-8"
    elif form == "pdf":
        answer, kind = make_response(pdf_of_report(report)), "application/pdf"
    else:
        raise refuse(NotFound, "no_such_form", "A report is handed out as csv or pdf.", field="form")
    answer.content_type = kind
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name(report, slug, form)}"'
    return answer


@dataclass(frozen=True, kw_only=True)
class FigurePage:
    """A figure's own events: its sum over all of them, and one page of them."""

    says: str
    total: str
    number: int
    lines: tuple[FigureLine, ...]
    amounts: bool
    unit: str
    more: Mapping[str, Any]


def figure_page(area_id: UUID, own: str = "") -> FigurePage:
    """Read the filter from the address; `own` shows only events of vials in these hands."""
    session = current_session()
    sought = sought_in(request.args)
    total, number = figure(session, area_id, sought, own)
    after = _after(request.args.get("after", ""))
    lines = events_of(session, area_id, sought, LINES_A_PAGE + 1, after, own)
    says, unit = ADDS_UP[sought.measure]
    amounts = sought.measure in (Measure.MOVED, Measure.HELD)
    page = lines[:LINES_A_PAGE]
    more = {}
    if len(lines) > LINES_A_PAGE:
        more = {name: word for name, word in request.args.items() if name != "after"}
        more["after"] = f"{page[-1].at.isoformat()},{page[-1].event_id}"
    return FigurePage(
        says=says,
        total=mg_text(total) if amounts else str(total),
        number=number,
        lines=tuple(page),
        amounts=amounts,
        unit=unit,
        more=more,
    )


def _after(word: str) -> tuple[datetime, UUID] | None:
    if not word:
        return None
    at, _, event = word.partition(",")
    try:
        when = datetime.fromisoformat(at)
        place = when, UUID(event)
    except ValueError:
        place = None
    if place is None or place[0].utcoffset() is None:
        raise refuse(NotFound, "no_such_page", "There is no such page of events.", field="after")
    return place


def days_asked(report: Report) -> tuple[str, str]:
    """Return the first and the last local day that a report covers, for its form."""
    last = last_instant(report.before).astimezone(report.zone).date()
    first = report.since.astimezone(report.zone).date() if report.since else last
    return str(first), str(last)

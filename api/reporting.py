"""A report as CSV and as PDF, and the question that an address or a command line asks of one."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.paper import Align, Block, Facts, Grid, Paper, Prose, pdf_of
from api.sheets import csv_text, harmless
from dispatch.appointments.queries import appointments_of
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.reports.headings import Asks, Heading, ReportKind
from dispatch.custody.reports.model import (
    Cell,
    Column,
    ColumnKind,
    Question,
    Report,
    Sources,
    VisitPatient,
    bound_after,
)
from dispatch.custody.reports.service import close_quarters
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import day_bounds, instant, local_day
from dispatch.kernel.quantities import mg_text
from dispatch.kernel.refusals import Invalid, NotFound, refuse
from dispatch.workforce.service import nurse_by_code

# Records are kept for two years (21 CFR 1304.04(a)); three cover them with the year that runs.
MOST_DAYS = 1100
LONGEST_CODE = 40
FIGURES = frozenset({ColumnKind.AMOUNT, ColumnKind.COUNT})


def sources(session: Session, clock: Clock) -> Sources:
    """Return what reports ask besides the ledger: the time, and whose visits they are."""

    def patients(visit_ids: Collection[UUID]) -> Mapping[UUID, VisitPatient]:
        return {
            row.id: VisitPatient(
                patient_id=row.patient_id,
                name=row.patient.name or "",
                reference=row.patient.reference,
                order=row.dose_order_ref or "",
            )
            for row in appointments_of(session, visit_ids)
        }

    return Sources(clock=clock, patients_of_visits=patients)


def question_of(
    heading: Heading,
    area_id: UUID,
    zone: ZoneInfo,
    clock: Clock,
    words: Mapping[str, str],
    nurse_id: UUID | None = None,
) -> Question:
    """Read what is asked: ``from`` and ``to`` (local days, both included) or ``as_of`` (an instant).

    An instant without an offset is read on the area's clock. Nothing said means today, and now.

    Raises
    ------
    Invalid
        ``no_such_day``, ``no_such_instant``, ``days_reversed``, ``too_many_days``, or what
        `local_time.instant` says of a reading that the area's clock skips or shows twice.
    """
    if heading.asks is Asks.INSTANT:
        asked = words.get("as_of", "").strip()
        at = _instant(asked, zone) if asked else clock.now()
        return Question(area_id=area_id, zone=zone, before=bound_after(at), nurse_id=nurse_id)
    today = local_day(clock.now(), zone)
    first = _day(words.get("from", ""), "from", today)
    last = _day(words.get("to", ""), "to", max(first, today) if words.get("from") else today)
    if last < first:
        raise refuse(
            Invalid, "days_reversed", "The last day lies before the first.", field="to",
            way_out="Exchange them.",
        )  # fmt: skip
    if (last - first).days >= MOST_DAYS:
        raise refuse(
            Invalid, "too_many_days", f"A report covers {MOST_DAYS} days at most.", field="from",
            way_out="Ask for a shorter time, or for several reports.",
        )  # fmt: skip
    return Question(
        area_id=area_id,
        zone=zone,
        since=day_bounds(first, zone)[0],
        before=day_bounds(last, zone)[1],
        nurse_id=nurse_id,
    )


def nurse_asked(session: Session, area_id: UUID, code: str) -> UUID | None:
    """Return the id of the nurse whom a code names, None for an empty code.

    Raises
    ------
    NotFound
        ``no_such_nurse``.
    """
    code = code.strip()
    if not code:
        return None
    if len(code) > LONGEST_CODE or not code.isprintable():
        raise refuse(NotFound, "no_such_nurse", "There is no nurse of that code.", field="nurse")
    return nurse_by_code(session, area_id, code).id


def _day(text: str, field: str, otherwise: date) -> date:
    if not text.strip():
        return otherwise
    try:
        day = date.fromisoformat(text.strip()[:20])
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= 2100:
        raise refuse(
            Invalid, "no_such_day", "A day is written as 2026-11-23.", field=field, way_out="Choose a day."
        )
    return day


def _instant(text: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(text[:40])
    except ValueError:
        at = None
    if at is None or not 2000 <= at.year <= 2100:
        raise refuse(
            Invalid, "no_such_instant", "An instant is written as 2026-11-23T18:00.", field="as_of",
            way_out="Choose a day and a time.",
        )  # fmt: skip
    return at if at.utcoffset() is not None else instant(at.date(), at.time(), zone, field="as_of")


def cell_text(column: Column, cell: Cell, zone: ZoneInfo) -> str:
    """Return a cell's value in words: milligrams with three decimals, times on the area's clock."""
    value = cell.value
    if value is None:
        return ""
    if column.kind is ColumnKind.AMOUNT and isinstance(value, int):
        return mg_text(value)
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")
    return str(value)


def csv_of(report: Report) -> str:
    """Write a report as CSV: heads with units, figures exact to the microgram, no formula anywhere."""
    columns = report.body.columns
    rows = [[harmless(column.head) for column in columns]]
    rows += [
        [_csv_cell(column, cell, report.zone) for column, cell in zip(columns, line.cells, strict=True)]
        for line in report.body.lines
    ]
    return csv_text(rows)


def _csv_cell(column: Column, cell: Cell, zone: ZoneInfo) -> str:
    text = cell_text(column, cell, zone)
    # A negative figure begins with a sign and is no formula; only its own column's words can be.
    is_figure = column.kind in FIGURES and isinstance(cell.value, int)
    return text if is_figure else harmless(text)


def csv_sha256(report: Report) -> str:
    """Return the SHA-256 of the report's CSV as it is handed out (UTF-8)."""
    return sha256(csv_of(report).encode()).hexdigest()


def facts_of(report: Report) -> tuple[tuple[str, str], ...]:
    """Return what makes a report a document: whose, when, by which policies, made by whom."""
    made_at = report.made_at.astimezone(report.zone).strftime("%Y-%m-%d %H:%M:%S %Z")
    used = "; ".join(f"{key} {which}" for key, which in report.policies)
    return (
        ("Registrant", report.registrant),
        ("Service area", report.area),
        ("Covers", report.period),
        ("Time zone", report.zone.key),
        ("Policies", used or "none"),
        ("Demanded by", report.heading.citation),
        ("Made by", report.made_by),
        ("Made at", made_at),
        ("Lines", str(len(report.body.lines))),
    )


def pdf_of_report(report: Report) -> bytes:
    """Lay a report out as PDF; the same report gives the same bytes."""
    columns = report.body.columns
    zone = report.zone
    aligns: tuple[Align, ...] = tuple("right" if column.kind in FIGURES else "left" for column in columns)
    grid = Grid(
        heads=tuple(column.head for column in columns),
        rows=tuple(
            tuple(cell_text(column, cell, zone) for column, cell in zip(columns, line.cells, strict=True))
            for line in report.body.lines
        ),
        aligns=aligns,
        sums=tuple(
            cell_text(column, cell, zone) for column, cell in zip(columns, report.body.sums, strict=False)
        ),
        when_empty="Nothing of this kind in this time.",
    )
    digest = csv_sha256(report)
    blocks: list[Block] = [Facts(pairs=(*facts_of(report), ("SHA-256 of the CSV", digest))), grid]
    blocks += [Prose(text=note) for note in report.body.notes]
    return pdf_of(
        Paper(
            title=report.heading.title,
            subtitle=report.heading.shows,
            made_at=report.made_at,
            blocks=tuple(blocks),
            foot=f"SHA-256 of the CSV {digest}",
            wide=True,
        )
    )


def file_name(report: Report, slug: str, form: str) -> str:
    """Return the name under which a report is saved."""
    last = (report.before - timedelta(microseconds=1)).astimezone(report.zone).date()
    first = report.since.astimezone(report.zone).date() if report.since else None
    span = f"{first}-to-{last}" if first and first != last else f"{last}"
    return f"{report.kind.value}-{slug}-{span}.{form}"


def note_reading(
    session: Session,
    report: Report,
    area_id: UUID,
    form: str,
    actor: Actor,
    clock: Clock,
    purpose: str | None = None,
) -> None:
    """Write down that a report was read, for each patient it names where it names any (45 CFR 164.312(b)).

    The transaction that writes this also closes the quarters that are over, so that the next inventory of
    any instant is read from them.
    """
    detail = {"report": report.kind.value, "form": form, "lines": len(report.body.lines)}
    if purpose:
        detail["purpose"] = purpose
    entry = AuditEntry(
        action="custody.read_report", subject_kind="service_area", subject_id=area_id, detail=detail
    )
    record(session, entry, actor, clock)
    for patient_id in sorted(report.body.patients):
        named = AuditEntry(
            action="custody.read_usage", subject_kind="patient", subject_id=patient_id, patient_id=patient_id
        )
        record(session, named, actor, clock)
    if report.kind is ReportKind.PERPETUAL:
        close_quarters(session, clock)

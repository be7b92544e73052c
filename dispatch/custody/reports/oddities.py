"""What an inspector asks about first: overrides, late entries, reversals, exceptions, open cases."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from dispatch.custody.cases import queries as cases
from dispatch.custody.model import nurse_holder
from dispatch.custody.queries.names import account_names, holder_labels
from dispatch.custody.records import ContainerRow, EventRow
from dispatch.custody.reports.figures import ODDITIES
from dispatch.custody.reports.model import (
    Body,
    CasePlace,
    Cell,
    Column,
    EventPlace,
    Line,
    Oddity,
    Question,
    Sources,
    amount_column,
    count_column,
    moment_column,
    text_column,
)
from dispatch.custody.sentences import SENTENCES

EVENT_COLUMNS = (
    moment_column("At"), text_column("Vial"), text_column("Event"), text_column("Holder"),
    amount_column("Amount"), text_column("Signed by"), text_column("Witnessed by"),
)  # fmt: skip
CASE_COLUMNS = (
    moment_column("Discovered"), text_column("Question"), text_column("Category"), text_column("Vial"),
    text_column("Drug"), text_column("Holder"), amount_column("Gap"), text_column("Status"),
    moment_column("Next due"), text_column("What is due"), text_column("Assigned to"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Extra:
    """A column that one of the lists has beside `EVENT_COLUMNS`."""

    column: Column
    says: Callable[[EventRow], Any]


def sentences_of(codes: list[str]) -> str:
    """Return what the rules of these codes say."""
    return " ".join(SENTENCES[code][0] if code in SENTENCES else code.replace("_", " ") for code in codes)


def _late_minutes(event: EventRow) -> int | None:
    if event.device_time is None:
        return None
    return int((event.server_time - event.device_time).total_seconds() // 60)


REASONS = Extra(column=text_column("Rules not met"), says=lambda event: sentences_of(list(event.reasons)))
EXTRAS: dict[Oddity, tuple[Extra, ...]] = {
    Oddity.OVERRIDE: (
        REASONS,
        Extra(column=text_column("Why they went on"), says=lambda event: event.override_reason or ""),
        Extra(column=text_column("On whose word"), says=lambda event: event.override_authority or ""),
    ),
    Oddity.LATE: (
        Extra(column=moment_column("Happened, by the phone"), says=lambda event: event.device_time),
        Extra(column=count_column("Late by", "min"), says=_late_minutes),
    ),
    Oddity.REVERSAL: (Extra(column=text_column("Why"), says=lambda event: event.reason),),
    Oddity.EXCEPTION: (
        REASONS,
        Extra(column=text_column("Drug moved"), says=lambda event: "yes" if event.applied else "no, a claim"),
        Extra(column=text_column("Said at the time"), says=lambda event: event.reason),
    ),
}


def events_with(oddity: Oddity) -> Callable[[Session, Question, Sources], Body]:
    """Return the report that lists the events which are odd in one way."""
    return partial(_events_with, oddity)


def _events_with(oddity: Oddity, session: Session, question: Question, _sources: Sources) -> Body:
    wanted = (
        select(EventRow, ContainerRow.serial)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(
            ContainerRow.area_id == question.area_id,
            EventRow.server_time >= question.since,
            EventRow.server_time < question.before,
            ODDITIES[oddity],
        )
        .order_by(EventRow.server_time, EventRow.id)
    )
    if question.nurse_id is not None:
        own = nurse_holder(question.nurse_id)
        wanted = wanted.where((EventRow.from_holder == own) | (EventRow.to_holder == own))
    rows = session.execute(wanted).all()
    taken_back = _taken_back(session, rows) if oddity is Oddity.REVERSAL else {}
    labels = holder_labels(session, {row[0].to_holder or row[0].from_holder for row in rows})
    people = {each for row in rows for each in (row[0].actor_account_id, row[0].witness_account_id) if each}
    names = account_names(session, people)
    extras = EXTRAS[oddity]
    columns = (*EVENT_COLUMNS, *(each.column for each in extras))
    if oddity is Oddity.REVERSAL:
        columns = (*columns, text_column("Took back"))
    lines = []
    for event, serial in rows:
        place = EventPlace(vial=event.container_id, sequence=event.sequence)
        holder = event.to_holder or event.from_holder
        cells = (
            Cell(value=event.server_time),
            Cell(value=serial, to=place),
            Cell(value=event.kind.replace("_", " ")),
            Cell(value=labels.get(holder, holder)),
            Cell(value=event.amount_ug, to=place if event.amount_ug is not None else None),
            Cell(value=names.get(event.actor_account_id, "")),
            Cell(value=names.get(event.witness_account_id, "") if event.witness_account_id else ""),
            *(Cell(value=each.says(event)) for each in extras),
        )
        if oddity is Oddity.REVERSAL:
            cells = (*cells, taken_back.get(event.supersedes, Cell(value="")))
        lines.append(Line(cells=cells))
    return Body(columns=columns, lines=tuple(lines))


def _taken_back(session: Session, rows: Any) -> dict[Any, Cell]:
    """Return, by its id, each entry that was taken back: which deed, and where it stands."""
    original = aliased(EventRow)
    found = session.scalars(select(original).where(original.id.in_({row[0].supersedes for row in rows})))
    return {
        event.id: Cell(
            value=f"no. {event.sequence}, {event.kind.replace('_', ' ')}",
            to=EventPlace(vial=event.container_id, sequence=event.sequence),
        )
        for event in found
    }


def open_cases(session: Session, question: Question, sources: Sources) -> Body:
    """List the cases that are not resolved, the most urgent first, with the clock that runs (1301.76(b))."""
    found = cases.case_lines(session, sources.clock, cases.Sought(area_id=question.area_id, status="open"))
    lines = []
    for each in found:
        place = CasePlace(case=each.case.opening.case_id)
        due = each.next
        lines.append(
            Line(
                cells=(
                    Cell(value=each.case.opening.discovered_at),
                    Cell(value=each.question, to=place),
                    Cell(value=each.category.value),
                    Cell(value=each.serial),
                    Cell(value=each.product),
                    Cell(value=each.holder),
                    Cell(value=each.gap_ug, to=place if each.gap_ug is not None else None),
                    Cell(value=each.status),
                    Cell(value=due.due_at if due else None),
                    Cell(value=due.duty.name if due else ""),
                    Cell(value=each.assigned_to),
                ),
                odd=each.status == "overdue",
            )
        )
    return Body(columns=CASE_COLUMNS, lines=tuple(lines), notes=("As they stand when the report is made.",))

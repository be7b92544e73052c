"""Reconciliation: what went into a nurse's hands or a vial, and where all of it is."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dispatch.custody.model import LOST, QUARANTINE, RETURNED, SOURCE_OVERFILL, WASTE, nurse_holder
from dispatch.custody.queries.names import holder_labels
from dispatch.custody.records import ContainerRow, CountRow, EventRow, PostingRow
from dispatch.custody.reports.figures import held_after, last_of_its_vial
from dispatch.custody.reports.model import (
    Body,
    Cell,
    Line,
    Measure,
    Oddity,
    Question,
    Sought,
    Sources,
    amount_column,
    count_column,
    sums_of,
    text_column,
)

# Where drug can go from somebody's hands; each is a class of accounts and a column.
WAYS_OUT = (
    ("patient", "Given"), (WASTE, "Wasted"), (RETURNED, "Returned"), (QUARANTINE, "Put aside"),
    (LOST, "Lost"),
)  # fmt: skip
NURSE_COLUMNS = (
    text_column("Nurse"),
    amount_column("Had"),
    count_column("Taken", "vials"),
    amount_column("Taken"),
    amount_column("Overfill used"),
    *(amount_column(name) for _account, name in WAYS_OUT),
    amount_column("Handed on"),
    amount_column("Has"),
    amount_column("Difference"),
    count_column("Counts that differed"),
    count_column("Exceptions"),
)
Figures = dict[str, dict[str, int]]


def nurse_reconciliation(session: Session, question: Question, _sources: Sources) -> Body:
    """Reconcile every nurse: had + taken + overfill = given + wasted + ... + handed on + has.

    The parts are counted apart from each other: what went out by the postings of events on vials that she
    held, what came and stayed by what these vials contained when they changed hands. So a difference is a
    break in the chain of custody and not an artefact (21 CFR 1304.21(a)).
    """
    found = _hands(session, question)
    holders = sorted(found)
    labels = holder_labels(session, holders)
    lines = [
        _nurse_line(question, holder, labels.get(holder, holder), found[holder])
        for holder in sorted(holders, key=lambda holder: labels.get(holder, holder))
    ]
    return Body(
        columns=NURSE_COLUMNS,
        lines=tuple(lines),
        sums=sums_of(NURSE_COLUMNS, lines),
        notes=(
            "Difference = had + taken + overfill used - given - wasted - returned - put aside - lost "
            "- handed on - has; it must be zero. Half of all variances are charting errors: ask first.",
            "Counts that differed: blind counts whose last figure was not the ledger's.",
        ),
    )


def _hands(session: Session, question: Question) -> Figures:
    """Return, by nurse and column, what each nurse's hands saw."""
    giver, taker = EventRow.from_holder, EventRow.to_holder
    found: Figures = defaultdict(lambda: defaultdict(int))

    def note(column: str, rows: Iterable[Any]) -> None:
        for holder, amount in rows:
            if _is_sought(question, holder):
                found[holder][column] += int(amount)

    within = (
        ContainerRow.area_id == question.area_id,
        EventRow.server_time >= question.since,
        EventRow.server_time < question.before,
    )
    for account, name in ((SOURCE_OVERFILL, "Overfill used"), *WAYS_OUT):
        is_it = PostingRow.account == account if ":" in account else PostingRow.account_kind == account
        sign = -1 if account == SOURCE_OVERFILL else 1
        note(
            name, _grouped(session, giver, sign * func.sum(PostingRow.amount_ug), *within, is_it, posted=True)
        )
    moves = giver != taker
    note("Taken", _grouped(session, taker, func.sum(held_after()), *within, moves))
    note("Taken vials", _grouped(session, taker, func.count(), *within, moves))
    note("Handed on", _grouped(session, giver, func.sum(held_after()), *within, moves))
    note("Exceptions", _grouped(session, giver, func.count(), *within, EventRow.exception.is_(True)))
    of_area = ContainerRow.area_id == question.area_id
    for name, instant in (("Had", question.since), ("Has", question.before)):
        newest = (of_area, EventRow.server_time < instant, last_of_its_vial(instant), held_after() > 0)
        note(name, _grouped(session, taker, func.sum(held_after()), *newest))
    for holder, number in _counts_that_differed(session, question).items():
        if _is_sought(question, holder):
            found[holder]["Counts that differed"] = number
    return found


def _is_sought(question: Question, holder: str) -> bool:
    if question.nurse_id is not None:
        return holder == nurse_holder(question.nurse_id)
    return holder.startswith("nurse:")


def _grouped(
    session: Session, by: Any, amount: Any, *where: ColumnElement[bool], posted: bool = False
) -> list[Any]:
    wanted = select(by, amount).join(ContainerRow, ContainerRow.id == EventRow.container_id)
    if posted:
        wanted = wanted.join(PostingRow, PostingRow.event_id == EventRow.id)
    return list(session.execute(wanted.where(*where, by.startswith("nurse:")).group_by(by)).all())


def _counts_that_differed(session: Session, question: Question) -> dict[str, int]:
    """Return, by holder, in how many rounds of blind counts the last figure was not the ledger's."""
    rows = session.execute(
        select(CountRow.round_id, CountRow.holder, CountRow.counted_units, CountRow.expected_units)
        .where(CountRow.at >= question.since, CountRow.at < question.before)
        .order_by(CountRow.round_id, CountRow.attempt)
    )
    last = {row.round_id: row for row in rows}
    found: dict[str, int] = defaultdict(int)
    for row in last.values():
        found[row.holder] += row.counted_units != row.expected_units
    return {holder: number for holder, number in found.items() if number}


def _nurse_line(question: Question, holder: str, label: str, had: dict[str, int]) -> Line:
    span = Sought(since=question.since, before=question.before)
    out = replace(span, measure=Measure.MOVED, giver=holder)
    taken = replace(span, taker=holder, moves_hands=True)
    stands = Sought(measure=Measure.HELD, taker=holder, newest=True)
    difference = had["Had"] + had["Taken"] + had["Overfill used"] - had["Handed on"] - had["Has"]
    difference -= sum(had[name] for _account, name in WAYS_OUT)
    cells = (
        Cell(value=label),
        Cell(value=had["Had"], to=replace(stands, before=question.since)),
        Cell(value=had["Taken vials"], to=taken),
        Cell(value=had["Taken"], to=replace(taken, measure=Measure.HELD)),
        Cell(value=had["Overfill used"], to=replace(out, account=SOURCE_OVERFILL, sign=-1)),
        *(Cell(value=had[name], to=replace(out, account=account)) for account, name in WAYS_OUT),
        Cell(value=had["Handed on"], to=replace(span, measure=Measure.HELD, giver=holder, moves_hands=True)),
        Cell(value=had["Has"], to=replace(stands, before=question.before)),
        Cell(value=difference),
        Cell(value=had["Counts that differed"]),
        Cell(value=had["Exceptions"], to=replace(span, giver=holder, oddity=Oddity.EXCEPTION)),
    )
    odd = bool(difference or had["Counts that differed"] or had["Exceptions"])
    return Line(cells=cells, odd=odd)

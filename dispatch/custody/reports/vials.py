"""Reconciliation of vials: everything a vial held, from its label to the last microgram."""

from collections import defaultdict
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dispatch.custody.model import SOURCE_OVERFILL, SOURCE_PHARMACY, EventKind, nurse_holder
from dispatch.custody.queries.names import account_names, holder_labels
from dispatch.custody.records import ContainerRow, EventRow, LotRow, PostingRow, ProductRow
from dispatch.custody.reports.daybook import place_of_posting
from dispatch.custody.reports.figures import IN_THE_VIAL, last_of_its_vial, reverses
from dispatch.custody.reports.hands import WAYS_OUT
from dispatch.custody.reports.model import (
    Body,
    Cell,
    EventPlace,
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

VIAL_COLUMNS = (
    text_column("Vial"),
    text_column("Drug"),
    text_column("Lot"),
    amount_column("Received"),
    amount_column("Overfill used"),
    amount_column("Drawn"),
    *(amount_column(name) for _account, name in WAYS_OUT),
    amount_column("Left"),
    amount_column("Difference"),
    text_column("State"),
    text_column("Holder"),
    text_column("Witness of the waste"),
    count_column("Exceptions"),
)


def vial_reconciliation(session: Session, question: Question, _sources: Sources) -> Body:
    """Reconcile every vial that was touched in the period, over its whole life up to its end.

    Received + overfill = given + wasted + returned + put aside + lost + left (custody-rules.md, invariant 2).
    """
    touched = (
        select(EventRow.container_id)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(
            ContainerRow.area_id == question.area_id,
            EventRow.server_time >= question.since,
            EventRow.server_time < question.before,
        )
    )
    if question.nurse_id is not None:
        own = nurse_holder(question.nurse_id)
        touched = touched.where(or_(EventRow.from_holder == own, EventRow.to_holder == own))
    before = EventRow.server_time < question.before
    among = EventRow.container_id.in_(touched)
    place = place_of_posting().label("place")
    sums: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for vial, account, kind, amount in session.execute(
        select(
            EventRow.container_id,
            place,
            PostingRow.account_kind,
            func.sum(PostingRow.amount_ug),
        )
        .join(PostingRow, PostingRow.event_id == EventRow.id)
        .where(among, before)
        .group_by(EventRow.container_id, place, PostingRow.account_kind)
    ):
        sums[vial][account] += int(amount)
        sums[vial]["left"] += int(amount) if kind in IN_THE_VIAL else 0
    drawn = or_(EventRow.kind == EventKind.DRAWN.value, reverses((EventKind.DRAWN.value,)))
    for vial, amount in session.execute(
        select(EventRow.container_id, func.sum(PostingRow.amount_ug))
        .join(PostingRow, PostingRow.event_id == EventRow.id)
        .where(among, before, drawn, PostingRow.account_kind == "drawn")
        .group_by(EventRow.container_id)
    ):
        sums[vial]["was drawn"] = int(amount)
    exceptions = dict(
        session.execute(
            select(EventRow.container_id, func.count())
            .where(among, before, EventRow.exception)
            .group_by(EventRow.container_id)
        ).all()
    )
    lines = _vial_lines(session, question, touched, sums, exceptions)
    return Body(
        columns=VIAL_COLUMNS,
        lines=lines,
        sums=sums_of(VIAL_COLUMNS, lines),
        notes=(
            "Over each vial's whole life up to the end of the period. Difference = received + overfill used "
            "- given - wasted - returned - put aside - lost - left; it must be zero.",
        ),
    )


def _vial_lines(
    session: Session,
    question: Question,
    touched: Any,
    sums: dict[UUID, dict[str, int]],
    exceptions: dict[UUID, int],
) -> tuple[Line, ...]:
    rows = session.execute(
        select(EventRow, ContainerRow.serial, ProductRow.name, LotRow.number)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .join(LotRow, LotRow.id == ContainerRow.lot_id)
        .join(ProductRow, ProductRow.id == LotRow.product_id)
        .where(
            EventRow.container_id.in_(touched),
            EventRow.server_time < question.before,
            last_of_its_vial(question.before),
        )
        .order_by(ContainerRow.serial)
    ).all()
    labels = holder_labels(session, {row[0].to_holder for row in rows})
    witnesses = _witnesses(session, question, touched)
    return tuple(
        _vial_line(question, event, serial, drug, lot, sums[event.container_id],
                   labels.get(event.to_holder, event.to_holder), witnesses.get(event.container_id, ""),
                   exceptions.get(event.container_id, 0))
        for event, serial, drug, lot in rows
    )  # fmt: skip


def _witnesses(session: Session, question: Question, touched: Any) -> dict[UUID, str]:
    rows = session.execute(
        select(EventRow.container_id, EventRow.witness_account_id)
        .where(
            EventRow.container_id.in_(touched),
            EventRow.kind == EventKind.WASTED.value,
            EventRow.witness_account_id.is_not(None),
            EventRow.server_time < question.before,
        )
        .order_by(EventRow.sequence)
    ).all()
    names = account_names(session, {row[1] for row in rows if row[1]})
    return {vial: names.get(witness, "") for vial, witness in rows if witness}


def _vial_line(
    question: Question,
    last: EventRow,
    serial: str,
    drug: str,
    lot: str,
    had: dict[str, int],
    holder: str,
    witness: str,
    exceptions: int,
) -> Line:
    vial = last.container_id
    moved = Sought(measure=Measure.MOVED, before=question.before, vial=vial)
    received, overfill = -had[SOURCE_PHARMACY], -had[SOURCE_OVERFILL]
    difference = received + overfill - had["left"] - sum(had[account] for account, _name in WAYS_OUT)
    cells = (
        Cell(value=serial, to=EventPlace(vial=vial)),
        Cell(value=drug),
        Cell(value=lot),
        Cell(value=received, to=replace(moved, account=SOURCE_PHARMACY, sign=-1)),
        Cell(value=overfill, to=replace(moved, account=SOURCE_OVERFILL, sign=-1)),
        Cell(value=had["was drawn"], to=replace(moved, account="drawn", kinds=(EventKind.DRAWN.value,))),
        *(Cell(value=had[account], to=replace(moved, account=account)) for account, _name in WAYS_OUT),
        Cell(value=had["left"], to=replace(moved, measure=Measure.HELD, newest=True)),
        Cell(value=difference),
        Cell(value=last.to_state.replace("_", " ")),
        Cell(value=holder),
        Cell(value=witness),
        Cell(
            value=exceptions,
            to=Sought(before=question.before, vial=vial, oddity=Oddity.EXCEPTION),
        ),
    )
    return Line(cells=cells, odd=bool(difference or exceptions))

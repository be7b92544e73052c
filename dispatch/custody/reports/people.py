"""Whom the drug reached and who saw the rest destroyed: usage by patient, waste pairs."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.custody.model import WASTE, EventKind
from dispatch.custody.queries.names import account_names, holder_labels
from dispatch.custody.records import ContainerRow, EventRow, LotRow, PostingRow, ProductRow
from dispatch.custody.reports.figures import reverses
from dispatch.custody.reports.model import (
    Body,
    Cell,
    Line,
    Measure,
    Oddity,
    Question,
    Sought,
    Sources,
    VisitPatient,
    amount_column,
    count_column,
    moment_column,
    sums_of,
    text_column,
)
from dispatch.custody.reports.stock import strength_of

USAGE_COLUMNS = (
    moment_column("First event"), text_column("Patient"), text_column("Reference"), text_column("Drug"),
    text_column("Form"), text_column("Strength"), text_column("Vials"), amount_column("Drawn"),
    amount_column("Given"), amount_column("Wasted"), text_column("Given by"), text_column("Order"),
    text_column("Witness of the waste"),
)  # fmt: skip
PAIR_COLUMNS = (
    text_column("Wasted by"), text_column("Witnessed by"), count_column("Wastes"), amount_column("Amount"),
    count_column("Of all her wastes", "%"), count_column("Of all the witness's", "%"),
)  # fmt: skip
UNKNOWN = VisitPatient(patient_id=UUID(int=0), name="(no such visit here)", reference="", order="")


@dataclass
class _Usage:
    """What one visit used of one product."""

    product: ProductRow
    first_at: datetime
    sums: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    serials: set[str] = field(default_factory=set)
    givers: set[str] = field(default_factory=set)
    witnesses: set[UUID] = field(default_factory=set)


def usage_by_patient(session: Session, question: Question, sources: Sources) -> Body:
    """Show, by visit, the patient, the drug, what was drawn, given and wasted, by whom, before whom.

    The lines are those of 21 CFR 1304.27, the fullest record the law asks of anybody who administers:
    substance, form, date, patient, given, giver, orderer, disposed, witness. The only report with names;
    who reads it is written down for each patient.
    """
    used = _used(session, question)
    patients = sources.patients_of_visits({visit for visit, _product in used})
    labels = holder_labels(session, {giver for usage in used.values() for giver in usage.givers})
    names = account_names(session, {each for usage in used.values() for each in usage.witnesses})
    lines = [
        _usage_line(question, visit, usage, patients.get(visit, UNKNOWN), labels, names)
        for (visit, _product), usage in sorted(
            used.items(),
            key=lambda item: (patients.get(item[0][0], UNKNOWN).reference, item[1].first_at, str(item[0])),
        )
    ]
    return Body(
        columns=USAGE_COLUMNS,
        lines=tuple(lines),
        sums=sums_of(USAGE_COLUMNS, lines),
        patients=frozenset(each.patient_id for each in patients.values()),
    )


def _used(session: Session, question: Question) -> dict[tuple[UUID, UUID], _Usage]:
    rows = session.execute(
        select(EventRow, ContainerRow.serial, ProductRow, PostingRow.account_kind, PostingRow.amount_ug)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .join(LotRow, LotRow.id == ContainerRow.lot_id)
        .join(ProductRow, ProductRow.id == LotRow.product_id)
        .join(PostingRow, PostingRow.event_id == EventRow.id)
        .where(
            ContainerRow.area_id == question.area_id,
            EventRow.visit_id.is_not(None),
            EventRow.server_time >= question.since,
            EventRow.server_time < question.before,
        )
        .order_by(EventRow.server_time, EventRow.id)
    )
    taken_back = _drawings_taken_back(session, question)
    used: dict[tuple[UUID, UUID], _Usage] = {}
    for event, serial, product, account, amount in rows:
        assert event.visit_id is not None
        usage = used.setdefault(
            (event.visit_id, product.id), _Usage(product=product, first_at=event.server_time)
        )
        usage.serials.add(serial)
        if account == "drawn" and (event.kind == EventKind.DRAWN.value or event.id in taken_back):
            usage.sums["drawn"] += amount
        if account in ("patient", WASTE):
            usage.sums[account] += amount
        if account == "patient" and event.from_holder:
            usage.givers.add(event.from_holder)
        if account == WASTE and event.witness_account_id:
            usage.witnesses.add(event.witness_account_id)
    return used


def _drawings_taken_back(session: Session, question: Question) -> frozenset[UUID]:
    found = session.scalars(
        select(EventRow.id).where(
            reverses((EventKind.DRAWN.value,)),
            EventRow.server_time >= question.since,
            EventRow.server_time < question.before,
        )
    )
    return frozenset(found)


def _usage_line(
    question: Question,
    visit: UUID,
    usage: _Usage,
    patient: VisitPatient,
    labels: dict[str, str],
    names: dict[UUID, str],
) -> Line:
    made_of = Sought(measure=Measure.MOVED, since=question.since, before=question.before, visit=visit)
    product = usage.product
    return Line(
        cells=(
            Cell(value=usage.first_at),
            Cell(value=patient.name),
            Cell(value=patient.reference),
            Cell(value=product.name),
            Cell(value=product.form),
            Cell(value=strength_of(product)),
            Cell(value=", ".join(sorted(usage.serials))),
            Cell(
                value=usage.sums["drawn"],
                to=replace(made_of, account="drawn", kinds=(EventKind.DRAWN.value,), product=product.id),
            ),
            Cell(value=usage.sums["patient"], to=replace(made_of, account="patient", product=product.id)),
            Cell(value=usage.sums[WASTE], to=replace(made_of, account=WASTE, product=product.id)),
            Cell(value=_listed(labels.get(giver, giver) for giver in usage.givers)),
            Cell(value=patient.order),
            Cell(value=_listed(names.get(each, "") for each in usage.witnesses)),
        )
    )


def _listed(several: Iterable[str]) -> str:
    return ", ".join(sorted(several))


def waste_pairs(session: Session, question: Question, _sources: Sources) -> Body:
    """Show who witnesses whose waste. A pair that is nearly always the same is a question, no accusation.

    What was wasted counts even where it was taken back since; a claim moved no drug and is left out.
    """
    rows = session.execute(
        select(
            EventRow.actor_account_id,
            EventRow.witness_account_id,
            func.count(EventRow.id.distinct()),
            func.sum(PostingRow.amount_ug),
        )
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .join(PostingRow, PostingRow.event_id == EventRow.id)
        .where(
            ContainerRow.area_id == question.area_id,
            EventRow.kind == EventKind.WASTED.value,
            EventRow.applied,
            PostingRow.account_kind == WASTE,
            EventRow.server_time >= question.since,
            EventRow.server_time < question.before,
        )
        .group_by(EventRow.actor_account_id, EventRow.witness_account_id)
    ).all()
    of_actor: dict[Any, int] = defaultdict(int)
    of_witness: dict[Any, int] = defaultdict(int)
    for actor, witness, number, _amount in rows:
        of_actor[actor] += number
        of_witness[witness] += number
    names = account_names(session, {each for row in rows for each in row[:2] if each})
    lines = []
    for actor, witness, number, amount in sorted(rows, key=lambda row: (-row[2], str(row[0]), str(row[1]))):
        made_of = Sought(
            measure=Measure.MOVED,
            since=question.since,
            before=question.before,
            account=WASTE,
            kinds=(EventKind.WASTED.value,),
            gross=True,
            actor=actor,
            witness=witness,
            oddity=None if witness else Oddity.UNWITNESSED,
        )
        lines.append(
            Line(
                cells=(
                    Cell(value=names.get(actor, "")),
                    Cell(value=names.get(witness, "") if witness else "nobody"),
                    Cell(value=number, to=replace(made_of, measure=Measure.EVENTS, account="")),
                    Cell(value=int(amount), to=made_of),
                    Cell(value=round(100 * number / of_actor[actor])),
                    Cell(value=round(100 * number / of_witness[witness]) if witness else None),
                ),
                odd=witness is None,
            )
        )
    return Body(columns=PAIR_COLUMNS, lines=tuple(lines))

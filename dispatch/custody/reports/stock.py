"""What is on hand and what came in: perpetual inventory, receipts, inventories that were taken."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.custody.model import SOURCE_PHARMACY, EventKind
from dispatch.custody.queries.names import account_names, holder_labels
from dispatch.custody.records import ContainerRow, EventRow, LotRow, PostingRow, ProductRow
from dispatch.custody.reports.daybook import PLACES_OF_WHOLE_VIALS, Holding, inventory_as_of
from dispatch.custody.reports.model import (
    Body,
    Cell,
    Column,
    ColumnKind,
    InventoryPlace,
    Line,
    Measure,
    Question,
    Sought,
    Sources,
    amount_column,
    bound_after,
    count_column,
    last_instant,
    moment_column,
    sums_of,
    text_column,
)
from dispatch.custody.reports.records import InventoryRow
from dispatch.custody.stock.records import OrderRow
from dispatch.kernel.quantities import mg_text

DRUG_COLUMNS = (text_column("Drug"), text_column("Form"), text_column("Strength"), text_column("Lot"))
EXPIRES = Column(name="Expires", kind=ColumnKind.DAY)
PERPETUAL_COLUMNS = (
    text_column("Place"), *DRUG_COLUMNS, EXPIRES, count_column("Whole vials", "vials"),
    amount_column("Amount"),
)  # fmt: skip
RECEIPT_COLUMNS = (
    moment_column("Received"), text_column("Stock point"), text_column("Invoice"),
    text_column("Supplier"), text_column("Order form"), *DRUG_COLUMNS, EXPIRES,
    count_column("Vials", "vials"), amount_column("Amount"), text_column("Received by"),
)  # fmt: skip
INVENTORY_COLUMNS = (
    Column(name="Day", kind=ColumnKind.DAY), text_column("Business"), text_column("Occasion"),
    text_column("Stock point"), moment_column("As of"), moment_column("Signed"), text_column("Taken by"),
    text_column("Witness"), count_column("Whole vials by the record", "vials"),
    count_column("Counted", "vials"), count_column("Lines that differ"), text_column("SHA-256"),
)  # fmt: skip
# What the classes of accounts are to a reader; the first are on hand, the others are how drug came and went.
PLACES = {
    "open": "In opened vials", "drawn": "In syringes", "returned": "Returned to stock points",
    "quarantine": "Put aside", "patient": "Given to patients", "waste": "Wasted", "lost": "Lost or stolen",
    "source:overfill": "Overfill used (source)", "source:pharmacy": "Received (source)",
}  # fmt: skip
NOT_ON_HAND = frozenset({"patient", "waste", "lost", "source"})


def perpetual_inventory(session: Session, question: Question, _sources: Sources) -> Body:
    """Show what every place held at an instant, by lot; all places together hold nothing.

    Drug only moves between accounts, so the sum over all of them is zero: what was received is either on
    hand or went somewhere that is named (21 CFR 1304.11(a), 1304.21(a)).
    """
    holdings = inventory_as_of(session, last_instant(question.before), question.area_id)
    labels = holder_labels(session, {_holder(each.place) for each in holdings})
    lots = _lots(session, {each.lot_id for each in holdings})
    ordered = sorted(
        holdings,
        key=lambda each: (
            _rank(each.place),
            _called(each.place, labels),
            lots[each.lot_id][0].value,
            str(each.lot_id),
        ),
    )
    lines = [_holding_line(question, each, labels, lots[each.lot_id]) for each in ordered]
    on_hand = sum(each.amount_ug for each in holdings if each.place.partition(":")[0] not in NOT_ON_HAND)
    whole = sum(each.units for each in holdings)
    return Body(
        columns=PERPETUAL_COLUMNS,
        lines=tuple(lines),
        sums=sums_of(PERPETUAL_COLUMNS, lines),
        notes=(
            f"On hand: {mg_text(on_hand)} mg, of which {whole} whole vials at stock points, with nurses "
            "and returned.",
            "Sources count what came in as negative, so the sum of all places must be zero.",
        ),
    )


def _holder(place: str) -> str:
    return place.partition(":")[2] if place.startswith("custody:") else ""


def _rank(place: str) -> int:
    if place.startswith("custody:"):
        return 0 if place.startswith("custody:pharmacy:") else 1
    return 2 + list(PLACES).index(place) if place in PLACES else 99


def _called(place: str, labels: dict[str, str]) -> str:
    if place.startswith("custody:"):
        holder = _holder(place)
        kind = "Stock point" if holder.startswith("pharmacy:") else "Nurse"
        return f"{kind} {labels.get(holder, holder)}"
    return PLACES.get(place, place)


def _lots(session: Session, lot_ids: set[UUID]) -> dict[UUID, tuple[Cell, ...]]:
    """Return what stands in `DRUG_COLUMNS` and `EXPIRES` of each lot (1304.11(e): form, units, strength)."""
    rows = session.execute(
        select(LotRow, ProductRow)
        .join(ProductRow, ProductRow.id == LotRow.product_id)
        .where(LotRow.id.in_(lot_ids))
    )
    return {
        lot.id: (
            Cell(value=product.name),
            Cell(value=product.form),
            Cell(value=strength_of(product)),
            Cell(value=lot.number),
            Cell(value=lot.expires_on),
        )
        for lot, product in rows
    }


def strength_of(product: ProductRow) -> str:
    """Return a product's strength as on its label: concentration and amount a container."""
    return f"{mg_text(product.concentration_ug_per_ml)} mg/mL, {mg_text(product.label_ug)} mg a container"


def _holding_line(
    question: Question, holding: Holding, labels: dict[str, str], lot: tuple[Cell, ...]
) -> Line:
    made_of = Sought(measure=Measure.MOVED, before=question.before, account=holding.place, lot=holding.lot_id)
    whole = holding.place.partition(":")[0] in PLACES_OF_WHOLE_VIALS
    units = (
        Cell(value=holding.units, to=replace(made_of, measure=Measure.UNITS)) if whole else Cell(value=None)
    )
    cells = (
        Cell(value=_called(holding.place, labels)), *lot, units, Cell(value=holding.amount_ug, to=made_of),
    )  # fmt: skip
    return Line(cells=cells)


def receipts(session: Session, question: Question, _sources: Sources) -> Body:
    """Show every delivery: date, invoice, drug, form, units, who received it (21 CFR 1304.22(a)(2)(iv))."""
    rows = session.execute(
        select(
            EventRow,
            ContainerRow.lot_id,
            ContainerRow.order_id,
            func.coalesce(func.sum(PostingRow.amount_ug), 0),
        )
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .outerjoin(PostingRow, (PostingRow.event_id == EventRow.id) & (PostingRow.amount_ug > 0))
        .where(
            ContainerRow.area_id == question.area_id,
            EventRow.kind == EventKind.RECEIVED.value,
            EventRow.server_time >= question.since,
            EventRow.server_time < question.before,
        )
        .group_by(EventRow.id, ContainerRow.lot_id, ContainerRow.order_id)
        .order_by(EventRow.server_time, EventRow.id)
    ).all()
    deliveries: dict[tuple[Any, ...], list[tuple[EventRow, int]]] = {}
    for event, lot, order, amount in rows:
        key = (event.server_time, event.to_holder, _invoice(event), lot, event.actor_account_id, order)
        deliveries.setdefault(key, []).append((event, int(amount)))
    lots = _lots(session, {key[3] for key in deliveries})
    labels = holder_labels(session, {key[1] for key in deliveries})
    names = account_names(session, {key[4] for key in deliveries})
    asked = select(OrderRow).where(OrderRow.id.in_({key[5] for key in deliveries if key[5]}))
    orders = {row.id: row for row in session.scalars(asked)}
    lines = []
    for (at, holder, invoice, lot, account, order), several in deliveries.items():
        made_of = Sought(
            since=at,
            before=bound_after(at),
            kinds=(EventKind.RECEIVED.value,),
            taker=holder,
            lot=lot,
            actor=account,
        )
        lines.append(
            Line(
                cells=(
                    Cell(value=at),
                    Cell(value=labels.get(holder, holder)),
                    Cell(value=invoice),
                    Cell(value=orders[order].supplier if order in orders else ""),
                    Cell(value=orders[order].reference if order in orders else ""),
                    *lots[lot],
                    Cell(value=len(several), to=made_of),
                    Cell(
                        value=sum(amount for _event, amount in several),
                        to=replace(made_of, measure=Measure.MOVED, account=SOURCE_PHARMACY, sign=-1),
                    ),
                    Cell(value=names.get(account, "")),
                ),
                odd=not invoice or any(event.exception for event, _amount in several),
            )
        )
    return Body(columns=RECEIPT_COLUMNS, lines=tuple(lines), sums=sums_of(RECEIPT_COLUMNS, lines))


def _invoice(event: EventRow) -> str:
    return str(event.standing.get("snapshot", {}).get("invoice", ""))


def inventories_taken(session: Session, question: Question, _sources: Sources) -> Body:
    """List the inventories of the period; each leads to itself as it was signed (21 CFR 1304.11(b), (c))."""
    rows = session.execute(
        select(InventoryRow, PharmacyRow.code)
        .join(PharmacyRow, PharmacyRow.id == InventoryRow.pharmacy_id)
        .where(
            InventoryRow.area_id == question.area_id,
            InventoryRow.taken_at >= question.since,
            InventoryRow.taken_at < question.before,
        )
        .order_by(InventoryRow.taken_at)
    ).all()
    people = {each for row, _code in rows for each in (row.taken_by, row.witnessed_by) if each}
    names = account_names(session, people)
    lines = []
    for row, code in rows:
        entries = row.lines["lines"]
        to = InventoryPlace(inventory=row.id)
        differ = sum(each["counted_units"] not in (None, each["units"]) for each in entries)
        lines.append(
            Line(
                cells=(
                    Cell(value=row.day, to=to),
                    Cell(value=row.business),
                    Cell(value=row.occasion.replace("_", " ")),
                    Cell(value=code),
                    Cell(value=row.as_of),
                    Cell(value=row.taken_at),
                    Cell(value=names.get(row.taken_by, "")),
                    Cell(value=names.get(row.witnessed_by, "") if row.witnessed_by else ""),
                    Cell(value=sum(each["units"] for each in entries), to=to),
                    Cell(value=sum(each["counted_units"] or 0 for each in entries), to=to),
                    Cell(value=differ, to=to),
                    Cell(value=row.inventory_hash.hex()),
                ),
                odd=bool(differ),
            )
        )
    return Body(
        columns=INVENTORY_COLUMNS,
        lines=tuple(lines),
        notes=("An inventory is due on or before two years after the last one (21 CFR 1304.11(c)).",),
    )

"""Orders: placed with a supplier, dispensed by it, counted and received."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.canonical import stated_bytes
from dispatch.custody.ledger import write_event
from dispatch.custody.loading import all_locked, moment_of, pharmacy, vial_of
from dispatch.custody.model import NOBODY, Basis, EventKind, Receipt, State, pharmacy_holder
from dispatch.custody.receipts import already_written, open_case
from dispatch.custody.records import ContainerRow, ProductRow
from dispatch.custody.sentences import reason
from dispatch.custody.service.lots import lot_of, new_container, product_of
from dispatch.custody.service.signers import signer_of
from dispatch.custody.stock.commands import DispenseOrder, PlaceOrder, ReceiveOrder
from dispatch.custody.stock.records import OrderRow
from dispatch.custody.stock.rules import decide_arrival, decide_dispense
from dispatch.custody.stock.writing import KEEPERS, at_stock, keep
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Reason, refuse

MOST_UNITS = 1000


def place_order(session: Session, command: PlaceOrder, actor: Actor, clock: Clock) -> OrderRow:
    """Order vials from a supplier; sent again with the same content it is the same order."""
    actor.require(KEEPERS)
    place = pharmacy(session, command.pharmacy_id)
    product = product_of(session, command.product_code)
    told = {
        "area_id": place.area_id,
        "pharmacy_id": place.id,
        "product_id": product.id,
        "units": command.units,
        "basis": command.basis.value,
        "supplier": command.supplier,
        "reference": command.reference,
    }
    known = session.get(OrderRow, command.order_id)
    if known is not None:
        if any(getattr(known, name) != value for name, value in told.items()):
            raise Conflict([reason("event_id_reused", "order_id")])
        return known
    moment = moment_of(session, place.area_id, clock, where={"state": place.state})
    wrong: list[Reason] = []
    if not 0 < command.units <= MOST_UNITS:
        wrong.append(reason("units_not_plausible", "units"))
    if command.basis not in moment.policy["custody.basis"]["allowed"]:
        wrong.append(reason("basis_not_allowed", "basis"))
    if wrong:
        raise Invalid(wrong)
    ordered_by = signer_of(session, actor).account_id
    row = OrderRow(id=command.order_id, ordered_by=ordered_by, at=clock.now(), **told)
    session.add(row)
    session.flush()
    keep(session, "order", row.id, told | {"ordered_by": ordered_by, "at": row.at})
    entry = AuditEntry(action="custody.order", subject_kind="order", subject_id=row.id)
    record(session, entry, actor, clock)
    return row


def dispense_order(
    session: Session, command: DispenseOrder, actor: Actor, clock: Clock
) -> tuple[Receipt, ...]:
    """Enter the supplier's list: which vials are on their way. They are nobody's here until received."""
    actor.require(KEEPERS)
    order, place = _order(session, command.order_id)
    signer = signer_of(session, actor)
    moment = moment_of(session, place.area_id, clock)
    said = [stated_bytes(EventKind.DISPENSED, signer.account_id, command, vial) for vial in command.vials]
    before = [
        already_written(session, vial.event_id, stated, None, actor, clock)
        for vial, stated in zip(command.vials, said, strict=True)
    ]
    if any(before):
        return _all_or_refuse(before)
    listed = select(func.count()).select_from(ContainerRow).where(ContainerRow.order_id == order.id)
    if (session.scalar(listed) or 0) + len(command.vials) > order.units:
        raise Conflict([reason("more_than_ordered", "vials")])
    product = session.get_one(ProductRow, order.product_id)
    lot = lot_of(session, product, command.lot_number, command.expires_on)
    receipts = []
    for vial, stated in zip(command.vials, said, strict=True):
        row = new_container(session, place, lot, vial, Basis(order.basis), order.id)
        writing = at_stock(
            vial.event_id, stated, actor, signer, moment, place, row, vial.seal, command.invoice
        )
        receipts.append(write_event(session, row, decide_dispense(vial_of(session, row)), writing, clock))
    return tuple(receipts)


def receive_order(session: Session, command: ReceiveOrder, actor: Actor, clock: Clock) -> tuple[Receipt, ...]:
    """Count and take in what came of an order; a listed vial that did not come opens a case each.

    21 CFR 1304.22(a)(2), 1305.13(e): the number of units received and the date of receipt.
    """
    actor.require((Role.PHARMACIST,))
    order, place = _order(session, command.order_id)
    signer = signer_of(session, actor)
    moment = moment_of(session, place.area_id, clock)
    rows = all_locked(session, [vial.container_id for vial in command.vials])
    said = [stated_bytes(EventKind.RECEIVED, signer.account_id, command, vial) for vial in command.vials]
    before = [
        already_written(session, vial.event_id, stated, None, actor, clock)
        for vial, stated in zip(command.vials, said, strict=True)
    ]
    if any(before):
        return _all_or_refuse(before)
    _refuse_strangers(order, rows, command)
    receipts = []
    for vial, stated in zip(command.vials, said, strict=True):
        row = rows[vial.container_id]
        decision = decide_arrival(vial_of(session, row), pharmacy_holder(place.id), vial.seal)
        writing = at_stock(
            vial.event_id, stated, actor, signer, moment, place, row, vial.seal, command.invoice
        )
        receipts.append(write_event(session, row, decision, writing, clock))
    missing = session.scalars(
        select(ContainerRow).where(
            ContainerRow.order_id == order.id,
            ContainerRow.state == State.DISPENSED.value,
            ContainerRow.holder == NOBODY,
        )
    )
    for row in missing:
        detail = {"order": str(order.id), "supplier": order.supplier, "counted_units": command.counted_units}
        open_case(
            session, row.area_id, "not_received", row.id, None, actor, clock, detail,
            expected_ug=row.label_ug, found_ug=0,
        )  # fmt: skip
    return tuple(receipts)


def _order(session: Session, order_id: UUID) -> tuple[OrderRow, PharmacyRow]:
    row = session.get(OrderRow, order_id)
    if row is None:
        raise refuse(NotFound, "no_such_order", "There is no such order.", field="order_id")
    # One list at a time: a repeat that overtakes the first one waits and gets its receipts.
    session.execute(
        select(PharmacyRow.id).where(PharmacyRow.id == row.pharmacy_id).with_for_update(key_share=True)
    )
    return row, pharmacy(session, row.pharmacy_id)


def _refuse_strangers(order: OrderRow, rows: dict[UUID, ContainerRow], command: ReceiveOrder) -> None:
    wrong = [
        reason("not_of_this_order", f"vials[{place}]")
        for place, vial in enumerate(command.vials)
        if not _waits(rows[vial.container_id], order)
    ]
    if command.counted_units != len(command.vials):
        wrong.append(reason("count_differs", "counted_units"))
    if wrong:
        raise Conflict(wrong)


def _waits(row: ContainerRow, order: OrderRow) -> bool:
    return row.order_id == order.id and row.state == State.DISPENSED and row.holder == NOBODY


def _all_or_refuse(before: Sequence[Receipt | None]) -> tuple[Receipt, ...]:
    known = tuple(receipt for receipt in before if receipt is not None)
    if len(known) < len(before):
        raise Conflict([reason("list_changed", "vials")])
    return known

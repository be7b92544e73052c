"""Products, lots and new containers, as deliveries and orders name them."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.custody.commands import NewVial
from dispatch.custody.model import NOBODY, Basis, State
from dispatch.custody.records import ContainerRow, LotRow, ProductRow
from dispatch.custody.sentences import reason
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, refuse


def product_of(session: Session, code: str) -> ProductRow:
    """Return the product of that code, or refuse with `NotFound`."""
    product = session.scalar(select(ProductRow).where(ProductRow.code == code))
    if product is None:
        raise refuse(NotFound, "no_such_product", "There is no such product.", field="product_code")
    return product


def lot_of(session: Session, product: ProductRow, number: str, expires_on: date) -> LotRow:
    """Return the product's lot of that number, new where nobody named it before; one lot, one expiry."""
    known = session.scalar(select(LotRow).where(LotRow.product_id == product.id, LotRow.number == number))
    if known is None:
        known = LotRow(
            id=new_id(), product_id=product.id, product=product, number=number, expires_on=expires_on
        )
        session.add(known)
        session.flush()
    elif known.expires_on != expires_on:
        raise refuse(
            Conflict,
            "lot_expiry_differs",
            "This lot is in the ledger with another expiry date.",
            field="expires_on",
            way_out="Compare the label with the record.",
        )
    return known


def new_container(
    session: Session,
    place: PharmacyRow,
    lot: LotRow,
    vial: NewVial,
    basis: Basis,
    order_id: UUID | None = None,
) -> ContainerRow:
    """Add a container without history; refuse one without a seal, or whose serial number is known."""
    if not vial.seal:
        raise Invalid([reason("seal_missing", "vials.seal")])
    if session.scalar(select(ContainerRow.id).where(ContainerRow.serial == vial.serial)):
        raise refuse(
            Conflict,
            "serial_known",
            f"Vial {vial.serial} is in the ledger already.",
            field="vials.serial",
            way_out="Check the serial number; report a discrepancy if two vials bear it.",
        )
    row = ContainerRow(
        id=new_id(),
        area_id=place.area_id,
        pharmacy_id=place.id,
        lot_id=lot.id,
        lot=lot,
        serial=vial.serial,
        label_ug=lot.product.label_ug,
        overfill_cap_ug=lot.product.label_ug * lot.product.overfill_percent // 100,
        basis=basis.value,
        seal=vial.seal,
        order_id=order_id,
        state=State.ORDERED.value,
        holder=NOBODY,
        sequence=0,
    )
    session.add(row)
    session.flush()
    return row

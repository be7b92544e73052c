"""The demo's drug: one product, delivered to every pharmacy before the first shift."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.custody.commands import NewProduct, NewVial, ReceiveAtPharmacy
from dispatch.custody.model import Basis, Receipt, Verdict
from dispatch.custody.service import receive_at_pharmacy, register_product
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id

PRODUCT = NewProduct(
    code="KET-50-2",
    name="Ketamine 50 mg/mL, 2 mL vial",
    form="vial",
    concentration_ug_per_ml=50_000,
    label_ug=100_000,
    overfill_percent=5,
    gtin="00312345678906",  # invented, of a valid check digit
)
SHELF_LIFE = timedelta(days=420)


class NotAsPlayed(RuntimeError):
    """A service judged the demo's morning otherwise than its script: a fault in the demo."""


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A sealed vial at a pharmacy or in a box."""

    container_id: UUID
    seal: str


def require_stored(receipt: Receipt) -> None:
    """Raise `NotAsPlayed` when the ledger found something odd about an event of the demo."""
    if receipt.verdict is not Verdict.STORED:
        raise NotAsPlayed(f"{receipt.kind}: {receipt.verdict}: {', '.join(receipt.reasons)}")


def deliver(
    session: Session, units: Mapping[UUID, int], day: date, pharmacist: Actor, clock: SetClock
) -> dict[UUID, list[Shelf]]:
    """Bring so many vials to each pharmacy and return them, sealed, on their shelves."""
    register_product(session, PRODUCT, pharmacist, clock)
    shelves: dict[UUID, list[Shelf]] = {}
    for number, (pharmacy_id, count) in enumerate(units.items(), start=1):
        vials = [
            NewVial(event_id=new_id(), serial=f"HC{number}{index:04}", seal=f"S{number}-{7000 + 13 * index}")
            for index in range(1, count + 1)
        ]
        delivery = ReceiveAtPharmacy(
            pharmacy_id=pharmacy_id,
            product_code=PRODUCT.code,
            lot_number=f"KT{day:%y%m}{number}",
            expires_on=day + SHELF_LIFE,
            basis=Basis.REGISTRANT_STOCK,
            vials=tuple(vials),
            invoice=f"INV-{day:%Y%m%d}-{number}",
        )
        receipts = receive_at_pharmacy(session, delivery, pharmacist, clock)
        for receipt in receipts:
            require_stored(receipt)
        shelves[pharmacy_id] = [
            Shelf(container_id=receipt.container_id, seal=vial.seal)
            for receipt, vial in zip(receipts, vials, strict=True)
        ]
    return shelves

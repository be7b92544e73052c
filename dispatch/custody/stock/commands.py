"""What a pharmacy and compliance ask of stock: one frozen value a deed."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from dispatch.custody.commands import NewVial, VialDeed
from dispatch.custody.model import Basis, EventKind, WasteMethod
from dispatch.identity.model import ProofOfIdentity


@dataclass(frozen=True, kw_only=True)
class PlaceOrder:
    """Vials are ordered from a supplier, for stock or for a patient.

    `reference` is the number of the DEA 222 form, CSOS order or prescription (21 CFR 1305.13, 1306.05).
    """

    order_id: UUID
    pharmacy_id: UUID
    product_code: str
    units: int
    basis: Basis
    supplier: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class DispenseOrder:
    """The supplier's list for an order: which vials, of which lot, are on their way."""

    order_id: UUID
    lot_number: str
    expires_on: date
    vials: tuple[NewVial, ...]
    invoice: str = ""


@dataclass(frozen=True, kw_only=True)
class ArrivedVial:
    """A vial of the supplier's list as it arrived, with the seal that was read off it."""

    event_id: UUID
    container_id: UUID
    seal: str


@dataclass(frozen=True, kw_only=True)
class ReceiveOrder:
    """What came of an order is counted and taken into stock; what is listed and did not come is missing."""

    order_id: UUID
    vials: tuple[ArrivedVial, ...]
    counted_units: int
    invoice: str = ""


@dataclass(frozen=True, kw_only=True)
class SetAside(VialDeed):
    """A sealed vial is taken out of stock: `kind` is quarantined or expired."""

    kind: EventKind


@dataclass(frozen=True, kw_only=True)
class Restock(VialDeed):
    """A returned vial of the registrant's own stock goes back on the shelf, its seal unbroken."""

    seal: str


@dataclass(frozen=True, kw_only=True)
class Destroy(VialDeed):
    """Drug that was put aside is made non-retrievable before two people (21 CFR 1317.90, 1317.95)."""

    method: WasteMethod


@dataclass(frozen=True, kw_only=True)
class RecallLot:
    """A lot is recalled: each vial of it, wherever it is. `proof` is fresh, of whoever recalls it."""

    recall_id: UUID
    lot_id: UUID
    reference: str
    reason: str
    proof: ProofOfIdentity | None = None

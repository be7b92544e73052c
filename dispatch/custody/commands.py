"""What a person asks the ledger to record: one frozen value a deed.

The client chooses `event_id` (UUIDv7) and sends the same one again when it is not sure of the answer.
`standing`, `proof` and `witness` are made by the web floor, never taken from the request's body.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from dispatch.custody.model import (
    Basis,
    DeviceStamp,
    EventKind,
    Override,
    Standing,
    WasteMethod,
)
from dispatch.custody.witnessing import WitnessKind
from dispatch.identity.model import ProofOfIdentity


@dataclass(frozen=True, kw_only=True)
class NewProduct:
    """A drug in one form and strength.

    `overfill_percent` caps what a vial holds above its label; None where policy says it.
    `gtin` is the number on its package, 8 to 14 digits, by which a scan finds the product.
    """

    code: str
    name: str
    form: str
    concentration_ug_per_ml: int
    label_ug: int
    overfill_percent: int | None = None
    gtin: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewVial:
    """A vial that arrives at the pharmacy."""

    event_id: UUID
    serial: str
    seal: str


@dataclass(frozen=True, kw_only=True)
class ReceiveAtPharmacy:
    """Vials of one lot arrive at a stock point. `invoice` names the delivery (21 CFR 1304.22(a))."""

    pharmacy_id: UUID
    product_code: str
    lot_number: str
    expires_on: date
    basis: Basis
    vials: tuple[NewVial, ...]
    invoice: str = ""


@dataclass(frozen=True, kw_only=True)
class ListedVial:
    """A vial on a list that is signed as a whole, with the seal that was read off it."""

    event_id: UUID
    container_id: UUID
    seal: str = ""
    stamp: DeviceStamp | None = None


@dataclass(frozen=True, kw_only=True)
class PickUp:
    """A nurse takes sealed vials from the pharmacy; nurse (`proof`) and pharmacist (`witness`) sign.

    `pickup_id` names the list as a whole: the proofs of identity are made for it.
    """

    pickup_id: UUID
    pharmacy_id: UUID
    vials: tuple[ListedVial, ...]
    counted_units: int
    standing: Standing
    proof: ProofOfIdentity | None
    witness: ProofOfIdentity | None


@dataclass(frozen=True, kw_only=True)
class VialDeed:
    """What every deed on one vial says.

    Attributes
    ----------
    proof, witness
        The actor's and the witness's fresh proof of identity; None where nobody gave one.
    witness_licensed
        Whether a nurse who witnesses is licensed there now, as the web floor looked it up.
    place
        A code such as ``visit`` or ``pharmacy:COL-2``; never an address.
    """

    event_id: UUID
    container_id: UUID
    standing: Standing
    stamp: DeviceStamp | None = None
    proof: ProofOfIdentity | None = None
    witness: ProofOfIdentity | None = None
    witness_licensed: bool | None = None
    place: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SetOut(VialDeed):
    """The nurse leaves the pharmacy with the sealed vial."""


@dataclass(frozen=True, kw_only=True)
class OfferHandOff(VialDeed):
    """The holder offers a sealed vial to another nurse; it stays the holder's until accepted."""

    to_nurse_id: UUID
    seal: str


@dataclass(frozen=True, kw_only=True)
class AcceptHandOff(VialDeed):
    """The receiver takes an offered vial and reads its seal."""

    seal: str


@dataclass(frozen=True, kw_only=True)
class DeclineHandOff(VialDeed):
    """The receiver does not take an offered vial."""


@dataclass(frozen=True, kw_only=True)
class OpenContainer(VialDeed):
    """The seal is read, compared and broken."""

    seal: str
    visit_id: UUID | None = None
    override: Override | None = None


@dataclass(frozen=True, kw_only=True)
class Draw(VialDeed):
    """Drug is drawn up for a visit. `order_ceiling_ug` is the most the order allows at that visit."""

    visit_id: UUID
    amount_ug: int
    order_ceiling_ug: int
    override: Override | None = None


@dataclass(frozen=True, kw_only=True)
class Administer(VialDeed):
    """Drawn-up drug was given. `completes` is False while the infusion goes on.

    `presence`: how the prescriber was there, one of policy ``custody.presence``.
    """

    visit_id: UUID
    amount_ug: int
    completes: bool = True
    presence: str = ""


@dataclass(frozen=True, kw_only=True)
class WasteResidual(VialDeed):
    """Leftover drug was destroyed: the measured amount, how, and before whom.

    `companion` says who of the patient's saw it, as a relation (``spouse``), never as a name.
    """

    amount_ug: int
    method: WasteMethod
    visit_id: UUID | None = None
    witness_kind: WitnessKind = WitnessKind.PRESENT
    companion: str = ""


@dataclass(frozen=True, kw_only=True)
class ReturnUnopened(VialDeed):
    """A sealed vial goes back to a pharmacy, where the pharmacist signs for it (`witness`)."""

    pharmacy_id: UUID
    seal: str


@dataclass(frozen=True, kw_only=True)
class ReportException(VialDeed):
    """A vial broke, is lost, was stolen, or its seal is wrong."""

    kind: EventKind


@dataclass(frozen=True, kw_only=True)
class Reconcile(VialDeed):
    """Compliance has checked a finished vial; nothing but a reversal may follow (invariant 6)."""


@dataclass(frozen=True, kw_only=True)
class Reverse(VialDeed):
    """Take back an entry whole. `proof` and `witness` are the two approvers; the entry stays in sight."""

    reverses: UUID


@dataclass(frozen=True, kw_only=True)
class Correct(Reverse):
    """Take back an entry and enter it anew with another amount, as one deed.

    `corrected_event_id` (client's UUIDv7) names the new entry.
    """

    corrected_event_id: UUID
    amount_ug: int


@dataclass(frozen=True, kw_only=True)
class BlindCount:
    """The number of sealed vials somebody counted, before seeing what the ledger expects.

    `round_id` (client's UUIDv7) ties a second count to the first; `product_id` None counts all.
    """

    count_id: UUID
    round_id: UUID
    holder: str
    counted_units: int
    product_id: UUID | None = None

"""What every event and every kept row of a stock point has in common."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.custody.canonical import canonical_bytes, text_commitment
from dispatch.custody.ledger import Writing
from dispatch.custody.log import service as log
from dispatch.custody.model import Moment
from dispatch.custody.records import ContainerRow
from dispatch.custody.service.pharmacy import AT_THE_PHARMACY
from dispatch.custody.service.signers import Signer
from dispatch.custody.stock.records import RecallRow
from dispatch.identity.model import ProofOfIdentity
from dispatch.kernel.actor import Actor, Role

RECALL = "recall"
KEEPERS = (Role.PHARMACIST, Role.COMPLIANCE)


def at_stock(
    event_id: UUID,
    stated: bytes,
    actor: Actor,
    signer: Signer,
    moment: Moment,
    place: PharmacyRow,
    row: ContainerRow,
    seal: str,
    invoice: str,
    proof: ProofOfIdentity | None = None,
) -> Writing:
    """Return what an event at a stock point says besides its decision; the whole vial is its amount."""
    return Writing(
        event_id=event_id,
        stated=stated,
        actor=actor,
        account_id=signer.account_id,
        person_ref=signer.person_ref,
        moment=moment,
        standing=AT_THE_PHARMACY,
        proof=proof,
        old_seal=row.seal,
        new_seal=seal,
        place=f"pharmacy:{place.code}",
        amount_ug=row.label_ug,
        more={"invoice": invoice} if invoice else {},
    )


def recall_bytes(row: RecallRow) -> bytes:
    """Return the canonical bytes of a recall, made anew from its row; of its reason a salted digest."""
    told: dict[str, object] = {
        name: getattr(row, name) for name in ("id", "lot_id", "reference", "recalled_by", "at")
    }
    if row.text_salt is None:  # form 1 told it as typed
        return canonical_bytes({"v": 1, "kind": RECALL, "reason": row.reason} | told)
    sealed = text_commitment(row.text_salt, "reason", row.reason)
    return canonical_bytes({"v": 2, "kind": RECALL, "reason_commitment": sealed} | told)


def keep(session: Session, kind: str, entry_id: UUID, told: Mapping[str, object]) -> None:
    """Put an append-only row into the log by its own canonical bytes."""
    log.append(session, kind, entry_id, canonical_bytes({"v": 1, "kind": kind, "id": entry_id} | dict(told)))

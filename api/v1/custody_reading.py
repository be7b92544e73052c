"""What every deed of the custody API reads from its request, and how each is answered."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api import proofs
from api.actor import actor, clock, keep_although_refused
from api.db import current_session
from api.problems import problem
from api.v1 import custody_schemas as forms
from dispatch.custody.model import DeviceStamp, Override, Receipt, Standing, Verdict
from dispatch.custody.sentences import reasons as sentences
from dispatch.identity.model import ProofOfIdentity
from dispatch.kernel.actor import Actor
from dispatch.kernel.refusals import Conflict
from dispatch.visits import standing

# A pharmacist or compliance acts for the registrant at a desk; no visit's state is concerned.
AT_A_DESK = Standing(licensed=True, on_shift=True, snapshot={"at": "desk"})


def both_proofs(
    sent: dict[str, Any], event_id: UUID
) -> tuple[ProofOfIdentity | None, ProofOfIdentity | None]:
    """Return the actor's and the witness's proofs of identity, None where none was sent."""
    return _proof(sent, "proof", event_id)[1], _proof(sent, "witness_proof", event_id)[1]


def _proof(sent: dict[str, Any], name: str, event_id: UUID) -> tuple[Actor | None, ProofOfIdentity | None]:
    return proofs.read(sent[name], event_id, name) if name in sent else (None, None)


def said(sent: dict[str, Any], container_id: UUID, where: Standing) -> dict[str, Any]:
    """Gather what every deed on one vial says."""
    event_id = sent["event_id"]
    witness, seen = _proof(sent, "witness_proof", event_id)
    return {
        "event_id": event_id,
        "container_id": container_id,
        "standing": where,
        "stamp": _stamp(sent),
        "proof": _proof(sent, "proof", event_id)[1],
        "witness": seen,
        "witness_licensed": standing.witness_is_licensed(current_session(), witness, where, clock()),
        "reason": sent["reason"],
    }


def _stamp(sent: dict[str, Any]) -> DeviceStamp | None:
    device_id = actor().device_id
    if device_id is None or "device_seq" not in sent or "device_time" not in sent:
        return None
    return DeviceStamp(device_id=device_id, device_seq=sent["device_seq"], device_time=sent["device_time"])


def at_visit(sent: dict[str, Any], container_id: UUID) -> dict[str, Any]:
    """Gather what a deed at a visit says; the visit has to be the actor's own."""
    seen = standing.standing_at_visit(current_session(), sent["visit_id"], actor(), clock())
    return said(sent, container_id, seen) | {"visit_id": sent["visit_id"], "place": "visit"}


def in_area(sent: dict[str, Any], container_id: UUID) -> dict[str, Any]:
    """Gather what a deed says that is tied to no visit."""
    seen = standing.standing_in_area(current_session(), actor(), clock())
    return said(sent, container_id, seen)


def at_pharmacy(sent: dict[str, Any], container_id: UUID) -> dict[str, Any]:
    """Gather what a deed at a stock point says."""
    seen = standing.standing_at_pharmacy(current_session(), sent["pharmacy_id"], actor(), clock())
    return said(sent, container_id, seen) | {"pharmacy_id": sent["pharmacy_id"], "place": "pharmacy"}


def at_desk(sent: dict[str, Any], container_id: UUID) -> dict[str, Any]:
    """Gather what a deed of a pharmacist or of compliance says."""
    return said(sent, container_id, AT_A_DESK)


def override(sent: dict[str, Any]) -> Override | None:
    """Return the recorded override, where there is one."""
    return Override(**sent["override"]) if "override" in sent else None


def answer(receipts: Sequence[Receipt]) -> Response:
    """Answer with the receipts; a claim or a reused id is kept, and answered 409."""
    odd = [each for each in receipts if each.verdict in {Verdict.CLAIM, Verdict.ID_REUSED}]
    shown = forms.CustodyReceiptSchema(many=True).dump([_shown(each) for each in receipts])
    if odd:
        keep_although_refused()
        told = tuple(reason for each in odd for reason in sentences(each.reasons))
        return problem(409, Conflict.title, told, {"receipts": shown})
    response = jsonify(shown if len(shown) != 1 else shown[0])
    response.status_code = 200 if all(each.replayed for each in receipts) else 201
    return response


def _shown(receipt: Receipt) -> dict[str, Any]:
    return vars(receipt) | {"reasons": sentences(receipt.reasons)}


def kept(refusal: Conflict) -> Response:
    """Refuse, and keep what the ledger noted for compliance on the way."""
    keep_although_refused()
    return problem(refusal.status, refusal.title, refusal.reasons)

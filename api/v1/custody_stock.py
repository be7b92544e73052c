"""Stock points: orders, set aside, put back, destroyed, recalled; and corrections by two approvers."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema, fields, validate

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1 import custody_schemas as forms
from api.v1.custody_reading import answer, at_desk, both_proofs
from dispatch.custody import commands, service
from dispatch.custody.model import Basis, EventKind, WasteMethod
from dispatch.custody.stock import commands as stock_commands
from dispatch.custody.stock import ordering
from dispatch.custody.stock import service as stock
from dispatch.kernel.actor import Role
from dispatch.kernel.quantities import MOST_UG

blueprint = Blueprint("stock", __name__, url_prefix="/custody", description="Stock and corrections")
PHARMACIST = roles(Role.PHARMACIST)
KEEPERS = roles(Role.PHARMACIST, Role.COMPLIANCE)
COMPLIANCE = roles(Role.COMPLIANCE)
WORD = validate.Length(1, 100)


class PlaceVialOrderSchema(Schema):
    """Vials are ordered from a supplier."""

    order_id = fields.UUID(required=True)
    pharmacy_id = fields.UUID(required=True)
    product_code = fields.String(required=True, validate=validate.Length(1, 40))
    units = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1000))
    basis = fields.String(required=True, validate=validate.OneOf([each.value for each in Basis]))
    supplier = fields.String(required=True, validate=WORD)
    reference = fields.String(required=True, validate=WORD)


class VialOrderSchema(Schema):
    """An order as it stands in the ledger."""

    order_id = fields.UUID(attribute="id")
    units = fields.Integer()
    supplier = fields.String()
    reference = fields.String()
    at = fields.AwareDateTime()


class SupplierListSchema(Schema):
    """Which vials of which lot are on their way."""

    lot_number = fields.String(required=True, validate=validate.Length(1, 60))
    expires_on = fields.Date(required=True)
    invoice = fields.String(load_default="", validate=forms.SHORT)
    vials = fields.List(fields.Nested(forms.NewVialSchema), required=True, validate=validate.Length(1, 500))


class ArrivedVialSchema(Schema):
    """A listed vial as it arrived."""

    event_id = fields.UUID(required=True)
    container_id = fields.UUID(required=True)
    seal = fields.String(required=True, validate=forms.SHORT)


class ArrivalSchema(Schema):
    """What of an order arrived."""

    counted_units = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1000))
    invoice = fields.String(load_default="", validate=forms.SHORT)
    vials = fields.List(fields.Nested(ArrivedVialSchema), required=True, validate=validate.Length(0, 500))


class SetAsideSchema(forms.DeedSchema):
    """A vial is taken out of stock."""

    kind = fields.String(required=True, validate=validate.OneOf(["quarantined", "expired"]))


class RestockSchema(forms.DeedSchema):
    """A returned vial goes back on the shelf."""

    seal = fields.String(required=True, validate=forms.SHORT)


class DestroySchema(forms.DeedSchema):
    """Put-aside drug is destroyed before two people."""

    method = fields.String(required=True, validate=validate.OneOf([each.value for each in WasteMethod]))


class RecallSchema(Schema):
    """A lot is recalled, by somebody who proves anew who they are."""

    recall_id = fields.UUID(required=True)
    proof = forms.proof_of("the actor's proof of identity, from POST /proofs for this recall_id")
    reference = fields.String(required=True, validate=WORD)
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class ReverseSchema(forms.DeedSchema):
    """An entry is taken back; `proof` and `witness_proof` are the two approvers'."""

    reverses = fields.UUID(required=True)


class CorrectSchema(ReverseSchema):
    """An entry is taken back and entered anew."""

    corrected_event_id = fields.UUID(required=True)
    amount_ug = fields.Integer(required=True, strict=True, validate=validate.Range(1, MOST_UG))


@blueprint.route("/orders", methods=["POST"])
@answered_once
@blueprint.arguments(PlaceVialOrderSchema)
@blueprint.response(201, VialOrderSchema)
@policy(KEEPERS)
def place_order(sent: dict[str, Any]) -> Any:
    """Order vials from a supplier."""
    command = stock_commands.PlaceOrder(**sent | {"basis": Basis(sent["basis"])})
    return ordering.place_order(current_session(), command, actor(), clock())


@blueprint.route("/orders/<uuid:order_id>/dispensed", methods=["POST"])
@answered_once
@blueprint.arguments(SupplierListSchema)
@blueprint.response(201, forms.CustodyReceiptSchema(many=True))
@policy(KEEPERS)
def dispensed(sent: dict[str, Any], order_id: UUID) -> Response:
    """Enter the supplier's list of an order."""
    vials = tuple(commands.NewVial(**vial) for vial in sent["vials"])
    command = stock_commands.DispenseOrder(**sent | {"order_id": order_id, "vials": vials})
    return answer(ordering.dispense_order(current_session(), command, actor(), clock()))


@blueprint.route("/orders/<uuid:order_id>/received", methods=["POST"])
@answered_once
@blueprint.arguments(ArrivalSchema)
@blueprint.response(201, forms.CustodyReceiptSchema(many=True))
@policy(PHARMACIST)
def received(sent: dict[str, Any], order_id: UUID) -> Response:
    """Count and take in what of an order arrived."""
    vials = tuple(stock_commands.ArrivedVial(**vial) for vial in sent["vials"])
    command = stock_commands.ReceiveOrder(**sent | {"order_id": order_id, "vials": vials})
    return answer(ordering.receive_order(current_session(), command, actor(), clock()))


@blueprint.route("/vials/<uuid:container_id>/set-aside", methods=["POST"])
@answered_once
@blueprint.arguments(SetAsideSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(KEEPERS)
def set_aside(sent: dict[str, Any], container_id: UUID) -> Response:
    """Take a vial at a stock point out of use."""
    command = stock_commands.SetAside(**at_desk(sent, container_id), kind=EventKind(sent["kind"]))
    return answer([stock.set_aside(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/restock", methods=["POST"])
@answered_once
@blueprint.arguments(RestockSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(PHARMACIST)
def restock(sent: dict[str, Any], container_id: UUID) -> Response:
    """Put a returned vial of the registrant's own back on the shelf."""
    command = stock_commands.Restock(**at_desk(sent, container_id), seal=sent["seal"])
    return answer([stock.restock(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/destroy", methods=["POST"])
@answered_once
@blueprint.arguments(DestroySchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(KEEPERS)
def destroy(sent: dict[str, Any], container_id: UUID) -> Response:
    """Destroy put-aside drug before a second person."""
    command = stock_commands.Destroy(**at_desk(sent, container_id), method=WasteMethod(sent["method"]))
    return answer([stock.destroy(current_session(), command, actor(), clock())])


@blueprint.route("/lots/<uuid:lot_id>/recall", methods=["POST"])
@answered_once
@blueprint.arguments(RecallSchema)
@blueprint.response(201, forms.CustodyReceiptSchema(many=True))
@policy(KEEPERS)
def recall(sent: dict[str, Any], lot_id: UUID) -> Response:
    """Recall a lot: each vial of it, wherever it is."""
    proof, _witness = both_proofs(sent, sent["recall_id"])
    command = stock_commands.RecallLot(**sent | {"lot_id": lot_id, "proof": proof})
    return answer(stock.recall_lot(current_session(), command, actor(), clock()))


@blueprint.route("/vials/<uuid:container_id>/reconcile", methods=["POST"])
@answered_once
@blueprint.arguments(forms.DeedSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(COMPLIANCE)
def reconcile(sent: dict[str, Any], container_id: UUID) -> Response:
    """End a vial's history; nothing but a reversal may follow."""
    command = commands.Reconcile(**at_desk(sent, container_id))
    return answer([service.reconcile(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/reverse", methods=["POST"])
@answered_once
@blueprint.arguments(ReverseSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(KEEPERS)
def reverse(sent: dict[str, Any], container_id: UUID) -> Response:
    """Take an entry back whole, with two approvers."""
    command = commands.Reverse(**at_desk(sent, container_id), reverses=sent["reverses"])
    return answer([service.reverse(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/correct", methods=["POST"])
@answered_once
@blueprint.arguments(CorrectSchema)
@blueprint.response(201, forms.CustodyReceiptSchema(many=True))
@policy(KEEPERS)
def correct(sent: dict[str, Any], container_id: UUID) -> Response:
    """Take an entry back and enter it anew with another amount, with two approvers."""
    told = {name: sent[name] for name in ("reverses", "corrected_event_id", "amount_ug")}
    command = commands.Correct(**at_desk(sent, container_id), **told)
    return answer(service.correct(current_session(), command, actor(), clock()))

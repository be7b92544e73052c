"""Infusions, what is left of them, and vials from nurse to nurse."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1 import custody_schemas as forms
from api.v1.custody_reading import answer, at_pharmacy, at_visit, in_area, override
from dispatch.custody import commands, infusion_commands, service
from dispatch.kernel.actor import Role
from dispatch.kernel.quantities import MOST_UG

blueprint = Blueprint("infusions", __name__, url_prefix="/custody", description="Infusions and hand-overs")
NURSE = roles(Role.NURSE)


def _measure(*, required: bool = True, **more: Any) -> fields.Integer:
    return fields.Integer(required=required, strict=True, validate=validate.Range(0, MOST_UG), **more)


class StartInfusionSchema(forms.DeedSchema):
    """Drawn-up drug runs in at a rate; the prime fills the line."""

    visit_id = fields.UUID(required=True)
    rate_ug_per_min = _measure()
    prime_ug = _measure(required=False, load_default=0)
    presence = fields.String(load_default="", validate=validate.Length(0, 40))
    override = fields.Nested(forms.OverrideSchema)


class ChangeRateSchema(forms.DeedSchema):
    """The pump is set to another rate; 0 pauses."""

    visit_id = fields.UUID(required=True)
    rate_ug_per_min = _measure()


class StopInfusionSchema(forms.DeedSchema):
    """What the pump gave since its start, what is left in the syringe, what stays in the line."""

    visit_id = fields.UUID(required=True)
    amount_ug = _measure()
    measured_ug = _measure(required=False, load_default=None, allow_none=True)
    prime_ug = _measure(required=False, load_default=0)
    completes = fields.Boolean(load_default=True)


class MeasureSchema(forms.DeedSchema):
    """What is left was measured."""

    visit_id = fields.UUID(required=True)
    measured_ug = _measure()


class SealResidualSchema(MeasureSchema):
    """What is left was measured and sealed, to be carried back."""

    seal = fields.String(required=True, validate=validate.Length(1, 100))


class ReturnResidualSchema(forms.DeedSchema):
    """A sealed residual is handed in; the pharmacist signs."""

    pharmacy_id = fields.UUID(required=True)
    measured_ug = _measure()
    seal = fields.String(required=True, validate=forms.SHORT)


class OfferSchema(forms.DeedSchema):
    """A vial is offered to another nurse."""

    to_nurse_id = fields.UUID(required=True)
    seal = fields.String(load_default="", validate=forms.SHORT)


class AcceptSchema(forms.DeedSchema):
    """An offered vial is taken; its seal as read, empty for an opened one."""

    seal = fields.String(load_default="", validate=forms.SHORT)


@blueprint.route("/vials/<uuid:container_id>/infusion/start", methods=["POST"])
@answered_once
@blueprint.arguments(StartInfusionSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def start_infusion(sent: dict[str, Any], container_id: UUID) -> Response:
    """Start the pump."""
    command = infusion_commands.StartInfusion(
        **at_visit(sent, container_id),
        rate_ug_per_min=sent["rate_ug_per_min"],
        prime_ug=sent["prime_ug"],
        presence=sent["presence"],
        override=override(sent),
    )
    return answer([service.start_infusion(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/infusion/rate", methods=["POST"])
@answered_once
@blueprint.arguments(ChangeRateSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def change_rate(sent: dict[str, Any], container_id: UUID) -> Response:
    """Set another rate."""
    command = infusion_commands.ChangeRate(
        **at_visit(sent, container_id), rate_ug_per_min=sent["rate_ug_per_min"]
    )
    return answer([service.change_rate(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/infusion/stop", methods=["POST"])
@answered_once
@blueprint.arguments(StopInfusionSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def stop_infusion(sent: dict[str, Any], container_id: UUID) -> Response:
    """Stop the pump: its total is posted and compared with its rates and with what is left."""
    told = {name: sent[name] for name in ("amount_ug", "measured_ug", "prime_ug", "completes")}
    command = infusion_commands.StopInfusion(**at_visit(sent, container_id), **told)
    return answer([service.stop_infusion(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/residual/measure", methods=["POST"])
@answered_once
@blueprint.arguments(MeasureSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def measure_residual(sent: dict[str, Any], container_id: UUID) -> Response:
    """Measure what is left, before it is wasted."""
    command = infusion_commands.MeasureResidual(
        **at_visit(sent, container_id), measured_ug=sent["measured_ug"]
    )
    return answer([service.measure_residual(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/residual/seal", methods=["POST"])
@answered_once
@blueprint.arguments(SealResidualSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def seal_residual(sent: dict[str, Any], container_id: UUID) -> Response:
    """Seal what is left, to be carried back to a pharmacy."""
    command = infusion_commands.SealResidual(
        **at_visit(sent, container_id), measured_ug=sent["measured_ug"], seal=sent["seal"]
    )
    return answer([service.seal_residual(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/residual/return", methods=["POST"])
@answered_once
@blueprint.arguments(ReturnResidualSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def return_residual(sent: dict[str, Any], container_id: UUID) -> Response:
    """Hand in a sealed residual; the pharmacist measures and signs."""
    command = infusion_commands.ReturnResidual(
        **at_pharmacy(sent, container_id), measured_ug=sent["measured_ug"], seal=sent["seal"]
    )
    return answer([service.return_residual(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/set-out", methods=["POST"])
@answered_once
@blueprint.arguments(forms.DeedSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def set_out(sent: dict[str, Any], container_id: UUID) -> Response:
    """Leave the pharmacy with a sealed vial."""
    command = commands.SetOut(**in_area(sent, container_id))
    return answer([service.set_out(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/hand-off/offer", methods=["POST"])
@answered_once
@blueprint.arguments(OfferSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def offer(sent: dict[str, Any], container_id: UUID) -> Response:
    """Offer a vial to another nurse; unanswered it expires back to the giver."""
    command = commands.OfferHandOff(
        **in_area(sent, container_id), to_nurse_id=sent["to_nurse_id"], seal=sent["seal"]
    )
    return answer([service.offer_hand_off(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/hand-off/accept", methods=["POST"])
@answered_once
@blueprint.arguments(AcceptSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def accept(sent: dict[str, Any], container_id: UUID) -> Response:
    """Take an offered vial."""
    command = commands.AcceptHandOff(**in_area(sent, container_id), seal=sent["seal"])
    return answer([service.accept_hand_off(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/hand-off/decline", methods=["POST"])
@answered_once
@blueprint.arguments(forms.DeedSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def decline(sent: dict[str, Any], container_id: UUID) -> Response:
    """Do not take an offered vial."""
    command = commands.DeclineHandOff(**in_area(sent, container_id))
    return answer([service.decline_hand_off(current_session(), command, actor(), clock())])

"""The custody ledger: what phones and pharmacies record, and what compliance reads."""

from typing import Any
from uuid import UUID

from flask import Response

from api.actor import actor, clock, policy, roles
from api.days import day_from
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1 import custody_schemas as forms
from api.v1.custody_reading import (
    answer,
    at_pharmacy,
    at_visit,
    both_proofs,
    in_area,
    kept,
    override,
)
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.custody import commands, queries, service
from dispatch.custody.model import Basis, EventKind, WasteMethod
from dispatch.custody.witnessing import WitnessKind
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Conflict
from dispatch.visits import closing, standing
from dispatch.visits import queries as visits

blueprint = Blueprint("custody", __name__, url_prefix="/custody", description="The controlled-drug ledger")
NURSE = roles(Role.NURSE)
READERS = roles(Role.COMPLIANCE)


@blueprint.route("/deliveries", methods=["POST"])
@answered_once
@blueprint.arguments(forms.DeliverySchema)
@blueprint.response(201, forms.CustodyReceiptSchema(many=True))
@policy(roles(Role.PHARMACIST))
def receive(sent: dict[str, Any]) -> Response:
    """Receive vials of one lot at a pharmacy."""
    command = commands.ReceiveAtPharmacy(
        **sent | {"basis": Basis(sent["basis"]), "vials": tuple(commands.NewVial(**v) for v in sent["vials"])}
    )
    receipts = service.receive_at_pharmacy(current_session(), command, actor(), clock())
    return answer(receipts)


@blueprint.route("/pickups", methods=["POST"])
@answered_once
@blueprint.arguments(forms.PickUpSchema)
@blueprint.response(201, forms.CustodyReceiptSchema(many=True))
@policy(NURSE)
def pick_up(sent: dict[str, Any]) -> Response:
    """Pick up sealed vials; nurse and pharmacist sign for the list as a whole."""
    session = current_session()
    listed = tuple(
        commands.ListedVial(
            event_id=vial["event_id"],
            container_id=queries.find_vial(session, vial["serial"]).container_id,
            seal=vial["seal"],
        )
        for vial in sent["vials"]
    )
    own, other = both_proofs(sent, sent["pickup_id"])
    command = commands.PickUp(
        pickup_id=sent["pickup_id"],
        pharmacy_id=sent["pharmacy_id"],
        vials=listed,
        counted_units=sent["counted_units"],
        standing=standing.standing_at_pharmacy(session, sent["pharmacy_id"], actor(), clock()),
        proof=own,
        witness=other,
    )
    try:
        return answer(service.pick_up(session, command, actor(), clock()))
    except Conflict as refusal:
        return kept(refusal)


@blueprint.route("/vials/<uuid:container_id>/open", methods=["POST"])
@answered_once
@blueprint.arguments(forms.OpenSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def open_vial(sent: dict[str, Any], container_id: UUID) -> Response:
    """Compare the seal and break it, for one visit."""
    command = commands.OpenContainer(
        **at_visit(sent, container_id), seal=sent["seal"], override=override(sent)
    )
    return answer([service.open_container(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/draw", methods=["POST"])
@answered_once
@blueprint.arguments(forms.DrawSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def draw(sent: dict[str, Any], container_id: UUID) -> Response:
    """Draw up for a visit, within its order."""
    order = visits.own_visit(current_session(), sent["visit_id"], actor()).dose_ug
    command = commands.Draw(
        **at_visit(sent, container_id),
        amount_ug=sent["amount_ug"],
        order_ceiling_ug=order or 0,
        override=override(sent),
    )
    return answer([service.draw(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/administer", methods=["POST"])
@answered_once
@blueprint.arguments(forms.AdministerSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def administer(sent: dict[str, Any], container_id: UUID) -> Response:
    """Record what the patient was given; kept whatever rule it breaks."""
    command = commands.Administer(
        **at_visit(sent, container_id),
        amount_ug=sent["amount_ug"],
        completes=sent["completes"],
        presence=sent["presence"],
    )
    return answer([service.administer(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/waste", methods=["POST"])
@answered_once
@blueprint.arguments(forms.WasteSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def waste(sent: dict[str, Any], container_id: UUID) -> Response:
    """Destroy leftover drug before a witness who signs the same event."""
    command = commands.WasteResidual(
        **at_visit(sent, container_id),
        amount_ug=sent["amount_ug"],
        method=WasteMethod(sent["method"]),
        witness_kind=WitnessKind(sent["witness_kind"]),
        companion=sent["companion"],
    )
    return answer([service.waste_residual(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/return", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ReturnSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def return_vial(sent: dict[str, Any], container_id: UUID) -> Response:
    """Bring a sealed vial back; the pharmacist signs."""
    command = commands.ReturnUnopened(**at_pharmacy(sent, container_id), seal=sent["seal"])
    return answer([service.return_unopened(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/report", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ReportSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(roles(Role.NURSE, Role.PHARMACIST, Role.COMPLIANCE))
def report(sent: dict[str, Any], container_id: UUID) -> Response:
    """Report a vial broken, lost, stolen or with a wrong seal; never refused."""
    command = commands.ReportException(**in_area(sent, container_id), kind=EventKind(sent["kind"]))
    return answer([service.report_exception(current_session(), command, actor(), clock())])


@blueprint.route("/counts", methods=["POST"])
@answered_once
@blueprint.arguments(forms.CountSchema)
@blueprint.response(201, forms.CountResultSchema)
@policy(roles(Role.NURSE, Role.PHARMACIST, Role.COMPLIANCE))
def count(sent: dict[str, Any]) -> Any:
    """Enter a blind count; the expected figure shows once the round is finished."""
    return service.count(current_session(), commands.BlindCount(**sent), actor(), clock())


@blueprint.route("/shift/open", methods=["POST"])
@answered_once
@blueprint.arguments(forms.CountSchema)
@blueprint.response(201, forms.CountResultSchema)
@policy(NURSE)
def open_shift(sent: dict[str, Any]) -> Any:
    """Open one's custody shift with a blind count of what is in hand."""
    return service.open_shift(current_session(), commands.BlindCount(**sent), actor(), clock())


@blueprint.route("/shift/close", methods=["POST"])
@answered_once
@blueprint.arguments(forms.CloseShiftSchema)
@blueprint.response(204)
@policy(NURSE)
def close_shift(sent: dict[str, Any]) -> Response | None:
    """Close one's custody shift by a blind count, or be told every vial that is not accounted for."""
    try:
        closing.close_shift(current_session(), actor(), clock(), sent.get("round_id"))
    except Conflict as refusal:
        return kept(refusal)
    return None


@blueprint.route("/areas/<area>/<day>")
@blueprint.response(200, forms.CustodyDaySchema)
@policy(READERS)
def custody_day(area: str, day: str) -> dict[str, Any]:
    """Show an area's vials and nurses of a day."""
    session = current_session()
    place, when = area_by_slug(session, area), day_from(day)
    zone = zone_of(place)
    return {
        "vials": queries.vials_of_day(session, place.id, when, zone),
        "nurses": queries.nurse_totals(session, place.id, when, zone),
    }


@blueprint.route("/vials/<uuid:container_id>/events")
@blueprint.response(200, forms.EventLineSchema(many=True))
@policy(READERS)
def vial_events(container_id: UUID) -> list[queries.EventLine]:
    """Show every event of a vial with its running balance, signatures and postings."""
    queries.vial(current_session(), container_id)
    return queries.vial_history(current_session(), container_id)


@blueprint.route("/visits/<uuid:visit_id>")
@blueprint.response(200, forms.VisitTotalsSchema)
@policy(READERS)
def visit_totals(visit_id: UUID) -> queries.VisitTotals:
    """Show what was drawn for, given at and wasted after one visit."""
    found = queries.visit_totals(current_session(), [visit_id]).get(visit_id)
    nothing = queries.VisitTotals(visit_id=visit_id, drawn_ug=0, given_ug=0, wasted_ug=0, serials=())
    return found or nothing


@blueprint.route("/areas/<area>/ledger")
@blueprint.arguments(forms.LedgerQuerySchema, location="query")
@blueprint.response(200, forms.LedgerTotalSchema(many=True))
@policy(READERS)
def ledger(asked: dict[str, Any], area: str) -> list[queries.LedgerTotal]:
    """Show the perpetual inventory as of an instant."""
    session = current_session()
    return queries.ledger_as_of(session, asked.get("at") or clock().now(), area_by_slug(session, area).id)

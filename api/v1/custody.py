"""The custody ledger: what phones and pharmacies record, and what compliance reads."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api import proofs
from api.actor import actor, clock, keep_although_refused, policy, roles
from api.days import day_from
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.problems import problem
from api.v1 import custody_schemas as forms
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.custody import commands, queries, service
from dispatch.custody.model import (
    Basis,
    DeviceStamp,
    EventKind,
    Override,
    Receipt,
    Standing,
    Verdict,
    WasteMethod,
)
from dispatch.custody.sentences import reasons as sentences
from dispatch.identity.model import ProofOfIdentity
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Conflict
from dispatch.visits import queries as visits
from dispatch.visits import standing

blueprint = Blueprint("custody", __name__, url_prefix="/custody", description="The controlled-drug ledger")
NURSE = roles(Role.NURSE)
READERS = roles(Role.COMPLIANCE)


def _proof(sent: dict[str, Any], name: str, event_id: UUID) -> ProofOfIdentity | None:
    return proofs.read(sent[name], event_id, name)[1] if name in sent else None


def _stamp(sent: dict[str, Any]) -> DeviceStamp | None:
    device_id = actor().device_id
    if device_id is None or "device_seq" not in sent or "device_time" not in sent:
        return None
    return DeviceStamp(device_id=device_id, device_seq=sent["device_seq"], device_time=sent["device_time"])


def _said(sent: dict[str, Any], container_id: UUID, where: Standing) -> dict[str, Any]:
    """Gather what every deed on one vial says."""
    return {
        "event_id": sent["event_id"],
        "container_id": container_id,
        "standing": where,
        "stamp": _stamp(sent),
        "proof": _proof(sent, "proof", sent["event_id"]),
        "witness": _proof(sent, "witness_proof", sent["event_id"]),
        "reason": sent["reason"],
    }


def _at_visit(sent: dict[str, Any], container_id: UUID) -> dict[str, Any]:
    seen = standing.standing_at_visit(current_session(), sent["visit_id"], actor(), clock())
    return _said(sent, container_id, seen) | {"visit_id": sent["visit_id"], "place": "visit"}


def _override(sent: dict[str, Any]) -> Override | None:
    return Override(**sent["override"]) if "override" in sent else None


def _shown(receipt: Receipt) -> dict[str, Any]:
    return vars(receipt) | {"reasons": sentences(receipt.reasons)}


def _answer(receipts: Sequence[Receipt]) -> Response:
    """Answer with the receipts; a claim or a reused id is kept, and answered 409."""
    odd = [each for each in receipts if each.verdict in {Verdict.CLAIM, Verdict.ID_REUSED}]
    shown = forms.CustodyReceiptSchema(many=True).dump([_shown(each) for each in receipts])
    if odd:
        keep_although_refused()
        said = tuple(reason for each in odd for reason in sentences(each.reasons))
        return problem(409, Conflict.title, said, {"receipts": shown})
    answer = jsonify(shown if len(shown) != 1 else shown[0])
    answer.status_code = 200 if all(each.replayed for each in receipts) else 201
    return answer


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
    return _answer(receipts)


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
    command = commands.PickUp(
        pickup_id=sent["pickup_id"],
        pharmacy_id=sent["pharmacy_id"],
        vials=listed,
        counted_units=sent["counted_units"],
        standing=standing.standing_at_pharmacy(session, sent["pharmacy_id"], actor(), clock()),
        proof=_proof(sent, "proof", sent["pickup_id"]),
        witness=_proof(sent, "witness_proof", sent["pickup_id"]),
    )
    return _answer(service.pick_up(session, command, actor(), clock()))


@blueprint.route("/vials/<uuid:container_id>/open", methods=["POST"])
@answered_once
@blueprint.arguments(forms.OpenSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def open_vial(sent: dict[str, Any], container_id: UUID) -> Response:
    """Compare the seal and break it, for one visit."""
    command = commands.OpenContainer(
        **_at_visit(sent, container_id), seal=sent["seal"], override=_override(sent)
    )
    return _answer([service.open_container(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/draw", methods=["POST"])
@answered_once
@blueprint.arguments(forms.DrawSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def draw(sent: dict[str, Any], container_id: UUID) -> Response:
    """Draw up for a visit, within its order."""
    order = visits.own_visit(current_session(), sent["visit_id"], actor()).dose_ug
    command = commands.Draw(
        **_at_visit(sent, container_id),
        amount_ug=sent["amount_ug"],
        order_ceiling_ug=order or 0,
        override=_override(sent),
    )
    return _answer([service.draw(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/administer", methods=["POST"])
@answered_once
@blueprint.arguments(forms.AdministerSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def administer(sent: dict[str, Any], container_id: UUID) -> Response:
    """Record what the patient was given; kept whatever rule it breaks."""
    command = commands.Administer(
        **_at_visit(sent, container_id), amount_ug=sent["amount_ug"], completes=sent["completes"]
    )
    return _answer([service.administer(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/waste", methods=["POST"])
@answered_once
@blueprint.arguments(forms.WasteSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def waste(sent: dict[str, Any], container_id: UUID) -> Response:
    """Destroy leftover drug before a witness who signs the same event."""
    command = commands.WasteResidual(
        **_at_visit(sent, container_id), amount_ug=sent["amount_ug"], method=WasteMethod(sent["method"])
    )
    return _answer([service.waste_residual(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/return", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ReturnSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def return_vial(sent: dict[str, Any], container_id: UUID) -> Response:
    """Bring a sealed vial back; the pharmacist signs."""
    seen = standing.standing_at_pharmacy(current_session(), sent["pharmacy_id"], actor(), clock())
    command = commands.ReturnUnopened(
        **_said(sent, container_id, seen),
        pharmacy_id=sent["pharmacy_id"],
        seal=sent["seal"],
        place="pharmacy",
    )
    return _answer([service.return_unopened(current_session(), command, actor(), clock())])


@blueprint.route("/vials/<uuid:container_id>/report", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ReportSchema)
@blueprint.response(201, forms.CustodyReceiptSchema)
@policy(NURSE)
def report(sent: dict[str, Any], container_id: UUID) -> Response:
    """Report a vial broken, lost, stolen or with a wrong seal; never refused."""
    seen = standing.standing_in_area(current_session(), actor(), clock())
    command = commands.ReportException(**_said(sent, container_id, seen), kind=EventKind(sent["kind"]))
    return _answer([service.report_exception(current_session(), command, actor(), clock())])


@blueprint.route("/counts", methods=["POST"])
@answered_once
@blueprint.arguments(forms.CountSchema)
@blueprint.response(201, forms.CountResultSchema)
@policy(roles(Role.NURSE, Role.PHARMACIST, Role.COMPLIANCE))
def count(sent: dict[str, Any]) -> Any:
    """Enter a blind count; the expected figure shows once the round is finished."""
    return service.count(current_session(), commands.BlindCount(**sent), actor(), clock())


@blueprint.route("/shift/close", methods=["POST"])
@answered_once
@blueprint.response(204)
@policy(NURSE)
def close_shift() -> None:
    """Close one's custody shift, or be told every vial that is not accounted for."""
    service.close_shift(current_session(), actor(), clock())


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

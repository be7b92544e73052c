"""Orders at a stock point, from the supplier's list to the count on arrival; and the recall of a lot."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import actor, clock, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.compliance.stock import BASES, show_stock
from api.pages.reading import id_from_form, text_from_form, units_from_form
from api.pages.signing import login_limit, signature, who_tries
from dispatch.custody.commands import NewVial
from dispatch.custody.model import Basis
from dispatch.custody.stock import service
from dispatch.custody.stock.commands import ArrivedVial, DispenseOrder, PlaceOrder, RecallLot, ReceiveOrder
from dispatch.custody.stock.ordering import dispense_order, place_order, receive_order
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid, Reasons, Refusal, refuse

KEEPERS = roles(Role.PHARMACIST, Role.COMPLIANCE)
MOST_VIALS = 500


def _answer(pharmacy_id: UUID, deed: Callable[[], str]) -> Response:
    """Run a deed and say what it did, or everything that speaks against it."""
    try:
        return show_stock(pharmacy_id, said=deed())
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return show_stock(pharmacy_id, refusal=refusal)


@pages.route("/stock/<uuid:pharmacy_id>/orders", methods=["POST"])
@policy(KEEPERS)
def order_vials(pharmacy_id: UUID) -> Response:
    """Order vials from a supplier."""

    def deed() -> str:
        basis = request.form.get("basis", "")
        if basis not in BASES:
            raise refuse(Invalid, "basis_missing", "Say whose vials they are.", field="basis")
        command = PlaceOrder(
            order_id=id_from_form("order_id"),
            pharmacy_id=pharmacy_id,
            product_code=text_from_form("product_code", 40),
            units=units_from_form("units"),
            basis=Basis(basis),
            supplier=_needed("supplier", "Say who supplies it.", 100),
            reference=_needed("reference", "Give the number of the form or prescription.", 100),
        )
        place_order(current_session(), command, actor(), clock())
        return f"{_vials(command.units)} ordered from {command.supplier}."

    return _answer(pharmacy_id, deed)


@pages.route("/stock/<uuid:pharmacy_id>/orders/<uuid:order_id>/list", methods=["POST"])
@policy(KEEPERS)
def list_order(pharmacy_id: UUID, order_id: UUID) -> Response:
    """Enter the supplier's list: a serial number and a seal a line, all of one lot."""

    def deed() -> str:
        command = DispenseOrder(
            order_id=order_id,
            lot_number=_needed("lot", "Give the lot number.", 60),
            expires_on=_expiry(),
            vials=_listed(),
            invoice=text_from_form("invoice", 100),
        )
        receipts = dispense_order(current_session(), command, actor(), clock())
        return f"{_vials(len(receipts))} on the way."

    return _answer(pharmacy_id, deed)


@pages.route("/stock/<uuid:pharmacy_id>/orders/<uuid:order_id>/receive", methods=["POST"])
@policy(roles(Role.PHARMACIST))
def receive_ordered(pharmacy_id: UUID, order_id: UUID) -> Response:
    """Take in what arrived; a listed vial whose seal stays empty did not come, which opens a case."""

    def deed() -> str:
        arrived = tuple(
            ArrivedVial(event_id=id_from_form(f"event_{key}"), container_id=UUID(key), seal=seal)
            for key, seal in _seals()
        )
        command = ReceiveOrder(
            order_id=order_id,
            vials=arrived,
            counted_units=units_from_form(),
            invoice=text_from_form("invoice", 100),
        )
        receipts = receive_order(current_session(), command, actor(), clock())
        return f"{_vials(len(receipts))} taken into stock."

    return _answer(pharmacy_id, deed)


@pages.route("/stock/<uuid:pharmacy_id>/recall", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(KEEPERS)
def recall(pharmacy_id: UUID) -> Response:
    """Recall a lot: what stands at stock points is quarantined, what nurses hold becomes a task."""

    def deed() -> str:
        recall_id = id_from_form("recall_id")
        command = RecallLot(
            recall_id=recall_id,
            lot_id=id_from_form("lot_id"),
            reference=_needed("reference", "Give the recall's number.", 100),
            reason=_needed("reason", "Say why it is recalled.", 500),
            proof=signature(request.form, recall_id).own,
        )
        receipts = service.recall_lot(current_session(), command, actor(), clock())
        return f"The lot is recalled: {_vials(len(receipts))} at stock points out of use."

    return _answer(pharmacy_id, deed)


def _vials(number: int) -> str:
    return f"{number} vial{'s' if number != 1 else ''}"


def _needed(name: str, text: str, most: int) -> str:
    given = text_from_form(name, most)
    if not given:
        raise refuse(Invalid, "field_missing", text, field=name)
    return given


def _expiry() -> date:
    try:
        return date.fromisoformat(request.form.get("expires_on", ""))
    except ValueError:
        raise refuse(Invalid, "expiry_missing", "Give the lot's expiry date.", field="expires_on") from None


def _listed() -> tuple[NewVial, ...]:
    """Read one vial a line: its serial number and its seal, with a space, comma or tab between."""
    wrong = Reasons()
    vials = []
    lines = [line for line in request.form.get("vials", "").splitlines() if line.strip()]
    for number, line in enumerate(lines[:MOST_VIALS], start=1):
        words = line.replace(",", " ").split()
        if len(words) != 2:
            text = f"Line {number} of the list is no serial number and seal."
            wrong.add("line_not_understood", text, field="vials", way_out="Write: V-1001 S-2001")
            continue
        vials.append(NewVial(event_id=new_id(), serial=words[0][:100], seal=words[1][:100]))
    if not lines:
        wrong.add("list_empty", "The list names no vial.", field="vials", way_out="Write a vial a line.")
    if len(lines) > MOST_VIALS:
        wrong.add("list_full", f"A list takes {MOST_VIALS} vials.", field="vials", way_out="Enter two lists.")
    wrong.raise_if_any(Invalid)
    return tuple(vials)


def _seals() -> list[tuple[str, str]]:
    """Return (container id, seal as read) of each vial that came."""
    found = []
    for name, seal in request.form.items():
        kind, _, key = name.partition("_")
        if kind == "seal" and seal.strip():
            try:
                found.append((str(UUID(key)), seal.strip()[:100]))
            except ValueError:
                raise refuse(Invalid, "field_not_valid", "The list is damaged.", field=name[:60]) from None
    return found

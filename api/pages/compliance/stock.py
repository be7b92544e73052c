"""The pharmacist's page: what lies at a stock point, receive by scan, products and their GTIN, labels."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.labels import A_SHEET, Label, labels_pdf
from api.pages import pages
from api.pages.compliance.delivery import Row, commands_of, rows_from_form, with_scan
from api.pages.reading import text_from_form
from dispatch.areas.service import area_by_id, areas, pharmacies, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.custody import queries, service
from dispatch.custody.model import Basis, Receipt
from dispatch.custody.queries import VialLine
from dispatch.custody.scans.service import enter_gtin
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Invalid, NotFound, Refusal, refuse

KEEPERS = roles(Role.PHARMACIST, Role.COMPLIANCE)
BASES = {
    Basis.REGISTRANT_STOCK.value: "The registrant's own stock",
    Basis.PATIENT_RX.value: "Dispensed for one patient",
}


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """What a stock point has of one lot."""

    product: str
    product_code: str
    lot: str
    expires_on: date
    units: int
    amount_ug: int
    expired: bool


def shelves(lines: list[VialLine], today: date) -> list[Shelf]:
    """Sum sealed vials up by lot, the earliest expiry first: it is used first."""

    def lot_of(line: VialLine) -> tuple[date, str, str, str]:
        return line.expires_on, line.product, line.product_code, line.lot

    found = []
    for (expires_on, product, code, lot), group in groupby(sorted(lines, key=lot_of), lot_of):
        vials = list(group)
        found.append(
            Shelf(
                product=product,
                product_code=code,
                lot=lot,
                expires_on=expires_on,
                units=len(vials),
                amount_ug=sum(line.balance_ug for line in vials),
                expired=expires_on < today,
            )
        )
    return found


@pages.route("/stock")
@policy(KEEPERS)
def stock_home() -> str | Response:
    """Lead to the first stock point."""
    session = current_session()
    first = next((place for area in areas(session) for place in pharmacies(session, area.id)), None)
    if first is None:
        return render_template("compliance/no_area.html")
    return redirect(url_for("pages.stock", pharmacy_id=first.id))


@pages.route("/stock/<uuid:pharmacy_id>")
@policy(KEEPERS)
def stock(pharmacy_id: UUID) -> Response:
    """Show what lies at a stock point, and what can be done there."""
    return show_stock(pharmacy_id)


def show_stock(
    pharmacy_id: UUID,
    rows: list[Row] | None = None,
    refusal: Refusal | None = None,
    receipts: tuple[Receipt, ...] = (),
    said: str = "",
) -> Response:
    """Render the page of a stock point with what was typed, refused or done."""
    session = current_session()
    places = {place.id: place for area in areas(session) for place in pharmacies(session, area.id)}
    if pharmacy_id not in places:
        raise refuse(NotFound, "no_such_pharmacy", "There is no such stock point.", field="pharmacy_id")
    place = places[pharmacy_id]
    area = area_by_id(session, place.area_id)
    lines = queries.vials_at_pharmacy(session, place.id)
    note_read(AuditEntry(action="custody.read_stock", subject_kind="pharmacy", subject_id=place.id))
    page = render_template(
        "compliance/stock.html",
        place=place,
        places=list(places.values()),
        area=area,
        shelves=shelves(lines, local_day(clock().now(), zone_of(area))),
        units=len(lines),
        aside=queries.put_aside(session, place.id),
        orders=queries.orders(session, place.id),
        lots=queries.lots(session),
        zone=zone_of(area),
        products=queries.products(session),
        bases=BASES,
        new_id=new_id,
        rows=rows or [],
        refusal=refusal,
        receipts=receipts,
        said=said,
        sheet=A_SHEET,
    )
    return make_response(page, refusal.status if refusal else 200)


@pages.route("/stock/<uuid:pharmacy_id>/delivery", methods=["POST"])
@policy(roles(Role.PHARMACIST))
def scan_delivery(pharmacy_id: UUID) -> Response:
    """Add a scanned vial to the list; with the button, receive the whole list."""
    rows = rows_from_form()
    try:
        rows = with_scan(rows, pharmacy_id)
        if request.form.get("do") != "receive":
            return show_stock(pharmacy_id, rows)
        commands = list(
            commands_of(rows, pharmacy_id, text_from_form("basis", 40), text_from_form("invoice", 100))
        )
        session = current_session()
        receipts = tuple(
            receipt
            for command in commands
            for receipt in service.receive_at_pharmacy(session, command, actor(), clock())
        )
    except Refusal as refusal:
        return show_stock(pharmacy_id, rows, refusal)
    return show_stock(pharmacy_id, receipts=receipts)


@pages.route("/stock/<uuid:pharmacy_id>/gtin", methods=["POST"])
@policy(KEEPERS)
def name_product(pharmacy_id: UUID) -> Response:
    """Enter the number on a product's package, by which scans find it."""
    code = text_from_form("product_code", 40)
    try:
        enter_gtin(current_session(), code, text_from_form("gtin", 40), actor(), clock())
    except Refusal as refusal:
        return show_stock(pharmacy_id, refusal=refusal)
    return show_stock(pharmacy_id, said=f"Scans now find {code} by its GTIN.")


@pages.route("/stock/<uuid:pharmacy_id>/labels.pdf")
@policy(KEEPERS)
def vial_labels(pharmacy_id: UUID) -> Response:
    """Print labels for the sealed vials of a lot, or of the numbers that were given."""
    session = current_session()
    wanted, first = request.args.get("lot", ""), request.args.get("first", "1")
    serials = frozenset(request.args.get("serials", "").replace(",", " ").split())
    if not (first.isascii() and first.isdigit() and 1 <= int(first[:4]) <= A_SHEET):
        text = f"The first label has a place from 1 to {A_SHEET}."
        raise refuse(Invalid, "no_such_place", text, field="first")
    labels = [
        Label(
            serial=line.serial,
            lot=line.lot,
            expires_on=line.expires_on,
            seal=line.seal,
            product=line.product,
        )
        for line in queries.vials_at_pharmacy(session, pharmacy_id)
        if wanted in ("", line.lot) and (not serials or line.serial in serials)
    ]
    if not labels:
        text = "No sealed vial at this stock point fits."
        raise refuse(NotFound, "no_such_vial", text, field="lot", way_out="Look at the stock.")
    note_read(AuditEntry(action="custody.print_labels", subject_kind="pharmacy", subject_id=pharmacy_id))
    answer = make_response(labels_pdf(labels, clock().now(), int(first)))
    answer.content_type = "application/pdf"
    answer.headers["Content-Disposition"] = 'inline; filename="vial-labels.pdf"'
    return answer

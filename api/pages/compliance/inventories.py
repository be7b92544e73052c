"""Take an inventory at a stock point, blind, and show one as it was signed (21 CFR 1304.11)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from api.accounts import limiter
from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.reading import id_from_form, text_from_form
from api.pages.signing import Signed, login_limit, signature, signatures, who_tries
from api.paper import Facts, Grid, Paper, Prose, SignHere, pdf_of
from dispatch.areas.service import area_by_id, area_by_slug, pharmacies, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.custody.queries.names import account_names
from dispatch.custody.reports import service
from dispatch.custody.reports.service import TakeInventory
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.quantities import mg_text
from dispatch.kernel.refusals import Invalid, NotFound, Refusal, refuse

TAKERS = roles(Role.COMPLIANCE, Role.PHARMACIST)
MOST_UNITS = 100_000


@pages.route("/custody/<slug>/inventories/new")
@policy(TAKERS)
def take_inventory(slug: str) -> Response:
    """Show the form: which stock point, as of which opening or close; then what is to be counted."""
    return _form(slug)


@pages.route("/custody/<slug>/inventories/new", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(TAKERS)
def keep_inventory(slug: str) -> Answer:
    """Keep a counted and signed inventory."""
    try:
        inventory_id = id_from_form("inventory_id")
        signed = _signed(inventory_id)
        command = TakeInventory(
            inventory_id=inventory_id,
            pharmacy_id=id_from_form("pharmacy_id"),
            occasion=text_from_form("occasion", 40),
            business=text_from_form("business", 10),
            day=_day(text_from_form("day", 20)),
            counted={
                name.removeprefix("counted."): _units(name)
                for name in request.form
                if name.startswith("counted.")
            },
            proof=signed.own,
            witness=signed.other,
        )
        row = service.take_inventory(current_session(), command, actor(), clock())
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return _form(slug, refusal)
    return redirect(url_for("pages.custody_inventory", inventory_id=row.id), 303)


def _signed(inventory_id: UUID) -> Signed:
    if request.form.get("other_email", "").strip():
        return signatures(request.form, inventory_id, "second person")
    return signature(request.form, inventory_id)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 2000 <= day.year <= 2100:
        raise refuse(Invalid, "no_such_day", "A day is written as 2026-11-23.", field="day")
    return day


def _units(name: str) -> int:
    text = request.form.get(name, "").strip()
    if not (text.isascii() and text.isdigit()) or int(text[:7]) > MOST_UNITS:
        raise refuse(Invalid, "count_missing", "Say how many you counted of each.", field=name)
    return int(text)


def _form(slug: str, refusal: Refusal | None = None) -> Response:
    session = current_session()
    area = area_by_slug(session, slug)
    places = pharmacies(session, area.id)
    zone = zone_of(area)
    asked = request.values
    chosen = next((each for each in places if str(each.id) == asked.get("pharmacy_id", "")), None)
    business = asked.get("business", "open")
    day, lines = asked.get("day", ""), []
    if chosen is not None and business in service.BUSINESS:
        try:
            as_of = service.instant_of_business(session, chosen, _day(day), business)
            lines = [line for line in service.on_hand(session, chosen, as_of) if line.countable]
        except Invalid as wrong:
            refusal, chosen = refusal or wrong, None
    page = render_template(
        "compliance/inventory_new.html",
        area=area,
        places=places,
        chosen=chosen,
        day=day or local_day(clock().now(), zone).isoformat(),
        business=business,
        occasion=asked.get("occasion", "biennial"),
        occasions=service.OCCASIONS,
        lines=lines,
        counted=asked,
        inventory_id=new_id(),
        refusal=refusal,
        due={each.id: service.due_on(session, each) for each in places},
    )
    return make_response(page, refusal.status if refusal else 200)


@pages.route("/custody/inventories/<uuid:inventory_id>")
@policy(TAKERS)
def custody_inventory(inventory_id: UUID) -> str:
    """Show an inventory as it was signed."""
    told = _told(inventory_id)
    _note(inventory_id, "screen")
    return render_template("compliance/inventory.html", **told)


@pages.route("/custody/inventories/<uuid:inventory_id>.pdf", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(TAKERS)
def custody_inventory_pdf(inventory_id: UUID) -> Response:
    """Hand out an inventory as PDF, for a fresh password."""
    signature(request.form, new_id())
    told = _told(inventory_id)
    row, when = told["row"], told["when"]
    lines = row.lines["lines"]
    pairs = (
        ("Registrant", told["registrant"]),
        ("Registered location", told["location"]),
        ("Occasion", row.occasion.replace("_", " ")),
        ("As of", f"{told['business']}, {when(row.as_of)}"),
        ("Time zone", told["zone"].key),
        ("Taken by", told["taken_by"]),
        ("Second person", told["witness"] or "-"),
        ("Signed at", when(row.taken_at)),
        ("SHA-256 of the signed bytes", row.inventory_hash.hex()),
    )
    grid = Grid(
        heads=("Where", "Drug", "Form", "Strength (mg/mL)", "Container (mg)", "Lot", "Expires",
               "By the record (units)", "Counted (units)", "By the record (mg)"),
        rows=tuple(
            (line["called"], line["product"], line["form"], mg_text(line["strength_ug_per_ml"]),
             mg_text(line["label_ug"]), line["lot"], line["expires_on"], str(line["units"]),
             "by the record" if line["counted_units"] is None else str(line["counted_units"]),
             mg_text(line["amount_ug"]))
            for line in lines
        ),
        aligns=("left", "left", "left", "right", "right", "left", "left", "right", "right", "right"),
        widths=(14, 16, 8, 10, 10, 10, 10, 10, 11, 11),
        when_empty="Nothing was on hand.",
    )  # fmt: skip
    paper = Paper(
        title="Inventory of controlled substances",
        subtitle="21 CFR 1304.11; kept at the registered location for two years (21 CFR 1304.04)",
        made_at=row.taken_at.astimezone(told["zone"]),
        blocks=(
            Facts(pairs=pairs),
            grid,
            Prose(text="What nurses carry and what opened vials hold is listed by the record."),
            SignHere(
                captions=(
                    "Taken by: signature, printed name, date",
                    "Second person: signature, printed name, date",
                )
            ),
        ),
        foot=f"SHA-256 of the signed bytes {row.inventory_hash.hex()}",
        wide=True,
    )
    answer = make_response(pdf_of(paper))
    answer.content_type = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="inventory-{row.day}-{row.business}.pdf"'
    _note(inventory_id, "pdf")
    return answer


def _told(inventory_id: UUID) -> dict[str, Any]:
    session = current_session()
    row = service.inventory(session, inventory_id)
    area = area_by_id(session, row.area_id)
    place = next((each for each in pharmacies(session, area.id) if each.id == row.pharmacy_id), None)
    if place is None:
        raise refuse(NotFound, "no_such_inventory", "There is no such inventory.")
    people = {each for each in (row.taken_by, row.witnessed_by) if each}
    names = account_names(session, people)
    zone = zone_of(area)

    def when(at: datetime) -> str:
        return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")

    return {
        "row": row,
        "area": area,
        "zone": zone,
        "when": when,
        "location": f"{place.code}, {place.name}, {place.address}, {place.state}",
        "registrant": service.registrant_of(session, area),
        "business": "opening of business" if row.business == "open" else "close of business",
        "taken_by": names.get(row.taken_by, ""),
        "witness": names.get(row.witnessed_by, "") if row.witnessed_by else "",
        "lines": row.lines["lines"],
    }


def _note(inventory_id: UUID, form: str) -> None:
    note_read(
        AuditEntry(
            action="custody.read_inventory",
            subject_kind="inventory",
            subject_id=inventory_id,
            detail={"form": form},
        )
    )

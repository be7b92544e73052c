"""Reports of the custody ledger, figures down to their events, and inventories."""

from typing import Any
from uuid import UUID

from flask import Response, request

from api import proofs
from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.pages.report_view import as_file, note_report
from api.reporting import cell_text, csv_sha256, nurse_asked, question_of, sources
from api.v1 import custody_reports_schemas as forms
from dispatch.areas.service import area_by_id, area_by_slug, pharmacies, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.custody.model import nurse_holder
from dispatch.custody.reports import service
from dispatch.custody.reports.figures import events_of, figure
from dispatch.custody.reports.headings import HEADINGS, ReportKind
from dispatch.custody.reports.model import Cell, Column, EventPlace, Report, Sought
from dispatch.custody.reports.words import sought_in, words_of
from dispatch.custody.service import check_who_takes_away
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import NotFound, refuse
from dispatch.workforce.service import nurse_by_id

blueprint = Blueprint(
    "custody-reports", __name__, url_prefix="/custody", description="Reports and inventories of the ledger"
)
READERS = roles(Role.COMPLIANCE)
TAKERS = roles(Role.COMPLIANCE, Role.PHARMACIST)
MOST_EVENTS = 500


def _report(area: str, kind: str, asked: dict[str, Any], own: UUID | None = None) -> tuple[Report, UUID]:
    try:
        which = ReportKind(kind)
    except ValueError:
        raise refuse(NotFound, "no_such_report", "There is no report of that name.", field="kind") from None
    session = current_session()
    place = area_by_slug(session, area)
    nurse_id = nurse_asked(session, place.id, asked.get("nurse", "")) or own
    words = {"from": asked["first"], "to": asked["last"], "as_of": asked.get("as_of", "")}
    question = question_of(HEADINGS[which], place.id, zone_of(place), clock(), words, nurse_id)
    return service.make_report(session, which, question, actor(), sources(session, clock())), place.id


def _shown(report: Report) -> dict[str, Any]:
    columns = report.body.columns

    def cell(column: Column, each: Cell) -> dict[str, Any]:
        value = each.value
        return {
            "text": cell_text(column, each, report.zone),
            "value": value if value is None or isinstance(value, (int, str)) else value.isoformat(),
            "events": words_of(each.to) if isinstance(each.to, Sought) else None,
            "vial": each.to.vial if isinstance(each.to, EventPlace) else None,
        }

    def cells(several: tuple[Cell, ...]) -> list[dict[str, Any]]:
        return [cell(column, each) for column, each in zip(columns, several, strict=False)]

    return {
        "kind": report.kind.value,
        "title": report.heading.title,
        "area": report.area,
        "registrant": report.registrant,
        "period": report.period,
        "zone": report.zone.key,
        "made_by": report.made_by,
        "made_at": report.made_at,
        "csv_sha256": csv_sha256(report),
        "policies": dict(report.policies),
        "columns": [
            {"name": column.name, "kind": column.kind.value, "unit": column.unit} for column in columns
        ],
        "rows": [cells(line.cells) for line in report.body.lines],
        "sums": cells(report.body.sums),
        "notes": list(report.body.notes),
    }


@blueprint.route("/reports")
@blueprint.response(200, forms.CustodyHeadingSchema(many=True))
@policy(READERS)
def report_headings() -> list[dict[str, str]]:
    """List the reports that there are."""
    return [vars(heading) | {"kind": kind.value} for kind, heading in HEADINGS.items()]


@blueprint.route("/areas/<area>/reports/<kind>")
@blueprint.arguments(forms.CustodyReportQuerySchema, location="query")
@blueprint.response(200, forms.CustodyReportSchema)
@policy(READERS)
def report(asked: dict[str, Any], area: str, kind: str) -> dict[str, Any]:
    """Make a report; who read it is written down."""
    made, area_id = _report(area, kind, asked)
    note_report(made, area_id, "json")
    return _shown(made)


@blueprint.route("/areas/<area>/reports/<kind>/<form>", methods=["POST"])
@blueprint.arguments(forms.CustodyReportQuerySchema, location="query")
@blueprint.arguments(forms.CustodyTakingAwaySchema)
@policy(READERS)
def report_file(asked: dict[str, Any], taken: dict[str, Any], area: str, kind: str, form: str) -> Response:
    """Hand out a report as csv or pdf to whoever proves anew who they are."""
    proof = proofs.read(taken["proof"], taken["export_id"])[1] if "proof" in taken else None
    check_who_takes_away(current_session(), proof, actor(), clock())
    made, area_id = _report(area, kind, asked)
    answer = as_file(made, area, form)
    note_report(made, area_id, form)
    return answer


@blueprint.route("/areas/<area>/figures")
@blueprint.arguments(forms.CustodyFigureQuerySchema, location="query")
@blueprint.response(200, forms.CustodyFigureSchema)
@policy(READERS)
def figure_events(_asked: dict[str, Any], area: str) -> dict[str, Any]:
    """Add a figure up from its events, and show the first of them; its filter comes from a report."""
    place = area_by_slug(current_session(), area)
    return _figure(place.id, "")


def _figure(area_id: UUID, own: str) -> dict[str, Any]:
    session = current_session()
    sought = sought_in(request.args)
    total, number = figure(session, area_id, sought, own)
    note_read(AuditEntry(action="custody.read_figure", subject_kind="service_area", subject_id=area_id))
    events = events_of(session, area_id, sought, MOST_EVENTS, own=own)
    return {"total": total, "number": number, "events": events}


@blueprint.route("/reconciliation")
@blueprint.arguments(forms.CustodyOwnQuerySchema, location="query")
@blueprint.response(200, forms.CustodyReportSchema)
@policy(roles(Role.NURSE))
def own_reconciliation(asked: dict[str, Any]) -> dict[str, Any]:
    """Reconcile the caller's own hands."""
    area, nurse_id = _own()
    made, area_id = _report(area, ReportKind.NURSES.value, asked, nurse_id)
    note_report(made, area_id, "json")
    return _shown(made)


@blueprint.route("/reconciliation/figures")
@blueprint.arguments(forms.CustodyFigureQuerySchema, location="query")
@blueprint.response(200, forms.CustodyFigureSchema)
@policy(roles(Role.NURSE))
def own_figure(_asked: dict[str, Any]) -> dict[str, Any]:
    """Add a figure up from events of vials in the caller's own hands."""
    area, nurse_id = _own()
    return _figure(area_by_slug(current_session(), area).id, nurse_holder(nurse_id))


def _own() -> tuple[str, UUID]:
    nurse_id = actor().nurse_id
    if nurse_id is None:
        raise refuse(NotFound, "no_such_nurse", "This account belongs to no nurse.")
    session = current_session()
    return area_by_id(session, nurse_by_id(session, nurse_id).area_id).slug, nurse_id


@blueprint.route("/areas/<area>/countables")
@blueprint.arguments(forms.CustodyCountableQuerySchema, location="query")
@blueprint.response(200, forms.CustodyCountableSchema(many=True))
@policy(TAKERS)
def countables(asked: dict[str, Any], area: str) -> list[service.OnHand]:
    """List what an inventory of a stock point has to count, without what the ledger has."""
    session = current_session()
    places = pharmacies(session, area_by_slug(session, area).id)
    place = next((each for each in places if each.id == asked["pharmacy_id"]), None)
    if place is None:
        raise refuse(NotFound, "no_such_pharmacy", "There is no such stock point here.", field="pharmacy_id")
    as_of = service.instant_of_business(session, place, asked["day"], asked["business"])
    return [line for line in service.on_hand(session, place, as_of) if line.countable]


@blueprint.route("/inventories", methods=["POST"])
@answered_once
@blueprint.arguments(forms.CustodyInventorySchema)
@blueprint.response(201, forms.CustodyInventoryTakenSchema)
@policy(TAKERS)
def take_inventory(sent: dict[str, Any]) -> Any:
    """Keep a counted and signed inventory; what differs from the ledger opens a case."""

    def proof(name: str) -> Any:
        return proofs.read(sent[name], sent["inventory_id"], name)[1] if name in sent else None

    command = service.TakeInventory(
        inventory_id=sent["inventory_id"],
        pharmacy_id=sent["pharmacy_id"],
        occasion=sent["occasion"],
        business=sent["business"],
        day=sent["day"],
        counted={each["key"]: each["units"] for each in sent["counted"]},
        proof=proof("proof"),
        witness=proof("witness_proof"),
    )
    return service.take_inventory(current_session(), command, actor(), clock())


@blueprint.route("/inventories/<uuid:inventory_id>")
@blueprint.response(200, forms.CustodyInventoryTakenSchema)
@policy(TAKERS)
def inventory(inventory_id: UUID) -> Any:
    """Show an inventory as it was signed."""
    found = service.inventory(current_session(), inventory_id)
    entry = AuditEntry(action="custody.read_inventory", subject_kind="inventory", subject_id=inventory_id)
    note_read(entry)
    return found

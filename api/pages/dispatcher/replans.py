"""Something happened: report it on the board, see the proposal beside doing nothing, accept or discard."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from api.actor import actor, clock, policy
from api.days import day_from, note_day_read
from api.db import current_session
from api.jobs import call_workers
from api.pages import pages
from api.pages.dispatcher import gantt, words
from api.pages.dispatcher.axis import Axis
from api.pages.dispatcher.board import DISPATCHERS, progress_of, read, sentences, whole
from api.pages.dispatcher.replan_panel import MovedLine, NurseLine, ReplanPanel, ReportLine
from api.pages.dispatcher.visits import begin_asked, visit_of
from api.replans import accept_proposal
from dispatch.areas.service import area_by_slug, pharmacies, zone_of
from dispatch.assignment.replan import Reported, discard, propose, replan_by_id, withdraw
from dispatch.assignment.replan_model import Better, Happening, ReplanState, Report
from dispatch.assignment.replan_view import MovedView, ProposalView, SlotView, proposal_view, reports_in_force
from dispatch.kernel.local_time import day_bounds
from dispatch.kernel.refusals import Invalid, Refusal, refuse
from dispatch.routes.booked import booked_visits
from dispatch.routes.model import BoardVisit

# What the form calls it -> what happened, and what it is about.
CHOICES: Mapping[str, tuple[Happening, str]] = {
    "nurse_ill": (Happening.NURSE_ILL, "shift"),
    "vehicle_late": (Happening.VEHICLE_LATE, "shift"),
    "overrun": (Happening.OVERRUN, "visit"),
    "cancelled": (Happening.CANCELLED, "visit"),
    "no_show": (Happening.NO_SHOW, "visit"),
    "urgent_visit": (Happening.URGENT_VISIT, "visit"),
    "no_drug_visit": (Happening.DRUG_NOT_AVAILABLE, "visit"),
    "no_drug_pharmacy": (Happening.DRUG_NOT_AVAILABLE, "pharmacy"),
    "no_drug_nurse": (Happening.DRUG_NOT_AVAILABLE, "shift"),
}
KIND_TEXTS = {
    Happening.NURSE_ILL: "ill from",
    Happening.VEHICLE_LATE: "no car before",
    Happening.OVERRUN: "takes until",
    Happening.CANCELLED: "cancelled",
    Happening.NO_SHOW: "nobody at home",
    Happening.URGENT_VISIT: "urgent",
    Happening.DRUG_NOT_AVAILABLE: "no drug until",
}
CHANGES = {
    "left": "nobody goes",
    "taken_on": "taken on",
    "other_nurse": "other nurse",
    "other_time": "other time",
}


@pages.route("/board/<slug>/<day>/report")
@policy(DISPATCHERS)
def report_form(slug: str, day: str) -> Response:
    """Ask what happened, filled in as an address asks, and show what was reported before and holds."""
    return _form(slug, day)


@pages.route("/board/<slug>/<day>/replans", methods=["POST"])
@policy(DISPATCHERS)
def report_happened(slug: str, day: str) -> Response:
    """Report what happened; answer with the proposal, or with the form and why it was refused."""
    try:
        reported = Reported(
            area=slug,
            day=day_from(day),
            reports=_reports(slug, day),
            reason=request.form.get("reason", "").strip(),
            freeze_minutes=whole("freeze_minutes"),
        )
        row = propose(current_session(), reported, actor(), clock(), progress_of(slug, day))
    except Refusal as refusal:
        current_session().rollback()
        return _form(slug, day, refusal)
    call_workers()
    return _panel(slug, day, row.id)


@pages.route("/board/<slug>/<day>/replans/<uuid:replan_id>")
@policy(DISPATCHERS)
def replan_panel(slug: str, day: str, replan_id: UUID) -> Response:
    """Show a proposal beside doing nothing."""
    return _panel(slug, day, replan_id)


@pages.route("/board/<slug>/<day>/replans/<uuid:replan_id>/accept", methods=["POST"])
@policy(DISPATCHERS)
def replan_accept(slug: str, day: str, replan_id: UUID) -> Response:
    """Publish the proposal that was seen."""
    try:
        accept_proposal(current_session(), replan_id, whole("step"), actor(), clock())
    except Refusal as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            raise
        current_session().rollback()
        return _panel(slug, day, replan_id, refusal)
    return _panel(slug, day, replan_id)


@pages.route("/board/<slug>/<day>/replans/<uuid:replan_id>/discard", methods=["POST"])
@policy(DISPATCHERS)
def replan_discard(slug: str, day: str, replan_id: UUID) -> Response:
    """Set the proposal aside."""
    try:
        discard(current_session(), replan_id, actor(), clock())
    except Refusal as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            raise
        current_session().rollback()
        return _panel(slug, day, replan_id, refusal)
    return _panel(slug, day, replan_id)


@pages.route("/board/<slug>/<day>/disturbances/<uuid:disturbance_id>/withdraw", methods=["POST"])
@policy(DISPATCHERS)
def report_withdraw(slug: str, day: str, disturbance_id: UUID) -> Response:
    """Take back what was reported."""
    withdraw(current_session(), disturbance_id, actor(), clock())
    return _form(slug, day)


def _reports(slug: str, day: str) -> tuple[Report, ...]:
    """Read what the form reports; nothing re-plans the rest of the day as the facts have it."""
    choice = request.form.get("kind", "")
    if choice == "nothing":
        return ()
    if choice not in CHOICES:
        raise refuse(Invalid, "field_not_valid", "Choose what happened.", field="kind")
    kind, about = CHOICES[choice]
    at = begin_asked(slug, day) if request.form.get("reading", "").strip() else None
    text = request.form.get(about, "").strip()
    if not text:
        raise refuse(Invalid, "field_missing", f"Choose the {_named(about)}.", field=about)
    if about == "visit":
        return (Report(kind=kind, appointment_id=visit_of(text)[0], at=at),)
    try:
        found = UUID(text)
    except ValueError:
        raise refuse(Invalid, "field_not_valid", f"Choose the {_named(about)}.", field=about) from None
    if about == "pharmacy":
        return (Report(kind=kind, pharmacy_id=found, at=at),)
    return (Report(kind=kind, shift_id=found, at=at),)


def _named(about: str) -> str:
    return {"shift": "nurse", "visit": "visit", "pharmacy": "pharmacy"}[about]


def _form(slug: str, day: str, refusal: Refusal | None = None) -> Response:
    view = gantt.day_view(read(slug, day))
    area = area_by_slug(current_session(), slug)
    held = reports_in_force(current_session(), area.id, day_from(day))
    names = {lane.shift_id: lane.code for lane in view.lanes}
    names |= {visit.appointment_id: visit.initials for lane in view.lanes for visit in lane.visits}
    shops = pharmacies(current_session(), area.id)
    names |= {str(shop.id): shop.name for shop in shops}
    zone = zone_of(area)
    page = render_template(
        "dispatcher/_report.html",
        view=view,
        shops=shops,
        asked=request.form or request.args,
        refused=sentences(refusal) if refusal else (),
        held=[
            ReportLine(
                disturbance_id=str(row.id),
                text=_report_text(Happening(row.kind), names, row.shift_id or row.appointment_id
                                  or row.pharmacy_id, row.at or row.reported_at, zone),
                by=f"{row.reporter}, {words.reading(row.reported_at, zone)}",
            )
            for row in held
        ],
    )  # fmt: skip
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)


def _report_text(
    kind: Happening, names: Mapping[str, str], about: UUID | None, at: datetime | None, zone: ZoneInfo
) -> str:
    text = f"{names.get(str(about), 'somebody')}: {KIND_TEXTS[kind]}"
    ends = text.endswith((" from", " before", " until"))
    return f"{text} {words.reading(at, zone)}" if ends and at else text.removesuffix(" until")


def _panel(slug: str, day: str, replan_id: UUID, refusal: Refusal | None = None) -> Response:
    current_session().flush()
    row = replan_by_id(current_session(), replan_id)
    view = proposal_view(current_session(), row)
    on = day_from(day)
    area = area_by_slug(current_session(), slug)
    zone = zone_of(area)
    wanted = {moved.appointment_id for moved in view.moved if moved.appointment_id}
    wanted |= {report.appointment_id for report in view.reports if report.appointment_id}
    booked = booked_visits(current_session(), area.id, on, {}, wanted)
    note_day_read("replan.read", area.id, on)
    origin, _ = day_bounds(on, zone)
    axis = Axis(origin=origin, zone=zone, first_h=0, span_h=24)
    names = {str(visit.appointment_id): visit.initials for visit in booked.values()}
    names |= {str(shop.id): shop.name for shop in pharmacies(current_session(), area.id)}
    names |= {str(shift_id): code for code, shift_id in view.shifts.items()}
    happened = [
        _report_text(report.kind, names, report.shift_id or report.appointment_id or report.pharmacy_id,
                     report.at or row.asked_at, zone)
        for report in view.reports
    ]  # fmt: skip
    shown = ReplanPanel(
        replan_id=str(row.id),
        state=row.state,
        step=row.step,
        searching=row.state == ReplanState.PROPOSED and row.better != Better.ENDED,
        exact=row.engine == "columns",
        happened=happened or ["The rest of the day, as the facts have it."],
        reason=row.reason or "",
        nothing=_bill(view.diff["nothing"]),
        after=_bill(view.diff["after"]),
        saves=_saved(view),
        moved=[_line(moved, booked, axis, zone) for moved in view.moved],
        nurses=[_nurse(entry, axis) for entry in view.diff["nurses"]],
        refused=sentences(refusal) if refusal else (),
    )
    page = render_template("dispatcher/_replan.html", panel=shown, slug=slug, day=day)
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)


def _line(moved: MovedView, booked: Mapping[UUID, BoardVisit], axis: Axis, zone: ZoneInfo) -> MovedLine:
    visit = booked.get(moved.appointment_id) if moved.appointment_id else None
    key = str(moved.appointment_id) + (".2" if moved.part > 1 else "")
    place = ""
    if moved.after and visit:
        place = axis.place_of(moved.after.begins_at, visit.minutes)
    return MovedLine(
        key=key,
        initials=visit.initials if visit else moved.visit,
        change=moved.change,
        change_text=CHANGES[moved.change],
        promised=_slot(moved.promised, zone),
        nothing=_slot(moved.nothing, zone),
        after=_slot(moved.after, zone),
        late=f"{-(-moved.late_s // 60)} min behind its window" if moved.late_s else "",
        price=words.added_dollars(moved.moved_mc) if moved.moved_mc else "",
        shift_id=str(moved.after.shift_id) if moved.after and moved.after.shift_id else "",
        place=place,
        anyway=moved.anyway,
    )


def _nurse(entry: Mapping[str, Any], axis: Axis) -> NurseLine:
    before, after = entry["nothing"], entry["after"]
    return NurseLine(
        code=entry["nurse"],
        visits=f"{len(before['visits'])} → {len(after['visits'])}",
        travel=f"{words.hours(before['travel_s'])} → {words.hours(after['travel_s'])}",
        overtime=f"{words.hours(before['overtime_s'])} → {words.hours(after['overtime_s'])}",
    )


def _slot(slot: SlotView | None, zone: ZoneInfo) -> str:
    return f"{slot.nurse} {words.reading(slot.begins_at, zone)}" if slot else "nobody"


def _bill(bill: Mapping[str, Any]) -> list[tuple[str, str]]:
    terms = bill["terms"]
    shown = [
        ("driving", terms["travel_mc"]),
        ("waiting", terms["idle_mc"]),
        ("overtime", terms["overtime_mc"]),
        ("wishes missed", terms["continuity_mc"] + terms["fairness_mc"]),
        ("unassigned", terms["unassigned_mc"]),
        ("moving and lateness", bill["moved_mc"]),
        ("in all", bill["total_mc"]),
    ]
    return [(name, words.dollars(amount)) for name, amount in shown]


def _saved(view: ProposalView) -> str:
    saves_mc = view.diff["saves_mc"]
    if saves_mc == 0:
        return "It costs what doing nothing costs."
    word = "saves" if saves_mc > 0 else "costs"
    return f"It {word} {words.added_dollars(abs(saves_mc)).lstrip('+')} against doing nothing."

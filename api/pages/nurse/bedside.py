"""/today/visits/<id>/bedside: the checklist a section at a time, the readings, and the one next deed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_reads, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.nurse import words
from api.pages.nurse.forms import fact_from_form, load_values
from api.pages.nurse.vitals_svg import drawing, mood_drawing
from api.v1.bedside import entry_from, reading_from
from api.v1.bedside_schemas import RHYTHMS, SYMPTOMS, BedsideEntrySchema, ReadingSchema
from dispatch.areas.service import area_by_id, zone_of
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Refusal
from dispatch.visits import queries as visits
from dispatch.visits import service as deeds
from dispatch.visits.bedside import queries, service
from dispatch.visits.bedside.model import Bedside, Section, StepLine
from dispatch.visits.model import ASKED_FIRST, Deed, Visit, VisitState
from dispatch.visits.safety import service as safety
from dispatch.visits.safety.model import ContactHow, NewContact
from dispatch.workforce.service import nurse_by_id

WHOLE = ("sbp", "dbp", "hr", "rr", "spo2", "moaas", "agitation", "spo2_low_s")


@pages.route("/today/visits/<uuid:appointment_id>/bedside")
@policy(roles(Role.NURSE))
def bedside(appointment_id: UUID) -> Response:
    """Show where the visit stands, the step that is open, and the readings over time."""
    return show(appointment_id)


@pages.route("/today/visits/<uuid:appointment_id>/bedside/held")
@policy(roles(Role.NURSE))
def held_now(appointment_id: UUID) -> str:
    """Give whether a visit is held and what was released, for an open page to ask now and then."""
    session, zone = current_session(), _zone()
    visit = visits.own_visit(session, appointment_id, actor())
    found = queries.bedside_of(session, appointment_id, actor(), clock())
    note_reads("bedside.read", [visit.patient_id])
    return render_template(
        "nurse/_held.html",
        appointment_id=appointment_id,
        held=visit.state is VisitState.HELD,
        releases=found.releases,
        duty=found.duty,
        at=lambda moment: words.clock_text(moment, zone),
    )


@pages.route("/today/visits/<uuid:appointment_id>/bedside/deeds", methods=["POST"])
@policy(roles(Role.NURSE))
def bedside_deed(appointment_id: UUID) -> Response:
    """Do the deed of the button; what has not happened yet is refused with all that is missing."""
    try:
        form = dict(request.form)
        form["asked"] = "true" if form.get("kind") in ASKED_FIRST else "false"
        fact = fact_from_form(form, appointment_id, clock().now())
        if not visits.is_recorded(current_session(), fact, actor()):
            judged = deeds.judge(current_session(), fact, actor(), clock())
            if judged.reason_due and not fact.reason.strip() and not _wants_json():
                return show(appointment_id, asked_why=fact.deed, status=422)
            deeds.record_fact(current_session(), fact, actor(), clock())
    except Refusal as refusal:
        return _refused(appointment_id, refusal)
    return _done(appointment_id)


@pages.route("/today/visits/<uuid:appointment_id>/bedside/readings", methods=["POST"])
@policy(roles(Role.NURSE))
def chart_reading(appointment_id: UUID) -> Response:
    """Take a set of readings; what it asks for is shown large."""
    try:
        known = ReadingSchema().fields
        form: dict[str, object] = {
            name: text for name, text in request.form.items() if name in known and text.strip()
        }
        form |= {name: int(str(form[name])) for name in WHOLE if str(form.get(name, "")).isdecimal()}
        form["symptoms"] = request.form.getlist("symptoms")
        sent = load_values(ReadingSchema(), _now() | form)
        receipt = service.record_reading(
            current_session(), reading_from(appointment_id, sent), actor(), clock()
        )
    except Refusal as refusal:
        return _refused(appointment_id, refusal)
    return _done(appointment_id, read=receipt.level.value)


@pages.route("/today/visits/<uuid:appointment_id>/bedside/sections", methods=["POST"])
@policy(roles(Role.NURSE))
def chart_section(appointment_id: UUID) -> Response:
    """Keep a section as it stands; a half done one is kept, too. Answers JSON to the page's own saving."""
    zone = _zone()
    try:
        section = Section(request.form.get("section", ""))
        answers = {
            question.name: _instant(text, zone) if question.kind == "when" else text
            for question in queries.questions_of(section)
            if (text := request.form.get(question.name, "").strip())
        }
        meta = {name: request.form[name] for name in ("event_id", "at", "sent_at") if request.form.get(name)}
        charted = {"section": section.value, "answers": answers, "asked": section is Section.RATE}
        sent = load_values(BedsideEntrySchema(), _now() | meta | charted)
        receipt = service.record_step(current_session(), entry_from(appointment_id, sent), actor(), clock())
    except ValueError:
        return show(appointment_id, status=422)
    except Refusal as refusal:
        return _refused(appointment_id, refusal)
    return _done(appointment_id, told={"open": len(receipt.missing), "state": receipt.state})


@pages.route("/today/visits/<uuid:appointment_id>/bedside/prescriber", methods=["POST"])
@policy(roles(Role.NURSE))
def prescriber_answered(appointment_id: UUID) -> Response:
    """Record that the prescriber on call answered the nurse just now."""
    try:
        duty_id = UUID(request.form.get("duty_id", ""))
        contact = NewContact(duty_id=duty_id, how=ContactHow.LIVE_CALL, appointment_id=appointment_id)
        safety.confirm_reachable(current_session(), contact, actor(), clock())
    except ValueError:
        return show(appointment_id, status=422)
    except Refusal as refusal:
        return _refused(appointment_id, refusal)
    return _done(appointment_id)


def _done(appointment_id: UUID, told: Mapping[str, object] | None = None, **query: Any) -> Response:
    """Lead back to the screen; the page's own sending is told where that is instead."""
    place = url_for("pages.bedside", appointment_id=appointment_id, **query)
    return jsonify({"next": place, **(told or {})}) if _wants_json() else redirect(place, 303)


def _refused(appointment_id: UUID, refusal: Refusal) -> Response:
    """Show what speaks against it; the page's own sending is told it as JSON."""
    if refusal.status == 404:
        raise refusal
    if _wants_json():
        reasons = [{"text": each.text, "field": each.field} for each in refusal.reasons]
        return make_response(jsonify(reasons=reasons), refusal.status)
    return show(appointment_id, refusal=refusal, status=refusal.status)


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _now() -> dict[str, object]:
    """Without script the page has no clock of its own: the server's counts."""
    return {"at": clock().now().isoformat()}


def _instant(text: str, zone: ZoneInfo) -> str:
    """Read what a field for day and time holds as an instant of the area's clock."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()


def _zone() -> ZoneInfo:
    nurse_id = actor().nurse_id
    session = current_session()
    return (
        zone_of(area_by_id(session, nurse_by_id(session, nurse_id).area_id)) if nurse_id else ZoneInfo("UTC")
    )


def show(
    appointment_id: UUID,
    *,
    refusal: Refusal | None = None,
    asked_why: Deed | None = None,
    status: int = 200,
) -> Response:
    """Render the bedside, with what was refused or is still asked at its top."""
    session, zone = current_session(), _zone()
    visit = visits.own_visit(session, appointment_id, actor())
    note_reads("bedside.read", [visit.patient_id])
    found = queries.bedside_of(session, appointment_id, actor(), clock())
    page = render_template(
        "nurse/bedside.html",
        account_id=actor().account_id,
        visit=visit,
        bedside=found,
        step=_shown(found),
        questions_of=queries.questions_of,
        drawing=drawing(found.chart.readings, visit.times.get(Deed.START), visit.times.get(Deed.STOP)),
        mood=mood_drawing(found.moods),
        day_of=lambda moment: words.day_text(moment.astimezone(zone).date()),
        deeds=_deeds(visit, found),
        duty=found.duty,
        level=request.args.get("read", ""),
        refusal=refusal,
        delayed=visits.delayed(session, appointment_id, actor(), clock()),
        asked_why=asked_why,
        asked_first=ASKED_FIRST,
        typed=request.form,
        words=words,
        new_id=new_id,
        rhythms=RHYTHMS,
        symptoms=SYMPTOMS,
        mg=words.mg_text,
        at=lambda moment: words.clock_text(moment, zone),
        local=lambda text: f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%dT%H:%M}" if text else "",
    )
    return make_response(page, status)


def _deeds(visit: Visit, found: Bedside) -> tuple[Deed, ...]:
    """Return the deeds of this screen: start comes without a deed of its own for being ready."""
    wanted = list(visits.next_deeds(visit))
    if Deed.READY in wanted:
        wanted[wanted.index(Deed.READY)] = Deed.START
    return tuple(deed for deed in wanted if found.checklist or deed is not Deed.SCREEN)


def _shown(found: Bedside) -> StepLine:
    """Return the step that was chosen, else the first open one that the nurse fills in."""
    asked = request.args.get("step", "")
    chosen = next((step for step in found.steps if str(step.number) == asked), None)
    open_ones = [step for step in found.steps if step.state == "open"]
    return chosen or next(iter(open_ones), found.steps[-1])

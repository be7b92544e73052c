"""/today: show the nurse's own route, and take her deeds as plain forms that work without script."""

from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, keep_although_refused, note_reads, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.nurse import words
from api.pages.nurse.box import LockBox, lock_box
from api.pages.nurse.forms import fact_from_form, read_form
from api.v1.visits_schemas import DayQuerySchema
from dispatch.custody import queries as custody
from dispatch.custody.scans.service import Identified
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Refusal
from dispatch.visits import queries, service
from dispatch.visits.model import EventIdReused, NewFact, NursesDay, Point, Visit
from dispatch.workforce.queries import colleagues_of


@dataclass(frozen=True, kw_only=True)
class Question:
    """A deed that waits for its reason: nothing is stored until the nurse gives one."""

    fact: NewFact
    distance_m: int | None
    flags: tuple[str, ...]
    typed: dict[str, str] = field(default_factory=dict)


@pages.route("/today")
@policy(roles(Role.NURSE))
def today() -> Response:
    """Show the route, the stop that is next or under way large."""
    try:
        return show()
    except Refusal as refusal:
        if refusal.reasons[0].code != "no_nurse_record":
            raise
        return make_response(render_template("nurse/no_nurse.html", reasons=refusal.reasons), refusal.status)


@pages.route("/today/plan")
@policy(roles(Role.NURSE))
def plan_of_today() -> Response:
    """Tell the number of a day's plan in force, so that a page that was left open can say it is old."""
    asked = read_form(DayQuerySchema(), request.args)
    return jsonify(plan=queries.plan_number(current_session(), actor(), clock(), asked.get("day")))


@pages.route("/today/visits/<uuid:appointment_id>", methods=["POST"])
@policy(roles(Role.NURSE))
def do_deed(appointment_id: UUID) -> Response:
    """Record the deed of the button that was pressed; where a reason is due, ask for it first."""
    session = current_session()
    try:
        fact = fact_from_form(request.form, appointment_id, clock().now())
        if queries.is_recorded(session, fact, actor()):
            return redirect(url_for("pages.today"), 303)
        judged = service.judge(session, fact, actor(), clock())
        if judged.reason_due and not fact.reason.strip():
            question = Question(
                fact=fact, distance_m=judged.distance_m, flags=judged.flags, typed=dict(request.form)
            )
            return show(question=question, status=422)
        service.record_fact(session, fact, actor(), clock())
    except EventIdReused as refusal:
        service.note_reuse(session, fact, actor(), clock())
        keep_although_refused()
        return show(refusal=refusal, status=refusal.status)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        return show(refusal=refusal, status=refusal.status)
    return redirect(url_for("pages.today"), 303)


def show(
    *,
    refusal: Refusal | None = None,
    question: Question | None = None,
    seen: Identified | None = None,
    status: int = 200,
) -> Response:
    """Render the screen, with what was refused, is still asked or was scanned at its top."""
    asked = read_form(DayQuerySchema(), request.args) if request.method == "GET" else {}
    day = queries.nurses_day(current_session(), actor(), clock(), asked.get("day"))
    note_reads("visit.read_route", (visit.patient_id for visit in day.visits))
    zone = ZoneInfo(day.time_zone)
    box = lock_box(
        current_session(), day, clock().now(), skip_pickup=bool(question or "without_pickup" in request.args)
    )
    due = box.pickup.pharmacy if box.pickup else None
    doses = {visit.appointment_id: visit.dose_ug for visit in day.visits}
    page = render_template(
        "nurse/today.html",
        day=day,
        box=box,
        stock=custody.vials_at_pharmacy(current_session(), due.pharmacy_id) if due else (),
        colleagues=colleagues_of(current_session(), day.nurse_id) if box.vials else (),
        pharmacies=queries.pharmacies(current_session(), day.area_id) if box.vials else (),
        dose_of=doses.get,
        geo=geo,
        now_at=_position(day, box),
        next_deeds=queries.next_deeds,
        flag_text=queries.flag_text,
        refusal=refusal,
        question=question,
        seen=seen,
        words=words,
        new_id=new_id,
        mg=words.mg_text,
        at=lambda moment: words.clock_text(moment, zone),
        window=lambda visit: words.window_text(visit, zone),
        late=lambda visit: is_late(visit),
    )
    return make_response(page, status)


def geo(point: Point) -> str:
    """Return the address that opens the phone's own maps (RFC 5870); it carries no name."""
    place = f"{point.lat:.6f},{point.lon:.6f}"
    return f"geo:{place}?q={place}"


def _position(day: NursesDay, box: LockBox) -> int | None:
    """Return the index of the stop that is next or under way; None when the day is done."""
    wanted = [place for place, stop in enumerate(day.stops) if stop is box.pickup]
    current = day.current
    wanted += [place for place, stop in enumerate(day.stops) if current and stop.visit is current]
    return wanted[0] if wanted else None


def is_late(visit: Visit) -> bool:
    """Tell whether the last window has closed and the nurse is not there yet."""
    return not visit.times and bool(visit.windows) and clock().now() > visit.windows[-1][1]

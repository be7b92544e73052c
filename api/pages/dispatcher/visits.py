"""A visit on the board: why this nurse and not that one, what a move would cost, moving it, pinning it."""

from collections.abc import Callable
from datetime import datetime, time
from http import HTTPStatus
from uuid import UUID

from flask import jsonify, make_response, render_template, request
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_reads, policy
from api.days import day_from, present_days, progress_when_needed
from api.db import current_session
from api.pages import pages
from api.pages.dispatcher import words
from api.pages.dispatcher.board import DISPATCHERS, progress_of, sentences, whole
from api.pages.dispatcher.day_view import Candidate, Outcome, VisitPanel
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.assignment.moves import (
    MoveVisit,
    NeedsConfirmation,
    PinVisit,
    move_visit,
    pin_visit,
    unpin_visit,
)
from dispatch.assignment.present_day import PresentDays
from dispatch.assignment.why import Candidate as Ranked
from dispatch.assignment.why import Fit, Why, why
from dispatch.kernel.local_time import instant
from dispatch.kernel.refusals import Invalid, NotFound, Refusal, Stale, refuse
from dispatch.routes.booked import booked_visits
from dispatch.routes.model import BoardVisit

TONES = {Fit.A: "best", Fit.B: "middling", Fit.C: "middling", Fit.NO: "none"}
PARTS = ("1", "2")
# What a dispatcher most likely has to tell of a visit, by how it is drawn.
HAPPENING = {"under_way": "overrun", "planned": "nothing"}


@pages.route("/board/<slug>/<day>/visits/<key>")
@policy(DISPATCHERS)
def visit_panel(slug: str, day: str, key: str) -> Response:
    """Show a visit in detail, every nurse ranked with all reasons against."""
    return panel(slug, day, key)


@pages.route("/board/<slug>/<day>/visits/<key>/offers")
@policy(DISPATCHERS)
def visit_offers(slug: str, day: str, key: str) -> Response:
    """Say what giving the visit to each shift would cost, or why it may not be; read while it is held."""
    answer = asked_why(slug, day, key, present_days())
    zone = zone_of(area_by_slug(current_session(), slug))
    offers = []
    for found in answer.candidates:
        reasons = [reason.text for reason in found.reasons]
        offers.append(
            {
                "shift_id": str(found.shift_id),
                "allowed": not reasons,
                "begins": words.reading(found.begins_at, zone) if found.begins_at else "",
                "added": "" if found.added_mc is None else words.added_dollars(found.added_mc),
                "why": reasons[0] if reasons else "",
                "reasons": reasons,
            }
        )
    return jsonify(offers)


@pages.route("/board/<slug>/<day>/visits/<key>/move", methods=["POST"])
@policy(DISPATCHERS)
def visit_move(slug: str, day: str, key: str) -> Response:
    """Move the visit to a shift, at a time where one is given; without a shift take it off its route."""

    def deed() -> str:
        appointment_id, part = visit_of(key)
        command = MoveVisit(
            area=slug,
            day=day_from(day),
            appointment_id=appointment_id,
            part=part,
            plan_number=whole("plan_number"),
            shift_id=shift_asked(),
            begins_at=begin_asked(slug, day),
            accept_warnings=request.form.get("accept") == "yes",
        )
        move_visit(current_session(), command, actor(), clock(), progress_of(slug, day))
        return "Moved" if command.shift_id else "Taken off its route"

    return do(slug, day, key, deed)


@pages.route("/board/<slug>/<day>/visits/<key>/pin", methods=["POST"])
@policy(DISPATCHERS)
def visit_pin(slug: str, day: str, key: str) -> Response:
    """Pin the visit to its nurse, and to its time if asked; or let go of it."""

    def deed() -> str:
        wanted = request.form.get("pin", "nurse")
        command = PinVisit(
            area=slug,
            day=day_from(day),
            appointment_id=visit_of(key)[0],
            plan_number=whole("plan_number"),
            begin=wanted == "time",
        )
        pinning = unpin_visit if wanted == "nobody" else pin_visit
        pinning(current_session(), command, actor(), clock(), progress_of(slug, day))
        return "Unpinned" if wanted == "nobody" else "Pinned"

    return do(slug, day, key, deed)


def do(slug: str, day: str, key: str, deed: Callable[[], str]) -> Response:
    """Do what the panel asks, then show it: as it is now, or with why it was refused or must be confirmed."""
    try:
        done = Outcome(kind="yes", title=deed())
    except Refusal as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            raise
        current_session().rollback()
        return panel(slug, day, key, outcome_of(refusal), refusal.status)
    current_session().flush()
    return panel(slug, day, key, done)


def outcome_of(refusal: Refusal) -> Outcome:
    """Say how a deed ended that did not happen: refused, to be confirmed, or decided on what is past."""
    kind, title = "no", refusal.title
    if isinstance(refusal, NeedsConfirmation):
        kind, title = "ask", "No law forbids it, but"
    elif isinstance(refusal, Stale):
        kind, title = "stale", "Somebody changed the plan meanwhile"
    return Outcome(
        kind=kind,
        title=title,
        reasons=sentences(refusal),
        shift_id=request.form.get("shift_id", ""),
        reading=request.form.get("reading", ""),
    )


def panel(
    slug: str, day: str, key: str, outcome: Outcome | None = None, status: int = HTTPStatus.OK
) -> Response:
    """Render a visit's panel and note that its patient was looked at."""
    answer = asked_why(slug, day, key, present_days() if request.method == "GET" else None)
    area = area_by_slug(current_session(), slug)
    of_it = booked_visits(current_session(), area.id, day_from(day), {}, {answer.appointment_id})
    states = {each.appointment_id: each.state for each in progress_of(slug, day)}
    visit = of_it[answer.appointment_id]
    note_reads("visit.why", [visit.patient_id])
    zone = zone_of(area)
    present = next((found for found in answer.candidates if found.is_present), None)
    begins = words.reading(answer.begins_at, zone) if answer.begins_at else ""
    codes = {str(found.shift_id): found.code for found in answer.candidates}
    shown = VisitPanel(
        key=key,
        patient_id=visit.patient_id,
        initials=visit.initials,
        service=words.service(visit),
        minutes=visit.minutes,
        priority=visit.priority,
        windows=words.windows(visit.windows, zone),
        planned=f"{present.code}, {begins}" if present else begins,
        pinned=pinned_text(visit, answer),
        movable=answer.movable,
        why_not=words.against(answer.reasons),
        candidates=[candidate_of(found, words.reading(found.begins_at, zone) if found.begins_at else "")
                    for found in answer.candidates],
        plan_number=answer.plan_number,
        is_left=answer.shift_id is None,
        happening=HAPPENING.get(words.look(states.get(answer.appointment_id, visit.state)), ""),
        outcome=outcome,
        wanted=wanted_text(outcome, codes),
    )  # fmt: skip
    page = render_template("dispatcher/_panel.html", panel=shown, slug=slug, day=day)
    return make_response(page, status)


def candidate_of(found: Ranked, begins: str) -> Candidate:
    """Turn a ranked nurse into a line of the panel."""
    return Candidate(
        shift_id=str(found.shift_id),
        code=found.code,
        grade="–" if found.fit is Fit.NO else found.fit.value,
        tone=TONES[found.fit],
        begins=begins,
        added="" if found.added_mc is None else words.added_dollars(found.added_mc),
        notes=[wish.text for wish in found.wishes if wish.share > 0],
        reasons=[reason.text for reason in found.reasons],
        is_present=found.is_present,
    )


def pinned_text(visit: BoardVisit, answer: Why) -> str:
    """Say what the visit is pinned to, empty when it is not."""
    if visit.pinned_nurse_id is None:
        return ""
    code = next((c.code for c in answer.candidates if c.nurse_id == visit.pinned_nurse_id), "a nurse")
    return f"{code} and its time" if visit.pinned_begin_at else code


def wanted_text(outcome: Outcome | None, codes: dict[str, str]) -> str:
    """Say what the dispatcher wanted, for the moment when somebody else was quicker."""
    if outcome is None or not outcome.shift_id:
        return ""
    at = f" at {outcome.reading}" if outcome.reading else ""
    return f"to {codes.get(outcome.shift_id, 'another nurse')}{at}"


def asked_why(slug: str, day: str, key: str, days: PresentDays | None = None) -> Why:
    """Ask who could make the visit; `days` only where nothing has been written."""
    appointment_id, part = visit_of(key)
    area, on = area_by_slug(current_session(), slug), day_from(day)
    progress = progress_when_needed(area.id, on)
    return why(current_session(), slug, on, appointment_id, clock(), progress, part=part, days=days)


def visit_of(key: str) -> tuple[UUID, int]:
    """Read a visit's key: the appointment's id, and ``.2`` behind it for the second of two nurses."""
    text, _, part = key.partition(".")
    try:
        appointment_id = UUID(text)
    except ValueError:
        appointment_id = None
    if appointment_id is None or (part or "1") not in PARTS:
        raise refuse(NotFound, "no_such_visit", "This day has no such visit.")
    return appointment_id, int(part or 1)


def shift_asked() -> UUID | None:
    """Read the shift of a form; None where the visit is to be taken off."""
    text = request.form.get("shift_id", "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise refuse(NotFound, "no_such_shift", "Nobody has that shift on this day.") from None


def begin_asked(slug: str, day: str) -> datetime | None:
    """Read the time of a form, by the area's clocks; None for whenever it costs least."""
    text = request.form.get("reading", "").strip()
    if not text:
        return None
    try:
        reading = time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise refuse(Invalid, "time_not_valid", "Write the time as 14:30.", field="reading") from None
    zone = zone_of(area_by_slug(current_session(), slug))
    return instant(day_from(day), reading, zone, field="reading")

"""Alarms and the on-call roster: what shouts on the board, one alarm in full, who can be called."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_reads, policy, roles
from api.db import current_session
from api.pages import pages
from dispatch.areas.service import area_by_id, area_by_slug, zone_of
from dispatch.kernel.actor import Role
from dispatch.kernel.local_time import instant, local_day
from dispatch.kernel.refusals import Invalid, Refusal, refuse
from dispatch.visits.safety import queries, service
from dispatch.visits.safety.model import AlarmDeed, AnswerAlarm, ContactHow, NewContact, NewDuty

DISPATCHERS = roles(Role.DISPATCHER)
ANSWERING = roles(Role.DISPATCHER, Role.PRESCRIBER)
AUDIENCES = {
    "nurse": "the nurse",
    "dispatcher": "the dispatcher",
    "call": "ring the nurse up",
    "lead": "the lead",
    "prescriber": "the prescriber on call",
    "compliance": "compliance",
    "emergency": "call 911",
}


@pages.route("/board/<slug>/alarms")
@policy(DISPATCHERS)
def alarms(slug: str) -> Response:
    """Show the open alarms, those of today that are over, who is on call, and where nobody is."""
    return _alarms(slug)


@pages.route("/board/<slug>/alarms/strip")
@policy(DISPATCHERS)
def alarm_strip(slug: str) -> str:
    """Give the banner of open alarms anew, for an open board."""
    return strip_of(slug)


def strip_of(slug: str) -> str:
    """Render the banner of an area's open alarms."""
    area = area_by_slug(current_session(), slug)
    lines = queries.alarm_lines(current_session(), area.id)
    return render_template(
        "dispatcher/alarm_strip.html",
        lines=lines,
        slug=slug,
        loud=queries.is_loud,
        at=_reading(zone_of(area)),
    )


pages.add_app_template_global(strip_of, "alarm_strip_of")


@pages.route("/alarms/<uuid:alarm_id>")
@policy(ANSWERING)
def alarm(alarm_id: UUID) -> Response:
    """Show one alarm; where help must go, its address and access notes, which is noted."""
    return _alarm(alarm_id)


@pages.route("/alarms/<uuid:alarm_id>", methods=["POST"])
@policy(ANSWERING)
def answer_alarm(alarm_id: UUID) -> Response:
    """Acknowledge an alarm, or resolve it in words."""

    def answer() -> None:
        seen = request.form.get("seen", "")
        said = AnswerAlarm(
            alarm_id=alarm_id,
            deed=_word(AlarmDeed, "deed"),
            words=request.form.get("words", ""),
            seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 6 else None,
        )
        service.answer_alarm(current_session(), said, actor(), clock())

    return _done(answer, lambda refusal: _alarm(alarm_id, refusal), url_for("pages.alarm", alarm_id=alarm_id))


@pages.route("/board/<slug>/on-call", methods=["POST"])
@policy(DISPATCHERS)
def enter_duty(slug: str) -> Response:
    """Put a prescriber on call; times are the area's own clock."""

    def enter() -> None:
        zone = zone_of(area_by_slug(current_session(), slug))
        new = NewDuty(
            account_id=_uuid("account_id"),
            states=frozenset(request.form.get("states", "").upper().replace(",", " ").split()),
            begins_at=_moment("begins_at", zone),
            ends_at=_moment("ends_at", zone),
            phone=request.form.get("phone", ""),
        )
        service.enter_duty(current_session(), new, actor(), clock())

    return _done(enter, lambda refusal: _alarms(slug, refusal), url_for("pages.alarms", slug=slug))


@pages.route("/board/<slug>/on-call/<uuid:duty_id>/withdraw", methods=["POST"])
@policy(DISPATCHERS)
def withdraw_duty(slug: str, duty_id: UUID) -> Response:
    """Take a turn off the roster."""
    return _done(
        lambda: service.withdraw_duty(current_session(), duty_id, actor(), clock()),
        lambda refusal: _alarms(slug, refusal),
        url_for("pages.alarms", slug=slug),
    )


@pages.route("/board/<slug>/on-call/<uuid:duty_id>/reached", methods=["POST"])
@policy(DISPATCHERS)
def record_call(slug: str, duty_id: UUID) -> Response:
    """Record that the dispatcher spoke with the prescriber just now."""
    new = NewContact(duty_id=duty_id, how=ContactHow.LIVE_CALL)
    return _done(
        lambda: service.confirm_reachable(current_session(), new, actor(), clock()),
        lambda refusal: _alarms(slug, refusal),
        url_for("pages.alarms", slug=slug),
    )


@pages.route("/on-call")
@policy(roles(Role.PRESCRIBER))
def on_call() -> Response:
    """Show a prescriber's own turns, each with one button: I can be reached."""
    return _on_call()


@pages.route("/on-call/<uuid:duty_id>", methods=["POST"])
@policy(roles(Role.PRESCRIBER))
def confirm_own(duty_id: UUID) -> Response:
    """Take the prescriber's word for being reachable."""
    new = NewContact(duty_id=duty_id, how=ContactHow.OWN_WORD)
    return _done(
        lambda: service.confirm_reachable(current_session(), new, actor(), clock()),
        _on_call,
        url_for("pages.on_call"),
    )


def _done(deed: Callable[[], object], again: Callable[[Refusal], Response], then: str) -> Response:
    try:
        deed()
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        current_session().rollback()
        return again(refusal)
    return redirect(then, 303)


def _alarms(slug: str, refusal: Refusal | None = None) -> Response:
    session = current_session()
    area = area_by_slug(session, slug)
    zone = zone_of(area)
    page = render_template(
        "dispatcher/alarms.html",
        area=area,
        slug=slug,
        lines=queries.alarm_lines(session, area.id),
        ended=queries.ended_lines(session, area.id, local_day(clock().now(), zone)),
        duties=queries.roster(session, clock()),
        gaps=queries.roster_gaps(session, area.id, clock()),
        prescribers=queries.prescribers(session),
        phone=lambda duty: queries.duty_phone(session, duty.duty_id, None, actor()),
        now=clock().now(),
        at=_reading(zone),
        zone=zone,
        loud=queries.is_loud,
        audiences=AUDIENCES,
        refusal=refusal,
        typed=request.form if refusal else {},
    )
    return make_response(page, refusal.status if refusal else 200)


def _alarm(alarm_id: UUID, refusal: Refusal | None = None) -> Response:
    session = current_session()
    sheet = queries.alarm_sheet(session, alarm_id)
    if sheet.place_shown and sheet.patient_id is not None:
        note_reads("safety.read_place", [sheet.patient_id])
    zone = zone_of(area_by_id(session, sheet.line.alarm.due.area_id))
    page = render_template(
        "dispatcher/alarm.html",
        sheet=sheet,
        line=sheet.line,
        alarm=sheet.line.alarm,
        at=_reading(zone),
        zone=zone,
        audiences=AUDIENCES,
        loud=queries.is_loud,
        board=actor().has(Role.DISPATCHER),
        refusal=refusal,
        typed=request.form if refusal else {},
    )
    return make_response(page, refusal.status if refusal else 200)


def _on_call(refusal: Refusal | None = None) -> Response:
    who = actor()
    assert who.account_id is not None
    page = render_template(
        "dispatcher/alarm_on_call.html",
        duties=queries.duties_of(current_session(), who.account_id, clock()),
        now=clock().now(),
        refusal=refusal,
    )
    return make_response(page, refusal.status if refusal else 200)


def _reading(zone: ZoneInfo) -> Callable[[datetime], str]:
    """Return how this screen writes a moment: the area's day and clock."""
    return lambda moment: f"{moment.astimezone(zone):%a %d %b, %H:%M}"


def _moment(field: str, zone: ZoneInfo) -> datetime:
    try:
        local = datetime.strptime(request.form.get(field, ""), "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - local reading
    except ValueError:
        text = "Write a day and a time."
        raise refuse(Invalid, "field_not_valid", text, field=field) from None
    return instant(local.date(), local.time(), zone, field=field)


def _uuid(field: str) -> UUID:
    try:
        return UUID(request.form.get(field, ""))
    except ValueError:
        raise refuse(Invalid, "field_not_valid", "Choose from the list.", field=field) from None


def _word(kind: type[AlarmDeed], field: str) -> AlarmDeed:
    try:
        return kind(request.form.get(field, ""))
    except ValueError:
        raise refuse(Invalid, "unknown_deed", "Acknowledge it, or resolve it.", field=field) from None

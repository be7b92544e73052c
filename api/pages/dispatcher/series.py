"""/series/<area>: series that go on, and one series: order, times, ways to lay it, what blocks, reviews."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import actor, clock, note_reads, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.dispatcher.series_view import (
    infusion_lines,
    order_defaults,
    places_from,
    said_of,
    terms_from,
)
from api.pages.reading import id_from_form, text_from_form
from api.pages.signing import login_limit, signature, who_tries
from dispatch.appointments.queries import appointments_of
from dispatch.appointments.service import patient_by_id
from dispatch.appointments.service.prospects import patients_called
from dispatch.appointments.service.series_booking import around_of, book_series, carry_order
from dispatch.areas.service import area_by_id, area_by_slug, policies, zone_of
from dispatch.intake.queries import case_of_patient
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Invalid, NotFound, Refusal, refuse
from dispatch.series import commands, queries, service
from dispatch.series.model import ExternalOrder, Series, SignedOver
from dispatch.series.model import Response as Outcome
from dispatch.series.states import SeriesDeed

if TYPE_CHECKING:
    from dispatch.appointments.records import AppointmentRow

OFFICE = roles(Role.DISPATCHER, Role.PRESCRIBER)
PRESCRIBERS = roles(Role.PRESCRIBER)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NOT_FOUND = 404


@pages.route("/series/<slug>")
@policy(OFFICE)
def series_list(slug: str) -> Response | str:
    """Show the area's series that go on, and PHQ-9s that are due."""
    return _list(slug)


def _list(slug: str, refusal: Refusal | None = None) -> str:
    session = current_session()
    area = area_by_slug(session, slug)
    found = queries.series_in_area(session, area.id)
    today = local_day(clock().now(), zone_of(area))
    due = queries.due_phq9(session, area.id, today)
    ids = {each.patient_id for each in found} | {each.patient_id for each in due}
    people = {patient_id: patient_by_id(session, patient_id) for patient_id in ids}
    note_reads("series.read", people)
    return render_template(
        "dispatcher/series.html",
        area=area,
        found=found,
        due=due,
        people=people,
        today=today,
        templates=policies(session, ("series.templates",), area.id)["series.templates"],
        refusal=refusal,
    )


@pages.route("/series/<slug>", methods=["POST"])
@policy(OFFICE)
def propose(slug: str) -> Response | str:
    """Propose a series for a patient."""
    session, form = current_session(), request.form
    area = area_by_slug(session, slug)
    try:
        people = patients_called(session, area.id, form.get("who", "").strip())
        if len(people) != 1:
            text = "Write the reference or the full name of one patient of the area."
            raise refuse(NotFound, "no_such_patient", text, field="who")
        command = commands.ProposeSeries(
            patient_id=people[0].id,
            area_id=area.id,
            state=people[0].state,
            template=form.get("template", ""),
            first_day=_day("first_day"),
            infusions=int(form["infusions"]) if form.get("infusions", "").isdecimal() else None,
        )
        series = service.propose_series(session, command, actor(), clock())
    except Refusal as refusal:
        session.rollback()
        return _list(slug, refusal)
    return redirect(url_for("pages.series_one", slug=slug, series_id=series.series_id), 303)


@pages.route("/series/<slug>/<uuid:series_id>")
@policy(OFFICE)
def series_one(slug: str, series_id: UUID) -> str:
    """Show one series; with ``?ways=1`` the ways to lay it, or what blocks."""
    return _page(slug, series_id)


def _page(slug: str, series_id: UUID, refusal: Refusal | None = None, **more: Any) -> str:
    session, now = current_session(), clock().now()
    series = queries.series_by_id(session, series_id)
    area = area_by_id(session, series.area_id)
    if area.slug != slug:
        raise refuse(NotFound, "no_such_series", "There is no such series.", field="series")
    note_reads("series.read", (series.patient_id,))
    proposal = None
    if request.args.get("ways") and refusal is None:
        try:
            proposal = service.lay_series(session, series_id, clock(), around_of(session, series, clock()))
        except Refusal as no_way:
            refusal = no_way
    versions = queries.order_versions(session, series_id)
    number = queries.next_number(session, series.patient_id) or 1
    return render_template(
        "dispatcher/series_one.html",
        area=area,
        zone=zone_of(area),
        series=series,
        lines=infusion_lines(series, _appointments(series), zone_of(area)),
        esketamine=queries.esketamine_before(session, series.patient_id),
        outside=service.outside_orders(session, series_id),
        case_id=case.case_id if (case := case_of_patient(session, series.patient_id)) else None,
        decisions=queries.decisions_of(session, series_id),
        patient=patient_by_id(session, series.patient_id),
        versions=versions,
        countersigned={each.external.outside_id for each in versions if each.external is not None},
        blocks=queries.infusion_blocks(session, series.patient_id, number, now),
        number=number,
        habits=queries.habits_of_series(session, series_id),
        weekdays=WEEKDAYS,
        parts=service.PARTS,
        nurses=queries.nurse_codes(session, series.area_id),
        proposal=proposal,
        consent_version=queries.consent_version(session, series_id),
        scores=queries.phq9_of_series(session, series_id),
        terms=order_defaults(versions, request.form, local_day(now, zone_of(area))),
        deeds=[each.value for each in queries.deeds_of(session, series_id)],
        said=said_of(request.form),
        refusal=refusal,
        event_id=new_id(),
        may_sign=actor().has(Role.PRESCRIBER),
        **more,
    )


def _appointments(series: Series) -> dict[UUID, "AppointmentRow"]:
    ids = [each.appointment_id for each in series.infusions if each.appointment_id is not None]
    return {row.id: row for row in appointments_of(current_session(), ids)} if ids else {}


def _answer(
    slug: str, series_id: UUID, anchor: str, deed: Callable[[], object], *, ways: bool = False
) -> Any:
    try:
        deed()
    except Refusal as refusal:
        if refusal.status == NOT_FOUND:
            raise
        current_session().rollback()
        return _page(slug, series_id, refusal)
    asked = "1" if ways else None
    there = url_for("pages.series_one", slug=slug, series_id=series_id, ways=asked, _anchor=anchor)
    return redirect(there, 303)


@pages.route("/series/<slug>/<uuid:series_id>/times", methods=["POST"])
@policy(OFFICE)
def series_times(slug: str, series_id: UUID) -> Any:
    """Keep when the patient and the adult with her are free."""

    def deed() -> None:
        week: dict[str, dict[int, frozenset[str]]] = {}
        for who in ("patient", "adult"):
            ticked = request.form.getlist(who)
            week[who] = {
                day: frozenset(part for part in service.PARTS if f"{day} {part}" in ticked)
                for day in range(1, 8)
            }
        away = frozenset(_days(text_from_form("away", 4000)))
        habits = commands.Availability(patient=week["patient"], adult=week["adult"], away=away)
        service.set_habits(current_session(), series_id, habits, actor(), clock())

    return _answer(slug, series_id, "ways", deed, ways=True)


@pages.route("/series/<slug>/<uuid:series_id>/consent", methods=["POST"])
@policy(OFFICE)
def series_consent(slug: str, series_id: UUID) -> Any:
    """Keep that the patient signed the consent to the off-label use."""

    def deed() -> None:
        zone = zone_of(area_by_slug(current_session(), slug))
        day = _day("signed_on")
        noon = datetime.combine(day, time(12), tzinfo=zone).astimezone(UTC)
        command = commands.Consent(
            series_id=series_id,
            text_version=text_from_form("text_version"),
            signed_name=text_from_form("signed_name"),
            # Of a day, not of a moment: today's counts as now, another day's as its noon.
            signed_at=clock().now() if day == local_day(clock().now(), zone) else noon,
        )
        service.record_consent(current_session(), command, actor(), clock())

    return _answer(slug, series_id, "consent", deed)


@pages.route("/series/<slug>/<uuid:series_id>/laying", methods=["POST"])
@policy(OFFICE)
def series_laying(slug: str, series_id: UUID) -> Any:
    """Accept the way that was chosen."""

    def deed() -> object:
        session = current_session()
        around = around_of(session, queries.series_by_id(session, series_id), clock())
        places = places_from(request.form.get("way", ""))
        return service.accept_laying(session, series_id, places, actor(), clock(), around)

    return _answer(slug, series_id, "infusions", deed)


@pages.route("/series/<slug>/<uuid:series_id>/bookings", methods=["POST"])
@policy(roles(Role.DISPATCHER))
def series_bookings(slug: str, series_id: UUID) -> Any:
    """Book what is laid, and say what stands against the first that could not be booked."""
    return _page(slug, series_id, booked=book_series(current_session(), series_id, actor(), clock()))


@pages.route("/series/<slug>/<uuid:series_id>/order", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(PRESCRIBERS)
def series_order(slug: str, series_id: UUID) -> Any:
    """Sign the next version of the order."""

    def deed() -> object:
        session, form = current_session(), request.form
        event_id = id_from_form()
        until = clock().now() + timedelta(days=30)
        why = text_from_form("over_reason")
        command = commands.SignOrder(
            event_id=event_id,
            series_id=series_id,
            terms=terms_from(form),
            proof=signature(form, event_id).own,
            seen=int(form["seen"]) if form.get("seen", "").isdecimal() else 0,
            signed_over=tuple(
                SignedOver(code=code, reason=why, expires_at=until) for code in form.getlist("signed_over")
            ),
            acknowledged=frozenset(form.getlist("acknowledged")),
            external=_external(series_id),
            reason=text_from_form("reason"),
        )
        order = service.sign_order(session, command, actor(), clock())
        return carry_order(session, order, actor(), clock())

    return _answer(slug, series_id, "order", deed)


@pages.route("/series/<slug>/<uuid:series_id>/outside", methods=["POST"])
@policy(OFFICE)
def series_outside_order(slug: str, series_id: UUID) -> Any:
    """Keep the scan of an order that somebody outside signed, and who it was."""

    def deed() -> object:
        uploaded = request.files.get("file")
        command = commands.NoteOutsideOrder(
            series_id=series_id,
            external=ExternalOrder(
                prescriber_name=text_from_form("prescriber_name", 200),
                licence_number=text_from_form("licence_number", 200),
                licence_state=text_from_form("licence_state", 2).upper(),
                signed_on=_day("signed_on"),
            ),
            scan_name=(uploaded.filename or "")[-200:] if uploaded else "",
            scan=uploaded.read() if uploaded else b"",
        )
        return service.note_outside_order(current_session(), command, actor(), clock())

    return _answer(slug, series_id, "outside", deed)


def _external(series_id: UUID) -> ExternalOrder | None:
    """Return what was transcribed of the order from outside that is countersigned, if any was chosen."""
    if not request.form.get("outside"):
        return None
    return service.outside_order(current_session(), series_id, id_from_form("outside")).external


@pages.route("/series/<slug>/<uuid:series_id>/review", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(PRESCRIBERS)
def series_review(slug: str, series_id: UUID) -> Any:
    """Review the response."""

    def deed() -> object:
        form, event_id = request.form, id_from_form()
        said = form.get("response", "")
        command = commands.ReviewResponse(
            event_id=event_id,
            series_id=series_id,
            proof=signature(form, event_id).own,
            go_on=form.get("go_on") == "yes",
            response=Outcome(said) if said in set(Outcome) else None,
            note=text_from_form("note", 2000),
        )
        return service.review_response(current_session(), command, actor(), clock())

    return _answer(slug, series_id, "review", deed)


@pages.route("/series/<slug>/<uuid:series_id>/decision", methods=["POST"])
@policy(PRESCRIBERS)
def series_decision(slug: str, series_id: UUID) -> Any:
    """Pause, resume or stop the series."""

    def deed() -> object:
        said = request.form.get("deed", "")
        if said not in set(SeriesDeed):
            raise refuse(Invalid, "unknown_step", "Pause, resume or stop.", field="deed")
        return service.decide_series(
            current_session(), series_id, SeriesDeed(said), text_from_form("why"), actor(), clock()
        )

    return _answer(slug, series_id, "state", deed)


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise refuse(Invalid, "date_missing", "Choose a day.", field=name) from None


def _days(text: str) -> list[date]:
    try:
        return [date.fromisoformat(word) for word in text.replace(",", " ").split()]
    except ValueError:
        raise refuse(
            Invalid, "date_not_valid", "Write days as 2026-11-23, with blanks between.", field="away"
        ) from None

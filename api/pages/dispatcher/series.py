"""/series/<area>: series that go on, and one series: order, times, ways to lay it, what blocks, reviews."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_reads, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.dispatcher.series_view import (
    infusion_lines,
    order_defaults,
    places_from,
    said_of,
)
from api.pages.reading import text_from_form
from dispatch.appointments.queries import appointments_of
from dispatch.appointments.service import patient_by_id
from dispatch.appointments.service.prospects import patients_called
from dispatch.appointments.service.series_booking import around_of, book_series
from dispatch.areas.service import area_by_id, area_by_slug, policies, zone_of
from dispatch.intake.queries import case_of_patient
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Invalid, NotFound, Refusal, refuse
from dispatch.series import commands, queries, service
from dispatch.series.model import Series

if TYPE_CHECKING:
    from dispatch.appointments.records import AppointmentRow

OFFICE = roles(Role.DISPATCHER, Role.PRESCRIBER)
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
            first_day=day_from_form("first_day"),
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


def answer(slug: str, series_id: UUID, anchor: str, deed: Callable[[], object], *, ways: bool = False) -> Any:
    """Do a deed on a series and lead back to its page, or show there what stands against it."""
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

    return answer(slug, series_id, "ways", deed, ways=True)


@pages.route("/series/<slug>/<uuid:series_id>/consent", methods=["POST"])
@policy(OFFICE)
def series_consent(slug: str, series_id: UUID) -> Any:
    """Keep that the patient signed the consent to the off-label use."""

    def deed() -> None:
        zone = zone_of(area_by_slug(current_session(), slug))
        day = day_from_form("signed_on")
        noon = datetime.combine(day, time(12), tzinfo=zone).astimezone(UTC)
        command = commands.Consent(
            series_id=series_id,
            text_version=text_from_form("text_version"),
            signed_name=text_from_form("signed_name"),
            # Of a day, not of a moment: today's counts as now, another day's as its noon.
            signed_at=clock().now() if day == local_day(clock().now(), zone) else noon,
        )
        service.record_consent(current_session(), command, actor(), clock())

    return answer(slug, series_id, "consent", deed)


@pages.route("/series/<slug>/<uuid:series_id>/laying", methods=["POST"])
@policy(OFFICE)
def series_laying(slug: str, series_id: UUID) -> Any:
    """Accept the way that was chosen."""

    def deed() -> object:
        session = current_session()
        around = around_of(session, queries.series_by_id(session, series_id), clock())
        places = places_from(request.form.get("way", ""))
        return service.accept_laying(session, series_id, places, actor(), clock(), around)

    return answer(slug, series_id, "infusions", deed)


@pages.route("/series/<slug>/<uuid:series_id>/bookings", methods=["POST"])
@policy(roles(Role.DISPATCHER))
def series_bookings(slug: str, series_id: UUID) -> Any:
    """Book what is laid, and say what stands against the first that could not be booked."""
    return _page(slug, series_id, booked=book_series(current_session(), series_id, actor(), clock()))


def day_from_form(name: str) -> date:
    """Read a day, or refuse by the field's name."""
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

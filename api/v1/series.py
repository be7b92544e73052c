"""Series and orders: proposed, signed, laid over weeks, booked, reviewed; the patient's calendar."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Response, make_response

from api import proofs
from api.actor import PATIENT_LINK, actor, clock, note_reads, policy, roles, visitor
from api.calendars import Entry, calendar_of
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1 import series_schemas as forms
from dispatch.appointments.care.queries import confirmed_visits
from dispatch.appointments.queries import appointments_of
from dispatch.appointments.service import patient_by_id
from dispatch.appointments.service.series_booking import Booked, around_of, book_series, carry_order
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.kernel.actor import Role
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import NotFound, refuse
from dispatch.series import commands, queries, service
from dispatch.series.model import ExternalOrder, InfusionState, OrderVersion, Series, SignedOver, Terms
from dispatch.series.states import SeriesDeed

blueprint = Blueprint("series", __name__, description="Orders, and series of infusions over weeks")
OFFICE = roles(Role.DISPATCHER, Role.PRESCRIBER)
PRESCRIBERS = roles(Role.PRESCRIBER)
READERS = roles(Role.DISPATCHER, Role.PRESCRIBER)
IN_A_CALENDAR = (InfusionState.PLANNED, InfusionState.BOOKED)


@blueprint.route("/areas/<slug>/series", methods=["POST"])
@answered_once
@blueprint.arguments(forms.SeriesProposalSchema)
@blueprint.response(201, forms.SeriesSchema)
@policy(OFFICE)
def propose_series(sent: dict[str, Any], slug: str) -> Series:
    """Propose a series for a patient of the area."""
    session = current_session()
    area, patient = area_by_slug(session, slug), patient_by_id(session, sent["patient_id"])
    if patient.area_id != area.id:
        raise refuse(NotFound, "no_such_patient", "There is no such patient.", field="patient_id")
    command = commands.ProposeSeries(area_id=area.id, state=patient.state, **sent)
    return service.propose_series(session, command, actor(), clock())


@blueprint.route("/areas/<slug>/series")
@blueprint.response(200, forms.SeriesSchema(many=True))
@policy(READERS)
def area_series(slug: str) -> list[Series]:
    """List the area's series that go on, those that wait for somebody first."""
    session = current_session()
    found = queries.series_in_area(session, area_by_slug(session, slug).id)
    note_reads("series.read", (each.patient_id for each in found))
    return list(found)


@blueprint.route("/areas/<slug>/phq9-due")
@blueprint.response(200, forms.SeriesDuePhq9Schema(many=True))
@policy(READERS)
def phq9_due(slug: str) -> Any:
    """List the PHQ-9s of 3 and 12 weeks that are due by today."""
    session = current_session()
    area = area_by_slug(session, slug)
    found = queries.due_phq9(session, area.id, local_day(clock().now(), zone_of(area)))
    note_reads("series.read", (each.patient_id for each in found))
    return list(found)


@blueprint.route("/series/<uuid:series_id>")
@blueprint.response(200, forms.SeriesSchema)
@policy(READERS)
def one_series(series_id: UUID) -> Series:
    """Show a series with its infusions."""
    found = queries.series_by_id(current_session(), series_id)
    note_reads("series.read", (found.patient_id,))
    return found


@blueprint.route("/series/<uuid:series_id>/consents", methods=["POST"])
@answered_once
@blueprint.arguments(forms.SeriesConsentSchema)
@blueprint.response(201, forms.SeriesSchema)
@policy(OFFICE)
def record_consent(sent: dict[str, Any], series_id: UUID) -> Series:
    """Keep the patient's signed consent to the off-label use."""
    command = commands.Consent(series_id=series_id, **sent)
    service.record_consent(current_session(), command, actor(), clock())
    return queries.series_by_id(current_session(), series_id)


@blueprint.route("/series/<uuid:series_id>/habits", methods=["POST"])
@answered_once
@blueprint.arguments(forms.SeriesHabitsSchema)
@blueprint.response(200, forms.SeriesSchema)
@policy(OFFICE)
def set_habits(sent: dict[str, Any], series_id: UUID) -> Series:
    """Say when the patient and the adult with her are free."""
    habits = commands.Availability(
        patient={day: frozenset(parts) for day, parts in sent["patient"].items()},
        adult={day: frozenset(parts) for day, parts in sent["adult"].items()},
        away=frozenset(sent["away"]),
    )
    service.set_habits(current_session(), series_id, habits, actor(), clock())
    return queries.series_by_id(current_session(), series_id)


@blueprint.route("/series/<uuid:series_id>/orders")
@blueprint.response(200, forms.SeriesVersionSchema(many=True))
@policy(READERS)
def order_versions(series_id: UUID) -> list[OrderVersion]:
    """Show every version of the order, the newest first."""
    series = queries.series_by_id(current_session(), series_id)
    note_reads("series.read_order", (series.patient_id,))
    return list(queries.order_versions(current_session(), series_id))


@blueprint.route("/series/<uuid:series_id>/orders/judgement", methods=["POST"])
@blueprint.arguments(forms.SeriesTermsSchema)
@blueprint.response(200, forms.SeriesJudgementSchema)
@policy(PRESCRIBERS)
def judge_order(sent: dict[str, Any], series_id: UUID) -> Any:
    """Tell what an order would come to and everything it breaks; nothing is signed."""
    return service.judge(current_session(), series_id, Terms(**sent), clock())


@blueprint.route("/series/<uuid:series_id>/orders", methods=["POST"])
@answered_once
@blueprint.arguments(forms.SeriesSignatureSchema)
@blueprint.response(201, forms.SeriesVersionSchema)
@policy(PRESCRIBERS)
def sign_order(sent: dict[str, Any], series_id: UUID) -> OrderVersion:
    """Sign the next version, or be told everything that stands against it."""
    session = current_session()
    _, proof = proofs.read(sent["proof"], sent["event_id"])
    external = sent["external"]
    command = commands.SignOrder(
        event_id=sent["event_id"],
        series_id=series_id,
        terms=Terms(**sent["terms"]),
        proof=proof,
        seen=sent["seen"],
        signed_over=tuple(SignedOver(**each) for each in sent["signed_over"]),
        acknowledged=frozenset(sent["acknowledged"]),
        external=ExternalOrder(**external) if external else None,
        reason=sent["reason"],
    )
    order = service.sign_order(session, command, actor(), clock())
    carry_order(session, order, actor(), clock())
    return order.current


@blueprint.route("/series/<uuid:series_id>/ways")
@blueprint.response(200, forms.SeriesWaysSchema)
@policy(OFFICE)
def series_ways(series_id: UUID) -> service.Proposal:
    """Offer up to three ways to lay what is open, or say what blocks; after a missed visit, to mend it."""
    session = current_session()
    series = queries.series_by_id(session, series_id)
    note_reads("series.read", (series.patient_id,))
    return service.lay_series(session, series_id, clock(), around_of(session, series, clock()))


@blueprint.route("/series/<uuid:series_id>/laying", methods=["POST"])
@answered_once
@blueprint.arguments(forms.SeriesLayingSchema)
@blueprint.response(200, forms.SeriesSchema)
@policy(OFFICE)
def accept_laying(sent: dict[str, Any], series_id: UUID) -> Series:
    """Accept one way, if it still holds."""
    session = current_session()
    around = around_of(session, queries.series_by_id(session, series_id), clock())
    places = [service.Place(**each) for each in sent["places"]]
    return service.accept_laying(session, series_id, places, actor(), clock(), around)


@blueprint.route("/series/<uuid:series_id>/bookings", methods=["POST"])
@answered_once
@blueprint.response(200, forms.SeriesBookedSchema(many=True))
@policy(roles(Role.DISPATCHER))
def book_infusions(series_id: UUID) -> list[Booked]:
    """Book what is laid, in order, until something stands against one; say what."""
    return list(book_series(current_session(), series_id, actor(), clock()))


@blueprint.route("/series/<uuid:series_id>/reviews", methods=["POST"])
@answered_once
@blueprint.arguments(forms.SeriesReviewSchema)
@blueprint.response(201, forms.SeriesSchema)
@policy(PRESCRIBERS)
def review_response(sent: dict[str, Any], series_id: UUID) -> Series:
    """Review the response; the series goes on or is stopped."""
    _, proof = proofs.read(sent.pop("proof"), sent["event_id"])
    command = commands.ReviewResponse(series_id=series_id, proof=proof, **sent)
    return service.review_response(current_session(), command, actor(), clock())


@blueprint.route("/series/<uuid:series_id>/decisions")
@blueprint.response(200, forms.SeriesDecidedSchema(many=True))
@policy(READERS)
def series_decisions(series_id: UUID) -> list[queries.SeriesDecision]:
    """Show who paused, resumed or stopped a series, when and why, the newest first."""
    series = queries.series_by_id(current_session(), series_id)
    note_reads("series.read_decisions", (series.patient_id,))
    return list(queries.decisions_of(current_session(), series_id))


@blueprint.route("/series/<uuid:series_id>/decisions", methods=["POST"])
@answered_once
@blueprint.arguments(forms.SeriesDecisionSchema)
@blueprint.response(200, forms.SeriesSchema)
@policy(PRESCRIBERS)
def decide_series(sent: dict[str, Any], series_id: UUID) -> Series:
    """Pause, resume or stop a series."""
    deed = SeriesDeed(sent["deed"])
    return service.decide_series(current_session(), series_id, deed, sent["reason"], actor(), clock())


@blueprint.route("/visit/calendar.ics")
@policy(PATIENT_LINK)
def patient_calendar() -> Response:
    """Give the patient's own visits as a calendar file, without drug or diagnosis."""
    patient_id = visitor().patient_id
    entries = _entries(patient_id) if patient_id is not None else []
    answer = make_response(calendar_of(entries, clock().now()))
    answer.content_type = "text/calendar; charset=utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="visits.ics"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _entries(patient_id: UUID) -> list[Entry]:
    session = current_session()
    infusions = [
        each
        for series in queries.series_of_patient(session, patient_id)
        for each in series.infusions
        if each.state in IN_A_CALENDAR and each.day is not None
    ]
    booked = {
        row.id: row
        for row in appointments_of(
            session, [each.appointment_id for each in infusions if each.appointment_id]
        )
    }
    found = []
    for each in infusions:
        row = booked.pop(each.appointment_id, None) if each.appointment_id else None
        assert each.day is not None
        found.append(_entry(each.infusion_id, each.day, row))
    in_series = {each.appointment_id for each in infusions}
    alone = [row for row in confirmed_visits(session, patient_id) if row.id not in in_series]
    return found + [_entry(row.id, row.day, row) for row in alone]


def _entry(visit_id: UUID, day: date, row: Any) -> Entry:
    """Make the entry of a visit; without an appointment, or with one that has no window, a whole day."""
    if row is None or not row.windows:
        return Entry(visit_id=visit_id, begins_at=None, ends_at=None, day=day)
    return Entry(
        visit_id=visit_id,
        begins_at=min(window.begins_at for window in row.windows),
        ends_at=max(window.ends_at for window in row.windows) + timedelta(minutes=row.minutes),
        day=row.day,
        version=row.version,
    )

"""Patients, whom they must not meet, and their appointments: the dispatchers' book.

Answers that are kept for a repeated Idempotency-Key hold ids and references, never who or where.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, current_app, url_for

from api.actor import actor, clock, note_reads, policy, roles
from api.care_path import task_kept
from api.days import day_from, note_day_read
from api.db import current_session
from api.etags import seen_version, tagged
from api.geocoding import geocode_by
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.paging import LINK, PageQuerySchema, paged
from api.v1 import appointments_schemas as forms
from dispatch.appointments import queries, service
from dispatch.appointments.care.model import FastingReport
from dispatch.appointments.care.service import link_to_series
from dispatch.appointments.model import (
    UNPLACED,
    BookingDraft,
    LocalWindow,
    PatientDraft,
    Placed,
    Point,
    point_of,
)
from dispatch.areas.service import area_by_id, area_by_slug, zone_of
from dispatch.kernel.actor import Role
from dispatch.visits.cancelling import cancel_visit

if TYPE_CHECKING:
    from dispatch.appointments.records import AppointmentRow, ExclusionRow, PatientRow, ServiceRow

blueprint = Blueprint("appointments", __name__, description="Patients and their appointments")
DISPATCHER = roles(Role.DISPATCHER)


def _placed(address: str) -> Placed:
    return geocode_by(current_app.extensions["housecall_settings"])(address) or UNPLACED


def _patient_draft(sent: dict[str, Any]) -> PatientDraft:
    return PatientDraft(**sent | {"pets": tuple(sent["pets"])})


def _shown(row: "PatientRow") -> dict[str, Any]:
    names = forms.PatientReadSchema().fields
    point = point_of(row.point) if row.point else None
    return {name: getattr(row, name) for name in names} | {"point": point}


def _head(row: "PatientRow", status: int = 200) -> Response:
    there = url_for("appointments.one_patient", patient_id=row.id) if status != 200 else None
    return tagged(forms.PatientHeadSchema().dump(row), row.version, status, there)


@blueprint.route("/services")
@blueprint.response(200, forms.ServiceSchema(many=True))
@policy(roles(Role.DISPATCHER, Role.ADMIN))
def list_services() -> "list[ServiceRow]":
    """List the service catalogue; what is never offered is in it, too."""
    return list(service.services(current_session()).values())


@blueprint.route("/areas/<slug>/patients", methods=["POST"])
@answered_once
@blueprint.arguments(forms.PatientSchema)
@blueprint.response(201, forms.PatientHeadSchema)
@policy(DISPATCHER)
def register_patient(sent: dict[str, Any], slug: str) -> Response:
    """Register a patient; nobody is sent to her before her point is verified."""
    session = current_session()
    area = area_by_slug(session, slug)
    draft, placed = _patient_draft(sent), _placed(sent["address"])
    return _head(service.register_patient(session, area.id, draft, actor(), clock(), placed=placed), 201)


@blueprint.route("/areas/<slug>/patients/named", methods=["POST"])
@blueprint.arguments(forms.NameSchema)
@blueprint.response(200, forms.PatientReadSchema(many=True))
@policy(DISPATCHER)
def find_patients(sent: dict[str, Any], slug: str) -> list[dict[str, Any]]:
    """Find an area's patients by their exact full name, case and blanks apart."""
    session = current_session()
    found = service.patients_named(session, area_by_slug(session, slug).id, sent["name"])
    note_reads("patient.find", (row.id for row in found))
    return [_shown(row) for row in found]


@blueprint.route("/areas/<slug>/days/<day>/unplaced-patients")
@blueprint.response(200, forms.PatientReadSchema(many=True))
@policy(DISPATCHER)
def list_unplaced(slug: str, day: str) -> list[dict[str, Any]]:
    """List up to 200 patients of a day whose point nobody has verified: confirm those first."""
    session = current_session()
    found = queries.unplaced_patients(session, area_by_slug(session, slug).id, day_from(day))
    note_reads("patient.read", (row.id for row in found))
    return [_shown(row) for row in found]


@blueprint.route("/patients/<uuid:patient_id>")
@blueprint.response(200, forms.PatientReadSchema)
@policy(DISPATCHER)
def one_patient(patient_id: UUID) -> Response:
    """Show a patient."""
    row = service.patient_by_id(current_session(), patient_id)
    note_reads("patient.read", [row.id])
    return tagged(forms.PatientReadSchema().dump(_shown(row)), row.version)


@blueprint.route("/patients/<uuid:patient_id>", methods=["PUT"])
@blueprint.arguments(forms.PatientSchema)
@blueprint.response(200, forms.PatientHeadSchema)
@policy(DISPATCHER)
def change_patient(sent: dict[str, Any], patient_id: UUID) -> Response:
    """Change what is known of a patient (If-Match: her ETag); a new address is looked up again."""
    seen, session = seen_version(), current_session()
    known = service.patient_by_id(session, patient_id)
    placed = _placed(sent["address"]) if known.address != sent["address"] else None
    draft = _patient_draft(sent)
    return _head(
        service.change_patient(session, patient_id, draft, actor(), clock(), seen=seen, placed=placed)
    )


@blueprint.route("/patients/<uuid:patient_id>/point", methods=["PUT"])
@blueprint.arguments(forms.PinPointSchema)
@blueprint.response(200, forms.PatientHeadSchema)
@policy(DISPATCHER)
def confirm_point(sent: dict[str, Any], patient_id: UUID) -> Response:
    """Confirm where the patient's door is (If-Match: her ETag); from now on visits can be planned."""
    seen = seen_version()
    return _head(
        service.confirm_point(current_session(), patient_id, Point(**sent), actor(), clock(), seen=seen)
    )


@blueprint.route("/patients/<uuid:patient_id>/exclusions")
@blueprint.response(200, forms.ExclusionReadSchema(many=True))
@policy(DISPATCHER)
def list_exclusions(patient_id: UUID) -> "list[ExclusionRow]":
    """List the nurses who must not meet the patient."""
    row = service.patient_by_id(current_session(), patient_id)
    note_reads("patient.read_exclusions", [row.id])
    return list(queries.exclusions_of(current_session(), row.id))


@blueprint.route("/patients/<uuid:patient_id>/exclusions", methods=["POST"])
@answered_once
@blueprint.arguments(forms.ExclusionSchema)
@blueprint.response(201, forms.ExclusionReadSchema)
@policy(DISPATCHER)
def exclude_nurse(sent: dict[str, Any], patient_id: UUID) -> "ExclusionRow":
    """Keep a nurse from a patient, whoever of them asked for it; asking twice changes nothing."""
    return service.exclude_nurse(
        current_session(), patient_id, sent["nurse_id"], sent["asked_by"], actor(), clock()
    )


@blueprint.route("/exclusions/<uuid:exclusion_id>", methods=["DELETE"])
@blueprint.response(204)
@policy(DISPATCHER)
def lift_exclusion(exclusion_id: UUID) -> None:
    """Let the two meet again."""
    service.lift_exclusion(current_session(), exclusion_id, actor(), clock())


def booking_draft(sent: dict[str, Any]) -> BookingDraft:
    """Return what was said about a booking as a value."""
    apart = {"service", "windows", "dose_mg", "fasting", "acknowledged"}
    rest = {name: value for name, value in sent.items() if name not in apart}
    return BookingDraft(
        **rest,
        fasting=None if sent["fasting"] is None else FastingReport(**sent["fasting"]),
        acknowledged=frozenset(sent["acknowledged"]),
        service_code=sent["service"],
        windows=tuple(LocalWindow(**window) for window in sent["windows"]),
        dose_ug=sent["dose_mg"],
    )


def _booked(row: "AppointmentRow", zone: ZoneInfo) -> dict[str, Any]:
    windows = []
    for window in row.windows:
        begins, ends = window.begins_at.astimezone(zone), window.ends_at.astimezone(zone)
        windows.append(
            {"begins": begins.time(), "begins_fold": begins.fold, "begins_at": window.begins_at}
            | {"ends": ends.time(), "ends_fold": ends.fold, "ends_at": window.ends_at}
        )
    plain = {name: getattr(row, name, None) for name in forms.AppointmentSchema().fields}
    return plain | {
        "service": row.service.code,
        "patient": row.patient.reference,
        "windows": windows,
        "dose_mg": row.dose_ug,
    }


def appointment_answer(row: "AppointmentRow", status: int = 200) -> Response:
    """Answer with an appointment, its version as the ETag."""
    zone = zone_of(area_by_id(current_session(), row.area_id))
    there = url_for("appointments.one_appointment", appointment_id=row.id) if status != 200 else None
    return tagged(forms.AppointmentSchema().dump(_booked(row, zone)), row.version, status, there)


@blueprint.route("/areas/<slug>/days/<day>/appointments")
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, forms.AppointmentSchema(many=True), headers=LINK)
@policy(DISPATCHER)
def list_appointments(
    asked: dict[str, Any], slug: str, day: str
) -> tuple[list[dict[str, Any]], int, dict[str, str]]:
    """List a day's appointments by reference, cancelled ones too; patients by their references."""
    session = current_session()
    area, on, limit = area_by_slug(session, slug), day_from(day), asked["limit"]
    found = queries.appointments_after(session, area.id, on, asked["after"], limit + 1)
    page, status, headers = paged(found, limit, lambda row: row.reference)
    note_day_read("appointments.read", area.id, on)
    zone = zone_of(area)
    return [_booked(row, zone) for row in page], status, headers


@blueprint.route("/patients/<uuid:patient_id>/appointments", methods=["POST"])
@answered_once
@blueprint.arguments(forms.BookingSchema)
@blueprint.response(201, forms.AppointmentSchema)
@policy(DISPATCHER)
@task_kept
def book(sent: dict[str, Any], patient_id: UUID) -> Response:
    """Book a service for a patient; 422 or 409 name every rule against it."""
    draft = booking_draft(sent)
    row = service.book_appointment(current_session(), patient_id, draft, actor(), clock())
    link_to_series(current_session(), row, actor(), clock())
    return appointment_answer(row, 201)


@blueprint.route("/appointments/<uuid:appointment_id>")
@blueprint.response(200, forms.AppointmentSchema)
@policy(DISPATCHER)
def one_appointment(appointment_id: UUID) -> Response:
    """Show an appointment."""
    row = service.appointment_by_id(current_session(), appointment_id)
    note_reads("appointment.read", [row.patient_id])
    return appointment_answer(row)


@blueprint.route("/appointments/<uuid:appointment_id>", methods=["PUT"])
@blueprint.arguments(forms.BookingSchema)
@blueprint.response(200, forms.AppointmentSchema)
@policy(DISPATCHER)
@task_kept
def change(sent: dict[str, Any], appointment_id: UUID) -> Response:
    """Change a booking as a whole (If-Match: its ETag); a pin that no longer fits is unpinned."""
    seen, draft = seen_version(), booking_draft(sent)
    row = service.change_appointment(current_session(), appointment_id, draft, actor(), clock(), seen=seen)
    return appointment_answer(row)


@blueprint.route("/appointments/<uuid:appointment_id>/cancel", methods=["POST"])
@answered_once
@blueprint.arguments(forms.CancellationSchema)
@blueprint.response(200, forms.AppointmentSchema)
@policy(DISPATCHER)
def cancel(sent: dict[str, Any], appointment_id: UUID) -> Response:
    """Call an appointment off before its nurse arrives (If-Match: its ETag); it stays on record."""
    seen = seen_version()
    row = cancel_visit(current_session(), appointment_id, sent["reason"], actor(), clock(), seen=seen)
    return appointment_answer(row)

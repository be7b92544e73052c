"""/board/<area>/points: whose door nobody has confirmed yet; one door on the map, put right and confirmed."""

from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_reads, policy
from api.db import current_session
from api.pages import pages
from api.pages.dispatcher.board import DISPATCHERS, today_of, whole
from api.pages.nurse.forms import read_form
from api.v1.appointments_schemas import PinPointSchema
from dispatch.appointments.model import Point, PointSource, point_of
from dispatch.appointments.queries import unplaced_in
from dispatch.appointments.service import confirm_point, patient_by_id
from dispatch.appointments.service.prospects import patients_called
from dispatch.areas.service import area_by_slug
from dispatch.kernel.refusals import NotFound, Refusal, refuse

if TYPE_CHECKING:
    from dispatch.appointments.records import PatientRow

SOURCES = {
    PointSource.NONE: "not found on the map",
    PointSource.ZIP_CENTROID: "only the middle of its ZIP code",
    PointSource.GEOCODER: "found by its address",
    PointSource.IMPORT: "from an imported file",
    PointSource.DISPATCHER: "set by a dispatcher",
}
MOST_PATIENTS = 20


@pages.route("/board/<slug>/points")
@policy(DISPATCHERS)
def points(slug: str) -> Response:
    """List up to 200 patients of the area whose door nobody has confirmed, who is visited soonest first."""
    return _list(slug)


@pages.route("/board/<slug>/points", methods=["POST"])
@policy(DISPATCHERS)
def find_point(slug: str) -> Response:
    """Lead to the door of the patient of that reference or exact name, confirmed or not."""
    session, who = current_session(), request.form.get("who", "").strip()
    found = patients_called(session, area_by_slug(session, slug).id, who)[:MOST_PATIENTS] if who else []
    note_reads("patient.find", (row.id for row in found))
    if len(found) == 1:
        return redirect(_place(slug, found[0].id), HTTPStatus.SEE_OTHER)
    if found:
        return _list(slug, choices=found)
    text = "The area has no patient of that reference or name."
    way_out = "Write the reference, or the full name as it is on file."
    return _list(slug, refuse(NotFound, "no_such_patient", text, field="who", way_out=way_out))


@pages.route("/board/<slug>/points/<uuid:patient_id>")
@policy(DISPATCHERS)
def point(slug: str, patient_id: UUID) -> Response:
    """Show a patient's address and where it is taken to be."""
    return _one(slug, patient_id)


@pages.route("/board/<slug>/points/<uuid:patient_id>", methods=["POST"])
@policy(DISPATCHERS)
def point_confirmed(slug: str, patient_id: UUID) -> Response:
    """Confirm where the door is, unless the address changed since the page was drawn."""
    session = current_session()
    _patient(slug, patient_id)
    try:
        door = Point(**read_form(PinPointSchema(), request.form))
        confirm_point(session, patient_id, door, actor(), clock(), seen=whole("version"))
    except Refusal as refusal:
        session.rollback()
        return _one(slug, patient_id, refusal)
    return redirect(_place(slug, patient_id, done="confirmed"), HTTPStatus.SEE_OTHER)


def _place(slug: str, patient_id: UUID, done: str | None = None) -> str:
    return url_for("pages.point", slug=slug, patient_id=patient_id, done=done)


def _patient(slug: str, patient_id: UUID) -> "PatientRow":
    row = patient_by_id(current_session(), patient_id)
    if row.area_id != area_by_slug(current_session(), slug).id:
        raise refuse(NotFound, "no_such_patient", "The area has no such patient.")
    return row


def _list(slug: str, refusal: Refusal | None = None, **more: object) -> Response:
    session = current_session()
    area = area_by_slug(session, slug)
    page = render_template(
        "dispatcher/points.html",
        area=area,
        unplaced=unplaced_in(session, area.id, today_of(slug)),
        sources=SOURCES,
        refused=refusal.reasons if refusal else (),
        **more,
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)


def _one(slug: str, patient_id: UUID, refusal: Refusal | None = None) -> Response:
    row = _patient(slug, patient_id)
    note_reads("patient.read_point", [row.id])
    known = point_of(row.point) if row.point else None
    page = render_template(
        "dispatcher/point.html",
        area=area_by_slug(current_session(), slug),
        patient=row,
        source=SOURCES[PointSource(row.point_source)],
        # What was typed and refused stays to be put right.
        typed=request.form if refusal else {"lat": known.lat, "lon": known.lon} if known else {},
        confirmed=request.args.get("done") == "confirmed" and row.point_verified,
        refused=refusal.reasons if refusal else (),
    )
    return make_response(page, refusal.status if refusal else HTTPStatus.OK)

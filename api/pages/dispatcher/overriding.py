"""/board/<area>/overrides/<patient>: what a prescriber signed over for her bookings, and where one signs."""

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from api.accounts import limiter
from api.actor import actor, clock, note_reads, policy, roles
from api.db import current_session
from api.pages import pages
from api.pages.reading import id_from_form, text_from_form
from api.pages.signing import login_limit, signature, who_tries
from dispatch.appointments.care.model import NewOverride
from dispatch.appointments.care.service import OVERRIDABLE, sign_booking_override, standing_overrides
from dispatch.appointments.service import patient_by_id
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.kernel.actor import Role
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import instant
from dispatch.kernel.plain_text import LONGEST_NOTE
from dispatch.kernel.refusals import Invalid, NotFound, Refusal, refuse

if TYPE_CHECKING:
    from dispatch.areas.records import ServiceAreaRow

READERS = roles(Role.DISPATCHER, Role.PRESCRIBER)
WORDS = {"fasting_solids_short": "Solid food less than a whole fast before, but more than the least one"}
LONGEST_MOMENT = 16


@pages.route("/board/<slug>/overrides/<uuid:patient_id>")
@policy(READERS)
def overrides(slug: str, patient_id: UUID) -> Response:
    """Show what is signed over for a patient's bookings; a prescriber may sign more."""
    return _page(area_by_slug(current_session(), slug), patient_id)


@pages.route("/board/<slug>/overrides/<uuid:patient_id>", methods=["POST"])
@limiter.limit(login_limit, key_func=who_tries)
@policy(roles(Role.PRESCRIBER))
def sign_override_of_booking(slug: str, patient_id: UUID) -> Response:
    """Sign over one requirement of the patient's bookings, until a moment by the area's clocks."""
    area = area_by_slug(current_session(), slug)
    try:
        _of_area(area, patient_id)
        event_id = id_from_form()
        new = NewOverride(
            event_id=event_id,
            patient_id=patient_id,
            code=request.form.get("code", ""),
            reason=text_from_form("reason", LONGEST_NOTE),
            expires_at=_moment(area),
            proof=signature(request.form, event_id).own,
        )
        sign_booking_override(current_session(), new, actor(), clock())
    except Refusal as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            raise
        current_session().rollback()
        return _page(area_by_slug(current_session(), slug), patient_id, refusal)
    there = url_for("pages.overrides", slug=slug, patient_id=patient_id)
    return redirect(there, HTTPStatus.SEE_OTHER)


def _page(area: "ServiceAreaRow", patient_id: UUID, refusal: Refusal | None = None) -> Response:
    session = current_session()
    reference = _of_area(area, patient_id)
    note_reads("patient.overrides", [patient_id])
    shown = render_template(
        "dispatcher/overrides.html",
        area=area,
        zone=zone_of(area),
        patient_id=patient_id,
        reference=reference,
        standing=standing_overrides(session, patient_id, clock().now()),
        codes=sorted(OVERRIDABLE),
        words=WORDS,
        may_sign=actor().has(Role.PRESCRIBER),
        event_id=new_id(),
        refusal=refusal,
        said=request.form,
    )
    return make_response(shown, refusal.status if refusal else HTTPStatus.OK)


def _of_area(area: "ServiceAreaRow", patient_id: UUID) -> str:
    """Return the reference of a patient of the area; another area's is none."""
    row = patient_by_id(current_session(), patient_id)
    if row.area_id != area.id:
        raise refuse(NotFound, "no_such_patient", "There is no such patient.", field="patient")
    return row.reference


def _moment(area: "ServiceAreaRow") -> datetime:
    text = request.form.get("expires_at", "")
    try:
        local = datetime.fromisoformat(text) if len(text) <= LONGEST_MOMENT else None
    except ValueError:
        local = None
    if local is None or local.tzinfo is not None or not 2000 <= local.year < 2200:
        text = "Write the moment as 2026-11-23T20:00."
        raise refuse(Invalid, "field_not_valid", text, field="expires_at")
    return instant(local.date(), local.time(), zone_of(area), fold=0, field="expires_at")

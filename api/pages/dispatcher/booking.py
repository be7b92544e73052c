"""/board/<area>/booking: choose a patient and a treatment, get times that are good for the plan, book one."""

import re
from collections.abc import Mapping, Sequence
from datetime import time
from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import make_response, redirect, render_template, request, url_for
from marshmallow import fields
from werkzeug.wrappers import Response

from api.actor import actor, clock, note_reads, policy
from api.care_path import keep_task
from api.days import progress_when_needed, ready_days
from api.db import current_session
from api.pages import pages
from api.pages.dispatcher.board import DISPATCHERS, sentences
from api.pages.dispatcher.booking_view import offer_view, reason_view
from api.pages.dispatcher.fasting import FASTING, fasting_typed
from api.pages.dispatcher.overriding import WORDS
from api.pages.nurse.forms import read_form
from api.v1.appointments import booking_draft
from api.v1.appointments_schemas import BookingSchema
from api.v1.slots import fasting_said
from api.v1.slots_schemas import SlotQuerySchema
from dispatch.appointments.care.model import CarePathRefused
from dispatch.appointments.care.service import StandingOverride, standing_overrides
from dispatch.appointments.service import (
    appointment_by_reference,
    never_offered,
    patient_by_id,
    services,
)
from dispatch.appointments.service.prospects import patients_called
from dispatch.areas.service import area_by_slug, zone_of
from dispatch.assignment.slot_model import MIDNIGHT_MINUTE, SlotQuery
from dispatch.assignment.slots import book_slot, find_slots
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid, NotFound, Refusal, refuse

OFFER = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2})-(\d{2}:\d{2})", re.ASCII)
# What the question is made of; it travels in addresses, so it never holds who the patient is.
ASKED = ("service", "minutes", "earliest", "latest", "first_day", "priority")
MOST_PATIENTS = 20


class BookingQuerySchema(SlotQuerySchema):
    """The question of the page: as the API's, with the patient by id."""

    patient = fields.UUID(load_default=None)
    service = fields.String(load_default="")


@pages.route("/board/<slug>/booking")
@policy(DISPATCHERS)
def booking(slug: str) -> Response:
    """Show the form, and below it the times for the patient and treatment that were chosen."""
    return page(slug, request.args)


@pages.route("/board/<slug>/booking/patient", methods=["POST"])
@policy(DISPATCHERS)
def booking_patient(slug: str) -> Response:
    """Find the patient by reference or exact name, then lead to the times for her."""
    area = area_by_slug(current_session(), slug)
    who = request.form.get("who", "").strip()
    asked: dict[str, Any] = {name: request.form[name] for name in ASKED if request.form.get(name)}
    found = patients_called(current_session(), area.id, who)[:MOST_PATIENTS] if who else []
    note_reads("patient.find", (row.id for row in found))
    told = {name: request.form[name] for name in FASTING if request.form.get(name, "").strip()}
    if len(found) == 1 and told:  # when she ate is hers: it stands in no address
        return page(slug, asked | told | {"patient": str(found[0].id)})
    if len(found) == 1:
        return redirect(url_for("pages.booking", slug=slug, patient=found[0].id, **asked), 303)
    if not found:
        missing = refuse(
            NotFound,
            "no_such_patient",
            "The area has no patient of that reference or name.",
            field="who",
            way_out="Write the reference, or the full name as it is on file.",
        )
        return page(slug, asked, refusal=missing)
    choices = [(row.reference, url_for("pages.booking", slug=slug, patient=row.id, **asked)) for row in found]
    return page(slug, asked, choices=choices)


@pages.route("/board/<slug>/booking", methods=["POST"])
@policy(DISPATCHERS)
def book_offer(slug: str) -> Response:
    """Book the time that was chosen, if it still can be kept; else offer what there is now."""
    session, form = current_session(), request.form
    area = area_by_slug(session, slug)
    try:
        patient_id = _patient(form)
        sent = _sent(form) | _fasting(form, zone_of(area))
        draft = booking_draft(read_form(BookingSchema(), {}, **sent))
        known = appointment_by_reference(session, area.id, draft.reference)
        if known is not None and (known.patient_id, known.day) == (patient_id, draft.day):
            row = known  # the same form, sent twice
        else:
            row = book_slot(session, patient_id, draft, actor(), clock(), progress_when_needed, ready_days())
    except Refusal as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            raise
        session.rollback()
        return page(slug, form, refusal=refusal)
    return redirect(url_for("pages.board", slug=slug, day=row.day.isoformat(), visit=row.id), 303)


def page(
    slug: str,
    said: Mapping[str, str],
    *,
    refusal: Refusal | None = None,
    choices: list[tuple[str, str]] | None = None,
) -> Response:
    """Render the page with what was said, what was refused, and the times there are now."""
    session = current_session()
    area = area_by_slug(session, slug)
    found = patient = None
    catalogue = [row for row in services(session).values() if row.offered]
    chosen = next((row for row in catalogue if row.code == said.get("service")), None)
    standing: Sequence[StandingOverride] = ()
    if said.get("patient") and said.get("service"):
        try:
            patient_id, query = _question(said, zone_of(area))
            patient = patient_by_id(session, patient_id)
            standing = standing_overrides(session, patient_id, clock().now())
            found = find_slots(
                session, query, clock(), progress_when_needed, ready_days(), keep=request.method == "GET"
            )
            note_reads("patient.slots", [patient_id])
        except Refusal as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                raise
            refusal = refusal or refused
            if isinstance(refused, CarePathRefused):
                keep_task(refused)
                area = area_by_slug(session, slug)
                catalogue = [row for row in services(session).values() if row.offered]
                chosen = next((row for row in catalogue if row.code == said.get("service")), None)
    zone = zone_of(area)
    shown = render_template(
        "dispatcher/booking.html",
        area=area,
        catalogue=catalogue,
        chosen=chosen,
        patient=patient,
        standing=standing,
        words=WORDS,
        zone=zone,
        never=never_offered(session),
        said=said,
        refused=sentences(refusal) if refusal else (),
        choices=choices,
        found=found,
        offers=[offer_view(slot, zone) for slot in found.offers] if found else (),
        without=[reason_view(day) for day in found.days if not day.offers] if found else (),
        reference=said.get("reference") or f"B-{new_id().hex[-8:].upper()}",
    )
    return make_response(shown, refusal.status if refusal else 200)


def _fasting(form: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    told = fasting_typed(form, zone)
    return {"fasting": told} if told else {}


def _question(said: Mapping[str, str], zone: ZoneInfo) -> tuple[UUID, SlotQuery]:
    typed = {name: text for name, text in said.items() if name not in FASTING}
    asked = read_form(BookingQuerySchema(), typed | fasting_typed(said, zone))
    fasting = fasting_said(asked)
    patient_id: UUID = asked.pop("patient")
    earliest, latest = asked.pop("earliest"), asked.pop("latest")
    return patient_id, SlotQuery(
        patient_id=patient_id,
        service_code=asked.pop("service"),
        earliest_minute=_minute(earliest, 0),
        latest_minute=_minute(latest, MIDNIGHT_MINUTE),
        fasting=fasting,
        **asked,
    )


def _minute(reading: time | None, otherwise: int) -> int:
    return otherwise if reading is None else reading.hour * 60 + reading.minute


def _patient(form: Mapping[str, str]) -> UUID:
    try:
        return UUID(form.get("patient", ""))
    except ValueError:
        raise refuse(Invalid, "patient_missing", "Choose a patient first.", field="patient") from None


def _sent(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the booking of a form as the API would be sent it."""
    offer = OFFER.fullmatch(form.get("offer", ""))
    if offer is None:
        raise refuse(Invalid, "offer_missing", "Choose one of the times.", field="offer")
    day, begins, ends = offer.groups()
    sent: dict[str, Any] = {
        name: form[name].strip()
        for name in ("reference", "service", "dose_order_ref", "dose_mg")
        if form.get(name, "").strip()
    }
    for name in ("minutes", "priority"):
        text = form.get(name, "").strip()
        if text:
            sent[name] = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text
    if form.get("late_agreed"):
        sent["acknowledged"] = ["late_start"]
    return sent | {"day": day, "windows": [{"begins": begins, "ends": ends}]}

"""Times for a visit that is not booked yet, good ones first; and booking one of them."""

from dataclasses import asdict
from datetime import time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response

from api.actor import actor, clock, note_reads, policy, roles
from api.care_path import task_kept
from api.days import progress_when_needed, ready_days
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1.appointments import appointment_answer, booking_draft
from api.v1.appointments_schemas import AppointmentSchema, BookingSchema
from api.v1.slots_schemas import SlotQuerySchema, SlotsSchema
from dispatch.appointments.care.model import FastingReport
from dispatch.assignment.slot_model import MIDNIGHT_MINUTE, SlotQuery
from dispatch.assignment.slots import book_slot, find_slots
from dispatch.kernel.actor import Role

blueprint = Blueprint("slots", __name__, description="Times that can be promised")
DISPATCHER = roles(Role.DISPATCHER)
MC_PER_CENT = 1000


@blueprint.route("/patients/<uuid:patient_id>/slots")
@blueprint.arguments(SlotQuerySchema, location="query")
@blueprint.response(200, SlotsSchema)
@policy(DISPATCHER)
@task_kept
def offer_slots(asked: dict[str, Any], patient_id: UUID) -> dict[str, Any]:
    """Offer windows for a visit over the next days, best first, each with what it adds to the day's cost.

    Nothing is held: whoever books first has it.
    """
    query = SlotQuery(
        patient_id=patient_id,
        service_code=asked.pop("service"),
        earliest_minute=_minute(asked.pop("earliest"), 0),
        latest_minute=_minute(asked.pop("latest"), MIDNIGHT_MINUTE),
        fasting=fasting_said(asked),
        **asked,
    )
    found = find_slots(current_session(), query, clock(), progress_when_needed, ready_days())
    note_reads("patient.slots", [patient_id])
    zone = ZoneInfo(found.zone)
    offers = [
        asdict(slot)
        | {
            "begins": f"{slot.begins_at.astimezone(zone):%H:%M}",
            "ends": f"{slot.ends_at.astimezone(zone):%H:%M}",
            "added_cents": round(slot.added_mc / MC_PER_CENT),
        }
        for slot in found.offers
    ]
    return asdict(found) | {"offers": offers}


@blueprint.route("/patients/<uuid:patient_id>/slots", methods=["POST"])
@answered_once
@blueprint.arguments(BookingSchema)
@blueprint.response(201, AppointmentSchema)
@policy(DISPATCHER)
@task_kept
def book_offer(sent: dict[str, Any], patient_id: UUID) -> Response:
    """Book an offer, its window the only one of the booking; 409 when nobody could keep it any more."""
    row = book_slot(
        current_session(),
        patient_id,
        booking_draft(sent),
        actor(),
        clock(),
        progress_when_needed,
        ready_days(),
    )
    return appointment_answer(row, 201)


def fasting_said(asked: dict[str, Any]) -> FastingReport | None:
    """Take what was said of eating and drinking out of a question; None unless both times were given."""
    said = {name: asked.pop(name, None) for name in ("last_solids_at", "last_clear_at", "last_fatty_at")}
    if said["last_solids_at"] is None or said["last_clear_at"] is None:
        return None
    return FastingReport(**said)


def _minute(reading: time | None, otherwise: int) -> int:
    return otherwise if reading is None else reading.hour * 60 + reading.minute

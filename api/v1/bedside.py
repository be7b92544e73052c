"""The bedside by API: readings and sections that a phone reports, and what stands against a deed."""

from dataclasses import fields
from typing import Any
from uuid import UUID

from flask import Response

from api.actor import actor, clock, keep_although_refused, note_reads, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.problems import problem
from api.v1.bedside_schemas import (
    BedsideEntrySchema,
    BedsideSchema,
    EntryReceiptSchema,
    ReadingReceiptSchema,
    ReadingSchema,
    ReleasedSchema,
    ReleaseSchema,
)
from api.v1.clearance import own_proof
from dispatch.kernel.actor import Role
from dispatch.visits import queries as visits
from dispatch.visits.bedside import queries, service
from dispatch.visits.bedside.model import (
    EntryReceipt,
    NewEntry,
    NewReading,
    NewRelease,
    Reading,
    ReadingReceipt,
    Section,
)
from dispatch.visits.model import EventIdReused

blueprint = Blueprint("bedside", __name__, description="What is charted at the bedside")
FIGURES = tuple(field.name for field in fields(Reading) if field.name != "symptoms")


def reading_from(appointment_id: UUID, sent: dict[str, Any]) -> NewReading:
    """Make the command from what was sent."""
    figures = {name: sent[name] for name in FIGURES if name in sent}
    return NewReading(
        event_id=sent["event_id"],
        appointment_id=appointment_id,
        at=sent["at"],
        sent_at=sent.get("sent_at"),
        device_seq=sent.get("device_seq"),
        reading=Reading(**figures, symptoms=tuple(sent["symptoms"])),
    )


def entry_from(appointment_id: UUID, sent: dict[str, Any]) -> NewEntry:
    """Make the command from what was sent."""
    return NewEntry(
        event_id=sent["event_id"],
        appointment_id=appointment_id,
        at=sent["at"],
        sent_at=sent.get("sent_at"),
        device_seq=sent.get("device_seq"),
        section=Section(sent["section"]),
        answers=sent["answers"],
        asked=sent["asked"],
    )


def _out(receipt: ReadingReceipt | EntryReceipt) -> tuple[dict[str, Any], int]:
    flags = [{"code": code, "text": visits.flag_text(code)} for code in receipt.flags]
    return vars(receipt) | {"flags": flags}, 200 if receipt.repeated else 201


@blueprint.route("/visits/<uuid:appointment_id>/bedside")
@blueprint.response(200, BedsideSchema)
@policy(roles(Role.NURSE))
def bedside(appointment_id: UUID) -> dict[str, Any]:
    """Show the 22 steps of a visit of one's own, and what refuses its next deed."""
    found = queries.bedside_of(current_session(), appointment_id, actor(), clock())
    note_reads("bedside.read", [visits.own_visit(current_session(), appointment_id, actor()).patient_id])
    steps = [vars(step) | {"unmet": [each.reason for each in step.unmet]} for step in found.steps]
    return vars(found) | {"steps": steps, "standing": [each.reason for each in found.standing]}


@blueprint.route("/visits/<uuid:appointment_id>/readings", methods=["POST"])
@answered_once
@blueprint.arguments(ReadingSchema)
@blueprint.response(201, ReadingReceiptSchema)
@blueprint.alt_response(200, schema=ReadingReceiptSchema, description="Stored before: the same receipt")
@policy(roles(Role.NURSE))
def record_reading(sent: dict[str, Any], appointment_id: UUID) -> Response | tuple[dict[str, Any], int]:
    """Store a set of readings and say what it asks for."""
    new = reading_from(appointment_id, sent)
    try:
        return _out(service.record_reading(current_session(), new, actor(), clock()))
    except EventIdReused as refusal:
        return _reused(new.event_id, refusal)


@blueprint.route("/visits/<uuid:appointment_id>/sections", methods=["POST"])
@answered_once
@blueprint.arguments(BedsideEntrySchema)
@blueprint.response(201, EntryReceiptSchema)
@blueprint.alt_response(200, schema=EntryReceiptSchema, description="Stored before: the same receipt")
@policy(roles(Role.NURSE))
def record_section(sent: dict[str, Any], appointment_id: UUID) -> Response | tuple[dict[str, Any], int]:
    """Store a section of the checklist, whole or half done."""
    new = entry_from(appointment_id, sent)
    try:
        return _out(service.record_step(current_session(), new, actor(), clock()))
    except EventIdReused as refusal:
        return _reused(new.event_id, refusal)


@blueprint.route("/visits/<uuid:appointment_id>/release", methods=["POST"])
@answered_once
@blueprint.arguments(ReleaseSchema)
@blueprint.response(200, ReleasedSchema)
@policy(roles(Role.PRESCRIBER))
def release(sent: dict[str, Any], appointment_id: UUID) -> dict[str, str]:
    """Let a held visit go on: a prescriber signs, with the reason, for what only a prescriber releases."""
    new = NewRelease(
        appointment_id=appointment_id,
        codes=frozenset(sent["codes"]),
        reason=sent["reason"],
        proof=own_proof(sent),
    )
    state = service.release_hold(current_session(), new, actor(), clock())
    return {"state": state.value}


def _reused(event_id: UUID, refusal: EventIdReused) -> Response:
    service.note_reuse(current_session(), event_id, actor(), clock())
    keep_although_refused()
    return problem(refusal.status, refusal.title, refusal.reasons)

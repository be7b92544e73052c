"""The nurse's own route, and what she did at each visit."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Response

from api.actor import actor, clock, keep_although_refused, note_reads, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.problems import problem
from api.v1.visits_schemas import DayQuerySchema, FactSchema, NursesDaySchema, ReceiptSchema, VisitSchema
from dispatch.kernel.actor import Role
from dispatch.visits import queries, service
from dispatch.visits.model import Deed, EventIdReused, NewFact, NursesDay, Position, Visit

blueprint = Blueprint("visits", __name__, description="A nurse's route and what happened at each visit")


def fact_from(appointment_id: UUID, sent: dict[str, Any]) -> NewFact:
    """Make the command from what was sent."""
    here = None
    if "lat" in sent:
        here = Position(lat=sent["lat"], lon=sent["lon"], accuracy_m=sent.get("accuracy_m"))
    return NewFact(
        event_id=sent["event_id"],
        appointment_id=appointment_id,
        deed=Deed(sent["kind"]),
        at=sent["at"],
        sent_at=sent.get("sent_at"),
        device_seq=sent.get("device_seq"),
        position=here,
        reason=sent["reason"],
        calls_made=sent.get("calls_made"),
        asked=sent["asked"],
    )


def _flags(codes: Iterable[str]) -> list[dict[str, str]]:
    return [{"code": code, "text": queries.flag_text(code)} for code in codes]


def visit_out(visit: Visit) -> dict[str, Any]:
    """Return a visit as the schema reads it."""
    return vars(visit) | {
        "windows": [{"begins_at": begins, "ends_at": ends} for begins, ends in visit.windows],
        "times": {deed.value: at for deed, at in visit.times.items()},
        "next_deeds": [deed.value for deed in queries.next_deeds(visit)],
        "flags": _flags(visit.flags),
    }


def day_out(day: NursesDay) -> dict[str, Any]:
    """Return a day as the schema reads it."""
    stops = [vars(stop) | {"visit": visit_out(stop.visit) if stop.visit else None} for stop in day.stops]
    return vars(day) | {"stops": stops}


@blueprint.route("/today")
@blueprint.arguments(DayQuerySchema, location="query")
@blueprint.response(200, NursesDaySchema)
@policy(roles(Role.NURSE))
def today(asked: dict[str, Any]) -> dict[str, Any]:
    """Show one's own published route; only the stop under way or next shows its patient in full."""
    day = queries.nurses_day(current_session(), actor(), clock(), asked.get("day"))
    note_reads("visit.read_route", (visit.patient_id for visit in day.visits))
    return day_out(day)


@blueprint.route("/visits/<uuid:appointment_id>")
@blueprint.response(200, VisitSchema)
@policy(roles(Role.NURSE))
def visit(appointment_id: UUID) -> dict[str, Any]:
    """Show one visit of one's own route."""
    found = queries.own_visit(current_session(), appointment_id, actor())
    note_reads("visit.read", [found.patient_id])
    return visit_out(found)


@blueprint.route("/visits/<uuid:appointment_id>/facts", methods=["POST"])
@answered_once
@blueprint.arguments(FactSchema)
@blueprint.response(201, ReceiptSchema)
@blueprint.alt_response(200, schema=ReceiptSchema, description="Stored before: the same receipt")
@policy(roles(Role.NURSE))
def record_fact(sent: dict[str, Any], appointment_id: UUID) -> Response | tuple[dict[str, Any], int]:
    """Store a deed. What physically happened is never refused: what is odd is flagged."""
    fact = fact_from(appointment_id, sent)
    try:
        receipt = service.record_fact(current_session(), fact, actor(), clock())
    except EventIdReused as refusal:
        service.note_reuse(current_session(), fact, actor(), clock())
        keep_although_refused()
        return problem(refusal.status, refusal.title, refusal.reasons)
    return vars(receipt) | {"flags": _flags(receipt.flags)}, 200 if receipt.repeated else 201

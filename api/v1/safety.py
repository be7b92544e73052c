"""The safety clocks: check-ins, a silent call for help, alarms, the on-call roster."""

from typing import Any
from uuid import UUID

from api.actor import actor, clock, note_reads, policy, roles
from api.db import current_session
from api.idempotency import answered_once
from api.json_input import Blueprint
from api.v1.safety_schemas import (
    AlarmAnswerSchema,
    AlarmSchema,
    AlarmsSchema,
    NewOnCallSchema,
    OnCallEnteredSchema,
    OnCallSchema,
    PanicSchema,
    PatientAnswerSchema,
    ReachableSchema,
    ReachedSchema,
    RosterSchema,
    SafetyAcceptedSchema,
    WellSchema,
)
from dispatch.areas.service import area_by_slug
from dispatch.kernel.actor import Role
from dispatch.visits.model import Position
from dispatch.visits.queries import own_visit
from dispatch.visits.safety import queries, service
from dispatch.visits.safety.model import (
    AlarmDeed,
    AnswerAlarm,
    CheckIn,
    ContactHow,
    NewContact,
    NewDuty,
    Panic,
    PatientAnswer,
    SignKind,
)

blueprint = Blueprint("safety", __name__, description="Check-ins, alarms and who is on call")


def alarm_out(line: queries.AlarmLine) -> dict[str, Any]:
    """Return an alarm as the schema reads it."""
    alarm = line.alarm
    told = {each.number: each.told_at for each in alarm.told}
    return {
        "alarm_id": alarm.alarm_id,
        "kind": alarm.due.kind.value,
        "meaning": line.meaning,
        "state": alarm.state.value,
        "nurse": line.nurse,
        "reference": line.reference,
        "due_at": alarm.due.due_at,
        "raised_at": alarm.raised_at,
        "steps": len(alarm.steps),
        "stages": [
            {
                "number": number,
                "due_at": alarm.due.due_at + rung.after,
                "told_at": told.get(number),
                "audience": [each.value for each in rung.audience],
            }
            for number, rung in enumerate(alarm.due.rungs, 1)
        ],
    }


@blueprint.route("/visits/<uuid:appointment_id>/check-ins", methods=["POST"])
@answered_once
@blueprint.arguments(WellSchema)
@blueprint.response(201, SafetyAcceptedSchema)
@policy(roles(Role.NURSE))
def check_in(sent: dict[str, Any], appointment_id: UUID) -> dict[str, Any]:
    """Say that all is well, or that the visit takes longer."""
    minutes = sent["longer_minutes"]
    kind = SignKind.LONGER if minutes else SignKind.WELL
    new = CheckIn(
        event_id=sent["event_id"],
        appointment_id=appointment_id,
        at=sent["at"],
        kind=kind,
        longer_minutes=minutes,
    )
    service.check_in(current_session(), new, actor(), clock())
    return {"event_id": new.event_id}


@blueprint.route("/safety/panics", methods=["POST"])
@answered_once
@blueprint.arguments(PanicSchema)
@blueprint.response(202, SafetyAcceptedSchema)
@policy(roles(Role.NURSE))
def call_for_help(sent: dict[str, Any]) -> dict[str, Any]:
    """Call for help without a word."""
    here = None
    if "lat" in sent and "lon" in sent:
        here = Position(lat=sent["lat"], lon=sent["lon"], accuracy_m=sent["accuracy_m"])
    new = Panic(
        event_id=sent["event_id"], at=sent["at"], appointment_id=sent["appointment_id"], position=here
    )
    service.raise_panic(current_session(), new, actor(), clock())
    return {"event_id": new.event_id}


@blueprint.route("/areas/<slug>/alarms")
@blueprint.response(200, AlarmsSchema)
@policy(roles(Role.DISPATCHER, Role.COMPLIANCE))
def alarms(slug: str) -> dict[str, Any]:
    """List an area's open alarms, those that call for help first."""
    area = area_by_slug(current_session(), slug)
    return {"alarms": [alarm_out(line) for line in queries.alarm_lines(current_session(), area.id)]}


@blueprint.route("/alarms/<uuid:alarm_id>/answers", methods=["POST"])
@answered_once
@blueprint.arguments(AlarmAnswerSchema)
@blueprint.response(201, AlarmSchema)
@policy(roles(Role.DISPATCHER, Role.PRESCRIBER))
def answer_alarm(sent: dict[str, Any], alarm_id: UUID) -> dict[str, Any]:
    """Acknowledge an alarm, or resolve it in words."""
    said = AnswerAlarm(
        alarm_id=alarm_id, deed=AlarmDeed(sent["deed"]), words=sent["words"], seen=sent["seen"]
    )
    service.answer_alarm(current_session(), said, actor(), clock())
    return alarm_out(queries.alarm_sheet(current_session(), alarm_id).line)


@blueprint.route("/areas/<slug>/on-call")
@blueprint.response(200, RosterSchema)
@policy(roles(Role.DISPATCHER, Role.COMPLIANCE))
def roster(slug: str) -> dict[str, Any]:
    """Show who is on call, and the planned visits for which nobody is."""
    area = area_by_slug(current_session(), slug)
    duties = queries.roster(current_session(), clock())
    return {"duties": duties, "gaps": queries.roster_gaps(current_session(), area.id, clock())}


@blueprint.route("/on-call", methods=["POST"])
@answered_once
@blueprint.arguments(NewOnCallSchema)
@blueprint.response(201, OnCallEnteredSchema)
@policy(roles(Role.DISPATCHER))
def enter_duty(sent: dict[str, Any]) -> dict[str, Any]:
    """Put a prescriber on call."""
    new = NewDuty(**(sent | {"states": frozenset(sent["states"])}))
    row = service.enter_duty(current_session(), new, actor(), clock())
    return {
        "duty_id": row.id,
        "account_id": row.account_id,
        "states": row.states,
        "begins_at": row.begins_at,
        "ends_at": row.ends_at,
    }


@blueprint.route("/on-call/<uuid:duty_id>/contacts", methods=["POST"])
@answered_once
@blueprint.arguments(ReachableSchema)
@blueprint.response(201, ReachedSchema)
@policy(roles(Role.PRESCRIBER, Role.NURSE, Role.DISPATCHER))
def confirm_reachable(sent: dict[str, Any], duty_id: UUID) -> dict[str, Any]:
    """Record that the prescriber on call can be reached now, or is on site."""
    new = NewContact(duty_id=duty_id, how=ContactHow(sent["how"]), appointment_id=sent["appointment_id"])
    contact = service.confirm_reachable(current_session(), new, actor(), clock())
    return {"valid_until": contact.valid_until}


@blueprint.route("/visits/<uuid:appointment_id>/on-call")
@blueprint.response(200, OnCallSchema)
@policy(roles(Role.NURSE))
def on_call(appointment_id: UUID) -> dict[str, Any]:
    """Tell a visit's nurse whom to call, and what is missing of the supervision for a start now."""
    session, now = current_session(), clock().now()
    visit = own_visit(session, appointment_id, actor())
    duty = service.on_call_for(session, appointment_id, now)
    note_reads("visit.read", [visit.patient_id])
    return {
        "duty_id": duty.duty_id if duty else None,
        "name": duty.name if duty else None,
        "phone": queries.duty_phone(session, duty.duty_id, appointment_id, actor()) if duty else None,
        "against": [
            {"code": reason.code, "text": reason.text, "way_out": reason.way_out}
            for reason in service.reachability(session, appointment_id, now)
        ],
    }


@blueprint.route("/visits/<uuid:appointment_id>/patient-answers", methods=["POST"])
@answered_once
@blueprint.arguments(PatientAnswerSchema)
@blueprint.response(204)
@policy(roles(Role.NURSE, Role.DISPATCHER))
def answer_patient_check(sent: dict[str, Any], appointment_id: UUID) -> None:
    """Record how the patient is, two hours after or whenever somebody asked."""
    if not actor().has(Role.DISPATCHER):
        own_visit(current_session(), appointment_id, actor())
    said = PatientAnswer(sent["answer"])
    service.answer_patient_check(
        current_session(), appointment_id, said, actor(), clock(), words=sent["words"]
    )

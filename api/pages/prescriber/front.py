"""/clearance: the prescriber's queue, the most urgent first."""

from collections import Counter
from zoneinfo import ZoneInfo

from flask import render_template, request

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from dispatch.appointments.service import patient_by_id
from dispatch.areas.service import area_by_id, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.clearance import queries
from dispatch.clearance.queue import QueueLine
from dispatch.intake.queries import case_of_patient, case_view
from dispatch.kernel.actor import Role

PRESCRIBERS = roles(Role.PRESCRIBER)
KINDS = {
    "alarm": "Alarms",
    "hold": "Holds",
    "recheck": "Rechecks",
    "decision": "Decisions",
    "countersign": "Countersignatures",
    "review": "Reviews",
    "response_review": "Responses",
    "order": "Orders",
    "task": "Questions",
    "consultation": "Consultations",
}


@pages.route("/clearance")
@policy(PRESCRIBERS)
def clearance_queue() -> str:
    """Show what waits for a prescriber."""
    session, now = current_session(), clock().now()
    lines = queries.queue(session, now)
    chosen = request.args.get("kind", "")
    note_read(AuditEntry(action="clearance.read_queue", subject_kind="prescriber_task", subject_id=None))
    return render_template(
        "prescriber/queue.html",
        lines=[(line, *_about(line)) for line in lines if chosen in ("", line.kind)],
        count=len(lines),
        counts=Counter(line.kind for line in lines),
        kinds=KINDS,
        chosen=chosen if chosen in KINDS else "",
        now=now,
        mine=next(
            (
                line for line in queries.prescriber_lines(session)
                if line.prescriber.draft.account_id == actor().account_id
            ),
            None,
        ),
    )  # fmt: skip


def _about(line: QueueLine) -> tuple[str, ZoneInfo | None]:
    """Return whom a line is about (the prescriber has to know whom to call), and the clock of her area."""
    session = current_session()
    case = case_view(session, line.case_id) if line.case_id is not None else None
    if case is None and line.patient_id is not None:
        case = case_of_patient(session, line.patient_id)
    area_id = case.area_id if case else None
    if area_id is None and line.patient_id is not None:
        area_id = patient_by_id(session, line.patient_id).area_id
    zone = zone_of(area_by_id(session, area_id)) if area_id is not None else None
    return case.contact.name if case else "", zone

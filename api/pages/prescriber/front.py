"""/clearance: the prescriber's queue, the most urgent first."""

from collections import Counter

from flask import render_template, request

from api.actor import actor, clock, note_read, policy, roles
from api.db import current_session
from api.pages import pages
from dispatch.areas.service import areas, zone_of
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
    known = areas(session)
    note_read(AuditEntry(action="clearance.read_queue", subject_kind="prescriber_task", subject_id=None))
    return render_template(
        "prescriber/queue.html",
        lines=[(line, _name(line)) for line in lines if chosen in ("", line.kind)],
        count=len(lines),
        counts=Counter(line.kind for line in lines),
        kinds=KINDS,
        chosen=chosen if chosen in KINDS else "",
        zone=zone_of(known[0]) if known else None,
        now=now,
        mine=next(
            (
                line for line in queries.prescriber_lines(session)
                if line.prescriber.draft.account_id == actor().account_id
            ),
            None,
        ),
    )  # fmt: skip


def _name(line: QueueLine) -> str:
    """Return whom a line is about: the prescriber has to know whom to call."""
    session = current_session()
    if line.case_id is not None:
        return case_view(session, line.case_id).contact.name
    case = case_of_patient(session, line.patient_id) if line.patient_id else None
    return case.contact.name if case else ""

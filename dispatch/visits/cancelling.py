"""Calling a visit off: possible until its nurse is at the door (care-rules.md: before arrival)."""

from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.appointments.service import appointment_by_id, cancel_appointment
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, refuse
from dispatch.visits.facts import facts_of, story_of
from dispatch.visits.model import Deed
from dispatch.visits.rules import NEXT


def cancel_visit(
    session: Session,
    appointment_id: UUID,
    reason_code: str,
    actor: Actor,
    clock: Clock,
    *,
    seen: int | None = None,
) -> AppointmentRow:
    """Cancel an appointment whose nurse has not arrived yet.

    Raises
    ------
    Conflict
        ``nurse_has_arrived``, or ``appointment_cancelled`` when it is already.
    """
    row = appointment_by_id(session, appointment_id)
    for facts in facts_of(session, [row.id]).values():
        if (story_of(facts, cancelled=False).state, Deed.CANCEL) not in NEXT:
            text = "Its nurse has arrived: what happens now is hers to report."
            way_out = "Ask her to report that the visit cannot go on."
            raise refuse(Conflict, "nurse_has_arrived", text, way_out=way_out)
    return cancel_appointment(session, row.id, reason_code, actor, clock, seen=seen)

"""Accepting a proposal: its plan, what was reported, and what was called off, all or nothing."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.assignment.replan import accept, replan_by_id, reports_of
from dispatch.assignment.replan_model import Happening
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.visits.cancelling import cancel_visit
from dispatch.visits.queries import progress

if TYPE_CHECKING:
    from dispatch.assignment.records import PlanRow

CALLED_OFF = "patient_request"


def accept_proposal(session: Session, replan_id: UUID, step: int, actor: Actor, clock: Clock) -> "PlanRow":
    """Publish a proposal's plan; visits that were called off are cancelled where that is kept.

    Raises as `dispatch.assignment.replan.accept` and `dispatch.visits.cancelling.cancel_visit` do.
    """
    row = replan_by_id(session, replan_id)
    met = progress(session, row.area_id, row.day).values()
    plan = accept(session, replan_id, step, actor, clock, met)
    session.flush()
    for report in reports_of(row):
        if report.kind is Happening.CANCELLED and report.appointment_id is not None:
            cancel_visit(session, report.appointment_id, CALLED_OFF, actor, clock)
    return plan

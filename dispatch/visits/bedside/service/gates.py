"""May this be done now? Everything that stands against it, each with who can release it."""

from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Reason
from dispatch.visits.bedside.casework import case_of, standing_against
from dispatch.visits.bedside.loading import keeps_checklist
from dispatch.visits.bedside.model import Unmet
from dispatch.visits.bedside.rules.gates import unmet_before_start
from dispatch.visits.facts import is_hers, no_such_visit
from dispatch.visits.model import Deed


def may_start(session: Session, appointment_id: UUID, actor: Actor, clock: Clock) -> tuple[Reason, ...]:
    """Return everything that stands against starting the infusion now; empty when it may start.

    Raises
    ------
    NotFound
        ``no_such_visit``: not on the actor's route.
    """
    return _reasons(session, appointment_id, Deed.START, actor, clock)


def may_resume(session: Session, appointment_id: UUID, actor: Actor, clock: Clock) -> tuple[Reason, ...]:
    """Return everything that stands against letting the pump go on now."""
    return _reasons(session, appointment_id, Deed.RESUME, actor, clock)


def may_discharge(session: Session, appointment_id: UUID, actor: Actor, clock: Clock) -> tuple[Reason, ...]:
    """Return everything that stands against discharging the patient now."""
    return _reasons(session, appointment_id, Deed.DISCHARGE, actor, clock)


def missing_of_start(session: Session, appointment_id: UUID, actor: Actor, clock: Clock) -> tuple[Unmet, ...]:
    """Return what a screen shows before the start: all that is unmet, warnings and released things, too."""
    row = own_row(session, appointment_id, actor)
    assert actor.nurse_id is not None
    return unmet_before_start(case_of(session, row, actor.nurse_id, clock.now()))


def _reasons(
    session: Session, appointment_id: UUID, deed: Deed, actor: Actor, clock: Clock
) -> tuple[Reason, ...]:
    row = own_row(session, appointment_id, actor)
    if not keeps_checklist(session, row):
        return ()
    assert actor.nurse_id is not None
    case = case_of(session, row, actor.nurse_id, clock.now())
    return tuple(each.reason for each in standing_against(case, deed))


def own_row(session: Session, appointment_id: UUID, actor: Actor) -> AppointmentRow:
    """Return a visit of the actor's own route, or refuse with `NotFound`."""
    row = session.get(AppointmentRow, appointment_id)
    if row is None or actor.nurse_id is None or not is_hers(session, actor.nurse_id, row):
        raise no_such_visit()
    return row

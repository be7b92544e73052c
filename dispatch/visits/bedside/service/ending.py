"""Whom a visit tells when it ends in one way or another: the series, the patient by messages."""

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.appointments.care.service import queue_after_visit
from dispatch.appointments.records import AppointmentRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.series.service import note_given, note_missed
from dispatch.visits.model import Deed, Story

ENDS_RUNNING = frozenset({Deed.STOP, Deed.ABORT, Deed.EMERGENCY})
ENDS_BEFORE = frozenset({Deed.NO_SHOW, Deed.ABORT})


def tell_others(
    session: Session,
    row: AppointmentRow,
    deed: Deed,
    before: Story,
    at: datetime,
    actor: Actor,
    clock: Clock,
) -> None:
    """Tell the series whether its infusion was given or missed; queue what follows a discharge."""
    if not row.service.controlled:
        return
    if Deed.START in before.times and deed in ENDS_RUNNING:
        note_given(session, row.id, at, actor, clock)
    elif Deed.START not in before.times and deed in ENDS_BEFORE:
        note_missed(session, row.id, actor, clock)
    elif deed is Deed.DISCHARGE and deed not in before.times:
        queue_after_visit(session, row.id, at, actor, clock)

"""Closing a nurse's shift: never over a patient who is neither discharged nor handed over."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.custody import service as custody
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Reasons
from dispatch.visits.facts import patients_watched, still_watched_text


def close_shift(session: Session, actor: Actor, clock: Clock, round_id: UUID | None = None) -> datetime:
    """Close the nurse's custody shift (`custody.service.close_shift`) once no patient of hers is left behind.

    Raises
    ------
    Conflict
        ``patient_left``, once for each visit; and as custody says, for each vial unaccounted for.
    """
    left = Reasons()
    if actor.nurse_id is not None:
        for row in patients_watched(session, actor.nurse_id, clock.now()):
            left.add(
                "patient_left",
                still_watched_text(row),
                field="visit",
                way_out="Discharge the patient; or record the hand-over, or why the visit could not go on.",
            )
    left.raise_if_any(Conflict)
    return custody.close_shift(session, actor, clock, round_id)

"""What keeps a prescriber from answering for a visit in a state; the clearance chapter knows who may."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.clearance.queries import prescriber_may_order
from dispatch.kernel.refusals import Reason


def against_prescriber(session: Session, account_id: UUID, state: str, at: datetime) -> tuple[Reason, ...]:
    """Return why this account may not prescribe in `state` at an instant; empty where it may.

    On call is only who could order there: an active prescriber, licensed in the state, registered with DEA
    (care-rules.md A01, section 5).
    """
    return prescriber_may_order(session, account_id, state, at)

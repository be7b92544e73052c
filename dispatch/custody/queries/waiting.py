"""What waits for somebody, judged from rows at any moment: recalled vials in hand, shifts left open."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.custody.model import nurse_holder
from dispatch.custody.queries.vials import VialLine, vials_where
from dispatch.custody.records import ContainerRow, CustodyShiftRow
from dispatch.custody.states import HELD
from dispatch.custody.stock.records import RecallRow
from dispatch.workforce.records import NurseRow, ShiftRow


@dataclass(frozen=True, kw_only=True)
class OverdueShift:
    """A custody shift that is open long after the planned end; `vials` are what its nurse still holds."""

    shift_id: UUID
    nurse_id: UUID
    code: str
    opened_at: datetime
    due_at: datetime
    vials: tuple[VialLine, ...]


def recall_tasks(session: Session, area_id: UUID) -> list[VialLine]:
    """Return the vials of recalled lots that somebody holds still; each is a task until it is handed in."""
    recalled = select(RecallRow.lot_id)
    in_hand = and_(
        ContainerRow.area_id == area_id,
        ContainerRow.lot_id.in_(recalled),
        ContainerRow.state.in_(HELD),
        ContainerRow.holder.startswith("nurse:"),
    )
    return vials_where(session, in_hand)


def overdue_shifts(session: Session, area_id: UUID, now: datetime) -> list[OverdueShift]:
    """Return the shifts that should have been closed, by policy ``custody.shift`` (attack 13).

    A shift is due so long after the planned end of the nurse's shift, or, where none was planned, after its
    own beginning.
    """
    waits = timedelta(minutes=policy(session, "custody.shift", area_id)["overdue_minutes"])
    rows = session.execute(
        select(CustodyShiftRow, NurseRow.code)
        .join(NurseRow, NurseRow.id == CustodyShiftRow.nurse_id)
        .where(NurseRow.area_id == area_id, CustodyShiftRow.closed_at.is_(None))
        .order_by(CustodyShiftRow.opened_at)
    ).all()
    found = []
    for shift, code in rows:
        planned = session.scalar(
            select(func.max(ShiftRow.ends_at)).where(
                ShiftRow.nurse_id == shift.nurse_id,
                ShiftRow.starts_at <= now,
                ShiftRow.ends_at > shift.opened_at,
            )
        )
        due_at = (planned or shift.opened_at) + waits
        if due_at < now:
            held = and_(ContainerRow.holder == nurse_holder(shift.nurse_id), ContainerRow.state.in_(HELD))
            found.append(
                OverdueShift(
                    shift_id=shift.id,
                    nurse_id=shift.nurse_id,
                    code=code,
                    opened_at=shift.opened_at,
                    due_at=due_at,
                    vials=tuple(vials_where(session, held)),
                )
            )
    return found

"""Blind counts that are due: every nurse with an open custody shift counts before her shift ends."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.custody.model import nurse_holder, pharmacy_holder
from dispatch.custody.records import ContainerRow, CountRow, CustodyShiftRow
from dispatch.custody.states import SEALED
from dispatch.workforce.records import NurseRow, ShiftRow


@dataclass(frozen=True, kw_only=True)
class CountDue:
    """A holder whose drug is to be counted; never how many the ledger expects.

    Attributes
    ----------
    due_at
        When the planned shift ends; None where none is planned.
    counted_at
        The last finished count since the custody shift began; None when there was none.
    """

    holder: str
    label: str
    due_at: datetime | None
    counted_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Countable:
    """A person or stock point whose sealed vials can be counted."""

    holder: str
    label: str
    name: str


def counts_due(session: Session, area_id: UUID) -> list[CountDue]:
    """Return who counts at the end of the shift, the earliest end first (21 CFR 1301.75(b) by practice)."""
    rows = session.execute(
        select(NurseRow.id, NurseRow.code, CustodyShiftRow.opened_at)
        .join(CustodyShiftRow, CustodyShiftRow.nurse_id == NurseRow.id)
        .where(NurseRow.area_id == area_id, CustodyShiftRow.closed_at.is_(None))
        .order_by(NurseRow.code)
    ).all()
    found = [
        CountDue(
            holder=nurse_holder(row.id),
            label=row.code,
            due_at=_planned_end(session, row.id, row.opened_at),
            counted_at=_counted_since(session, nurse_holder(row.id), row.opened_at),
        )
        for row in rows
    ]
    return sorted(found, key=lambda due: (due.due_at is None, due.due_at, due.label))


def _planned_end(session: Session, nurse_id: UUID, since: datetime) -> datetime | None:
    """Return when the shift ends during or before which drug was taken in hand."""
    return session.scalar(
        select(func.min(ShiftRow.ends_at)).where(ShiftRow.nurse_id == nurse_id, ShiftRow.ends_at > since)
    )


def _counted_since(session: Session, holder: str, since: datetime) -> datetime | None:
    return session.scalar(
        select(func.max(CountRow.at)).where(
            CountRow.holder == holder,
            CountRow.at >= since,
            (CountRow.counted_units == CountRow.expected_units) | (CountRow.attempt == 2),
        )
    )


def countables(session: Session, area_id: UUID) -> list[Countable]:
    """Return the area's stock points, and every nurse who holds a sealed vial or an open custody shift."""
    places = session.execute(
        select(PharmacyRow.id, PharmacyRow.code, PharmacyRow.name)
        .where(PharmacyRow.area_id == area_id)
        .order_by(PharmacyRow.code)
    )
    holding = select(ContainerRow.holder).where(ContainerRow.state.in_(SEALED))
    on_duty = select(CustodyShiftRow.nurse_id).where(CustodyShiftRow.closed_at.is_(None))
    with_drug = set(session.scalars(holding.where(ContainerRow.area_id == area_id).distinct()))
    open_shifts = set(session.scalars(on_duty))
    nurses = session.execute(
        select(NurseRow.id, NurseRow.code, NurseRow.name)
        .where(NurseRow.area_id == area_id)
        .order_by(NurseRow.code)
    )
    return [
        *(Countable(holder=pharmacy_holder(row.id), label=row.code, name=row.name) for row in places),
        *(
            Countable(holder=nurse_holder(row.id), label=row.code, name=row.name)
            for row in nurses
            if row.id in open_shifts or nurse_holder(row.id) in with_drug
        ),
    ]

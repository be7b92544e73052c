"""What screens and the API read of nurses and shifts, in pages by key."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.kernel.local_time import day_bounds
from dispatch.workforce.records import NurseRow, ShiftRow


def nurses_after(session: Session, area_id: UUID, code: str, limit: int) -> Sequence[NurseRow]:
    """Return the area's nurses whose code comes after `code`, by code, `limit` at most."""
    wanted = (
        select(NurseRow)
        .where(NurseRow.area_id == area_id, NurseRow.code > code)
        .order_by(NurseRow.code)
        .limit(limit)
    )
    return session.scalars(wanted).all()


def colleagues_of(session: Session, nurse_id: UUID) -> Sequence[NurseRow]:
    """Return the other active nurses of a nurse's area, by code."""
    area = select(NurseRow.area_id).where(NurseRow.id == nurse_id).scalar_subquery()
    wanted = select(NurseRow).where(NurseRow.area_id == area, NurseRow.active, NurseRow.id != nurse_id)
    return session.scalars(wanted.order_by(NurseRow.code)).all()


def shifts_on(
    session: Session, area_id: UUID, day: date, zone: ZoneInfo, after: UUID | None, limit: int
) -> Sequence[ShiftRow]:
    """Return the area's shifts that touch a local day, in the order they were entered.

    Parameters
    ----------
    after
        The shift after which to go on; None for the first page.
    """
    begins, ends = day_bounds(day, zone)
    wanted = (
        select(ShiftRow)
        .join(ShiftRow.nurse)
        .where(NurseRow.area_id == area_id, ShiftRow.starts_at < ends, ShiftRow.ends_at > begins)
        .order_by(ShiftRow.id)
        .limit(limit)
    )
    return session.scalars(wanted if after is None else wanted.where(ShiftRow.id > after)).all()

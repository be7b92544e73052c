"""One change to an area's plans at a time, in both databases."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.kernel.refusals import NotFound, refuse


def lock_area(session: Session, area_id: UUID) -> ServiceAreaRow:
    """Return the area, held until the transaction ends.

    PostgreSQL locks the row (not against foreign keys, which bookings take); on SQLite a transaction that
    writes is alone anyway.
    """
    held = select(ServiceAreaRow).where(ServiceAreaRow.id == area_id).with_for_update(key_share=True)
    row = session.scalar(held)
    if row is None:
        raise refuse(NotFound, "no_such_area", "There is no such service area.")
    return row

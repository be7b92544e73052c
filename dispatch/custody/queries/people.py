"""Who signed what: the people of an area's days, and the vials that went through one person's hands."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody.queries.names import account_names
from dispatch.custody.records import ContainerRow, EventRow, SignatureRow
from dispatch.kernel.local_time import day_bounds


def signers(session: Session, area_id: UUID, since: date, until: date, zone: ZoneInfo) -> dict[UUID, str]:
    """Return the accounts that signed an event of these local days, by name."""
    begins, ends = day_bounds(since, zone)[0], day_bounds(until, zone)[1]
    accounts = session.scalars(
        select(SignatureRow.account_id)
        .join(EventRow, EventRow.id == SignatureRow.event_id)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(ContainerRow.area_id == area_id, EventRow.server_time >= begins, EventRow.server_time < ends)
        .distinct()
    )
    names = account_names(session, accounts)
    return dict(sorted(names.items(), key=lambda item: item[1]))


def vials_signed_by(
    session: Session, account_id: UUID, since: date, until: date, zone: ZoneInfo
) -> frozenset[UUID]:
    """Return the vials of which somebody signed an event on these local days, as actor or as witness."""
    begins, ends = day_bounds(since, zone)[0], day_bounds(until, zone)[1]
    return frozenset(
        session.scalars(
            select(EventRow.container_id)
            .join(SignatureRow, SignatureRow.event_id == EventRow.id)
            .where(
                SignatureRow.account_id == account_id,
                EventRow.server_time >= begins,
                EventRow.server_time < ends,
            )
        )
    )

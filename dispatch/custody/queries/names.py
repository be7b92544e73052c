"""Codes of nurses and stock points, as the screens show holders."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.identity.records import AccountRow
from dispatch.workforce.records import NurseRow


def holder_labels(session: Session, holders: Iterable[str]) -> dict[str, str]:
    """Return the code of each holder: ``N-07`` for ``nurse:<id>``, ``COL-1`` for ``pharmacy:<id>``."""
    wanted: dict[str, set[UUID]] = {"nurse": set(), "pharmacy": set()}
    for holder in holders:
        kind, _, key = holder.partition(":")
        if kind in wanted:
            wanted[kind].add(UUID(key))
    nurses = session.execute(select(NurseRow.id, NurseRow.code).where(NurseRow.id.in_(wanted["nurse"])))
    places = session.execute(
        select(PharmacyRow.id, PharmacyRow.code).where(PharmacyRow.id.in_(wanted["pharmacy"]))
    )
    return (
        {"": ""}
        | {f"nurse:{row.id}": row.code for row in nurses}
        | {f"pharmacy:{row.id}": row.code for row in places}
    )


def account_names(session: Session, account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the name behind each account."""
    rows = session.execute(select(AccountRow.id, AccountRow.name).where(AccountRow.id.in_(set(account_ids))))
    return {row.id: row.name for row in rows}

"""Read from the ledger which residuals were carried back and may be assayed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from dispatch.custody.model import EventKind
from dispatch.custody.records import ContainerRow, EventRow, LotRow, PostingRow, ProductRow
from dispatch.custody.witnessing import WitnessKind


@dataclass(frozen=True, kw_only=True)
class Residual:
    """What was carried back in one vial or syringe: whose event, how strong and how much it should be."""

    event_id: UUID
    event_hash: bytes
    container_id: UUID
    ug_per_ml: int
    amount_ug: int


def residuals(session: Session, area_id: UUID, begins: datetime, ends: datetime) -> list[Residual]:
    """Return every residual that was carried back from `begins` on and before `ends`.

    That is a sealed residual handed in; or its waste, where nobody recorded the handing in.
    """
    handed_in, before = aliased(EventRow), aliased(EventRow)
    also_handed_in = select(handed_in.id).where(
        handed_in.container_id == EventRow.container_id,
        handed_in.kind == EventKind.RESIDUAL_RETURNED.value,
        handed_in.applied,
    )
    left = (
        select(func.coalesce(func.sum(PostingRow.amount_ug), 0))
        .join(before, before.id == PostingRow.event_id)
        .where(
            before.container_id == EventRow.container_id,
            before.sequence < EventRow.sequence,
            PostingRow.account_kind.in_(("open", "drawn")),
        )
        .correlate(EventRow)
        .scalar_subquery()
    )
    wanted = (
        select(EventRow.id, EventRow.event_hash, EventRow.container_id, EventRow.kind, EventRow.amount_ug,
               ProductRow.concentration_ug_per_ml, left.label("left_ug"))
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .join(LotRow, LotRow.id == ContainerRow.lot_id)
        .join(ProductRow, ProductRow.id == LotRow.product_id)
        .where(
            ContainerRow.area_id == area_id,
            EventRow.server_time >= begins,
            EventRow.server_time < ends,
            EventRow.applied,
            or_(
                EventRow.kind == EventKind.RESIDUAL_RETURNED.value,
                and_(
                    EventRow.kind == EventKind.WASTED.value,
                    EventRow.witness_kind == WitnessKind.CARRIED_BACK.value,
                    ~also_handed_in.exists(),
                ),
            ),
        )
        .order_by(EventRow.server_time, EventRow.id)
    )  # fmt: skip
    return [
        Residual(
            event_id=row.id,
            event_hash=bytes(row.event_hash),
            container_id=row.container_id,
            ug_per_ml=row.concentration_ug_per_ml,
            amount_ug=int(row.left_ug) if row.kind == EventKind.RESIDUAL_RETURNED.value else row.amount_ug,
        )
        for row in session.execute(wanted)
    ]

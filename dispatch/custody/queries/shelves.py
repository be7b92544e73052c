"""What a stock point has besides its sealed stock: orders on their way, vials put aside, lots and recalls."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from dispatch.custody.model import NOBODY, State, pharmacy_holder
from dispatch.custody.queries.vials import VialLine, vials_where
from dispatch.custody.records import ContainerRow, LotRow, ProductRow
from dispatch.custody.states import PUT_ASIDE, UNACCOUNTED
from dispatch.custody.stock.records import OrderRow, RecallRow

# The newest orders that a page shows.
MOST_ORDERS = 30


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """An order: how many vials were ordered, listed by the supplier, and taken in."""

    order_id: UUID
    at: datetime
    product: str
    units: int
    listed: int
    waiting: tuple[VialLine, ...]
    supplier: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class LotLine:
    """A lot with where its vials are; `recalled_at` None where nobody recalled it."""

    lot_id: UUID
    number: str
    product: str
    expires_on: date
    at_stock_points: int
    with_nurses: int
    recalled_at: datetime | None


def put_aside(session: Session, pharmacy_id: UUID) -> list[VialLine]:
    """Return what stands at a stock point out of use, and what came back and waits for a decision."""
    states = sorted({*PUT_ASIDE, State.RETURNED})
    here = and_(ContainerRow.holder == pharmacy_holder(pharmacy_id), ContainerRow.state.in_(states))
    # A returned vial may be held by nobody: it stands where it was handed in.
    nobody = and_(
        ContainerRow.holder == NOBODY,
        ContainerRow.pharmacy_id == pharmacy_id,
        ContainerRow.state.in_(states),
    )
    return vials_where(session, here | nobody)


def orders(session: Session, pharmacy_id: UUID) -> list[OrderLine]:
    """Return a stock point's newest orders, with the listed vials that have not arrived."""
    rows = session.execute(
        select(OrderRow, ProductRow.name)
        .join(ProductRow, ProductRow.id == OrderRow.product_id)
        .where(OrderRow.pharmacy_id == pharmacy_id)
        .order_by(OrderRow.at.desc(), OrderRow.id.desc())
        .limit(MOST_ORDERS)
    ).all()
    ids = [row.OrderRow.id for row in rows]
    counted = session.execute(
        select(ContainerRow.order_id, func.count().label("number"))
        .where(ContainerRow.order_id.in_(ids))
        .group_by(ContainerRow.order_id)
    )
    listed = {row.order_id: row.number for row in counted}
    return [
        OrderLine(
            order_id=row.OrderRow.id,
            at=row.OrderRow.at,
            product=row.name,
            units=row.OrderRow.units,
            listed=listed.get(row.OrderRow.id, 0),
            waiting=tuple(_waiting(session, row.OrderRow.id)),
            supplier=row.OrderRow.supplier,
            reference=row.OrderRow.reference,
        )
        for row in rows
    ]


def _waiting(session: Session, order_id: UUID) -> list[VialLine]:
    return vials_where(
        session,
        and_(
            ContainerRow.order_id == order_id,
            ContainerRow.state == State.DISPENSED.value,
            ContainerRow.holder == NOBODY,
        ),
    )


def lots(session: Session) -> list[LotLine]:
    """Return every lot of which a vial is somewhere, the earliest expiry first."""
    held = case((ContainerRow.state.in_(sorted(UNACCOUNTED)), 1), else_=0)
    stands = case((ContainerRow.holder.startswith("pharmacy:"), 1), else_=0)
    rows = session.execute(
        select(
            LotRow.id, LotRow.number, LotRow.expires_on, ProductRow.name,
            func.sum(stands).label("stands"), func.sum(held).label("held"),
            select(func.min(RecallRow.at)).where(RecallRow.lot_id == LotRow.id).scalar_subquery()
            .label("recalled_at"),
        )
        .join(ProductRow, ProductRow.id == LotRow.product_id)
        .join(ContainerRow, ContainerRow.lot_id == LotRow.id)
        .group_by(LotRow.id, LotRow.number, LotRow.expires_on, ProductRow.name)
        .order_by(LotRow.expires_on, LotRow.number)
    )  # fmt: skip
    return [
        LotLine(
            lot_id=row.id,
            number=row.number,
            product=row.name,
            expires_on=row.expires_on,
            at_stock_points=int(row.stands),
            with_nurses=int(row.held),
            recalled_at=row.recalled_at,
        )
        for row in rows
    ]

"""What reports keep: what moved in each quarter of a day that is over, and the inventories that were taken.

All append-only. The daybook is derived from the postings and nothing else: `daybook` says why it may be
believed, and a reader counts before it does.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kernel.row import Identified, Row, append_only


@append_only
class QuarterRow(Identified, Row):
    """A quarter of a day (UTC) that is over: how many events it had. A second `part` holds what came late.

    `until` is the instant at which it ends; the events meant lie before it, by six hours at most.
    """

    __tablename__ = "custody_inventory_closing"

    until: Mapped[datetime]
    part: Mapped[int]
    events: Mapped[int]
    closed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("until", "part"),
        CheckConstraint("part > 0 AND events >= 0", name="counts_not_negative"),
    )


@append_only
class FlowRow(Row):
    """What entered (positive) or left one place in a closed quarter, of one lot, in one area.

    `place` is an account for ``custody`` and ``source``, else the class of accounts; `units` counts whole
    vials, which only places of sealed vials have.
    """

    __tablename__ = "custody_inventory_flow"

    closing_id: Mapped[UUID] = mapped_column(ForeignKey("custody_inventory_closing.id"), primary_key=True)
    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"), primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("custody_lot.id"), primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    amount_ug: Mapped[int] = mapped_column(BigInteger)
    units: Mapped[int]


@append_only
class InventoryRow(Identified, Row):
    """An inventory as it was taken and signed (21 CFR 1304.11); `canonical` is its leaf of the log.

    Attributes
    ----------
    as_of
        The opening or the close of business on `day` at the stock point.
    lines
        What was on hand: place, drug, form, strength, lot, by the record and as counted.
    """

    __tablename__ = "custody_inventory"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    pharmacy_id: Mapped[UUID] = mapped_column(ForeignKey("pharmacy.id"))
    occasion: Mapped[str]
    business: Mapped[str]
    day: Mapped[date]
    as_of: Mapped[datetime]
    taken_at: Mapped[datetime]
    taken_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    witnessed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    lines: Mapped[Mapping[str, Any]]
    canonical: Mapped[bytes]
    inventory_hash: Mapped[bytes]

    __table_args__ = (
        CheckConstraint("occasion IN ('initial', 'biennial', 'newly_controlled', 'other')", name="occasion"),
        CheckConstraint("business IN ('open', 'close')", name="business"),
        CheckConstraint("witnessed_by IS NULL OR witnessed_by <> taken_by", name="witness_is_not_taker"),
        CheckConstraint("length(inventory_hash) = 32", name="hash_whole"),
        Index("ix_custody_inventory_pharmacy", "pharmacy_id", "day"),
    )

"""What was ordered and what was recalled; both are kept for good."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kernel.row import Identified, Row, append_only


@append_only
class OrderRow(Identified, Row):
    """Vials that the registrant ordered from a supplier; what came of it are events of containers.

    Attributes
    ----------
    reference
        Number of the DEA 222 form, of the CSOS order or of the prescription (21 CFR 1305, 1306).
    """

    __tablename__ = "custody_order"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    pharmacy_id: Mapped[UUID] = mapped_column(ForeignKey("pharmacy.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("custody_product.id"))
    units: Mapped[int]
    basis: Mapped[str]
    supplier: Mapped[str]
    reference: Mapped[str]
    ordered_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("units > 0", name="units_positive"),
        Index("ix_custody_order_pharmacy", "pharmacy_id", "at"),
    )


@append_only
class RecallRow(Identified, Row):
    """A lot was recalled by its maker or by the FDA (21 CFR part 7)."""

    __tablename__ = "custody_recall"

    lot_id: Mapped[UUID] = mapped_column(ForeignKey("custody_lot.id"))
    reference: Mapped[str]
    reason: Mapped[str]
    # Random: the log only commits to the reason, which may name somebody. None in recalls of before.
    text_salt: Mapped[bytes | None]
    recalled_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]

    __table_args__ = (Index("ix_custody_recall_lot", "lot_id", "at"),)

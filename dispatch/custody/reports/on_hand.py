"""What a stock point's vials held at the opening or close of its business, wherever they were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.areas.service import zone_of
from dispatch.custody.model import pharmacy_holder
from dispatch.custody.queries.names import holder_labels
from dispatch.custody.records import ContainerRow, EventRow, LotRow, PostingRow, ProductRow
from dispatch.custody.reports.daybook import place_of_posting, units_of_posting
from dispatch.custody.reports.model import bound_after
from dispatch.kernel.local_time import day_bounds

ON_HAND = ("custody", "open", "drawn", "returned", "quarantine")


@dataclass(frozen=True, kw_only=True)
class OnHand:
    """What a place had of a lot. `counted_units` is None where nobody counts (nurses, opened vials)."""

    key: str
    place: str
    called: str
    product: str
    form: str
    strength_ug_per_ml: int
    label_ug: int
    lot: str
    expires_on: date
    units: int
    amount_ug: int
    countable: bool
    counted_units: int | None = None


def instant_of_business(session: Session, place: PharmacyRow, day: date, business: str) -> datetime:
    """Return the instant at which a stock point opens or closes on a day of its area's calendar."""
    zone = zone_of(session.get_one(ServiceAreaRow, place.area_id))
    begins, _ends = day_bounds(day, zone)
    minute = place.opens_minute if business == "open" else place.closes_minute
    local = begins.astimezone(zone).replace(tzinfo=None) + timedelta(minutes=minute)
    return local.replace(tzinfo=zone).astimezone(UTC)


def on_hand(session: Session, place: PharmacyRow, at: datetime) -> list[OnHand]:
    """Return what the stock point's vials held at an instant, wherever they were, by place and lot."""
    where = place_of_posting().label("place")
    rows = session.execute(
        select(where, LotRow, ProductRow, func.sum(PostingRow.amount_ug), func.sum(units_of_posting()))
        .join(EventRow, EventRow.id == PostingRow.event_id)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .join(LotRow, LotRow.id == PostingRow.lot_id)
        .join(ProductRow, ProductRow.id == LotRow.product_id)
        .where(
            ContainerRow.pharmacy_id == place.id,
            EventRow.server_time < bound_after(at),
            PostingRow.account_kind.in_(ON_HAND),
        )
        .group_by(where, LotRow.id, ProductRow.id)
    ).all()
    labels = holder_labels(session, {row[0].partition(":")[2] for row in rows if ":" in row[0]})
    shelf = f"custody:{pharmacy_holder(place.id)}"
    found = [
        OnHand(
            key=f"{'shelf' if where == shelf else where}.{lot.id}",
            place=where,
            called=_called(where, shelf, labels),
            product=product.name,
            form=product.form,
            strength_ug_per_ml=product.concentration_ug_per_ml,
            label_ug=product.label_ug,
            lot=lot.number,
            expires_on=lot.expires_on,
            units=int(units),
            amount_ug=int(amount),
            countable=where in (shelf, "returned"),
        )
        for where, lot, product, amount, units in rows
        if amount
    ]
    return sorted(found, key=lambda each: (not each.countable, each.called, each.product, each.lot))


def _called(place: str, shelf: str, labels: Mapping[str, str]) -> str:
    if place == shelf:
        return "on the shelf"
    holder = place.partition(":")[2]
    plain = {
        "open": "in opened vials",
        "drawn": "in syringes",
        "returned": "returned",
        "quarantine": "put aside",
    }
    return plain.get(place) or f"with {labels.get(holder, holder)}"

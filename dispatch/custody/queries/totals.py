"""Sums: per nurse, per visit, of the whole ledger at any instant; and what does not add up."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.custody.model import EventKind
from dispatch.custody.queries.names import holder_labels
from dispatch.custody.queries.vials import VialLine, entered_ug, vials_of_day
from dispatch.custody.records import (
    ContainerRow,
    DiscrepancyRow,
    EventRow,
    LotRow,
    PostingRow,
    ProductRow,
)
from dispatch.custody.reports.daybook import inventory_as_of
from dispatch.custody.states import SEALED_IN_HAND
from dispatch.kernel.local_time import day_bounds

TAKEN = (EventKind.PICKED_UP.value, EventKind.HAND_OFF_ACCEPTED.value)


@dataclass(frozen=True, kw_only=True)
class NurseTotals:
    """What went through one nurse's hands on a day, and what is in them now."""

    nurse_id: UUID
    code: str
    taken_units: int
    drawn_ug: int
    given_ug: int
    wasted_ug: int
    returned_ug: int
    quarantined_ug: int
    lost_ug: int
    exceptions: int
    sealed_units: int
    sealed_ug: int
    residual_ug: int


@dataclass(frozen=True, kw_only=True)
class VisitTotals:
    """What was drawn for, given at and wasted after one visit; `residual_ug` waits for its witness."""

    visit_id: UUID
    drawn_ug: int
    given_ug: int
    wasted_ug: int
    serials: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LedgerTotal:
    """What a class of accounts held of a lot: pharmacy, nurses, open, drawn, patient, waste ..."""

    where: str
    product: str
    lot: str
    amount_ug: int


def nurse_totals(session: Session, area_id: UUID, day: date, zone: ZoneInfo) -> list[NurseTotals]:
    """Return, for every nurse with drug on the local `day`, what she took, drew, gave, wasted, holds."""
    begins, ends = day_bounds(day, zone)
    of_day = (
        ContainerRow.area_id == area_id,
        EventRow.server_time >= begins,
        EventRow.server_time < ends,
    )
    rows = session.execute(
        select(EventRow.from_holder, PostingRow.account_kind, func.sum(entered_ug()).label("ug"))
        .join(PostingRow, PostingRow.event_id == EventRow.id)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(*of_day, EventRow.from_holder.startswith("nurse:"))
        .group_by(EventRow.from_holder, PostingRow.account_kind)
    )
    moved: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        moved[row.from_holder][row.account_kind] = int(row.ug)
    taken = {
        row.to_holder: row.units
        for row in session.execute(
            select(EventRow.to_holder, func.count().label("units"))
            .join(ContainerRow, ContainerRow.id == EventRow.container_id)
            .where(*of_day, EventRow.kind.in_(TAKEN), EventRow.applied)
            .group_by(EventRow.to_holder)
        )
    }
    odd = {
        row.from_holder: row.number
        for row in session.execute(
            select(EventRow.from_holder, func.count().label("number"))
            .join(ContainerRow, ContainerRow.id == EventRow.container_id)
            .where(*of_day, EventRow.exception, EventRow.from_holder.startswith("nurse:"))
            .group_by(EventRow.from_holder)
        )
    }
    in_hand: dict[str, list[VialLine]] = defaultdict(list)
    for line in vials_of_day(session, area_id, day, zone):
        if line.holder.startswith("nurse:") and line.balance_ug:
            in_hand[line.holder].append(line)
    holders = sorted({*moved, *taken, *odd, *in_hand})
    labels = holder_labels(session, holders)
    return sorted(
        (
            _nurse_line(
                holder,
                labels[holder],
                taken.get(holder, 0),
                moved[holder],
                odd.get(holder, 0),
                in_hand[holder],
            )
            for holder in holders
        ),
        key=lambda line: line.code,
    )


def _nurse_line(
    holder: str, code: str, taken: int, moved: dict[str, int], exceptions: int, in_hand: list[VialLine]
) -> NurseTotals:
    sealed = [line for line in in_hand if line.state in SEALED_IN_HAND]
    return NurseTotals(
        nurse_id=UUID(holder.partition(":")[2]),
        code=code,
        taken_units=taken,
        drawn_ug=moved.get("drawn", 0),
        given_ug=moved.get("patient", 0),
        wasted_ug=moved.get("waste", 0),
        returned_ug=moved.get("returned", 0),
        quarantined_ug=moved.get("quarantine", 0),
        lost_ug=moved.get("lost", 0),
        exceptions=exceptions,
        sealed_units=len(sealed),
        sealed_ug=sum(line.balance_ug for line in sealed),
        residual_ug=sum(line.residual_ug for line in in_hand),
    )


def visit_totals(session: Session, visit_ids: Collection[UUID]) -> dict[UUID, VisitTotals]:
    """Return the sums of each visit that touched the ledger (usage by patient, 21 CFR 1304.22(c))."""
    rows = session.execute(
        select(
            EventRow.visit_id, ContainerRow.serial, PostingRow.account_kind,
            func.sum(entered_ug()).label("ug"),
        )
        .join(PostingRow, PostingRow.event_id == EventRow.id)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(EventRow.visit_id.in_(visit_ids))
        .group_by(EventRow.visit_id, ContainerRow.serial, PostingRow.account_kind)
    )  # fmt: skip
    sums: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    serials: dict[UUID, set[str]] = defaultdict(set)
    for row in rows:
        sums[row.visit_id][row.account_kind] += int(row.ug)
        serials[row.visit_id].add(row.serial)
    return {
        visit_id: VisitTotals(
            visit_id=visit_id,
            drawn_ug=found["drawn"],
            given_ug=found["patient"],
            wasted_ug=found["waste"],
            serials=tuple(sorted(serials[visit_id])),
        )
        for visit_id, found in sums.items()
    }


def ledger_as_of(session: Session, at: datetime, area_id: UUID | None = None) -> list[LedgerTotal]:
    """Return the perpetual inventory at the instant `at` (21 CFR 1304.11), what holds nothing left out.

    From the closed quarters where there are any (`reports.daybook`), so it does not grow with the ledger.
    """
    sums: Counter[tuple[UUID, str]] = Counter()
    for held in inventory_as_of(session, at, area_id):
        sums[held.lot_id, _class_of(held.place)] += held.amount_ug
    lots = session.execute(
        select(LotRow.id, LotRow.number, ProductRow.name)
        .join(ProductRow, ProductRow.id == LotRow.product_id)
        .where(LotRow.id.in_({lot_id for lot_id, _where in sums}))
    )
    names = {row.id: (row.name, row.number) for row in lots}
    found = [
        LedgerTotal(where=where, product=names[lot_id][0], lot=names[lot_id][1], amount_ug=amount_ug)
        for (lot_id, where), amount_ug in sums.items()
        if amount_ug
    ]
    return sorted(found, key=lambda line: (line.product, line.lot, line.where))


def _class_of(place: str) -> str:
    kind, _, holder = place.partition(":")
    if kind != "custody":
        return place
    return "pharmacy" if holder.startswith("pharmacy:") else "nurses"


def discrepancies(session: Session, area_id: UUID, since: datetime | None = None) -> list[DiscrepancyRow]:
    """Return what did not add up in an area, newest first."""
    wanted = select(DiscrepancyRow).where(DiscrepancyRow.area_id == area_id)
    if since is not None:
        wanted = wanted.where(DiscrepancyRow.discovered_at >= since)
    return list(session.scalars(wanted.order_by(DiscrepancyRow.discovered_at.desc(), DiscrepancyRow.id)))

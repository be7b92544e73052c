"""Read the ledger as the plain value streams that the signals know."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from dispatch.custody.model import EventKind, nurse_holder
from dispatch.custody.records import ContainerRow, CountRow, EventRow, LotRow, PostingRow, ProductRow
from dispatch.custody.rules.counting import count_ends
from dispatch.custody.signals.model import Access, Books, Counted, Duty, Taken, VialUse
from dispatch.custody.witnessing import WitnessKind
from dispatch.identity.records import AccountRow
from dispatch.workforce.records import NurseRow, ShiftRow

EventLine = Row[*tuple[Any, ...]]
# Gives the ordered dose of each visit that has one, in micrograms; a chapter above custody knows.
Doses = Callable[[Session, Collection[UUID]], Mapping[UUID, int]]
TAKES = (EventKind.PICKED_UP.value, EventKind.HAND_OFF_ACCEPTED.value)
SPOILS = tuple(
    kind.value for kind in (EventKind.BROKEN, EventKind.LOST, EventKind.STOLEN, EventKind.SEAL_MISMATCH)
)
# A residual carried back waits in quarantine; for the nurse that was its waste.
WASTES = (EventKind.WASTED.value, EventKind.RESIDUAL_RETURNED.value)
GIVES = (EventKind.ADMINISTERED.value, EventKind.INFUSION_STARTED.value)


def books(session: Session, area_id: UUID, begins: datetime, ends: datetime, doses: Doses) -> Books:
    """Return an area's streams from `begins` on and before `ends`, by the server's time of each event."""
    events = _events(session, area_id, begins, ends)
    amounts = _amounts(session, area_id, begins, ends)
    return Books(
        uses=tuple(sorted(_uses(session, events, amounts, doses), key=lambda use: use.opened_at)),
        accesses=tuple(
            Access(
                nurse=row.nurse_id,
                at=row.server_time,
                on_shift=bool(row.standing.get("on_shift", True)),
                late="late_entry" in row.reasons,
                event_id=row.id,
            )
            for row in events
            if row.nurse_id is not None
        ),
        taken=tuple(_taken(events)),
        counts=tuple(_counts(session, area_id, begins, ends)),
        duties=tuple(_duties(session, area_id, begins, ends)),
        names=_names(session, area_id, events),
    )


def _events(session: Session, area_id: UUID, begins: datetime, ends: datetime) -> Sequence[EventLine]:
    witness = aliased(AccountRow)
    wanted = (
        select(
            EventRow.id, EventRow.container_id, EventRow.kind, EventRow.device_time, EventRow.server_time,
            EventRow.visit_id, EventRow.witness_account_id, EventRow.witness_kind, EventRow.applied,
            EventRow.amount_ug, EventRow.standing, EventRow.reasons, EventRow.to_holder, EventRow.from_holder,
            AccountRow.nurse_id, witness.nurse_id.label("witness_nurse_id"), ProductRow.name.label("product"),
        )
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .join(LotRow, LotRow.id == ContainerRow.lot_id)
        .join(ProductRow, ProductRow.id == LotRow.product_id)
        .join(AccountRow, AccountRow.id == EventRow.actor_account_id)
        .join(witness, witness.id == EventRow.witness_account_id, isouter=True)
        .where(ContainerRow.area_id == area_id, EventRow.server_time >= begins, EventRow.server_time < ends)
        .order_by(EventRow.server_time, EventRow.container_id, EventRow.sequence)
    )  # fmt: skip
    return session.execute(wanted).all()


def _happened(row: EventLine) -> datetime:
    """Date an event by the phone that saw it, but never later than the server's own time."""
    at: datetime = row.server_time if row.device_time is None else min(row.device_time, row.server_time)
    return at


def _uses(
    session: Session, events: Iterable[EventLine], amounts: Mapping[UUID, Mapping[str, int]], doses: Doses
) -> Iterable[VialUse]:
    of_vial: dict[UUID, list[EventLine]] = defaultdict(list)
    for row in events:
        if row.applied:
            of_vial[row.container_id].append(row)
    opened = {
        vial: found
        for vial, rows in of_vial.items()
        if (found := next((row for row in rows if row.kind == EventKind.OPENED.value), None)) is not None
        and found.nurse_id is not None
    }
    ordered = _ordered([row for rows in of_vial.values() for row in rows], doses, session)
    for vial, opening in opened.items():
        yield _use(opening, of_vial[vial], amounts.get(vial, {}), ordered.get(vial))


def _ordered(drawing: Iterable[EventLine], doses: Doses, session: Session) -> dict[UUID, int]:
    """Return vial -> what the orders of its visits need of it, in micrograms.

    A visit that takes more than one vial needs of each as much as was drawn from it by the whole. Vials that
    served a visit without an ordered dose are left out.
    """
    drawn: dict[UUID, dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    for row in drawing:
        if row.kind == EventKind.DRAWN.value and row.visit_id is not None:
            drawn[row.visit_id][row.container_id] += row.amount_ug or 0
    named = doses(session, drawn.keys())
    found: dict[UUID, int] = defaultdict(int)
    unknown: set[UUID] = set()
    for visit, vials in drawn.items():
        whole = sum(vials.values())
        for vial, amount_ug in vials.items():
            if visit in named and whole:
                found[vial] += named[visit] * amount_ug // whole
            else:
                unknown.add(vial)
    return {vial: amount_ug for vial, amount_ug in found.items() if vial not in unknown}


def _use(
    opening: EventLine, rows: Sequence[EventLine], amounts: Mapping[str, int], ordered_ug: int | None
) -> VialUse:
    given = next((row for row in rows if row.kind in GIVES), None)
    wasted = next((row for row in reversed(rows) if row.kind in WASTES), None)
    witness: UUID | None = wasted.witness_nurse_id or wasted.witness_account_id if wasted else None
    kind = WitnessKind(wasted.witness_kind) if wasted and wasted.witness_kind else None
    # Who signs for a residual at the counter does so for everybody: that makes no pair.
    carried_back = kind is WitnessKind.CARRIED_BACK or (
        wasted is not None and wasted.kind == EventKind.RESIDUAL_RETURNED.value
    )
    return VialUse(
        nurse=opening.nurse_id,
        product=opening.product,
        opened_at=_happened(opening),
        given_at=max(_happened(given), _happened(opening)) if given else None,
        wasted_at=_happened(wasted) if wasted else None,
        ordered_ug=ordered_ug,
        drawn_ug=amounts.get("drawn", 0),
        given_ug=amounts.get("patient", 0),
        wasted_ug=amounts.get("waste", 0) + amounts.get("quarantine", 0),
        witness=None if carried_back else witness,
        weak=wasted is not None and (kind is WitnessKind.COMPANION or witness is None),
        events=tuple(row.id for row in (opening, wasted) if row is not None),
    )


def _amounts(
    session: Session, area_id: UUID, begins: datetime, ends: datetime
) -> Mapping[UUID, Mapping[str, int]]:
    """Return vial -> what went into syringe, patient, waste, quarantine; what was reversed is taken off."""
    opening = aliased(EventRow)
    opened = (
        select(opening.container_id)
        .join(ContainerRow, ContainerRow.id == opening.container_id)
        .where(
            ContainerRow.area_id == area_id,
            opening.kind == EventKind.OPENED.value,
            opening.server_time >= begins,
            opening.server_time < ends,
        )
    )
    into_syringe = and_(
        PostingRow.account_kind == "drawn",
        or_(
            EventRow.kind == EventKind.DRAWN.value,
            and_(EventRow.kind == EventKind.REVERSED.value, PostingRow.amount_ug < 0),
        ),
    )
    moved = (
        select(EventRow.container_id, PostingRow.account_kind, func.sum(PostingRow.amount_ug).label("ug"))
        .join(PostingRow, PostingRow.event_id == EventRow.id)
        .where(
            EventRow.container_id.in_(opened),
            or_(PostingRow.account_kind.in_(("patient", "waste", "quarantine")), into_syringe),
        )
        .group_by(EventRow.container_id, PostingRow.account_kind)
    )
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    for row in session.execute(moved):
        found[row.container_id][row.account_kind] = int(row.ug)
    return found


def _taken(events: Iterable[EventLine]) -> Iterable[Taken]:
    spoilt: dict[tuple[UUID, str], UUID] = {}
    taken: dict[tuple[UUID, str], EventLine] = {}
    for row in events:
        if row.kind in TAKES and row.applied and row.nurse_id is not None:
            taken[row.container_id, row.to_holder] = row
        elif row.kind in SPOILS or "seal_mismatch" in row.reasons:
            spoilt.setdefault((row.container_id, row.from_holder), row.id)
    for (vial, holder), row in taken.items():
        event_id = spoilt.get((vial, holder))
        yield Taken(
            nurse=row.nurse_id, at=row.server_time, spoilt=event_id is not None, event_id=event_id or row.id
        )


def _counts(session: Session, area_id: UUID, begins: datetime, ends: datetime) -> Iterable[Counted]:
    nurses = session.scalars(select(NurseRow.id).where(NurseRow.area_id == area_id))
    holders = {nurse_holder(nurse): nurse for nurse in nurses}
    rows = session.scalars(
        select(CountRow)
        .where(CountRow.holder.in_(list(holders)), CountRow.at >= begins, CountRow.at < ends)
        .order_by(CountRow.at, CountRow.attempt)
    )
    for row in rows:
        if count_ends(row.attempt, row.counted_units, row.expected_units):
            yield Counted(
                nurse=holders[row.holder],
                at=row.at,
                variance_units=row.counted_units - row.expected_units,
                count_id=row.id,
            )


def _duties(session: Session, area_id: UUID, begins: datetime, ends: datetime) -> Iterable[Duty]:
    rows = session.execute(
        select(ShiftRow.nurse_id, ShiftRow.starts_at, ShiftRow.ends_at)
        .join(NurseRow, NurseRow.id == ShiftRow.nurse_id)
        .where(NurseRow.area_id == area_id, ShiftRow.ends_at > begins, ShiftRow.starts_at < ends)
        .order_by(ShiftRow.starts_at)
    )
    for row in rows:
        yield Duty(person=row.nurse_id, begins_at=row.starts_at, ends_at=row.ends_at)


def _names(session: Session, area_id: UUID, events: Iterable[EventLine]) -> dict[UUID, str]:
    nurses = session.execute(select(NurseRow.id, NurseRow.code).where(NurseRow.area_id == area_id))
    signers = {row.witness_account_id for row in events if row.witness_account_id is not None}
    accounts = session.execute(select(AccountRow.id, AccountRow.name).where(AccountRow.id.in_(signers)))
    return {row.id: row.name for row in accounts} | {row.id: row.code for row in nurses}

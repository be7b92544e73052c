"""Vials as lines: state, holder, drawn, given, wasted, what is left of each."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from dispatch.custody.model import EventKind, State, nurse_holder, pharmacy_holder
from dispatch.custody.queries.names import account_names, holder_labels
from dispatch.custody.records import ContainerRow, EventRow, PostingRow, ProductRow
from dispatch.custody.states import SEALED_IN_HAND, UNACCOUNTED
from dispatch.kernel.local_time import day_bounds
from dispatch.kernel.refusals import NotFound, refuse


@dataclass(frozen=True, kw_only=True)
class VialLine:
    """One vial with its sums.

    Attributes
    ----------
    balance_ug
        What is left of it: sealed, open and drawn up.
    residual_ug
        The opened part of that, which somebody must waste before a witness.
    witness
        Who witnessed its last waste; empty when nobody did.
    site
        Code of the stock point that received it.
    exceptions
        How many of its events are kept as exceptions.
    """

    container_id: UUID
    area_id: UUID
    serial: str
    product: str
    product_code: str
    lot: str
    expires_on: date
    basis: str
    seal: str
    label_ug: int
    state: State
    holder: str
    holder_label: str
    site: str
    offered_to: str | None
    overfill_ug: int
    drawn_ug: int
    given_ug: int
    wasted_ug: int
    returned_ug: int
    quarantined_ug: int
    lost_ug: int
    balance_ug: int
    residual_ug: int
    witness: str
    exceptions: int
    last_event: str
    last_event_at: datetime | None


def vials_of_day(
    session: Session,
    area_id: UUID,
    day: date | None = None,
    zone: ZoneInfo | None = None,
    until: date | None = None,
) -> list[VialLine]:
    """Return an area's vials with an event on the local `day`, and all that a nurse still holds.

    Without `day`, all vials of the area; with `until`, of all days from `day` to it.
    """
    wanted: ColumnElement[bool] = ContainerRow.area_id == area_id
    if day is not None and zone is not None:
        begins, ends = day_bounds(day, zone)[0], day_bounds(until or day, zone)[1]
        touched = (
            select(EventRow.container_id)
            .where(EventRow.server_time >= begins, EventRow.server_time < ends)
            .distinct()
        )
        held = and_(ContainerRow.state.in_(UNACCOUNTED), ContainerRow.holder.startswith("nurse:"))
        wanted = and_(wanted, or_(ContainerRow.id.in_(touched), held))
    return vials_where(session, wanted)


def vials_of_nurse(session: Session, nurse_id: UUID) -> list[VialLine]:
    """Return what is in a nurse's lock-box: sealed, open, or waiting for its witness."""
    mine = and_(ContainerRow.holder == nurse_holder(nurse_id), ContainerRow.state.in_(UNACCOUNTED))
    return [
        line
        for line in vials_where(session, mine)
        if line.balance_ug or line.state in (State.SEAL_MISMATCH, *SEALED_IN_HAND)
    ]


def vials_at_pharmacy(session: Session, pharmacy_id: UUID) -> list[VialLine]:
    """Return the sealed vials that wait at a stock point."""
    here = and_(
        ContainerRow.holder == pharmacy_holder(pharmacy_id), ContainerRow.state == State.DISPENSED.value
    )
    return vials_where(session, here)


def offers_to(session: Session, nurse_id: UUID, at: datetime | None = None) -> list[VialLine]:
    """Return the vials whose hand-off waits for this nurse's answer, and has not expired `at` an instant."""
    mine: ColumnElement[bool] = ContainerRow.offered_to == nurse_holder(nurse_id)
    if at is not None:
        mine = and_(mine, or_(ContainerRow.offered_until.is_(None), ContainerRow.offered_until >= at))
    return vials_where(session, mine)


def entered_ug() -> ColumnElement[int]:
    """Return what a posting brought into its account; a reversing entry takes back what had entered."""
    reversal = EventRow.kind == EventKind.REVERSED.value
    return case(
        (and_(~reversal, PostingRow.amount_ug > 0), PostingRow.amount_ug),
        (and_(reversal, PostingRow.amount_ug < 0), PostingRow.amount_ug),
        else_=0,
    )


def open_residuals(session: Session, area_id: UUID) -> list[VialLine]:
    """Return the area's opened vials of which something is left."""
    opened = and_(ContainerRow.area_id == area_id, ContainerRow.opened_at.is_not(None))
    return [line for line in vials_where(session, opened) if line.residual_ug]


def vial(session: Session, container_id: UUID) -> VialLine:
    """Return one vial, or refuse with `NotFound`."""
    return _only(vials_where(session, ContainerRow.id == container_id))


def find_vial(session: Session, serial: str) -> VialLine:
    """Return the vial that bears `serial`, or refuse with `NotFound`."""
    return _only(vials_where(session, ContainerRow.serial == serial))


def products(session: Session) -> list[ProductRow]:
    """Return all products by code."""
    return list(session.scalars(select(ProductRow).order_by(ProductRow.code)))


def _only(lines: list[VialLine]) -> VialLine:
    if not lines:
        raise refuse(NotFound, "no_such_vial", "There is no such vial.")
    return lines[0]


def vials_where(session: Session, wanted: ColumnElement[bool]) -> list[VialLine]:
    """Return the vials that a condition on `ContainerRow` finds, by serial number; for queries only."""
    rows = session.scalars(select(ContainerRow).where(wanted).order_by(ContainerRow.serial)).all()
    ids = select(ContainerRow.id).where(wanted)
    sums = _sums(session, ids)
    labels = holder_labels(
        session, {holder for row in rows for holder in (row.holder, pharmacy_holder(row.pharmacy_id))}
    )
    witnesses = _witnesses(session, ids)
    counted = session.execute(
        select(EventRow.container_id, func.count().label("number"))
        .where(EventRow.container_id.in_(ids), EventRow.exception)
        .group_by(EventRow.container_id)
    )
    exceptions = {row.container_id: row.number for row in counted}
    newest = session.execute(
        select(EventRow.container_id, EventRow.kind, EventRow.server_time)
        .join(
            ContainerRow,
            and_(ContainerRow.id == EventRow.container_id, ContainerRow.sequence == EventRow.sequence),
        )
        .where(EventRow.container_id.in_(ids))
    )
    last = {row.container_id: row for row in newest}
    return [
        _line(row, sums[row.id], labels, witnesses, exceptions.get(row.id, 0), last.get(row.id))
        for row in rows
    ]


def _line(
    row: ContainerRow,
    sums: dict[str, tuple[int, int]],
    labels: dict[str, str],
    witnesses: dict[UUID, str],
    exceptions: int,
    last: object,
) -> VialLine:
    def net(*kinds: str) -> int:
        return sum(sums.get(kind, (0, 0))[0] for kind in kinds)

    return VialLine(
        container_id=row.id,
        area_id=row.area_id,
        serial=row.serial,
        product=row.lot.product.name,
        product_code=row.lot.product.code,
        lot=row.lot.number,
        expires_on=row.lot.expires_on,
        basis=row.basis,
        seal=row.seal,
        label_ug=row.label_ug,
        state=State(row.state),
        holder=row.holder,
        holder_label=labels.get(row.holder, row.holder),
        site=labels.get(pharmacy_holder(row.pharmacy_id), ""),
        offered_to=row.offered_to,
        overfill_ug=-net("source") - row.label_ug,
        drawn_ug=sums.get("drawn", (0, 0))[1],
        given_ug=net("patient"),
        wasted_ug=net("waste"),
        returned_ug=net("returned"),
        quarantined_ug=net("quarantine"),
        lost_ug=net("lost"),
        balance_ug=net("custody", "open", "drawn"),
        residual_ug=net("open", "drawn"),
        witness=witnesses.get(row.id, ""),
        exceptions=exceptions,
        last_event=getattr(last, "kind", ""),
        last_event_at=getattr(last, "server_time", None),
    )


def _sums(session: Session, ids: object) -> dict[UUID, dict[str, tuple[int, int]]]:
    """Return, for each container and class of account, the net amount and all that entered."""
    entered = func.sum(entered_ug())
    rows = session.execute(
        select(
            EventRow.container_id,
            PostingRow.account_kind,
            func.sum(PostingRow.amount_ug).label("net_ug"),
            entered.label("entered_ug"),
        )
        .join(PostingRow, PostingRow.event_id == EventRow.id)
        .where(EventRow.container_id.in_(ids))  # type: ignore[arg-type]
        .group_by(EventRow.container_id, PostingRow.account_kind)
    )
    found: dict[UUID, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in rows:
        found[row.container_id][row.account_kind] = (int(row.net_ug), int(row.entered_ug))
    return found


def _witnesses(session: Session, ids: object) -> dict[UUID, str]:
    rows = session.execute(
        select(EventRow.container_id, EventRow.witness_account_id)
        .where(
            EventRow.container_id.in_(ids),  # type: ignore[arg-type]
            EventRow.kind == EventKind.WASTED.value,
            EventRow.applied,
            EventRow.witness_account_id.is_not(None),
        )
        .order_by(EventRow.sequence)
    ).all()
    names = account_names(session, _accounts(row.witness_account_id for row in rows))
    return {row.container_id: names.get(row.witness_account_id, "") for row in rows}


def _accounts(found: Iterable[UUID | None]) -> set[UUID]:
    return {each for each in found if each is not None}

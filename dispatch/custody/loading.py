"""Read a container under its lock, and everything the rules want to know about the moment.

Lock order, the same in every use case: containers by id, then the nurse's custody shift, then (by the
postings' triggers) balances by account. SQLite has one writer at a time and ignores FOR UPDATE.
"""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.areas.service import policy, zone_of
from dispatch.custody.model import (
    SOURCE_OVERFILL,
    Basis,
    DeviceStamp,
    EventKind,
    Moment,
    State,
    Vial,
    drawn_from,
    nurse_holder,
    open_in,
)
from dispatch.custody.records import BalanceRow, ContainerRow, CustodyShiftRow, EventRow, PostingRow
from dispatch.custody.sentences import reason
from dispatch.custody.states import SEALED
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Forbidden, NotFound, refuse


def locked(session: Session, container_id: UUID) -> ContainerRow:
    """Return the container, locked until the transaction ends, or refuse with `NotFound`."""
    return all_locked(session, [container_id])[container_id]


def all_locked(session: Session, container_ids: Iterable[UUID]) -> dict[UUID, ContainerRow]:
    """Lock several containers, always in the order of their ids, so that two pickups cannot deadlock."""
    wanted = sorted(set(container_ids))
    asked = (
        select(ContainerRow)
        .where(ContainerRow.id.in_(wanted))
        .order_by(ContainerRow.id)
        .with_for_update(of=ContainerRow)
        .execution_options(populate_existing=True)
    )
    found = {row.id: row for row in session.scalars(asked)}
    if len(found) != len(wanted):
        raise refuse(NotFound, "no_such_vial", "There is no such vial.", field="container_id")
    return found


def vial_of(session: Session, row: ContainerRow) -> Vial:
    """Return the container as the rules see it, balances included."""
    accounts = (open_in(row.id), drawn_from(row.id))
    rows = session.execute(
        select(BalanceRow.account, BalanceRow.balance_ug).where(
            BalanceRow.account.in_(accounts), BalanceRow.lot_id == row.lot_id
        )
    )
    balances = {found.account: found.balance_ug for found in rows}
    return Vial(
        container_id=row.id,
        serial=row.serial,
        lot_id=row.lot_id,
        label_ug=row.label_ug,
        state=State(row.state),
        holder=row.holder,
        seal=row.seal,
        basis=Basis(row.basis),
        expires_on=row.lot.expires_on,
        sequence=row.sequence,
        offered_to=row.offered_to,
        opened_at=row.opened_at,
        drawn_at=row.drawn_at,
        last_at=row.last_at,
        open_ug=balances.get(accounts[0], 0),
        drawn_ug=balances.get(accounts[1], 0),
        overfill_left_ug=row.overfill_cap_ug - _overfill_used(session, row),
    )


def _overfill_used(session: Session, row: ContainerRow) -> int:
    if row.state in SEALED or row.state == State.ORDERED:
        return 0
    used = (
        select(func.coalesce(-func.sum(PostingRow.amount_ug), 0))
        .join(EventRow, EventRow.id == PostingRow.event_id)
        .where(EventRow.container_id == row.id, PostingRow.account == SOURCE_OVERFILL)
    )
    return int(session.scalar(used) or 0)


def drawn_for_visit(session: Session, visit_id: UUID) -> int:
    """Return how much was drawn up for a visit so far, from any vial, in micrograms."""
    drawn = select(func.coalesce(func.sum(EventRow.amount_ug), 0)).where(
        EventRow.visit_id == visit_id, EventRow.kind == EventKind.DRAWN.value, EventRow.applied
    )
    return int(session.scalar(drawn) or 0)


def moment_of(session: Session, area_id: UUID, clock: Clock, stamp: DeviceStamp | None = None) -> Moment:
    """Return the present moment in an area, with the policies in force.

    What happened is dated by the phone that saw it, but never later than the server's own time.
    """
    now = clock.now()
    area = session.get_one(ServiceAreaRow, area_id)
    fresh = policy(session, "identity.fresh_minutes", area_id)
    beyond_use = policy(session, "custody.beyond_use_h", area_id)
    device = policy(session, "custody.device_time", area_id)
    return Moment(
        now=now,
        today=local_day(now, zone_of(area)),
        happened_at=now if stamp is None else min(stamp.device_time, now),
        fresh_for=timedelta(minutes=fresh["minutes"]),
        beyond_use=timedelta(hours=beyond_use["hours"]),
        late_after=timedelta(minutes=device["late_after_minutes"]),
        skew=timedelta(seconds=device["skew_s"]),
    )


def pharmacy(session: Session, pharmacy_id: UUID) -> PharmacyRow:
    """Return a stock point, or refuse with `NotFound`."""
    row = session.get(PharmacyRow, pharmacy_id)
    if row is None:
        raise refuse(NotFound, "no_such_pharmacy", "There is no such pharmacy.", field="pharmacy_id")
    return row


def nurse_of(actor: Actor) -> UUID:
    """Return whose custody the actor acts in, or refuse with `Forbidden`."""
    actor.require((Role.NURSE,))
    if actor.nurse_id is None:
        raise refuse(Forbidden, "not_a_nurse_here", "This account belongs to no nurse.")
    return actor.nurse_id


def account_of(actor: Actor) -> UUID:
    """Return the account that signs, or refuse: the system signs no event."""
    if actor.account_id is None or not actor.session_ref:
        raise Forbidden([reason("not_signed_in")])
    return actor.account_id


def open_shift_of(session: Session, nurse_id: UUID) -> CustodyShiftRow | None:
    """Return the nurse's open custody shift, locked, so that it cannot close meanwhile."""
    asked = (
        select(CustodyShiftRow)
        .where(CustodyShiftRow.nurse_id == nurse_id, CustodyShiftRow.closed_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalar(asked)


def shift_begun(session: Session, nurse_id: UUID, clock: Clock) -> CustodyShiftRow:
    """Return the nurse's open custody shift; taking drug in hand begins one where there is none."""
    row = open_shift_of(session, nurse_id)
    if row is None:
        row = CustodyShiftRow(id=new_id(), nurse_id=nurse_id, opened_at=clock.now())
        session.add(row)
        session.flush()
    return row


def vials_held(session: Session, nurse_id: UUID) -> list[Vial]:
    """Return every container whose holder is the nurse."""
    rows = session.scalars(
        select(ContainerRow)
        .where(ContainerRow.holder == nurse_holder(nurse_id))
        .order_by(ContainerRow.serial)
        .execution_options(populate_existing=True)
    )
    return [vial_of(session, row) for row in rows]

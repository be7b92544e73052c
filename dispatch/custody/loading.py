"""Read a container under its lock, and everything the rules want to know about the moment.

Lock order, the same in every use case: containers by id, then the nurse's custody shift, then (by the
postings' triggers) balances by account. SQLite has one writer at a time and ignores FOR UPDATE.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Label, ScalarSelect, Uuid, bindparam, func, select
from sqlalchemy import Row as RowOfResult
from sqlalchemy.orm import Session, aliased

from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.areas.service import policies, zone_of
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
from dispatch.custody.stock.records import RecallRow
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Forbidden, NotFound, Refusal, refuse
from dispatch.kernel.row import table_of

MOMENT_POLICIES = (
    "identity.fresh_minutes", "custody.beyond_use_h", "custody.device_time", "custody.hand_off",
    "custody.measure", "custody.residual", "custody.witnesses", "custody.presence", "custody.reversal",
    "custody.basis", "custody.state_line",
)  # fmt: skip


def _vial_facts() -> tuple[Label[Any], ...]:
    balance, posting, moved = table_of(BalanceRow), table_of(PostingRow), table_of(EventRow)

    def held(account: str) -> ScalarSelect[Any]:
        return (
            select(balance.c.balance_ug)
            .where(
                balance.c.account == bindparam(account), balance.c.lot_id == bindparam("lot_id", type_=Uuid())
            )
            .scalar_subquery()
        )

    overfill = (
        select(func.coalesce(-func.sum(posting.c.amount_ug), 0))
        .join(moved, moved.c.id == posting.c.event_id)
        .where(
            moved.c.container_id == bindparam("container_id", type_=Uuid()),
            posting.c.account == SOURCE_OVERFILL,
        )
    )
    recalled = select(RecallRow.id).where(RecallRow.lot_id == bindparam("lot_id", type_=Uuid())).exists()
    return (
        held("open_account").label("open_ug"),
        held("drawn_account").label("drawn_ug"),
        recalled.label("recalled"),
        overfill.scalar_subquery().label("overfill_used_ug"),
    )


# What the rules want to know of a vial besides its row; ask once it is locked, or it may be of before.
VIAL_FACTS = select(*_vial_facts())


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
        raise no_such_vial()
    return found


def no_such_vial() -> Refusal:
    """Return the refusal of a vial that is not there."""
    return refuse(NotFound, "no_such_vial", "There is no such vial.", field="container_id")


def vial_of(session: Session, row: ContainerRow) -> Vial:
    """Return the container as the rules see it, balances included."""
    return vial_with(
        row,
        session.connection().execute(VIAL_FACTS, facts_asked(row)).one(),
    )


def facts_asked(row: ContainerRow) -> dict[str, object]:
    """Return what `VIAL_FACTS` is asked about a container."""
    return {
        "container_id": row.id,
        "lot_id": row.lot_id,
        "open_account": open_in(row.id),
        "drawn_account": drawn_from(row.id),
    }


def vial_with(row: ContainerRow, facts: RowOfResult[*tuple[Any, ...]]) -> Vial:
    """Return the container as the rules see it, with `VIAL_FACTS` that were read after it was locked."""
    sealed = row.state in SEALED or row.state == State.ORDERED
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
        offered_until=row.offered_until,
        recalled=facts.recalled,
        opened_at=row.opened_at,
        drawn_at=row.drawn_at,
        last_at=row.last_at,
        open_ug=facts.open_ug or 0,
        drawn_ug=facts.drawn_ug or 0,
        overfill_left_ug=row.overfill_cap_ug - (0 if sealed else int(facts.overfill_used_ug)),
    )


def is_recalled(session: Session, lot_id: UUID) -> bool:
    """Tell whether a lot was recalled."""
    return bool(session.scalar(select(select(RecallRow.id).where(RecallRow.lot_id == lot_id).exists())))


def drawn_for_visit(session: Session, visit_id: UUID) -> int:
    """Return how much was drawn up for a visit so far, from any vial, in micrograms.

    What was taken back by a reversing entry does not count.
    """
    taken_back = aliased(EventRow)
    reversal = select(taken_back.id).where(
        taken_back.supersedes == EventRow.id, taken_back.kind == EventKind.REVERSED.value
    )
    drawn = select(func.coalesce(func.sum(EventRow.amount_ug), 0)).where(
        EventRow.visit_id == visit_id,
        EventRow.kind == EventKind.DRAWN.value,
        EventRow.applied,
        ~reversal.exists(),
    )
    return int(session.scalar(drawn) or 0)


def moment_of(
    session: Session,
    area_id: UUID,
    clock: Clock,
    stamp: DeviceStamp | None = None,
    where: Mapping[str, str] | None = None,
) -> Moment:
    """Return the present moment in an area, with the policies in force.

    What happened is dated by the phone that saw it, but never later than the server's own time. `where` is
    the snapshot of a standing: its ``state`` and ``registrant`` choose among policies.
    """
    place = where or {}
    rules = policies(
        session, MOMENT_POLICIES, area_id, state=place.get("state"), registrant=place.get("registrant")
    )
    return moment_with(rules, zone_of(session.get_one(ServiceAreaRow, area_id)), clock, stamp)


def moment_with(
    rules: Mapping[str, Mapping[str, Any]], zone: ZoneInfo, clock: Clock, stamp: DeviceStamp | None
) -> Moment:
    """Return the present moment where the zone and the policies in force are known."""
    now = clock.now()
    device = rules["custody.device_time"]
    return Moment(
        now=now,
        today=local_day(now, zone),
        happened_at=now if stamp is None else min(stamp.device_time, now),
        fresh_for=timedelta(minutes=rules["identity.fresh_minutes"]["minutes"]),
        beyond_use=timedelta(hours=rules["custody.beyond_use_h"]["hours"]),
        late_after=timedelta(minutes=device["late_after_minutes"]),
        skew=timedelta(seconds=device["skew_s"]),
        policy=rules,
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

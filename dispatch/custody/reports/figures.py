"""From a figure down to its events: the sum over a filter, and the events that make it up.

Reports compute their figures in bulk; every one of them must equal `figure` of its own filter, which the
tests hold against all reports.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from dispatch.custody.model import EventKind
from dispatch.custody.queries.names import account_names, holder_labels
from dispatch.custody.records import ContainerRow, EventRow, LotRow, PostingRow
from dispatch.custody.reports.daybook import units_of_posting
from dispatch.custody.reports.model import Measure, Oddity, Sought

IN_THE_VIAL = ("custody", "open", "drawn")
OF_POSTINGS = frozenset({Measure.MOVED, Measure.UNITS})


@dataclass(frozen=True, kw_only=True)
class FigureLine:
    """An event in a figure, and what it adds to it."""

    event_id: UUID
    container_id: UUID
    serial: str
    sequence: int
    kind: str
    at: datetime
    giver: str
    taker: str
    actor: str
    witness: str
    exception: bool
    reasons: tuple[str, ...]
    adds: int


def held_after() -> ScalarSelect[int]:
    """Return the SQL expression of what an event's vial held right after it: sealed, open and drawn up."""
    earlier, line = aliased(EventRow), aliased(PostingRow)
    return (
        select(func.coalesce(func.sum(line.amount_ug), 0))
        .join(earlier, earlier.id == line.event_id)
        .where(
            earlier.container_id == EventRow.container_id,
            earlier.sequence <= EventRow.sequence,
            line.account_kind.in_(IN_THE_VIAL),
        )
        .correlate(EventRow)
        .scalar_subquery()
    )


def reverses(kinds: Iterable[str]) -> ColumnElement[bool]:
    """Tell, in SQL, whether an event takes back one of these kinds."""
    original = aliased(EventRow)
    return and_(
        EventRow.kind == EventKind.REVERSED.value,
        exists(
            select(original.id).where(original.id == EventRow.supersedes, original.kind.in_(tuple(kinds)))
        ),
    )


def says(code: str) -> ColumnElement[bool]:
    """Tell, in SQL, whether an event was kept with this reason."""
    return cast(EventRow.reasons, String).like(f'%"{code}"%')


ODDITIES: dict[Oddity, ColumnElement[bool]] = {
    Oddity.EXCEPTION: EventRow.exception.is_(True),
    Oddity.OVERRIDE: EventRow.override_reason.is_not(None),
    Oddity.LATE: says("late_entry"),
    Oddity.REVERSAL: EventRow.kind == EventKind.REVERSED.value,
    Oddity.UNWITNESSED: EventRow.witness_account_id.is_(None),
}


def last_of_its_vial(before: datetime | None) -> ColumnElement[bool]:
    """Tell, in SQL, whether an event is its vial's last one before an instant."""
    later = aliased(EventRow)
    follows = [later.container_id == EventRow.container_id, later.sequence > EventRow.sequence]
    if before is not None:
        follows.append(later.server_time < before)
    return ~exists(select(later.id).where(*follows).correlate(EventRow))


def conditions(sought: Sought) -> list[ColumnElement[bool]]:
    """Return what a filter says of events, in SQL."""
    equal: tuple[tuple[Any, Any], ...] = (
        (EventRow.container_id, sought.vial),
        (ContainerRow.lot_id, sought.lot),
        (EventRow.visit_id, sought.visit),
        (EventRow.from_holder, sought.giver),
        (EventRow.to_holder, sought.taker),
        (EventRow.actor_account_id, sought.actor),
        (EventRow.witness_account_id, sought.witness),
    )
    found = [column == wanted for column, wanted in equal if wanted]
    if sought.since is not None:
        found.append(EventRow.server_time >= sought.since)
    if sought.before is not None:
        found.append(EventRow.server_time < sought.before)
    if sought.product is not None:
        found.append(ContainerRow.lot_id.in_(select(LotRow.id).where(LotRow.product_id == sought.product)))
    if sought.kinds:
        found.append(_of_kinds(sought))
    if sought.gross:
        found.append(EventRow.applied.is_(True))
    if sought.oddity is not None:
        found.append(ODDITIES[sought.oddity])
    if sought.moves_hands:
        found.append(EventRow.from_holder != EventRow.to_holder)
    if sought.newest:
        found += [last_of_its_vial(sought.before), held_after() > 0]
    return found


def _of_kinds(sought: Sought) -> ColumnElement[bool]:
    plainly = EventRow.kind.in_(sought.kinds)
    if sought.gross or sought.measure not in OF_POSTINGS:
        return plainly
    return or_(plainly, reverses(sought.kinds))


def _account(account: str) -> ColumnElement[bool]:
    return PostingRow.account == account if ":" in account else PostingRow.account_kind == account


def _adds(sought: Sought) -> ColumnElement[Any]:
    """Return the SQL expression of what one row adds to the figure."""
    amounts: dict[Measure, Any] = {
        Measure.MOVED: PostingRow.amount_ug,
        Measure.UNITS: units_of_posting(),
        Measure.HELD: held_after(),
        Measure.EVENTS: 1,
    }
    amount: ColumnElement[Any] = amounts[sought.measure]
    return amount if sought.sign == 1 else -amount


def _of(area_id: UUID, sought: Sought, *columns: Any) -> Select[Any]:
    wanted = (
        select(*columns)
        .select_from(EventRow)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(ContainerRow.area_id == area_id, *conditions(sought))
    )
    if sought.measure in OF_POSTINGS:
        wanted = wanted.join(PostingRow, PostingRow.event_id == EventRow.id)
        if sought.account:
            wanted = wanted.where(_account(sought.account))
    return wanted


def figure(session: Session, area_id: UUID, sought: Sought, own: str = "") -> tuple[int, int]:
    """Return a filter's sum and over how many events it runs.

    Parameters
    ----------
    own
        A holder, who then is shown only events of vials that were in these hands before or after.
    """
    inner = _grouped(area_id, sought, own).subquery()
    row = session.execute(
        select(func.coalesce(func.sum(inner.c.adds), 0), func.count()).select_from(inner)
    ).one()
    return int(row[0]), int(row[1])


def _grouped(area_id: UUID, sought: Sought, own: str) -> Select[Any]:
    total = _adds(sought)
    if sought.measure in OF_POSTINGS:
        wanted = _of(area_id, sought, EventRow.id.label("event_id"), func.sum(total).label("adds"))
        wanted = wanted.group_by(EventRow.id)
    else:
        wanted = _of(area_id, sought, EventRow.id.label("event_id"), _whole(total).label("adds"))
    if own:
        wanted = wanted.where(or_(EventRow.from_holder == own, EventRow.to_holder == own))
    return wanted


def _whole(value: Any) -> ColumnElement[int]:
    expression = literal(value, BigInteger) if isinstance(value, int) else value
    return cast(expression, BigInteger)


def events_of(
    session: Session,
    area_id: UUID,
    sought: Sought,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    own: str = "",
) -> list[FigureLine]:
    """Return a filter's events in the order the server got them, `limit` at most, after a place in it."""
    sums = _grouped(area_id, sought, own).subquery()
    wanted = (
        select(EventRow, ContainerRow.serial, sums.c.adds)
        .join(sums, sums.c.event_id == EventRow.id)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .order_by(EventRow.server_time, EventRow.id)
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(tuple_(EventRow.server_time, EventRow.id) > after)
    rows = session.execute(wanted).all()
    holders = {holder for row, _serial, _adds in rows for holder in (row.from_holder, row.to_holder)}
    labels = holder_labels(session, holders)
    people = {each for row, *_ in rows for each in (row.actor_account_id, row.witness_account_id) if each}
    names = account_names(session, people)
    return [
        FigureLine(
            event_id=row.id,
            container_id=row.container_id,
            serial=serial,
            sequence=row.sequence,
            kind=row.kind,
            at=row.server_time,
            giver=labels.get(row.from_holder, row.from_holder),
            taker=labels.get(row.to_holder, row.to_holder),
            actor=names.get(row.actor_account_id, ""),
            witness=names.get(row.witness_account_id, ""),
            exception=row.exception,
            reasons=tuple(row.reasons),
            adds=int(adds),
        )
        for row, serial, adds in rows
    ]

"""The perpetual inventory as of any instant, without adding up the whole ledger each time.

What moved in a quarter of a day (UTC) that is over is summed once and kept, by place and lot. An instant's
inventory is then the sum of the closed quarters before it, and of the postings since the last of them. The
postings stay the only truth: events are append-only and their server times never change, so the set of
events before an instant only grows. Hence, when the closings up to a boundary tell of as many events as
the ledger has before it, they are the same events, and their sums are right. A reader counts that (an
index scan) and falls back to an earlier boundary, or to the postings alone, where it does not hold;
`close_quarters` then adds what had come late.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.custody.records import ContainerRow, EventRow, PostingRow
from dispatch.custody.reports.records import FlowRow, QuarterRow
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id

# Places where vials stand whole: there every posting moves one vial's label amount.
PLACES_OF_WHOLE_VIALS = ("custody", "returned")
# Accounts that are places by themselves; of others (open:<vial>, patient:<visit> ...) the class is one.
PLACES_BY_ACCOUNT = ("custody", "source")
# A quarter is closed when no request that began in it can still be under way.
SETTLES = timedelta(hours=1)
QUARTER = timedelta(hours=6)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What a place held of a lot: micrograms, and whole vials where the place has such."""

    area_id: UUID
    lot_id: UUID
    place: str
    amount_ug: int
    units: int


# area, lot, place, micrograms, whole vials
Moved = tuple[UUID, UUID, str, int, int]
Sums = dict[tuple[UUID, UUID, str], tuple[int, int]]


def place_of_posting() -> ColumnElement[str]:
    """Return the SQL expression of the place that a posting touches."""
    return case(
        (PostingRow.account_kind.in_(PLACES_BY_ACCOUNT), PostingRow.account), else_=PostingRow.account_kind
    )


def units_of_posting() -> ColumnElement[int]:
    """Return the SQL expression of how many whole vials a posting moves: 1, -1 or 0."""
    return case(
        (PostingRow.account_kind.not_in(PLACES_OF_WHOLE_VIALS), 0), (PostingRow.amount_ug > 0, 1), else_=-1
    )


def inventory_as_of(session: Session, at: datetime, area_id: UUID | None = None) -> list[Holding]:
    """Return what every place held at the instant `at`, inclusive; places that held nothing are left out.

    21 CFR 1304.11 and 1304.21(a): at any time a complete and accurate record of what is on hand.
    """
    boundary = _trusted_boundary(session, at)
    sums: Sums = defaultdict(lambda: (0, 0))
    if boundary is not None:
        _add(sums, _closed(session, boundary, area_id))
    _add(sums, _moved(session, boundary, at + timedelta(microseconds=1), area_id))
    return _holdings(sums)


def plain_sums(session: Session, at: datetime, area_id: UUID | None = None) -> list[Holding]:
    """Return the same as `inventory_as_of` from the postings alone: what an auditor would add up."""
    sums: Sums = defaultdict(lambda: (0, 0))
    _add(sums, _moved(session, None, at + timedelta(microseconds=1), area_id))
    return _holdings(sums)


def _holdings(sums: Sums) -> list[Holding]:
    return [
        Holding(area_id=area, lot_id=lot, place=place, amount_ug=amount_ug, units=units)
        for (area, lot, place), (amount_ug, units) in sorted(sums.items(), key=lambda item: str(item[0]))
        if amount_ug or units
    ]


def close_quarters(session: Session, clock: Clock) -> int:
    """Close every quarter of a day that is over and had events; add what came late to those that are closed.

    Returns how many closings were written. Run it as often as you like: it writes what is missing.
    """
    last = _quarter_begins(clock.now() - SETTLES)
    known, parts = _known(session)
    whole = known and sum(known.values()) == _events(session, None, max(known))
    written = 0
    since = max(known) if whole else None
    while (first := _next_event_at(session, since)) is not None and first < last:
        since = until = _quarter_begins(first) + QUARTER
        if known.get(until) != _events(session, until - QUARTER, until):
            written += _close(session, until, known.get(until, 0), parts.get(until, 0) + 1, clock)
    return written


def _next_event_at(session: Session, since: datetime | None) -> datetime | None:
    wanted = select(func.min(EventRow.server_time))
    return session.scalar(wanted if since is None else wanted.where(EventRow.server_time >= since))


def _close(session: Session, until: datetime, told: int, part: int, clock: Clock) -> bool:
    """Write what a quarter's closings do not tell yet; False when somebody else was just doing so."""
    events = _events(session, until - QUARTER, until)
    sums: Sums = defaultdict(lambda: (0, 0))
    _add(sums, _moved(session, until - QUARTER, until, None))
    if events != _events(session, until - QUARTER, until):
        return False
    closed = select(QuarterRow.id).where(QuarterRow.until == until)
    for row in session.execute(
        select(
            FlowRow.area_id,
            FlowRow.lot_id,
            FlowRow.place,
            FlowRow.amount_ug,
            FlowRow.units,
        ).where(FlowRow.closing_id.in_(closed))
    ):
        amount_ug, units = sums[row.area_id, row.lot_id, row.place]
        sums[row.area_id, row.lot_id, row.place] = amount_ug - row.amount_ug, units - row.units
    closing_id = new_id()
    flows = [
        {
            "closing_id": closing_id,
            "area_id": area,
            "lot_id": lot,
            "place": place,
            "amount_ug": amount_ug,
            "units": units,
        }
        for (area, lot, place), (amount_ug, units) in sums.items()
        if amount_ug or units
    ]
    closing = {
        "id": closing_id, "until": until, "part": part, "events": events - told, "closed_at": clock.now(),
    }  # fmt: skip
    try:
        with session.begin_nested():
            session.execute(insert(QuarterRow), [closing])
            if flows:
                session.execute(insert(FlowRow), flows)
    except IntegrityError:
        return False
    return True


def _known(session: Session) -> tuple[dict[datetime, int], dict[datetime, int]]:
    """Return, by the end of each closed quarter, how many events and parts its closings have."""
    rows = session.execute(
        select(QuarterRow.until, func.sum(QuarterRow.events), func.max(QuarterRow.part)).group_by(
            QuarterRow.until
        )
    ).all()
    return {row[0]: int(row[1]) for row in rows}, {row[0]: row[2] for row in rows}


def _trusted_boundary(session: Session, at: datetime) -> datetime | None:
    """Return the last end of a quarter, not after `at`, up to which the closings tell of every event."""
    rows = session.execute(
        select(QuarterRow.until, func.sum(QuarterRow.events))
        .where(QuarterRow.until <= at)
        .group_by(QuarterRow.until)
        .order_by(QuarterRow.until)
    ).all()
    ends = [row[0] for row in rows]
    told = list(accumulate(int(row[1]) for row in rows))
    if not ends:
        return None

    def something_is_missing(number: int) -> bool:
        return _events(session, None, ends[number]) != told[number]

    if not something_is_missing(len(ends) - 1):
        return ends[-1]
    # Once something is missing it is missing at every later boundary, too.
    number = bisect_left(range(len(ends)), True, key=something_is_missing)
    return ends[number - 1] if number else None


def _events(session: Session, since: datetime | None, before: datetime) -> int:
    wanted = select(func.count()).select_from(EventRow).where(EventRow.server_time < before)
    if since is not None:
        wanted = wanted.where(EventRow.server_time >= since)
    return session.scalar(wanted) or 0


def _closed(session: Session, boundary: datetime, area_id: UUID | None) -> Iterable[Moved]:
    wanted = (
        select(
            FlowRow.area_id,
            FlowRow.lot_id,
            FlowRow.place,
            func.sum(FlowRow.amount_ug).label("ug"),
            func.sum(FlowRow.units).label("vials"),
        )
        .join(QuarterRow, QuarterRow.id == FlowRow.closing_id)
        .where(QuarterRow.until <= boundary)
        .group_by(FlowRow.area_id, FlowRow.lot_id, FlowRow.place)
    )
    if area_id is not None:
        wanted = wanted.where(FlowRow.area_id == area_id)
    return session.execute(wanted).all()


def _moved(
    session: Session, since: datetime | None, before: datetime, area_id: UUID | None
) -> Iterable[Moved]:
    place = place_of_posting().label("place")
    wanted = (
        select(
            ContainerRow.area_id,
            PostingRow.lot_id,
            place,
            func.sum(PostingRow.amount_ug).label("ug"),
            func.sum(units_of_posting()).label("vials"),
        )
        .join(EventRow, EventRow.id == PostingRow.event_id)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(EventRow.server_time < before)
        .group_by(ContainerRow.area_id, PostingRow.lot_id, place)
    )
    if since is not None:
        wanted = wanted.where(EventRow.server_time >= since)
    if area_id is not None:
        wanted = wanted.where(ContainerRow.area_id == area_id)
    return session.execute(wanted).all()


def _add(sums: Sums, rows: Iterable[Moved]) -> None:
    for area, lot, place, amount_ug, units in rows:
        known_ug, known_units = sums[area, lot, place]
        sums[area, lot, place] = known_ug + int(amount_ug), known_units + int(units)


def _quarter_begins(at: datetime) -> datetime:
    return at - (at - EPOCH) % QUARTER

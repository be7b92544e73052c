"""Every event of a vial, with the running balance, who signed and who witnessed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dispatch.custody.model import EventKind, Posting, State, account_kind
from dispatch.custody.queries.names import account_names, holder_labels
from dispatch.custody.records import ContainerRow, EventRow, PostingRow, SignatureRow
from dispatch.custody.witnessing import WitnessKind, strength_text
from dispatch.kernel.local_time import day_bounds

IN_THE_VIAL = frozenset({"custody", "open", "drawn"})


@dataclass(frozen=True, kw_only=True)
class SignatureLine:
    """Who signed an event, in which part, and when they last proved who they are."""

    role: str
    name: str
    account_id: UUID
    proved_at: datetime | None
    signed_at: datetime


@dataclass(frozen=True, kw_only=True)
class EventLine:
    """One event. `balance_ug` is what the vial still held after it, in any form."""

    event_id: UUID
    container_id: UUID
    serial: str
    sequence: int
    kind: EventKind
    at: datetime
    device_time: datetime | None
    from_state: State
    to_state: State
    from_holder: str
    to_holder: str
    amount_ug: int | None
    balance_ug: int
    visit_id: UUID | None
    method: str
    witness_kind: str
    rate_ug_per_min: int | None
    measured_ug: int | None
    prime_ug: int | None
    supersedes: UUID | None
    place: str
    reason: str
    applied: bool
    exception: bool
    reasons: tuple[str, ...]
    override_reason: str
    override_authority: str
    signatures: tuple[SignatureLine, ...]
    postings: tuple[Posting, ...]
    event_hash: str

    @property
    def witness_strength(self) -> str:
        """Say in words how a waste was seen, and how much that is worth."""
        return strength_text(WitnessKind(self.witness_kind) if self.witness_kind else None)

    @property
    def actor(self) -> str:
        """The name of whoever acted."""
        return self.signatures[0].name

    @property
    def witness(self) -> str:
        """The name of whoever witnessed; empty when nobody did."""
        return self.signatures[1].name if len(self.signatures) > 1 else ""


def vial_history(session: Session, container_id: UUID) -> list[EventLine]:
    """Return all events of one vial in their order."""
    return _lines(session, select(ContainerRow.id).where(ContainerRow.id == container_id))


def events_of_day(session: Session, area_id: UUID, day: date, zone: ZoneInfo) -> list[EventLine]:
    """Return an area's events of a local day, by vial and sequence."""
    begins, ends = day_bounds(day, zone)
    touched = (
        select(EventRow.container_id)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(ContainerRow.area_id == area_id, EventRow.server_time >= begins, EventRow.server_time < ends)
    )
    return [line for line in _lines(session, touched) if begins <= line.at < ends]


def _lines(session: Session, ids: Select[UUID]) -> list[EventLine]:
    rows = session.execute(
        select(EventRow, ContainerRow.serial)
        .join(ContainerRow, ContainerRow.id == EventRow.container_id)
        .where(EventRow.container_id.in_(ids))
        .order_by(ContainerRow.serial, EventRow.sequence)
    ).all()
    events = select(EventRow.id).where(EventRow.container_id.in_(ids))
    postings: dict[UUID, list[Posting]] = defaultdict(list)
    for line in session.scalars(
        select(PostingRow).where(PostingRow.event_id.in_(events)).order_by(PostingRow.id)
    ):
        postings[line.event_id].append(Posting(account=line.account, amount_ug=line.amount_ug))
    signatures = _signatures(session, events)
    labels = holder_labels(session, {row.to_holder for row, _serial in rows})
    left: dict[UUID, int] = defaultdict(int)
    found = []
    for row, serial in rows:
        lines = tuple(postings[row.id])
        left[row.container_id] += sum(
            line.amount_ug for line in lines if account_kind(line.account) in IN_THE_VIAL
        )
        found.append(_line(row, serial, lines, signatures[row.id], left[row.container_id], labels))
    return found


def _signatures(session: Session, events: Select[UUID]) -> dict[UUID, list[SignatureLine]]:
    rows: Sequence[SignatureRow] = session.scalars(
        select(SignatureRow).where(SignatureRow.event_id.in_(events)).order_by(SignatureRow.role)
    ).all()
    names = account_names(session, (row.account_id for row in rows))
    found: dict[UUID, list[SignatureLine]] = defaultdict(list)
    for row in rows:
        found[row.event_id].append(
            SignatureLine(
                role=row.role,
                name=names[row.account_id],
                account_id=row.account_id,
                proved_at=row.proved_at,
                signed_at=row.signed_at,
            )
        )
    return found


def _line(
    row: EventRow,
    serial: str,
    lines: tuple[Posting, ...],
    signatures: list[SignatureLine],
    balance_ug: int,
    labels: dict[str, str],
) -> EventLine:
    plain: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            "container_id", "sequence", "device_time", "amount_ug", "visit_id", "place", "reason",
            "applied", "exception", "rate_ug_per_min", "measured_ug", "prime_ug", "supersedes",
        )
    }  # fmt: skip
    return EventLine(
        **plain,
        event_id=row.id,
        serial=serial,
        kind=EventKind(row.kind),
        at=row.server_time,
        from_state=State(row.from_state),
        to_state=State(row.to_state),
        from_holder=labels.get(row.from_holder, row.from_holder),
        to_holder=labels.get(row.to_holder, row.to_holder),
        balance_ug=balance_ug,
        method=row.method or "",
        witness_kind=row.witness_kind or "",
        reasons=tuple(row.reasons),
        override_reason=row.override_reason or "",
        override_authority=row.override_authority or "",
        signatures=tuple(signatures),
        postings=lines,
        event_hash=row.event_hash.hex(),
    )

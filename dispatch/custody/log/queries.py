"""What is read from the log: checkpoints as they are published, proofs, and how it stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from dispatch.custody.log import tree
from dispatch.custody.log.note import Verifier
from dispatch.custody.log.records import (
    AnchorRow,
    CheckpointRow,
    CosignatureRow,
    HeadRow,
    LeafRow,
    LogKeyRow,
    TimestampRow,
)
from dispatch.custody.log.service import EVENT, stored_nodes
from dispatch.custody.records import EventRow
from dispatch.kernel.refusals import Invalid, NotFound, refuse
from dispatch.kernel.row import table_of

_AT_ONCE = 2000
_Found = TypeVar("_Found")
_SIZE = select(table_of(HeadRow).c.size)
_LEAF = select(
    LeafRow.leaf_index, LeafRow.leaf_hash, select(HeadRow.size).scalar_subquery().label("whole")
).where(LeafRow.entry_id == bindparam("entry_id"), LeafRow.kind == bindparam("kind"))


@dataclass(frozen=True, kw_only=True)
class Inclusion:
    """That a leaf stands in the log of `tree_size` leaves (RFC 9162 section 2.1.3)."""

    leaf_index: int
    tree_size: int
    kind: str
    entry_id: UUID
    leaf_hash: bytes
    proof: tuple[bytes, ...]
    root_hash: bytes


@dataclass(frozen=True, kw_only=True)
class Consistency:
    """That the log of `old_size` leaves is the beginning of the one of `new_size` (section 2.1.4)."""

    old_size: int
    new_size: int
    proof: tuple[bytes, ...]
    old_root: bytes
    new_root: bytes


@dataclass(frozen=True, kw_only=True)
class LogKey:
    """A key that signs or signed checkpoints, and the note by which the one before handed over to it."""

    number: int
    verifier: str
    hand_over: str | None
    adopted_at: datetime


@dataclass(frozen=True, kw_only=True)
class PublishedCheckpoint:
    """A checkpoint with all that outsiders put under it.

    Attributes
    ----------
    note
        The signed note, cosignatures below the log's own signature.
    cosigned
        (witness's name, when) in the order in which they signed.
    timestamps
        (authority, when, RFC 3161 response); they are over the note with the log's signature alone.
    signed_note
        That note.
    """

    number: int
    size: int
    root_hash: bytes
    signed_at: datetime
    note: str
    signed_note: str
    key: str
    cosigned: tuple[tuple[str, datetime], ...]
    timestamps: tuple[tuple[str, datetime, bytes], ...]


@dataclass(frozen=True, kw_only=True)
class LogStanding:
    """How the log stands, for the compliance screen.

    Attributes
    ----------
    leaves
        How many there are now.
    checkpoint
        The newest; None when none was ever signed.
    troubles
        (who, code) of a witness or authority that gives nothing; ``log`` when the log itself is at fault.
    """

    leaves: int
    checkpoint: PublishedCheckpoint | None
    troubles: tuple[tuple[str, str], ...]


def size_of(session: Session) -> int:
    """Return how many leaves the log has."""
    return session.connection().scalar(_SIZE) or 0


def root(session: Session, size: int) -> bytes:
    """Return the root of the first `size` leaves."""
    return tree.root(size, partial(stored_nodes, session))


def consistency(session: Session, old: int, new: int) -> list[bytes]:
    """Return the bare proof from `old` to `new` leaves."""
    return tree.consistency_proof(old, new, partial(stored_nodes, session))


def prove_inclusion(
    session: Session, entry_id: UUID, size: int | None = None, kind: str = EVENT
) -> Inclusion:
    """Prove that an entry stands in the log.

    Parameters
    ----------
    size
        Of the checkpoint that is to be met; the log's present size by default.

    Raises
    ------
    NotFound
        When the entry has no leaf, or none among the first `size`.
    """
    leaf = session.connection().execute(_LEAF, {"entry_id": entry_id, "kind": kind}).one_or_none()
    if leaf is not None and size is None:
        size = leaf.whole
    if leaf is None or size is None or leaf.leaf_index >= size:
        raise refuse(
            NotFound, "no_such_leaf", "This entry has no leaf in a log of that size.", field="entry_id",
            way_out="Ask for a proof to a later checkpoint.",
        )  # fmt: skip
    _within(leaf.whole, size, "size")
    proof, top = _at_once(
        session, lambda kept: (tree.inclusion_proof(leaf.leaf_index, size, kept), tree.root(size, kept))
    )
    return Inclusion(
        leaf_index=leaf.leaf_index, tree_size=size, kind=kind, entry_id=entry_id,
        leaf_hash=bytes(leaf.leaf_hash), proof=tuple(proof), root_hash=top,
    )  # fmt: skip


def _at_once(session: Session, ask: Callable[[tree.Stored], _Found]) -> _Found:
    """Work out what hashes `ask` needs, bring them by one query, and let it have them.

    Proof and roots would each be a query of their own, and a query costs more than all the hashing.
    """
    wanted: dict[tree.Place, bytes] = {}

    def note(places: Sequence[tree.Place]) -> Mapping[tree.Place, bytes]:
        wanted.update(dict.fromkeys(places, b""))
        return wanted

    ask(note)
    known = stored_nodes(session, list(wanted))
    return ask(lambda _: known)


def prove_consistency(session: Session, old: int, new: int | None = None) -> Consistency:
    """Prove that the log of `old` leaves is the beginning of the log of `new`, or of the present one."""
    whole = size_of(session)
    new = whole if new is None else new
    _within(whole, new, "to")
    _within(new, old, "from")
    proof, before, after = _at_once(
        session,
        lambda kept: (tree.consistency_proof(old, new, kept), tree.root(old, kept), tree.root(new, kept)),
    )
    return Consistency(old_size=old, new_size=new, proof=tuple(proof), old_root=before, new_root=after)


def _within(most: int, size: int, field: str) -> None:
    if not 0 <= size <= most:
        raise refuse(
            Invalid, "log_has_not_that_size", f"Give a size from 0 to {most}.", field=field,
            way_out="Take the size from a checkpoint of this log.",
        )  # fmt: skip


def first_wrong_leaf(session: Session, old: int, new: int) -> int | None:
    """Hash leaves `old` up to, not including, `new` again; return the first that is not what it was.

    An event's leaf is hashed from the event's row, any other from what its leaf keeps.
    """
    for low in range(old, new, _AT_ONCE):
        high = min(low + _AT_ONCE, new)
        rows = session.execute(
            select(LeafRow.leaf_index, LeafRow.leaf_hash, LeafRow.content, EventRow.canonical)
            .outerjoin(EventRow, (EventRow.id == LeafRow.entry_id) & (LeafRow.kind == EVENT))
            .where(LeafRow.leaf_index >= low, LeafRow.leaf_index < high)
            .order_by(LeafRow.leaf_index)
        ).all()
        for index, row in zip(range(low, high), rows, strict=False):
            content = row.canonical if row.content is None else row.content
            if row.leaf_index != index or content is None or tree.leaf_hash(content) != row.leaf_hash:
                return index
        if len(rows) < high - low:
            return low + len(rows)
    return None


def keys(session: Session) -> tuple[LogKey, ...]:
    """Return the keys that sign or signed, the first one first."""
    rows = session.scalars(select(LogKeyRow).order_by(LogKeyRow.number))
    return tuple(
        LogKey(
            number=row.number, verifier=row.verifier, hand_over=row.hand_over, adopted_at=row.adopted_at
        )
        for row in rows
    )  # fmt: skip


def checkpoint(session: Session, number: int | None = None) -> PublishedCheckpoint | None:
    """Return the newest checkpoint, or the one of `number`; None when there is none."""
    asked = select(CheckpointRow, LogKeyRow.verifier).join(LogKeyRow, LogKeyRow.id == CheckpointRow.key_id)
    if number is not None:
        asked = asked.where(CheckpointRow.number == number)
    found = session.execute(asked.order_by(CheckpointRow.number.desc()).limit(1)).one_or_none()
    return _published(session, *found) if found else None


def checkpoints(session: Session, least_size: int = 0) -> tuple[PublishedCheckpoint, ...]:
    """Return all checkpoints of `least_size` leaves or more, the first one first."""
    rows = session.execute(
        select(CheckpointRow, LogKeyRow.verifier)
        .join(LogKeyRow, LogKeyRow.id == CheckpointRow.key_id)
        .where(CheckpointRow.size >= least_size)
        .order_by(CheckpointRow.number)
    ).all()
    return tuple(_published(session, *row) for row in rows)


def _published(session: Session, row: CheckpointRow, key: str) -> PublishedCheckpoint:
    cosigned = session.scalars(
        select(CosignatureRow)
        .where(CosignatureRow.checkpoint_number == row.number)
        .order_by(CosignatureRow.cosigned_at, CosignatureRow.verifier)
    ).all()
    stamps = session.scalars(
        select(TimestampRow)
        .where(TimestampRow.checkpoint_number == row.number)
        .order_by(TimestampRow.stamped_at, TimestampRow.authority)
    ).all()
    return PublishedCheckpoint(
        number=row.number,
        size=row.size,
        root_hash=row.root_hash,
        signed_at=row.signed_at,
        note=row.note + "".join(f"{each.line}\n" for each in cosigned),
        signed_note=row.note,
        key=key,
        cosigned=tuple((Verifier.read(each.verifier).name, each.cosigned_at) for each in cosigned),
        timestamps=tuple((each.authority, each.stamped_at, each.response) for each in stamps),
    )


def standing(session: Session) -> LogStanding:
    """Return how the log stands."""
    troubled = session.execute(
        select(AnchorRow.name, AnchorRow.trouble).where(AnchorRow.trouble != "").order_by(AnchorRow.name)
    )
    return LogStanding(
        leaves=size_of(session),
        checkpoint=checkpoint(session),
        troubles=tuple((name.split("+")[0], trouble) for name, trouble in troubled),
    )

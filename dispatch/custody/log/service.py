"""Add leaves to the log, in the transaction of the row they stand for: both stand or fall together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, insert, select, text, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from dispatch.custody.log.records import HeadRow, LeafRow, NodeRow
from dispatch.custody.log.tree import HASH_BYTES, Place, grown, leaf_hash
from dispatch.kernel.one_trip import Writes
from dispatch.kernel.refusals import Conflict, refuse
from dispatch.kernel.row import Row, table_of

EVENT = "event"
_LEVEL = 1 << 48
_LEAF = insert(table_of(LeafRow))
_NODES = insert(table_of(NodeRow))
_HEAD = update(table_of(HeadRow)).values(size=bindparam("size"), peaks=bindparam("peaks"))
# The places come as one value, and as text: the statement stays the same, and prepared, however many there
# are and however large. (Of a list of small numbers psycopg says another type than of large ones.)
_LISTS = {"sqlite": "[%s]", "postgresql": "{%s}"}
_NODES_AT = {
    "sqlite": text(
        "SELECT leaf_index, leaf_hash FROM custody_log_leaf "
        "WHERE leaf_index IN (SELECT value FROM json_each(:leaves)) UNION ALL "
        "SELECT place, hash FROM custody_log_node WHERE place IN (SELECT value FROM json_each(:nodes))"
    ),
    "postgresql": text(
        "SELECT leaf_index, leaf_hash FROM custody_log_leaf "
        "WHERE leaf_index = ANY(CAST(:leaves AS bigint[])) UNION ALL "
        "SELECT place, hash FROM custody_log_node WHERE place = ANY(CAST(:nodes AS bigint[]))"
    ),
}


# Any number: the queue before the head of the log on PostgreSQL.
_QUEUE = 0x1EAF


@dataclass(frozen=True, kw_only=True)
class NextPlace:
    """The place the next leaf takes, held under the head's lock until the transaction ends."""

    leaf_index: int
    peaks: tuple[bytes, ...]


def next_place(session: Session) -> NextPlace:
    """Lock the head of the log and return the place of the next leaf.

    Whoever adds a leaf waits here for the transaction that added the one before to end, so take other locks
    first. SQLite has one writer anyhow.
    """
    asked = _head(session.get_bind().dialect.name)
    head = session.execute(asked).one_or_none()
    if head is None:
        insert_unless_there(session, HeadRow, {"id": 1, "size": 0, "peaks": b""})
        head = session.execute(asked).one()
    return NextPlace(leaf_index=head.size, peaks=peaks_in(head.peaks))


@cache
def _head(kind: str) -> Select[int, bytes]:
    """Return the statement that locks the head of the log; on PostgreSQL in the order of asking.

    Those who wait for a row there wake together when it changes and race for what it became, past whoever
    came first: at 8 clients some waited ten times the median. An advisory lock has a queue. It is asked for
    before the row, for the row is locked on top of the join.
    """
    if kind == "sqlite":
        return select(HeadRow.size, HeadRow.peaks)
    turn = select(func.pg_advisory_xact_lock(_QUEUE).label("taken")).cte("turn").prefix_with("MATERIALIZED")
    return select(HeadRow.size, HeadRow.peaks).join_from(turn, HeadRow, true()).with_for_update(of=HeadRow)


@cache
def _beside_the_head(row: type[Row], kind: str) -> ReturningInsert[Any]:
    """Return the statement that locks the head and, at the place it names, inserts a row with a `leaf_index`.

    One statement, so that the head is held for one round trip less. The place is read after the wait for the
    lock: PostgreSQL then looks at the head's row anew (READ COMMITTED).
    """
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[kind]
    head = _head(kind).cte("head")
    columns = table_of(row).c
    named = [each for each in columns if each.name != "leaf_index"]
    given = [bindparam(each.name, type_=each.type) for each in named]
    taken_up = select(*given, head.c.size).where(true())
    made: ReturningInsert[Any] = (
        dialect.insert(table_of(row))
        .from_select([*(each.name for each in named), "leaf_index"], taken_up)
        .on_conflict_do_nothing()
        .returning(columns.leaf_index, select(head.c.peaks).scalar_subquery())
    )
    return made


def insert_at_next_place(session: Session, row: type[Row], values: Mapping[str, Any]) -> NextPlace | None:
    """Lock the head, and insert a row that names the place of its leaf; None when its key is taken.

    What `next_place` does, and the row with it.
    """
    connection = session.connection()
    asked = _beside_the_head(row, connection.dialect.name)
    found = connection.execute(asked, dict(values)).one_or_none()
    if found is None and next_place(session).leaf_index == 0:  # there may have been no head yet
        found = connection.execute(asked, dict(values)).one_or_none()
    return NextPlace(leaf_index=found[0], peaks=peaks_in(found[1])) if found else None


def peaks_in(joined: bytes) -> tuple[bytes, ...]:
    """Return the hashes that a head's row holds one after the other."""
    return tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))


def append(
    session: Session,
    kind: str,
    entry_id: UUID,
    canonical: bytes,
    place: NextPlace | None = None,
    through: Writes | None = None,
) -> int:
    """Put one append-only row into the log and return its leaf's index.

    Call it once for each row, in the row's own transaction, after locking whatever others may wait for.

    Parameters
    ----------
    kind
        What the row is: ``event``, or a word of your own such as ``count``; (kind, entry_id) is unique.
    entry_id
        The row's id.
    canonical
        Its canonical bytes (`canonical.canonical_bytes`), patients' fields as salted commitments only:
        whoever is shown a proof sees them. Kept in the leaf's row, but for an event, which keeps its own.
    place
        Where it goes, when `next_place` was asked before; an event's row names it.
    through
        The trip it takes, where others wait for the head.
    """
    at = place or next_place(session)
    hashed = leaf_hash(canonical)
    peaks, made = grown(at.leaf_index, at.peaks, hashed)
    leaf = {
        "leaf_index": at.leaf_index,
        "kind": kind,
        "entry_id": entry_id,
        "leaf_hash": hashed,
        "content": None if kind == EVENT else canonical,
    }
    writes = through or session.connection()
    writes.execute(_LEAF, leaf)
    if made:
        writes.execute(_NODES, [{"place": _key(each), "hash": found} for each, found in made])
    writes.execute(_HEAD, {"size": at.leaf_index + 1, "peaks": b"".join(peaks)})
    return at.leaf_index


def insert_unless_there(session: Session, row: type[Row], values: Mapping[str, Any]) -> bool:
    """Insert a row; False when another one has its key already."""
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
    free = dialect.insert(table_of(row)).on_conflict_do_nothing()
    counted = {"preserve_rowcount": True}
    return session.connection().execute(free, dict(values), execution_options=counted).rowcount == 1


def _key(place: Place) -> int:
    level, number = place
    return level * _LEVEL + number


def stored_nodes(session: Session, places: Sequence[Place]) -> Mapping[Place, bytes]:
    """Return the hashes at `places`, by one query (a `tree.Stored` once the session is bound)."""
    if not places:
        return {}
    leaves = [number for level, number in places if level == 0]
    nodes = [_key(place) for place in places if place[0]]
    connection = session.connection()
    brackets = _LISTS[connection.dialect.name]
    listed = {
        name: brackets % ",".join(map(str, each)) for name, each in (("leaves", leaves), ("nodes", nodes))
    }
    rows = connection.execute(_NODES_AT[connection.dialect.name], listed)
    found = {divmod(key, _LEVEL): bytes(each) for key, each in rows}
    missing = set(places) - set(found)
    if missing:
        level, number = min(missing)
        raise refuse(
            Conflict,
            "log_node_missing",
            f"The log lacks what it keeps over leaf {number << level} (level {level}).",
            field="log",
            way_out="Export an audit bundle, verify it, and look into what was deleted.",
        )
    return found

"""The log's tables. What the database itself holds is listed in `guards`.

Only two rows of all this ever change: the head, which is locked while a leaf is added and so makes leaves
contiguous, and an anchor's, which keeps when somebody outside is asked again. The rest is append-only.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import dispatch.custody.records  # noqa: F401 - a guard stands on its closings
from dispatch.custody.ledger_ddl import attach
from dispatch.custody.log.guards import statements_by_table
from dispatch.kernel.row import Identified, Row, append_only


@append_only
class LeafRow(Row):
    """A leaf: which entry stands at this place of the log.

    `content` holds the canonical bytes, but for an event, which keeps its own (`EventRow.canonical`).
    """

    __tablename__ = "custody_log_leaf"

    leaf_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str]
    entry_id: Mapped[UUID]
    leaf_hash: Mapped[bytes]
    content: Mapped[bytes | None]

    __table_args__ = (
        UniqueConstraint("entry_id", "kind"),
        CheckConstraint("leaf_index >= 0", name="index_not_negative"),
        CheckConstraint("length(leaf_hash) = 32", name="hash_whole"),
        CheckConstraint("(kind = 'event') = (content IS NULL)", name="content_kept_once"),
    )


@append_only
class NodeRow(Row):
    """A complete subtree of two or more leaves; `place` is level x 2^48 + its number on that level."""

    __tablename__ = "custody_log_node"

    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes]

    __table_args__ = (CheckConstraint("length(hash) = 32", name="hash_whole"),)


class HeadRow(Row):
    """The one row that is locked to add a leaf: how many there are, and the complete subtrees they make."""

    __tablename__ = "custody_log_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    # Hashes of `tree.peaks_of(size)`, one after the other: a leaf is added without reading a node.
    peaks: Mapped[bytes]

    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("size >= 0 AND length(peaks) % 32 = 0", name="peaks_whole"),
    )


@append_only
class LogKeyRow(Identified, Row):
    """A key that signs checkpoints, and how it came: the first one, or handed over by the one before."""

    __tablename__ = "custody_log_key"

    number: Mapped[int] = mapped_column(unique=True)
    # C2SP signed-note: <name>+<key id>+<base64 of type and public key>.
    verifier: Mapped[str] = mapped_column(unique=True)
    # A signed note of both keys; None for the first.
    hand_over: Mapped[str | None]
    adopted_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("number > 0 AND (number = 1) = (hand_over IS NULL)", name="handed_over"),
    )


@append_only
class CheckpointRow(Row):
    """A signed statement of the log's size and root (C2SP tlog-checkpoint)."""

    __tablename__ = "custody_log_checkpoint"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    root_hash: Mapped[bytes]
    # With the log's own signature only; cosignatures are put below it when it is shown.
    note: Mapped[str]
    key_id: Mapped[UUID] = mapped_column(ForeignKey("custody_log_key.id"))
    signed_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("size", "key_id"),
        CheckConstraint("number > 0 AND size >= 0", name="number_positive"),
        CheckConstraint("length(root_hash) = 32", name="hash_whole"),
    )


@append_only
class CosignatureRow(Identified, Row):
    """A witness saw this checkpoint, and that it continues the one it saw before (C2SP cosignature/v1)."""

    __tablename__ = "custody_log_cosignature"

    checkpoint_number: Mapped[int] = mapped_column(ForeignKey("custody_log_checkpoint.number"))
    verifier: Mapped[str]
    line: Mapped[str]
    cosigned_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("checkpoint_number", "verifier"),)


@append_only
class TimestampRow(Identified, Row):
    """A time-stamping authority saw this checkpoint's signed note (RFC 3161 response, DER)."""

    __tablename__ = "custody_log_timestamp"

    checkpoint_number: Mapped[int] = mapped_column(ForeignKey("custody_log_checkpoint.number"))
    authority: Mapped[str]
    response: Mapped[bytes]
    stamped_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("checkpoint_number", "authority"),)


class AnchorRow(Row):
    """Somebody outside who holds our checkpoints, a witness or a time-stamping authority: how it stands."""

    __tablename__ = "custody_log_anchor"

    # A witness's verifier key, or the authority's URL.
    name: Mapped[str] = mapped_column(primary_key=True)
    # Size of the last checkpoint that it is known to have.
    known_size: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int]
    trouble: Mapped[str]
    next_try_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("known_size >= 0 AND failures >= 0", name="counts_not_negative"),)


attach(Row.metadata, statements_by_table)

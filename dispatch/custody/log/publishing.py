"""Sign checkpoints, and rotate the key that signs them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody.canonical import canonical_bytes
from dispatch.custody.log import queries
from dispatch.custody.log.anchoring import anchor_row
from dispatch.custody.log.checkpoint import Checkpoint, hand_over
from dispatch.custody.log.note import Signer
from dispatch.custody.log.records import CheckpointRow, HeadRow, LogKeyRow
from dispatch.custody.log.service import NextPlace, append, insert_unless_there, next_place, peaks_in
from dispatch.custody.log.tree import EMPTY_ROOT, consistency_holds, root_of_peaks
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, refuse

# The name under which a fault of the log itself is kept beside its anchors.
SELF = "log"


def adopt_key(session: Session, signers: Sequence[Signer], clock: Clock) -> LogKeyRow:
    """Return the row of the last of `signers`, which signs from now on.

    The first key ever is simply kept. A later one needs the one before among `signers`, once: it names the
    new key in a note that both sign, and the note becomes a leaf of the log.

    Raises
    ------
    Conflict
        Without the key before, with one of another log, or with one that was already replaced.
    """
    signer = signers[-1]
    rows = keys_so_far(session)
    if rows and rows[-1].verifier == str(signer.verifier):
        return rows[-1]
    place = next_place(session)  # one process at a time
    rows = keys_so_far(session)
    if rows and rows[-1].verifier == str(signer.verifier):
        return rows[-1]
    known = any(row.verifier == str(signer.verifier) for row in rows)
    handed = _handed(rows[-1], signers, place.leaf_index) if rows and not known else None
    return add_key(session, signer, handed, place, clock)


def add_key(
    session: Session, signer: Signer, handed: str | None, place: NextPlace, clock: Clock
) -> LogKeyRow:
    """Keep a key that signs from now on, and the note by which it came, which is a leaf at `place`."""
    rows = keys_so_far(session)
    if any(row.verifier == str(signer.verifier) for row in rows):
        raise refuse(
            Conflict, "log_key_was_replaced", "This key was replaced by another one before.",
            field="log_keys", way_out="Make a new key; `housecall log-key` prints one.",
        )  # fmt: skip
    row = LogKeyRow(
        id=new_id(),
        number=len(rows) + 1,
        verifier=str(signer.verifier),
        hand_over=handed,
        adopted_at=clock.now(),
    )
    session.add(row)
    session.flush()
    if handed is not None:
        append(
            session, "log_key", row.id, canonical_bytes({"kind": "log_key", "v": 1, "note": handed}), place
        )
    return row


def keys_so_far(session: Session) -> list[LogKeyRow]:
    """Return the log's keys, the present one last."""
    return list(session.scalars(select(LogKeyRow).order_by(LogKeyRow.number)))


def _handed(before: LogKeyRow, signers: Sequence[Signer], size: int) -> str:
    old = next((each for each in signers if str(each.verifier) == before.verifier), None)
    if old is None or old.name != signers[-1].name:
        raise refuse(
            Conflict, "log_key_not_handed_over",
            "The key that signed before must hand over to the new one, which bears the same name.",
            field="log_keys",
            way_out="Name the old key before the new one, until the next checkpoint is signed. Where it is "
            "lost, two people approve of the new one on the compliance screen.",
        )  # fmt: skip
    return str(hand_over(old, signers[-1], size))


def publish_checkpoint(
    session: Session, signers: Sequence[Signer], every: timedelta, clock: Clock
) -> int | None:
    """Sign a checkpoint if one is due, and return its number.

    Due is one when the log grew and `every` went by since the last one, or when the key changed. A log must
    not sign what contradicts an earlier checkpoint (c2sp.org/tlog-checkpoint), so before it does: the leaves
    since then are hashed anew from what the ledger holds, the head must have the root of the stored nodes,
    and the new tree must continue the one that was signed last.

    Raises
    ------
    Conflict
        When the log contradicts itself, naming where.
    """
    key = adopt_key(session, signers, clock)
    last = _last(session)
    head = session.execute(select(HeadRow.size, HeadRow.peaks)).one_or_none()
    size = head.size if head else 0
    if last and size < last.size:
        raise _broken("log_shortened", f"The log has {size} leaves, a checkpoint says {last.size}.")
    if not _is_due(size, last, key.id, every, clock):
        return None
    assert head is not None
    root = queries.root(session, size)
    if root_of_peaks(peaks_in(head.peaks)) != root:
        raise _broken("log_nodes_differ", "The head of the log has another root than its nodes.")
    old_size, old_root = (last.size, last.root_hash) if last else (0, EMPTY_ROOT)
    wrong = queries.first_wrong_leaf(session, old_size, size)
    if wrong is not None:
        raise _broken("leaf_differs", f"Leaf {wrong} is not what its entry says.")
    if not consistency_holds(old_size, size, queries.consistency(session, old_size, size), old_root, root):
        raise _broken("log_rewritten", f"The log does not continue its checkpoint of {old_size} leaves.")
    return _signed(session, key, signers[-1], Checkpoint(signers[-1].name, size, root), last, clock)


def _last(session: Session) -> CheckpointRow | None:
    return session.scalars(select(CheckpointRow).order_by(CheckpointRow.number.desc()).limit(1)).first()


def _is_due(
    size: int, last: CheckpointRow | None, key_id: UUID | None, every: timedelta, clock: Clock
) -> bool:
    if last is None:
        return size > 0
    return last.key_id != key_id or (size > last.size and clock.now() >= last.signed_at + every)


def checkpoint_is_due(session: Session, signers: Sequence[Signer], every: timedelta, clock: Clock) -> bool:
    """Tell, reading only, whether `publish_checkpoint` has something to do or to complain of."""
    last = _last(session)
    mine = str(signers[-1].verifier)
    key_id = session.scalar(select(LogKeyRow.id).where(LogKeyRow.verifier == mine))
    size = queries.size_of(session)
    return _is_due(size, last, key_id, every, clock) or (last is not None and size < last.size)


def _broken(code: str, text: str) -> Conflict:
    refusal = refuse(
        Conflict, code, text, field="log",
        way_out="No checkpoint is signed. Export an audit bundle, verify it, and look into what was changed.",
    )  # fmt: skip
    assert isinstance(refusal, Conflict)
    return refusal


def _signed(
    session: Session,
    key: LogKeyRow,
    signer: Signer,
    checkpoint: Checkpoint,
    last: CheckpointRow | None,
    clock: Clock,
) -> int | None:
    number = last.number + 1 if last else 1
    row = {
        "number": number,
        "size": checkpoint.size,
        "root_hash": checkpoint.root,
        "note": str(checkpoint.signed(signer)),
        "key_id": key.id,
        "signed_at": clock.now(),
    }
    # Of two processes that find one due at the same moment, one signs.
    return number if insert_unless_there(session, CheckpointRow, row) else None


def note_fault(session: Session, code: str, clock: Clock) -> None:
    """Keep, for the compliance screen, why no checkpoint is signed; an empty code says all is well again."""
    row = anchor_row(session, SELF, clock)
    if row.trouble != code:
        row.trouble = code
        session.flush()

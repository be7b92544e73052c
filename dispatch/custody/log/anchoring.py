"""Bring checkpoints to those who hold them outside, and keep what they answer.

Nothing here waits for a network: a caller asks `next_errand` in one transaction, speaks to whoever it names
without one, and brings the answer to `keep_cosignature`, `keep_timestamp`, `keep_size` or `keep_trouble` in
another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dispatch.custody.log import queries
from dispatch.custody.log.note import Malformed, Note, Signature, Verifier
from dispatch.custody.log.records import AnchorRow, CheckpointRow, CosignatureRow, TimestampRow
from dispatch.custody.log.service import insert_unless_there
from dispatch.custody.log.witness import Submission
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id

# How long an errand is one process's own, and how long after a failure it is tried again.
LEASE = timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Somebody outside who is asked to hold checkpoints.

    Attributes
    ----------
    name
        A witness's verifier key as text, or an authority's URL.
    verifier
        The witness's key; None for a time-stamping authority.
    """

    name: str
    verifier: Verifier | None


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What to bring to an anchor; `submission` only for a witness."""

    anchor: Anchor
    checkpoint_number: int
    size: int
    note: str
    submission: Submission | None


def errand_is_waiting(session: Session, anchors: Sequence[Anchor], clock: Clock) -> bool:
    """Tell, reading only, whether `next_errand` has something to do."""
    last = _last(session)
    paused = set(session.scalars(select(AnchorRow.name).where(AnchorRow.next_try_at > clock.now())))
    return last is not None and any(
        each.name not in paused and not _has(session, each, last.number) for each in anchors
    )


def _last(session: Session) -> CheckpointRow | None:
    return session.scalars(select(CheckpointRow).order_by(CheckpointRow.number.desc()).limit(1)).first()


def next_errand(session: Session, anchors: Sequence[Anchor], clock: Clock) -> Errand | None:
    """Return what is to be brought to the next anchor that lacks the newest checkpoint, and lease it."""
    last = _last(session)
    if last is None:
        return None
    for anchor in anchors:
        if _has(session, anchor, last.number):
            continue
        row = anchor_row(session, anchor.name, clock)
        leased = update(AnchorRow).where(AnchorRow.name == anchor.name, AnchorRow.next_try_at <= clock.now())
        if session.connection().execute(leased.values(next_try_at=clock.now() + LEASE)).rowcount != 1:
            continue
        return Errand(
            anchor=anchor,
            checkpoint_number=last.number,
            size=last.size,
            note=last.note,
            submission=_submission(session, last, row.known_size) if anchor.verifier else None,
        )
    return None


def _has(session: Session, anchor: Anchor, number: int) -> bool:
    if anchor.verifier is None:
        found = select(TimestampRow.id).where(
            TimestampRow.checkpoint_number == number, TimestampRow.authority == anchor.name
        )
    else:
        found = select(CosignatureRow.id).where(
            CosignatureRow.checkpoint_number == number, CosignatureRow.verifier == anchor.name
        )
    return session.scalar(found) is not None


def anchor_row(session: Session, name: str, clock: Clock) -> AnchorRow:
    """Return the row of an anchor, made when first asked for."""
    row = {"name": name, "known_size": 0, "failures": 0, "trouble": "", "next_try_at": clock.now()}
    insert_unless_there(session, AnchorRow, row)
    return session.get_one(AnchorRow, name, populate_existing=True)


def _submission(session: Session, last: CheckpointRow, known_size: int) -> Submission:
    # What a witness has above our newest checkpoint cannot be proved; its answer will say so.
    old = known_size if known_size <= last.size else 0
    return Submission(old, tuple(queries.consistency(session, old, last.size)), Note.read(last.note))


def keep_cosignature(session: Session, errand: Errand, answer: str, clock: Clock) -> bool:
    """Keep a witness's cosignature of the errand's checkpoint; or note that it does not hold (False)."""
    verifier = errand.anchor.verifier
    assert verifier is not None
    text = Note.read(errand.note).text
    try:
        lines = [Signature.read(line) for line in answer.splitlines()]
        made = next((each for each in lines if each.holds(text, verifier)), None)
        cosigned_at = made.cosigned_at if made else None
    except Malformed:
        made = cosigned_at = None
    if made is None or cosigned_at is None:
        keep_trouble(session, errand.anchor, "cosignature_does_not_hold", clock)
        return False
    row = {
        "id": new_id(),
        "checkpoint_number": errand.checkpoint_number,
        "verifier": errand.anchor.name,
        "line": str(made),
        "cosigned_at": cosigned_at,
    }
    insert_unless_there(session, CosignatureRow, row)
    _done(session, errand, clock)
    return True


def keep_timestamp(
    session: Session, errand: Errand, response: bytes, stamped_at: datetime, clock: Clock
) -> None:
    """Keep an authority's time stamp, which the caller has verified over the errand's note."""
    row = {
        "id": new_id(),
        "checkpoint_number": errand.checkpoint_number,
        "authority": errand.anchor.name,
        "response": response,
        "stamped_at": stamped_at,
    }
    insert_unless_there(session, TimestampRow, row)
    _done(session, errand, clock)


def _done(session: Session, errand: Errand, clock: Clock) -> None:
    session.execute(
        update(AnchorRow)
        .where(AnchorRow.name == errand.anchor.name)
        .values(known_size=errand.size, failures=0, trouble="", next_try_at=clock.now())
    )


def keep_size(session: Session, errand: Errand, size: int, clock: Clock) -> None:
    """Keep which size a witness has (its 409): the next try begins there.

    A witness that has seen more than our newest checkpoint holds the proof that the log was cut short.
    """
    if size > errand.size:
        keep_trouble(session, errand.anchor, f"witness_saw_more_leaves:{size}", clock, known_size=size)
        return
    session.execute(
        update(AnchorRow)
        .where(AnchorRow.name == errand.anchor.name)
        .values(known_size=size, next_try_at=clock.now())
    )


def keep_trouble(
    session: Session, anchor: Anchor, trouble: str, clock: Clock, known_size: int | None = None
) -> None:
    """Keep why an anchor gave nothing; it is asked again after a pause that doubles up to an hour."""
    row = anchor_row(session, anchor.name, clock)
    pause = min(FIRST_PAUSE * 2 ** min(row.failures, 10), LONGEST_PAUSE)
    row.failures += 1
    row.trouble = trouble
    row.next_try_at = clock.now() + pause
    if known_size is not None:
        row.known_size = known_size
    session.flush()

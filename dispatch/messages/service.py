"""Queue messages, call them off, and send what is due: claimed by row, so that a restart loses none."""

import json
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import SYSTEM, Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, refuse
from dispatch.messages.model import (
    ENDS,
    Claim,
    MessageId,
    MessageState,
    NewMessage,
    Outcome,
    Recipient,
)
from dispatch.messages.records import MessageRow, MessageTryRow
from dispatch.messages.rules import NEXT, after_try, rendered, value_faults
from dispatch.messages.templates import TEMPLATES

# What a message that is said once more has in common with the one that failed; its values are sealed anew.
COPIED = (
    "kind", "template_version", "patient_id", "case_id", "account_id", "role", "area_id", "contact", "about",
    "lapses_at",
)  # fmt: skip


def queue_message(session: Session, new: NewMessage, actor: Actor, clock: Clock) -> MessageId:
    """Queue a message; it is sent when it is due, by whichever process comes first.

    Returns
    -------
    MessageId
        Of this message, or of the one queued before with the same `about`, `kind` and `once`.

    Raises
    ------
    Invalid
        ``no_such_message``; ``message_value_missing``, ``message_value_unfit``, ``message_place_unknown``,
        ``message_tells_of_health``, all at once.
    """
    template = TEMPLATES.get(new.kind)
    if template is None:
        raise refuse(Invalid, "no_such_message", "There is no message of that kind.", field="kind")
    if faults := value_faults(template, new.values):
        raise Invalid(faults)
    once = f"{new.kind}:{new.once}" if new.once and new.about is not None else None
    if once is not None:
        same = select(MessageRow.id).where(MessageRow.about == new.about, MessageRow.once == once)
        if (known := session.scalar(same)) is not None:
            return MessageId(known)
    row = MessageRow(
        id=new_id(),
        kind=new.kind,
        template_version=template.version,
        patient_id=new.to.patient_id,
        case_id=new.to.case_id,
        account_id=new.to.account_id,
        role=None if new.to.role is None else new.to.role.value,
        area_id=new.to.area_id,
        contact=new.to.contact,
        about=new.about,
        once=once,
        filled=json.dumps(dict(new.values)),
        due_at=new.due_at,
        lapses_at=new.lapses_at,
        queued_at=clock.now(),
        state=MessageState.QUEUED.value,
        tries=0,
    )
    session.add(row)
    session.flush()
    _audit(session, "message.queue", row, actor, clock)
    return MessageId(row.id)


def retry_message(session: Session, message_id: UUID, actor: Actor, clock: Clock) -> MessageId:
    """Say a message that failed once more, now, by a message of its own; the failed one stays as it is.

    Asked for again, it returns the same: two people who press at one moment send one message.

    Raises
    ------
    NotFound
        ``no_such_message``.
    Conflict
        ``message_not_failed``; ``message_lost_its_sense`` when it would tell of what is over.
    """
    actor.require((Role.DISPATCHER,))
    row = session.scalar(select(MessageRow).where(MessageRow.id == message_id).with_for_update())
    if row is None:
        raise refuse(NotFound, "no_such_message", "There is no such message.")
    again = select(MessageRow.id).where(MessageRow.retry_of == row.id)
    if (known := session.scalar(again)) is not None:
        return MessageId(known)
    if row.state != MessageState.FAILED.value:
        text = "Only a message that failed is sent again."
        raise refuse(Conflict, "message_not_failed", text, way_out="Look at the list again.")
    now = clock.now()
    if row.lapses_at is not None and row.lapses_at <= now:
        text = "What it tells of is over by now."
        raise refuse(Conflict, "message_lost_its_sense", text, way_out="Call instead.")
    copied = {name: getattr(row, name) for name in COPIED}
    fresh = MessageRow(id=new_id(), **copied, filled=row.filled, due_at=now, queued_at=now, retry_of=row.id)
    fresh.state, fresh.tries = MessageState.QUEUED.value, 0
    session.add(fresh)
    session.flush()
    _audit(session, "message.retry", fresh, actor, clock, retry_of=str(row.id))
    return MessageId(fresh.id)


def cancel_messages(
    session: Session, about: UUID, actor: Actor, clock: Clock, *, kinds: Collection[str] | None = None
) -> int:
    """Call off what still waits about an appointment, case or visit, and return how many that were.

    Parameters
    ----------
    kinds
        None for all kinds. What was called off may be queued again under the same `once`.
    """
    wanted = select(MessageRow).where(
        MessageRow.about == about, MessageRow.state == MessageState.QUEUED.value
    )
    if kinds is not None:
        wanted = wanted.where(MessageRow.kind.in_(kinds))
    rows = session.scalars(wanted.with_for_update()).all()
    for row in rows:
        row.state = NEXT[MessageState.QUEUED, "cancel"].value
        row.ended_at, row.once = clock.now(), None
        _audit(session, "message.cancel", row, actor, clock)
    session.flush()
    return len(rows)


def is_waiting(session: Session, clock: Clock) -> bool:
    """Tell whether a message is due or was left by a sender that died; only reads."""
    now = clock.now()
    left_before = now - timedelta(seconds=policy(session, "messages.sending")["dead_after_s"])
    due = select(MessageRow.id).where(
        or_(
            (MessageRow.state == MessageState.QUEUED.value) & (MessageRow.due_at <= now),
            (MessageRow.state == MessageState.SENDING.value) & (MessageRow.claimed_at < left_before),
        )
    )
    return session.scalar(due.limit(1)) is not None


def sweep_messages(session: Session, clock: Clock) -> None:
    """Give back what dead senders left, and let lapse what came too late."""
    now = clock.now()
    left_before = now - timedelta(seconds=policy(session, "messages.sending")["dead_after_s"])
    left = select(MessageRow).where(
        MessageRow.state == MessageState.SENDING.value, MessageRow.claimed_at < left_before
    )
    for row in session.scalars(left.with_for_update(skip_locked=True)):
        row.state, row.sender = NEXT[MessageState.SENDING, "leave"].value, None
    late = select(MessageRow).where(
        MessageRow.state == MessageState.QUEUED.value, MessageRow.lapses_at <= now, MessageRow.due_at <= now
    )
    for row in session.scalars(late.with_for_update(skip_locked=True)):
        row.state, row.ended_at = NEXT[MessageState.QUEUED, "lapse"].value, now
        _audit(session, "message.lapse", row, SYSTEM, clock)
    session.flush()


def claim_message(session: Session, sender: str, clock: Clock) -> Claim | None:
    """Take the message that has been due longest; None when there is none. Commit before sending it."""
    due = (
        select(MessageRow)
        .where(MessageRow.state == MessageState.QUEUED.value, MessageRow.due_at <= clock.now())
        .order_by(MessageRow.due_at, MessageRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.scalar(due)
    if row is None:
        return None
    row.state = NEXT[MessageState.QUEUED, "claim"].value
    row.sender, row.claimed_at = sender, clock.now()
    row.tries += 1
    template = TEMPLATES[row.kind]
    return Claim(
        message_id=MessageId(row.id),
        to=recipient_of(row),
        channels=template.channels,
        title=template.title,
        words=rendered(template, json.loads(row.filled or "{}")),
        number_of_try=row.tries,
    )


def settle_message(session: Session, claim: Claim, sender: str, outcome: Outcome, clock: Clock) -> bool:
    """Record how a try went.

    Returns
    -------
    bool
        False when the message is no longer this sender's; nothing is recorded then.
    """
    mine = select(MessageRow).where(
        MessageRow.id == claim.message_id,
        MessageRow.sender == sender,
        MessageRow.state == MessageState.SENDING.value,
        MessageRow.tries == claim.number_of_try,
    )
    row = session.scalar(mine.with_for_update())
    if row is None:
        return False
    now = clock.now()
    state, again_at = after_try(outcome, row.tries, now, policy(session, "messages.sending", row.area_id))
    row.state, row.sender = state.value, None
    row.due_at = again_at or row.due_at
    row.ended_at = now if state in ENDS else None
    session.add(
        MessageTryRow(
            message_id=row.id,
            number=row.tries,
            at=now,
            channel=None if outcome.channel is None else outcome.channel.value,
            sent=outcome.sent,
            code=outcome.code,
        )
    )
    if state in ENDS:
        _audit(session, "message.sent" if outcome.sent else "message.fail", row, SYSTEM, clock)
    session.flush()
    return True


def recipient_of(row: MessageRow) -> Recipient:
    """Return whom a stored message is for."""
    return Recipient(
        patient_id=row.patient_id,
        case_id=row.case_id,
        account_id=row.account_id,
        role=None if row.role is None else Role(row.role),
        area_id=row.area_id,
        contact=row.contact,
    )


def _audit(session: Session, action: str, row: MessageRow, actor: Actor, clock: Clock, **more: str) -> None:
    detail = {"kind": row.kind, "version": row.template_version, "tries": row.tries, **more}
    entry = AuditEntry(
        action=action, subject_kind="message", subject_id=row.id, patient_id=row.patient_id, detail=detail
    )
    record(session, entry, actor, clock)

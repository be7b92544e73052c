"""What screens read of messages: never their words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from dispatch.messages.model import MessageState
from dispatch.messages.records import MessageRow, MessageTryRow

MOST_LINES = 500


@dataclass(frozen=True, kw_only=True)
class FailedMessage:
    """A message that could not be sent, and in one word why its last try failed."""

    row: MessageRow
    code: str


def messages_about(session: Session, about: UUID) -> Sequence[MessageRow]:
    """Return all messages about an appointment, case or visit, in the order in which they are due."""
    wanted = select(MessageRow).where(MessageRow.about == about)
    return session.scalars(wanted.order_by(MessageRow.due_at, MessageRow.id)).all()


def tries_of(session: Session, message_id: UUID) -> Sequence[MessageTryRow]:
    """Return the tries to send a message, first to last."""
    wanted = select(MessageTryRow).where(MessageTryRow.message_id == message_id)
    return session.scalars(wanted.order_by(MessageTryRow.number)).all()


def failed_messages(session: Session, since: datetime) -> Sequence[FailedMessage]:
    """Return what could not be sent and was not sent again, queued since then, newest first."""
    again = aliased(MessageRow)
    wanted = (
        select(MessageRow)
        .where(MessageRow.state == MessageState.FAILED.value, MessageRow.queued_at >= since)
        .where(~exists().where(again.retry_of == MessageRow.id))
        .order_by(MessageRow.queued_at.desc(), MessageRow.id)
        .limit(MOST_LINES)
    )
    rows = session.scalars(wanted).all()
    last = select(MessageTryRow).where(MessageTryRow.message_id.in_([row.id for row in rows]))
    codes = {each.message_id: each.code for each in session.scalars(last.order_by(MessageTryRow.number))}
    return [FailedMessage(row=row, code=codes.get(row.id, "")) for row in rows]

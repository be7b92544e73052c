"""What screens read of messages: never their words."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.messages.records import MessageRow, MessageTryRow


def messages_about(session: Session, about: UUID) -> Sequence[MessageRow]:
    """Return all messages about an appointment, case or visit, in the order in which they are due."""
    wanted = select(MessageRow).where(MessageRow.about == about)
    return session.scalars(wanted.order_by(MessageRow.due_at, MessageRow.id)).all()


def tries_of(session: Session, message_id: UUID) -> Sequence[MessageTryRow]:
    """Return the tries to send a message, first to last."""
    wanted = select(MessageTryRow).where(MessageTryRow.message_id == message_id)
    return session.scalars(wanted.order_by(MessageTryRow.number)).all()


def failed_messages(session: Session, since: datetime) -> Sequence[MessageRow]:
    """Return what could not be sent although it was tried, queued since then, newest first."""
    wanted = select(MessageRow).where(MessageRow.state == "failed", MessageRow.queued_at >= since)
    return session.scalars(wanted.order_by(MessageRow.queued_at.desc(), MessageRow.id).limit(500)).all()

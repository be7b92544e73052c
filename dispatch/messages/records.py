"""Messages and the tries to send them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kernel.row import Identified, Row, append_only
from dispatch.kernel.sealing import SealedText


class MessageRow(Identified, Row):
    """A message. It keeps neither words nor addresses: the template, and sealed values (JSON)."""

    __tablename__ = "message"

    kind: Mapped[str]
    template_version: Mapped[int]
    patient_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str | None]
    area_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_area.id"))
    contact: Mapped[str]
    about: Mapped[UUID | None]
    # "kind:mark" of what is queued once for each `about`; None where every asking queues one.
    once: Mapped[str | None]
    # A failed message that this one says once more; it is said so once only.
    retry_of: Mapped[UUID | None] = mapped_column(ForeignKey("message.id"), unique=True)
    # Values may hold one-time links.
    filled = SealedText()
    filled_sealed: Mapped[bytes | None]
    due_at: Mapped[datetime]
    lapses_at: Mapped[datetime | None]
    queued_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    sender: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("about", "once"),
        CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'lapsed', 'cancelled')", name="state_known"
        ),
        CheckConstraint("tries >= 0", name="tries_counted"),
        Index("ix_message_waiting", "state", "due_at"),
        Index("ix_message_patient", "patient_id", "queued_at"),
    )


@append_only
class MessageTryRow(Identified, Row):
    """One try to send a message: when, by which channel, and in one word how it went."""

    __tablename__ = "message_try"

    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    channel: Mapped[str | None]
    sent: Mapped[bool]
    code: Mapped[str]

    __table_args__ = (UniqueConstraint("message_id", "number"),)

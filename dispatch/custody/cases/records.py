"""The tables of a case's life: steps and attachments, both append-only. Its opening is `DiscrepancyRow`."""

import base64
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import dispatch.custody.records  # noqa: F401 - steps stand on its openings
from dispatch.kernel.row import Identified, Row, append_only
from dispatch.kernel.sealing import SealedText


@append_only
class CaseAttachmentRow(Identified, Row):
    """A document of a case, sealed at rest: a scan may show a patient's name, and so may a file's name."""

    __tablename__ = "custody_case_attachment"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("custody_discrepancy.id"), index=True)
    media_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    # Of the content as it is kept and handed out: of a picture, after it was drawn anew.
    sha256: Mapped[bytes]
    name = SealedText()
    name_sealed: Mapped[bytes | None]
    text = SealedText()
    text_sealed: Mapped[bytes | None]

    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="not_empty"),
        CheckConstraint("length(sha256) = 32", name="hash_whole"),
    )

    @property
    def content(self) -> bytes:
        """The document's bytes."""
        return base64.b64decode(self.text)

    @content.setter
    def content(self, plain: bytes) -> None:
        self.text = base64.b64encode(plain).decode()


@append_only
class CaseStepRow(Identified, Row):
    """One step of a case. Whatever a person wrote is sealed; the log holds a salted commitment to it."""

    __tablename__ = "custody_case_step"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("custody_discrepancy.id"))
    sequence: Mapped[int]
    kind: Mapped[str]
    code: Mapped[str]
    at: Mapped[datetime]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    happened_at: Mapped[datetime | None]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    event_id: Mapped[UUID | None]
    signal_id: Mapped[UUID | None] = mapped_column(ForeignKey("custody_discrepancy.id"))
    attachment_id: Mapped[UUID | None] = mapped_column(ForeignKey("custody_case_attachment.id"))
    text = SealedText()
    text_sealed: Mapped[bytes | None]
    text_salt: Mapped[bytes | None]

    __table_args__ = (
        UniqueConstraint("case_id", "sequence"),
        # A signal belongs to one case.
        UniqueConstraint("signal_id"),
        CheckConstraint("sequence > 0", name="sequence_positive"),
        CheckConstraint("(text_sealed IS NULL) = (text_salt IS NULL)", name="text_salted"),
        Index("ix_custody_case_step_kind", "kind", "case_id"),
    )

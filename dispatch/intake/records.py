"""The tables of intake. What was said is only added to; whatever tells of a patient is sealed."""

import base64
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import dispatch.areas.records
import dispatch.identity.records  # noqa: F401 - cases stand on areas and accounts
from dispatch.kernel.row import Identified, Row, Versioned, append_only
from dispatch.kernel.sealing import SealedText


class CaseRow(Identified, Versioned, Row):
    """A case from the enquiry on: who asks, where it stands. Its history is in `CaseStepRow`."""

    __tablename__ = "intake_case"

    area_id: Mapped[UUID] = mapped_column(ForeignKey("service_area.id"))
    # Of `appointments`, a chapter above: an id and no foreign key.
    patient_id: Mapped[UUID | None] = mapped_column(index=True)
    state: Mapped[str]
    held_from: Mapped[str | None]
    channel: Mapped[str]
    opened_at: Mapped[datetime]
    answer_due_at: Mapped[datetime]
    contacted_at: Mapped[datetime | None]
    contacted_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    self_pay: Mapped[bool | None]
    patient_state: Mapped[str] = mapped_column(default="")
    name = SealedText()
    name_sealed: Mapped[bytes | None]
    phone = SealedText()
    phone_sealed: Mapped[bytes | None]
    email = SealedText()
    email_sealed: Mapped[bytes | None]
    born_on = SealedText()
    born_on_sealed: Mapped[bytes | None]
    address = SealedText()
    address_sealed: Mapped[bytes | None]
    reason = SealedText()
    reason_sealed: Mapped[bytes | None]

    __table_args__ = (
        CheckConstraint("(state = 'on_hold') = (held_from IS NOT NULL)", name="held_from_somewhere"),
        Index("ix_intake_case_area", "area_id", "state", "answer_due_at"),
    )


@append_only
class CaseStepRow(Identified, Row):
    """One move of a case: from where, by which deed, to where, by whom and why."""

    __tablename__ = "intake_case_step"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"))
    sequence: Mapped[int]
    source: Mapped[str]
    deed: Mapped[str]
    target: Mapped[str]
    at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    party: Mapped[str]
    reason = SealedText()
    reason_sealed: Mapped[bytes | None]

    __table_args__ = (UniqueConstraint("case_id", "sequence"),)


class LinkRow(Identified, Row):
    """A link that opens one person's pages once, on one device. Only a digest of its secret is kept.

    It belongs to a case; of a patient who came without one, such as by import, to her and her area.
    """

    __tablename__ = "intake_link"

    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("intake_case.id"), index=True)
    # Of `appointments`, a chapter above: an id and no foreign key.
    patient_id: Mapped[UUID | None] = mapped_column(index=True)
    area_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_area.id"))
    purpose: Mapped[str]
    secret_digest: Mapped[bytes] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("(case_id IS NULL) = (patient_id IS NOT NULL)", name="of_a_case_or_a_patient"),
        CheckConstraint("(patient_id IS NULL) = (area_id IS NULL)", name="patient_with_area"),
    )


class LinkedDeviceRow(Identified, Row):
    """A browser that a link opened. Only a digest of its cookie is kept; revoking ends it at once."""

    __tablename__ = "intake_linked_device"

    link_id: Mapped[UUID] = mapped_column(ForeignKey("intake_link.id"), unique=True)
    purpose: Mapped[str]
    secret_digest: Mapped[bytes] = mapped_column(unique=True)
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ReferringProviderRow(Identified, Versioned, Row):
    """Somebody outside who refers patients to us (care-rules D11)."""

    __tablename__ = "intake_referring_provider"

    name: Mapped[str]
    practice: Mapped[str]
    role: Mapped[str]
    state: Mapped[str]
    phone: Mapped[str]
    fax: Mapped[str]
    affiliated: Mapped[bool] = mapped_column(default=False)
    listed: Mapped[bool] = mapped_column(default=True)


@append_only
class DocumentRow(Identified, Row):
    """A scanned referral or acknowledgement, sealed at rest."""

    __tablename__ = "intake_document"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    media_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    # Of the content as it is kept and handed out: of a picture, after it was drawn anew.
    sha256: Mapped[bytes]
    received_at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
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
class ReferralRow(Identified, Row):
    """A referral, or what somebody says who comes without one. It clears nobody (care-rules A04)."""

    __tablename__ = "intake_referral"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    sequence: Mapped[int]
    source: Mapped[str]
    kind: Mapped[str]
    received_at: Mapped[datetime]
    noted_at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    provider_id: Mapped[UUID | None] = mapped_column(ForeignKey("intake_referring_provider.id"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("intake_document.id"))
    content = SealedText()
    content_sealed: Mapped[bytes | None]

    __table_args__ = (UniqueConstraint("case_id", "sequence"),)


@append_only
class AnswerRow(Identified, Row):
    """An answer to one item of the histories; the latest of an item counts."""

    __tablename__ = "intake_answer"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"))
    sequence: Mapped[int]
    form_version: Mapped[int]
    item: Mapped[str]
    at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    content = SealedText()
    content_sealed: Mapped[bytes | None]

    __table_args__ = (UniqueConstraint("case_id", "sequence"),)


@append_only
class ListEntryRow(Identified, Row):
    """A revision of one entry of a list: a medicine, or a treatment tried. The latest of an entry counts."""

    __tablename__ = "intake_list_entry"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"))
    sequence: Mapped[int]
    kind: Mapped[str]
    entry_id: Mapped[UUID]
    removed: Mapped[bool]
    at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    content = SealedText()
    content_sealed: Mapped[bytes | None]

    __table_args__ = (UniqueConstraint("case_id", "sequence"),)


@append_only
class AcceptanceRow(Identified, Row):
    """That somebody accepted one version of one of our policies, and where."""

    __tablename__ = "intake_acceptance"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    agreement: Mapped[str]
    version: Mapped[int]
    words_sha256: Mapped[bytes]
    at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    address = SealedText()
    address_sealed: Mapped[bytes | None]
    device = SealedText()
    device_sealed: Mapped[bytes | None]


@append_only
class AcknowledgementRow(Identified, Row):
    """An outside provider's signed acknowledgement that her care of the patient goes on (care-rules B08)."""

    __tablename__ = "intake_acknowledgement"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("intake_case.id"), index=True)
    role: Mapped[str]
    licence_state: Mapped[str]
    signed_at: Mapped[datetime]
    expires_on: Mapped[date]
    words_sha256: Mapped[bytes]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("intake_link.id"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("intake_document.id"))
    content = SealedText()
    content_sealed: Mapped[bytes | None]

    __table_args__ = (
        CheckConstraint("link_id IS NOT NULL OR document_id IS NOT NULL", name="signed_somewhere"),
    )

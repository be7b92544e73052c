"""Messages as values: who is told what, by which channel, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from dispatch.kernel.actor import Role

MessageId = NewType("MessageId", UUID)


class Channel(StrEnum):
    """How a message travels. A text is read on a locked screen by whoever holds the phone."""

    TEXT = "text"
    MAIL = "mail"


class MessageState(StrEnum):
    """Where a message stands; the last four are ends."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class MessageStep:
    """One arrow of a message's life."""

    source: MessageState
    deed: str
    target: MessageState
    meaning: str


MESSAGE_STEPS: tuple[MessageStep, ...] = tuple(
    MessageStep(source=MessageState(source), deed=deed, target=MessageState(target), meaning=meaning)
    for source, deed, target, meaning in (
        ("queued", "claim", "sending", "a sender took it when it was due"),
        ("queued", "cancel", "cancelled", "what it told of was changed or called off"),
        ("queued", "lapse", "lapsed", "nobody could send it before it had lost its sense"),
        ("sending", "deliver", "sent", "the provider took it over"),
        ("sending", "try_again", "queued", "the provider did not answer: once more, later"),
        ("sending", "give_up", "failed", "no try is left, or there is no address to send to"),
        ("sending", "leave", "queued", "the sender died: another one takes it"),
    )
)
ENDS = frozenset(
    {MessageState.SENT, MessageState.FAILED, MessageState.LAPSED, MessageState.CANCELLED}
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Who is to be told. Exactly one of patient, case and account is named, or a role in an area.

    The row keeps no telephone number and no address: they are looked up when the message is sent.

    Attributes
    ----------
    contact
        Which contact of a case or a patient is meant: ``self``, ``provider`` (of the acknowledgement of
        ongoing care) or ``adult`` (the responsible adult).
    """

    patient_id: UUID | None = None
    case_id: UUID | None = None
    account_id: UUID | None = None
    role: Role | None = None
    area_id: UUID | None = None
    contact: str = "self"

    def __post_init__(self) -> None:
        named = [self.patient_id, self.case_id, self.account_id, self.role]
        if sum(each is not None for each in named) != 1:
            raise ValueError("a message goes to one patient, case, account or role")


@dataclass(frozen=True, kw_only=True)
class NewMessage:
    """A message to be sent.

    Attributes
    ----------
    kind
        A key of `templates.TEMPLATES`.
    due_at, lapses_at
        Not sent before the first, nor after the second (None: it never loses its sense).
    values
        What the template's places take, each of its allowed kind.
    about
        The appointment, case or visit that it tells of; `cancel_messages` goes by it.
    once
        With `about`: a message of the same kind and mark is queued once only (a second asking returns the
        first). Empty: every asking queues one.
    """

    kind: str
    to: Recipient
    due_at: datetime
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    about: UUID | None = None
    once: str = ""
    lapses_at: datetime | None = None


class ValueKind(StrEnum):
    """What may stand in a place of a template: nothing in which a person could write."""

    DAY = "day"
    TIME = "time"
    NUMBER = "number"
    PHONE = "phone"
    LINK = "link"
    REFERENCE = "reference"
    WORD = "word"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A named place of a template; `words` are all that a place of kind WORD takes."""

    kind: ValueKind
    words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Template:
    """What one kind of message says.

    Attributes
    ----------
    version
        Counted up with every change of the words; a sent message keeps which it was.
    channels
        The first is used where the recipient has an address for it.
    title
        Subject of a mail; a text has none.
    """

    kind: str
    version: int
    channels: tuple[Channel, ...]
    title: str
    words: str
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A message that this sender, and no other, now tries to send."""

    message_id: MessageId
    to: Recipient
    channels: tuple[Channel, ...]
    title: str = field(repr=False)
    words: str = field(repr=False)
    number_of_try: int = 1


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a try went: `code` says why not in one word, `hopeless` that no other try will do better."""

    sent: bool
    code: str = ""
    hopeless: bool = False
    channel: Channel | None = None

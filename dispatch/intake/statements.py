"""What a patient stated: answers to the histories, and the medicines she takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from dispatch.intake.model import Contact


class Saying(StrEnum):
    """What was answered. What nobody answered is not there at all; unknown is never no."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class HistoryAnswer:
    """The latest answer to one item of the histories (`dispatch.intake.questions`).

    Attributes
    ----------
    saying
        None for an item that asks for words only.
    detail
        What was written beside it.
    """

    item: str
    saying: Saying | None = field(repr=False)
    detail: str = field(default="", repr=False)
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Histories:
    """The six histories: the latest answer of every item that has one.

    Attributes
    ----------
    answers
        By item code. An item that is not in it was never answered: that is neither no nor yes.
    missing
        Codes of items that the form asks for and nobody answered, in the form's order.
    """

    form_version: int
    answers: Mapping[str, HistoryAnswer] = field(repr=False)
    missing: tuple[str, ...]

    def said(self, item: str) -> Saying | None:
        """Return the answer to an item, None where nobody gave one."""
        found = self.answers.get(item)
        return found.saying if found else None


@dataclass(frozen=True, kw_only=True)
class MatchedIngredient:
    """What a medicine contains, by the bundled list; `classes` are the codes of its ingredient classes."""

    ingredient: str
    classes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Medication:
    """One medicine on the list.

    Attributes
    ----------
    ingredients
        What the name was matched to; empty where it was not, and then a prescriber has to look.
    suggested
        What it might be (a misspelling), until somebody confirms it: it counts as unmatched.
    """

    entry_id: UUID
    name: str = field(repr=False)
    dose: str = field(default="", repr=False)
    last_taken: str = field(default="", repr=False)
    rxnorm: str = field(default="", repr=False)
    ingredients: tuple[MatchedIngredient, ...] = field(default=(), repr=False)
    suggested: str = field(default="", repr=False)

    @property
    def matched(self) -> bool:
        """Whether the list knows what it contains."""
        return bool(self.ingredients)

    @property
    def classes(self) -> frozenset[str]:
        """Codes of all ingredient classes in it."""
        return frozenset(code for each in self.ingredients for code in each.classes)


@dataclass(frozen=True, kw_only=True)
class MedicationList:
    """All medicines of a case and the digest of the whole list, which any change changes.

    Attributes
    ----------
    takes_any
        What was said: an empty list is "no medicines" only with NO; None and UNKNOWN block.
    digest
        64 hex digits; keyed, so that a stored digest tells nothing about the list.
    """

    entries: tuple[Medication, ...]
    takes_any: Saying | None = field(repr=False)
    digest: str

    @property
    def unmatched(self) -> tuple[Medication, ...]:
        """Those a prescriber has to look at, because the list does not know them."""
        return tuple(each for each in self.entries if not each.matched)


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """A treatment tried before; `outcome` is a key of `commands.OUTCOMES`."""

    entry_id: UUID
    treatment: str = field(repr=False)
    dose: str = field(default="", repr=False)
    duration: str = field(default="", repr=False)
    outcome: str = field(default="", repr=False)
    reason_ended: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Referral:
    """A referral as it was noted. It clears nobody."""

    referral_id: UUID
    source: str
    kind: str
    received_at: datetime
    provider_id: UUID | None
    document_id: UUID | None
    indications: tuple[str, ...] = field(repr=False)
    reason: str = field(repr=False)
    home_reason: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """One of our policies as it stands, and when this version was accepted (None: not yet)."""

    code: str
    version: int
    title: str
    text: str
    accepted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """A signed acknowledgement of ongoing care."""

    signer: str = field(repr=False)
    role: str
    licence_number: str = field(repr=False)
    licence_state: str
    signed_at: datetime
    expires_on: date
    on_paper: bool


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Everything that intake gathered for a case, as the rules see it."""

    contact: Contact
    histories: Histories
    medications: MedicationList
    treatments: tuple[Treatment, ...]
    referrals: tuple[Referral, ...]
    agreements: tuple[Agreement, ...]
    acknowledgement: Acknowledgement | None
    today: date

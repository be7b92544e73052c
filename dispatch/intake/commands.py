"""What people ask intake to write down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from dispatch.intake.model import Channel, Contact
from dispatch.intake.statements import Saying

# What somebody may come for; `other` is for the prescriber to decide about (care-rules A18).
INDICATIONS: Mapping[str, str] = {
    "major_depression": "Depression",
    "treatment_resistant_depression": "Depression that treatments did not help",
    "bipolar_depression": "Depression in bipolar disorder",
    "ptsd": "Post-traumatic stress",
    "anxiety": "Anxiety",
    "ocd": "Obsessive-compulsive disorder",
    "chronic_pain": "Chronic pain",
    "crps": "Complex regional pain syndrome",
    "pain_disorder": "Another pain disorder",
    "other": "Something else",
}
OUTCOMES: Mapping[str, str] = {
    "helped": "It helped",
    "helped_partly": "It helped in part",
    "did_not_help": "It did not help",
    "unknown": "I don't know",
}
SIGNER_ROLES: Mapping[str, str] = {
    "physician": "Physician",
    "psychiatrist": "Psychiatrist",
    "nurse_practitioner": "Nurse practitioner",
    "physician_assistant": "Physician assistant",
    "psychologist": "Psychologist",
    "counsellor": "Licensed counsellor or social worker",
}


class ReferralSource(StrEnum):
    """How a referral reached us; `self` is a patient without one (care-rules A02)."""

    FAX = "fax"
    PORTAL = "portal"
    PHONE = "phone"
    SELF = "self"


class ReferralKind(StrEnum):
    """What it asks for (care-rules C13)."""

    CONSULTATION = "consultation"
    HOME_INFUSION = "home_infusion"


@dataclass(frozen=True, kw_only=True)
class NewEnquiry:
    """Somebody asks for a free consultation (care-rules B30)."""

    area_id: UUID
    contact: Contact
    reason: str = field(default="", repr=False)
    channel: Channel = Channel.WEB


@dataclass(frozen=True, kw_only=True)
class NewReferral:
    """A referral as it came.

    Attributes
    ----------
    indications
        Keys of `INDICATIONS`.
    home_reason
        Why at home; needed where the referral asks for that.
    """

    case_id: UUID
    source: ReferralSource
    kind: ReferralKind = ReferralKind.CONSULTATION
    received_at: datetime | None = None
    indications: tuple[str, ...] = field(default=(), repr=False)
    reason: str = field(default="", repr=False)
    home_reason: str = field(default="", repr=False)
    provider_id: UUID | None = None
    document_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class GivenAnswer:
    """An answer to one item of the histories."""

    case_id: UUID
    item: str
    saying: Saying | None = field(default=None, repr=False)
    detail: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class NewMedication:
    """A medicine as somebody writes it; `entry_id` changes one that is on the list.

    Attributes
    ----------
    confirmed
        The name of the list that the writer confirmed as what was meant.
    """

    case_id: UUID
    name: str = field(repr=False)
    dose: str = field(default="", repr=False)
    last_taken: str = field(default="", repr=False)
    rxnorm: str = field(default="", repr=False)
    confirmed: str = field(default="", repr=False)
    entry_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class NewTreatment:
    """A treatment tried before; `outcome` is a key of `OUTCOMES`."""

    case_id: UUID
    treatment: str = field(repr=False)
    dose: str = field(default="", repr=False)
    duration: str = field(default="", repr=False)
    outcome: str = field(default="", repr=False)
    reason_ended: str = field(default="", repr=False)
    entry_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class NewDocument:
    """A file as it was sent; what it is shows its content, not its name."""

    case_id: UUID
    name: str = field(repr=False)
    content: bytes = field(repr=False)
    received_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """That a patient accepts a version of a policy, and from where."""

    case_id: UUID
    agreement: str
    version: int
    address: str = field(default="", repr=False)
    device: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class NewAcknowledgement:
    """An outside provider's signature under the acknowledgement of ongoing care (care-rules B08).

    Attributes
    ----------
    signed_on
        Only for one that came on paper: when it was signed there.
    """

    case_id: UUID
    signer: str = field(repr=False)
    role: str
    licence_number: str = field(repr=False)
    licence_state: str
    link_id: UUID | None = None
    document_id: UUID | None = None
    signed_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class NewProvider:
    """Somebody outside who refers patients (care-rules D11)."""

    name: str
    practice: str = ""
    role: str = "physician"
    state: str = ""
    phone: str = ""
    fax: str = ""
    affiliated: bool = False

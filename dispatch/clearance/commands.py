"""What a person asks of clearance, as values. Free text and answers are sealed where they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from dispatch.clearance.model import Decision, HoldCause, Mode, Occasion, PdmpResult, Scale, Subject, TaskKind
from dispatch.identity.model import ProofOfIdentity


@dataclass(frozen=True, kw_only=True)
class BookConsultation:
    """A consultation of `minutes` (policy: 30-60) with a prescriber's account."""

    case_id: UUID
    prescriber_id: UUID
    mode: Mode
    begins_at: datetime
    minutes: int


@dataclass(frozen=True, kw_only=True)
class RecordConsultation:
    """What a prescriber found in a consultation.

    Attributes
    ----------
    answers
        Question code (`rules.screening.QUESTIONS`) to yes, no or unknown, as the prescriber found it.
    audit_c
        The three answers of AUDIT-C, each 0-4; the substance-use screen of each consultation (B29).
    pdmp_checked_at, pdmp_result
        When the state's monitoring programme was asked, and what it showed.
    """

    consultation_id: UUID
    answers: Mapping[str, str] = field(repr=False)
    audit_c: tuple[int, ...] = field(repr=False)
    pdmp_checked_at: datetime | None
    pdmp_result: PdmpResult | None = field(repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class RecordEvaluation:
    """An in-person evaluation: ASA physical status 1-6, weight in grams, points of a risk score."""

    case_id: UUID
    evaluated_at: datetime
    asa_class: int = field(repr=False)
    weight_g: int = field(repr=False)
    risk_points: int | None = field(default=None, repr=False)
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Decide:
    """A prescriber's decision on a case, signed by a fresh proof.

    Attributes
    ----------
    acknowledged
        Rules of class WARN that the prescriber has seen.
    target, recheck_on
        What has to be reached first, and when it is looked at again (needs_prior_treatment).
    """

    case_id: UUID
    decision: Decision
    reason: str = field(repr=False)
    proof: ProofOfIdentity | None
    acknowledged: frozenset[str] = frozenset()
    target: str = field(default="", repr=False)
    recheck_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class SignOverride:
    """A rule of class OVERRIDE set aside for one case until `expires_at`, with a reason.

    Attributes
    ----------
    monitoring
        What the nurse has to watch for; wanted where the rule asks for it (C16).
    """

    case_id: UUID
    rule: str
    reason: str = field(repr=False)
    expires_at: datetime
    proof: ProofOfIdentity | None
    monitoring: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class ReviewMedications:
    """The prescriber has read the list with this digest.

    Attributes
    ----------
    classes
        Of entries that the ingredient list does not know: what the prescriber says they are, maybe nothing
        of concern (an empty set).
    mg_per_day
        Of benzodiazepines: milligrams a day of the entry.
    plan
        The medication action that the prescriber proposes, for staff and the outside provider (A11).
    """

    case_id: UUID
    digest: str
    proof: ProofOfIdentity | None
    classes: Mapping[UUID, frozenset[str]] = field(default_factory=dict, repr=False)
    mg_per_day: Mapping[UUID, Decimal] = field(default_factory=dict, repr=False)
    plan: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Treatment rests. The reason is for staff."""

    case_id: UUID
    cause: HoldCause
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Release:
    """A prescriber lets treatment go on, signed."""

    hold_id: UUID
    reason: str = field(repr=False)
    proof: ProofOfIdentity | None


@dataclass(frozen=True, kw_only=True)
class NewScore:
    """A scale that was filled in.

    Attributes
    ----------
    answers
        PHQ-9: nine of 0-3; GAD-7: seven of 0-3; C-SSRS: six of 0/1, and a seventh, whether question 6 was
        within three months. None where a question was left open.
    """

    subject: Subject
    scale: Scale
    answers: tuple[int | None, ...] = field(repr=False)
    taken_at: datetime
    occasion: Occasion
    appointment_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class NewTask:
    """Something for a prescriber. `about` tells two open tasks of one kind apart; `text` is sealed."""

    subject: Subject
    kind: TaskKind
    due_at: datetime | None = None
    about: UUID | None = None
    text: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class AnswerTask:
    """A prescriber's answer; an alarm wants a fresh proof."""

    task_id: UUID
    answer: str = field(repr=False)
    proof: ProofOfIdentity | None = None

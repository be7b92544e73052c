"""May this therapy start at home? Prescribers, findings, verdicts, decisions and tasks, as values.

The sentences that a person reads stand in `sentences.py`, the rules in `rules/`. A `Reason` never holds a
patient's data, so it may be shown, sent and logged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from dispatch.kernel.refusals import Reason

TaskId = NewType("TaskId", UUID)
# Marks the reasons that come from screening, and so tell of a patient's health.
FINDING_FIELD = "screening."


class RuleClass(StrEnum):
    """How hard a rule is (care-rules.md, "Classes")."""

    BLOCK = "BLOCK"
    OVERRIDE = "OVERRIDE"
    WARN = "WARN"
    REQUIRED = "REQUIRED"


class Outcome(StrEnum):
    """What a rule says of a patient: nothing against, something against, or nobody knows (which blocks)."""

    CLEAR = "clear"
    MET = "met"
    UNKNOWN = "unknown"


class Standing(StrEnum):
    """How a finding stands: still in the way, signed away for a time, or acknowledged."""

    STANDS = "stands"
    SIGNED = "signed"
    ACKNOWLEDGED = "acknowledged"


class PrescriberKind(StrEnum):
    """The professions that may hold a DEA registration to prescribe (21 CFR 1300.01)."""

    MD = "MD"
    DO = "DO"
    NP = "NP"
    PA = "PA"
    CNS = "CNS"


class Specialty(StrEnum):
    """What a prescriber was trained in; policy `clearance.prescribers` lists those that need no approval."""

    PSYCHIATRY = "psychiatry"
    ANAESTHESIOLOGY = "anaesthesiology"
    EMERGENCY_MEDICINE = "emergency_medicine"
    HOSPICE = "hospice"
    PAIN_MEDICINE = "pain_medicine"
    FAMILY_MEDICINE = "family_medicine"
    INTERNAL_MEDICINE = "internal_medicine"
    OTHER = "other"


class Office(StrEnum):
    """What a prescriber is entrusted with in the company, besides prescribing."""

    MEDICAL_DIRECTOR = "medical_director"
    CLINICAL_LEAD = "clinical_lead"


class Mode(StrEnum):
    """How a consultation is held."""

    VIDEO = "video"
    IN_PERSON = "in_person"


class ConsultationStatus(StrEnum):
    """What became of a consultation."""

    BOOKED = "booked"
    DONE = "done"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


class PdmpResult(StrEnum):
    """What the state's prescription drug monitoring programme showed."""

    NOTHING = "nothing"
    CONCERN = "concern"


class Decision(StrEnum):
    """What a prescriber decides on a case (care-rules.md B12, A15)."""

    CANDIDATE = "candidate"
    NOT_CANDIDATE = "not_candidate"
    NEEDS_PRIOR_TREATMENT = "needs_prior_treatment"
    MORE_INFO = "more_info"


class ClearanceStatus(StrEnum):
    """Whether infusions may be booked and begun; only CLEARED allows it."""

    UNDECIDED = "undecided"
    CLEARED = "cleared"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    ON_HOLD = "on_hold"
    NEEDS_PRIOR_TREATMENT = "needs_prior_treatment"
    MORE_INFO = "more_info"
    DECLINED = "declined"


class HoldCause(StrEnum):
    """Why treatment rests until a prescriber releases it."""

    MEDICATIONS_CHANGED = "medications_changed"
    MEDICAL_EVENT = "medical_event"
    REQUESTED = "requested"


class TaskKind(StrEnum):
    """What waits for a prescriber. The two kinds of suicidality are alarms: signed, live."""

    SUICIDALITY_HIGH = "suicidality_high"
    SUICIDALITY_SAME_DAY = "suicidality_same_day"
    MEDICATION_QUESTION = "medication_question"
    RESPONSE_REVIEW = "response_review"
    VITALS_HELD = "vitals_held"
    OTHER = "other"


ALARMS = frozenset({TaskKind.SUICIDALITY_HIGH, TaskKind.SUICIDALITY_SAME_DAY})


class Scale(StrEnum):
    """Questionnaires with a score (care-rules.md section 3). C-SSRS: the screener, questions 1 to 6."""

    PHQ9 = "phq9"
    GAD7 = "gad7"
    CSSRS = "cssrs"


class Occasion(StrEnum):
    """When a scale was filled in."""

    BASELINE = "baseline"
    CONSULTATION = "consultation"
    BEFORE_VISIT = "before_visit"
    RECOVERY = "recovery"
    DAY_AFTER = "day_after"
    WEEKS_3 = "weeks_3"
    WEEKS_12 = "weeks_12"
    OTHER = "other"


class SuicideRisk(StrEnum):
    """What the C-SSRS screener says: high wants a prescriber live now, same_day a review today."""

    NONE = "none"
    SAME_DAY = "same_day"
    HIGH = "high"


@dataclass(frozen=True, kw_only=True)
class Licence:
    """A prescriber's licence of one state; both days inclusive."""

    state: str
    number: str
    valid_from: date
    expires_on: date
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class PrescriberDraft:
    """What is entered of a prescriber: an account with the role, kind, specialty, DEA registration."""

    account_id: UUID
    kind: PrescriberKind
    specialty: Specialty
    dea_number: str
    dea_expires_on: date
    active: bool = True
    offices: frozenset[Office] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Prescriber:
    """A prescriber as the rules see them; `approved` by a medical director, for other specialties."""

    draft: PrescriberDraft
    licences: tuple[Licence, ...] = ()
    approved: bool = False


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whom a score or task is about: a case of the care path, a registered patient, or both."""

    case_id: UUID | None = None
    patient_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Medicine:
    """A medicine that the patient takes, as far as screening looks at it.

    Attributes
    ----------
    classes
        Ingredient classes such as ``xanthine``, ``benzodiazepine``, ``opioid``, ``vasopressin``.
    ingredient
        Generic name in small letters, empty when nothing in the list matched.
    mg_per_day
        None when nobody knows.
    """

    classes: frozenset[str] = frozenset()
    ingredient: str = ""
    mg_per_day: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything screening judges, as plain values; what is absent or None is unknown.

    Attributes
    ----------
    answers
        Question code to ``yes``, ``no`` or ``unknown``; see `rules.screening.QUESTIONS`.
    medicines
        None until somebody has said which there are, or that there are none.
    weight_g, age_years, asa_class, audit_c, risk_points
        Grams, whole years, ASA physical status 1-6, AUDIT-C 0-12, points of a home-setting risk score.
    unmatched
        Whether the list holds something that neither the ingredient list nor a prescriber has named.
    setting_allowed
        Whether a verified state rule lets ketamine be given at home; None when there is no row.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    age_years: int | None = None
    weight_g: int | None = None
    asa_class: int | None = None
    risk_points: int | None = None
    audit_c: int | None = None
    pdmp: PdmpResult | None = None
    indications: frozenset[str] | None = None
    medicines: tuple[Medicine, ...] | None = None
    unmatched: bool = False
    medications_reviewed: bool = False
    consulted: bool = False
    evaluated_in_person: bool = False
    setting_allowed: bool | None = None
    phq9_known: bool = False
    suicide_risk: SuicideRisk | None = None
    alarm_open: bool = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule that is not met: its name, class, care-rules row, text, and who can release it."""

    rule: str
    rule_class: RuleClass
    row: str
    text: str
    way_out: str
    unknown: bool = False
    standing: Standing = Standing.STANDS
    until: datetime | None = None

    def reason(self) -> Reason:
        """Return it as a reason of a refusal."""
        return Reason(
            code=self.rule, text=self.text, way_out=self.way_out, field=f"{FINDING_FIELD}{self.rule}"
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All findings of one screening, with the policy values and digests they rest on."""

    verdict_id: UUID | None
    case_id: UUID
    at: datetime
    findings: tuple[Finding, ...]
    policies: Mapping[str, Mapping[str, Any]]
    facts_digest: str
    medications_digest: str

    def standing(self, *classes: RuleClass) -> tuple[Finding, ...]:
        """Return the findings of these classes that nobody has signed or acknowledged."""
        return tuple(
            each for each in self.findings
            if each.standing is Standing.STANDS and each.rule_class in classes
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ScoreLine:
    """A scale that was filled in, scored; `by` is a role or a name of staff, never a patient's."""

    score_id: UUID
    subject: Subject
    appointment_id: UUID | None
    scale: Scale
    occasion: Occasion
    taken_at: datetime
    answers: tuple[int | None, ...] = field(repr=False)
    total: int | None = field(repr=False)
    band: str = field(repr=False)
    risk: SuicideRisk | None = field(repr=False)
    by: str


@dataclass(frozen=True, kw_only=True)
class TaskLine:
    """Something that waits for a prescriber, or was answered."""

    task_id: UUID
    subject: Subject
    kind: TaskKind
    about: UUID | None
    raised_at: datetime
    due_at: datetime
    answered_at: datetime | None
    text: str = field(repr=False)
    answer: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Clearance:
    """Whether a patient is cleared at an instant.

    Attributes
    ----------
    unmet
        Everything in the way, by name; empty exactly when `status` is ``cleared``.
    warnings
        What does not block but must be known: warnings that nobody acknowledged.
    policies
        The policy values that judged it.
    """

    status: ClearanceStatus
    case_id: UUID | None
    expires_at: datetime | None
    unmet: tuple[Reason, ...]
    warnings: tuple[Reason, ...] = ()
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def cleared(self) -> bool:
        """Whether nothing is in the way."""
        return self.status is ClearanceStatus.CLEARED

    def for_office(self) -> tuple[Reason, ...]:
        """Return what is in the way for people who need no medical detail: findings as one reason."""
        kept = tuple(each for each in self.unmet if not each.field.startswith(FINDING_FIELD))
        if len(kept) == len(self.unmet):
            return kept
        text = "The prescriber has to look at something before treatment at home."
        more = Reason(code="prescriber_must_look", text=text, way_out="A prescriber screens and decides.")
        return (*kept, more)

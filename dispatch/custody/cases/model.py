"""The words and values of a discrepancy case: its steps, duties, factors, classifications, resolutions.

A case is an opening that nobody can change (`DiscrepancyRow`) and steps that only ever are added. What
stands in a case now is folded from them (`rules.folding`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID


class StepKind(StrEnum):
    """What was done in a case, or came to it."""

    OPENED = "opened"
    SIGNAL = "signal"
    REOPENED = "reopened"
    NOTE = "note"
    ATTACHED = "attached"
    ASSIGNED = "assigned"
    FACTOR = "factor"
    CLASSIFIED = "classified"
    NOTICE_SENT = "notice_sent"
    FIELD = "field"
    FORM_FILED = "form_filed"
    RESOLVED = "resolved"


# Taken on the case as it stood: refused when somebody added a step meanwhile.
DECISIONS = frozenset({StepKind.CLASSIFIED, StepKind.RESOLVED})


class Category(StrEnum):
    """What a case is about, for lists and filters."""

    COUNT = "count variance"
    BALANCE = "balance"
    SEAL = "seal"
    LATE = "late"
    OVER_DRAW = "over-draw"
    CONFLICT = "conflicting scans"
    WASTE = "missing waste"
    LOSS = "loss or breakage"
    STANDING = "licence or shift"
    IDENTITY = "reused id"
    OTHER = "other"


# What a person may open a case about, with the words of the form.
REPORTED_KINDS: Mapping[str, str] = {
    "count": "A count does not agree",
    "balance": "Drawn, given and wasted do not add up",
    "seal": "A seal is wrong or broken",
    "late": "Something was recorded late",
    "over_draw": "More was drawn than there can have been",
    "conflict": "Two records contradict each other",
    "missing_waste": "A waste or its witness is missing",
    "lost": "Drug is missing",
    "stolen": "Drug may have been taken",
    "other": "Something else",
}


class Classification(StrEnum):
    """What a person found the discrepancy to be. Two of them must be reported."""

    CHARTING_ERROR = "charting_error"
    COUNTING_ERROR = "counting_error"
    DEVICE_FAULT = "device_fault"
    BREAKAGE = "breakage"
    INSIGNIFICANT_LOSS = "insignificant_loss"
    SIGNIFICANT_LOSS = "significant_loss"
    THEFT = "theft"


# 21 CFR 1301.76(b): theft and significant loss, no matter whether the drug was recovered since.
REPORTABLE = frozenset({Classification.THEFT, Classification.SIGNIFICANT_LOSS})
# Whether a loss is significant is judged by the six factors.
JUDGED_BY_FACTORS = frozenset({Classification.SIGNIFICANT_LOSS, Classification.INSIGNIFICANT_LOSS})


class Resolution(StrEnum):
    """How a case ended."""

    RECORD_CORRECTED = "record_corrected"
    COUNTED_AGAIN = "counted_again"
    DRUG_FOUND = "drug_found"
    REPORTED = "reported"
    RECORDED_ONLY = "recorded_only"
    DESTROYED = "destroyed"
    NO_FAULT_FOUND = "no_fault_found"


class Factor(IntEnum):
    """DEA's six factors of a significant loss, numbered as in 21 CFR 1301.76(b)(1)-(6)."""

    QUANTITY = 1
    SUBSTANCE = 2
    ACCESS = 3
    PATTERN = 4
    LIKELY_TARGET = 5
    LOCAL_TRENDS = 6


# In our own words, after 21 CFR 1301.76(b)(1)-(6).
FACTOR_QUESTIONS: Mapping[Factor, str] = {
    Factor.QUANTITY: "Is the quantity large for a business of this kind?",
    Factor.SUBSTANCE: "Is this substance one whose loss weighs heavily?",
    Factor.ACCESS: "Can the loss be tied to particular people's access, or to a particular activity?",
    Factor.PATTERN: "Is there a pattern over time, and what came of efforts to resolve earlier losses?",
    Factor.LIKELY_TARGET: "Is this drug a likely candidate for diversion?",
    Factor.LOCAL_TRENDS: "Do local trends or other indicators point to diversion of this drug?",
}


class FactorAnswer(StrEnum):
    """Which way a factor points."""

    POINTS_TO_SIGNIFICANT = "points_to_significant"
    DOES_NOT = "does_not"
    NOT_KNOWN = "not_known"


class Unit(StrEnum):
    """In what a duty's time is counted."""

    AT_ONCE = "at_once"
    HOURS = "hours"
    BUSINESS_DAYS = "business_days"
    DAYS = "days"


class Standing(StrEnum):
    """Where a duty's clock stands."""

    RUNNING = "running"
    SOON = "due soon"
    OVERDUE = "overdue"
    DONE = "done"
    DONE_LATE = "done late"
    NOT_NEEDED = "not needed"


FORMS = ("106", "41")
FEDERAL = "US"


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Something the law wants done after a theft or significant loss, and by when. A row of policy.

    Attributes
    ----------
    code
        Stable name, e.g. ``dea_notice``.
    state
        ``US`` or the state whose law it is, e.g. ``IA``.
    name
        What it is called on screens: "Written notice to the DEA ...".
    done_by
        The kind of step that fulfils it; ``opened`` where the record of the case itself does.
    unit, count
        The time allowed, from discovery.
    """

    code: str
    state: str
    name: str
    done_by: StepKind
    unit: Unit
    count: int
    citation: str


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """A duty with its due moment in one case."""

    duty: Duty
    due_at: datetime
    standing: Standing
    done_at: datetime | None = None

    @property
    def runs(self) -> bool:
        """Tell whether somebody still has to act."""
        return self.standing in {Standing.RUNNING, Standing.SOON, Standing.OVERDUE}


@dataclass(frozen=True, kw_only=True)
class CasePolicy:
    """What an area's signed policy says of cases.

    Attributes
    ----------
    close_minute
        Minutes after local midnight at which the day's business ends: a due day ends there.
    soon_hours
        From when a deadline counts as due soon.
    party_may_decide
        Whether somebody who acted or witnessed on the vial may classify and resolve its case.
    """

    close_minute: int
    soon_hours: int
    party_may_decide: bool
    most_attachment_bytes: int
    duties: tuple[Duty, ...]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How a case began; immutable. `discovered_at` is the earliest signal: every clock starts there."""

    case_id: UUID
    area_id: UUID
    kind: str
    container_id: UUID | None
    event_id: UUID | None
    count_id: UUID | None
    discovered_at: datetime
    discovered_by: UUID
    expected_ug: int | None
    found_ug: int | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a case.

    Attributes
    ----------
    code
        What the kind of step asks for: a classification, a resolution, a factor's answer as
        ``3:does_not``, a duty's code, a form's field as ``106:police_report``, a signal's code.
    happened_at
        When the notice or form really went out, which may be before it was recorded here.
    """

    step_id: UUID
    sequence: int
    kind: StepKind
    at: datetime
    account_id: UUID
    code: str = ""
    text: str = ""
    happened_at: datetime | None = None
    person_id: UUID | None = None
    event_id: UUID | None = None
    signal_id: UUID | None = None
    attachment_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class AnsweredFactor:
    """One of the six factors, as a person answered it."""

    factor: Factor
    answer: FactorAnswer
    reason: str
    by: UUID
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Case:
    """What stands in a case now, folded from its opening and its steps."""

    opening: Opening
    steps: tuple[Step, ...]
    resolved: bool = False
    times_reopened: int = 0
    assigned_to: UUID | None = None
    classification: Classification | None = None
    resolution: Resolution | None = None
    factors: Mapping[Factor, AnsweredFactor] = field(default_factory=dict)
    done: Mapping[str, datetime] = field(default_factory=dict)
    fields: Mapping[str, Step] = field(default_factory=dict)

    @property
    def case_id(self) -> UUID:
        """The id of the case: that of its opening."""
        return self.opening.case_id

    @property
    def sequence(self) -> int:
        """The number of its last step."""
        return self.steps[-1].sequence if self.steps else 0

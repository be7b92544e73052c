"""What is charted at the bedside: readings, the sections of the checklist, and what stands against a deed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from dispatch.identity.model import ProofOfIdentity
from dispatch.kernel.refusals import Reason
from dispatch.visits.safety.model import Duty


class Phase(StrEnum):
    """When a set of readings was taken: the visit's own times decide, never the phone."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Level(StrEnum):
    """What a set of readings asks for, least first (care-rules.md section 3, "Vitals").

    Before the infusion: `AMBER` rest and repeat, `RED` a second reading and then held, `ABORT` no infusion
    today. During: `WATCH` readings more often and the prescriber told, `PAUSE` pause and call, `STOP` stop
    and call the emergency services.
    """

    GREEN = "green"
    AMBER = "amber"
    WATCH = "watch"
    RED = "red"
    PAUSE = "pause"
    ABORT = "abort"
    STOP = "stop"


class Section(StrEnum):
    """A section of the nurse's checklist that she fills in; the others follow from deeds and readings."""

    SAFE_SCENE = "safe_scene"
    ADULT = "adult"
    KIT = "kit"
    PAPERS = "papers"
    TODAY = "today"
    MOOD = "mood"
    WEIGHT = "weight"
    IV = "iv"
    MONITORS = "monitors"
    DRUG = "drug"
    TIME_OUT = "time_out"
    RATE = "rate"
    SIDE_EFFECT = "side_effect"
    FLUSH = "flush"
    SCORES = "scores"
    IV_OUT = "iv_out"
    FAREWELL = "farewell"
    NOTE = "note"
    INCIDENT = "incident"
    RELEASE = "release"
    NEXT_DAY = "next_day"


# Each of these stands for itself; of all others the newest counts.
REPEATED = frozenset({Section.RATE, Section.SIDE_EFFECT, Section.INCIDENT, Section.RELEASE})


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One set of readings. Pressures in mmHg, rates per minute, oxygen in percent.

    Attributes
    ----------
    rhythm
        What the ECG shows: ``sinus`` or another word; empty when nobody looked.
    moaas
        Modified Observer's Assessment of Alertness/Sedation, 5 (alert) to 0.
    agitation
        0 (calm) to 3 (severe).
    spo2_low_s
        For how many seconds oxygen has been below the stop limit; None when not known, which counts as long.
    symptoms
        Of ``chest_pain``, ``seizure``, ``anaphylaxis``.
    """

    sbp: int
    dbp: int
    hr: int
    rr: int
    spo2: int
    rhythm: str
    moaas: int
    agitation: int = 0
    spo2_low_s: int | None = None
    symptoms: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NewReading:
    """A set of readings as the device reports it; ids and times as in `visits.model.NewFact`."""

    event_id: UUID
    appointment_id: UUID
    at: datetime
    reading: Reading
    sent_at: datetime | None = None
    device_seq: int | None = None


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """A section as the device reports it, whole: a later one of the same section replaces it.

    `asked` is true of a change of rate that was not made yet, and may be refused.
    """

    event_id: UUID
    appointment_id: UUID
    at: datetime
    section: Section
    answers: Mapping[str, Any]
    sent_at: datetime | None = None
    device_seq: int | None = None
    asked: bool = False


@dataclass(frozen=True, kw_only=True)
class NewRelease:
    """A prescriber lets a held visit go on, signed; without `codes` a hold under which nothing stands."""

    appointment_id: UUID
    codes: frozenset[str]
    reason: str = field(repr=False)
    proof: ProofOfIdentity | None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a set of readings says, with the policy values that said it."""

    level: Level
    codes: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ChartedReading:
    """A stored set of readings."""

    event_id: UUID
    at: datetime
    phase: Phase
    reading: Reading
    judged: Judged


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A stored section; `by` is the account that charted it."""

    event_id: UUID
    at: datetime
    section: Section
    answers: Mapping[str, Any]
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """All that is known of a visit at the bedside, oldest first, sections by name (the newest of each)."""

    readings: tuple[ChartedReading, ...] = ()
    sections: Mapping[Section, Entry] = field(default_factory=dict)
    repeated: Sequence[Entry] = ()

    def answers(self, section: Section) -> Mapping[str, Any]:
        """Return what was answered in a section, empty while it was not charted."""
        entry = self.sections.get(section)
        return entry.answers if entry else {}

    def each(self, section: Section) -> tuple[Entry, ...]:
        """Return every entry of a section that may come more than once."""
        return tuple(entry for entry in self.repeated if entry.section is section)


class Class(StrEnum):
    """How firmly something stands in the way (care-rules.md, "Classes")."""

    BLOCK = "BLOCK"
    OVERRIDE = "OVERRIDE"
    REQUIRED = "REQUIRED"
    WARN = "WARN"


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """One thing that stands against a deed, how firmly, and the step of the checklist it belongs to."""

    reason: Reason
    kind: Class
    step: int


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a prescriber sees of a visit: what of it waits for her signature, and whether it is held."""

    appointment_id: UUID
    reference: str
    held: bool
    due: tuple[Unmet, ...]


@dataclass(frozen=True, kw_only=True)
class Released:
    """A prescriber's signature on a visit, as its nurse is told of it (UTC)."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReadingReceipt:
    """What the device is told of a set of readings: kept in any case, with what it asks for."""

    event_id: UUID
    position: int
    received_at: datetime
    phase: Phase
    level: Level
    codes: tuple[str, ...]
    flags: tuple[str, ...]
    state: str
    repeated: bool = False


@dataclass(frozen=True, kw_only=True)
class EntryReceipt:
    """What the device is told of a section: kept in any case; `missing` is what it leaves open."""

    event_id: UUID
    position: int
    received_at: datetime
    section: Section
    missing: tuple[Reason, ...]
    flags: tuple[str, ...]
    state: str
    repeated: bool = False


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """One of the 22 steps as it stands: ``done``, ``open`` or ``later``, and what it leaves unmet."""

    number: int
    title: str
    sections: tuple[Section, ...]
    state: str
    released_by: str
    unmet: tuple[Unmet, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bedside:
    """Everything that the nurse's screen shows of a visit at the bedside (times UTC).

    Attributes
    ----------
    standing
        What refuses the next deed (start, resume or discharge) now.
    due_at
        When the next set of readings is due, None while none is.
    given_ug
        What rate x time comes to, None without an order.
    allowed_ml_h
        The order's range, None without an order.
    duty
        Who is on call for the patient's state now.
    moods
        The patient's PHQ-9 totals over time, oldest first.
    releases
        What prescribers signed for this visit, oldest first.
    """

    chart: Chart
    steps: tuple[StepLine, ...]
    standing: tuple[Unmet, ...]
    checklist: bool
    due_at: datetime | None = None
    given_ug: int | None = None
    allowed_ml_h: tuple[Decimal, Decimal] | None = None
    order: str = ""
    duty: Duty | None = None
    moods: tuple[tuple[datetime, int], ...] = ()
    releases: tuple[Released, ...] = ()

"""Safety clocks as values: what is watched, what is due when, who is told, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from dispatch.visits.model import Deed, Position


class AlarmKind(StrEnum):
    """What went wrong, or may have."""

    MISSED_ARRIVAL = "missed_arrival"
    MISSED_CHECK_IN = "missed_check_in"
    LONE_WORKER = "lone_worker"
    MISSED_READING = "missed_reading"
    NOT_ALERT = "not_alert"
    LONG_RECOVERY = "long_recovery"
    PATIENT_UNANSWERED = "patient_unanswered"
    PATIENT_UNWELL = "patient_unwell"
    SUPERVISED_RETURN = "supervised_return"
    STILL_ASSIGNED = "still_assigned"
    PANIC = "panic"


class Audience(StrEnum):
    """Who is told at a stage. `CALL` is a person's task: ring the nurse; `EMERGENCY` too: ring 911."""

    NURSE = "nurse"
    DISPATCHER = "dispatcher"
    CALL = "call"
    LEAD = "lead"
    PRESCRIBER = "prescriber"
    COMPLIANCE = "compliance"
    EMERGENCY = "emergency"


class AlarmState(StrEnum):
    """Where an alarm stands; the last two are ends."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CLEARED = "cleared"


class AlarmDeed(StrEnum):
    """What is done with an alarm. The watch itself tells and clears, everything else is a person's."""

    TELL = "tell"
    AGAIN = "again"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    CLEAR = "clear"


class SignKind(StrEnum):
    """How a nurse shows that she is well, beside everything else she reports."""

    WELL = "well"
    LONGER = "longer"


class ContactHow(StrEnum):
    """How a prescriber was found reachable, or present."""

    OWN_WORD = "own_word"
    LIVE_CALL = "live_call"
    LIVE_VIDEO = "live_video"
    ON_SITE = "on_site"


class PatientAnswer(StrEnum):
    """What came of asking a patient how she is, two hours after."""

    WELL = "well"
    UNWELL = "unwell"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One stage of a ladder: these are told so long after the clock's due moment."""

    after: timedelta
    audience: tuple[Audience, ...]


@dataclass(frozen=True, kw_only=True)
class Due:
    """A clock that ran out: `key` names this one instance for good, `rungs` are its stages in order.

    Attributes
    ----------
    due_at
        From when the stages count; the alarm is raised with the first of them.
    values
        The policy values that judged it.
    """

    key: str
    kind: AlarmKind
    area_id: UUID
    day: date
    due_at: datetime
    rungs: tuple[Rung, ...]
    appointment_id: UUID | None = None
    nurse_id: UUID | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def raised_from(self) -> datetime:
        """When its first stage is due."""
        return self.due_at + self.rungs[0].after


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One visit of one nurse as the clocks see it. Times are UTC.

    Attributes
    ----------
    times
        First time of each deed.
    signs
        Every moment at which she showed that she is well: deeds, readings, check-ins.
    readings
        When sets of readings were taken, each with its MOAA/S (0-5, 5 is alert).
    longer
        By how much she said that the visit will take longer, in all.
    arrives_at
        When the plan in force has her at the door.
    patient_told
        When the patient was last found, or gave an answer, after the visit.
    """

    appointment_id: UUID
    nurse_id: UUID
    area_id: UUID
    day: date
    minutes: int
    controlled: bool
    cancelled: bool = False
    times: Mapping[Deed, datetime] = field(default_factory=dict)
    signs: tuple[datetime, ...] = ()
    readings: tuple[tuple[datetime, int], ...] = ()
    longer: timedelta = timedelta()
    arrives_at: datetime | None = None
    travel: timedelta = timedelta()
    patient_told: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """A stage that was told: which, when it was due, when it was done, to whom."""

    number: int
    due_at: datetime
    told_at: datetime
    audience: tuple[Audience, ...]


@dataclass(frozen=True, kw_only=True)
class AlarmStep:
    """What a person, or the facts, did with an alarm."""

    sequence: int
    deed: AlarmDeed
    at: datetime
    by: str
    words: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An alarm with everything that happened to it."""

    alarm_id: UUID
    due: Due
    raised_at: datetime
    state: AlarmState
    told: tuple[Told, ...]
    steps: tuple[AlarmStep, ...]

    @property
    def is_open(self) -> bool:
        """Whether somebody has still something to do."""
        return self.state in {AlarmState.RAISED, AlarmState.ACKNOWLEDGED}

    @property
    def calls_for_help(self) -> bool:
        """Whether it has come to emergency services."""
        return any(Audience.EMERGENCY in told.audience for told in self.told)


@dataclass(frozen=True, kw_only=True)
class CheckIn:
    """A nurse shows that she is well; `longer_minutes` moves the end of her visit as well.

    `event_id` is made on the device: the same check-in sent twice is stored once.
    """

    event_id: UUID
    appointment_id: UUID
    at: datetime
    kind: SignKind = SignKind.WELL
    longer_minutes: int = 0


@dataclass(frozen=True, kw_only=True)
class Panic:
    """A nurse calls for help without a word. `appointment_id` is the visit under way where it is known."""

    event_id: UUID
    at: datetime
    appointment_id: UUID | None = None
    position: Position | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class AnswerAlarm:
    """A person acknowledges or resolves an alarm; `seen` is the number of the last step that was shown."""

    alarm_id: UUID
    deed: AlarmDeed
    words: str = field(default="", repr=False)
    seen: int | None = None


@dataclass(frozen=True, kw_only=True)
class NewDuty:
    """A prescriber is on call from then to then for visits in these states."""

    account_id: UUID
    states: frozenset[str]
    begins_at: datetime
    ends_at: datetime
    phone: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Duty:
    """A turn on call as it stands on the roster; the telephone number is read apart."""

    duty_id: UUID
    account_id: UUID
    name: str
    states: frozenset[str]
    begins_at: datetime
    ends_at: datetime
    confirmed_at: datetime | None = None
    confirmed_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NewContact:
    """A prescriber on call was found reachable (own word, a live call) or on site, for a visit or for all."""

    duty_id: UUID
    how: ContactHow
    appointment_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A planned visit for which nobody licensed is on call for a part of the time it needs."""

    appointment_id: UUID
    reference: str
    state: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Lateness:
    """How the watch does: when it last looked, and since when the oldest due stage waits (None: none)."""

    looked_at: datetime | None
    waiting_since: datetime | None

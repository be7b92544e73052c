"""What a nurse charts at the bedside when all is well: sections, readings, and the story of a visit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import SetClock
from dispatch.kernel.ids import new_id
from dispatch.visits.bedside.model import NewEntry, NewReading, Reading, ReadingReceipt, Section
from dispatch.visits.bedside.rules.checklist import MAY_STAY_EMPTY
from dispatch.visits.bedside.rules.questions import ALDRETE, PHQ9, QUESTIONS, Question
from dispatch.visits.bedside.service import may_start, record_reading, record_step
from dispatch.visits.model import Deed, NewFact, Receipt, VisitState
from dispatch.visits.queries import own_visit
from dispatch.visits.service import record_fact
from tests.builders.visits import SEVEN

CALM: Mapping[str, Any] = {
    "sbp": 124, "dbp": 78, "hr": 72, "rr": 14, "spo2": 98, "rhythm": "sinus", "moaas": 5, "agitation": 0
}  # fmt: skip
BEFORE = tuple(
    Section(name)
    for name in (
        "safe_scene", "adult", "kit", "papers", "today", "mood", "weight", "iv", "monitors", "drug",
        "time_out",
    )
)  # fmt: skip
USUAL = {"yes_no": "no", "decimal": "75.0"}
AFTER = (Section.FLUSH, Section.SCORES, Section.IV_OUT, Section.FAREWELL)
# The bedside alone: what clearance, series and the roster hold against a start is theirs to test.
CHECKLIST_ALONE: dict[str, object] = {"required": True, "prescriber_reachable": False}


def plain_answer(question: Question) -> str | None:
    """The answer to a question that leaves nothing open; None where none is due."""
    if question.wanted is not None or question.kind in MAY_STAY_EMPTY:
        return question.wanted
    return question.options[0] if question.options else USUAL.get(question.kind, "as usual")


def good(section: Section, at: datetime, **more: Any) -> dict[str, Any]:
    """Answers of a section that leave nothing open."""
    plain = {question.name: plain_answer(question) for question in QUESTIONS[section]}
    found: dict[str, Any] = {name: answer for name, answer in plain.items() if answer is not None}
    ate_at, drank_at = (at - timedelta(hours=hours) for hours in (9, 3))
    usual: Mapping[Section, dict[str, Any]] = {
        Section.TODAY: {"last_solid": ate_at.isoformat(), "last_clear": drank_at.isoformat()},
        Section.MOOD: dict.fromkeys(PHQ9, "1") | {"p9": "0", "q6_3_months": ""},
        Section.WEIGHT: {"weight_kg": "70.0"},
        Section.TIME_OUT: {"rate_ml_h": "75.0"},
        Section.SCORES: dict.fromkeys(ALDRETE, "2") | {"nausea": "0"},
        Section.FAREWELL: {"signed_name": "Ben Kingsley", "signature": "M40 120l30 -60 20 80 40 -90"},
    }
    return found | usual.get(section, {}) | more


def chart(
    session: Session,
    visit_id: UUID,
    section: Section,
    actor: Actor,
    clock: SetClock,
    *,
    at: datetime | None = None,
    **more: Any,
) -> None:
    """Chart a section with good answers, but for those given."""
    when = at or clock.now()
    entry = NewEntry(
        event_id=new_id(), appointment_id=visit_id, at=when, sent_at=clock.now(), section=section,
        answers=good(section, when, **more),
    )  # fmt: skip
    record_step(session, entry, actor, clock)
    session.flush()


def read(
    session: Session,
    visit_id: UUID,
    actor: Actor,
    clock: SetClock,
    *,
    at: datetime | None = None,
    **more: Any,
) -> ReadingReceipt:
    """Take a calm set of readings, but for the figures given."""
    new = NewReading(
        event_id=new_id(), appointment_id=visit_id, at=at or clock.now(), sent_at=clock.now(),
        reading=Reading(**(CALM | more)),
    )  # fmt: skip
    receipt = record_reading(session, new, actor, clock)
    session.flush()
    return receipt


def do(
    session: Session,
    visit_id: UUID,
    deed: Deed,
    actor: Actor,
    clock: SetClock,
    *,
    asked: bool = True,
    reason: str = "",
) -> Receipt:
    """Ask for a deed, or report one that happened."""
    fact = NewFact(
        event_id=new_id(), appointment_id=visit_id, deed=deed, at=clock.now(), asked=asked, reason=reason
    )
    receipt = record_fact(session, fact, actor, clock)
    session.flush()
    return receipt


@dataclass
class Ward:
    """Short words for what a nurse does at one visit."""

    session: Session
    visit_id: UUID
    nurse: Actor
    clock: SetClock

    def arrive(self) -> None:
        """Check in at 10:20."""
        self.clock.at = SEVEN + timedelta(hours=3, minutes=20)
        self.do(Deed.CHECK_IN)

    def pass_minutes(self, minutes: float) -> None:
        """Let time pass."""
        self.clock.at += timedelta(minutes=minutes)

    def chart(self, section: Section, **more: Any) -> None:
        """Chart a section."""
        chart(self.session, self.visit_id, section, self.nurse, self.clock, **more)

    def read(self, **more: Any) -> ReadingReceipt:
        """Take a set of readings."""
        return read(self.session, self.visit_id, self.nurse, self.clock, **more)

    def do(self, deed: Deed, **more: Any) -> Receipt:
        """Ask for a deed."""
        return do(self.session, self.visit_id, deed, self.nurse, self.clock, **more)

    def screen(self, **more: Any) -> ReadingReceipt:
        """Arrive, chart everything before the start and take a baseline."""
        self.arrive()
        self.pass_minutes(1)
        for section in BEFORE:
            self.chart(section)
        return self.read(**more)

    def infuse(self, minutes: int = 40) -> None:
        """Screen, start, read every ten minutes, stop."""
        self.screen()
        self.do(Deed.START)
        for _ in range(minutes // 10):
            self.pass_minutes(10)
            self.read()
        self.do(Deed.STOP)

    def recover(self) -> None:
        """Watch for half an hour and chart everything before the discharge."""
        for _ in range(2):
            self.pass_minutes(15)
            self.read()
        for section in AFTER:
            self.chart(section)

    @property
    def state(self) -> VisitState:
        """Where the visit stands."""
        return own_visit(self.session, self.visit_id, self.nurse).state

    @property
    def against_start(self) -> list[str]:
        """What stands against the start."""
        return [each.code for each in may_start(self.session, self.visit_id, self.nurse, self.clock)]

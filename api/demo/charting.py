"""What the demo's nurses chart and report at the bedside: calm readings, complete sections; all invented."""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.demo.morning import ASK, CALL, CHECK, READ, SCORE, SCREEN, WELL, Act
from api.demo.stocking import NotAsPlayed
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.visits.bedside.model import Level, NewEntry, NewReading, Reading, Section
from dispatch.visits.bedside.queries import questions_of
from dispatch.visits.bedside.service import record_reading, record_step
from dispatch.visits.model import Deed
from dispatch.visits.safety.model import CheckIn, ContactHow, NewContact, PatientAnswer
from dispatch.visits.safety.service import answer_patient_check, check_in, confirm_reachable, on_call_for

BEFORE_DRAW = (
    Section.SAFE_SCENE, Section.ADULT, Section.KIT, Section.PAPERS, Section.TODAY, Section.MOOD,
    Section.WEIGHT, Section.IV, Section.MONITORS,
)  # fmt: skip
AFTER_DRAW = (Section.DRUG, Section.TIME_OUT)
BEFORE_DISCHARGE = (Section.FLUSH, Section.SCORES, Section.IV_OUT, Section.FAREWELL, Section.NOTE)
MOOD_ITEMS = tuple(f"p{number}" for number in range(1, 9))
ALDRETE_ITEMS = ("activity", "breathing", "circulation", "consciousness", "oxygen")
# A responsible adult's name on the glass, as `kernel.signature` keeps it.
SCRAWL = (
    "M60 150l10 -90 40 -20 30 30 -30 40 -40 10 60 50M170 120l30 -20 -10 40 30 -30 10 40 30 -60 -10 70"
    " 40 -50 20 40 60 -70"
)
PLAIN = {"yes_no": "no", "text": "as usual", "decimal": "75.0"}


def answers_of(section: Section, at: datetime, draw: random.Random) -> dict[str, Any]:
    """Return a section as a nurse fills it in when all is well."""
    found: dict[str, Any] = {}
    for question in questions_of(section):
        plain = question.wanted or (question.options[0] if question.options else PLAIN.get(question.kind))
        if plain is not None:
            found[question.name] = plain
    if section is Section.TODAY:
        ate_at, drank_at = (at - timedelta(minutes=draw.randint(*span)) for span in ((500, 760), (150, 200)))
        found |= {"last_solid": ate_at.isoformat(), "last_clear": drank_at.isoformat()}
    if section is Section.MOOD:
        found |= {name: str(draw.randint(0, 2)) for name in MOOD_ITEMS}
        del found["q6_3_months"]
    if section is Section.WEIGHT:
        found["weight_kg"] = f"{draw.randint(560, 940) / 10:.1f}"
    if section is Section.SCORES:
        found |= dict.fromkeys(ALDRETE_ITEMS, "2")
    if section is Section.FAREWELL:
        found |= {"signed_name": "Robin Example", "signature": SCRAWL}
    return found


def calm_reading(draw: random.Random, *, running: bool) -> Reading:
    """Return a set of readings within all limits; the pressure rises a little while it runs (D12)."""
    more = 14 if running else 0
    return Reading(
        sbp=draw.randint(112, 132) + more,
        dbp=draw.randint(68, 82) + more // 2,
        hr=draw.randint(62, 84) + more // 2,
        rr=draw.randint(12, 18),
        spo2=draw.randint(96, 99),
        rhythm="sinus",
        moaas=5 if not running else draw.choice((4, 5, 5)),
    )


@dataclass(kw_only=True)
class Charts:
    """Charts the demo's visits through the services that a phone calls.

    Attributes
    ----------
    running
        The appointments whose infusion runs.
    draw
        A source of its own, so that what is charted changes nothing else of the day.
    """

    session: Session
    clock: Clock
    running: set[UUID] = field(default_factory=set)
    draw: random.Random = field(default_factory=lambda: random.Random("charts"))  # noqa: S311 - invented

    def acts(self) -> Mapping[str, Callable[[Act, Actor], None]]:
        """Return what is done at the bedside by the names of the script."""
        return {
            READ: self.read,
            SCREEN: partial(self.chart, BEFORE_DRAW),
            CHECK: partial(self.chart, AFTER_DRAW),
            SCORE: partial(self.chart, BEFORE_DISCHARGE),
            WELL: self.be_well,
            CALL: self.call,
            ASK: self.ask,
        }

    def be_well(self, act: Act, nurse: Actor) -> None:
        """Say that all is well."""
        sign = CheckIn(event_id=new_id(), appointment_id=_visit(act), at=act.at)
        check_in(self.session, sign, nurse, self.clock)

    def call(self, act: Act, nurse: Actor) -> None:
        """Reach the prescriber on call before the start."""
        duty = on_call_for(self.session, _visit(act), act.at)
        if duty is None:
            raise NotAsPlayed("nobody is on call")
        contact = NewContact(duty_id=duty.duty_id, how=ContactHow.LIVE_CALL, appointment_id=_visit(act))
        confirm_reachable(self.session, contact, nurse, self.clock)

    def ask(self, act: Act, nurse: Actor) -> None:
        """Hear from the patient two hours after that she is well."""
        answer_patient_check(self.session, _visit(act), PatientAnswer.WELL, nurse, self.clock)

    def note(self, act: Act) -> None:
        """Remember which infusions run."""
        if act.what == Deed.START:
            self.running.add(_visit(act))
        if act.what == Deed.STOP:
            self.running.discard(_visit(act))

    def chart(self, sections: Iterable[Section], act: Act, nurse: Actor) -> None:
        """Chart sections, each complete."""
        for section in sections:
            entry = NewEntry(
                event_id=new_id(),
                appointment_id=_visit(act),
                at=act.at,
                section=section,
                answers=answers_of(section, act.at, self.draw),
            )
            receipt = record_step(self.session, entry, nurse, self.clock)
            if receipt.missing or receipt.flags:
                raise NotAsPlayed(f"{section}: {receipt.missing} {receipt.flags}")

    def read(self, act: Act, nurse: Actor) -> None:
        """Take a calm set of readings."""
        new = NewReading(
            event_id=new_id(),
            appointment_id=_visit(act),
            at=act.at,
            reading=calm_reading(self.draw, running=_visit(act) in self.running),
        )
        receipt = record_reading(self.session, new, nurse, self.clock)
        if receipt.level is not Level.GREEN or receipt.flags:
            raise NotAsPlayed(f"readings: {receipt.level} {receipt.flags}")


def _visit(act: Act) -> UUID:
    assert act.stop.visit is not None
    return act.stop.visit.appointment_id

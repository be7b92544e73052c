"""Scales that are filled in around a visit: kept and judged by the clearance chapter, which raises alarms."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.clearance.commands import NewScore
from dispatch.clearance.model import Occasion, Scale, Subject
from dispatch.clearance.queries import scores_at
from dispatch.clearance.service import record_score
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.visits.bedside.model import Section
from dispatch.visits.bedside.rules.checklist import blank
from dispatch.visits.bedside.rules.questions import CSSRS, PHQ9

OCCASIONS = {Section.MOOD: Occasion.BEFORE_VISIT, Section.NEXT_DAY: Occasion.DAY_AFTER}


def keep_scores(
    session: Session,
    row: AppointmentRow,
    section: Section,
    answers: Mapping[str, Any],
    at: datetime,
    actor: Actor,
    clock: Clock,
) -> None:
    """Hand what a section says of a scale to clearance, as soon as it says enough, and once."""
    if section not in OCCASIONS:
        return
    phq9 = tuple(None if blank(answers.get(name)) else int(answers[name]) for name in PHQ9)
    cssrs = tuple(_as_number(answers.get(name)) for name in CSSRS) if section is Section.MOOD else ()
    if None not in phq9:
        _keep(session, row, Scale.PHQ9, phq9, OCCASIONS[section], at, actor, clock)
    if any(each is not None for each in cssrs):
        _keep(session, row, Scale.CSSRS, cssrs, OCCASIONS[section], at, actor, clock)


def _as_number(answer: Any) -> int | None:
    return None if blank(answer) else int(answer == "yes")


def _keep(
    session: Session,
    row: AppointmentRow,
    scale: Scale,
    answers: tuple[int | None, ...],
    occasion: Occasion,
    at: datetime,
    actor: Actor,
    clock: Clock,
) -> None:
    known = [line for line in scores_at(session, row.id) if (line.scale, line.occasion) == (scale, occasion)]
    if known and tuple(known[-1].answers) == answers:
        return
    score = NewScore(
        subject=Subject(patient_id=row.patient_id),
        scale=scale,
        answers=answers,
        taken_at=at,
        occasion=occasion,
        appointment_id=row.id,
    )
    record_score(session, score, actor, clock)

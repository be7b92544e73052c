"""Look at an area's figures and ask what they give reason to ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import policy
from dispatch.custody.signals.loading import Doses, books
from dispatch.custody.signals.model import Limits, Question
from dispatch.custody.signals.records import SignalAnswerRow, SignalRow
from dispatch.custody.signals.rules import questions
from dispatch.custody.signals.writing import write
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id

__all__ = ["Doses", "Found", "ask", "find", "keep"]

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What an area's figures give reason to ask, and by which limits and of which period."""

    area_id: UUID
    limits: Limits
    begins_at: datetime
    ends_at: datetime
    questions: tuple[Question, ...]


def find(session: Session, area_id: UUID, doses: Doses, clock: Clock) -> Found:
    """Look at the last `period_days`; writes nothing, so it may run while others write."""
    limits = Limits.of_policy(policy(session, "custody.signals", area_id))
    ends = clock.now()
    begins = ends - timedelta(days=limits.period_days)
    found = questions(books(session, area_id, begins, ends, doses), limits)
    return Found(area_id=area_id, limits=limits, begins_at=begins, ends_at=ends, questions=tuple(found))


def keep(session: Session, found: Found, actor: Actor, clock: Clock) -> list[UUID]:
    """Ask what was found; return the ids of the new questions.

    A question that still waits for its answer, or was answered within `quiet_days`, is not asked again. Two
    looks at once queue, so that nothing is asked twice.
    """
    session.execute(
        select(ServiceAreaRow.id).where(ServiceAreaRow.id == found.area_id).with_for_update(key_share=True)
    )
    waits, now = _quiet_until(session, found.area_id, found.limits), clock.now()
    return [
        _keep(session, question, found, actor, clock)
        for question in found.questions
        if waits.get(question.key, now) <= now
    ]


def ask(session: Session, area_id: UUID, doses: Doses, actor: Actor, clock: Clock) -> list[UUID]:
    """Look, and ask what is found; return the ids of the new questions."""
    return keep(session, find(session, area_id, doses, clock), actor, clock)


def _quiet_until(session: Session, area_id: UUID, limits: Limits) -> dict[str, datetime]:
    """Return key -> from when a question may be asked again; never while it waits for an answer."""
    newest = (
        select(SignalRow.key, SignalRow.id, func.max(SignalAnswerRow.at).label("answered_at"))
        .join(SignalAnswerRow, SignalAnswerRow.signal_id == SignalRow.id, isouter=True)
        .where(SignalRow.area_id == area_id)
        .group_by(SignalRow.key, SignalRow.id)
    )
    found: dict[str, datetime] = {}
    for row in session.execute(newest):
        until = NEVER if row.answered_at is None else row.answered_at + timedelta(days=limits.quiet_days)
        found[row.key] = max(until, found.get(row.key, until))
    return found


def _keep(session: Session, question: Question, found: Found, actor: Actor, clock: Clock) -> UUID:
    told: Mapping[str, Any] = {
        "area_id": found.area_id,
        "key": question.key,
        "rule": question.rule.value,
        "subject_id": question.subject,
        "other_id": question.other,
        "about": question.about,
        "text": question.text,
        "arithmetic": {
            "lines": [list(line) for line in question.arithmetic],
            "evidence": [str(each) for each in question.evidence],
            "limits": dict(vars(found.limits)),
        },
        "chance": None if question.chance is None else f"{question.chance:.6f}",
        "begins_at": found.begins_at,
        "ends_at": found.ends_at,
        "asked_at": clock.now(),
    }
    row = SignalRow(id=new_id(), **told)
    write(session, "signal", row, told, actor, clock)
    return row.id

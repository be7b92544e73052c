"""Scales as they were filled in, and the curve that a series of them makes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.clearance.gathering import about
from dispatch.clearance.model import Occasion, Scale, ScoreLine, Subject, SuicideRisk
from dispatch.clearance.records import ScoreRow
from dispatch.clearance.sealed import unpacked


def scores_of(session: Session, subject: Subject, scale: Scale | None = None) -> tuple[ScoreLine, ...]:
    """Return the scales of a patient or case, oldest first; `scale` narrows them to one."""
    wanted = select(ScoreRow).where(about(ScoreRow, subject.case_id, subject.patient_id))
    if scale is not None:
        wanted = wanted.where(ScoreRow.scale == scale.value)
    rows = session.scalars(wanted.order_by(ScoreRow.taken_at, ScoreRow.at))
    return tuple(score_line(row) for row in rows)


def scores_at(session: Session, appointment_id: UUID) -> tuple[ScoreLine, ...]:
    """Return the scales that belong to an appointment, oldest first."""
    wanted = select(ScoreRow).where(ScoreRow.appointment_id == appointment_id)
    rows = session.scalars(wanted.order_by(ScoreRow.taken_at, ScoreRow.at))
    return tuple(score_line(row) for row in rows)


def curve(lines: Sequence[ScoreLine]) -> tuple[ScoreLine, ...]:
    """Return those that have a total: half a scale is no point of a curve."""
    return tuple(line for line in lines if line.total is not None)


def score_line(row: ScoreRow) -> ScoreLine:
    """Return a score's row as a value."""
    content = unpacked(row.content)
    return ScoreLine(
        score_id=row.id,
        subject=Subject(case_id=row.case_id, patient_id=row.patient_id),
        appointment_id=row.appointment_id,
        scale=Scale(row.scale),
        occasion=Occasion(row.occasion),
        taken_at=row.taken_at,
        answers=tuple(content["answers"]),
        total=content["total"],
        band=content["band"],
        risk=SuicideRisk(content["risk"]) if content["risk"] else None,
        by=row.by,
    )

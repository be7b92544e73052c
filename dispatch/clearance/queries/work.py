"""What waits for prescribers: this chapter's own lines of the queue, tasks, consultations."""

from collections.abc import Sequence
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, zone_of
from dispatch.clearance.gathering import about, alarm_waits
from dispatch.clearance.model import ALARMS, ConsultationStatus, Decision, Subject, TaskKind, TaskLine
from dispatch.clearance.queue import SOURCES, QueueLine, register
from dispatch.clearance.records import (
    ConsultationRecordRow,
    ConsultationRow,
    DecisionRow,
    HoldRow,
    PrescriberTaskRow,
)
from dispatch.intake.model import CaseState
from dispatch.intake.queries import case_of_patient, case_view, cases_in
from dispatch.kernel.local_time import instant

TASK_WORDS = {
    TaskKind.SUICIDALITY_HIGH: "Alarm: high risk of suicide. Speak to the patient live, now.",
    TaskKind.SUICIDALITY_SAME_DAY: "Alarm: review of suicidality on the same day.",
    TaskKind.MEDICATION_QUESTION: "A question about medicines.",
    TaskKind.RESPONSE_REVIEW: "Review of the response to treatment.",
    TaskKind.VITALS_HELD: "A visit is held for its vital signs.",
    TaskKind.OTHER: "A question for the prescriber.",
}
LAST_READING = time(23, 59)


def queue(session: Session, at: datetime) -> tuple[QueueLine, ...]:
    """Return everything that waits, of all chapters: urgent first, then by when it is due."""
    lines = [line for source in SOURCES for line in source(session, at)]
    return tuple(sorted(lines, key=lambda line: _order(line, at)))


def _order(line: QueueLine, at: datetime) -> tuple[bool, int, bool, datetime, str]:
    return not line.urgent, line.rank, line.due_at is None, line.due_at or at, line.kind


def case_link(case_id: UUID | None) -> str:
    """Return where a case is worked on."""
    return f"/clearance/cases/{case_id}" if case_id else ""


@register
def _tasks(session: Session, _at: datetime) -> Sequence[QueueLine]:
    wanted = select(PrescriberTaskRow).where(PrescriberTaskRow.answered_at.is_(None))
    return [
        QueueLine(
            kind="alarm" if TaskKind(row.kind) in ALARMS else "task",
            text=TASK_WORDS[TaskKind(row.kind)],
            due_at=row.due_at,
            case_id=row.case_id,
            patient_id=row.patient_id,
            link=f"/clearance/tasks/{row.id}",
            urgent=TaskKind(row.kind) in ALARMS,
            rank={TaskKind.SUICIDALITY_HIGH: 0, TaskKind.SUICIDALITY_SAME_DAY: 1}.get(TaskKind(row.kind), 9),
        )
        for row in session.scalars(wanted.order_by(PrescriberTaskRow.due_at))
    ]


@register
def _holds(session: Session, _at: datetime) -> Sequence[QueueLine]:
    wanted = select(HoldRow).where(HoldRow.released_at.is_(None)).order_by(HoldRow.held_at)
    words = {
        "medications_changed": "The medication list changed: treatment is on hold.",
        "medical_event": "A medical event was reported: treatment is on hold.",
        "requested": "Somebody asked for it: treatment is on hold.",
    }
    return [
        QueueLine(
            kind="hold", text=words[row.cause], due_at=row.held_at, case_id=row.case_id,
            link=f"{case_link(row.case_id)}#hold",
        )
        for row in session.scalars(wanted)
    ]  # fmt: skip


@register
def _consultations(session: Session, _at: datetime) -> Sequence[QueueLine]:
    wanted = select(ConsultationRow).where(ConsultationRow.status == ConsultationStatus.BOOKED.value)
    return [
        QueueLine(
            kind="consultation", text=f"Consultation, {row.minutes} minutes, {row.mode.replace('_', ' ')}.",
            due_at=row.begins_at, case_id=row.case_id, link=f"{case_link(row.case_id)}#consultation",
        )
        for row in session.scalars(wanted.order_by(ConsultationRow.begins_at))
    ]  # fmt: skip


@register
def _decisions(session: Session, _at: datetime) -> Sequence[QueueLine]:
    """Cases that were talked over and wait for their decision: overrides and reviews are wanted there."""
    cases = cases_in(session, (CaseState.CONSULT_DONE,))
    held = (
        select(ConsultationRecordRow.case_id, func.max(ConsultationRecordRow.at).label("at"))
        .where(ConsultationRecordRow.case_id.in_([case.case_id for case in cases]))
        .group_by(ConsultationRecordRow.case_id)
    )
    since = {row.case_id: row.at for row in session.execute(held)}
    return [
        QueueLine(
            kind="decision", text="Consultation held: reviews, overrides and a decision are wanted.",
            due_at=None, since=since.get(case.case_id), case_id=case.case_id, patient_id=case.patient_id,
            link=f"{case_link(case.case_id)}#decide",
        )
        for case in cases
    ]  # fmt: skip


@register
def _rechecks(session: Session, at: datetime) -> Sequence[QueueLine]:
    """Rechecks whose day has come, of cases that still need treatment first (care-rules A15)."""
    newest = (
        select(DecisionRow.case_id, func.max(DecisionRow.sequence).label("sequence"))
        .group_by(DecisionRow.case_id)
        .subquery()
    )
    wanted = select(DecisionRow).join(
        newest, (DecisionRow.case_id == newest.c.case_id) & (DecisionRow.sequence == newest.c.sequence)
    )
    found = []
    for row in session.scalars(wanted.where(DecisionRow.decision == Decision.NEEDS_PRIOR_TREATMENT.value)):
        case = case_view(session, row.case_id)
        zone = zone_of(area_by_id(session, case.area_id))
        assert row.recheck_on is not None
        if row.recheck_on <= at.astimezone(zone).date():
            due = instant(row.recheck_on, LAST_READING, zone)
            text = "Recheck: has what had to be treated first been reached?"
            found.append(
                QueueLine(
                    kind="recheck",
                    text=text,
                    due_at=due,
                    case_id=row.case_id,
                    patient_id=case.patient_id,
                    link=f"{case_link(row.case_id)}#decide",
                )
            )
    return found


def open_tasks(session: Session, subject: Subject) -> tuple[TaskLine, ...]:
    """Return what waits for a prescriber about a patient or case, most urgent first."""
    wanted = select(PrescriberTaskRow).where(
        about(PrescriberTaskRow, subject.case_id, subject.patient_id),
        PrescriberTaskRow.answered_at.is_(None),
    )
    return tuple(task_line(row) for row in session.scalars(wanted.order_by(PrescriberTaskRow.due_at)))


def alarm_open(session: Session, patient_id: UUID) -> bool:
    """Tell whether an alarm of suicidality about a patient waits for a prescriber (care-rules C22)."""
    case = case_of_patient(session, patient_id)
    return alarm_waits(session, case.case_id if case else None, patient_id)


def task_line(row: PrescriberTaskRow) -> TaskLine:
    """Return a task's row as a value."""
    return TaskLine(
        task_id=row.id,
        subject=Subject(case_id=row.case_id, patient_id=row.patient_id),
        kind=TaskKind(row.kind),
        about=row.about,
        raised_at=row.raised_at,
        due_at=row.due_at,
        answered_at=row.answered_at,
        text=row.text or "",
        answer=row.answer or "",
    )

"""One case as the prescriber's page shows it: verdict, list, consultations, decisions, overrides, scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, policy, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.clearance.gathering import review_of
from dispatch.clearance.judged import judge
from dispatch.clearance.loading import as_value, not_there, open_hold, place_of
from dispatch.clearance.model import (
    Clearance,
    Facts,
    Prescriber,
    ScoreLine,
    Subject,
    TaskLine,
    Verdict,
)
from dispatch.clearance.queries.clearing import clearance_of_case
from dispatch.clearance.queries.scores import scores_of
from dispatch.clearance.queries.work import open_tasks, task_line
from dispatch.clearance.records import (
    ConsultationRecordRow,
    ConsultationRow,
    DecisionRow,
    EvaluationRow,
    HoldRow,
    MedicationReviewRow,
    OverrideRow,
    PrescriberRow,
    PrescriberTaskRow,
)
from dispatch.clearance.rules.prescribing import warnings_of
from dispatch.clearance.sealed import unpacked
from dispatch.identity.records import AccountRow
from dispatch.intake.model import CaseView
from dispatch.intake.queries import case_view, medication_list
from dispatch.intake.statements import MedicationList
from dispatch.kernel.actor import Role
from dispatch.kernel.refusals import Reason


@dataclass(frozen=True, kw_only=True)
class Signed:
    """Something that was signed on a case: when, by whom, and what it says."""

    record_id: UUID
    at: datetime
    by: str
    content: Mapping[str, Any] = field(repr=False)
    until: datetime | None = None
    on: date | None = None
    what: str = ""


@dataclass(frozen=True, kw_only=True)
class ConsultationLine:
    """A consultation and, once it was held, its record."""

    consultation_id: UUID
    prescriber_id: UUID
    by: str
    mode: str
    begins_at: datetime
    minutes: int
    status: str
    record: Signed | None


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """All a prescriber needs to decide on one case."""

    case: CaseView
    zone: ZoneInfo
    clearance: Clearance
    verdict: Verdict
    facts: Facts = field(repr=False)
    medications: MedicationList = field(repr=False)
    review: Mapping[str, Any] = field(repr=False)
    reviews: tuple[Signed, ...]
    consultations: tuple[ConsultationLine, ...]
    evaluations: tuple[Signed, ...]
    decisions: tuple[Signed, ...]
    overrides: tuple[Signed, ...]
    hold: HoldRow | None
    tasks: tuple[TaskLine, ...]
    scores: tuple[ScoreLine, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PrescriberLine:
    """A prescriber with the name of the account, and warnings such as a missing approval."""

    name: str
    prescriber: Prescriber
    warnings: tuple[Reason, ...]


def case_file(session: Session, case_id: UUID, at: datetime) -> CaseFile:
    """Return one case at `at`, or refuse with `NotFound`."""
    place = place_of(session, case_id, at)
    judged = judge(session, place, at)
    listed = medication_list(session, case_id)
    names = _names(session)
    return CaseFile(
        case=place.case,
        zone=zone_of(area_by_id(session, place.case.area_id)),
        clearance=clearance_of_case(session, case_id, at),
        verdict=judged.verdict,
        facts=judged.gathered.facts,
        medications=listed,
        review=review_of(session, case_id, listed.digest, at),
        reviews=_signed(session, MedicationReviewRow, case_id, names),
        consultations=_consultations(session, case_id, names),
        evaluations=_signed(session, EvaluationRow, case_id, names),
        decisions=_signed(session, DecisionRow, case_id, names),
        overrides=_signed(session, OverrideRow, case_id, names),
        hold=open_hold(session, case_id),
        tasks=open_tasks(session, Subject(case_id=case_id, patient_id=place.case.patient_id)),
        scores=scores_of(session, Subject(case_id=case_id, patient_id=place.case.patient_id)),
    )


def read_entry(session: Session, action: str, case_id: UUID) -> AuditEntry:
    """Return the audit entry of a look at a case (45 CFR 164.312(b))."""
    return AuditEntry(
        action=f"clearance.{action}",
        subject_kind="case",
        subject_id=case_id,
        patient_id=case_view(session, case_id).patient_id,
    )


def _names(session: Session) -> dict[UUID, str]:
    wanted = select(AccountRow.id, AccountRow.name).join(
        PrescriberRow, PrescriberRow.account_id == AccountRow.id
    )
    return {row.id: row.name for row in session.execute(wanted)}


def _signed(session: Session, row: Any, case_id: UUID, names: Mapping[UUID, str]) -> tuple[Signed, ...]:
    """Return the case's rows of one kind, the newest first."""
    found = session.scalars(select(row).where(row.case_id == case_id).order_by(row.at.desc()))
    return tuple(_as_signed(each, names) for each in found)


def _as_signed(row: Any, names: Mapping[UUID, str]) -> Signed:
    return Signed(
        record_id=row.id,
        at=row.at,
        by=names.get(row.account_id, ""),
        content=unpacked(row.content),
        until=getattr(row, "expires_at", None),
        on=getattr(row, "recheck_on", None),
        what=getattr(row, "decision", ""),
    )


def _consultations(
    session: Session, case_id: UUID, names: Mapping[UUID, str]
) -> tuple[ConsultationLine, ...]:
    records = {
        row.consultation_id: _as_signed(row, names)
        for row in session.scalars(
            select(ConsultationRecordRow).where(ConsultationRecordRow.case_id == case_id)
        )
    }
    wanted = select(ConsultationRow).where(ConsultationRow.case_id == case_id)
    return tuple(
        ConsultationLine(
            consultation_id=row.id,
            prescriber_id=row.prescriber_id,
            by=names.get(row.prescriber_id, ""),
            mode=row.mode,
            begins_at=row.begins_at,
            minutes=row.minutes,
            status=row.status,
            record=records.get(row.id),
        )
        for row in session.scalars(wanted.order_by(ConsultationRow.begins_at.desc()))
    )


def task_of(session: Session, task_id: UUID) -> TaskLine:
    """Return one task, or refuse with `NotFound`."""
    row = session.get(PrescriberTaskRow, task_id)
    if row is None:
        raise not_there("no_such_task", "task_id")
    return task_line(row)


def prescriber_accounts(session: Session) -> tuple[tuple[UUID, str], ...]:
    """Return id and name of every account that has the prescriber's role, by name."""
    rows = session.scalars(select(AccountRow).where(AccountRow.roles.any(name=Role.PRESCRIBER.value)))
    return tuple(sorted(((row.id, row.name) for row in rows), key=lambda each: each[1]))


def prescriber_lines(session: Session) -> tuple[PrescriberLine, ...]:
    """Return all prescribers by name."""
    value = policy(session, "clearance.prescribers")
    names = _names(session)
    rows = session.scalars(select(PrescriberRow)).all()
    lines = [
        PrescriberLine(
            name=names[row.account_id], prescriber=as_value(row), warnings=warnings_of(as_value(row), value)
        )
        for row in rows
    ]
    return tuple(sorted(lines, key=lambda line: line.name))

"""Assay tasks with their results, and the weeks by whose seeds they were drawn."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dispatch.custody.queries.names import account_names
from dispatch.custody.records import ContainerRow, EventRow
from dispatch.custody.signals.records import AssayPeriodRow, AssayResultRow, AssayRevealRow, AssayTaskRow
from dispatch.custody.signals.residuals import residuals
from dispatch.custody.signals.rules.drawing import wrongly_drawn
from dispatch.custody.signals.sentences import reason
from dispatch.kernel.refusals import NotFound


@dataclass(frozen=True, kw_only=True)
class AssayResult:
    """One measurement. `case_id` names the case that a failing one opened."""

    measured_ug_per_ml: int
    volume_ul: int
    diluted: bool
    laboratory: str
    passed: bool
    name: str
    at: datetime
    case_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class AssayLine:
    """A residual that was drawn to be measured."""

    task_id: UUID
    area_id: UUID
    container_id: UUID
    serial: str
    sequence: int
    handed_in_at: datetime
    handed_in_by: str
    expected_ug_per_ml: int
    expected_ug: int
    drawn_at: datetime
    due_at: datetime
    results: tuple[AssayResult, ...]


@dataclass(frozen=True, kw_only=True)
class PeriodLine:
    """A week of assays.

    Attributes
    ----------
    wrong
        Empty when everything was drawn as the seed says; None before the seed is known.
    """

    period_id: UUID
    begins_at: datetime
    ends_at: datetime
    rate_permille: int
    commitment: str
    seed: str
    residuals: int
    drawn: int
    wrong: tuple[str, ...] | None


def assays(session: Session, area_id: UUID, *, most: int = 200) -> list[AssayLine]:
    """Return an area's assay tasks: those without a result first, by due date, then the newest."""
    found = _lines(session, AssayTaskRow.area_id == area_id, most)
    waiting = sorted((line for line in found if not line.results), key=lambda line: line.due_at)
    return waiting + [line for line in found if line.results]


def assay(session: Session, task_id: UUID) -> AssayLine:
    """Return one assay task, or refuse with `NotFound`."""
    found = _lines(session, AssayTaskRow.id == task_id, 1)
    if not found:
        raise NotFound([reason("no_such_assay", "task_id")])
    return found[0]


def periods(session: Session, area_id: UUID, *, most: int = 12) -> list[PeriodLine]:
    """Return the newest weeks, each that is over with its check done anew from the ledger."""
    rows = session.execute(
        select(AssayPeriodRow, AssayRevealRow.seed)
        .join(AssayRevealRow, AssayRevealRow.period_id == AssayPeriodRow.id, isouter=True)
        .where(AssayPeriodRow.area_id == area_id)
        .order_by(AssayPeriodRow.begins_at.desc())
        .limit(most)
    )
    return [_period(session, row, seed) for row, seed in rows]


def _period(session: Session, row: AssayPeriodRow, seed: bytes | None) -> PeriodLine:
    found = residuals(session, row.area_id, row.begins_at, row.ends_at)
    drawn = session.scalars(select(AssayTaskRow.event_id).where(AssayTaskRow.period_id == row.id)).all()
    hashes = {each.event_id: each.event_hash for each in found}
    return PeriodLine(
        period_id=row.id,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        rate_permille=row.rate_permille,
        commitment=row.commitment.hex(),
        seed=seed.hex() if seed else "",
        residuals=len(found),
        drawn=len(drawn),
        wrong=None if seed is None else wrongly_drawn(seed, row.commitment, row.rate_permille, hashes, drawn),
    )


def _lines(session: Session, which: ColumnElement[bool], most: int) -> list[AssayLine]:
    rows: Sequence[tuple[AssayTaskRow, str, int, datetime, UUID]] = (
        session.execute(
            select(
                AssayTaskRow, ContainerRow.serial, EventRow.sequence, EventRow.server_time,
                EventRow.actor_account_id,
            )
            .join(EventRow, EventRow.id == AssayTaskRow.event_id)
            .join(ContainerRow, ContainerRow.id == AssayTaskRow.container_id)
            .where(which)
            .order_by(AssayTaskRow.drawn_at.desc(), AssayTaskRow.id.desc())
            .limit(most)
        )
        .all()
    )  # fmt: skip
    results = session.scalars(
        select(AssayResultRow)
        .where(AssayResultRow.task_id.in_([row.id for row, *_ in rows]))
        .order_by(AssayResultRow.attempt)
    ).all()
    names = account_names(session, {row.account_id for row in results} | {each[4] for each in rows})
    of_task: dict[UUID, list[AssayResult]] = defaultdict(list)
    for row in results:
        of_task[row.task_id].append(
            AssayResult(
                measured_ug_per_ml=row.measured_ug_per_ml,
                volume_ul=row.volume_ul,
                diluted=row.diluted,
                laboratory=row.laboratory,
                passed=row.passed,
                name=names[row.account_id],
                at=row.at,
                case_id=row.case_id,
            )
        )
    return [
        AssayLine(
            task_id=task.id,
            area_id=task.area_id,
            container_id=task.container_id,
            serial=serial,
            sequence=sequence,
            handed_in_at=at,
            handed_in_by=names[account_id],
            expected_ug_per_ml=task.expected_ug_per_ml,
            expected_ug=task.expected_ug,
            drawn_at=task.drawn_at,
            due_at=task.due_at,
            results=tuple(of_task[task.id]),
        )
        for task, serial, sequence, at, account_id in rows
    ]

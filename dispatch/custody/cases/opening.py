"""A discrepancy comes: it begins a case, or belongs to one the vial already has.

Called where the ledger writes discrepancies, so it stands beside the services and imports none.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dispatch.custody.cases.model import StepKind
from dispatch.custody.cases.records import CaseStepRow
from dispatch.custody.cases.rules.folding import tells_of_the_past
from dispatch.custody.cases.writing import write_step
from dispatch.custody.records import DiscrepancyRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock

JOINS = (StepKind.SIGNAL.value, StepKind.REOPENED.value)


def take_up(session: Session, row: DiscrepancyRow, actor: Actor, clock: Clock) -> UUID:
    """Let a discrepancy that was just written begin a case or join one; return the case's id.

    A resolved case that gets another signal is reopened; its `discovered_at` stays what it was, and so do
    its clocks (attack 11).
    """
    session.flush()
    known = _case_of_vial(session, row) if tells_of_the_past(row.kind, row.detail) else None
    if known is None:
        write_step(
            session, row.id, StepKind.OPENED, actor, clock,
            code=row.kind, event_id=row.event_id, signal_id=row.id,
        )  # fmt: skip
        return row.id
    _join(session, known, row.kind, row.event_id, row.id, actor, clock)
    return known


def later_fact(
    session: Session, container_id: UUID, event_id: UUID, codes: Sequence[str], actor: Actor, clock: Clock
) -> None:
    """Tell the newest case of a vial, where it has one, of an event that came late and fits the ledger."""
    if "late_entry" not in codes:
        return
    newest = session.scalars(_cases_of(container_id)).first()
    if newest is not None:
        _join(session, newest.id, "late_entry", event_id, None, actor, clock)


def _join(
    session: Session,
    case_id: UUID,
    code: str,
    event_id: UUID | None,
    signal_id: UUID | None,
    actor: Actor,
    clock: Clock,
) -> None:
    last = session.scalar(
        select(CaseStepRow.kind)
        .where(
            CaseStepRow.case_id == case_id,
            CaseStepRow.kind.in_((StepKind.RESOLVED.value, StepKind.REOPENED.value)),
        )
        .order_by(CaseStepRow.sequence.desc())
        .limit(1)
    )
    kind = StepKind.REOPENED if last == StepKind.RESOLVED.value else StepKind.SIGNAL
    write_step(session, case_id, kind, actor, clock, code=code, event_id=event_id, signal_id=signal_id)


def _case_of_vial(session: Session, row: DiscrepancyRow) -> UUID | None:
    if row.container_id is None:
        return None
    newest = session.scalars(_cases_of(row.container_id).where(DiscrepancyRow.id != row.id)).first()
    return newest.id if newest else None


def _cases_of(container_id: UUID) -> Select[DiscrepancyRow]:
    joined = select(CaseStepRow.signal_id).where(
        CaseStepRow.kind.in_(JOINS), CaseStepRow.signal_id.is_not(None)
    )
    return (
        select(DiscrepancyRow)
        .where(DiscrepancyRow.container_id == container_id, DiscrepancyRow.id.not_in(joined))
        .order_by(DiscrepancyRow.discovered_at.desc(), DiscrepancyRow.id.desc())
    )

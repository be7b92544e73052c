"""Whether the steps still say what they said when they were written."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody.cases.records import CaseStepRow
from dispatch.custody.cases.writing import LEAF, step_bytes
from dispatch.custody.log.records import LeafRow
from dispatch.kernel.sealing import SealBroken


def altered_steps(session: Session, case_id: UUID | None = None) -> list[UUID]:
    """Return the ids of steps whose row, opening, attachment or text contradicts their leaf in the log.

    A step without a leaf is among them. The log itself is checked by whoever holds a checkpoint of it.
    """
    asked = (
        select(CaseStepRow, LeafRow.content)
        .outerjoin(LeafRow, (LeafRow.entry_id == CaseStepRow.id) & (LeafRow.kind == LEAF))
        .order_by(CaseStepRow.case_id, CaseStepRow.sequence)
    )
    if case_id is not None:
        asked = asked.where(CaseStepRow.case_id == case_id)
    return [row.id for row, content in session.execute(asked) if not _agrees(session, row, content)]


def _agrees(session: Session, row: CaseStepRow, content: bytes | None) -> bool:
    try:
        return content is not None and step_bytes(session, row) == bytes(content)
    except SealBroken:
        return False

"""What every deed of clearance leaves behind: its audit entry, and refusals with everything at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.intake.model import CaseView
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, Reason


def audit(
    session: Session,
    action: str,
    subject_kind: str,
    subject_id: UUID,
    actor: Actor,
    clock: Clock,
    patient_id: UUID | None = None,
    **detail: Any,
) -> None:
    """Note a deed. The detail holds ids, codes and numbers, never what was found of a patient."""
    entry = AuditEntry(
        action=f"clearance.{action}", subject_kind=subject_kind, subject_id=subject_id,
        patient_id=patient_id, detail=detail,
    )  # fmt: skip
    record(session, entry, actor, clock)


def audit_case(
    session: Session, action: str, case: CaseView, actor: Actor, clock: Clock, **detail: Any
) -> None:
    """Note a deed on a case."""
    audit(session, action, "case", case.case_id, actor, clock, case.patient_id, **detail)


def refuse_all(
    *, forbidden: Sequence[Reason] = (), invalid: Sequence[Reason] = (), conflict: Sequence[Reason] = ()
) -> None:
    """Refuse with everything at once, under the gravest of the titles; nothing found, nothing refused."""
    everything = (*forbidden, *invalid, *conflict)
    if not everything:
        return
    raise (Forbidden if forbidden else Conflict if conflict else Invalid)(everything)

"""Policies accepted by version, and who pays."""

from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.intake.commands import Acceptance
from dispatch.intake.loading import account_of, open_case_row
from dispatch.intake.queries import agreements_of
from dispatch.intake.queries.gathered import words_digest
from dispatch.intake.records import AcceptanceRow
from dispatch.intake.sentences import reason
from dispatch.intake.service.cases import audit_case, settle
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.plain_text import LONGEST_LINE
from dispatch.kernel.refusals import Conflict, NotFound


def accept_agreement(session: Session, accepted: Acceptance, actor: Actor, clock: Clock) -> None:
    """Keep that the patient accepts a policy's present version: which words, when, from where.

    Raises
    ------
    NotFound
        ``no_such_agreement``.
    Conflict
        ``agreement_changed``: the version that was read is not the present one.
    """
    row = open_case_row(session, accepted.case_id, actor)
    found = next((each for each in agreements_of(session, row.id) if each.code == accepted.agreement), None)
    if found is None:
        raise NotFound([reason("no_such_agreement", "agreement")])
    if found.version != accepted.version:
        raise Conflict([reason("agreement_changed", "version")])
    if found.accepted_at is not None:
        return
    kept = AcceptanceRow(
        id=new_id(),
        case_id=row.id,
        agreement=found.code,
        version=found.version,
        words_sha256=words_digest(found.title, found.text),
        at=clock.now(),
        account_id=account_of(actor),
    )
    kept.address, kept.device = accepted.address[:LONGEST_LINE], accepted.device[:LONGEST_LINE]
    session.add(kept)
    session.flush()
    audit_case(session, "intake.accept", row, actor, clock, agreement=found.code, version=found.version)
    settle(session, row, clock, actor)


def say_self_pay(session: Session, case_id: UUID, self_pay: bool, actor: Actor, clock: Clock) -> None:
    """Keep whether the patient pays herself. Nothing is claimed from anybody either way (care-rules D13)."""
    row = open_case_row(session, case_id, actor)
    if row.self_pay is not self_pay:
        row.self_pay = self_pay
        audit_case(session, "intake.self_pay", row, actor, clock, self_pay=self_pay)
    settle(session, row, clock, actor)

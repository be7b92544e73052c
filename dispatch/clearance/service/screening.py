"""Screen a case and keep the verdict, with the policy values and digests it rests on."""

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.clearance.judged import judge
from dispatch.clearance.loading import Place, place_of
from dispatch.clearance.model import Finding, Verdict
from dispatch.clearance.records import VerdictRow
from dispatch.clearance.sealed import packed
from dispatch.clearance.service.traces import audit_case
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id


def screen(session: Session, case_id: UUID, actor: Actor, clock: Clock) -> Verdict:
    """Judge a case by the whole screening table and keep the verdict: all that is unmet, at once."""
    return keep_verdict(session, place_of(session, case_id, clock.now()), actor, clock)


def keep_verdict(session: Session, place: Place, actor: Actor, clock: Clock) -> Verdict:
    """Screen and keep, where the case was read already."""
    verdict = judge(session, place, clock.now()).verdict
    row = VerdictRow(
        id=new_id(),
        case_id=verdict.case_id,
        at=verdict.at,
        account_id=actor.account_id,
        policies={key: dict(value) for key, value in verdict.policies.items()},
        facts_digest=bytes.fromhex(verdict.facts_digest),
        medications_digest=verdict.medications_digest,
    )
    row.findings = packed({"findings": [_plain(each) for each in verdict.findings]})
    session.add(row)
    session.flush()
    audit_case(session, "screen", place.case, actor, clock, verdict_id=str(row.id))
    return replace(verdict, verdict_id=row.id)


def _plain(finding: Finding) -> dict[str, Any]:
    return asdict(finding) | {"until": finding.until.isoformat() if finding.until else None}

"""The verdict on a case at an instant: what is unmet, less what was signed or acknowledged for now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.clearance.gathering import Gathered, gather
from dispatch.clearance.loading import Place, newest_decision
from dispatch.clearance.model import Finding, RuleClass, Standing, Verdict
from dispatch.clearance.records import OverrideRow
from dispatch.clearance.rules.screening import findings
from dispatch.clearance.sealed import unpacked


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A verdict with the facts behind it."""

    verdict: Verdict
    gathered: Gathered


def judge(session: Session, place: Place, at: datetime) -> Judged:
    """Screen a case at `at`, without keeping the verdict."""
    gathered = gather(session, place, at)
    signed = signed_until(session, place.case.case_id, at, gathered.medications.digest)
    decision = newest_decision(session, place.case.case_id)
    seen = frozenset(unpacked(decision.content).get("acknowledged", ())) if decision else frozenset()
    found = tuple(_standing(each, signed, seen) for each in findings(gathered.facts, place.policies))
    verdict = Verdict(
        verdict_id=None,
        case_id=place.case.case_id,
        at=at,
        findings=found,
        policies=place.policies,
        facts_digest=gathered.facts_digest.hex(),
        medications_digest=gathered.medications.digest,
    )
    return Judged(verdict=verdict, gathered=gathered)


def _standing(finding: Finding, signed: Mapping[str, datetime], seen: frozenset[str]) -> Finding:
    if finding.rule_class is RuleClass.OVERRIDE and finding.rule in signed:
        return replace(finding, standing=Standing.SIGNED, until=signed[finding.rule])
    if finding.rule_class is RuleClass.WARN and finding.rule in seen:
        return replace(finding, standing=Standing.ACKNOWLEDGED)
    return finding


def signed_until(session: Session, case_id: UUID, at: datetime, list_digest: str) -> dict[str, datetime]:
    """Return the overrides in force at `at`: rule to its end; that instant is no longer covered.

    One that was signed for the medication list holds for that very list only.
    """
    wanted = select(OverrideRow).where(
        OverrideRow.case_id == case_id, OverrideRow.at <= at, OverrideRow.expires_at > at
    )
    found: dict[str, datetime] = {}
    for row in session.scalars(wanted.order_by(OverrideRow.expires_at)):
        content = unpacked(row.content)
        if content["list_digest"] in ("", list_digest):
            found[content["rule"]] = row.expires_at
    return found

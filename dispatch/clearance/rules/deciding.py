"""What a decision, an override, a review and a release need; when a clearance ends."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from dispatch.clearance.commands import Decide, SignOverride
from dispatch.clearance.model import Decision, Finding, Office, RuleClass, Verdict
from dispatch.clearance.rules.screening import RULES
from dispatch.clearance.sentences import reason
from dispatch.identity.model import ProofOfIdentity
from dispatch.kernel.plain_text import LONGEST_NOTE, text_fault
from dispatch.kernel.refusals import Reason

LEAST_WORDS = 3
BLOCKING = (RuleClass.BLOCK, RuleClass.REQUIRED, RuleClass.OVERRIDE)
# A policy signed higher by mistake does not outlive the law of the field (B06).
MOST_MAINTENANCE_DAYS = 90


def note_faults(text: str, field: str, *, needed: bool = True) -> list[Reason]:
    """Return what is wrong with something a prescriber wrote; a reason has at least a few letters."""
    if needed and len(text.strip()) < LEAST_WORDS:
        return [reason("reason_missing", field)]
    fault = text_fault(text, most=LONGEST_NOTE, lines=True)
    return [Reason(code=fault[0], text=fault[1], field=field)] if fault else []


def proof_faults(
    proof: ProofOfIdentity | None, account_id: object, now: datetime, fresh: timedelta
) -> list[Reason]:
    """Return why a signature does not count: none, another person's, or not fresh (45 CFR 164.312(d))."""
    if proof is None:
        return [reason("signature_missing", "proof")]
    if proof.account_id != account_id:
        return [reason("proof_of_another", "proof")]
    if not timedelta(0) <= now - proof.proved_at <= fresh:
        return [reason("proof_not_fresh", "proof")]
    return []


def standing_faults(command: Decide, verdict: Verdict) -> list[Reason]:
    """Return what stands against a decision.

    A candidate has no BLOCK, nothing REQUIRED missing, each OVERRIDE signed, each WARN acknowledged. The
    other decisions are always possible.
    """
    if command.decision is not Decision.CANDIDATE:
        return []
    found = [each.reason() for each in verdict.standing(*BLOCKING)]
    warnings = verdict.standing(RuleClass.WARN)
    return found + [_unseen(each) for each in warnings if each.rule not in command.acknowledged]


def decision_faults(command: Decide, today: date) -> list[Reason]:
    """Return what a decision leaves out: the reason, or target and recheck of what is treated first."""
    found = note_faults(command.reason, "reason")
    if command.decision is Decision.NEEDS_PRIOR_TREATMENT:
        found += [] if command.target.strip() else [reason("target_missing", "target")]
        found += note_faults(command.target, "target", needed=False)
        if command.recheck_on is None:
            found.append(reason("recheck_missing", "recheck_on"))
        elif command.recheck_on < today:
            found.append(reason("recheck_in_the_past", "recheck_on"))
    return found


def _unseen(finding: Finding) -> Reason:
    return Reason(code=finding.rule, text=finding.text, field="acknowledged", way_out=finding.way_out)


def override_faults(
    command: SignOverride, finding: Finding | None, offices: frozenset[Office], now: datetime, days: int
) -> list[Reason]:
    """Return everything against an override.

    Parameters
    ----------
    finding
        What the rule says of the case now; None when there is nothing to override.
    days
        The longest an override may hold (policy ``clearance.expiry``).
    """
    found = note_faults(command.reason, "reason")
    found += note_faults(command.monitoring, "monitoring", needed=False)
    if finding is None:
        return [*found, reason("nothing_to_override", "rule")]
    if finding.rule_class is not RuleClass.OVERRIDE:
        found.append(reason("not_overridable", "rule"))
    rule = RULES[finding.rule]
    if rule.lead and not offices & {Office.CLINICAL_LEAD, Office.MEDICAL_DIRECTOR}:
        found.append(reason("clinical_lead_signs", "rule"))
    if rule.monitoring and len(command.monitoring.strip()) < LEAST_WORDS:
        found.append(reason("monitoring_note_missing", "monitoring"))
    if not now < command.expires_at <= now + timedelta(days=days):
        found.append(reason("expiry_out_of_range", "expires_at"))
    return found


def clearance_ends(decided_at: datetime, policy: Mapping[str, Any], maintenance: bool) -> datetime:
    """Return the instant at which a clearance ends: that instant is no longer covered."""
    days = int(policy["days"])
    if maintenance:
        days = min(days, int(policy["maintenance_days"]), MOST_MAINTENANCE_DAYS)
    return decided_at + timedelta(days=days)

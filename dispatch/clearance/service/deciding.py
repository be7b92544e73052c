"""A prescriber decides, and signs overrides. Nobody else does, and never while a BLOCK stands."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from dispatch.clearance.commands import Decide, SignOverride
from dispatch.clearance.judged import judge
from dispatch.clearance.loading import authority_faults, newest_decision, place_of, prescriber_of
from dispatch.clearance.model import Decision
from dispatch.clearance.records import DecisionRow, OverrideRow
from dispatch.clearance.rules.deciding import (
    clearance_ends,
    decision_faults,
    override_faults,
    proof_faults,
    standing_faults,
)
from dispatch.clearance.rules.screening import RULES
from dispatch.clearance.sealed import packed
from dispatch.clearance.sentences import reason
from dispatch.clearance.service.screening import keep_verdict
from dispatch.clearance.service.traces import audit_case, refuse_all
from dispatch.intake.model import CaseDeed, CaseState
from dispatch.intake.service import move_case
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id

TREATED = frozenset({CaseState.CLEARED, CaseState.IN_TREATMENT, CaseState.MAINTENANCE})
# What a decision does to its case; a case that is there already stays.
MOVES: Mapping[Decision, tuple[CaseDeed, frozenset[CaseState]]] = {
    Decision.CANDIDATE: (CaseDeed.CLEAR, TREATED),
    Decision.NOT_CANDIDATE: (CaseDeed.DECLINE, frozenset({CaseState.DECLINED})),
    Decision.NEEDS_PRIOR_TREATMENT: (
        CaseDeed.REQUIRE_TREATMENT, frozenset({CaseState.NEEDS_PRIOR_TREATMENT}),
    ),
    Decision.MORE_INFO: (CaseDeed.ASK_FOR_MORE, frozenset({CaseState.MORE_INFO})),
}  # fmt: skip
DECIDABLE = TREATED | {CaseState.CONSULT_DONE, CaseState.NEEDS_PRIOR_TREATMENT, CaseState.MORE_INFO}


def decide(session: Session, command: Decide, actor: Actor, clock: Clock) -> DecisionRow:
    """Decide on a case; the verdict it rests on is made anew and kept with it.

    Raises
    ------
    Forbidden
        Without the role, licence of the patient's state, DEA registration, or a fresh proof.
    Conflict
        For a candidate: every BLOCK, REQUIRED, unsigned OVERRIDE and unseen WARN, by name;
        ``case_not_ready``, ``case_on_hold``.
    Invalid
        ``reason_missing``, ``target_missing``, ``recheck_missing``, ``recheck_in_the_past``.
    """
    now = clock.now()
    place = place_of(session, command.case_id, now)
    forbidden = [
        *authority_faults(session, actor, place),
        *proof_faults(command.proof, actor.account_id, now, place.fresh),
    ]
    verdict = keep_verdict(session, place, actor, clock)
    against = standing_faults(command, verdict)
    if place.case.state is CaseState.ON_HOLD:
        against.append(reason("case_on_hold"))
    elif place.case.state not in DECIDABLE:
        against.append(reason("case_not_ready"))
    refuse_all(forbidden=forbidden, invalid=decision_faults(command, place.day), conflict=against)
    assert actor.account_id is not None
    assert command.proof is not None
    last = newest_decision(session, command.case_id)
    row = DecisionRow(
        id=new_id(),
        case_id=command.case_id,
        sequence=(last.sequence if last else 0) + 1,
        verdict_id=verdict.verdict_id,
        decision=command.decision.value,
        at=now,
        account_id=actor.account_id,
        proof_ref=command.proof.session_ref,
        proved_at=command.proof.proved_at,
    )
    if command.decision is Decision.CANDIDATE:
        maintenance = place.case.state is CaseState.MAINTENANCE
        row.expires_at = clearance_ends(now, place.policies["clearance.expiry"], maintenance)
    if command.decision is Decision.NEEDS_PRIOR_TREATMENT:
        row.recheck_on = command.recheck_on
    row.content = packed(
        {
            "reason": command.reason.strip(),
            "target": command.target.strip(),
            "acknowledged": sorted(command.acknowledged & RULES.keys()),
        }
    )
    session.add(row)
    session.flush()
    deed, there = MOVES[command.decision]
    if place.case.state not in there:
        move_case(session, command.case_id, deed, actor, clock, command.reason)
    audit_case(session, "decide", place.case, actor, clock, decision_id=str(row.id))
    return row


def sign_override(session: Session, command: SignOverride, actor: Actor, clock: Clock) -> OverrideRow:
    """Set a rule of class OVERRIDE aside for one case until a day, signed with a reason.

    Raises
    ------
    Forbidden
        Without authority or a fresh proof.
    Invalid
        ``no_such_rule``, ``nothing_to_override``, ``not_overridable``, ``clinical_lead_signs``,
        ``monitoring_note_missing``, ``expiry_out_of_range``, ``reason_missing``.
    """
    now = clock.now()
    place = place_of(session, command.case_id, now)
    forbidden = [
        *authority_faults(session, actor, place),
        *proof_faults(command.proof, actor.account_id, now, place.fresh),
    ]
    judged = judge(session, place, now)
    prescriber = prescriber_of(session, actor.account_id)
    offices = prescriber.draft.offices if prescriber else frozenset()
    if command.rule in RULES:
        finding = next((each for each in judged.verdict.findings if each.rule == command.rule), None)
        days = place.policies["clearance.expiry"]["override_days"]
        invalid = override_faults(command, finding, offices, now, days)
    else:
        invalid = [reason("no_such_rule", "rule")]
    refuse_all(forbidden=forbidden, invalid=invalid)
    assert actor.account_id is not None
    assert command.proof is not None
    row = OverrideRow(
        id=new_id(),
        case_id=command.case_id,
        at=now,
        account_id=actor.account_id,
        proof_ref=command.proof.session_ref,
        proved_at=command.proof.proved_at,
        expires_at=command.expires_at,
    )
    of_list = RULES[command.rule].of_list
    row.content = packed(
        {
            "rule": command.rule,
            "reason": command.reason.strip(),
            "monitoring": command.monitoring.strip(),
            "list_digest": judged.gathered.medications.digest if of_list else "",
        }
    )
    session.add(row)
    session.flush()
    audit_case(session, "override.sign", place.case, actor, clock, override_id=str(row.id))
    return row

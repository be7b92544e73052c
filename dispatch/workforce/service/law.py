"""The states' rules: entered by compliance, in force once verified."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved, assign, require_version
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid, NotFound, refuse
from dispatch.workforce.model import StateRule
from dispatch.workforce.records import StateRuleRow
from dispatch.workforce.rules.compact import the_compact
from dispatch.workforce.rules.drafts import state_rule_faults
from dispatch.workforce.service.boards import audit_saved


def state_rules(session: Session) -> Sequence[StateRuleRow]:
    """Return the rows there are, by state."""
    return session.scalars(select(StateRuleRow).order_by(StateRuleRow.state)).all()


def enter_state_rule(
    session: Session, rule: StateRule, actor: Actor, clock: Clock, *, seen: int | None = None
) -> StateRuleRow:
    """Enter or change who may give ketamine at home in a state; unverified, it blocks as no row does."""
    if faults := state_rule_faults(rule, the_compact()):
        raise Invalid(faults)
    known = session.scalar(select(StateRuleRow).where(StateRuleRow.state == rule.state))
    if known is not None:
        require_version(known, seen)
    row = known or StateRuleRow(id=new_id(), state=rule.state)
    values = {
        "roles": sorted(rule.roles),
        "setting": rule.setting,
        "supervision": rule.supervision,
        "bolus_allowed": rule.bolus_allowed,
        "citation": rule.citation,
        "verified_on": rule.verified_on,
    }
    changed = assign(row, values)
    saved = Saved.ADDED if known is None else Saved.CHANGED if changed else Saved.UNCHANGED
    if known is None:
        session.add(row)
    audit_saved(session, "state_rule", row.id, saved, changed, actor, clock, state=row.state)
    return row


def verify_state_rule(session: Session, state: str, on: date, actor: Actor, clock: Clock) -> StateRuleRow:
    """Enter the day on which somebody checked a state's row against the law: it counts from now on."""
    row = session.scalar(select(StateRuleRow).where(StateRuleRow.state == state))
    if row is None:
        raise refuse(NotFound, "no_state_rule", f"There is no rule of {state}.", field="state")
    changed = assign(row, {"verified_on": on})
    saved = Saved.CHANGED if changed else Saved.UNCHANGED
    audit_saved(session, "state_rule", row.id, saved, changed, actor, clock, state=state, on=on.isoformat())
    return row

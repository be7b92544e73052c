"""Which move of a case is possible, and whose it is: `model.CASE_STEPS` and nothing else."""

from dispatch.intake.model import CASE_STEPS, TERMINAL, CaseDeed, CaseState, CaseStep, Party
from dispatch.intake.sentences import reason
from dispatch.kernel.refusals import Conflict, Forbidden

NEEDS_REASON = frozenset({CaseDeed.HOLD, CaseDeed.RELEASE, CaseDeed.CLOSE, CaseDeed.DECLINE})


def step_of(
    state: CaseState, held_from: CaseState | None, deed: CaseDeed, parties: frozenset[Party]
) -> CaseStep:
    """Return the step that `deed` is in this state.

    Raises
    ------
    Conflict
        ``case_step_not_allowed``, naming what is possible.
    Forbidden
        ``case_step_not_yours``, naming whose it is.
    """
    possible = steps_from(state, held_from)
    found = next((step for step in possible if step.deed is deed), None)
    if found is None:
        if state in TERMINAL:
            raise Conflict([reason("case_over")])
        known = ", ".join(sorted(step.deed.value for step in possible))
        raise Conflict([reason("case_step_not_allowed", state=state.value, deed=deed.value, known=known)])
    if found.by.isdisjoint(parties):
        known = " or ".join(sorted(party.value for party in found.by))
        raise Forbidden([reason("case_step_not_yours", known=known)])
    return found


def steps_from(state: CaseState, held_from: CaseState | None) -> tuple[CaseStep, ...]:
    """Return all steps that are possible: from a hold, back only to where the case was held."""
    return tuple(
        step
        for step in CASE_STEPS
        if step.source is state and (step.deed is not CaseDeed.RELEASE or step.target is held_from)
    )

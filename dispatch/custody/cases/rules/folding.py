"""What stands in a case, folded from its opening and its steps; and which signals belong to which case."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from dispatch.custody.cases.model import (
    AnsweredFactor,
    Case,
    Category,
    Classification,
    Factor,
    FactorAnswer,
    Opening,
    Resolution,
    Step,
    StepKind,
)

CATEGORIES: Mapping[str, Category] = {
    "count_variance": Category.COUNT,
    "count": Category.COUNT,
    "residual_left": Category.BALANCE,
    "more_than_drawn": Category.BALANCE,
    "more_than_left": Category.BALANCE,
    "balance": Category.BALANCE,
    "given_differs_from_rate": Category.BALANCE,
    "given_differs_from_residual": Category.BALANCE,
    "residual_differs": Category.BALANCE,
    "waste_differs_from_measured": Category.BALANCE,
    "residual_not_measured": Category.BALANCE,
    "measure_not_plausible": Category.BALANCE,
    "nothing_drawn": Category.BALANCE,
    "entry_corrected": Category.BALANCE,
    "assay_failed": Category.BALANCE,
    "seal_mismatch": Category.SEAL,
    "seal": Category.SEAL,
    "late_entry": Category.LATE,
    "late": Category.LATE,
    "device_time_runs_back": Category.LATE,
    "device_clock_ahead": Category.LATE,
    "beyond_use_time": Category.LATE,
    "over_draw": Category.OVER_DRAW,
    "above_order": Category.OVER_DRAW,
    "held_by_another": Category.CONFLICT,
    "state_does_not_allow": Category.CONFLICT,
    "hand_off_pending": Category.CONFLICT,
    "conflict": Category.CONFLICT,
    "hand_off_expired": Category.CONFLICT,
    "infusion_runs": Category.CONFLICT,
    "no_infusion": Category.CONFLICT,
    "witness_missing": Category.WASTE,
    "missing_waste": Category.WASTE,
    "witness_weak": Category.WASTE,
    "witness_without_authority": Category.WASTE,
    "witness_not_licensed": Category.WASTE,
    "witness_on_actors_device": Category.WASTE,
    "witness_kind_not_allowed": Category.WASTE,
    "companion_missing": Category.WASTE,
    "video_witness_typed_here": Category.WASTE,
    "shift_not_closed": Category.WASTE,
    "residual_unaccounted": Category.WASTE,
    "broken": Category.LOSS,
    "lost": Category.LOSS,
    "not_received": Category.LOSS,
    "stolen": Category.LOSS,
    "not_licensed_here": Category.STANDING,
    "off_shift": Category.STANDING,
    "not_the_registrants_agent": Category.STANDING,
    "state_line_crossed": Category.STANDING,
    "presence_not_allowed": Category.STANDING,
    "event_id_reused": Category.IDENTITY,
    "device_sequence_reused": Category.IDENTITY,
}
REUSED = frozenset({"event_id_reused", "device_sequence_reused"})


def category_of(kind: str) -> Category:
    """Return what a case of this kind is about."""
    return CATEGORIES.get(kind, Category.OTHER)


def tells_of_the_past(kind: str, detail: Mapping[str, Any]) -> bool:
    """Tell whether a signal speaks of what a vial's case already knows, and so belongs to it.

    A claim moves no drug: it contradicts what the ledger holds. A late entry tells of an earlier hour
    (attack 11: a phone syncs nine hours later, and the vial was reported lost meanwhile). Whatever else
    goes wrong with the vial is a discovery of its own, with clocks of its own.
    """
    return kind in REUSED or detail.get("applied") is False or "late_entry" in detail.get("reasons", ())


def folded(opening: Opening, steps: Iterable[Step]) -> Case:
    """Fold a case: later steps count over earlier ones, in their numbered order."""
    ordered = tuple(sorted(steps, key=lambda step: step.sequence))
    case = Case(opening=opening, steps=ordered)
    for step in ordered:
        case = _FOLDS.get(step.kind, _nothing)(case, step)
    return case


def _nothing(case: Case, _step: Step) -> Case:
    return case


def _reopened(case: Case, _step: Step) -> Case:
    # A later fact voids the judgement, not the notices: those were sent.
    return replace(
        case, resolved=False, resolution=None, classification=None, times_reopened=case.times_reopened + 1
    )


def _assigned(case: Case, step: Step) -> Case:
    return replace(case, assigned_to=step.person_id)


def _factor(case: Case, step: Step) -> Case:
    number, _, answer = step.code.partition(":")
    factor = Factor(int(number))
    answered = AnsweredFactor(
        factor=factor, answer=FactorAnswer(answer), reason=step.text, by=step.account_id, at=step.at
    )
    return replace(case, factors={**case.factors, factor: answered})


def _classified(case: Case, step: Step) -> Case:
    return replace(case, classification=Classification(step.code))


def _done(case: Case, step: Step) -> Case:
    # The first time counts: sending it again changes no clock.
    sent: datetime = step.happened_at or step.at
    return replace(case, done={step.code: sent, **case.done})


def _field(case: Case, step: Step) -> Case:
    return replace(case, fields={**case.fields, step.code: step})


def _resolved(case: Case, step: Step) -> Case:
    return replace(case, resolved=True, resolution=Resolution(step.code))


_FOLDS = {
    StepKind.REOPENED: _reopened,
    StepKind.ASSIGNED: _assigned,
    StepKind.FACTOR: _factor,
    StepKind.CLASSIFIED: _classified,
    StepKind.NOTICE_SENT: _done,
    StepKind.FORM_FILED: _done,
    StepKind.FIELD: _field,
    StepKind.RESOLVED: _resolved,
}

"""Infusions: what the pump gave, by rate, by its own word and by what is left; and the residual measured.

Three figures say how much a patient got: the rate over time, the pump's total, and what was drawn up less
what is left in the syringe and in the line. They have to agree within policy ``custody.measure``; where they
do not, the pump's word is posted and the difference becomes a case (21 CFR 1304.22(c); USP <797>).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatch.custody.infusion_commands import (
    ChangeRate,
    MeasureResidual,
    ReturnResidual,
    SealResidual,
    StartInfusion,
    StopInfusion,
)
from dispatch.custody.model import (
    QUARANTINE,
    Decision,
    EventKind,
    Moment,
    State,
    Vial,
    drawn_from,
    open_in,
    patient_of,
)
from dispatch.custody.rules.blocking import block_unless_overridden, lot_not_recalled, within_beyond_use
from dispatch.custody.rules.keeping import chain_holds, claim, fact, hand_off_waits, moves
from dispatch.custody.sentences import reason
from dispatch.kernel.quantities import MOST_UG
from dispatch.kernel.refusals import Invalid

MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Step:
    """From `at` on the pump ran at `rate_ug_per_min`."""

    at: datetime
    rate_ug_per_min: int


def decide_start(
    vial: Vial, command: StartInfusion, holder: str, running: bool, flags: tuple[str, ...], moment: Moment
) -> Decision:
    """Start: no drug moves yet; the line is filled from the syringe, and the rate runs from here."""
    is_measure(command.rate_ug_per_min, "rate_ug_per_min")
    is_measure(command.prime_ug, "prime_ug")
    against = chain_holds(vial, EventKind.INFUSION_STARTED, holder)
    if not against and command.prime_ug > vial.drawn_ug:
        against = ("more_than_drawn",)
    if against:
        return claim(
            vial,
            EventKind.INFUSION_STARTED,
            against + flags,
            expected_ug=vial.drawn_ug,
            found_ug=command.prime_ug,
        )
    blocked = within_beyond_use(vial.drawn_at, moment) + lot_not_recalled(vial)
    late = block_unless_overridden(blocked, command.override, flags)
    odd: tuple[str, ...] = () if vial.drawn_ug else ("nothing_drawn",)
    odd += ("infusion_runs",) if running else ()
    return fact(
        vial,
        EventKind.INFUSION_STARTED,
        State.ADMINISTERING,
        odd + hand_off_waits(vial, moment) + presence_is_allowed(command.presence, moment) + late + flags,
        (),
        overridden=() if late else blocked,
    )


def decide_rate(
    vial: Vial, command: ChangeRate, holder: str, running: bool, flags: tuple[str, ...]
) -> Decision:
    """Set another rate."""
    is_measure(command.rate_ug_per_min, "rate_ug_per_min")
    against = chain_holds(vial, EventKind.RATE_CHANGED, holder)
    if against:
        return claim(vial, EventKind.RATE_CHANGED, against + flags)
    odd = () if running else ("no_infusion",)
    return fact(vial, EventKind.RATE_CHANGED, vial.state, odd + flags, ())


def decide_stop(
    vial: Vial,
    command: StopInfusion,
    holder: str,
    steps: Sequence[Step],
    flags: tuple[str, ...],
    moment: Moment,
) -> Decision:
    """Stop: what the pump says it gave moves to the patient, and the three figures are compared."""
    for field in ("amount_ug", "prime_ug"):
        is_measure(getattr(command, field), field)
    is_measure(command.measured_ug or 0, "measured_ug")
    against = chain_holds(vial, EventKind.INFUSION_STOPPED, holder)
    if not against and command.amount_ug > vial.drawn_ug:
        against = ("more_than_drawn",)
    if against:
        return claim(
            vial,
            EventKind.INFUSION_STOPPED,
            against + flags,
            expected_ug=vial.drawn_ug,
            found_ug=command.amount_ug,
        )
    odd, expected_ug = given_disagrees(vial, command, steps, moment)
    decision = fact(
        vial,
        EventKind.INFUSION_STOPPED,
        State.RESIDUAL_PENDING if command.completes else State.ADMINISTERING,
        odd + hand_off_waits(vial, moment) + within_beyond_use(vial.drawn_at, moment) + flags,
        moves(
            (drawn_from(vial.container_id), -command.amount_ug),
            (patient_of(command.visit_id), command.amount_ug),
        ),
    )
    if expected_ug is None:
        return decision
    return replace(decision, expected_ug=expected_ug, found_ug=command.amount_ug)


def given_disagrees(
    vial: Vial, command: StopInfusion, steps: Sequence[Step], moment: Moment
) -> tuple[tuple[str, ...], int | None]:
    """Return in which ways the pump's total disagrees, and the figure it should have been, in micrograms."""
    found: tuple[str, ...] = ()
    expected: int | None = None
    if not steps:
        found += ("no_infusion",)
    else:
        by_rate = given_by_rate(steps, moment.happened_at)
        if differs(by_rate, command.amount_ug, vial.drawn_ug, moment):
            found, expected = (*found, "given_differs_from_rate"), by_rate
    if command.measured_ug is not None:
        by_rest = max(0, vial.drawn_ug - command.measured_ug - command.prime_ug)
        if differs(by_rest, command.amount_ug, vial.drawn_ug, moment):
            found, expected = (*found, "given_differs_from_residual"), by_rest
    return found, expected


def given_by_rate(steps: Sequence[Step], until: datetime) -> int:
    """Return what the rates give until then, in micrograms, rounded down once at the end."""
    ends = [*(step.at for step in steps[1:]), until][: len(steps)]
    run = (
        step.rate_ug_per_min * max(0, (end - step.at) // MICROSECOND)
        for step, end in zip(steps, ends, strict=True)
    )
    return sum(run) // (MINUTE // MICROSECOND)


def decide_measure(
    vial: Vial, command: MeasureResidual, holder: str, flags: tuple[str, ...], moment: Moment
) -> Decision:
    """Measure what is left: nothing moves, but a figure that the ledger does not expect becomes a case."""
    is_measure(command.measured_ug, "measured_ug")
    against = chain_holds(vial, EventKind.RESIDUAL_MEASURED, holder)
    if against:
        return claim(vial, EventKind.RESIDUAL_MEASURED, against + flags)
    return _measured(vial, EventKind.RESIDUAL_MEASURED, command.measured_ug, flags, moment)


def decide_seal(
    vial: Vial, command: SealResidual, holder: str, flags: tuple[str, ...], moment: Moment
) -> Decision:
    """Seal the residual, to be carried back: it stays the nurse's until a pharmacist signs for it."""
    is_measure(command.measured_ug, "measured_ug")
    against = chain_holds(vial, EventKind.RESIDUAL_SEALED, holder)
    if against:
        return claim(vial, EventKind.RESIDUAL_SEALED, against + flags)
    if not command.seal:
        raise Invalid([reason("seal_missing", "seal")])
    may = moment.policy["custody.residual"]["carried_back"]
    odd = () if may else ("carry_back_not_allowed",)
    return _measured(vial, EventKind.RESIDUAL_SEALED, command.measured_ug, odd + flags, moment)


def decide_bring_back(
    vial: Vial,
    command: ReturnResidual,
    pharmacy: str,
    holder: str,
    sealed_as: str | None,
    flags: tuple[str, ...],
    moment: Moment,
) -> Decision:
    """The residual is handed in: all that the ledger says is left goes to quarantine, for assay or waste."""
    is_measure(command.measured_ug, "measured_ug")
    against = chain_holds(vial, EventKind.RESIDUAL_RETURNED, holder)
    if against:
        return claim(vial, EventKind.RESIDUAL_RETURNED, against + flags)
    odd = ("residual_not_sealed",) if sealed_as is None else ()
    if sealed_as is not None and sealed_as != command.seal:
        odd = ("seal_mismatch",)
    decision = _measured(vial, EventKind.RESIDUAL_RETURNED, command.measured_ug, odd + flags, moment)
    lines = moves(
        (open_in(vial.container_id), -vial.open_ug),
        (drawn_from(vial.container_id), -vial.drawn_ug),
        (QUARANTINE, vial.residual_ug),
    )
    return replace(decision, to_state=State.QUARANTINE, to_holder=pharmacy, postings=lines)


def _measured(
    vial: Vial, kind: EventKind, measured_ug: int, flags: tuple[str, ...], moment: Moment
) -> Decision:
    """Compare a measure with the ledger; what a vial holds above its label (overfill) is no surplus."""
    short = measured_ug < vial.residual_ug
    surplus = measured_ug > vial.residual_ug + vial.overfill_left_ug
    odd: tuple[str, ...] = ()
    if (short or surplus) and differs(measured_ug, vial.residual_ug, vial.label_ug, moment):
        odd = ("residual_differs",)
    decision = fact(vial, kind, State.RESIDUAL_PENDING, odd + flags, ())
    decision = replace(decision, offered_to=vial.offered_to, offered_until=vial.offered_until)
    if not odd:
        return decision
    return replace(decision, expected_ug=vial.residual_ug, found_ug=measured_ug)


def differs(one_ug: int, other_ug: int, of_ug: int, moment: Moment) -> bool:
    """Tell whether two measures lie further apart than instruments do (policy ``custody.measure``)."""
    policy = moment.policy["custody.measure"]
    allowed: int = max(policy["least_ug"], of_ug * policy["tolerance_permille"] // 1000)
    return abs(one_ug - other_ug) > allowed


def presence_is_allowed(presence: str, moment: Moment) -> tuple[str, ...]:
    """The prescriber is there in a way that policy ``custody.presence`` names; unsaid is not judged."""
    allowed = not presence or presence in moment.policy["custody.presence"]["modes"]
    return () if allowed else ("presence_not_allowed",)


def is_measure(amount: int, field: str) -> None:
    """Refuse what no instrument can have shown; nothing at all is a measure."""
    if not 0 <= amount <= MOST_UG:
        raise Invalid([reason("measure_not_plausible", field)])

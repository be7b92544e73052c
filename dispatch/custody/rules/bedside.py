"""Open, draw, administer, waste: what each does to the vial and to the ledger.

Each decision is taken on a `Vial` read under its lock. A deed that contradicts the chain of custody or
the arithmetic becomes a claim; one that breaks another rule is applied and flagged; expiry, beyond-use
time and the order's ceiling block, unless an override is recorded (invariant 8).
"""

from dataclasses import replace

from dispatch.custody.commands import Administer, Draw, OpenContainer, WasteResidual
from dispatch.custody.model import (
    SOURCE_OVERFILL,
    WASTE,
    Decision,
    EventKind,
    Moment,
    Posting,
    State,
    Vial,
    custody_of,
    drawn_from,
    open_in,
    patient_of,
)
from dispatch.custody.rules.blocking import (
    block_unless_overridden,
    lot_in_date,
    lot_not_recalled,
    order_covers,
    within_beyond_use,
)
from dispatch.custody.rules.keeping import chain_holds, claim, fact, hand_off_waits, moves
from dispatch.custody.rules.measuring import differs, presence_is_allowed
from dispatch.custody.sentences import reason
from dispatch.custody.witnessing import WitnessKind
from dispatch.kernel.quantities import MOST_UG
from dispatch.kernel.refusals import Invalid


def decide_open(
    vial: Vial, command: OpenContainer, holder: str, flags: tuple[str, ...], moment: Moment
) -> Decision:
    """Break the seal: the label amount moves from the holder's custody into the open vial.

    Of two phones that open one vial the first wins; the second one's word is kept as a claim
    (attack 1). A wrong seal is never opened in the ledger (attack 15).
    """
    against = chain_holds(vial, EventKind.OPENED, holder) + seal_is_on_record(vial, command.seal)
    if against:
        return claim(vial, EventKind.OPENED, against + flags)
    blocked = lot_in_date(vial, moment) + lot_not_recalled(vial)
    late = block_unless_overridden(blocked, command.override, flags)
    return fact(
        vial,
        EventKind.OPENED,
        State.OPENED,
        hand_off_waits(vial, moment) + late + flags,
        moves((custody_of(vial.holder), -vial.label_ug), (open_in(vial.container_id), vial.label_ug)),
        overridden=() if late else blocked,
    )


def decide_draw(
    vial: Vial,
    command: Draw,
    holder: str,
    drawn_for_visit_ug: int,
    flags: tuple[str, ...],
    moment: Moment,
) -> Decision:
    """Draw up: from the open vial, and beyond its label from its capped overfill, into the syringe."""
    amount_is_measured(command.amount_ug)
    against = chain_holds(vial, EventKind.DRAWN, holder)
    can_give = vial.open_ug + vial.overfill_left_ug
    if not against and command.amount_ug > can_give:
        against = ("over_draw",)
    if against:
        return claim(vial, EventKind.DRAWN, against + flags, expected_ug=can_give, found_ug=command.amount_ug)
    blocked = (
        lot_in_date(vial, moment)
        + lot_not_recalled(vial)
        + order_covers(drawn_for_visit_ug + command.amount_ug, command.order_ceiling_ug)
        + within_beyond_use(vial.opened_at, moment)
    )
    late = block_unless_overridden(blocked, command.override, flags)
    decision = fact(
        vial,
        EventKind.DRAWN,
        State.OPENED if vial.state is State.OPENED else State.ADMINISTERING,
        hand_off_waits(vial, moment) + late + flags,
        drawn_up(vial, command.amount_ug),
        overridden=() if late else blocked,
    )
    return replace(decision, drawn_at=vial.drawn_at if vial.drawn_ug else moment.happened_at)


def decide_administer(
    vial: Vial, command: Administer, holder: str, flags: tuple[str, ...], moment: Moment
) -> Decision:
    """Give: from the syringe to the patient of the visit, never more than was drawn (invariant 2).

    21 CFR 1304.22(c) with 1304.27 as the template: substance, date, patient, amount, who.
    """
    amount_is_measured(command.amount_ug)
    against = chain_holds(vial, EventKind.ADMINISTERED, holder)
    if not against and command.amount_ug > vial.drawn_ug:
        against = ("more_than_drawn",)
    if against:
        return claim(
            vial,
            EventKind.ADMINISTERED,
            against + flags,
            expected_ug=vial.drawn_ug,
            found_ug=command.amount_ug,
        )
    return fact(
        vial,
        EventKind.ADMINISTERED,
        State.RESIDUAL_PENDING if command.completes else State.ADMINISTERING,
        hand_off_waits(vial, moment)
        + within_beyond_use(vial.drawn_at, moment)
        + presence_is_allowed(command.presence, moment)
        + flags,
        moves(
            (drawn_from(vial.container_id), -command.amount_ug),
            (patient_of(command.visit_id), command.amount_ug),
        ),
    )


def decide_waste(
    vial: Vial,
    command: WasteResidual,
    holder: str,
    flags: tuple[str, ...],
    moment: Moment,
    measured_ug: int | None = None,
    typed_here: bool = False,
) -> Decision:
    """Destroy leftover drug: first what was drawn up, then what the vial still held, then overfill.

    `measured_ug` is what an entry of its own said was left, None where there was none since drug last
    moved; `typed_here` that the witness typed the secret on the actor's own phone.

    Leftover after administration is not inventory: no Form 41, but always two signatures, and never
    the sewer (21 CFR 1317.90, 40 CFR 266.505).
    """
    amount_is_measured(command.amount_ug)
    against = chain_holds(vial, EventKind.WASTED, holder)
    can_be_left = vial.residual_ug + vial.overfill_left_ug
    if not against and command.amount_ug > can_be_left:
        against = ("more_than_left",)
    if against:
        return claim(
            vial,
            EventKind.WASTED,
            against + flags,
            expected_ug=vial.residual_ug,
            found_ug=command.amount_ug,
        )
    return fact(
        vial,
        EventKind.WASTED,
        after_waste(vial, command.amount_ug),
        hand_off_waits(vial, moment) + waste_was_seen(vial, command, moment, measured_ug, typed_here) + flags,
        destroyed(vial, command.amount_ug),
    )


def drawn_up(vial: Vial, amount_ug: int) -> tuple[Posting, ...]:
    """Return the postings of a draw: from the open vial, then from its overfill."""
    from_vial = min(amount_ug, vial.open_ug)
    return moves(
        (open_in(vial.container_id), -from_vial),
        (SOURCE_OVERFILL, from_vial - amount_ug),
        (drawn_from(vial.container_id), amount_ug),
    )


def destroyed(vial: Vial, amount_ug: int) -> tuple[Posting, ...]:
    """Return the postings of a waste: from the syringe, then from the vial, then from its overfill."""
    from_syringe = min(amount_ug, vial.drawn_ug)
    from_vial = min(amount_ug - from_syringe, vial.open_ug)
    return moves(
        (drawn_from(vial.container_id), -from_syringe),
        (open_in(vial.container_id), -from_vial),
        (SOURCE_OVERFILL, from_syringe + from_vial - amount_ug),
        (WASTE, amount_ug),
    )


def after_waste(vial: Vial, amount_ug: int) -> State:
    """Return where a waste leaves the vial: done, or something is left still."""
    return State.RESIDUAL_PENDING if amount_ug < vial.residual_ug else State.WASTED


def seal_is_on_record(vial: Vial, seal: str) -> tuple[str, ...]:
    """The seal read off the vial is the one that was recorded."""
    return () if seal == vial.seal else ("seal_mismatch",)


def amount_is_measured(amount_ug: int) -> None:
    """Refuse what no measure can have shown: nothing, less than nothing, or above a kilogram."""
    if not 0 < amount_ug <= MOST_UG:
        raise Invalid([reason("amount_not_measured", "amount_ug")])


def waste_was_seen(
    vial: Vial, command: WasteResidual, moment: Moment, measured_ug: int | None, typed_here: bool
) -> tuple[str, ...]:
    """Return what is odd about how a waste was measured and seen (policies ``custody.residual``,
    ``custody.witnesses``)."""
    found = []
    if command.witness_kind not in moment.policy["custody.witnesses"]["waste_kinds"]:
        found.append("witness_kind_not_allowed")
    if command.witness_kind is WitnessKind.COMPANION and not command.companion:
        found.append("companion_missing")
    if command.witness_kind is WitnessKind.LIVE_VIDEO and typed_here:
        found.append("video_witness_typed_here")
    if measured_ug is None:
        if moment.policy["custody.residual"]["measured_first"]:
            found.append("residual_not_measured")
    elif differs(measured_ug, command.amount_ug, vial.label_ug, moment):
        found.append("waste_differs_from_measured")
    return tuple(found)

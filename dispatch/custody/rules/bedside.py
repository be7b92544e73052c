"""Open, draw, administer, waste: what each does to the vial and to the ledger.

Each decision is taken on a `Vial` read under its lock. A deed that contradicts the chain of custody or
the arithmetic becomes a claim; one that breaks another rule is applied and flagged; expiry, beyond-use
time and the order's ceiling block, unless an override is recorded (invariant 8).
"""

from dataclasses import replace
from datetime import datetime

from dispatch.custody.commands import Administer, Draw, OpenContainer, WasteResidual
from dispatch.custody.model import (
    SOURCE_OVERFILL,
    WASTE,
    Decision,
    EventKind,
    Moment,
    Override,
    State,
    Vial,
    custody_of,
    drawn_from,
    open_in,
    patient_of,
)
from dispatch.custody.rules.keeping import chain_holds, claim, fact, moves
from dispatch.custody.sentences import reason
from dispatch.kernel.quantities import MOST_UG
from dispatch.kernel.refusals import Conflict, Invalid


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
    blocked = lot_in_date(vial, moment)
    block_unless_overridden(blocked, command.override)
    pending = ("hand_off_pending",) if vial.offered_to else ()
    return fact(
        vial,
        EventKind.OPENED,
        State.OPENED,
        pending + flags,
        moves((custody_of(vial.holder), -vial.label_ug), (open_in(vial.container_id), vial.label_ug)),
        overridden=blocked,
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
        + order_covers(drawn_for_visit_ug + command.amount_ug, command.order_ceiling_ug)
        + within_beyond_use(vial.opened_at, moment)
    )
    block_unless_overridden(blocked, command.override)
    from_vial = min(command.amount_ug, vial.open_ug)
    decision = fact(
        vial,
        EventKind.DRAWN,
        State.OPENED if vial.state is State.OPENED else State.ADMINISTERING,
        flags,
        moves(
            (open_in(vial.container_id), -from_vial),
            (SOURCE_OVERFILL, from_vial - command.amount_ug),
            (drawn_from(vial.container_id), command.amount_ug),
        ),
        overridden=blocked,
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
        within_beyond_use(vial.drawn_at, moment) + flags,
        moves(
            (drawn_from(vial.container_id), -command.amount_ug),
            (patient_of(command.visit_id), command.amount_ug),
        ),
    )


def decide_waste(vial: Vial, command: WasteResidual, holder: str, flags: tuple[str, ...]) -> Decision:
    """Destroy leftover drug: first what was drawn up, then what the vial still held, then overfill.

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
    from_syringe = min(command.amount_ug, vial.drawn_ug)
    from_vial = min(command.amount_ug - from_syringe, vial.open_ug)
    overfill = command.amount_ug - from_syringe - from_vial
    left = vial.residual_ug - from_syringe - from_vial
    return fact(
        vial,
        EventKind.WASTED,
        State.RESIDUAL_PENDING if left else State.WASTED,
        flags,
        moves(
            (drawn_from(vial.container_id), -from_syringe),
            (open_in(vial.container_id), -from_vial),
            (SOURCE_OVERFILL, -overfill),
            (WASTE, command.amount_ug),
        ),
    )


def seal_is_on_record(vial: Vial, seal: str) -> tuple[str, ...]:
    """The seal read off the vial is the one that was recorded."""
    return () if seal == vial.seal else ("seal_mismatch",)


def lot_in_date(vial: Vial, moment: Moment) -> tuple[str, ...]:
    """The lot may be used up to and including its expiry date, in the area's calendar."""
    return () if moment.today <= vial.expires_on else ("lot_expired",)


def order_covers(total_ug: int, ceiling_ug: int) -> tuple[str, ...]:
    """Everything drawn for the visit stays within the order (21 CFR 1306.05, the order names the dose)."""
    return () if total_ug <= ceiling_ug else ("above_order",)


def within_beyond_use(since: datetime | None, moment: Moment) -> tuple[str, ...]:
    """A punctured vial, and drug in a syringe, is used within hours (USP <797>, ``custody.beyond_use_h``)."""
    over = since is not None and moment.happened_at - since > moment.beyond_use
    return ("beyond_use_time",) if over else ()


def amount_is_measured(amount_ug: int) -> None:
    """Refuse what no measure can have shown: nothing, less than nothing, or above a kilogram."""
    if not 0 < amount_ug <= MOST_UG:
        raise Invalid([reason("amount_not_measured", "amount_ug")])


def block_unless_overridden(codes: tuple[str, ...], override: Override | None) -> None:
    """Refuse with every blocking rule, unless somebody recorded why to go on (invariant 8)."""
    if codes and override is None:
        raise Conflict([reason(code) for code in codes])

"""Stock: what arrives, what is taken out of use, what goes back, what is destroyed."""

from dispatch.custody.model import (
    QUARANTINE,
    RETURNED,
    SOURCE_PHARMACY,
    WASTE,
    Basis,
    Decision,
    EventKind,
    Moment,
    State,
    Vial,
    custody_of,
)
from dispatch.custody.rules.bedside import seal_is_on_record
from dispatch.custody.rules.blocking import lot_in_date, lot_not_recalled
from dispatch.custody.rules.hand_off import refuse_if
from dispatch.custody.rules.keeping import chain_holds, fact, moves


def decide_dispense(vial: Vial) -> Decision:
    """A supplier lists the vial: it is on its way and nobody's in this ledger (21 CFR 1305.13)."""
    return fact(vial, EventKind.DISPENSED, State.DISPENSED, (), (), to_holder="")


def decide_arrival(vial: Vial, holder: str, seal: str) -> Decision:
    """A listed vial arrived (21 CFR 1304.22(a)(2)); with a wrong seal it is quarantined at once."""
    wrong = seal_is_on_record(vial, seal)
    account = QUARANTINE if wrong else custody_of(holder)
    return fact(
        vial,
        EventKind.RECEIVED,
        State.QUARANTINE if wrong else State.DISPENSED,
        wrong,
        moves((SOURCE_PHARMACY, -vial.label_ug), (account, vial.label_ug)),
        to_holder=holder,
    )


def decide_set_aside(vial: Vial, kind: EventKind, holder: str, moment: Moment) -> Decision:
    """Take a vial out of stock: what expired, or what should not be used (21 CFR 1304.11, 211.142)."""
    wrong = chain_holds(vial, kind, holder)
    if kind is EventKind.EXPIRED and not lot_in_date(vial, moment):
        wrong += ("not_expired",)
    refuse_if(wrong)
    return out_of_use(vial, kind, State.EXPIRED if kind is EventKind.EXPIRED else State.QUARANTINE)


def out_of_use(vial: Vial, kind: EventKind, state: State) -> Decision:
    """Move what a stock point has of a sealed vial into quarantine; what stands there already only changes
    its state."""
    come_from = {State.DISPENSED: custody_of(vial.holder), State.RETURNED: RETURNED}.get(vial.state)
    lines = moves((come_from, -vial.label_ug), (QUARANTINE, vial.label_ug)) if come_from else ()
    return fact(vial, kind, state, (), lines)


def decide_restock(vial: Vial, holder: str, seal: str, moment: Moment) -> Decision:
    """Put a returned vial back on the shelf: the registrant's own, sealed, in date and not recalled."""
    foreign = () if vial.basis is Basis.REGISTRANT_STOCK else ("not_for_stock",)
    refuse_if(
        chain_holds(vial, EventKind.RESTOCKED, holder)
        + foreign
        + seal_is_on_record(vial, seal)
        + lot_in_date(vial, moment)
        + lot_not_recalled(vial)
    )
    lines = moves((RETURNED, -vial.label_ug), (custody_of(holder), vial.label_ug))
    return fact(vial, EventKind.RESTOCKED, State.DISPENSED, (), lines)


def decide_destroy(vial: Vial, holder: str, put_aside_ug: int, flags: tuple[str, ...]) -> Decision:
    """Make put-aside drug non-retrievable, before two people (21 CFR 1317.90, 1317.95(d)).

    `put_aside_ug` is what stands of this vial in quarantine. Inventory goes on Form 41; a residual that was
    carried back is not inventory (DEA letter of 17 October 2014).
    """
    refuse_if(chain_holds(vial, EventKind.DESTROYED, holder))
    lines = moves((QUARANTINE, -put_aside_ug), (WASTE, put_aside_ug))
    return fact(vial, EventKind.DESTROYED, State.DESTROYED, flags, lines)

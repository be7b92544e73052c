"""Sealed vials between pharmacy and nurse: receipt, pickup, return; and what befalls them."""

from dispatch.custody.commands import ReportException
from dispatch.custody.model import (
    LOST,
    NOBODY,
    QUARANTINE,
    RETURNED,
    SOURCE_PHARMACY,
    Basis,
    Decision,
    EventKind,
    Moment,
    Posting,
    State,
    Vial,
    custody_of,
    drawn_from,
    open_in,
)
from dispatch.custody.rules.bedside import seal_is_on_record
from dispatch.custody.rules.blocking import lot_in_date, lot_not_recalled
from dispatch.custody.rules.keeping import chain_holds, claim, fact, moves
from dispatch.custody.sentences import reason
from dispatch.custody.states import HELD, SEALED, TRANSITIONS
from dispatch.kernel.refusals import Reason


def decide_receive(vial: Vial, holder: str) -> Decision:
    """Drug enters the ledger with the delivery (21 CFR 1304.21(a), 1304.22(a): records of receipt)."""
    return fact(
        vial,
        EventKind.RECEIVED,
        State.DISPENSED,
        (),
        moves((SOURCE_PHARMACY, -vial.label_ug), (custody_of(holder), vial.label_ug)),
        to_holder=holder,
    )


def pickup_reasons(vial: Vial, pharmacy: str, seal: str, moment: Moment, field: str) -> list[Reason]:
    """Return all that speaks against handing this vial out: its state, its place, its seal, its date."""
    codes = (
        chain_holds(vial, EventKind.PICKED_UP, pharmacy)
        + seal_is_on_record(vial, seal)
        + lot_in_date(vial, moment)
        + lot_not_recalled(vial)
    )
    return [reason(code, field) for code in codes]


def decide_pick_up(vial: Vial, holder: str) -> Decision:
    """Pharmacist and nurse sign: the sealed vial moves into the nurse's custody (21 CFR 1301.22)."""
    return fact(vial, EventKind.PICKED_UP, State.PICKED_UP, (), change_hands(vial, holder), to_holder=holder)


def decide_return(
    vial: Vial, pharmacy: str, holder: str, seal: str, flags: tuple[str, ...], moment: Moment
) -> Decision:
    """A sealed vial comes back. Whose it is, and its lot, decide where it goes.

    The registrant's own stock may be returned; a vial dispensed for a patient must not enter stock
    again and is quarantined (21 CFR 1317.85 and the board's rules; `Basis`). A vial whose drug is in
    quarantine already only changes its place.
    """
    against = chain_holds(vial, EventKind.RETURNED, holder)
    if against:
        return claim(vial, EventKind.RETURNED, against + flags)
    if vial.state not in SEALED:
        return fact(vial, EventKind.RETURNED, State.QUARANTINE, flags, (), to_holder=pharmacy)
    wrong_seal = seal_is_on_record(vial, seal)
    end = _where_it_goes(vial, wrong_seal, moment)
    account = RETURNED if end is State.RETURNED else QUARANTINE
    return fact(
        vial,
        EventKind.RETURNED,
        end,
        wrong_seal + flags,
        moves((custody_of(vial.holder), -vial.label_ug), (account, vial.label_ug)),
        to_holder=pharmacy,
    )


def _where_it_goes(vial: Vial, wrong_seal: tuple[str, ...], moment: Moment) -> State:
    if wrong_seal:
        return State.QUARANTINE
    if vial.recalled:
        return State.RECALLED
    if lot_in_date(vial, moment):
        return State.EXPIRED
    return State.RETURNED if vial.basis is Basis.REGISTRANT_STOCK else State.QUARANTINE


def decide_exception(vial: Vial, command: ReportException, holder: str, flags: tuple[str, ...]) -> Decision:
    """Broken, lost, stolen, wrong seal: never refused, whoever reports it, and always a discrepancy.

    Theft and significant loss start the clocks of 21 CFR 1301.76(b). What broke or has a wrong seal is
    quarantined, what is gone stands in the account ``lost``. A report about drug that nobody holds any
    more is kept as a claim.
    """
    flags = (command.kind.value, *flags)
    if vial.holder != holder:
        flags = (*flags, "held_by_another")
    if vial.state not in TRANSITIONS[command.kind].begins:
        return claim(vial, command.kind, ("state_does_not_allow", *flags))
    gone = command.kind in (EventKind.LOST, EventKind.STOLEN)
    account = LOST if gone else QUARANTINE
    out = everything_in(vial)
    amount_ug = -sum(line.amount_ug for line in out)
    lines = [(line.account, line.amount_ug) for line in out]
    return fact(
        vial,
        command.kind,
        State(command.kind.value),
        flags,
        moves(*lines, (account, amount_ug)),
        to_holder="" if gone else None,
    )


def everything_in(vial: Vial) -> tuple[Posting, ...]:
    """Return postings that take out all a held vial contains; on its way from a supplier it is nobody's."""
    if vial.state not in HELD or vial.holder == NOBODY:
        return ()
    if vial.state in SEALED:
        return moves((custody_of(vial.holder), -vial.label_ug))
    return moves((open_in(vial.container_id), -vial.open_ug), (drawn_from(vial.container_id), -vial.drawn_ug))


def change_hands(vial: Vial, holder: str) -> tuple[Posting, ...]:
    """Return the postings that move a sealed vial to another holder; opened drug stays in its vial."""
    if vial.state not in SEALED:
        return ()
    return moves((custody_of(vial.holder), -vial.label_ug), (custody_of(holder), vial.label_ug))

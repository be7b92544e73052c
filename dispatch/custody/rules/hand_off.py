"""A vial on its way and from nurse to nurse: offered first, the receiver's only when accepted.

Nobody becomes a holder without agreeing to it, and nobody stops being one before somebody else has
(two-phase transfer; custody-rules.md: giver *and* receiver).
"""

from dataclasses import replace

from dispatch.custody.model import Decision, EventKind, State, Vial
from dispatch.custody.rules.bedside import seal_is_on_record
from dispatch.custody.rules.holding import change_hands
from dispatch.custody.rules.keeping import chain_holds, fact
from dispatch.custody.sentences import reason
from dispatch.custody.states import TRANSITIONS
from dispatch.kernel.refusals import Conflict


def decide_set_out(vial: Vial, holder: str, flags: tuple[str, ...]) -> Decision:
    """The nurse leaves the pharmacy: the sealed vial is in transit."""
    refuse_if(chain_holds(vial, EventKind.SET_OUT, holder))
    decision = fact(vial, EventKind.SET_OUT, State.IN_TRANSIT, flags, ())
    return replace(decision, offered_to=vial.offered_to)


def decide_offer(vial: Vial, holder: str, to_holder: str, seal: str, flags: tuple[str, ...]) -> Decision:
    """The holder signs and offers; the vial stays the holder's until the receiver signs too."""
    refuse_if(
        chain_holds(vial, EventKind.HAND_OFF_OFFERED, holder)
        + seal_is_on_record(vial, seal)
        + (("hand_off_pending",) if vial.offered_to else ())
        + (("hand_off_to_oneself",) if to_holder == holder else ())
    )
    decision = fact(vial, EventKind.HAND_OFF_OFFERED, vial.state, flags, ())
    return replace(decision, offered_to=to_holder)


def decide_accept(vial: Vial, holder: str, seal: str, flags: tuple[str, ...]) -> Decision:
    """The receiver signs and holds the vial. Like a pickup it needs licence and shift (attack 12)."""
    blocking = tuple(code for code in flags if code in ("not_licensed_here", "off_shift"))
    refuse_if(is_offered_to(vial, holder) + seal_is_on_record(vial, seal) + blocking)
    return fact(
        vial, EventKind.HAND_OFF_ACCEPTED, vial.state, flags, change_hands(vial, holder), to_holder=holder
    )


def decide_decline(vial: Vial, holder: str, flags: tuple[str, ...]) -> Decision:
    """The receiver declines; the holder may offer again."""
    refuse_if(is_offered_to(vial, holder))
    return fact(vial, EventKind.HAND_OFF_DECLINED, vial.state, flags, ())


def is_offered_to(vial: Vial, holder: str) -> tuple[str, ...]:
    """A hand-off of this sealed vial waits for this nurse."""
    in_time = vial.state in TRANSITIONS[EventKind.HAND_OFF_ACCEPTED].begins
    return () if in_time and vial.offered_to == holder else ("no_hand_off",)


def refuse_if(codes: tuple[str, ...]) -> None:
    """Refuse a deed that has not happened yet, with every reason at once."""
    if codes:
        raise Conflict([reason(code) for code in codes])

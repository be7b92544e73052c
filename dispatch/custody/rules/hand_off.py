"""A vial on its way and from nurse to nurse: offered first, the receiver's only when accepted.

Nobody becomes a holder without agreeing to it, and nobody stops being one before somebody else has
(two-phase transfer; custody-rules.md: giver *and* receiver). An offer that nobody answers expires back to
the giver by policy ``custody.hand_off``, judged from the row whenever it is looked at.
"""

from dataclasses import replace
from datetime import timedelta

from dispatch.custody.model import Decision, EventKind, Moment, State, Vial
from dispatch.custody.rules.bedside import seal_is_on_record
from dispatch.custody.rules.holding import change_hands
from dispatch.custody.rules.keeping import chain_holds, fact, hand_off_waits, offer_stands
from dispatch.custody.sentences import reason
from dispatch.custody.states import OPEN, TRANSITIONS
from dispatch.kernel.refusals import Conflict

STANDING = frozenset({"not_licensed_here", "off_shift", "not_the_registrants_agent"})


def decide_set_out(vial: Vial, holder: str, flags: tuple[str, ...]) -> Decision:
    """The nurse leaves the pharmacy: the sealed vial is in transit."""
    refuse_if(chain_holds(vial, EventKind.SET_OUT, holder))
    decision = fact(vial, EventKind.SET_OUT, State.IN_TRANSIT, flags, ())
    return replace(decision, offered_to=vial.offered_to, offered_until=vial.offered_until)


def decide_offer(
    vial: Vial, holder: str, to_holder: str, seal: str, flags: tuple[str, ...], moment: Moment
) -> Decision:
    """The holder signs and offers; the vial stays the holder's until the receiver signs too."""
    refuse_if(
        chain_holds(vial, EventKind.HAND_OFF_OFFERED, holder)
        + seal_unbroken(vial, seal)
        + hand_off_waits(vial, moment)
        + (("hand_off_to_oneself",) if to_holder == holder else ())
    )
    decision = fact(vial, EventKind.HAND_OFF_OFFERED, vial.state, flags, ())
    waits = timedelta(minutes=moment.policy["custody.hand_off"]["expires_minutes"])
    return replace(decision, offered_to=to_holder, offered_until=moment.happened_at + waits)


def decide_accept(vial: Vial, holder: str, seal: str, flags: tuple[str, ...], moment: Moment) -> Decision:
    """The receiver signs and holds the vial. Like a pickup it needs licence, shift and agency (attack 12)."""
    blocking = tuple(code for code in flags if code in STANDING)
    refuse_if(is_offered_to(vial, holder, moment) + seal_unbroken(vial, seal) + blocking)
    return fact(
        vial, EventKind.HAND_OFF_ACCEPTED, vial.state, flags, change_hands(vial, holder), to_holder=holder
    )


def decide_decline(vial: Vial, holder: str, flags: tuple[str, ...], moment: Moment) -> Decision:
    """The receiver declines; the holder may offer again."""
    refuse_if(is_offered_to(vial, holder, moment))
    return fact(vial, EventKind.HAND_OFF_DECLINED, vial.state, flags, ())


def is_offered_to(vial: Vial, holder: str, moment: Moment) -> tuple[str, ...]:
    """A hand-off of this vial waits for this nurse and has not expired."""
    if vial.state not in TRANSITIONS[EventKind.HAND_OFF_ACCEPTED].begins or vial.offered_to != holder:
        return ("no_hand_off",)
    return () if offer_stands(vial, moment) else ("hand_off_expired",)


def seal_unbroken(vial: Vial, seal: str) -> tuple[str, ...]:
    """The seal of a sealed vial is the one on record; an opened one has none."""
    return () if vial.state in OPEN else seal_is_on_record(vial, seal)


def refuse_if(codes: tuple[str, ...]) -> None:
    """Refuse a deed that has not happened yet, with every reason at once."""
    if codes:
        raise Conflict([reason(code) for code in codes])

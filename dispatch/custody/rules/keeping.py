"""What is kept although a rule was broken: invariant 9, "what physically happened is never refused"."""

from dataclasses import replace

from dispatch.custody.model import Decision, DeviceStamp, EventKind, Moment, Posting, Standing, State, Vial
from dispatch.custody.states import TRANSITIONS

# These are shown on the event; they open no discrepancy by themselves.
FLAGS_WITHOUT_CASE = frozenset({"late_entry", "device_clock_ahead", "corrected"})


def actor_in_good_standing(standing: Standing) -> tuple[str, ...]:
    """The actor is licensed in the visit's state, on shift, and the registrant's agent (invariant 3;
    21 USC 822(c), 21 CFR 1301.22)."""
    found = []
    if not standing.licensed:
        found.append("not_licensed_here")
    if not standing.on_shift:
        found.append("off_shift")
    if not standing.employed:
        found.append("not_the_registrants_agent")
    return tuple(found)


def time_is_plausible(vial: Vial, stamp: DeviceStamp | None, moment: Moment) -> tuple[str, ...]:
    """Flag what the phone says about the time; order comes from sequences, never from its clock."""
    if stamp is None:
        return ()
    found = []
    if stamp.device_time > moment.now + moment.skew:
        found.append("device_clock_ahead")
    if moment.now - stamp.device_time > moment.late_after:
        found.append("late_entry")
    if vial.last_at is not None and stamp.device_time < vial.last_at - moment.skew:
        found.append("device_time_runs_back")
    return tuple(found)


def chain_holds(vial: Vial, kind: EventKind, holder: str) -> tuple[str, ...]:
    """The vial's state allows the deed, and the actor is its one holder (invariant 5)."""
    found = []
    if vial.state not in TRANSITIONS[kind].begins:
        found.append("state_does_not_allow")
    if vial.holder != holder:
        found.append("held_by_another")
    return tuple(found)


def hand_off_waits(vial: Vial, moment: Moment) -> tuple[str, ...]:
    """A hand-off waits for its answer, and has not expired back to the giver (``custody.hand_off``)."""
    return ("hand_off_pending",) if offer_stands(vial, moment) else ()


def offer_stands(vial: Vial, moment: Moment) -> bool:
    """Tell whether the vial is offered at the moment; judged from the row, so no timer can be missed."""
    if vial.offered_to is None:
        return False
    return vial.offered_until is None or moment.happened_at <= vial.offered_until


def claim(
    vial: Vial,
    kind: EventKind,
    codes: tuple[str, ...],
    expected_ug: int | None = None,
    found_ug: int | None = None,
) -> Decision:
    """Keep what somebody says happened without moving state or drug: the ledger contradicts it."""
    return Decision(
        kind=kind,
        to_state=vial.state,
        to_holder=vial.holder,
        applied=False,
        exception=True,
        reasons=codes,
        offered_to=vial.offered_to,
        offered_until=vial.offered_until,
        expected_ug=expected_ug,
        found_ug=found_ug,
    )


def fact(
    vial: Vial,
    kind: EventKind,
    to_state: State,
    flags: tuple[str, ...],
    postings: tuple[Posting, ...],
    to_holder: str | None = None,
    overridden: tuple[str, ...] = (),
) -> Decision:
    """Apply what happened; any flag keeps it as an exception, a recorded override does not."""
    return Decision(
        kind=kind,
        to_state=to_state,
        to_holder=vial.holder if to_holder is None else to_holder,
        postings=postings,
        exception=bool(flags),
        reasons=flags + overridden,
    )


def flagged(decision: Decision, flags: tuple[str, ...]) -> Decision:
    """Add flags to a decision."""
    if not flags:
        return decision
    return replace(decision, exception=True, reasons=decision.reasons + flags)


def opens_a_case(decision: Decision) -> bool:
    """Tell whether the decision needs somebody to look into it."""
    return decision.exception and not FLAGS_WITHOUT_CASE.issuperset(decision.reasons)


def moves(*lines: tuple[str, int]) -> tuple[Posting, ...]:
    """Make postings of (account, amount_ug); an account comes once, sorted, and never with zero.

    The order is the same in every event, so that two writers lock balances in the same order.
    """
    sums: dict[str, int] = {}
    for account, amount_ug in lines:
        sums[account] = sums.get(account, 0) + amount_ug
    return tuple(Posting(account=key, amount_ug=sums[key]) for key in sorted(sums) if sums[key])

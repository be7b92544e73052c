"""Corrections: an entry is taken back whole by a reversing entry, and entered anew; nothing is edited.

The original stays where it is, for everybody to see (21 CFR 1304.21(a); a correction that erases is the
classic way of hiding a diversion). Two people approve, neither of them the one whose entry it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.custody.model import (
    Decision,
    EventKind,
    Moment,
    Posting,
    State,
    Vial,
    account_kind,
    drawn_from,
)
from dispatch.custody.rules.bedside import after_waste, amount_is_measured, destroyed, drawn_up
from dispatch.custody.rules.keeping import fact, moves
from dispatch.custody.sentences import reason
from dispatch.custody.states import OPEN
from dispatch.kernel.refusals import Conflict

# Of an opened vial any entry may be taken back, whatever came after; the balances say whether it can be.
AT_THE_BEDSIDE = frozenset(
    {EventKind.DRAWN, EventKind.ADMINISTERED, EventKind.INFUSION_STOPPED, EventKind.WASTED}
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An event as a correction looks at it.

    Attributes
    ----------
    latest
        Nothing that still stands was applied to the container after it.
    reversed
        It was taken back already.
    """

    kind: EventKind
    from_state: State
    from_holder: str
    actor_person_ref: str
    applied: bool
    latest: bool
    reversed: bool
    amount_ug: int | None
    postings: tuple[Posting, ...]


def decide_reverse(vial: Vial, entry: Entry) -> Decision:
    """Take the entry back: the same lines with the other sign, and the container where it stood before.

    After an entry of an opened vial the drug is back in the vial or its syringe and waits there.
    """
    if entry.kind in AT_THE_BEDSIDE:
        holder = vial.holder if vial.state in OPEN | {State.WASTED, State.RECONCILED} else entry.from_holder
        state = State.RESIDUAL_PENDING
    else:
        state, holder = entry.from_state, entry.from_holder
    return Decision(
        kind=EventKind.REVERSED,
        to_state=state,
        to_holder=holder,
        postings=tuple(Posting(account=line.account, amount_ug=-line.amount_ug) for line in entry.postings),
    )


def may_be_reversed(
    entry: Entry, approvers: frozenset[str], balances: Mapping[str, int], moment: Moment
) -> tuple[str, ...]:
    """Return everything that speaks against taking an entry back.

    Parameters
    ----------
    approvers
        The persons who approve.
    balances
        What each account of the entry holds now, in micrograms.
    """
    found = []
    if not entry.applied or entry.kind is EventKind.REVERSED:
        found.append("nothing_to_reverse")
    if entry.reversed:
        found.append("reversed_already")
    own = moment.policy["custody.reversal"]["own_entry"]
    if entry.actor_person_ref in approvers and not own:
        found.append("approver_made_the_entry")
    covered = all(
        line.account.startswith("source:") or balances.get(line.account, 0) >= line.amount_ug
        for line in entry.postings
    )
    if not covered or not (entry.latest or entry.kind in AT_THE_BEDSIDE):
        found.append("later_entries_first")
    return tuple(found)


def may_be_corrected(entry: Entry) -> tuple[str, ...]:
    """Only an entry that has an amount can be entered anew with another."""
    return () if entry.kind in AT_THE_BEDSIDE else ("no_amount_to_correct",)


def decide_anew(vial: Vial, entry: Entry, amount_ug: int) -> Decision:
    """Enter a reversed entry anew: the same kind, another amount, as much as the vial can have held.

    It stays an exception for good (``corrected``), so that no report shows it as if it had been so at once.
    """
    amount_is_measured(amount_ug)
    can_be = {
        EventKind.DRAWN: vial.open_ug + vial.overfill_left_ug,
        EventKind.WASTED: vial.residual_ug + vial.overfill_left_ug,
    }.get(entry.kind, vial.drawn_ug)
    if amount_ug > can_be:
        raise Conflict([reason("more_than_left", "amount_ug")])
    state = State.RESIDUAL_PENDING
    if entry.kind is EventKind.DRAWN:
        lines = drawn_up(vial, amount_ug)
    elif entry.kind is EventKind.WASTED:
        lines, state = destroyed(vial, amount_ug), after_waste(vial, amount_ug)
    else:
        patient = next(line.account for line in entry.postings if account_kind(line.account) == "patient")
        lines = moves((drawn_from(vial.container_id), -amount_ug), (patient, amount_ug))
    return fact(vial, entry.kind, state, ("corrected",), lines)

"""The life of a container as one table: it drives the code and is drawn into docs/states.md."""

from dataclasses import dataclass

from dispatch.custody.model import EventKind, State

SEALED_IN_HAND = frozenset({State.PICKED_UP, State.IN_TRANSIT})
SEALED = SEALED_IN_HAND | {State.DISPENSED}
OPEN = frozenset({State.OPENED, State.ADMINISTERING, State.RESIDUAL_PENDING})
HELD = SEALED | OPEN
IN_HAND = SEALED_IN_HAND | OPEN
# What a nurse must hand in or waste before her shift can close.
UNACCOUNTED = SEALED_IN_HAND | OPEN | {State.SEAL_MISMATCH}
# Stands at a stock point, out of use, until two people destroy it.
PUT_ASIDE = frozenset({State.QUARANTINE, State.RECALLED, State.EXPIRED})


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One kind of event: from which states, to which; an empty `ends` leaves the state as it is.

    Attributes
    ----------
    two_signatures
        Actor and witness sign; without the second signature it can only be kept as an exception.
    fact
        Something that physically happened: never refused storage (custody-rules.md, invariant 9).
    restores
        A reversing entry: leads back to where the reversed entry took the container up.
    """

    kind: EventKind
    begins: frozenset[State]
    ends: frozenset[State] = frozenset()
    two_signatures: bool = False
    fact: bool = False
    restores: bool = False


def _of(*states: State) -> frozenset[State]:
    return frozenset(states)


TRANSITIONS: dict[EventKind, Transition] = {
    transition.kind: transition
    for transition in (
        # What a supplier sends is nobody's in this ledger until somebody receives it.
        Transition(kind=EventKind.DISPENSED, begins=_of(State.ORDERED), ends=_of(State.DISPENSED)),
        Transition(
            kind=EventKind.RECEIVED,
            begins=_of(State.ORDERED, State.DISPENSED),
            ends=_of(State.DISPENSED, State.QUARANTINE),
        ),
        Transition(
            kind=EventKind.PICKED_UP,
            begins=_of(State.DISPENSED),
            ends=_of(State.PICKED_UP),
            two_signatures=True,
        ),
        Transition(kind=EventKind.SET_OUT, begins=_of(State.PICKED_UP), ends=_of(State.IN_TRANSIT)),
        Transition(kind=EventKind.HAND_OFF_OFFERED, begins=IN_HAND),
        Transition(kind=EventKind.HAND_OFF_ACCEPTED, begins=IN_HAND),
        Transition(kind=EventKind.HAND_OFF_DECLINED, begins=IN_HAND),
        Transition(kind=EventKind.OPENED, begins=SEALED_IN_HAND, ends=_of(State.OPENED), fact=True),
        Transition(kind=EventKind.DRAWN, begins=OPEN, ends=OPEN - {State.RESIDUAL_PENDING}, fact=True),
        Transition(
            kind=EventKind.ADMINISTERED,
            begins=OPEN,
            ends=_of(State.ADMINISTERING, State.RESIDUAL_PENDING),
            fact=True,
        ),
        Transition(kind=EventKind.INFUSION_STARTED, begins=OPEN, ends=_of(State.ADMINISTERING), fact=True),
        Transition(kind=EventKind.RATE_CHANGED, begins=_of(State.ADMINISTERING), fact=True),
        Transition(
            kind=EventKind.INFUSION_STOPPED,
            begins=_of(State.ADMINISTERING),
            ends=_of(State.ADMINISTERING, State.RESIDUAL_PENDING),
            fact=True,
        ),
        Transition(
            kind=EventKind.RESIDUAL_MEASURED, begins=OPEN, ends=_of(State.RESIDUAL_PENDING), fact=True
        ),
        Transition(
            kind=EventKind.WASTED,
            begins=OPEN,
            ends=_of(State.RESIDUAL_PENDING, State.WASTED),
            two_signatures=True,
            fact=True,
        ),
        Transition(kind=EventKind.RESIDUAL_SEALED, begins=OPEN, ends=_of(State.RESIDUAL_PENDING), fact=True),
        Transition(
            kind=EventKind.RESIDUAL_RETURNED,
            begins=OPEN,
            ends=_of(State.QUARANTINE),
            two_signatures=True,
            fact=True,
        ),
        Transition(
            kind=EventKind.RETURNED,
            begins=SEALED_IN_HAND | {State.SEAL_MISMATCH, State.BROKEN},
            ends=_of(State.RETURNED, State.QUARANTINE, State.RECALLED, State.EXPIRED),
            two_signatures=True,
            fact=True,
        ),
        Transition(kind=EventKind.RESTOCKED, begins=_of(State.RETURNED), ends=_of(State.DISPENSED)),
        Transition(
            kind=EventKind.QUARANTINED,
            begins=_of(State.DISPENSED, State.RETURNED),
            ends=_of(State.QUARANTINE),
        ),
        Transition(
            kind=EventKind.RECALLED,
            begins=_of(State.DISPENSED, State.RETURNED, State.QUARANTINE),
            ends=_of(State.RECALLED),
        ),
        Transition(
            kind=EventKind.EXPIRED, begins=_of(State.DISPENSED, State.RETURNED), ends=_of(State.EXPIRED)
        ),
        Transition(
            kind=EventKind.DESTROYED, begins=PUT_ASIDE, ends=_of(State.DESTROYED), two_signatures=True
        ),
        Transition(kind=EventKind.BROKEN, begins=HELD, ends=_of(State.BROKEN), fact=True),
        Transition(kind=EventKind.LOST, begins=HELD, ends=_of(State.LOST), fact=True),
        Transition(kind=EventKind.STOLEN, begins=HELD, ends=_of(State.STOLEN), fact=True),
        Transition(
            kind=EventKind.SEAL_MISMATCH, begins=SEALED_IN_HAND, ends=_of(State.SEAL_MISMATCH), fact=True
        ),
        Transition(
            kind=EventKind.RECONCILED,
            begins=_of(State.WASTED, State.RESIDUAL_PENDING, State.DESTROYED),
            ends=_of(State.RECONCILED),
        ),
        Transition(
            kind=EventKind.REVERSED,
            begins=frozenset(State) - {State.ORDERED},
            two_signatures=True,
            restores=True,
        ),
    )
}

TWO_SIGNATURES = tuple(sorted(t.kind.value for t in TRANSITIONS.values() if t.two_signatures))

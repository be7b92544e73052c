"""Who hears when a case changes: chapters above register themselves, so that intake never imports them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock


class ChangeKind(StrEnum):
    """What changed in a case."""

    MEDICATIONS = "medications"
    MEDICAL_EVENT = "medical_event"  # an urgent item of the histories became, or may be, yes
    ANSWER = "answer"
    STATE = "state"
    PATIENT = "patient"  # the case got its registered patient


@dataclass(frozen=True, kw_only=True)
class CaseChange:
    """One change. `item` is the code of the question that was answered; never an answer itself."""

    case_id: UUID
    patient_id: UUID | None
    kind: ChangeKind
    item: str = ""


Listener = Callable[[Session, CaseChange, Actor, Clock], None]
_LISTENERS: list[Listener] = []


def listen(listener: Listener) -> Listener:
    """Call `listener` from now on at every change, within the change's own transaction. Also a decorator."""
    if listener not in _LISTENERS:
        _LISTENERS.append(listener)
    return listener


def tell(session: Session, change: CaseChange, actor: Actor, clock: Clock) -> None:
    """Tell every listener of a change."""
    for listener in tuple(_LISTENERS):
        listener(session, change, actor, clock)

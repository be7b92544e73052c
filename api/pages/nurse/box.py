"""What the lock-box section shows: each vial that the nurse holds, and the one next step for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.custody import queries as custody
from dispatch.custody.model import State, account_kind
from dispatch.custody.queries import VialLine
from dispatch.visits.bedside.queries import given_so_far_ug
from dispatch.visits.model import NursesDay, RouteStop, Visit, VisitState

SEALED = frozenset({State.PICKED_UP, State.IN_TRANSIT})
# At the bedside, before the infusion; and once it has begun.
BEFORE_IT = frozenset({VisitState.ARRIVED, VisitState.SCREENING, VisitState.READY})
INFUSED = frozenset(
    {
        VisitState.INFUSING, VisitState.PAUSED, VisitState.RECOVERY, VisitState.DISCHARGED,
        VisitState.COMPLETED, VisitState.EMERGENCY, VisitState.TRANSFERRED,
    }
)  # fmt: skip
ENDED = frozenset({VisitState.RECOVERY, VisitState.DISCHARGED})


class VialStep(StrEnum):
    """What is done with a vial next; `KEEP` where nothing is."""

    KEEP = "keep"
    OPEN = "open"
    DRAW = "draw"
    START = "start"
    GIVE = "give"
    WASTE = "waste"
    RETURN = "return"


@dataclass(frozen=True, kw_only=True)
class HeldVial:
    """A vial in the lock-box.

    Attributes
    ----------
    visit_id
        The visit it was opened for, None while it is sealed.
    syringe_ug
        Drawn up, and neither given nor wasted yet.
    by_rate_ug
        What the pump's rate and time come to, never more than `syringe_ug`: a hint. None where nobody knows.
    """

    line: VialLine
    visit_id: UUID | None
    syringe_ug: int
    step: VialStep
    by_rate_ug: int | None = None


@dataclass(frozen=True, kw_only=True)
class LockBox:
    """All that a nurse holds and is offered; `to_do` stands before her visit's next deed."""

    vials: tuple[HeldVial, ...]
    to_do: tuple[str, ...]
    pickup: RouteStop | None
    give_back: RouteStop | None
    offers: tuple[VialLine, ...] = ()


def lock_box(session: Session, day: NursesDay, now: datetime, *, skip_pickup: bool = False) -> LockBox:
    """Return the lock-box of the day's nurse, and the pickup or return that is due on the way."""
    lines = custody.vials_of_nurse(session, day.nurse_id)
    vials = tuple(
        _with_hint(session, _held(session, line, day, _may_open(session, day)), day, now) for line in lines
    )
    sealed = sum(line.state in SEALED for line in lines)
    pickup = None if skip_pickup else _pickup_due(day, sealed)
    give_back = next((stop for stop in reversed(day.stops) if stop.kind == "return"), None)
    return LockBox(
        vials=vials,
        to_do=tuple(_to_do(session, day.current, vials)) if day.current else (),
        pickup=pickup,
        give_back=give_back if day.current is None and sealed else None,
        offers=tuple(custody.offers_to(session, day.nurse_id, now)),
    )


def _may_open(session: Session, day: NursesDay) -> bool:
    """Tell whether the visit under way still needs drug: she is there and less than its order is drawn."""
    visit = day.current
    if visit is None or not visit.controlled or visit.state not in BEFORE_IT | {VisitState.INFUSING}:
        return False
    totals = custody.visit_totals(session, [visit.appointment_id]).get(visit.appointment_id)
    return totals is None or totals.drawn_ug < (visit.dose_ug or 0)


def _held(session: Session, line: VialLine, day: NursesDay, may_open: bool) -> HeldVial:
    if line.state in SEALED:
        step = VialStep.OPEN if may_open else VialStep.KEEP
        return HeldVial(line=line, visit_id=None, syringe_ug=0, step=step if day.current else VialStep.RETURN)
    history = custody.vial_history(session, line.container_id)
    visit_id = next((event.visit_id for event in reversed(history) if event.visit_id), None)
    syringe_ug = sum(
        posting.amount_ug
        for event in history
        for posting in event.postings
        if account_kind(posting.account) == "drawn"
    )
    state = next((visit.state for visit in day.visits if visit.appointment_id == visit_id), None)
    return HeldVial(
        line=line, visit_id=visit_id, syringe_ug=syringe_ug, step=_open_step(line, syringe_ug, state)
    )


def _with_hint(session: Session, vial: HeldVial, day: NursesDay, now: datetime) -> HeldVial:
    """Add what rate and time come to for a vial that is given from; what was given before is taken off."""
    if vial.step is not VialStep.GIVE or vial.visit_id is None:
        return vial
    by_rate_ug = given_so_far_ug(session, vial.visit_id, day.nurse_id, now)
    if by_rate_ug is None:
        return vial
    left_ug = max(0, by_rate_ug - vial.line.given_ug)
    return replace(vial, by_rate_ug=min(left_ug, vial.syringe_ug))


def _open_step(line: VialLine, syringe_ug: int, visit: VisitState | None) -> VialStep:
    """Name the next step of an opened vial: draw, start, give, waste."""
    if line.state is State.SEAL_MISMATCH:
        return VialStep.RETURN
    if line.state is State.RESIDUAL_PENDING or not (syringe_ug or visit in BEFORE_IT):
        return VialStep.WASTE
    if visit in BEFORE_IT:
        return VialStep.START if syringe_ug else VialStep.DRAW
    return VialStep.GIVE if visit in INFUSED else VialStep.WASTE


def _to_do(session: Session, visit: Visit, vials: Sequence[HeldVial]) -> list[str]:
    """Say what comes before the visit's next deed, all of it at once."""
    if not visit.controlled:
        return []
    totals = custody.visit_totals(session, [visit.appointment_id]).get(visit.appointment_id)
    drawn_ug, given_ug = (totals.drawn_ug, totals.given_ug) if totals else (0, 0)
    found = []
    if visit.state in BEFORE_IT and not drawn_ug:
        found.append("Before you start: open a vial and draw the dose.")
    if visit.state in ENDED and drawn_ug and not given_ug:
        found.append("Before you leave: record what was given.")
    if visit.state in ENDED:
        found += [
            f"Before you leave: waste what is left of vial {vial.line.serial} with a witness."
            for vial in vials
            if vial.line.residual_ug
        ]
    return found


def _pickup_due(day: NursesDay, sealed: int) -> RouteStop | None:
    """Return the pickup that lies before the next visit and has not been made."""
    current = day.current
    if current is None or current.state is not VisitState.ASSIGNED:
        return None
    due = None
    for stop in day.stops:
        if stop.visit is current:
            break
        if stop.kind == "pickup":
            due = stop
        elif stop.visit is not None and stop.visit.times:
            due = None
    return due if due is not None and sealed < max(1, due.units) else None

"""Deeds by hand on the plan in force: move, take off, pin, unpin. Each makes the day's next plan.

A broken law refuses, with every reason; a broken preference asks first. The plan's number is what two
dispatchers race for: the one who comes second is told what the first one did.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.service import area_by_slug, note_change
from dispatch.assignment.compare import diff_plans, plan_numbered, sentences
from dispatch.assignment.day_rows import plan_in_force
from dispatch.assignment.day_shape import instant_of, second_of
from dispatch.assignment.gather import gather
from dispatch.assignment.locks import lock_area
from dispatch.assignment.plan_model import Gathered, Progress
from dispatch.assignment.plan_rows import write_plan
from dispatch.assignment.publish import reason_of
from dispatch.assignment.records import PlanRow
from dispatch.assignment.standing import Standing, standing
from dispatch.assignment.why import law_against, warnings_of
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, NotFound, Reason, Stale, refuse
from routing.engine.quick.insertion import move
from routing.plan import Plan


class NeedsConfirmation(Conflict):
    """No law is broken, but a wish or a rule of thumb is: say that it is meant."""

    title = "This can be done, but"


@dataclass(frozen=True, kw_only=True)
class MoveVisit:
    """Give a visit to a nurse's shift, or take it off its route (`shift_id` None).

    Attributes
    ----------
    plan_number
        The plan that the dispatcher was looking at.
    part
        1 or 2: which half of a visit by two nurses.
    begins_at
        Begin exactly then; None for whenever it costs least.
    position
        Place among her other visits, 0 first; None for where it costs least.
    """

    area: str
    day: date
    appointment_id: UUID
    plan_number: int
    shift_id: UUID | None
    part: int = 1
    begins_at: datetime | None = None
    position: int | None = None
    accept_warnings: bool = False


@dataclass(frozen=True, kw_only=True)
class PinVisit:
    """Fix a visit to the nurse who has it, and to its begin where `begin` is true; or let go of it."""

    area: str
    day: date
    appointment_id: UUID
    plan_number: int
    begin: bool = False


def move_visit(
    session: Session, command: MoveVisit, actor: Actor, clock: Clock, progress: Iterable[Progress] = ()
) -> PlanRow:
    """Move a visit by hand and publish the outcome as the day's next plan.

    Raises
    ------
    Stale
        When the plan is no longer the one the dispatcher saw; `extra` tells what changed and by whom.
    Conflict
        When a law forbids it, with every reason.
    NeedsConfirmation
        When only preferences are broken and `accept_warnings` is not set.
    NotFound
        When the day has no such visit or shift.
    """
    now = _present(session, command.area, command.day, command.plan_number, clock, progress)
    visit = _visit_of(now, command.appointment_id, command.part)
    nurse = None if command.shift_id is None else _nurse_of(now.gathered, command.shift_id)
    if nurse is not None:
        _require_lawful(now, command.appointment_id, nurse)
    begin_s = second_of(command.begins_at, now.gathered.origin) if command.begins_at else None
    changed = move(now.problem, now.plan, visit, nurse, begin_s=begin_s, position=command.position)
    if not isinstance(changed, Plan):
        raise Conflict(map(reason_of, changed))
    if nurse is not None and not command.accept_warnings:
        found = warnings_of(now, changed, visit, nurse)
        if found:
            raise NeedsConfirmation(found, {"confirm_with": "accept_warnings"})
    row = write_plan(
        session, now.gathered, now.problem, changed, origin="moved", run_id=None, actor=actor, clock=clock
    )
    detail = {"number": row.number, "shift_id": str(command.shift_id) if command.shift_id else None}
    _note(session, row, "plan.move", command.appointment_id, detail, actor, clock)
    return row


def pin_visit(
    session: Session, command: PinVisit, actor: Actor, clock: Clock, progress: Iterable[Progress] = ()
) -> PlanRow:
    """Pin a visit to its present nurse (and begin): later plans keep it there.

    Raises
    ------
    Conflict
        ``not_assigned`` when nobody makes it.
    Stale, NotFound
        As `move_visit`.
    """
    now = _present(session, command.area, command.day, command.plan_number, clock, progress)
    visit = _visit_of(now, command.appointment_id, 1)
    route, begin_s = now.plan.route_of(visit), now.plan.begin_s(visit)
    if route is None or begin_s is None:
        raise refuse(
            Conflict, "not_assigned", "Nobody makes this visit.", way_out="Give it to a nurse, then pin it."
        )
    begin_at = instant_of(begin_s, now.gathered.origin) if command.begin else None
    return _repin(session, now, command, now.gathered.nurses[route.nurse].nurse_id, begin_at, actor, clock)


def unpin_visit(
    session: Session, command: PinVisit, actor: Actor, clock: Clock, progress: Iterable[Progress] = ()
) -> PlanRow:
    """Let a pinned visit go where later plans want it; raises as `pin_visit` does."""
    now = _present(session, command.area, command.day, command.plan_number, clock, progress)
    return _repin(session, now, command, None, None, actor, clock)


def _repin(
    session: Session,
    now: Standing,
    command: PinVisit,
    nurse_id: UUID | None,
    begin_at: datetime | None,
    actor: Actor,
    clock: Clock,
) -> PlanRow:
    appointment = session.get(AppointmentRow, command.appointment_id)
    if appointment is None or command.appointment_id not in now.gathered.booked:
        raise no_such_visit()
    appointment.pinned_nurse_id, appointment.pinned_begin_at = nurse_id, begin_at
    row = write_plan(
        session, now.gathered, now.problem, now.plan, origin="pinned", run_id=None, actor=actor, clock=clock
    )
    action = "plan.unpin" if nurse_id is None else "plan.pin"
    _note(session, row, action, command.appointment_id, {"number": row.number}, actor, clock)
    return row


def _present(
    session: Session, slug: str, day: date, number: int, clock: Clock, progress: Iterable[Progress]
) -> Standing:
    area = lock_area(session, area_by_slug(session, slug).id)
    row = plan_in_force(session, area.id, day)
    if row is None:
        raise refuse(Conflict, "no_plan_yet", "This day has not been planned yet.", way_out="Plan it first.")
    if row.number != number:
        raise _changed_meanwhile(session, row, number)
    now = standing(gather(session, area, day, clock, progress, by_hand=True), row)
    if now.stuck:
        text = "Route of {}: its visits can no longer be made in any time."
        raise Conflict(
            Reason(code="route_does_not_hold", text=text.format(nurse), way_out="Plan the day again.")
            for nurse in sorted(now.stuck)
        )
    return now


def _changed_meanwhile(session: Session, row: PlanRow, number: int) -> Stale:
    """Say what the other dispatcher did."""
    way_out = "Look at the present plan and decide again."
    extra: dict[str, object] = {"plan_number": row.number, "publisher": row.publisher}
    try:
        seen = plan_numbered(session, row.area_id, row.day, number)
    except NotFound:
        text = f"Plan {number} is not the plan in force."
        return Stale([Reason(code="plan_changed", text=text, way_out=way_out)], extra)
    diff = diff_plans(session, seen, row)
    texts: Sequence[str] = sentences(diff.moved) or (f"{row.publisher} changed a pin.",)
    extra["changes"] = [asdict(moved) for moved in diff.moved]
    reasons = [
        Reason(code="plan_changed", text=f"{row.publisher}: {text}", way_out=way_out) for text in texts[:20]
    ]
    return Stale(reasons, extra)


def _visit_of(now: Standing, appointment_id: UUID, part: int) -> str:
    """Return the visit's id in the day file, or say why it cannot be moved."""
    gathered = now.gathered
    for name, key in gathered.visits.items():
        if key.appointment_id == appointment_id and key.part == part and name in now.problem.visit:
            return name
    if appointment_id in gathered.left_out:
        raise Conflict(gathered.left_out[appointment_id])
    if any(key.appointment_id == appointment_id for key in gathered.visits.values()):
        raise refuse(
            Conflict,
            "visit_under_way",
            "The nurse is on her way, there, or done: what has happened is not planned again.",
        )
    raise no_such_visit()


def no_such_visit() -> NotFound:
    """Make the refusal of an appointment that this day does not have."""
    return NotFound([Reason(code="no_such_visit", text="This day has no such visit.")])


def _nurse_of(gathered: Gathered, shift_id: UUID) -> str:
    for name, key in gathered.nurses.items():
        if key.shift_id == shift_id:
            return name
    raise refuse(NotFound, "no_such_shift", "Nobody has that shift on this day.", field="shift_id")


def _require_lawful(now: Standing, appointment_id: UUID, nurse: str) -> None:
    reasons = list(law_against(now.gathered, appointment_id, nurse))
    if nurse in now.strained:
        reasons.append(
            Reason(
                code="own_route_broken",
                text=f"The present route of {nurse} does not hold as it is; nothing can be added to it.",
                way_out="Take visits off it first, or plan the day again.",
            )
        )
    if reasons:
        raise Conflict(reasons)


def _note(
    session: Session,
    row: PlanRow,
    action: str,
    appointment_id: UUID,
    detail: Mapping[str, object],
    actor: Actor,
    clock: Clock,
) -> None:
    entry = AuditEntry(action=action, subject_kind="appointment", subject_id=appointment_id, detail=detail)
    record(session, entry, actor, clock)
    note_change(session, row.area_id, row.day, "plan", clock, row.id)

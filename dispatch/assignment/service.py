"""Order a plan, stop it: what a dispatcher asks for. The solving side is in `runs`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_slug, note_change
from dispatch.assignment.gather import gather
from dispatch.assignment.locks import lock_area
from dispatch.assignment.plan_model import (
    ENGINES,
    EXACT,
    LEAST_SECONDS,
    MOST_SECONDS,
    RUNNING,
    Progress,
    RunState,
    require_step,
)
from dispatch.assignment.publish import sources_as_json
from dispatch.assignment.records import PlanRunRow
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Reasons, refuse
from routing.dayfile import write_day


@dataclass(frozen=True, kw_only=True)
class PlanOrder:
    """What to plan and how long to work on it.

    Attributes
    ----------
    seconds
        Time for the solver, `LEAST_SECONDS` to `MOST_SECONDS`.
    seed
        The same day, seed and engine lead to the same plan as far as the machine is as quick.
    publish_when_done
        False leaves it as a proposal that somebody accepts or discards.
    """

    area: str
    day: date
    seconds: int = 10
    seed: int = 1
    engine: str = EXACT
    publish_when_done: bool = False


def order_plan(
    session: Session, order: PlanOrder, actor: Actor, clock: Clock, progress: Iterable[Progress] = ()
) -> PlanRunRow:
    """Gather the day and queue a run for it.

    Raises
    ------
    Invalid
        When the seconds, seed or engine are out of range.
    Conflict
        ``already_planning`` when a run of the day is queued or solving (`extra["run_id"]`),
        ``nothing_to_plan`` when nothing is booked.
    """
    _require_valid(order)
    area = lock_area(session, area_by_slug(session, order.area).id)
    _require_idle(session, area.id, order.day)
    gathered = gather(session, area, order.day, clock, progress)
    if not gathered.problem.visits and not gathered.left_out and not gathered.visits:
        raise refuse(
            Conflict,
            "nothing_to_plan",
            "No appointment is confirmed for this day.",
            way_out="Book or import appointments first.",
        )
    row = PlanRunRow(
        id=new_id(),
        area_id=area.id,
        day=order.day,
        state=RunState.QUEUED,
        asked_by=actor.account_id,
        asked_at=clock.now(),
        seconds=order.seconds,
        seed=order.seed,
        engine=order.engine,
        publish_when_done=order.publish_when_done,
        stop_asked=False,
        day_file_text=write_day(gathered.problem),
        fingerprint=gathered.fingerprint,
        sources=sources_as_json(gathered.sources),
        left_out={str(key): [reason.code for reason in why] for key, why in gathered.left_out.items()},
        progress={},
        attempts=0,
    )
    session.add(row)
    entry = AuditEntry(
        action="plan.order",
        subject_kind="plan_run",
        subject_id=row.id,
        detail={"day": order.day.isoformat(), "seconds": order.seconds, "engine": order.engine},
    )
    record(session, entry, actor, clock)
    note_change(session, area.id, order.day, "plan_run", clock, row.id)
    return row


def _require_valid(order: PlanOrder) -> None:
    wrong = Reasons()
    if not LEAST_SECONDS <= order.seconds <= MOST_SECONDS:
        text = f"Give {LEAST_SECONDS} to {MOST_SECONDS} seconds."
        wrong.add("seconds_out_of_range", text, field="seconds")
    if not 0 <= order.seed < 2**31:
        wrong.add("seed_out_of_range", "Give a seed from 0 to 2147483647.", field="seed")
    if order.engine not in ENGINES:
        wrong.add("no_such_engine", "Choose one of " + ", ".join(ENGINES) + ".", field="engine")
    wrong.raise_if_any(Invalid)


def _require_idle(session: Session, area_id: UUID, day: date) -> None:
    running = session.scalar(
        select(PlanRunRow.id).where(
            PlanRunRow.area_id == area_id, PlanRunRow.day == day, PlanRunRow.state.in_(RUNNING)
        )
    )
    if running is not None:
        raise refuse(
            Conflict,
            "already_planning",
            "This day is being planned already.",
            way_out="Wait for that run, or stop it.",
            run_id=str(running),
        )


def plan_run(session: Session, run_id: UUID) -> PlanRunRow:
    """Return a run, or refuse with `NotFound`."""
    row = session.get(PlanRunRow, run_id)
    if row is None:
        raise refuse(NotFound, "no_such_run", "There is no such plan run.")
    return row


def stop_run(session: Session, run_id: UUID, actor: Actor, clock: Clock) -> PlanRunRow:
    """Stop a run: a queued one at once; a solving one hands in its best plan so far and becomes solved.

    Raises
    ------
    Conflict
        When it is neither queued nor solving.
    """
    row = session.scalar(select(PlanRunRow).where(PlanRunRow.id == run_id).with_for_update())
    if row is None:
        raise refuse(NotFound, "no_such_run", "There is no such plan run.")
    if row.state == RunState.QUEUED:
        require_step(row.state, RunState.STOPPED)
        row.state, row.ended_at = RunState.STOPPED, clock.now()
        row.reason = "stopped before it began"
    elif row.state == RunState.SOLVING:
        row.stop_asked = True
    else:
        raise refuse(Conflict, "run_not_running", f"The run is {row.state} already.", state=row.state)
    record(session, AuditEntry(action="plan.stop", subject_kind="plan_run", subject_id=row.id), actor, clock)
    note_change(session, row.area_id, row.day, "plan_run", clock, row.id)
    return row


def discard_run(session: Session, run_id: UUID, actor: Actor, clock: Clock) -> PlanRunRow:
    """Set a solved run that nobody wants aside.

    Raises
    ------
    Conflict
        When it is not solved.
    """
    row = plan_run(session, run_id)
    if row.state != RunState.SOLVED:
        raise refuse(Conflict, "run_not_solved", f"The run is {row.state}.", state=row.state)
    row.state = RunState.SUPERSEDED
    entry = AuditEntry(action="plan.discard", subject_kind="plan_run", subject_id=row.id)
    record(session, entry, actor, clock)
    note_change(session, row.area_id, row.day, "plan_run", clock, row.id)
    return row

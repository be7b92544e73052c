"""The solving side of a plan run: claim, beat, hand in, and what becomes of runs whose worker died.

The row is the truth: a worker owns a run while the row names it and its heart beats. All steps are
compare-and-set on the row, so that two workers, or a worker that was only slow, never both go on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, or_, select, update
from sqlalchemy.orm import Session

from dispatch.areas.service import note_change
from dispatch.assignment.plan_model import EXACT, RunState, require_step
from dispatch.assignment.plan_rows import figures_of
from dispatch.assignment.records import PlanRunRow
from dispatch.kernel.clock import Clock
from routing.dayfile import day_from_json
from routing.plan import Plan
from routing.planfile import plan_from_json

DEAD_AFTER = timedelta(seconds=30)
MOST_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A run that a worker took on."""

    run_id: UUID
    area_id: UUID
    day_file: Mapping[str, Any]
    seconds: int
    seed: int
    engine: str
    publish_when_done: bool
    asked_by: UUID | None

    @property
    def request(self) -> dict[str, Any]:
        """What its process is asked (`routing.worker`)."""
        return {"day": self.day_file, "seconds": self.seconds, "seed": self.seed, "engine": self.engine}

    @property
    def is_compiled(self) -> bool:
        """Whether its engine is compiled, so that a warm process begins sooner."""
        return self.engine == EXACT


def work_is_waiting(session: Session, clock: Clock, dead_after: timedelta = DEAD_AFTER) -> bool:
    """Tell, only reading, whether there is something to claim, to give back or to publish."""
    queued = PlanRunRow.state == RunState.QUEUED
    silent = and_(PlanRunRow.state == RunState.SOLVING, PlanRunRow.beat_at < clock.now() - dead_after)
    unpublished = _left_unpublished(clock, dead_after)
    wanted = select(PlanRunRow.id).where(or_(queued, silent, unpublished)).limit(1)
    return session.scalar(wanted) is not None


def _left_unpublished(clock: Clock, dead_after: timedelta) -> ColumnElement[bool]:
    return and_(
        PlanRunRow.state == RunState.SOLVED,
        PlanRunRow.publish_when_done,
        PlanRunRow.stop_asked.is_(False),
        PlanRunRow.reason.is_(None),
        PlanRunRow.ended_at < clock.now() - dead_after,
    )


def left_unpublished(session: Session, clock: Clock, dead_after: timedelta = DEAD_AFTER) -> list[UUID]:
    """Return solved runs that were to be published (and not stopped) whose worker died before it did."""
    return list(session.scalars(select(PlanRunRow.id).where(_left_unpublished(clock, dead_after))))


def claim_run(session: Session, worker: str, clock: Clock) -> Claim | None:
    """Take the queued run that waits longest; None when there is none."""
    waiting = (
        select(PlanRunRow)
        .where(PlanRunRow.state == RunState.QUEUED)
        .order_by(PlanRunRow.asked_at, PlanRunRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.scalar(waiting)
    if row is None:
        return None
    require_step(row.state, RunState.SOLVING)
    row.state = RunState.SOLVING
    row.worker, row.beat_at = worker, clock.now()
    row.attempts += 1
    note_change(session, row.area_id, row.day, "plan_run", clock, row.id)
    return Claim(
        run_id=row.id,
        area_id=row.area_id,
        day_file=row.day_file,
        seconds=row.seconds,
        seed=row.seed,
        engine=row.engine,
        publish_when_done=row.publish_when_done,
        asked_by=row.asked_by,
    )


def _mine(run_id: UUID, worker: str) -> ColumnElement[bool]:
    return and_(PlanRunRow.id == run_id, PlanRunRow.worker == worker, PlanRunRow.state == RunState.SOLVING)


@dataclass(frozen=True, kw_only=True)
class Beat:
    """What a worker learns when it reports: whether the run is still its own, and is to hand in now."""

    still_mine: bool
    stop_asked: bool


def beat(
    session: Session, run_id: UUID, worker: str, progress: Mapping[str, Any] | None, clock: Clock
) -> Beat:
    """Say that the worker lives, and how far it is (None: nothing new).

    `progress` holds ``cost_mc``, ``bound_mc`` and ``gap`` (None while nothing is proven), ``unassigned``,
    ``seconds`` and ``doing``; before the first plan ``doing`` alone.
    """
    values: dict[str, Any] = {"beat_at": clock.now()}
    if progress is not None:
        values["progress"] = dict(progress)
    changed = session.execute(
        update(PlanRunRow)
        .where(_mine(run_id, worker))
        .values(values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(changed, CursorResult)
    if not changed.rowcount:
        return Beat(still_mine=False, stop_asked=False)
    area_id, day, stop_asked = session.execute(
        select(PlanRunRow.area_id, PlanRunRow.day, PlanRunRow.stop_asked).where(PlanRunRow.id == run_id)
    ).one()
    if progress is not None:
        note_change(session, area_id, day, "plan_run", clock, run_id)
    return Beat(still_mine=True, stop_asked=stop_asked)


def hand_in(session: Session, run_id: UUID, worker: str, plan: Mapping[str, Any], clock: Clock) -> bool:
    """Keep the solver's plan; False when the run is no longer this worker's."""
    row = session.scalar(select(PlanRunRow).where(_mine(run_id, worker)).with_for_update())
    if row is None:
        return False
    require_step(row.state, RunState.SOLVED)
    row.state, row.plan, row.ended_at = RunState.SOLVED, dict(plan), clock.now()
    row.reason = None
    solved = plan_from_json(plan)
    figures = figures_of(day_from_json(row.day_file), solved, left_out=len(row.left_out))
    row.progress = {**row.progress, **_proof(solved), "figures": figures}
    note_change(session, row.area_id, row.day, "plan_run", clock, row.id)
    return True


def _proof(plan: Plan) -> dict[str, Any]:
    """What is proven of a plan, as its last line of progress."""
    return {
        "cost_mc": plan.cost_mc,
        "bound_mc": plan.bound_mc,
        "gap": plan.gap,
        "optimal": plan.is_optimal,
        "relaxed": list(plan.relaxed),
    }


def give_up(session: Session, run_id: UUID, worker: str, reason: str, clock: Clock) -> bool:
    """Say that this run cannot be solved, and why; False when it is no longer this worker's."""
    row = session.scalar(select(PlanRunRow).where(_mine(run_id, worker)).with_for_update())
    if row is None:
        return False
    _fail(row, reason, clock)
    note_change(session, row.area_id, row.day, "plan_run", clock, row.id)
    return True


def put_back(session: Session, run_id: UUID, worker: str, clock: Clock) -> bool:
    """Queue a run again whose solver died under a worker that lives; fails it after `MOST_ATTEMPTS`."""
    row = session.scalar(select(PlanRunRow).where(_mine(run_id, worker)).with_for_update())
    if row is None:
        return False
    _requeue(session, row, clock)
    return True


def note_refusal(session: Session, run_id: UUID, reason: str, clock: Clock) -> None:
    """Keep why a solved run could not be published by itself."""
    row = session.get(PlanRunRow, run_id)
    if row is not None and row.state == RunState.SOLVED:
        row.reason = reason
        note_change(session, row.area_id, row.day, "plan_run", clock, row.id)


def sweep(session: Session, clock: Clock, dead_after: timedelta = DEAD_AFTER) -> list[UUID]:
    """Queue again (or fail, after `MOST_ATTEMPTS`) every run whose worker has not been heard of for long.

    Returns
    -------
    list of UUID
        The runs that were touched.
    """
    silent = (
        select(PlanRunRow)
        .where(PlanRunRow.state == RunState.SOLVING, PlanRunRow.beat_at < clock.now() - dead_after)
        .with_for_update(skip_locked=True)
    )
    rows = session.scalars(silent).all()
    for row in rows:
        _requeue(session, row, clock)
    return [row.id for row in rows]


def _requeue(session: Session, row: PlanRunRow, clock: Clock) -> None:
    row.worker = row.beat_at = None
    if row.stop_asked:
        require_step(row.state, RunState.STOPPED)
        row.state, row.ended_at, row.reason = (
            RunState.STOPPED,
            clock.now(),
            "stopped, and the solver handed in no plan",
        )
    elif row.attempts >= MOST_ATTEMPTS:
        _fail(row, f"the worker died {row.attempts} times", clock)
    else:
        require_step(row.state, RunState.QUEUED)
        row.state, row.progress = RunState.QUEUED, {}
    note_change(session, row.area_id, row.day, "plan_run", clock, row.id)


def _fail(row: PlanRunRow, reason: str, clock: Clock) -> None:
    require_step(row.state, RunState.FAILED)
    row.state, row.reason, row.ended_at = RunState.FAILED, reason, clock.now()

"""Publishing a solved run: checked, still true of the day, then the day's next plan."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from dispatch.areas.service import note_change
from dispatch.assignment.gather import gather
from dispatch.assignment.locks import lock_area
from dispatch.assignment.plan_model import Change, Progress, RunState, Source, changes_between
from dispatch.assignment.plan_rows import write_plan
from dispatch.assignment.records import PlanRow, PlanRunRow
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, NotFound, Reason, Stale, refuse
from routing.check import Violation, violations
from routing.dayfile import day_from_json
from routing.planfile import plan_from_json

PLAN_AGAIN = "Plan the day again; the run can be kept for comparison."


def publish(
    session: Session, run_id: UUID, actor: Actor, clock: Clock, progress: Iterable[Progress] = ()
) -> PlanRow:
    """Make a solved run the plan in force.

    Raises
    ------
    Conflict
        When it is not solved, or the plan breaks a rule (each violation is a reason).
    Stale
        When anything it was made from has changed; `extra["changes"]` names what.
    """
    run = _solved_run(session, run_id)
    area = lock_area(session, run.area_id)
    session.refresh(run, attribute_names=["state", "version"])
    _require_solved(run)
    assert run.plan is not None
    problem, plan = day_from_json(run.day_file), plan_from_json(run.plan)
    if broken := violations(problem, plan):
        raise Conflict(map(reason_of, broken))
    gathered = gather(session, area, run.day, clock, progress)
    changes = changes_between(sources_from(run.sources), gathered.sources)
    if changes:
        raise stale(changes)
    row = write_plan(
        session, gathered, problem, plan, origin="published", run_id=run.id, actor=actor, clock=clock
    )
    _supersede(session, run)
    run.state = RunState.PUBLISHED
    entry = AuditEntry(
        action="plan.publish",
        subject_kind="plan",
        subject_id=row.id,
        detail={"number": row.number, "run_id": str(run.id), "cost_mc": row.cost, "status": row.status},
    )
    record(session, entry, actor, clock)
    note_change(session, area.id, run.day, "plan", clock, row.id)
    return row


def _solved_run(session: Session, run_id: UUID) -> PlanRunRow:
    run = session.get(PlanRunRow, run_id)
    if run is None:
        raise refuse(NotFound, "no_such_run", "There is no such plan run.")
    return run


def _require_solved(run: PlanRunRow) -> None:
    if run.state != RunState.SOLVED or run.plan is None:
        raise refuse(
            Conflict,
            "run_not_solved",
            f"The run is {run.state}; only a solved one can be published.",
            way_out="Wait until it is solved, or plan again.",
            state=run.state,
        )


def _supersede(session: Session, run: PlanRunRow) -> None:
    """Every earlier run of the day that was published, or might have been, is out of date from here on."""
    earlier = (
        update(PlanRunRow)
        .where(PlanRunRow.area_id == run.area_id, PlanRunRow.day == run.day, PlanRunRow.id != run.id)
        .where(PlanRunRow.state.in_([RunState.PUBLISHED, RunState.SOLVED]))
        .values(state=RunState.SUPERSEDED, version=PlanRunRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(earlier)


def stale(changes: Iterable[Change]) -> Stale:
    """Make the refusal of a plan whose day has changed, naming every change."""
    found = list(changes)
    reasons = [Reason(code="day_changed", text=change.text, way_out=PLAN_AGAIN) for change in found]
    return Stale(reasons, {"changes": [asdict(change) for change in found]})


def reason_of(violation: Violation) -> Reason:
    """Return a broken rule of a plan as a reason; nurse and visit are the names boards show."""
    where = " ".join(
        f"{what} {name}" for what, name in (("Nurse", violation.nurse), ("visit", violation.visit)) if name
    )
    return Reason(code=violation.rule, text=f"{where}: {violation.text}" if where else violation.text)


def sources_from(stored: Mapping[str, Any]) -> dict[str, Source]:
    """Read back the sources of a run."""
    return {key: Source(name=name, mark=mark) for key, (name, mark) in stored.items()}


def sources_as_json(sources: Mapping[str, Source]) -> dict[str, list[str]]:
    """Return the sources of a run as they are kept."""
    return {key: [source.name, source.mark] for key, source in sources.items()}

"""Re-plan a day that runs: propose at once, look for better beside the server, accept or discard.

A proposal answers the day as it was when it was made. Accepting it publishes its plan by the same rules as
any other: nothing it was made from may have changed. What was reported holds from then on, until withdrawn.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_slug, note_change
from dispatch.assignment.day_rows import plan_in_force
from dispatch.assignment.day_shape import second_of
from dispatch.assignment.disturbances import event_of, names_of, reasons_of
from dispatch.assignment.gather import gather
from dispatch.assignment.locks import lock_area
from dispatch.assignment.plan_model import Gathered, Progress, RunState, changes_between
from dispatch.assignment.plan_rows import orders_of, write_plan
from dispatch.assignment.publish import reason_of, sources_as_json, sources_from, stale
from dispatch.assignment.records import DisturbanceRow, PlanRow, PlanRunRow, ReplanRow
from dispatch.assignment.replan_model import (
    FREEZE_MINUTES,
    LASTING,
    LONGEST_REASON,
    MOST_AGE,
    MOST_FREEZE_MINUTES,
    Better,
    ReplanState,
    Report,
    report_from,
    require_reports,
)
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Stale, refuse
from routing.check import violations
from routing.dayfile import day_from_json
from routing.faults import ProblemInvalid
from routing.planfile import plan_from_json
from routing.replan.asked import asked_as_json, proposal_as_json
from routing.replan.promises import Policy
from routing.replan.replanner import Replanner
from routing.replan.underway import Promise, Running

AGAIN = "Make a new proposal; it takes a second."


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What happened, why it matters, and how much of the next while must stay as it is.

    Without reports the day is re-planned as the facts have it by now.
    """

    area: str
    day: date
    reports: tuple[Report, ...] = ()
    reason: str = ""
    freeze_minutes: int = FREEZE_MINUTES


def propose(
    session: Session, reported: Reported, actor: Actor, clock: Clock, progress: Iterable[Progress] = ()
) -> ReplanRow:
    """Make a proposal at once; a better one is looked for beside the server.

    Raises
    ------
    Invalid
        With every report that says too little or too much, or cannot be of this day.
    Conflict
        ``no_plan_yet`` when there is nothing to re-plan; ``visit_under_way``.
    NotFound
        When the day has no such shift, visit or pharmacy.
    """
    _require_valid(reported)
    area = lock_area(session, area_by_slug(session, reported.area).id)
    plan = plan_in_force(session, area.id, reported.day)
    if plan is None:
        raise refuse(Conflict, "no_plan_yet", "This day has not been planned yet.", way_out="Plan it first.")
    gathered = gather(session, area, reported.day, clock, progress)
    running = running_of(gathered, plan, clock)
    policy = policy_of(area.weights, reported.freeze_minutes)
    now = clock.now()
    names = names_of(gathered)
    events = [event_of(report, names, gathered.problem, running.now_s, now) for report in reported.reports]
    try:
        proposal = Replanner(running, policy).answer(events)
    except ProblemInvalid as invalid:
        raise Invalid(reasons_of(invalid)) from invalid
    row = ReplanRow(
        id=new_id(),
        area_id=area.id,
        day=reported.day,
        plan_number=plan.number,
        state=ReplanState.PROPOSED,
        better=Better.WAITING,
        step=1,
        events={"reports": [report.as_json() for report in reported.reports]},
        freeze_minutes=reported.freeze_minutes,
        reason=reported.reason or None,
        asked=json.dumps(asked_as_json(running, events, policy)),
        answer=json.dumps(proposal_as_json(proposal)),
        engine=proposal.engine,
        total_mc=proposal.diff.after.total_mc,
        nothing_mc=proposal.diff.nothing.total_mc,
        fingerprint=gathered.fingerprint,
        sources=sources_as_json(gathered.sources),
        asked_by=actor.account_id,
        asker=actor.name,
        asked_at=now,
    )
    session.add(row)
    kinds = [report.kind.value for report in reported.reports]
    _note(session, row, "replan.propose", {"events": kinds, "plan_number": plan.number}, actor, clock)
    return row


def running_of(gathered: Gathered, plan: PlanRow, clock: Clock) -> Running:
    """Return a gathered day with the plan in force laid over it."""
    visits = {(key.appointment_id, key.part): name for name, key in gathered.visits.items()}
    nurses = {key.shift_id: name for name, key in gathered.nurses.items()}
    promised = {}
    for stop in plan.stops:
        visit = visits.get((stop.appointment_id, stop.part)) if stop.appointment_id else None
        nurse = nurses.get(stop.shift_id)
        if visit in gathered.problem.visit and nurse is not None and visit is not None:
            promised[visit] = Promise(nurse, second_of(stop.begins_at, gathered.origin))
    frozen = {stop.ref for nurse in gathered.problem.nurses for stop in nurse.frozen if stop.kind == "visit"}
    units = {
        name: gathered.booked[gathered.visits[name].appointment_id].units
        for name in frozen
        if name in gathered.visits and gathered.visits[name].appointment_id in gathered.booked
    }
    return Running(
        problem=gathered.problem,
        orders={nurse: tuple(order) for nurse, order in orders_of(gathered, plan.stops).items()},
        promised=promised,
        now_s=max(0, second_of(clock.now(), gathered.origin)),
        frozen_units={name: count for name, count in sorted(units.items()) if count},
    )


def policy_of(weights: Mapping[str, Any], freeze_minutes: int) -> Policy:
    """Return the prices of moving: what the area's weights state under ``replan``, else the planner's own."""
    stated: Mapping[str, int] = weights.get("replan", {})
    names = ("nurse_mc", "time_mc", "span_s", "late_mc_per_s", "most_late_s")
    return Policy(freeze_s=freeze_minutes * 60, **{name: stated[name] for name in names if name in stated})


def accept(
    session: Session,
    replan_id: UUID,
    step: int,
    actor: Actor,
    clock: Clock,
    progress: Iterable[Progress] = (),
) -> PlanRow:
    """Publish a proposal's plan as the day's next, and keep what was reported.

    A visit that was called off is still to be cancelled, in the same transaction, by whoever calls
    (`visits.cancelling`): `calls_off` names them.

    Parameters
    ----------
    step
        The step of the proposal that the dispatcher saw.

    Raises
    ------
    Stale
        When a better proposal has come meanwhile, when this one is too old, or when anything it was made
        from has changed; `extra["changes"]` names what.
    Conflict
        When it was accepted or discarded before, or its plan breaks a rule (each violation is a reason).
    """
    row = _open(session, replan_id)
    area = lock_area(session, row.area_id)
    _require_seen(row, step, clock)
    answer = json.loads(row.answer)
    problem, plan = day_from_json(answer["day"]), plan_from_json(answer["plan"])
    gathered = gather(session, area, row.day, clock, progress)
    if changes := changes_between(sources_from(row.sources), gathered.sources):
        raise stale(changes)
    if broken := violations(problem, plan):
        raise Conflict(map(reason_of, broken))
    published = write_plan(
        session, gathered, problem, plan, origin="replanned", run_id=None, actor=actor, clock=clock
    )
    superseded = (
        update(PlanRunRow)
        .where(PlanRunRow.area_id == row.area_id, PlanRunRow.day == row.day)
        .where(PlanRunRow.state.in_([RunState.PUBLISHED, RunState.SOLVED]))
        .values(state=RunState.SUPERSEDED, version=PlanRunRow.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(superseded)
    for report in reports_of(row):
        if report.kind in LASTING:
            session.add(_lasting(row, report, actor, clock))
    _decide(row, ReplanState.ACCEPTED, actor, clock)
    detail = {"number": published.number, "saves_mc": row.nothing_mc - row.total_mc, "engine": row.engine}
    _note(session, row, "replan.accept", detail, actor, clock)
    note_change(session, row.area_id, row.day, "plan", clock, published.id)
    return published


def discard(session: Session, replan_id: UUID, actor: Actor, clock: Clock) -> ReplanRow:
    """Set a proposal aside: nothing of it happens, and what was reported is not kept.

    Raises
    ------
    Conflict
        When it was accepted or discarded before.
    """
    row = _open(session, replan_id)
    _decide(row, ReplanState.DISCARDED, actor, clock)
    _note(session, row, "replan.discard", {}, actor, clock)
    return row


def withdraw(session: Session, disturbance_id: UUID, actor: Actor, clock: Clock) -> DisturbanceRow:
    """Take back something that was reported: the nurse is well again, the drug has come.

    Raises
    ------
    NotFound
        When there is no such report, or it was withdrawn before.
    """
    row = session.get(DisturbanceRow, disturbance_id)
    if row is None or row.withdrawn_at is not None:
        raise refuse(NotFound, "no_such_report", "There is no such report in force.")
    row.withdrawn_at = clock.now()
    entry = AuditEntry(action="disturbance.withdraw", subject_kind="disturbance", subject_id=row.id)
    record(session, entry, actor, clock)
    note_change(session, row.area_id, row.day, "replan", clock, row.id)
    return row


def replan_by_id(session: Session, replan_id: UUID) -> ReplanRow:
    """Return a proposal, or refuse with `NotFound`."""
    row = session.get(ReplanRow, replan_id)
    if row is None:
        raise refuse(NotFound, "no_such_proposal", "There is no such proposal.")
    return row


def reports_of(row: ReplanRow) -> tuple[Report, ...]:
    """Return what a proposal answers."""
    return tuple(report_from(stored) for stored in row.events["reports"])


def _require_valid(reported: Reported) -> None:
    require_reports(reported.reports)
    if not 0 <= reported.freeze_minutes <= MOST_FREEZE_MINUTES:
        text = f"Give 0 to {MOST_FREEZE_MINUTES} minutes."
        raise refuse(Invalid, "freeze_out_of_range", text, field="freeze_minutes")
    if len(reported.reason) > LONGEST_REASON:
        text = f"Write {LONGEST_REASON} characters at most."
        raise refuse(Invalid, "reason_too_long", text, field="reason")


def _open(session: Session, replan_id: UUID) -> ReplanRow:
    row = session.scalar(select(ReplanRow).where(ReplanRow.id == replan_id).with_for_update())
    if row is None:
        raise refuse(NotFound, "no_such_proposal", "There is no such proposal.")
    if row.state != ReplanState.PROPOSED:
        raise refuse(
            Conflict, "proposal_decided", f"It was {row.state} before.", way_out=AGAIN, state=row.state
        )
    return row


def _require_seen(row: ReplanRow, step: int, clock: Clock) -> None:
    if row.step != step:
        text = "A better proposal has come meanwhile."
        raise refuse(Stale, "proposal_changed", text, way_out="Look at it and decide again.")
    if clock.now() - row.asked_at > MOST_AGE:
        text = "The proposal is too old: the day went on."
        raise refuse(Stale, "proposal_too_old", text, way_out=AGAIN)


def _decide(row: ReplanRow, state: ReplanState, actor: Actor, clock: Clock) -> None:
    row.state, row.better = state, Better.ENDED
    row.decided_by, row.decided_at = actor.account_id, clock.now()


def _lasting(row: ReplanRow, report: Report, actor: Actor, clock: Clock) -> DisturbanceRow:
    return DisturbanceRow(
        id=new_id(),
        area_id=row.area_id,
        day=row.day,
        kind=report.kind,
        shift_id=report.shift_id,
        appointment_id=report.appointment_id,
        pharmacy_id=report.pharmacy_id,
        at=report.at,
        replan_id=row.id,
        reported_by=actor.account_id,
        reporter=actor.name,
        reported_at=row.asked_at,
    )


def _note(
    session: Session, row: ReplanRow, action: str, detail: Mapping[str, object], actor: Actor, clock: Clock
) -> None:
    entry = AuditEntry(action=action, subject_kind="replan", subject_id=row.id, detail=dict(detail))
    record(session, entry, actor, clock)
    note_change(session, row.area_id, row.day, "replan", clock, row.id)

"""A plan as rows, and back: what is published is what nurses and boards read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from dispatch.assignment.day_shape import instant_of
from dispatch.assignment.plan_model import Gathered
from dispatch.assignment.records import PlannedStopRow, PlanRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Reason
from routing.plan import Plan, Route, Stop
from routing.price import worked_s
from routing.problem import Problem


def write_plan(
    session: Session,
    gathered: Gathered,
    problem: Problem,
    plan: Plan,
    *,
    origin: str,
    run_id: UUID | None,
    actor: Actor,
    clock: Clock,
) -> PlanRow:
    """Add the plan as the day's next version.

    Parameters
    ----------
    problem
        The day that the plan answers: for a solve the one it was given, which may be minutes older than
        `gathered`; nothing that was read has changed since.
    origin
        ``published`` or ``moved``.
    """
    row = PlanRow(
        id=new_id(),
        area_id=gathered.area_id,
        day=gathered.day,
        number=gathered.plan_number + 1,
        run_id=run_id,
        published_by=actor.account_id,
        publisher=actor.name,
        published_at=clock.now(),
        origin=origin,
        status=plan.status,
        cost=plan.cost_mc,
        bound=plan.bound_mc,
        relaxed=list(plan.relaxed),
        terms=asdict(plan.cost) | figures_of(problem, plan, left_out=len(gathered.left_out)),
        unassigned=unassigned_of(gathered, plan),
        fingerprint=gathered.fingerprint,
    )
    session.add(row)
    session.flush()
    stops = [stop | {"plan_id": row.id} for route in plan.routes for stop in _stops(gathered, problem, route)]
    if stops:
        session.execute(insert(PlannedStopRow), stops)
    return row


def figures_of(problem: Problem, plan: Plan, *, left_out: int) -> dict[str, int]:
    """Return a plan in numbers: millicents, seconds, counts (`routes.model.Figures`)."""
    visits = [stop for route in plan.routes for stop in route.stops if stop.kind == "visit"]
    seconds = worked_s(problem, plan)
    return {f"{name}_s": seconds[name] for name in ("travel", "idle", "overtime", "service")} | {
        "cost_mc": plan.cost_mc,
        "assigned": len(visits),
        "unassigned": len(plan.unassigned) + left_out,
        "nurses": sum(any(stop.kind == "visit" for stop in route.stops) for route in plan.routes),
    }


def unassigned_of(gathered: Gathered, plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Return appointment id -> every reason why nobody goes, those left out of planning included."""
    found: dict[str, list[dict[str, Any]]] = {}
    for left in plan.unassigned:
        reasons = found.setdefault(str(gathered.visits[left.visit].appointment_id), [])
        for reason in left.reasons:
            if asdict(reason) not in reasons:
                reasons.append(asdict(reason))
    for appointment_id, why in gathered.left_out.items():
        found[str(appointment_id)] = [as_left(reason) for reason in why]
    return found


def as_left(reason: Reason) -> dict[str, Any]:
    """Return a reason as it is kept beside an unassigned appointment."""
    return {"code": reason.code, "text": f"{reason.text} {reason.way_out}".strip(), "nurses": 0}


def _stops(gathered: Gathered, problem: Problem, route: Route) -> Iterator[dict[str, Any]]:
    key = gathered.nurses[route.nurse]
    drives = _drives(problem, route)
    # On a running day the route goes on from where she is free: the day's own start is already there.
    left_home = any(stop.kind == "start" and stop.frozen for stop in route.stops)
    for sequence, (stop, travel_s) in enumerate(zip(route.stops, drives, strict=True)):
        if stop.kind == "start" and left_home and not stop.frozen:
            continue
        visit = gathered.visits[stop.ref] if stop.kind == "visit" else None
        counter = stop.kind in ("pickup", "return") and bool(stop.ref)
        yield {
            "nurse_id": key.nurse_id,
            "shift_id": key.shift_id,
            "sequence": sequence,
            "kind": stop.kind,
            "appointment_id": visit.appointment_id if visit else None,
            "part": visit.part if visit else 1,
            "pharmacy_id": gathered.pharmacies[stop.ref] if counter else None,
            "arrives_at": instant_of(stop.arrive_s, gathered.origin),
            "begins_at": instant_of(stop.begin_s, gathered.origin),
            "ends_at": instant_of(stop.end_s, gathered.origin),
            "travel_s": travel_s,
            "units": stop.units,
            "frozen": stop.frozen,
        }


def _drives(problem: Problem, route: Route) -> list[int]:
    """Return the drive to each stop in seconds, 0 where a stop has no place of its own."""
    drives, here = [], problem.nurse[route.nurse].start_place
    for stop in route.stops:
        place = _place(problem, route, stop)
        drives.append(problem.drive_s(here, place) if place else 0)
        here = place or here
    return drives


def _place(problem: Problem, route: Route, stop: Stop) -> str:
    nurse = problem.nurse[route.nurse]
    if stop.kind == "visit":
        return problem.visit[stop.ref].place if stop.ref in problem.visit else door_of(stop.ref)
    if stop.kind in ("pickup", "return"):
        return problem.pharmacy[stop.ref].place if stop.ref in problem.pharmacy else ""
    if stop.kind == "start":
        return nurse.start_place if stop.frozen else nurse.departs_from
    return nurse.end_place if stop.kind == "end" else ""


def door_of(visit: str) -> str:
    """Return the place of a visit that is frozen and so no longer among the visits to plan."""
    return f"door {visit}"


def orders_of(gathered: Gathered, stops: Sequence[PlannedStopRow]) -> dict[str, list[str]]:
    """Return the plan in force as visit ids in order by nurse id, without what is frozen or gone."""
    names: Mapping[tuple[UUID, int], str] = {
        (key.appointment_id, key.part): name
        for name, key in gathered.visits.items()
        if name in gathered.problem.visit
    }
    nurses = {key.shift_id: name for name, key in gathered.nurses.items()}
    orders: dict[str, list[str]] = {}
    for stop in sorted(stops, key=lambda stop: stop.sequence):
        nurse = nurses.get(stop.shift_id)
        if nurse is None or stop.appointment_id is None or stop.frozen:
            continue
        visit = names.get((stop.appointment_id, stop.part))
        if visit is not None:
            orders.setdefault(nurse, []).append(visit)
    return orders

"""A day and the plan in force on it, as questions about them need it; kept for the next question.

Gathering a day takes longer than any answer about it, and a dispatcher asks many questions of one day. What
is kept is worked out from rows; a stamp of those rows, read anew for every question, says whether it still
holds. Nothing sealed is kept: no name, no address, no point of a patient, only drive times between places.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import DayChangeRow, ServiceAreaRow
from dispatch.assignment.day_rows import LOOK_AHEAD, LOOK_BACK, plan_in_force
from dispatch.assignment.gather import gather
from dispatch.assignment.kept_days import KeptDays, Stamp, shared_figures, steps_run
from dispatch.assignment.plan_model import Progress
from dispatch.assignment.records import PlanRow
from dispatch.assignment.standing import Standing, standing
from dispatch.kernel.clock import Clock
from routing.engine.index import DayIndex
from routing.engine.route.roster import Roster, roster_of
from routing.engine.unplaced import without_points

MOST_DAYS = 8
KEPT_FOR = timedelta(minutes=5)
# A running day moves on with the clock; what is said of it may be so much behind.
RUNNING_FOR = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class PlannedAt:
    """Where the plan in force has a visit: the shift, and when it begins."""

    shift_id: UUID
    begins_at: datetime


@dataclass(frozen=True, kw_only=True)
class PresentDay:
    """A day as it stands, its plan in force laid over it.

    Attributes
    ----------
    now
        The plan on the present day, without points.
    roster, broken
        Its routes, timed, and the positions of nurses whose routes cannot be timed.
    full
        Positions of nurses to whom nothing may be given: those, and the strained.
    plan_number, bound_mc
        Of the plan in force; 0 before the first.
    planned
        (appointment id, part) -> where the plan has it, past and frozen visits included.
    """

    now: Standing
    roster: Roster
    broken: Set[int]
    full: Set[int]
    plan_number: int
    bound_mc: int | None
    planned: dict[tuple[UUID, int], PlannedAt]


class PresentDays(KeptDays[PresentDay]):
    """The days asked about last, in this process."""

    def __init__(self) -> None:
        super().__init__(MOST_DAYS, KEPT_FOR)


def present_day(
    session: Session,
    area: ServiceAreaRow,
    day: date,
    clock: Clock,
    progress: Iterable[Progress],
    days: PresentDays | None = None,
) -> PresentDay:
    """Return the day as it stands, from `days` where nothing changed since.

    Parameters
    ----------
    progress
        Read only when the day has to be gathered: give a generator.
    days
        None within a transaction that has written: what it sees may never be committed.
    """
    if days is None:
        return _gathered(session, area, day, clock, progress)
    key, at = (area.id, day), clock.now()
    stamp = _stamp(session, area, day, at)
    known = days.get(key, stamp, at)
    if known is None:
        known = _gathered(session, area, day, clock, progress)
        days.keep(key, stamp, at, known)
    return known


def _gathered(
    session: Session, area: ServiceAreaRow, day: date, clock: Clock, progress: Iterable[Progress]
) -> PresentDay:
    gathered = gather(session, area, day, clock, progress, by_hand=True)
    row = plan_in_force(session, area.id, day) or _no_plan(area.id, day)
    now = standing(gathered, row)
    now = replace(
        now,
        problem=without_points(now.problem),
        gathered=replace(gathered, problem=without_points(gathered.problem), sources={}),
    )
    index = DayIndex(now.problem)
    roster, broken = roster_of(index, now.plan)
    strained = {index.nurse_at[nurse] for nurse in now.strained if nurse in index.nurse_at}
    return PresentDay(
        now=now,
        roster=roster,
        broken=broken,
        full=broken | strained,
        plan_number=row.number,
        bound_mc=row.bound,
        planned={
            (stop.appointment_id, stop.part): PlannedAt(shift_id=stop.shift_id, begins_at=stop.begins_at)
            for stop in row.stops
            if stop.appointment_id is not None
        },
    )


def _no_plan(area_id: UUID, day: date) -> PlanRow:
    """Before the first plan every nurse's day is empty; this row is never stored."""
    return PlanRow(area_id=area_id, day=day, number=0, bound=None, unassigned={}, stops=[])


def _stamp(session: Session, area: ServiceAreaRow, day: date, at: datetime) -> Stamp:
    """Return what changes whenever anything that `gather` reads does.

    Every change of an area's people and bookings is in the feed of its day; of the days around it too, whose
    shifts count against hours and whose plans say whom a patient knows. Rows may be committed in another
    order than they were numbered, so they are counted as well.
    """
    near = (
        DayChangeRow.area_id == area.id,
        DayChangeRow.day >= day - LOOK_BACK,
        DayChangeRow.day <= day + LOOK_AHEAD,
        DayChangeRow.kind != "plan_run",
    )
    plan = select(PlanRow.id).where(PlanRow.area_id == area.id, PlanRow.day == day)
    wanted: tuple[Select[Any], ...] = (
        plan.order_by(PlanRow.number.desc()).limit(1),
        select(func.max(DayChangeRow.position)).where(*near),
        select(func.count()).select_from(DayChangeRow).where(*near),
        *shared_figures(),
    )
    read = session.execute(select(*(one.scalar_subquery() for one in wanted))).one()
    return (*read, area.version, steps_run(area, day, at, RUNNING_FOR))

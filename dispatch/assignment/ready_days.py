"""An area's coming days, ready to be asked where one more visit fits; kept for the next question.

A day with a plan in force is that plan, what was booked since put in where it costs least; a day without one
is planned greedily. That takes a good part of a second, asking a few milliseconds: so days are kept in the
process that was asked, under a stamp of all rows that went into them, which is read anew for every question.

Kept are ids, nurses' papers, drive times and the points of places; no patient's name, address or wish.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import DayChangeRow, ServiceAreaRow
from dispatch.areas.service import zone_of
from dispatch.assignment.day_rows import LOOK_AHEAD, LOOK_BACK, plan_in_force
from dispatch.assignment.gather import gather
from dispatch.assignment.kept_days import KeptDays, Stamp, shared_figures, steps_run
from dispatch.assignment.model import LawFacts, NurseFacts
from dispatch.assignment.plan_model import Gathered, NurseKey, Progress
from dispatch.assignment.rules import DayJudge
from dispatch.assignment.standing import standing
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import day_bounds
from dispatch.kernel.refusals import Conflict, Reason
from routing.engine.index import DayIndex
from routing.engine.route.roster import Roster, roster_of
from routing.slots import ReadyDay, put_in, quick_plan

MOST_DAYS = 42
# Every row that counts is in the stamp; this only bounds how long memory is held for nobody.
KEPT_FOR = timedelta(hours=1)
# A running day moves on with the clock; what is said of it may be so much behind.
RUNNING_FOR = timedelta(seconds=60)
# What changes no one's day: a plan being sought, a vial changing hands.
NO_MATTER = ("plan_run", "custody")
# Shifts count against the hours of the days around them.
AROUND = ("shift", "import")

# Area and day; asked only where a day has to be gathered.
ProgressOf = Callable[[UUID, date], Iterable[Progress]]


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A day that can be asked.

    Attributes
    ----------
    slots
        None where the stored day makes no plannable day, with the `reasons`.
    origin, latest_end_s
        The UTC instant of second 0, and the second by which planned visits end.
    planned
        Whether a plan is in force.
    unplaced
        How many booked visits have no nurse in it.
    """

    day: date
    zone: ZoneInfo
    origin: datetime
    latest_end_s: int
    planned: bool
    unplaced: int = 0
    slots: ReadyDay | None = None
    reasons: tuple[Reason, ...] = ()
    judge: DayJudge | None = None
    nurses: Mapping[str, NurseKey]
    people: Mapping[UUID, NurseFacts]


class ReadyDays(KeptDays[Ready]):
    """The days asked about last, in this process."""

    def __init__(self) -> None:
        super().__init__(MOST_DAYS, KEPT_FOR)


def ready_days(
    session: Session,
    area: ServiceAreaRow,
    wanted: Sequence[date],
    clock: Clock,
    progress: ProgressOf,
    days: ReadyDays,
    *,
    keep: bool = True,
) -> list[Ready]:
    """Return days, ready to be asked, from `days` where nothing changed since.

    Parameters
    ----------
    wanted
        Ascending.
    progress
        How far the visits of an area's day have come (`visits.queries.progress`).
    keep
        False within a transaction that may write: what it sees may never be committed.
    """
    if not wanted:
        return []
    at, found = clock.now(), []
    stamps = _stamps(session, area, wanted, at)
    for day in wanted:
        key = (area.id, day)
        ready = days.get(key, stamps[day], at)
        if ready is None:
            ready = _made_ready(session, area, day, clock, progress(area.id, day))
            if keep:
                days.keep(key, stamps[day], at, ready)
        found.append(ready)
    return found


def _made_ready(
    session: Session, area: ServiceAreaRow, day: date, clock: Clock, progress: Iterable[Progress]
) -> Ready:
    try:
        gathered = gather(session, area, day, clock, progress)
    except Conflict as refused:
        return Ready(
            day=day,
            zone=zone_of(area),
            origin=day_bounds(day, zone_of(area))[0],
            latest_end_s=0,
            planned=False,
            reasons=refused.reasons,
            nurses={},
            people={},
        )
    rules = gathered.rules
    assert isinstance(rules, LawFacts), "`gather` states its rules"
    roster, closed = _roster(session, gathered)
    # A licence's number is nobody's business here.
    people = {
        nurse_id: replace(facts, licences=tuple(replace(held, number="") for held in facts.licences))
        for nurse_id, facts in gathered.people.items()
    }
    return Ready(
        day=day,
        zone=gathered.zone,
        origin=gathered.origin,
        latest_end_s=gathered.planned_end_s,
        planned=gathered.plan_number > 0,
        unplaced=len(roster.unassigned),
        slots=ReadyDay(roster, frozenset(closed)),
        judge=DayJudge(list(people.values()), rules),
        nurses=gathered.nurses,
        people=people,
    )


def _roster(session: Session, gathered: Gathered) -> tuple[Roster, set[int]]:
    """Return the day's routes, and the nurses to whom nothing may be given."""
    row = plan_in_force(session, gathered.area_id, gathered.day)
    if row is None:
        index = DayIndex(gathered.problem)
        return quick_plan(index), set()
    now = standing(gathered, row)
    index = DayIndex(now.problem)
    roster, closed = roster_of(index, now.plan)
    closed |= {index.nurse_at[nurse] for nurse in now.strained}
    for nurse in closed:
        index.allowed[nurse] = [roster.nurse_of[visit] == nurse for visit in range(len(index.visits))]
    put_in(roster)
    return roster, closed


def _stamps(
    session: Session, area: ServiceAreaRow, wanted: Sequence[date], at: datetime
) -> dict[date, Stamp]:
    """Return what changes whenever anything that a day is made of does.

    Every change of an area's people and bookings is in the feed of its day. Rows may be committed in another
    order than they were numbered, so they are counted as well.
    """
    feed = (
        select(DayChangeRow.day, DayChangeRow.kind, func.max(DayChangeRow.position), func.count())
        .where(DayChangeRow.area_id == area.id, DayChangeRow.kind.not_in(NO_MATTER))
        .where(DayChangeRow.day.between(wanted[0] - LOOK_BACK, wanted[-1] + LOOK_AHEAD))
        .group_by(DayChangeRow.day, DayChangeRow.kind)
        .order_by(DayChangeRow.day, DayChangeRow.kind)
    )
    own: dict[date, list[object]] = {}
    shifts: dict[date, list[object]] = {}
    for day, kind, last, count in session.execute(feed):
        own.setdefault(day, []).append((kind, last, count))
        if kind in AROUND:
            shifts.setdefault(day, []).append((last, count))
    shared = tuple(session.execute(select(*(one.scalar_subquery() for one in shared_figures()))).one())
    found: dict[date, Stamp] = {}
    near = range(-LOOK_BACK.days, LOOK_AHEAD.days + 1)
    for day in wanted:
        ran = steps_run(area, day, at, RUNNING_FOR)
        around = tuple(tuple(shifts.get(day + timedelta(days=offset), ())) for offset in near)
        found[day] = (area.version, *shared, tuple(own.get(day, ())), around, ran)
    return found

"""From rows to the scheduler's problem: days as numbers, nurses by what their shifts leave."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, zone_of
from dispatch.kernel.local_time import day_bounds, local_day
from dispatch.series.commands import Availability
from dispatch.series.loading import series_policy
from dispatch.series.model import InfusionState, Phase
from dispatch.series.records import InfusionRow, SeriesRow
from dispatch.series.rules.staffing import PARTS, may_give, part_bounds, part_minutes
from dispatch.series.rules.templates import PhasePlan, read_templates
from dispatch.workforce.records import NurseRow, ShiftRow, StateRuleRow
from routing.horizon.problem import Course, Gap, Horizon, Nurse, Slot, Span, Visit

STAYS = frozenset({InfusionState.GIVEN, InfusionState.BOOKED})
LAID = (InfusionState.PLANNED.value, InfusionState.BOOKED.value)


@dataclass(frozen=True, kw_only=True)
class Around:
    """What the chapters above know: minutes that nurses are busy elsewhere, nurses who must not come.

    `busy` is by nurse, day and part of the day (0 the morning).
    """

    busy: Mapping[tuple[UUID, date, int], int] = field(default_factory=dict)
    excluded: frozenset[UUID] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """A series as a problem of its own, and how to read its answer."""

    horizon: Horizon
    course: Course
    first: date
    nurse_codes: Mapping[str, str]

    def day(self, number: int) -> date:
        """Return the date of a day of the horizon."""
        return self.first + timedelta(days=number)


def gather(session: Session, row: SeriesRow, habits: Availability, around: Around, now: datetime) -> Gathered:
    """Return the problem of laying the series' open infusions from now on."""
    rules, zone = series_policy(session, row), zone_of(area_by_id(session, row.area_id))
    first = local_day(now, zone)
    days = 7 * rules["series.horizon"]["weeks"]
    nurses = _nurses(session, row, around, zone, now, days, rules["series.horizon"])
    course = _course(session, row, habits, around, rules, zone, first, days)
    spacing, response = rules["series.spacing"], rules["series.response"]
    horizon = Horizon(
        days=days,
        parts=len(PARTS),
        courses=(course,),
        nurses=tuple(nurse for nurse, _ in nurses),
        reviews=tuple(
            rules["series.horizon"]["reviews_a_day"] * ((first + timedelta(days=day)).isoweekday() <= 5)
            for day in range(days)
        ),
        most_in=spacing["most_in_days"],
        in_days=spacing["days"],
        review_after=response["review_after"],
        review_before=response["mandatory_before"],
    )
    codes = {nurse.id: code for nurse, code in nurses}
    return Gathered(horizon=horizon, course=course, first=first, nurse_codes=codes)


def _course(
    session: Session,
    row: SeriesRow,
    habits: Availability,
    around: Around,
    rules: Mapping[str, Mapping[str, Any]],
    zone: ZoneInfo,
    first: date,
    days: int,
) -> Course:
    template = read_templates(rules["series.templates"])[row.template]
    plans = {each.phase: each for each in template.phases}
    phases = [plans[Phase(each.phase)] for each in row.infusions]
    horizon = rules["series.horizon"]
    stands: dict[int, Visit] = {}
    before: dict[int, Visit] = {}
    for at, each in enumerate(row.infusions):
        visit = _visit(each, first, zone)
        if visit is not None:
            (stands if InfusionState(each.status) in STAYS else before)[at] = visit
    start = max((row.first_day - first).days, 0)
    moved = any(each.status == InfusionState.MISSED for each in row.infusions) or bool(before)
    return Course(
        id=str(row.id),
        area=str(row.area_id),
        minutes=tuple(
            (horizon["first_minutes"] if number == 0 else horizon["repeat_minutes"]) + horizon["way_minutes"]
            for number in range(len(phases))
        ),
        gaps=tuple(_gap(each) for each in phases[1:]),
        spans=tuple(_spans(phases)),
        first=(start, start + 7),
        patient=_free(habits.patient, habits.away, first, days),
        adult=_free(habits.adult, habits.away, first, days),
        excluded=frozenset(str(each) for each in around.excluded),
        usual_nurse=_usual(row),
        stands=stands,
        before=before,
        earlier=_earlier(session, row, first, zone),
        late_days=horizon["late_days"] if moved else 0,
        reviewed=row.reviewed_after >= rules["series.response"]["review_after"],
    )


def _gap(plan: PhasePlan) -> Gap:
    """Return a phase's gap; even is its middle."""
    least, most = plan.gap_days
    return Gap(least=least, most=most, even_least=(least + most) // 2, even_most=(least + most + 1) // 2)


def _spans(phases: list[PhasePlan]) -> Iterable[Span]:
    for plan in dict.fromkeys(phases):
        numbers = [at for at, each in enumerate(phases) if each is plan]
        if len(numbers) > 1:
            # Only a phase of its usual length takes its usual time at the least.
            least = plan.within_days[0] if len(numbers) >= plan.usual else 0
            yield Span(first=numbers[0], last=numbers[-1], least=least, most=plan.within_days[1])


def _visit(infusion: InfusionRow, first: date, zone: ZoneInfo) -> Visit | None:
    day = local_day(infusion.given_at, zone) if infusion.given_at else infusion.day
    if day is None:
        return None
    part = PARTS.index(infusion.part) if infusion.part in PARTS else 0
    return Visit(Slot((day - first).days, part), str(infusion.nurse_id) if infusion.nurse_id else "")


def _free(
    week: Mapping[int, frozenset[str]], away: frozenset[date], first: date, days: int
) -> frozenset[Slot]:
    return frozenset(
        Slot(at, PARTS.index(part))
        for at in range(days)
        for day in (first + timedelta(days=at),)
        if day not in away
        for part in week.get(day.isoweekday(), frozenset())
        if part in PARTS
    )


def _usual(row: SeriesRow) -> str:
    given = [each for each in row.infusions if InfusionState(each.status) in STAYS and each.nurse_id]
    return str(given[-1].nurse_id) if given else ""


def _earlier(session: Session, row: SeriesRow, first: date, zone: ZoneInfo) -> tuple[int, ...]:
    given = session.scalars(
        select(InfusionRow.given_at)
        .join(SeriesRow, SeriesRow.id == InfusionRow.series_id)
        .where(SeriesRow.patient_id == row.patient_id, SeriesRow.id != row.id)
        .where(InfusionRow.given_at.is_not(None))
        .order_by(InfusionRow.given_at.desc())
        .limit(7)
    )
    return tuple(sorted((local_day(at, zone) - first).days for at in given if at is not None))


def _nurses(
    session: Session,
    row: SeriesRow,
    around: Around,
    zone: ZoneInfo,
    now: datetime,
    days: int,
    policy: Mapping[str, int],
) -> list[tuple[Nurse, str]]:
    """Return who may give ketamine here, with the minutes that her shifts and other series leave her."""
    first = local_day(now, zone)
    people = session.scalars(
        select(NurseRow).where(NurseRow.area_id == row.area_id, NurseRow.active).order_by(NurseRow.code)
    ).all()
    rule = session.scalar(select(StateRuleRow).where(StateRuleRow.state == row.state_code))
    begins, ends = day_bounds(first, zone)[0], day_bounds(first + timedelta(days=days), zone)[0]
    shifts = session.scalars(
        select(ShiftRow).join(ShiftRow.nurse).where(
            NurseRow.area_id == row.area_id, ShiftRow.ends_at > begins, ShiftRow.starts_at < ends
        )
    ).all()  # fmt: skip
    taken = _taken(session, row, first, policy)
    found = []
    for person in people:
        minutes: dict[Slot, int] = {}
        hers = [shift for shift in shifts if shift.nurse_id == person.id]
        for day in sorted({local_day(shift.starts_at, zone) for shift in hers}):
            if day < first or not may_give(person, row.state_code, rule, day, zone):
                continue
            for part in range(len(PARTS)):
                bounds = part_bounds(day, part, policy, zone)
                free = sum(part_minutes(max(shift.starts_at, now), shift.ends_at, bounds) for shift in hers)
                free -= taken.get((person.id, day, part), 0) + around.busy.get((person.id, day, part), 0)
                if free > 0:
                    minutes[Slot((day - first).days, part)] = free
        if minutes:
            name = str(person.id)
            found.append((Nurse(id=name, areas=frozenset({str(row.area_id)}), minutes=minutes), person.code))
    return found


def _taken(
    session: Session, row: SeriesRow, first: date, policy: Mapping[str, int]
) -> dict[tuple[UUID, date, int], int]:
    """Return the minutes that laid infusions of other series need, by nurse, day and part."""
    laid = session.scalars(
        select(InfusionRow).where(
            InfusionRow.series_id != row.id, InfusionRow.status.in_(LAID), InfusionRow.day >= first,
            InfusionRow.nurse_id.is_not(None),
        )
    )  # fmt: skip
    found: dict[tuple[UUID, date, int], int] = {}
    for each in laid:
        if each.nurse_id is not None and each.day is not None and each.part in PARTS:
            key = (each.nurse_id, each.day, PARTS.index(each.part))
            minutes = policy["first_minutes"] if each.number == 1 else policy["repeat_minutes"]
            found[key] = found.get(key, 0) + minutes + policy["way_minutes"]
    return found

"""How a visit that nobody makes could be made, and what the plan in force costs, from the present day.

The planner finds what the day file allows; the law is asked again here for every change of hours, since the
day file knows neither rest between shifts nor hours of the week.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_slug
from dispatch.assignment.day_shape import instant_of
from dispatch.assignment.model import LawFacts
from dispatch.assignment.plan_model import Gathered, Progress
from dispatch.assignment.present_day import PresentDay, PresentDays, present_day
from dispatch.assignment.rules import reasons_against
from dispatch.assignment.rules.times import shifts_of_day
from dispatch.assignment.why import visit_named
from dispatch.kernel.clock import Clock
from routing.explain import (
    Fact,
    PlanExplained,
    Relaxation,
    Ways,
    Wording,
    condition,
    explain_plan,
    find_ways,
)
from routing.explain.rules import rule_of


@dataclass(frozen=True, kw_only=True)
class Way:
    """A proven change that makes the visit possible, in the database's ids.

    `text` ends "Possible if ..."; `other_appointment_id` is the visit that would move or be left.
    """

    way: str
    text: str
    needs_nobody: bool
    added_mc: int
    nurse_id: UUID
    shift_id: UUID
    code: str
    begins_at: datetime
    minutes: int
    units: int
    codes: tuple[str, ...]
    other_appointment_id: UUID | None
    other_shift_id: UUID | None
    other_begins_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class WaysOfVisit:
    """Every way found, those that need nobody's word first, then by cost; and what stands against it."""

    appointment_id: UUID
    part: int
    plan_number: int
    ways: tuple[Way, ...]
    facts: tuple[Fact, ...]


# Appointments -> how whoever reads calls them; those not named keep their references.
Calls = Callable[[Collection[UUID]], Mapping[UUID, str]]


def ways_of(
    session: Session,
    slug: str,
    day: date,
    appointment_id: UUID,
    clock: Clock,
    progress: Iterable[Progress] = (),
    *,
    part: int = 1,
    days: PresentDays | None = None,
    called: Calls | None = None,
) -> WaysOfVisit:
    """Say what would make a visit possible that nobody makes; nothing for one that somebody makes.

    It changes nothing. `days` as for `assignment.why.why`; `called` names the visits that would move.

    Raises
    ------
    NotFound
        When the day has no such visit.
    """
    present = present_day(session, area_by_slug(session, slug), day, clock, progress, days)
    name = visit_named(present, appointment_id, part)
    gathered = present.now.gathered
    found = Ways(visit="", relaxations=(), facts=tuple(_left_out(gathered, appointment_id)))
    if name is not None:
        found = find_ways(
            present.now.problem,
            present.now.plan,
            name,
            lawful=lambda one: is_lawful(gathered, appointment_id, one),
            latest_end_s=gathered.latest_end_s,
            roster=(present.roster, set(present.full)),
        )
    others = {gathered.visits[one.other].appointment_id for one in found.relaxations if one.other}
    wording = _wording(gathered, called(others) if called and others else {})
    needs = _needs(gathered, appointment_id) if found.facts and name is not None else ()
    return WaysOfVisit(
        appointment_id=appointment_id,
        part=part,
        plan_number=present.plan_number,
        ways=tuple(_way(gathered, one, wording) for one in found.relaxations),
        facts=(*needs, *(replace(fact, text=wording.fact(fact)) for fact in found.facts)),
    )


def plan_explained(
    session: Session,
    slug: str,
    day: date,
    clock: Clock,
    progress: Iterable[Progress] = (),
    *,
    days: PresentDays | None = None,
) -> tuple[PresentDay, PlanExplained]:
    """Take the cost of the plan in force apart, as it stands on the present day."""
    present = present_day(session, area_by_slug(session, slug), day, clock, progress, days)
    plan = present.now.plan
    if present.bound_mc is not None and present.bound_mc <= plan.cost_mc:
        plan = replace(plan, bound_mc=present.bound_mc)
    return present, explain_plan(present.now.problem, plan, present.roster.day)


def is_lawful(gathered: Gathered, appointment_id: UUID, found: Relaxation) -> bool:
    """Judge a change by the law: the nurse at that hour, and until when she may work.

    What a person would lift is taken as lifted; nothing else is.
    """
    law, key = gathered.rules, gathered.nurses[found.nurse]
    if law is None:
        return False
    if found.way == "overtime":
        law = replace(law, overtime=law.overtime + timedelta(minutes=found.minutes))
    nurse = gathered.people[key.nurse_id]
    begins_at = instant_of(found.begin_s, gathered.origin)
    at_that_hour = gathered.booked[appointment_id].beginning_at(begins_at)
    lifted = set(found.codes)
    against = {reason.code for reason in reasons_against(nurse, at_that_hour, law)} - lifted
    if found.way == "lock_box":
        against -= set(rule_of("lock_box_too_small").codes)
    if against:
        return False
    return found.way != "overtime" or _may_work_until(gathered, law, found)


def _may_work_until(gathered: Gathered, law: LawFacts, found: Relaxation) -> bool:
    back_at = instant_of(found.back_s, gathered.origin)
    nurse = gathered.people[gathered.nurses[found.nurse].nurse_id]
    spans = shifts_of_day(nurse, gathered.day, gathered.day, law)
    begun = [shift for shift in spans if shift.shift.starts_at <= back_at]
    return bool(begun) and back_at <= begun[-1].until


def _left_out(gathered: Gathered, appointment_id: UUID) -> Iterator[Fact]:
    for reason in gathered.left_out.get(appointment_id, ()):
        yield Fact(name=reason.code, text=reason.text, way_out=reason.way_out, is_law=False)


def _needs(gathered: Gathered, appointment_id: UUID) -> tuple[Fact, ...]:
    """Say in one sentence whom the law asks for, and how many such nurses work that day."""
    booked, judged = gathered.booked[appointment_id], gathered.law[appointment_id]
    on_shift = {key.nurse_id for key in gathered.nurses.values()}
    able = [
        nurse_id
        for nurse_id in on_shift
        if not {rule_of(reason.code).name for reason in judged[nurse_id]} & {"licence", "competency", "role"}
    ]
    text = f"It needs a nurse licensed in {booked.state}"
    if booked.competencies:
        text += f" with {', '.join(sorted(booked.competencies))} valid that day"
    text += f": {len(able) or 'none'} of {len(on_shift)} at work."
    return (Fact(name="needs", text=text, way_out="", is_law=True, nurses=len(able)),)


def _wording(gathered: Gathered, called: Mapping[UUID, str]) -> Wording:
    def reading(second: int) -> str:
        return f"{instant_of(second, gathered.origin).astimezone(gathered.zone):%H:%M}"

    known = {name: called.get(key.appointment_id) for name, key in gathered.visits.items()}
    return Wording(visits={name: text for name, text in known.items() if text}, reading=reading)


def _way(gathered: Gathered, one: Relaxation, wording: Wording) -> Way:
    key = gathered.nurses[one.nurse]
    other = gathered.visits[one.other] if one.other else None
    at = None if one.other_begin_s is None else instant_of(one.other_begin_s, gathered.origin)
    return Way(
        way=one.way,
        text=condition(one, wording),
        needs_nobody=one.needs_nobody,
        added_mc=one.added_mc,
        nurse_id=key.nurse_id,
        shift_id=key.shift_id,
        code=gathered.people[key.nurse_id].code,
        begins_at=instant_of(one.begin_s, gathered.origin),
        minutes=one.minutes,
        units=one.units,
        codes=one.codes,
        other_appointment_id=other.appointment_id if other else None,
        other_shift_id=gathered.nurses[one.other_nurse].shift_id if one.other_nurse else None,
        other_begins_at=at,
    )

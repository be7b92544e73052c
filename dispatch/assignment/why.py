"""Why this nurse, and why not that one: every nurse on shift ranked for a visit, with all reasons."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_slug
from dispatch.assignment.day_shape import instant_of
from dispatch.assignment.model import Grade, Preference
from dispatch.assignment.plan_model import Gathered, Progress
from dispatch.assignment.present_day import PresentDay, PresentDays, present_day
from dispatch.assignment.rules import preferences
from dispatch.assignment.standing import Standing
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import NotFound, Reason
from routing.engine.quick.insertion import Offer, best_insertions
from routing.engine.route.why_not import TEXTS
from routing.plan import Plan, ReasonLeft


class Fit(StrEnum):
    """How well a nurse suits: every wish met, some in part, one missed, or not allowed at all."""

    A = "A"
    B = "B"
    C = "C"
    NO = "-"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A nurse's shift as an answer to "who could go?".

    Attributes
    ----------
    added_mc
        What giving her the visit adds to the day's cost, its penalty not counted; None when impossible.
    begins_at, position
        When it would begin, and its place among her visits.
    reasons
        Everything against her: laws first, then what the rest of her day does not allow. Empty: possible.
    """

    nurse_id: UUID
    shift_id: UUID
    code: str
    fit: Fit
    is_present: bool
    added_mc: int | None
    begins_at: datetime | None
    position: int | None
    wishes: tuple[Preference, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class Why:
    """A visit, who makes it, who else could, and why nobody does where nobody does.

    `movable` is false for a visit that is under way or over; `plan_number` is 0 before the first plan.
    """

    appointment_id: UUID
    part: int
    plan_number: int
    shift_id: UUID | None
    begins_at: datetime | None
    movable: bool
    reasons: tuple[ReasonLeft, ...]
    candidates: tuple[Candidate, ...]


def why(
    session: Session,
    slug: str,
    day: date,
    appointment_id: UUID,
    clock: Clock,
    progress: Iterable[Progress] = (),
    *,
    part: int = 1,
    days: PresentDays | None = None,
) -> Why:
    """Rank every nurse on shift for a visit: the possible ones by added cost, then the others.

    It changes nothing; a board shows it while a visit is held. `days` keeps the day for the next question;
    None within a transaction that has written.

    Raises
    ------
    NotFound
        When the day has no such visit.
    """
    present = present_day(session, area_by_slug(session, slug), day, clock, progress, days)
    now = present.now
    name = visit_named(present, appointment_id, part)
    if name is None:
        return _not_movable(present, appointment_id, part)
    gathered = now.gathered
    route, begin_s = now.plan.route_of(name), now.plan.begin_s(name)
    left = next((entry.reasons for entry in now.plan.unassigned if entry.visit == name), ())
    offers = best_insertions(now.problem, now.plan, name, (present.roster, present.broken))
    candidates = [_candidate(now, appointment_id, offer, route.nurse if route else None) for offer in offers]
    return Why(
        appointment_id=appointment_id,
        part=part,
        plan_number=present.plan_number,
        shift_id=gathered.nurses[route.nurse].shift_id if route else None,
        begins_at=instant_of(begin_s, gathered.origin) if begin_s is not None else None,
        movable=present.plan_number > 0,
        reasons=left,
        candidates=tuple(sorted(candidates, key=_rank)),
    )


def visit_named(present: PresentDay, appointment_id: UUID, part: int) -> str | None:
    """Return the visit's id in the day file; None for one that is under way or cannot be planned at all.

    Raises
    ------
    NotFound
        When the day has no such visit.
    """
    gathered = present.now.gathered
    if appointment_id not in gathered.booked and appointment_id not in gathered.left_out:
        raise NotFound([Reason(code="no_such_visit", text="This day has no such visit.")])
    name = next((v for v in gathered.visit_ids(appointment_id) if gathered.visits[v].part == part), None)
    return name if name in present.now.problem.visit else None


def _rank(candidate: Candidate) -> tuple[bool, int, str]:
    return bool(candidate.reasons), candidate.added_mc or 0, candidate.code


def _candidate(now: Standing, appointment_id: UUID, offer: Offer, present: str | None) -> Candidate:
    gathered, key = now.gathered, now.gathered.nurses[offer.nurse]
    law = law_against(gathered, appointment_id, offer.nurse)
    named = {reason.code for reason in law}
    rest = [code for code in offer.reasons if code not in named]
    reasons = (*law, *(Reason(code=code, text=TEXTS.get(code, code.replace("_", " "))) for code in rest))
    if offer.nurse in now.strained and offer.nurse != present:
        reasons = (*reasons, Reason(code="own_route_broken", text=TEXTS["own_route_broken"]))
    wishes = preferences(gathered.people[key.nurse_id], gathered.booked[appointment_id])
    begins_at = instant_of(offer.begin_s, gathered.origin) if offer.begin_s is not None else None
    return Candidate(
        nurse_id=key.nurse_id,
        shift_id=key.shift_id,
        code=gathered.people[key.nurse_id].code,
        fit=_fit(wishes, reasons),
        is_present=offer.nurse == present,
        added_mc=None if reasons else offer.added_mc,
        begins_at=None if reasons else begins_at,
        position=None if reasons else offer.position,
        wishes=wishes,
        reasons=reasons,
    )


def _fit(wishes: Iterable[Preference], reasons: Iterable[Reason]) -> Fit:
    if tuple(reasons):
        return Fit.NO
    worst = max((wish.share for wish in wishes), default=0.0)
    return Fit.A if worst == 0 else Fit.B if worst < 1 else Fit.C


def _not_movable(present: PresentDay, appointment_id: UUID, part: int) -> Why:
    """Answer for a visit that is under way, or cannot be planned at all: the law still names each nurse."""
    gathered = present.now.gathered
    out = gathered.left_out.get(appointment_id, ())
    candidates = (
        _candidate(present.now, appointment_id, Offer(nurse=name, reasons=tuple(r.code for r in out)), None)
        for name in gathered.nurses
        if appointment_id in gathered.booked
    )
    planned = present.planned.get((appointment_id, part))
    return Why(
        appointment_id=appointment_id,
        part=part,
        plan_number=present.plan_number,
        shift_id=planned.shift_id if planned else None,
        begins_at=planned.begins_at if planned else None,
        movable=False,
        reasons=tuple(ReasonLeft(code=r.code, text=f"{r.text} {r.way_out}".strip()) for r in out),
        candidates=tuple(sorted(candidates, key=_rank)) if out else (),
    )


def law_against(gathered: Gathered, appointment_id: UUID, nurse: str) -> tuple[Reason, ...]:
    """Return every law against a nurse (by her id in the day file) for an appointment."""
    return gathered.law.get(appointment_id, {}).get(gathered.nurses[nurse].nurse_id, ())


def warnings_of(now: Standing, changed: Plan, visit: str, nurse: str) -> tuple[Reason, ...]:
    """Return what a move by hand would break short of a law: wishes, overtime, a late evening."""
    return tuple(_warnings(now, changed, visit, nurse))


def _warnings(now: Standing, changed: Plan, visit: str, nurse: str) -> Iterator[Reason]:
    gathered = now.gathered
    booked = gathered.booked[gathered.visits[visit].appointment_id]
    before = now.plan.route_of(visit)
    if before is None or before.nurse != nurse:
        for wish in preferences(gathered.people[gathered.nurses[nurse].nurse_id], booked):
            if wish.grade is not Grade.FULL:
                yield Reason(code=wish.code, text=f"{nurse}: {wish.text}.")
    over_s = _overtime_s(now, changed, nurse)
    if over_s > max(0, _overtime_s(now, now.plan, nurse)):
        yield Reason(code="overtime", text=f"{nurse} would be back {over_s // 60 + 1} min after her shift.")
    begin_s = changed.begin_s(visit) or 0
    latest_s = gathered.planned_end_s
    if begin_s + now.problem.visit[visit].service_s > latest_s:
        yield Reason(code="ends_late", text="It would end after the usual latest time for a visit.")


def _overtime_s(now: Standing, plan: Plan, nurse: str) -> int:
    route = next((route for route in plan.routes if route.nurse == nurse), None)
    if route is None:
        return 0
    back_s = next(stop.arrive_s for stop in reversed(route.stops) if stop.kind == "end")
    return back_s - now.problem.nurse[nurse].shift.end_s

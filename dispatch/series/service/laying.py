"""A series is laid over the weeks: ways are offered, one is accepted; after a missed visit it is mended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Invalid, Reason, refuse
from dispatch.series.horizon_facts import STAYS, Around, Gathered, gather
from dispatch.series.loading import series_policy, series_row, series_value
from dispatch.series.model import InfusionState, Series
from dispatch.series.records import SeriesRow
from dispatch.series.rules.habits import habits_of
from dispatch.series.rules.staffing import PARTS
from dispatch.series.rules.templates import next_due, read_templates
from dispatch.series.states import ENDS, SeriesState
from dispatch.series.writing import audit, require_seen
from routing.horizon.check import course_faults
from routing.horizon.offers import offers
from routing.horizon.plan import Laid, Room
from routing.horizon.problem import Slot, Visit
from routing.horizon.why import blocks

OFFICE = (Role.DISPATCHER, Role.PRESCRIBER)
MOST_OFFERS = 3
SECONDS = 5.0
SECONDS_TO_EXPLAIN = 1.0
# What would have to give, as a dispatcher reads it.
GIVES = {
    "adult": "the adult could be there at other times",
    "patient": "the patient had other times",
    "nurses": "nurses had more time",
    "start": "it might begin up to a week later",
    "spacing": "infusions might lie up to three days further apart",
    "review": "the response could be reviewed on another day",
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one infusion is laid."""

    number: int
    day: date
    part: str
    nurse_id: UUID | None
    nurse: str = ""
    stands: bool = False


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to lay the series, the day of its review, and whether every gap is even."""

    places: tuple[Place, ...]
    review_on: date | None
    moved: int = 0
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """What would have to give where no way was found, and when somebody would be needed."""

    text: str
    places: tuple[tuple[date, str], ...]


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """The ways found, best first; none, with what blocks."""

    ways: tuple[Way, ...]
    blocks: tuple[WayOut, ...] = ()


def lay_series(
    session: Session, series_id: UUID, clock: Clock, around: Around | None = None, *, most: int = MOST_OFFERS
) -> Proposal:
    """Return up to `most` ways to lay the open infusions; nothing is written.

    After a missed visit (an infusion that is missed, or lies in the past) this is the repair: the others
    move as little as possible.

    Raises
    ------
    Conflict
        ``series_over``; ``habits_missing`` until somebody said when they are free (blank blocks).
    """
    row = series_row(session, series_id)
    gathered = _gathered(session, row, clock, around)
    if not gathered.course.open:
        return Proposal(ways=())
    found = offers(gathered.horizon, gathered.course, most=most, seconds=SECONDS)
    if found:
        return Proposal(ways=tuple(_way(gathered, laid) for laid in found))
    ways_out = blocks(gathered.horizon, gathered.course, seconds=SECONDS_TO_EXPLAIN)
    return Proposal(
        ways=(),
        blocks=tuple(
            WayOut(
                text=f"It could be laid if {' and '.join(GIVES[each] for each in block.gives)}.",
                places=tuple((gathered.day(slot.day), PARTS[slot.part]) for slot in block.slots),
            )
            for block in ways_out
        ),
    )


def repair_series(
    session: Session, series_id: UUID, clock: Clock, around: Around | None = None, *, most: int = MOST_OFFERS
) -> Proposal:
    """Return ways to mend a series after a missed visit: `lay_series` with what lies already kept near."""
    return lay_series(session, series_id, clock, around, most=most)


def accept_laying(
    session: Session,
    series_id: UUID,
    places: Sequence[Place],
    actor: Actor,
    clock: Clock,
    around: Around | None = None,
    *,
    seen: int | None = None,
) -> Series:
    """Lay the open infusions where `places` say, if that still holds.

    Raises
    ------
    Invalid
        ``places_incomplete`` unless each open infusion has a place.
    Conflict
        ``series_over``, ``series_changed``, ``habits_missing``; ``place_not_possible`` for every law that a
        place breaks by now.
    """
    actor.require(OFFICE)
    row = series_row(session, series_id, locked=True)
    require_seen(row, seen)
    gathered = _gathered(session, row, clock, around)
    course = gathered.course
    wanted = {each.number - 1: each for each in places}
    if len(wanted) != len(places) or not set(course.open) <= set(wanted):
        text = "Each infusion that is neither given nor booked needs one place."
        raise refuse(Invalid, "places_incomplete", text, field="places")
    visits = tuple(
        course.stands[at] if at in course.stands else _visit(gathered, wanted[at])
        for at in range(course.count)
    )
    laid = Laid(visits=visits, review=_review_day(gathered, visits), cost=0)
    against = [*course_faults(gathered.horizon, course, laid), *_nurses_have_time(gathered, laid)]
    if against:
        raise Conflict(
            Reason(
                code="place_not_possible", text=f"{fault[:1].upper()}{fault[1:]}.", field="places",
                way_out="Ask for new ways.",
            )
            for fault in against
        )  # fmt: skip
    for at in course.open:
        infusion, place = row.infusions[at], wanted[at]
        infusion.day, infusion.part, infusion.nurse_id = place.day, place.part, place.nurse_id
        infusion.status, infusion.appointment_id = InfusionState.PLANNED.value, None
    _windows(session, row)
    session.flush()
    audit(
        session, "lay", row, actor, clock,
        days=[each.day.isoformat() if each.day else None for each in row.infusions],
    )  # fmt: skip
    return series_value(session, row)


def _gathered(session: Session, row: SeriesRow, clock: Clock, around: Around | None) -> Gathered:
    if SeriesState(row.status) in ENDS:
        raise refuse(Conflict, "series_over", "The series is over.", way_out="Propose a new series.")
    habits = habits_of(row.habits)
    if habits is None:
        text = "Nobody has said when the patient and the adult with her are free."
        raise refuse(Conflict, "habits_missing", text, way_out="Ask them, and enter it.")
    return gather(session, row, habits, around or Around(), clock.now())


def _way(gathered: Gathered, laid: Laid) -> Way:
    course = gathered.course
    places = tuple(
        Place(
            number=at + 1,
            day=gathered.day(visit.slot.day),
            part=PARTS[visit.slot.part],
            nurse_id=UUID(visit.nurse) if visit.nurse else None,
            nurse=gathered.nurse_codes.get(visit.nurse, ""),
            stands=at in course.stands,
        )
        for at, visit in enumerate(laid.visits)
    )
    moved = sum(laid.visits[at].slot != old.slot for at, old in course.before.items())
    days = [visit.slot.day for visit in laid.visits]
    late = any(
        days[at + 1] - days[at] > gap.most for at, gap in enumerate(course.gaps) if at + 1 in course.open
    )
    review = gathered.day(laid.review) if laid.review is not None else None
    return Way(places=places, review_on=review, moved=moved, late=late)


def _visit(gathered: Gathered, place: Place) -> Visit:
    part = PARTS.index(place.part) if place.part in PARTS else len(PARTS)
    return Visit(Slot((place.day - gathered.first).days, part), str(place.nurse_id or ""))


def _review_day(gathered: Gathered, visits: tuple[Visit, ...]) -> int | None:
    horizon = gathered.horizon
    if not horizon.needs_review(gathered.course):
        return None
    after = max(visits[horizon.review_after - 1].slot.day, -1)
    before = min(visits[horizon.review_before - 1].slot.day, horizon.days)
    return next((day for day in range(after + 1, before) if horizon.reviews[day]), None)


def _nurses_have_time(gathered: Gathered, laid: Laid) -> list[str]:
    room = Room.of(gathered.horizon)
    room.take(gathered.course, laid)
    mine = {(laid.visits[at].nurse, laid.visits[at].slot) for at in gathered.course.open}
    return [
        f"{gathered.nurse_codes.get(nurse, 'the nurse')} has no time on {gathered.day(slot.day)}"
        for (nurse, slot), left in room.minutes.items()
        if left < 0 and (nurse, slot) in mine
    ]


def _windows(session: Session, row: SeriesRow) -> None:
    """Write between which days each infusion is due after the one before it (row D04)."""
    template = read_templates(series_policy(session, row)["series.templates"])[row.template]
    plans = {each.phase.value: each for each in template.phases}
    phases = tuple(plans[each.phase] for each in row.infusions)
    for at, infusion in enumerate(row.infusions):
        before = row.infusions[at - 1].day if at else None
        if before is not None and InfusionState(infusion.status) not in STAYS:
            infusion.earliest, infusion.latest = next_due(before, phases, at + 1)

"""A visit in a patient's words: her day and clock, who comes, how late, until when she may eat."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dispatch.appointments.care.instructions import CHAPTERS
from dispatch.appointments.care.model import CancelledBy, ResponsibleAdult
from dispatch.appointments.care.queries import office_phone, responsible_adult
from dispatch.appointments.care.service import fasting_times
from dispatch.areas.service import area_by_id, zone_of
from dispatch.kernel.clock import Clock
from dispatch.routes.awaited import Awaited, awaited
from dispatch.routes.model import Lateness
from dispatch.visits.aftercare import aftercare_of
from dispatch.visits.queries import progress

if TYPE_CHECKING:
    from dispatch.appointments.records import AppointmentRow

VISIT_PARTS = CHAPTERS
REASONS = {
    CancelledBy.PATIENT_ILL.value: "I am ill",
    CancelledBy.PATIENT_WISH.value: "I do not want it that day",
    CancelledBy.NO_ADULT.value: "Nobody can be with me",
    CancelledBy.NOT_FASTING.value: "I have eaten or drunk",
}
UNTIL = {
    "fatty": "Fried or fatty food",
    "solids": "Other solid food, milk, soup, juice with pulp",
    "clear": "Water, apple juice, black coffee, tea",
}


@dataclass(frozen=True, kw_only=True)
class Until:
    """Until when something may be eaten or drunk, and how long that still is."""

    what: str
    reading: str
    left: str
    is_over: bool


@dataclass(frozen=True, kw_only=True)
class VisitView:
    """The next visit as its patient reads it."""

    visit_id: str
    day: str
    begins: str
    ends: str
    minutes: int
    over_at: str
    in_time: str
    zone: str
    who: str
    expected: str
    late: bool
    is_there: bool
    on_the_way: bool
    controlled: bool
    until: tuple[Until, ...]
    adult: ResponsibleAdult | None


def visit_view(session: Session, row: "AppointmentRow", clock: Clock) -> VisitView:
    """Put a visit into its patient's words, by the clocks of her area."""
    area = area_by_id(session, row.area_id)
    zone, now = zone_of(area), clock.now()
    begins_at = min(window.begins_at for window in row.windows)
    ends_at = max(window.ends_at for window in row.windows)
    seen = awaited(session, row, clock, progress(session, area.id, row.day).values())
    local = begins_at.astimezone(zone)
    return VisitView(
        visit_id=str(row.id),
        day=f"{local:%A} {local.day} {local:%B}",
        begins=_reading(begins_at, zone),
        ends=_reading(ends_at, zone),
        minutes=row.minutes,
        over_at=_reading(ends_at + timedelta(minutes=row.minutes), zone),
        in_time=in_words(begins_at - now),
        zone=f"{local:%Z}",
        who=_who(seen),
        expected=_reading(seen.expected_at, zone) if seen else "",
        late=seen is not None and seen.late is not Lateness.ON_TIME and not seen.is_there,
        is_there=seen is not None and seen.is_there,
        on_the_way=seen is not None and seen.on_the_way,
        controlled=row.service.controlled,
        until=_until(session, row, begins_at, now, zone) if row.service.controlled else (),
        adult=responsible_adult(session, row.patient_id, row.id),
    )


@dataclass(frozen=True, kw_only=True)
class CareView:
    """What her last treated visit asks of a patient, as she reads it."""

    said: str
    asked: bool
    check_reading: str
    form: str
    phone: str


def care_view(session: Session, patient_id: UUID, clock: Clock) -> CareView | None:
    """Put what follows the last treated visit into its patient's words, None when nothing does."""
    care = aftercare_of(session, patient_id, clock)
    if care is None:
        return None
    return CareView(
        said=care.said.value if care.said else "",
        asked=clock.now() >= care.check_at,
        check_reading=_reading(care.check_at, zone_of(area_by_id(session, care.area_id))),
        form=care.form.value,
        phone=office_phone(session, care.area_id),
    )


def _who(seen: Awaited | None) -> str:
    return f"{seen.first_name}, {seen.profession}" if seen else ""


def _until(
    session: Session, row: "AppointmentRow", begins_at: datetime, now: datetime, zone: ZoneInfo
) -> tuple[Until, ...]:
    times = fasting_times(session, row.area_id, begins_at)
    return tuple(
        Until(
            what=what,
            reading=f"{times[name].astimezone(zone):%a %H:%M}",
            left=in_words(times[name] - now),
            is_over=times[name] <= now,
        )
        for name, what in UNTIL.items()
    )


def in_words(left: timedelta) -> str:
    """Say how long it still is: ``2 days``, ``3 h 10 min``, ``25 min``; empty when it is over."""
    minutes = int(left.total_seconds() // 60)
    if minutes <= 0:
        return ""
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def _reading(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"

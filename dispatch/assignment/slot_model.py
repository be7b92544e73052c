"""A question for times of a visit that is not booked yet, and its answer."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from dispatch.appointments.care.model import FastingReport
from routing.plan import ReasonLeft

MIDNIGHT_MINUTE = 24 * 60


@dataclass(frozen=True, kw_only=True)
class SlotQuery:
    """What is asked for; what is None is the service's own, or the policy's.

    Attributes
    ----------
    first_day, days
        Today and `booking.slots` days unless said otherwise, never more.
    earliest_minute, latest_minute
        When it may begin, as readings of the area's clocks.
    per_day
        At most so many offers a day, which do not overlap.
    fasting
        When the patient last ate and drank: nothing is offered before the fast is over.
    """

    patient_id: UUID
    service_code: str
    minutes: int | None = None
    units: int | None = None
    priority: int = 3
    preferred_nurse_id: UUID | None = None
    first_day: date | None = None
    days: int | None = None
    earliest_minute: int = 0
    latest_minute: int = MIDNIGHT_MINUTE
    per_day: int = 3
    fasting: FastingReport | None = None


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A window that could be promised.

    Attributes
    ----------
    added_mc
        What it adds to the cost of that day.
    expected_at
        The begin of least cost inside the window.
    nurses
        Codes of all who could keep the promise as the day stands, cheapest first.
    before, after
        How many visits the cheapest nurse has before and behind it.
    detour_s
        Driving that it adds to her route.
    leeway_s
        How much her begin could still shift inside the window.
    """

    day: date
    begins_at: datetime
    ends_at: datetime
    added_mc: int
    expected_at: datetime
    nurses: tuple[str, ...]
    before: int
    after: int
    detour_s: int
    leeway_s: int


@dataclass(frozen=True, kw_only=True)
class SlotDay:
    """One of the days asked about: how many offers it has, or why none; see `ready_days.Ready`."""

    day: date
    offers: int
    planned: bool
    unplaced: int
    reasons: tuple[ReasonLeft, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Slots:
    """The offers, best first, and every day that was looked at."""

    patient_id: UUID
    area_slug: str
    zone: str
    service_code: str
    minutes: int
    offers: tuple[Slot, ...]
    days: tuple[SlotDay, ...]

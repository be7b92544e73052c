"""When could a visit that is not booked yet be promised, best first; and booking one of these offers."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.appointments.care.service import link_to_series
from dispatch.appointments.model import BookingDraft
from dispatch.appointments.records import AppointmentRow
from dispatch.appointments.service.bookings import book_appointment
from dispatch.appointments.service.prospects import prospect
from dispatch.areas.service import policy
from dispatch.assignment.ready_days import ProgressOf, ReadyDays, ready_days
from dispatch.assignment.slot_model import Slot, SlotDay, SlotQuery, Slots
from dispatch.assignment.slot_search import Asked, apart, known_nurses, rank, slots_of
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Invalid, Reasons, refuse

FURTHEST_DAYS = 60


def find_slots(
    session: Session,
    query: SlotQuery,
    clock: Clock,
    progress: ProgressOf,
    days: ReadyDays,
    *,
    keep: bool = True,
) -> Slots:
    """Offer windows, best first: by whole dollars, then by how many could keep it, then the sooner.

    Raises
    ------
    NotFound, Invalid, Conflict
        As `prospects.prospect`; ``two_nurses_needed``, ``days_out_of_range``.
    """
    asked, wanted = _asked(session, query, clock)
    found: list[Slot] = []
    told: list[SlotDay] = []
    for ready in ready_days(session, asked.prospect.area, wanted, clock, progress, days, keep=keep):
        slots, reasons = slots_of(asked, ready)
        chosen = apart(slots, query.per_day)
        found += chosen
        told.append(
            SlotDay(
                day=ready.day,
                offers=len(chosen),
                planned=ready.planned,
                unplaced=ready.unplaced,
                reasons=reasons,
            )
        )
    return Slots(
        patient_id=query.patient_id,
        area_slug=asked.prospect.area.slug,
        zone=asked.prospect.area.time_zone,
        service_code=asked.prospect.service.code,
        minutes=asked.prospect.minutes,
        offers=tuple(sorted(found, key=rank)),
        days=tuple(told),
    )


def book_slot(
    session: Session,
    patient_id: UUID,
    draft: BookingDraft,
    actor: Actor,
    clock: Clock,
    progress: ProgressOf,
    days: ReadyDays,
) -> AppointmentRow:
    """Book an offer, its window that of the draft, if it still can be kept.

    Raises
    ------
    Invalid
        ``one_window_only``.
    Conflict
        ``slot_gone`` when nobody could keep it any more. All others as `bookings.book_appointment`.
    """
    query = SlotQuery(
        patient_id=patient_id,
        service_code=draft.service_code,
        minutes=draft.minutes,
        units=draft.units,
        priority=draft.priority,
        preferred_nurse_id=draft.preferred_nurse_id,
        first_day=draft.day,
        days=1,
        fasting=draft.fasting,
    )
    if len(draft.windows) != 1:
        text = "An offer is one window."
        raise refuse(
            Invalid, "one_window_only", text, field="windows", way_out="Send the window of the offer."
        )
    asked, wanted = _asked(session, query, clock)
    area = asked.prospect.area
    (ready,) = ready_days(session, area, wanted, clock, progress, days, keep=False)
    if not slots_of(asked, ready, only=draft.windows[0])[0]:
        raise refuse(
            Conflict,
            "slot_gone",
            "Nobody can keep that promise any more: the day has changed since it was offered.",
            field="windows",
            way_out="Choose another of the times that are offered now.",
        )
    row = book_appointment(session, patient_id, draft, actor, clock)
    link_to_series(session, row, actor, clock)
    return row


def _asked(session: Session, query: SlotQuery, clock: Clock) -> tuple[Asked, list[date]]:
    first = query.first_day
    draft = BookingDraft(
        reference="slots",
        service_code=query.service_code,
        day=first or clock.now().date(),
        windows=(),
        minutes=query.minutes,
        units=query.units,
        priority=query.priority,
        preferred_nurse_id=query.preferred_nurse_id,
        fasting=query.fasting,
    )
    found = prospect(session, query.patient_id, draft, draft.day + timedelta(days=FURTHEST_DAYS), clock)
    rules = policy(session, "booking.slots", found.area.id)
    today = found.policy.today
    first, days = first or today, rules["days"] if query.days is None else query.days
    wrong = Reasons()
    if not today <= first <= today + timedelta(days=FURTHEST_DAYS):
        wrong.add("day_out_of_range", f"From today to {FURTHEST_DAYS} days ahead.", field="first_day")
    if not 1 <= days <= rules["days"]:
        wrong.add("number_out_of_range", f"Between 1 and {rules['days']}.", field="days")
    if found.nurses_needed > 1:
        wrong.add(
            "two_nurses_needed",
            "Times are offered for visits by one nurse.",
            field="service",
            way_out="Book a window that the patient wishes; the plan says whether two nurses can keep it.",
        )
    wrong.raise_if_any(Invalid)
    asked = Asked(
        prospect=found,
        query=query,
        rules=rules,
        now=clock.now(),
        known=known_nurses(session, found),
    )
    return asked, [first + timedelta(days=offset) for offset in range(days)]

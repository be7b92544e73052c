"""May this appointment be booked? Every reason against it at once."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from dispatch.appointments.model import BookingDraft, BookingPolicy, LocalWindow, Occupied, Service, Window
from dispatch.appointments.rules.catalogue import why_not_offered
from dispatch.appointments.rules.patients import age_on
from dispatch.kernel.local_time import instant
from dispatch.kernel.plain_text import code_fault
from dispatch.kernel.refusals import Reason, Refusal
from dispatch.series.rules.staffing import PARTS

MOST_WINDOWS = 6
MOST_DAYS_AHEAD = 400
LONGEST_MINUTES = 480
MOST_UNITS = 20
MOST_NURSES = 2
OF_AGE = 18
NOON_MINUTE = 12 * 60
# Beyond these years calendars and zones cannot be computed with; such a day is a slip of the keyboard.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


def resolve_windows(
    day: date, windows: Sequence[LocalWindow], zone: ZoneInfo
) -> tuple[tuple[Window, ...], tuple[Reason, ...]]:
    """Turn local readings into instants, and say what is wrong with them.

    A reading that the clocks skip is refused; one that they show twice is asked about.
    """
    if not EARLIEST <= day <= LATEST:
        return (), ()  # the day itself is refused (`booking_faults`)
    found: list[Window] = []
    faults: list[Reason] = []
    for index, window in enumerate(windows):
        ends: list[datetime] = []
        for name, reading, fold in (
            ("begins", window.begins, window.begins_fold),
            ("ends", window.ends, window.ends_fold),
        ):
            try:
                ends.append(instant(day, reading, zone, fold=fold, field=f"windows[{index}].{name}"))
            except Refusal as refusal:
                faults.extend(refusal.reasons)
        if len(ends) < len(("begins", "ends")):
            continue
        if ends[0] > ends[1]:
            text = "A window ends before it begins."
            faults.append(Reason(code="ends_before_it_begins", text=text, field=f"windows[{index}]"))
            continue
        found.append(Window(begins_at=ends[0], ends_at=ends[1]))
    found.sort(key=lambda window: window.begins_at)
    faults.extend(_shape_faults(windows, found))
    return tuple(found), tuple(faults)


def laid_of(day: date, windows: Sequence[Window], zone: ZoneInfo) -> tuple[date, str]:
    """Return the day and the part of the day on which a visit of these windows lies (`series`' slots)."""
    begins = min(window.begins_at for window in windows).astimezone(zone)
    return day, PARTS[int(begins.hour * 60 >= NOON_MINUTE)]


def _shape_faults(said: Sequence[LocalWindow], found: Sequence[Window]) -> Iterator[Reason]:
    if not said:
        yield Reason(code="window_missing", text="Name at least one time window.", field="windows")
    if len(said) > MOST_WINDOWS:
        text = f"At most {MOST_WINDOWS} time windows."
        yield Reason(code="too_many_windows", text=text, field="windows")
    if any(later.begins_at <= earlier.ends_at for earlier, later in pairwise(found)):
        text = "Two windows of one appointment touch or overlap: make them one."
        yield Reason(code="windows_overlap", text=text, field="windows")


def booking_faults(
    draft: BookingDraft,
    service: Service | None,
    windows: Sequence[Window],
    born_on: date | None,
    others: Sequence[Occupied],
    policy: BookingPolicy,
    zone: ZoneInfo,
) -> tuple[Reason, ...]:
    """Return every reason against a booking, the windows' own faults apart (`resolve_windows`).

    Parameters
    ----------
    service
        None when the catalogue has none of that code.
    windows
        Those that could be resolved.
    born_on
        None when the patient's birthday is not known, which blocks what only adults get.
    others
        The patient's other appointments around that day.
    """
    found = [*_form_faults(draft), *_day_faults(draft.day, policy), *_service_faults(draft, service)]
    if service is not None:
        found.extend(_age_faults(draft.day, service, born_on, policy))
        # A number out of range is refused above; no calendar reaches as far as some that are sent.
        minutes = min(draft.minutes or service.minutes, LONGEST_MINUTES)
        found.extend(_late_faults(draft.day, windows, minutes, policy, zone))
        found.extend(_double_faults(windows, minutes, others))
    return tuple(found)


def _form_faults(draft: BookingDraft) -> Iterator[Reason]:
    if fault := code_fault(draft.reference):
        yield Reason(code=fault[0], text=fault[1], field="reference")
    if draft.dose_order_ref is not None and (fault := code_fault(draft.dose_order_ref)):
        yield Reason(code=fault[0], text=fault[1], field="dose_order_ref")
    for field, number, least, most in (
        ("priority", draft.priority, 1, 5),
        ("minutes", draft.minutes, 1, LONGEST_MINUTES),
        ("units", draft.units, 0, MOST_UNITS),
        ("nurses_needed", draft.nurses_needed, 1, MOST_NURSES),
    ):
        if number is not None and not least <= number <= most:
            yield Reason(code="number_out_of_range", text=f"Between {least} and {most}.", field=field)


def _day_faults(day: date, policy: BookingPolicy) -> Iterator[Reason]:
    if day < policy.today:
        text = "That day is over."
        yield Reason(code="day_is_past", text=text, field="day", way_out="Book today or a later day.")
    if day > policy.today + timedelta(days=MOST_DAYS_AHEAD):
        text = f"More than {MOST_DAYS_AHEAD} days ahead."
        yield Reason(code="day_too_far", text=text, field="day", way_out="Check the year.")


def _service_faults(draft: BookingDraft, service: Service | None) -> Iterator[Reason]:
    if service is None:
        text = "The catalogue has no service of that code."
        yield Reason(code="service_unknown", text=text, field="service")
        return
    if not service.offered:
        text = why_not_offered(service.code, service.name)
        yield Reason(code="service_not_offered", text=text, field="service")
        return
    if draft.minutes is not None and draft.minutes < service.minutes:
        text = f"{service.name} takes {service.minutes} minutes at least."
        yield Reason(code="minutes_too_few", text=text, field="minutes")
    if service.controlled:
        yield from _controlled_faults(draft, service)
    elif draft.units or draft.dose_ug is not None:
        text = f"{service.name} takes no controlled drug."
        field = "units" if draft.units else "dose_mg"
        yield Reason(code="service_not_controlled", text=text, field=field)


def _controlled_faults(draft: BookingDraft, service: Service) -> Iterator[Reason]:
    if draft.dose_order_ref is None:
        text = f"{service.name} needs a signed order."
        way_out = "A prescriber signs the order; enter its number."
        yield Reason(code="order_missing", text=text, field="dose_order_ref", way_out=way_out)
    if draft.dose_ug is None or draft.dose_ug <= 0:
        text = "Enter the dose of the order in milligrams."
        yield Reason(code="dose_missing", text=text, field="dose_mg")
    if draft.units == 0:
        text = f"{service.name} takes one vial at least."
        yield Reason(code="number_out_of_range", text=text, field="units")


def _age_faults(day: date, service: Service, born_on: date | None, policy: BookingPolicy) -> Iterator[Reason]:
    if not service.controlled:
        return
    if born_on is None:
        text = "The patient's birthday is not known."
        yield Reason(code="birthday_missing", text=text, field="patient", way_out="Enter her birthday.")
    elif day >= policy.today and age_on(born_on, day) < OF_AGE:
        text = f"Nobody under {OF_AGE} gets {service.name[:1].lower()}{service.name[1:]}."
        yield Reason(code="patient_under_age", text=text, field="patient")


def _late_faults(
    day: date, windows: Sequence[Window], minutes: int, policy: BookingPolicy, zone: ZoneInfo
) -> Iterator[Reason]:
    latest = datetime.combine(day, time.min) + timedelta(minutes=policy.latest_end_minute)
    latest_at = latest.replace(tzinfo=zone)
    for index, window in enumerate(windows):
        if window.begins_at + timedelta(minutes=minutes) > latest_at:
            text = f"{minutes} minutes from there end after {latest:%H:%M}, the latest end of a visit."
            way_out = "Ask the patient for an earlier time."
            yield Reason(code="ends_too_late", text=text, field=f"windows[{index}]", way_out=way_out)


def _double_faults(windows: Sequence[Window], minutes: int, others: Sequence[Occupied]) -> Iterator[Reason]:
    length = timedelta(minutes=minutes)
    for other in others:
        if any(w.begins_at < other.ends_at and other.begins_at < w.ends_at + length for w in windows):
            yield Reason(
                code="patient_double_booked",
                text=f"The patient has appointment {other.reference}, which may go on at the same time.",
                field="windows",
                way_out="Choose windows that keep the two apart.",
            )

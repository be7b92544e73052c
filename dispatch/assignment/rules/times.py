"""Does the visit fit: the patient's windows, the hour by which visits end, the nurse's shifts and rest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.assignment.model import AppointmentFacts, LawFacts, NurseFacts, TimeWindow
from dispatch.kernel.local_time import day_bounds, local_day
from dispatch.kernel.refusals import Reason
from dispatch.workforce.model import Shift
from dispatch.workforce.rules.hours import may_work_until, shift_faults

NO_SHIFT = (
    Reason(code="no_shift_that_day", text="She does not work that day.", way_out="Add a shift for her."),
)
TOO_SHORT = (
    Reason(
        code="shift_too_short",
        text="The visit does not fit between the patient's windows and her shift with overtime.",
        way_out="Lengthen her shift or ask the patient for another window.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class ShiftOfDay:
    """A shift, until when she may work in it, and the fatigue rules that it breaks."""

    shift: Shift
    until: datetime
    faults: tuple[Reason, ...]


def minute_of_day(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which the clocks of `zone` show `minute` minutes after midnight of `day`."""
    return (datetime.combine(day, time.min) + timedelta(minutes=minute)).replace(tzinfo=zone)


def windows_in_time(appointment: AppointmentFacts, law: LawFacts) -> tuple[TimeWindow, ...]:
    """Return the windows cut so that the visit ends by the latest hour; those that cannot are left out."""
    found = []
    for window in appointment.windows:
        day = local_day(window.begins_at, law.zone)
        last_begin = minute_of_day(day, law.latest_end_minute, law.zone) - appointment.length
        last_begin = min(window.ends_at, last_begin)
        if window.begins_at <= last_begin:
            found.append(TimeWindow(begins_at=window.begins_at, ends_at=last_begin))
    return tuple(found)


def ends_in_time(
    appointment: AppointmentFacts, in_time: Sequence[TimeWindow], law: LawFacts
) -> Iterator[Reason]:
    """No visit late at night: it ends by the latest hour of the area."""
    if in_time:
        return
    reading = f"{law.latest_end_minute // 60:02}:{law.latest_end_minute % 60:02}"
    yield Reason(
        code="ends_too_late",
        text=f"{appointment.minutes} minutes in its windows end after {reading}, the latest end of a visit.",
        field="windows",
        way_out="Ask the patient for an earlier window.",
    )


def shifts_of_day(
    nurse: NurseFacts, first_day: date, last_day: date, law: LawFacts
) -> tuple[ShiftOfDay, ...]:
    """Return the shifts that touch the local days, in order of their begin."""
    begins_at, ends_at = day_bounds(first_day, law.zone)[0], day_bounds(last_day, law.zone)[1]
    return tuple(
        ShiftOfDay(
            shift=shift,
            until=may_work_until(shift, nurse.shifts, law.fatigue, law.overtime),
            faults=shift_faults(shift, nurse.shifts, law.fatigue),
        )
        for shift in sorted(nurse.shifts, key=lambda shift: shift.starts_at)
        if shift.starts_at < ends_at and begins_at < shift.ends_at
    )


def fits(shift: ShiftOfDay, windows: Sequence[TimeWindow], length: timedelta) -> bool:
    """Say whether the visit can begin inside a window and both begin and end inside the shift."""
    starts_at, last_begin = shift.shift.starts_at, shift.until - length
    if starts_at > last_begin:
        return False
    for window in windows:  # noqa: SIM110 - 18,000 calls a board: a generator doubles the time
        if starts_at <= window.ends_at and window.begins_at <= last_begin:
            return True
    return False


def fits_a_shift(
    shifts: Sequence[ShiftOfDay], windows: Sequence[TimeWindow], length: timedelta
) -> tuple[Reason, ...]:
    """She works that day, long enough, and rested.

    Parameters
    ----------
    windows
        Those in which the visit may begin; where it ends too late in all of them, the uncut ones.
    """
    if not shifts:
        return NO_SHIFT
    fitting = [shift for shift in shifts if fits(shift, windows, length)]
    for shift in fitting:
        if not shift.faults:
            return ()
    tired = [shift.faults for shift in fitting or shifts]
    faults = tuple(dict.fromkeys(reason for found in tired for reason in found)) if all(tired) else ()
    return faults if fitting else (*TOO_SHORT, *faults)


def may_begin(nurse: NurseFacts, appointment: AppointmentFacts, law: LawFacts) -> tuple[TimeWindow, ...]:
    """Return when she may begin the visit, travel apart: inside the windows, her shifts and the law."""
    first_day = local_day(appointment.begins_at, law.zone)
    last_day = local_day(appointment.ends_at, law.zone)
    shifts = shifts_of_day(nurse, first_day, last_day, law)
    return begins_within(shifts, windows_in_time(appointment, law), appointment.length)


def begins_within(
    shifts: Sequence[ShiftOfDay], windows: Sequence[TimeWindow], length: timedelta
) -> tuple[TimeWindow, ...]:
    """Return the parts of windows, in order, in which a visit of this length keeps within a shift."""
    found = []
    for shift in shifts:
        for window in windows:
            begins_at = max(window.begins_at, shift.shift.starts_at)
            ends_at = min(window.ends_at, shift.until - length)
            if begins_at <= ends_at and not shift.faults:
                found.append(TimeWindow(begins_at=begins_at, ends_at=ends_at))
    return tuple(sorted(found, key=lambda window: window.begins_at))

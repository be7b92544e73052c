"""How long a nurse may work: shifts against the fatigue limits (care-rules.md section 4).

Hours are elapsed hours, also on the day the clocks change. Travel between patients is work time, so a
whole shift counts. The later of two shifts that do not fit together is the one at fault.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from dispatch.kernel.refusals import Reason
from dispatch.workforce.model import FatigueLimits, Shift

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
NONE = timedelta(0)


def worked(shifts: Iterable[Shift], begins_at: datetime, ends_at: datetime) -> timedelta:
    """Return how long the shifts last within [`begins_at`, `ends_at`]."""
    spans = (min(shift.ends_at, ends_at) - max(shift.starts_at, begins_at) for shift in shifts)
    return sum((span for span in spans if span > NONE), NONE)


def shift_faults(shift: Shift, shifts: Sequence[Shift], limits: FatigueLimits) -> tuple[Reason, ...]:
    """Return every fatigue rule that working `shift` breaks, given all of the nurse's shifts around it.

    Parameters
    ----------
    shifts
        Her shifts from 7 days before the end of `shift` on; `shift` itself may be among them.
    """
    return tuple(_faults(shift, [*(other for other in shifts if other != shift), shift], limits))


def _faults(shift: Shift, shifts: Sequence[Shift], limits: FatigueLimits) -> Iterator[Reason]:
    # Within a shift the hours of a trailing window never fall, so its end is the worst moment.
    in_day = worked(shifts, shift.ends_at - DAY, shift.ends_at)
    if in_day > limits.most_in_24_h:
        text = f"She would work {_hours(in_day)} within 24 hours; {_hours(limits.most_in_24_h)} are allowed."
        yield Reason(code="too_many_hours_in_24", text=text, way_out="Shorten the shift.")
    in_week = worked(shifts, shift.ends_at - WEEK, shift.ends_at)
    if in_week > limits.most_in_7_days:
        text = f"She would work {_hours(in_week)} within 7 days; {_hours(limits.most_in_7_days)} are allowed."
        yield Reason(code="too_many_hours_in_7_days", text=text, way_out="Give her a day off.")
    rest = rest_before(shift, shifts)
    if rest is not None and rest < limits.least_between_shifts:
        text = (
            f"She would rest {_hours(rest)} before this shift; {_hours(limits.least_between_shifts)} are due."
        )
        yield Reason(code="rest_too_short", text=text, way_out="Let the shift begin later.")


def rest_before(shift: Shift, shifts: Iterable[Shift]) -> timedelta | None:
    """Return the time off before `shift` (zero when another runs into it), None when it is the first."""
    earlier = [s.ends_at for s in shifts if s.starts_at < shift.starts_at]
    return max(shift.starts_at - max(earlier), NONE) if earlier else None


def may_work_until(
    shift: Shift, shifts: Sequence[Shift], limits: FatigueLimits, overtime: timedelta
) -> datetime:
    """Return until when she may work in `shift`: its end plus overtime, as far as the limits allow.

    The time after a shift counts against the limits and against the rest before the next one.
    """
    others = [other for other in shifts if other != shift]
    following = [other.starts_at for other in others if other.starts_at >= shift.ends_at]
    latest = shift.ends_at + overtime
    if following:
        latest = min(latest, min(following) - limits.least_between_shifts)

    def within_limits(until: datetime) -> bool:
        so_far = [*others, Shift(starts_at=shift.starts_at, ends_at=until)]
        return (
            worked(so_far, until - DAY, until) <= limits.most_in_24_h
            and worked(so_far, until - WEEK, until) <= limits.most_in_7_days
        )

    # The hours never fall as a shift goes on, so the last allowed second can be searched by halving.
    allowed_s, beyond_s = 0, max(0, int((latest - shift.ends_at).total_seconds())) + 1
    while beyond_s - allowed_s > 1:
        middle_s = (allowed_s + beyond_s) // 2
        if within_limits(shift.ends_at + timedelta(seconds=middle_s)):
            allowed_s = middle_s
        else:
            beyond_s = middle_s
    return shift.ends_at + timedelta(seconds=allowed_s)


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.4g} h"


def overlapping(shift: Shift, others: Iterable[Shift]) -> bool:
    """Say whether another shift of the same nurse runs into this one."""
    return any(
        other.starts_at < shift.ends_at and shift.starts_at < other.ends_at
        for other in others
        if other.starts_at != shift.starts_at
    )

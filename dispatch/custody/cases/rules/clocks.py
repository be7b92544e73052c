"""When something is due: business days and holidays, in the registrant's own time zone.

Two rules keep a due moment inside the law. Business days are counted on the calendar of whose law it is:
a state's own holiday never lengthens a federal clock. Calendar days that end on a weekend or holiday are
brought *forward* to the last business day before, never put off. The day of discovery is not counted.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from dispatch.custody.cases.model import (
    FEDERAL,
    REPORTABLE,
    Case,
    CasePolicy,
    Deadline,
    Duty,
    Standing,
    StepKind,
    Unit,
)
from dispatch.kernel.business_days import business_day_after, close_of, is_business_day
from dispatch.kernel.local_time import local_day

MOST = {Unit.AT_ONCE: 0, Unit.HOURS: 24 * 366, Unit.BUSINESS_DAYS: 366, Unit.DAYS: 366}
DONE_BY = frozenset({StepKind.NOTICE_SENT, StepKind.FORM_FILED, StepKind.OPENED})


def due_at(discovered_at: datetime, duty: Duty, zone: ZoneInfo, close_minute: int) -> datetime:
    """Return the UTC instant by which a duty is to be done.

    Parameters
    ----------
    discovered_at
        The earliest signal (21 CFR 1301.76(b): "of discovery").
    zone
        The registrant's time zone; a day ends there at `close_minute` of its clock, also on the days on
        which the clocks change.
    close_minute
        Minutes after local midnight.

    Returns
    -------
    datetime
        Never before `discovered_at`, never after the last day the duty allows, and on a business day
        unless the time allowed holds none.
    """
    found = local_day(discovered_at, zone)
    if duty.unit is Unit.AT_ONCE:
        return discovered_at
    if duty.unit is Unit.HOURS:
        last = discovered_at + timedelta(hours=duty.count)
        ends = local_day(last, zone)
        earlier = _last_business_day(found, ends, duty.state)
        if earlier == ends:
            return last
        closes = close_of(earlier, zone, close_minute) if earlier else last
        return closes if discovered_at < closes else last
    if duty.unit is Unit.BUSINESS_DAYS:
        return close_of(business_day_after(found, duty.count, duty.state), zone, close_minute)
    ends = found + timedelta(days=duty.count)
    earlier = _last_business_day(found + timedelta(days=1), ends, duty.state)
    return close_of(earlier or ends, zone, close_minute)


def _last_business_day(first: date, last: date, state: str) -> date | None:
    while last >= first:
        if is_business_day(last, state):
            return last
        last -= timedelta(days=1)
    return None


def deadlines(
    case: Case, policy: CasePolicy, state: str, zone: ZoneInfo, now: datetime
) -> tuple[Deadline, ...]:
    """Return a case's deadlines, those of the federal law and of its `state`, by when they are due.

    They run from the first moment, because nobody knows yet that it is no theft; they stop where a
    person classified the discrepancy as something that need not be reported, and run on, from the same
    discovery, when the case is opened again.
    """
    found = []
    for duty in policy.duties:
        if duty.state not in (FEDERAL, state):
            continue
        due = due_at(case.opening.discovered_at, duty, zone, policy.close_minute)
        at = case.opening.discovered_at if duty.done_by is StepKind.OPENED else case.done.get(duty.code)
        standing = _standing(case, at, due, now, policy)
        found.append(Deadline(duty=duty, due_at=due, standing=standing, done_at=at))
    return tuple(sorted(found, key=lambda each: (each.due_at, each.duty.code)))


def _standing(
    case: Case, done_at: datetime | None, due: datetime, now: datetime, policy: CasePolicy
) -> Standing:
    if done_at is not None:
        return Standing.DONE if done_at <= due else Standing.DONE_LATE
    reportable = case.classification in REPORTABLE if case.classification else not case.resolved
    if not reportable:
        return Standing.NOT_NEEDED
    if now > due:
        return Standing.OVERDUE
    return Standing.SOON if due - now <= timedelta(hours=policy.soon_hours) else Standing.RUNNING


def next_due(found: Iterable[Deadline]) -> Deadline | None:
    """Return the deadline at which somebody must act first."""
    return next((each for each in found if each.runs), None)


class PolicyUnreadable(Exception):
    """A signed policy of cases says something that is none of the known words."""


def policy_from(value: Mapping[str, Any]) -> CasePolicy:
    """Read the signed policy ``custody.cases``.

    Raises
    ------
    PolicyUnreadable
        Naming the duty and what is wrong with it.
    """
    try:
        close_minute = int(value["close_minute"])
        if not 0 < close_minute < 24 * 60:
            raise PolicyUnreadable("close_minute must lie within the day")
        return CasePolicy(
            close_minute=close_minute,
            soon_hours=int(value["soon_hours"]),
            party_may_decide=bool(value["party_may_decide"]),
            most_attachment_bytes=int(value["most_attachment_bytes"]),
            duties=tuple(_duty(code, row) for code, row in sorted(value["duties"].items())),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as wrong:
        raise PolicyUnreadable(f"custody.cases: {wrong!r}") from None


def _duty(code: str, row: Mapping[str, Any]) -> Duty:
    duty = Duty(
        code=code,
        state=str(row["state"]),
        name=str(row["says"]),
        done_by=StepKind(row["done_by"]),
        unit=Unit(row["unit"]),
        count=int(row["count"]),
        citation=str(row["citation"]),
    )
    if duty.state != FEDERAL and duty.state not in holidays.country_holidays("US").subdivisions:
        raise PolicyUnreadable(f"duty {duty.code}: there is no state {duty.state}")
    if duty.done_by not in DONE_BY:
        raise PolicyUnreadable(f"duty {duty.code}: nothing is done by a step {duty.done_by}")
    least = 0 if duty.unit is Unit.AT_ONCE else 1
    if not least <= duty.count <= MOST[duty.unit]:
        raise PolicyUnreadable(f"duty {duty.code}: the count of {duty.unit} is {duty.count}")
    return duty

"""An area's day in an address: read it, and note that somebody looked at it."""

import re
from collections.abc import Iterator
from datetime import date
from uuid import UUID

from flask import current_app

from api.actor import note_read
from api.db import current_session
from dispatch.assignment.present_day import PresentDays
from dispatch.assignment.ready_days import ReadyDays
from dispatch.audit.model import AuditEntry
from dispatch.kernel.refusals import NotFound, refuse
from dispatch.visits.model import Progress
from dispatch.visits.queries import progress

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Wide enough for any real day, narrow enough that no calendar arithmetic overflows.
YEARS = range(2000, 2101)


def day_from(text: str) -> date:
    """Read ``2026-11-23`` from an address.

    Raises
    ------
    NotFound
        When it names no day.
    """
    try:
        day = date.fromisoformat(text) if ISO_DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise refuse(NotFound, "no_such_day", "A day is written as 2026-11-23.", field="day")
    return day


def note_day_read(action: str, area_id: UUID, day: date) -> None:
    """Note that this person was shown a whole day: one entry stands for all its patients."""
    note_read(
        AuditEntry(
            action=action, subject_kind="service_area", subject_id=area_id, detail={"day": day.isoformat()}
        )
    )


def present_days() -> PresentDays:
    """Return what this process remembers of days that were asked about; for requests that only read."""
    known: PresentDays = current_app.extensions.setdefault("housecall_present_days", PresentDays())
    return known


def ready_days() -> ReadyDays:
    """Return what this process keeps of days in which visits that are not booked yet may find a place."""
    known: ReadyDays = current_app.extensions.setdefault("housecall_ready_days", ReadyDays())
    return known


def progress_when_needed(area_id: UUID, day: date) -> Iterator[Progress]:
    """Yield how far the day's visits have come; nothing is read before somebody iterates."""
    yield from progress(current_session(), area_id, day).values()

"""The patient's calendar (RFC 5545): when somebody comes, and nothing of why. No drug, diagnosis or name."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from icalendar import Calendar, Event

SUMMARY = "Housecall visit"
DESCRIPTION = "Details are on your Housecall page. Keep the rest of the day free."


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A visit in a calendar: between two instants when it is booked, a whole day while it is planned."""

    visit_id: UUID
    begins_at: datetime | None
    ends_at: datetime | None
    day: date
    version: int = 0


def calendar_of(entries: Iterable[Entry], now: datetime) -> bytes:
    """Return the calendar file; an entry keeps its UID, so that a moved visit moves in the calendar, too."""
    calendar = Calendar()
    calendar.add("prodid", "-//Housecall//visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for entry in entries:
        event = Event()
        event.add("uid", f"{entry.visit_id}@housecall")
        event.add("dtstamp", now)
        event.add("sequence", entry.version)
        event.add("summary", SUMMARY)
        event.add("description", DESCRIPTION)
        event.add("class", "PRIVATE")
        if entry.begins_at is not None and entry.ends_at is not None:
            event.add("dtstart", entry.begins_at)
            event.add("dtend", entry.ends_at)
            event.add("status", "CONFIRMED")
        else:
            event.add("dtstart", entry.day)
            event.add("dtend", entry.day + timedelta(days=1))
            event.add("status", "TENTATIVE")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written

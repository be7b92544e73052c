"""Invented appointments: a ketamine infusion in Columbus on Monday 2026-11-23."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.records import PolicyRow
from dispatch.assignment.model import AppointmentFacts, TimeWindow
from dispatch.kernel.ids import new_id
from tests.builders.workforce import at

SIGNED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def a_window(begins: float = 9, ends: float = 13) -> TimeWindow:
    """A window by the clocks of Columbus, in hours of the Monday."""
    return TimeWindow(begins_at=at(begins), ends_at=at(ends))


def appointment_facts(**more: Any) -> AppointmentFacts:
    """A repeat infusion that asks for nothing unusual."""
    facts = {
        "appointment_id": UUID(int=100),
        "state": "OH",
        "windows": (a_window(),),
        "minutes": 120,
        "controlled": True,
        "units": 1,
        "competencies": frozenset({"acls", "bls", "iv", "ketamine"}),
        "address_verified": True,
    }
    return AppointmentFacts(**(facts | more))


def without_care_path(session: Session, area_id: UUID, signed_at: datetime = SIGNED_AT) -> None:
    """Sign the gate off for an area: its controlled services are booked without clearance and order."""
    row = PolicyRow(
        id=new_id(), area_id=area_id, key="booking.care_path", value={"required": False}, version=1,
        signed_by="tests", signed_at=signed_at, reason="tests of other chapters",
    )  # fmt: skip
    session.add(row)
    session.flush()

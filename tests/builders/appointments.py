"""Invented appointments: a ketamine infusion in Columbus on Monday 2026-11-23."""

from typing import Any
from uuid import UUID

from dispatch.assignment.model import AppointmentFacts, TimeWindow
from tests.builders.workforce import at


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

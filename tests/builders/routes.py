"""Progress of visits, and planned stops, as the rules of routes see them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from dispatch.routes.rules import Planned
from tests.builders.assignment import local

SOME_VISIT, SOME_NURSE = UUID(int=1), UUID(int=2)


@dataclass(frozen=True, kw_only=True)
class Met:
    """How far a visit has come, as the chapter `visits` tells it."""

    appointment_id: UUID = SOME_VISIT
    nurse_id: UUID = SOME_NURSE
    state: str = "en_route"
    en_route_at: datetime | None = None
    arrived_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    finished_at: datetime | None = None


def a_stop(
    begins: float, minutes: int = 60, *, kind: str = "visit", travel: int = 15, met: Met | None = None
):
    """A planned stop that begins at a reading of the clocks, after `travel` minutes of driving."""
    begins_at = local(begins)
    return Planned(
        kind=kind,
        arrives_at=begins_at,
        begins_at=begins_at,
        ends_at=begins_at + timedelta(minutes=minutes),
        travel_s=travel * 60,
        met=met,
    )

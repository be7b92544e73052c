"""Policy values that hold until somebody signs another: key -> value with units in the name.

Clinical and legal numbers of care-rules.md are policy, never constants inside a rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

DEFAULT_POLICIES: Mapping[str, Mapping[str, Any]] = {
    # care-rules.md section 5: visits end by 20:00, never after 21:00 local time.
    "visit.latest_end_minute": {"planned": 1200, "at_most": 1260},
    # care-rules.md section 4 (EVV): outside the fence a check-in is flagged, never refused.
    "visit.geofence_m": {"metres": 100},
    # care-rules.md section 5: before a no-show the nurse waits and calls.
    "visit.no_show": {"wait_minutes": 15, "calls": 2},
    # care-rules.md section 5: lateness against the planned begin, and who must hear of it.
    "visit.late_minutes": {"tell_patient": 15, "tell_dispatcher": 30, "replan": 60},
    # care-rules.md section 4: fatigue limits.
    "hours.fatigue": {"most_h_in_24": 12, "most_h_in_7_days": 60, "least_h_between_shifts": 10},
    # planner.md: a break of 30 min when the shift is longer than the threshold.
    "hours.meal_break": {"minutes": 30, "shift_longer_than_h": 6, "begins_before_h": 5},
    "hours.overtime": {"most_minutes": 60},
    # USP <797>: beyond-use time of a drawn-up syringe.
    "custody.beyond_use_h": {"hours": 4},
    # A phone's event older than this is a late entry; a clock further off than the skew is flagged.
    "custody.device_time": {"late_after_minutes": 15, "skew_s": 120},
    # Real vials hold more than their label; capped, so that nobody learns to falsify (custody-rules.md).
    "custody.overfill_percent": {"percent": 10},
    # A proof of identity counts as fresh for a signature this long.
    "identity.fresh_minutes": {"minutes": 5},
}


@dataclass(frozen=True, kw_only=True)
class NewArea:
    """A metro to be served. `time_zone` is an IANA name such as ``America/New_York``."""

    slug: str
    name: str
    time_zone: str


@dataclass(frozen=True, kw_only=True)
class NewPharmacy:
    """A stock point of an area; degrees are WGS 84, hours are minutes after the area's midnight."""

    code: str
    name: str
    address: str
    state: str
    lat: float
    lon: float
    opens_minute: int = 360
    closes_minute: int = 1260
    pickup_s: int = 600


@dataclass(frozen=True, kw_only=True)
class DayChange:
    """Something that changed on an area's day: what kind of thing, and its id. Never more than that."""

    position: int
    area_id: UUID
    day: date
    kind: str
    subject_id: UUID | None

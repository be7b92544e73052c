"""Fasting, reminders and bookings of the care path (care-rules.md)."""

from collections.abc import Mapping
from typing import Any

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    # May a controlled service be booked only with clearance, order and series (care-rules.md A16, B10)?
    "booking.care_path": {"required": True},
    # And of whom: may a patient without a case be booked without it? Only where an area takes over the day
    # of an earlier system; who has a case goes the whole path there, too.
    "booking.without_case": {"refused": True},
    # At most so many controlled visits in any so many days, on different days at least so far apart.
    "booking.spacing": {"most": 3, "within_days": 7, "least_days_apart": 1},
    # A controlled visit that begins later than this is a wish to be confirmed (C19).
    "booking.late_start": {"warn_after_minute": 1020},
    # Sections 1 (B16, B17, C17) and 2: solids 6 h, from 4 h a prescriber may override; fatty meals 8 h, a
    # warning; clear drinks 2 h.
    "visit.fasting": {
        "solids_minutes": 360,
        "solids_override_minutes": 240,
        "fatty_minutes": 480,
        "clear_minutes": 120,
    },
    # Section 2: 24 hours and a night's sleep, never less.
    "visit.after": {"no_driving_hours": 24, "check_minutes": 120},
    # When patients are told, before their visit; texts are sent between these readings of the local clock.
    "messages.reminders": {
        "prepare_hours": 48,
        "fasting_hours": 24,
        "quiet_from_minute": 1260,
        "quiet_to_minute": 480,
    },
    # How often and after which waits a message is tried; a sender silent for so long is dead.
    "messages.sending": {
        "most_tries": 6,
        "first_wait_s": 30,
        "longest_wait_s": 3600,
        "dead_after_s": 300,
    },
}
# On what each stands: key -> source.
CITATIONS: Mapping[str, str] = {
    "booking.care_path": "care-rules.md A16, B10: clearance before an appointment is confirmed (P)",
    "booking.without_case": "care-rules.md A16: whose clearance an earlier system keeps (P)",
    "booking.spacing": "care-rules.md C11 and section 2: at most 3 in 7 days (P)",
    "booking.late_start": "care-rules.md C19: not late at night (P)",
    "visit.fasting": "ASA practice guidelines for preoperative fasting, 2017; care-rules.md section 2 (P)",
    "visit.after": "Labelling of esketamine on driving, by analogy; care-rules.md section 2, B23 (P)",
    "messages.reminders": "47 CFR 64.1200(c)(1): no calls before 8 or after 21 local time, by analogy (P)",
    "messages.sending": "45 CFR 164.312(a)(2)(ii), nothing is lost when a part is away (P)",
}

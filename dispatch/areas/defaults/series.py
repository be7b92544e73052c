"""Doses, their caps, and how infusions follow one another (care-rules.md)."""

from collections.abc import Mapping
from typing import Any

# Phases of a series: how many infusions, days from one to the next (least, most), and within how many days
# of the phase's first infusion its last one lies, where it has its usual number.
INDUCTION = {
    "phase": "induction",
    "least": 4,
    "most": 6,
    "usual": 6,
    "gap_days": [2, 5],
    "within_days": [14, 21],
}
WEEKLY = {"phase": "weekly", "least": 0, "most": 4, "usual": 4, "gap_days": [6, 8], "within_days": [0, 32]}
MAINTENANCE = {
    "phase": "maintenance",
    "least": 1,
    "most": 6,
    "usual": 3,
    "gap_days": [14, 30],
    "within_days": [0, 180],
}

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    # Decimals are texts: a cap is compared exactly, never as a float.
    "series.dose_caps": {
        "first_mg_per_kg": "0.5",
        "step_mg_per_kg": "0.25",
        "override_above_mg_per_kg": "0.75",
        "most_mg_per_kg": "1.0",
        "most_mg_per_kg_h": "1.0",
        "most_mg": "100",
        "floor_mg_per_kg": "0.1",
        "draw_shift_percent": "1",
        "always_dilute_from_mg_per_ml": "100",
        "dilute_at_least_times": "2",
    },
    "series.weight": {"least_kg": "40", "most_kg": "150", "change_percent": "10", "weighed_within_days": 30},
    # Minutes that may be ordered, what the order page fills in, what is reserved while no order stands.
    "series.minutes": {"least": 40, "most": 60, "prefilled": 40, "reserved": 60},
    "series.order": {"holds_after_days": 30, "override_most_days": 30, "final_ml_prefilled": "50"},
    "series.spacing": {"most_in_days": 3, "days": 7},
    # The scheduler: parts of the day in which an infusion begins (minutes after midnight), how far it looks,
    # how many reviews a day prescribers have time for, minutes of a nurse's way to a visit.
    "series.horizon": {
        "morning_from_minute": 480,
        "morning_to_minute": 720,
        "afternoon_from_minute": 720,
        "afternoon_to_minute": 1020,
        "weeks": 8,
        "reviews_a_day": 12,
        "way_minutes": 30,
        "first_minutes": 150,
        "repeat_minutes": 120,
        "late_days": 4,
    },
    # Response = PHQ-9 down by half; partial from a quarter (our reading). Review due and mandatory before.
    "series.response": {
        "review_after": 2,
        "mandatory_before": 4,
        "response_percent": 50,
        "partial_percent": 25,
        "remission_below": 5,
        "follow_up_first_weeks": 3,
        "follow_up_second_weeks": 12,
        "follow_up_open_days": 7,
    },
    "series.maintenance": {"clearance_most_days": 90},
    # Which text of the off-label consent is signed, once a series.
    "series.off_label_consent": {"text_version": "2026-11"},
    "series.templates": {
        "T-S0": {"name": "Six infusions in two to three weeks", "phases": [INDUCTION]},
        "T-S2": {
            "name": "Two a week for three weeks, then weekly, then every 14 to 30 days",
            "phases": [INDUCTION, WEEKLY, {**MAINTENANCE, "least": 0, "most": 2, "usual": 1}],
        },
        "T-M": {"name": "Maintenance, every 14 to 30 days", "phases": [MAINTENANCE]},
    },
}
# On what each stands: key -> source.
CITATIONS: Mapping[str, str] = {
    "series.dose_caps": "care-rules.md section 3, Dose; C11, C12; ketamine injection's label (P)",
    "series.weight": "care-rules.md section 3, Dose; D06 (P)",
    "series.minutes": "care-rules.md B14 and section 2, infusion minutes (P)",
    "series.order": "care-rules.md section 3: an order older than 30 days holds (P)",
    "series.spacing": "care-rules.md C11 and section 2, series (P)",
    "series.horizon": "care-rules.md B15, section 2 (series), section 5 (P)",
    "series.response": "care-rules.md B03, C10, D03 and section 3, Scales (P)",
    "series.maintenance": "care-rules.md B06 (P)",
    "series.off_label_consent": "care-rules.md D08 (R)",
    "series.templates": "care-rules.md A17, B05, B06, C06 (P)",
}

"""What is checked, measured and scored at the bedside (care-rules.md)."""

from collections.abc import Mapping
from typing import Any

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    # care-rules.md section 6: a controlled infusion keeps the checklist of 22 steps; C08: a prescriber
    # on call was reached before the start.
    "visit.checklist": {"required": True, "prescriber_reachable": True},
    # Section 3, "Vitals". No agreed set exists in the field: for the medical director to sign.
    # Readings outside are typing errors, not patients.
    "vitals.plausible": {
        "sbp_least": 40,
        "sbp_most": 280,
        "dbp_least": 20,
        "dbp_most": 180,
        "hr_least": 20,
        "hr_most": 260,
        "rr_least": 1,
        "rr_most": 70,
        "spo2_least": 40,
        "spo2_most": 100,
    },
    # Before: from these on (oxygen: at or below) rest, and repeat after the minutes.
    "vitals.amber": {
        "sbp_mmhg": 140,
        "dbp_mmhg": 90,
        "hr_bpm": 101,
        "spo2_percent": 94,
        "rest_minutes": 10,
    },
    # Before: on two readings so far apart the visit is held. "below" is less than, all others at least.
    "vitals.red": {
        "sbp_mmhg": 160,
        "sbp_below_mmhg": 90,
        "dbp_mmhg": 100,
        "hr_bpm": 111,
        "hr_below_bpm": 50,
        "spo2_below_percent": 94,
        "apart_minutes": 5,
    },
    # Before: no infusion today, and nobody overrides it in the field.
    "vitals.abort": {
        "sbp_mmhg": 180,
        "dbp_mmhg": 110,
        "hr_bpm": 150,
        "spo2_below_percent": 90,
        "rr_below": 10,
        "rr_above": 30,
        "symptoms": ["chest_pain"],
    },
    # During: readings this often, and the prescriber is told.
    "vitals.watch": {"sbp_mmhg": 160, "dbp_mmhg": 100, "every_minutes": 5},
    # During: pause the pump and call.
    "vitals.pause": {
        "sbp_mmhg": 180,
        "dbp_mmhg": 110,
        "hr_bpm": 140,
        "spo2_below_percent": 94,
        "moaas_at_most": 3,
    },
    # During: stop and call 911. Oxygen so low for so long; an unknown time counts as long.
    "vitals.stop": {
        "spo2_below_percent": 90,
        "spo2_seconds": 60,
        "rr_below": 8,
        "moaas_at_most": 2,
        "symptoms": ["chest_pain", "seizure", "anaphylaxis"],
    },
    # B19: the baseline is so fresh at the start.
    "vitals.baseline": {"most_minutes": 10},
    # Section 3: a set so often while infusing and after; alarms are the safety chapter's.
    "vitals.schedule": {
        "infusing_minutes": 10,
        "grace_minutes": 3,
        "after_minutes": 15,
        "least_sets_after": 2,
        "last_minutes": 10,
    },
    # Section 3: discharge needs all of these.
    "visit.discharge": {
        "least_minutes": 30,
        "least_minutes_first": 60,
        "aldrete_least": 9,
        "moaas_least": 5,
        "bp_percent": 20,
        "sbp_below_mmhg": 160,
        "dbp_below_mmhg": 100,
        "nausea_most": 1,
    },
    # Section 3: weighed at each visit; a larger change holds, outside the weights warns.
    "visit.weight": {"change_percent": 10, "least_kg": 40, "most_kg": 150},
    # B25: the adult into whose care the patient is given.
    "visit.adult": {"least_age_years": 18},
    # Section 3, PHQ-9 at + 24 h: the patient's form is open so many local days, from the following one on.
    "visit.day_after": {"open_days": 2},
}
# On what each stands: key -> source.
CITATIONS: Mapping[str, str] = {
    "visit.checklist": "care-rules.md section 6 (P)",
    "vitals.plausible": "care-rules.md B19 (P)",
    "vitals.amber": "care-rules.md section 3, for the medical director to sign (P)",
    "vitals.red": "care-rules.md section 3, for the medical director to sign (P)",
    "vitals.abort": "care-rules.md section 3, for the medical director to sign (P)",
    "vitals.watch": "care-rules.md section 3, for the medical director to sign (P)",
    "vitals.pause": "care-rules.md section 3, for the medical director to sign (P)",
    "vitals.stop": "care-rules.md section 3, for the medical director to sign (P)",
    "vitals.baseline": "care-rules.md B19 (P)",
    "vitals.schedule": "care-rules.md section 3, B24 (P)",
    "visit.discharge": "care-rules.md section 3, B24, B25, C07; modified Aldrete score (P)",
    "visit.weight": "care-rules.md section 3, D06 (P)",
    "visit.adult": "care-rules.md B25 (P)",
    "visit.day_after": "care-rules.md section 3, scales (P)",
}

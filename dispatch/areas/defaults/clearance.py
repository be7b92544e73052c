"""Who may be treated at home, and how long a clearance holds (care-rules.md)."""

from collections.abc import Mapping
from typing import Any

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    # A01, B31: who may prescribe; a specialty that is not listed needs the medical director's approval.
    "clearance.prescribers": {
        "kinds": ["MD", "DO", "NP", "PA", "CNS"],
        "specialties": ["psychiatry", "anaesthesiology", "emergency_medicine", "hospice"],
    },
    # B11, B29: a consultation, and what belongs to each.
    "clearance.consultation": {
        "least_minutes": 30,
        "most_minutes": 60,
        "valid_days": 90,
        "substance_screen": True,
        "monitoring_programme": True,
    },
    # Section 3: an in-person evaluation by the prescriber is documented (default on).
    "clearance.evaluation": {"in_person_required": True, "valid_days": 365},
    # Sections 1 to 3. A13: `seizures` is BLOCK or OVERRIDE, as the medical director has it signed.
    "clearance.screening": {
        "seizures": "BLOCK",
        "adult_from_years": 18,
        "warn_from_years": 65,
        "override_above_years": 75,
        "lorazepam_ug_per_day": 3000,
        "weight_low_g": 40_000,
        "weight_high_g": 150_000,
        "refer_from_asa_class": 3,
        "refer_from_risk_points": 3,
        "warn_from_audit_c": 4,
        "indications": [
            "pain_disorder",
            "chronic_pain",
            "crps",
            "major_depression",
            "treatment_resistant_depression",
            "bipolar_depression",
            "ptsd",
            "anxiety",
            "ocd",
        ],
    },
    # Micrograms that equal 1 mg of lorazepam by mouth; where sources differ the smaller amount, which
    # counts as the larger dose. What is not listed has no known equivalent, and unknown blocks.
    "clearance.lorazepam_equivalent_ug": {
        "alprazolam": 500,
        "chlordiazepoxide": 25_000,
        "clobazam": 20_000,
        "clonazepam": 500,
        "clorazepate": 15_000,
        "diazepam": 10_000,
        "estazolam": 1_000,
        "flurazepam": 15_000,
        "lorazepam": 1_000,
        "oxazepam": 20_000,
        "quazepam": 15_000,
        "temazepam": 20_000,
        "triazolam": 250,
    },
    # B06: how long a clearance and a signed override hold.
    "clearance.expiry": {"days": 90, "maintenance_days": 90, "override_days": 90},
    # Section 3: high risk of suicide wants a prescriber now; a review of the same day within these hours.
    "clearance.alarms": {"high_minutes": 0, "same_day_minutes": 480, "task_minutes": 1440},
    # Section 3: bands of the scales, response and remission.
    "clearance.scales": {
        "phq9_mild": 5,
        "phq9_moderate": 10,
        "phq9_moderately_severe": 15,
        "phq9_severe": 20,
        "gad7_mild": 5,
        "gad7_moderate": 10,
        "gad7_severe": 15,
        "response_percent": 50,
        "remission_below": 5,
        "cssrs_valid_days": 30,
    },
}
# On what each stands: key -> source.
CITATIONS: Mapping[str, str] = {
    "clearance.prescribers": "21 CFR 1300.01, 1306.03; care-rules A01, B31 (R)",
    "clearance.consultation": "care-rules B11, B29; AUDIT-C; the state's monitoring programme (P)",
    "clearance.evaluation": "21 USC 829(e); care-rules section 3 (R)",
    "clearance.screening": "care-rules A12-A18, C15, C16, D02, section 3 (P)",
    "clearance.lorazepam_equivalent_ug": "published tables of benzodiazepine equivalents (P)",
    "clearance.expiry": "care-rules B06 (P)",
    "clearance.alarms": "care-rules section 3, C22 (P)",
    "clearance.scales": "PHQ-9, GAD-7 and C-SSRS screener; care-rules section 3 (P)",
}

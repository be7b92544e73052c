"""The clocks that watch over patient and nurse (care-rules.md)."""

from collections.abc import Mapping
from typing import Any

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    # Which clocks run at all; an area that does not measure or check in signs a shorter list.
    "safety.clocks": {
        "on": [
            "missed_arrival",
            "missed_check_in",
            "lone_worker",
            "missed_reading",
            "not_alert",
            "long_recovery",
            "patient_unanswered",
            "supervised_return",
            "still_assigned",
        ]
    },
    # Section 5: a check-in at arrival, start, every 30 min, exit; the rungs count from the missed one.
    "safety.check_in": {
        "every_minutes": 30,
        "arrival_grace_minutes": 10,
        "exit_grace_minutes": 30,
        "nurse_after_minutes": 5,
        "call_after_minutes": 10,
        "lead_after_minutes": 15,
        "emergency_after_minutes": 20,
        "most_longer_minutes": 120,
    },
    # Section 3: a set every 10 min (grace 3) infusing, every 15 after; none for 15 min alarms both.
    "safety.readings": {
        "infusing_minutes": 10,
        "infusing_grace_minutes": 3,
        "after_minutes": 15,
        "alarm_minutes": 15,
    },
    # B20: alert and awake; below this MOAA/S the prescriber hears of it.
    "safety.alertness": {"least_moaas": 4, "lead_after_minutes": 5},
    # D: a patient who is not discharged so long after the infusion's end needs a second look.
    "safety.recovery": {"nurse_after_minutes": 120, "dispatcher_after_minutes": 150},
    # B23: asked two hours after; without an answer a person rings her up.
    "safety.patient_check": {"asked_after_minutes": 120, "wait_minutes": 30, "lead_after_minutes": 60},
    # The number under which a patient reaches the office; empty: her page and her messages name none.
    "safety.contact": {"office_phone": ""},
    # D: a silent panic is everybody's at once; who does not answer leaves it to the next.
    "safety.panic": {"lead_after_minutes": 1, "emergency_after_minutes": 3},
    # Section 4: who may not practise any more brings her drug back before a witness.
    "safety.return": {"compliance_after_minutes": 60},
    # Which role the rung of the lead means.
    "safety.lead": {"role": "admin"},
    # Section 5: on call from 15 min before the start to 15 min after the end; a test holds for a while.
    "safety.on_call": {"before_minutes": 15, "after_minutes": 15, "valid_minutes": 30, "ahead_days": 7},
    # Section 4: meals and overtime by state; an example row each, for counsel. Zero: the state asks for none.
    "hours.states": {
        "rows": {
            "US": {
                "meal_minutes": 30,
                "meals_before_h": [],
                "overtime_after_h": 0,
                "double_after_h": 0,
                "overtime_after_h_in_week": 40,
            },
            "CA": {"meals_before_h": [5, 10], "overtime_after_h": 8, "double_after_h": 12},
        }
    },
}
# On what each stands: key -> source.
CITATIONS: Mapping[str, str] = {
    "safety.clocks": "care-rules.md sections 3 and 5 (P)",
    "safety.check_in": "care-rules.md section 5; OSHA 3148 on lone community workers (P)",
    "safety.readings": "care-rules.md section 3; ASA standards for basic anesthetic monitoring (P)",
    "safety.alertness": "care-rules.md B20; MOAA/S (P)",
    "safety.recovery": "care-rules.md section 3, discharge; the medical director signs (P)",
    "safety.patient_check": "care-rules.md B23 (P)",
    "safety.contact": "care-rules.md B23; screens.md (P)",
    "safety.panic": "care-rules.md section 5; OSHA 3148 (P)",
    "safety.return": "care-rules.md section 4; 21 CFR 1301.76, 1301.22 (P)",
    "safety.lead": "care-rules.md section 5 (P)",
    "hours.states": "29 USC 207(a); California Labor Code 510, 512 (R)",
    "safety.on_call": "care-rules.md C08 and section 5; the state's rule row (P)",
}

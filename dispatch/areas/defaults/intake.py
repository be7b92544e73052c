"""What intake asks and how long its clocks run (care-rules.md)."""

from collections.abc import Mapping
from typing import Any

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    # B30: who enquires hears from us by the close of so many business days, by the area's clock and this
    # calendar of holidays (US, or a state's two letters).
    "intake.enquiry": {"business_days": 1, "close_minute": 1020, "calendar": "US"},
    # How long a link waits to be opened, and how long the device that opened it stays signed in.
    "intake.links": {
        "patient_hours": 72,
        "other_device_minutes": 15,
        "provider_days": 14,
        "session_days": 7,
    },
    "intake.documents": {"most_bytes": 10_000_000},
    # B08: the acknowledgement of ongoing care, signed by the outside provider.
    "intake.acknowledgement": {"months": 12},
    # B10: what a patient agrees to. New words are a new version, which has to be accepted anew.
    "intake.agreements": {
        "documents": {
            "privacy": {
                "version": 1,
                "title": "How we keep what you tell us",
                "text": "What you tell us is kept encrypted. Only people who care for you or plan your "
                "visits see it, and we note each time somebody looks. You may ask who looked, and for a "
                "copy.",
            },
            "visits_at_home": {
                "version": 1,
                "title": "Visits at your home",
                "text": "A licensed nurse comes to you and stays until you are well enough. An adult of "
                "your own choice is with you from the beginning until you are discharged. The nurse may "
                "call emergency services, and may end a visit that is not safe.",
            },
            "nothing_left_at_home": {
                "version": 1,
                "title": "No medicine stays with you",
                "text": "Nothing is given for you to take later. Whatever is not used is destroyed before a "
                "witness or carried back. Please do not ask the nurse to leave any.",
            },
            "other_medicines": {
                "version": 1,
                "title": "Your other medicines",
                "text": "Keep taking your medicines as they were prescribed. Changes are made only by the "
                "person who prescribed them, or by our prescriber together with them. Tell us about every "
                "change.",
            },
            "paying": {
                "version": 1,
                "title": "Paying",
                "text": "You pay for visits yourself. We do not send claims to insurers; we give you a "
                "receipt that you may send to yours.",
            },
            "cancelling": {
                "version": 1,
                "title": "When plans change",
                "text": "You may call off a visit before the nurse has arrived. Please tell us as early as "
                "you can.",
            },
        }
    },
}
# On what each stands: key -> source.
CITATIONS: Mapping[str, str] = {
    "intake.enquiry": "care-rules B30 (P)",
    "intake.links": "45 CFR 164.312(a)(2)(iii), (d); OWASP ASVS 5.0, 7.3 (P)",
    "intake.documents": "OWASP ASVS 5.0, 5.2.1 (P)",
    "intake.acknowledgement": "care-rules B08 (P)",
    "intake.agreements": "45 CFR 164.520; care-rules B02, B10, B27, D13 (P)",
}

"""Policy values that hold until somebody signs another: key -> value with units in the name.

Clinical and legal numbers of care-rules.md are policy, never constants inside a rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from dispatch.areas.defaults import CARE_CITATIONS, CARE_POLICIES

DEFAULT_POLICIES: Mapping[str, Mapping[str, Any]] = {
    **CARE_POLICIES,
    # care-rules.md section 5: visits end by 20:00, never after 21:00 local time.
    "visit.latest_end_minute": {"planned": 1200, "at_most": 1260},
    # care-rules.md section 4 (EVV): outside the fence a check-in is flagged, never refused.
    "visit.geofence_m": {"metres": 100},
    # care-rules.md section 5: before a no-show the nurse waits and calls.
    "visit.no_show": {"wait_minutes": 15, "calls": 2},
    # What is offered to somebody who wants a visit: how many days ahead, promised windows of this width that
    # begin every so many minutes between these readings, none sooner than the lead on the same day.
    "booking.slots": {
        "days": 14,
        "window_minutes": 120,
        "step_minutes": 30,
        "first_begin_minute": 480,
        "lead_minutes": 60,
    },
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
    # Discrepancy cases: what is due after a theft or significant loss, and by when. State rows are for
    # counsel to check; a state without one has the federal duties only. Texas: the record at the time is
    # the case.
    "custody.cases": {
        "close_minute": 1020,
        "soon_hours": 24,
        "party_may_decide": False,
        "most_attachment_bytes": 5_000_000,
        "duties": {
            "dea_notice": {
                "state": "US",
                "says": "Written notice to the DEA field division office",
                "done_by": "notice_sent",
                "unit": "business_days",
                "count": 1,
                "citation": "21 CFR 1301.76(b)",
            },
            "form_106": {
                "state": "US",
                "says": "DEA Form 106",
                "done_by": "form_filed",
                "unit": "days",
                "count": 45,
                "citation": "21 CFR 1301.76(b)",
            },
            "ia_form_106": {
                "state": "IA",
                "says": "DEA Form 106, with a copy to the Iowa Board of Pharmacy",
                "done_by": "form_filed",
                "unit": "days",
                "count": 14,
                "citation": "Iowa Admin. Code r. 657-10.21(3)",
            },
            "tx_record": {
                "state": "TX",
                "says": "Record of the loss at the time",
                "done_by": "opened",
                "unit": "at_once",
                "count": 0,
                "citation": "custody-rules.md: to be cited by counsel",
            },
        },
    },
    # The registrant as the DEA's forms ask for it; what is empty is asked on the form.
    "custody.registrant": {
        "name": "",
        "dea_number": "",
        "phone": "",
        "county": "",
        "principal_business": "",
        "contact": "",
    },
    # When a figure is unusual enough to be asked about (docs/signals.md has what each limit costs and finds).
    "custody.signals": {
        "period_days": 90,
        "quiet_days": 90,
        "least_observations": 30,
        "least_hits": 5,
        "least_peers": 5,
        "false_discovery_permille": 50,
        "least_percent_of_expected": 300,
        "unusual_permille": 50,
        "tolerance_percent": 15,
        "pair_least_percent_of_expected": 400,
        "distance_tenths": 25,
    },
    # Random assay of carried-back residual; USP's monograph of ketamine hydrochloride injection allows
    # 95-105 % of the label, the rest is the measurement's own error.
    "custody.assay": {"rate_permille": 100, "tolerance_percent": 10, "due_days": 14},
    # A proof of identity counts as fresh for a signature this long.
    "identity.fresh_minutes": {"minutes": 5},
    # Whose vials this registrant may keep: its own stock, or those dispensed for a patient.
    "custody.basis": {"allowed": ["registrant_stock", "patient_rx"]},
    # An offered hand-off that nobody accepts is the giver's again after this time.
    "custody.hand_off": {"expires_minutes": 60},
    # How far measures may differ: a share of what was drawn, but never less than this amount.
    "custody.measure": {"tolerance_permille": 50, "least_ug": 1000},
    # May a sealed residual be carried back; must it be measured by an own entry before it is wasted.
    "custody.residual": {"carried_back": True, "measured_first": False},
    # Who may sign second, by kind of event; in which ways a waste may be seen, and whether the witness may
    # type the secret on the actor's phone.
    "custody.witnesses": {
        "picked_up": ["pharmacist"],
        "returned": ["pharmacist"],
        "residual_returned": ["pharmacist"],
        "wasted": ["nurse", "pharmacist", "prescriber", "compliance"],
        "destroyed": ["nurse", "pharmacist", "compliance"],
        "reversed": ["pharmacist", "compliance"],
        "waste_kinds": ["present", "live_video", "carried_back", "companion"],
        "typed_on_actors_device": True,
    },
    # How the prescriber may be present while a controlled drug is given.
    "custody.presence": {"modes": ["in_person", "live_video", "on_call"]},
    # A custody shift closes with a blind count; an open one is overdue so long after the planned end.
    "custody.shift": {"count_to_close": True, "overdue_minutes": 60},
    # May somebody approve the correction of an own entry.
    "custody.reversal": {"own_entry": False},
    # May drug be used in another state than that of the stock point it came from.
    "custody.state_line": {"may_cross": False},
    # Must the registrant have named the nurse as its agent in the state.
    "custody.agency": {"required": True},
}
# On what each default of custody stands. R: regulation, P: practice; each is for the registrant's counsel.
POLICY_CITATIONS: Mapping[str, str] = {
    **CARE_CITATIONS,
    "custody.beyond_use_h": "USP <797> (P)",
    "custody.device_time": "21 CFR 1304.21(a), 45 CFR 164.312(b) (R)",
    "custody.overfill_percent": "USP <1151>, excess volume in injections (P)",
    "identity.fresh_minutes": "45 CFR 164.312(d), 21 CFR 1311.115 by analogy (P)",
    "custody.basis": "21 CFR 1301.22, 1306.04, 1306.05; the state's board of pharmacy (R)",
    "custody.hand_off": "21 CFR 1304.21(a), 1301.22 (P)",
    "custody.measure": "21 CFR 1304.22(c); accuracy of syringes, ISO 7886-1 (P)",
    "custody.residual": "21 CFR 1317.90; DEA letter of 17 October 2014 on pharmaceutical wastage (P)",
    "custody.witnesses": "21 CFR 1317.95(d), 1304.22(c); the state's nursing and pharmacy boards (P)",
    "custody.presence": "21 USC 829(e), 21 CFR 1306.09; the state's telehealth rules (R)",
    "custody.shift": "21 CFR 1301.75(b), 1304.11(a) (P)",
    "custody.reversal": "21 CFR 1304.21(a), 1311.215 by analogy (P)",
    "custody.state_line": "21 USC 822(e), 21 CFR 1301.12 (R)",
    "custody.agency": "21 USC 822(c), 21 CFR 1301.22 (R)",
    "custody.cases": "21 CFR 1301.76(b), and the state's own row (R); separation of duties (P)",
    "custody.registrant": "DEA Forms 106 and 41 (R)",
    "custody.signals": "21 CFR 1301.71(a); ASHP guidelines on preventing diversion, 2022 (P)",
    "custody.assay": "21 CFR 1301.71(a); USP monograph of ketamine hydrochloride injection (P)",
}


@dataclass(frozen=True, kw_only=True)
class NewPolicy:
    """A policy value to be signed; a scope left empty holds everywhere.

    Attributes
    ----------
    registrant
        A DEA registration as authorisations name it.
    state
        Two letters.
    """

    key: str
    value: Mapping[str, Any]
    reason: str
    area_id: UUID | None = None
    registrant: str | None = None
    state: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyLine:
    """A policy with what it stands on: the default (version 0) or a signed value and its scope."""

    key: str
    value: Mapping[str, Any]
    citation: str
    version: int = 0
    registrant: str | None = None
    state: str | None = None
    company_wide: bool = True
    signed_by: str = ""
    signed_at: datetime | None = None
    reason: str = ""


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

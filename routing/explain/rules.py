"""The rules that keep nurses from visits, as a table: which are law, which a person can lift, which the day.

A law (licence, custody of drug, hours and breaks) is never offered for relaxing: it is named as a fact, with
its way out. What a person can lift by a deed (enter a renewed competency, let go of an exclusion) may be
offered, with what it would cost. What the day does (other visits, windows, hours) is searched for the least
change. A code that stands in no row counts as law: unknown is never offered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Who could change it: nobody here, a person by a deed, or the plan of the day."""

    LAW = "law"
    PERSON = "person"
    DAY = "day"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule, or a family of rules that people speak of as one.

    Attributes
    ----------
    keeps
        What is so of the nurses whom it keeps away: "3 nurses <keeps>"; and of one: "1 nurse <keeps_one>".
    way_out
        What somebody could do about it.
    lifted
        For `Kind.PERSON`: "possible if <lifted>", with ``{nurse}`` for her name.
    """

    name: str
    kind: Kind
    keeps: str
    keeps_one: str
    way_out: str
    codes: tuple[str, ...]
    lifted: str = ""


RULES: tuple[Rule, ...] = (
    Rule(
        name="licence",
        kind=Kind.LAW,
        keeps="hold no licence that covers the patient's state that day",
        keeps_one="holds no licence that covers the patient's state that day",
        way_out="It needs a nurse licensed there.",
        codes=(
            "licence_not_valid_in_state", "licence_not_yet_valid", "licence_expired",
            "licence_expires_before_end", "licence_not_active_yet", "licence_of_other_state",
            "licence_encumbered", "licence_suspended", "licence_surrendered", "licence_inactive",
            "disciplined_in_state", "home_state_not_issuing", "compact_not_operating", "compact_not_begun",
            "state_outside_compact", "residence_unknown", "residence_not_home_state",
            "residence_left_compact", "residence_moved", "state_unknown",
        ),
    ),
    Rule(
        name="role",
        kind=Kind.LAW,
        keeps="have no role that may give it there",
        keeps_one="has no role that may give it there",
        way_out="It needs a nurse in a role that the state's rule names.",
        codes=("role_not_allowed_in_state",),
    ),
    Rule(
        name="state_rule",
        kind=Kind.LAW,
        keeps="are kept away by the state's rule on ketamine at home",
        keeps_one="is kept away by the state's rule on ketamine at home",
        way_out="Compliance enters and verifies the state's rule, or the patient is referred to a clinic.",
        codes=(
            "no_state_rule", "state_rule_not_verified", "home_not_allowed_in_state",
            "prescriber_on_site_required",
        ),
    ),
    Rule(
        name="drug_authorisation",
        kind=Kind.LAW,
        keeps="may not carry controlled drug there",
        keeps_one="may not carry controlled drug there",
        way_out="The DEA registrant authorises a nurse as its agent for that state.",
        codes=("authorisation_missing", "authorisation_not_valid"),
    ),
    Rule(
        name="fatigue",
        kind=Kind.LAW,
        keeps="would work more hours than the fatigue limits allow",
        keeps_one="would work more hours than the fatigue limits allow",
        way_out="It needs a nurse who is rested.",
        codes=("too_many_hours_in_24", "too_many_hours_in_7_days", "rest_too_short"),
    ),
    Rule(
        name="patient_need",
        kind=Kind.LAW,
        keeps="do not meet what the patient needs (language, gender, an animal in the home)",
        keeps_one="does not meet what the patient needs (language, gender, an animal in the home)",
        way_out="Only the patient's own record can say otherwise.",
        codes=("language_required", "gender_required", "pet_allergy"),
    ),
    Rule(
        name="competency",
        kind=Kind.PERSON,
        keeps="lack a competency that is valid that day",
        keeps_one="lacks a competency that is valid that day",
        way_out="Enter the proof, if there is one.",
        lifted="{nurse}'s competency were proven and valid that day",
        codes=("competency_missing", "competency_expired", "competency_not_yet_valid"),
    ),
    Rule(
        name="exclusion",
        kind=Kind.PERSON,
        keeps="must not meet this patient",
        keeps_one="must not meet this patient",
        way_out="Whoever asked for the exclusion can lift it.",
        lifted="the exclusion of {nurse} and the patient were lifted",
        codes=("patient_excluded",),
    ),
    Rule(
        name="address",
        kind=Kind.PERSON,
        keeps="cannot be sent while the point of the address is not confirmed",
        keeps_one="cannot be sent while the point of the address is not confirmed",
        way_out="A dispatcher confirms the pin on the map.",
        lifted="the point of the address were confirmed",
        codes=("address_not_verified",),
    ),
    Rule(
        name="not_at_work",
        kind=Kind.PERSON,
        keeps="do not work then",
        keeps_one="does not work then",
        way_out="Give a nurse a shift, if her hours allow it.",
        lifted="{nurse} worked then",
        codes=("nurse_not_active", "no_shift_that_day"),
    ),
    Rule(
        name="pinned",
        kind=Kind.PERSON,
        keeps="are not the nurse it is pinned to",
        keeps_one="is not the nurse it is pinned to",
        way_out="A dispatcher can unpin it.",
        lifted="it were unpinned",
        codes=("pinned_to_another_nurse", "pinned_outside_window", "pinned_to_time"),
    ),
    Rule(
        name="meal_break",
        kind=Kind.LAW,
        keeps="could make it but for the meal break",
        keeps_one="could make it but for the meal break",
        way_out="A break is never moved out of its hours or shortened.",
        codes=("meal_break",),
    ),
    Rule(
        name="longest_day",
        kind=Kind.LAW,
        keeps="could make it but for the longest day allowed",
        keeps_one="could make it but for the longest day allowed",
        way_out="The limit on hours is never raised.",
        codes=("max_duration",),
    ),
    Rule(
        name="stock",
        kind=Kind.LAW,
        keeps="could not collect its drug before it, or bring stock back in time",
        keeps_one="could not collect its drug before it, or bring stock back in time",
        way_out="Drug is collected before the visit and back by the end of the shift, or it is not carried.",
        codes=("pickup_before_controlled", "return_of_stock", "stock_ready"),
    ),
    Rule(
        name="lock_box",
        kind=Kind.DAY,
        keeps="have a lock-box too small for its drug",
        keeps_one="has a lock-box too small for its drug",
        way_out="Give a nurse a larger box.",
        codes=("lock_box_too_small", "lock_box_capacity"),
    ),
    Rule(
        name="day_is_full",
        kind=Kind.DAY,
        keeps="have no room for it beside their other visits",
        keeps_one="has no room for it beside her other visits",
        way_out="Move or leave another visit.",
        codes=("no_room_in_day", "no_room_then"),
    ),
    Rule(
        name="hours",
        kind=Kind.DAY,
        keeps="cannot reach it inside its windows and their shifts",
        keeps_one="cannot reach it inside its windows and her shift",
        way_out="Agree another window with the patient, or overtime with a nurse.",
        codes=("shift_too_short", "time_window", "overtime", "ends_too_late", "several_rules"),
    ),
    Rule(
        name="own_route",
        kind=Kind.DAY,
        keeps="have a route that no longer holds as the day is now",
        keeps_one="has a route that no longer holds as the day is now",
        way_out="Plan the day again.",
        codes=("own_route_broken",),
    ),
    Rule(
        name="two_nurses",
        kind=Kind.DAY,
        keeps="find no second nurse who could begin it at the same time",
        keeps_one="finds no second nurse who could begin it at the same time",
        way_out="Move other visits until two nurses are free together.",
        codes=("double_visit",),
    ),
    Rule(
        name="dear",
        kind=Kind.DAY,
        keeps="could make it, at a higher cost than leaving it",
        keeps_one="could make it, at a higher cost than leaving it",
        way_out="Raise its priority, or give it by hand.",
        codes=("costs_more_than_leaving_it",),
    ),
)  # fmt: skip

RULE_OF: Mapping[str, Rule] = {code: rule for rule in RULES for code in rule.codes}


def rule_of(code: str) -> Rule:
    """Return the rule that a code belongs to; one that nobody wrote down here counts as law."""
    known = RULE_OF.get(code)
    if known is not None:
        return known
    text = f"kept away by a rule: {code.replace('_', ' ')}"
    return Rule(
        name=code, kind=Kind.LAW, keeps=f"are {text}", keeps_one=f"is {text}", way_out="", codes=(code,)
    )

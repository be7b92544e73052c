"""How each rule of the screening table judges; see `rules.screening` for classes and texts."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from dispatch.clearance.model import Facts, Outcome, PdmpResult

CLEAR, MET, UNKNOWN = Outcome.CLEAR, Outcome.MET, Outcome.UNKNOWN
YES, NO = "yes", "no"
Limits = Mapping[str, Mapping[str, Any]]


def answered_yes(question: str) -> Callable[[Facts, Limits], Outcome]:
    """Make the judgement of a question: only a plain no is clear."""

    def judge(facts: Facts, _limits: Limits) -> Outcome:
        return {YES: MET, NO: CLEAR}.get(facts.answers.get(question, ""), UNKNOWN)

    return judge


def takes(ingredient_class: str) -> Callable[[Facts, Limits], Outcome]:
    """Make the judgement of an ingredient class: a list that nobody made is unknown."""

    def judge(facts: Facts, _limits: Limits) -> Outcome:
        if facts.medicines is None:
            return UNKNOWN
        return _met(any(ingredient_class in each.classes for each in facts.medicines))

    return judge


def medicine_unmatched(facts: Facts, _limits: Limits) -> Outcome:
    """Free text that neither the ingredient list nor a prescriber named (A08)."""
    return _met(facts.unmatched)


def _met(found: bool) -> Outcome:
    return MET if found else CLEAR


def under_age(facts: Facts, limits: Limits) -> Outcome:
    """Younger than an adult; no age is unknown."""
    if facts.age_years is None:
        return UNKNOWN
    return _met(facts.age_years < limits["clearance.screening"]["adult_from_years"])


def advanced_age(facts: Facts, limits: Limits) -> Outcome:
    """Above the age that needs a signature; `under_age` says when the age is unknown."""
    limit = limits["clearance.screening"]["override_above_years"]
    return _met(facts.age_years is not None and facts.age_years > limit)


def older_age(facts: Facts, limits: Limits) -> Outcome:
    """Of an age to be warned about, up to the one that needs a signature, both included."""
    policy = limits["clearance.screening"]
    warned = range(policy["warn_from_years"], policy["override_above_years"] + 1)
    return _met(facts.age_years in warned)


def weight_unusual(facts: Facts, limits: Limits) -> Outcome:
    """Lighter or heavier than the limits; the limits themselves are clear."""
    policy = limits["clearance.screening"]
    if facts.weight_g is None:
        return UNKNOWN
    return _met(not policy["weight_low_g"] <= facts.weight_g <= policy["weight_high_g"])


def asa_too_high(facts: Facts, limits: Limits) -> Outcome:
    """ASA physical status from the class at which the clinic is the place."""
    if facts.asa_class is None:
        return UNKNOWN
    return _met(facts.asa_class >= limits["clearance.screening"]["refer_from_asa_class"])


def risk_score_high(facts: Facts, limits: Limits) -> Outcome:
    """The risk score from the points at which the clinic is the place; a score is not wanted of everybody."""
    limit = limits["clearance.screening"]["refer_from_risk_points"]
    return _met(facts.risk_points is not None and facts.risk_points >= limit)


def setting_not_allowed(facts: Facts, _limits: Limits) -> Outcome:
    """No row, or one that nobody verified, blocks like a row that forbids it."""
    return _met(facts.setting_allowed is not True)


def indication_unlisted(facts: Facts, limits: Limits) -> Outcome:
    """At least one indication, and each one listed."""
    if not facts.indications:
        return UNKNOWN
    return _met(not facts.indications <= set(limits["clearance.screening"]["indications"]))


def alcohol_screen_positive(facts: Facts, limits: Limits) -> Outcome:
    """AUDIT-C from the points of the policy; one that is missing is another rule's."""
    limit = limits["clearance.screening"]["warn_from_audit_c"]
    return _met(facts.audit_c is not None and facts.audit_c >= limit)


def monitoring_programme_concern(facts: Facts, _limits: Limits) -> Outcome:
    """What the programme showed; not asked is another rule's."""
    return _met(facts.pdmp is PdmpResult.CONCERN)


def suicidality_unanswered(facts: Facts, _limits: Limits) -> Outcome:
    """An alarm that no prescriber has signed yet."""
    return _met(facts.alarm_open)


def benzodiazepine_dose_high(facts: Facts, limits: Limits) -> Outcome:
    """The day's benzodiazepines together, as lorazepam; a dose or an equivalent nobody knows is unknown."""
    equals = limits["clearance.lorazepam_equivalent_ug"]
    total_mg = Decimal(0)
    for each in facts.medicines or ():
        if "benzodiazepine" not in each.classes:
            continue
        if each.mg_per_day is None or not equals.get(each.ingredient):
            return UNKNOWN
        total_mg += each.mg_per_day * 1000 / equals[each.ingredient]
    return _met(total_mg * 1000 > limits["clearance.screening"]["lorazepam_ug_per_day"])


def not_consulted(facts: Facts, _limits: Limits) -> Outcome:
    """No consultation in force."""
    return _met(not facts.consulted)


def not_evaluated(facts: Facts, limits: Limits) -> Outcome:
    """No in-person evaluation in force, where the policy wants one."""
    return _met(limits["clearance.evaluation"]["in_person_required"] and not facts.evaluated_in_person)


def substance_screen_missing(facts: Facts, limits: Limits) -> Outcome:
    """Each consultation has one (B29)."""
    return _met(limits["clearance.consultation"]["substance_screen"] and facts.audit_c is None)


def monitoring_programme_missing(facts: Facts, limits: Limits) -> Outcome:
    """Each consultation asks the programme (B29)."""
    return _met(limits["clearance.consultation"]["monitoring_programme"] and facts.pdmp is None)


def medications_not_reviewed(facts: Facts, _limits: Limits) -> Outcome:
    """The list with its present digest was not read by a prescriber (B28)."""
    return _met(not facts.medications_reviewed)


def phq9_missing(facts: Facts, _limits: Limits) -> Outcome:
    """A PHQ-9 to measure from."""
    return _met(not facts.phq9_known)


def cssrs_missing(facts: Facts, _limits: Limits) -> Outcome:
    """A C-SSRS screener of late."""
    return _met(facts.suicide_risk is None)

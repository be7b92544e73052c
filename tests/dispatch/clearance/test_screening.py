"""The screening table: every row met, every row unknown, every edge; all unmet at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.clearance.model import PdmpResult, RuleClass
from dispatch.clearance.rules.screening import QUESTIONS, RULES, SCREENING, findings
from dispatch.intake.questions import ITEMS
from tests.builders.clearance import LIMITS, a_medicine, facts, limits

BLOCK, OVERRIDE, WARN, REQUIRED = RuleClass
# What care-rules.md says of each yes, sections 1 and 3.
BY_ANSWER = {
    "psychotic_disorder": BLOCK,
    "psychosis_current": BLOCK,
    "mania_current": BLOCK,
    "psychosis_family": WARN,
    "seizures": BLOCK,
    "brain_vessels": BLOCK,
    "stroke": OVERRIDE,
    "liver_disease_severe": BLOCK,
    "liver_disease_moderate": OVERRIDE,
    "cardiovascular_poorly_controlled": BLOCK,
    "high_blood_pressure_uncontrolled": OVERRIDE,
    "cardiac_disease": OVERRIDE,
    "pulmonary_disease": OVERRIDE,
    "raised_intracranial_pressure": OVERRIDE,
    "raised_intraocular_pressure": OVERRIDE,
    "cystitis": OVERRIDE,
    "sleep_apnoea": WARN,
    "pregnant": BLOCK,
    "breast_feeding": BLOCK,
    "ketamine_allergy": BLOCK,
    "anaesthesia_reaction": OVERRIDE,
    "substance_misuse_active": BLOCK,
    "alcohol_use_disorder": BLOCK,
    "addiction_past": OVERRIDE,
    "ketamine_elsewhere": OVERRIDE,
}
XANTHINE = a_medicine("xanthine", ingredient="theophylline")
BENZODIAZEPINE = a_medicine("benzodiazepine", ingredient="lorazepam", mg="1")
# One fact changed -> the one rule it meets, and its class.
BY_FACT = [
    ({"age_years": 17}, "under_age", BLOCK),
    ({"age_years": 65}, "older_age", WARN),
    ({"age_years": 75}, "older_age", WARN),
    ({"age_years": 76}, "advanced_age", OVERRIDE),
    ({"weight_g": 39_999}, "weight_unusual", WARN),
    ({"weight_g": 150_001}, "weight_unusual", WARN),
    ({"asa_class": 3}, "refer_to_clinic", OVERRIDE),
    ({"risk_points": 3}, "risk_score_high", OVERRIDE),
    ({"setting_allowed": False}, "setting_not_allowed", BLOCK),
    ({"setting_allowed": None}, "setting_not_allowed", BLOCK),
    ({"indications": frozenset({"fatigue"})}, "indication_unlisted", OVERRIDE),
    ({"indications": frozenset({"ptsd", "fatigue"})}, "indication_unlisted", OVERRIDE),
    ({"audit_c": 4}, "alcohol_screen_positive", WARN),
    ({"pdmp": PdmpResult.CONCERN}, "monitoring_programme_concern", OVERRIDE),
    ({"alarm_open": True}, "suicidality_unanswered", BLOCK),
    ({"medicines": (XANTHINE,)}, "xanthines", BLOCK),
    ({"medicines": (a_medicine("vasopressin"),)}, "vasopressin", BLOCK),
    ({"medicines": (a_medicine("opioid"),)}, "opioids", OVERRIDE),
    ({"medicines": (a_medicine("ketamine"),)}, "ketamine_on_list", OVERRIDE),
    ({"medicines": (BENZODIAZEPINE,)}, "benzodiazepines", OVERRIDE),
    ({"unmatched": True}, "medicine_unmatched", REQUIRED),
    ({"consulted": False}, "consultation_missing", REQUIRED),
    ({"evaluated_in_person": False}, "evaluation_missing", REQUIRED),
    ({"audit_c": None}, "substance_screen_missing", REQUIRED),
    ({"pdmp": None}, "monitoring_programme_missing", REQUIRED),
    ({"medications_reviewed": False}, "medication_review_missing", REQUIRED),
    ({"phq9_known": False}, "phq9_missing", REQUIRED),
    ({"suicide_risk": None}, "cssrs_missing", REQUIRED),
]
# A fact that nobody knows -> the rules that block for it.
UNKNOWN = [
    ({"age_years": None}, {"under_age"}),
    ({"weight_g": None}, {"weight_unusual"}),
    ({"asa_class": None}, {"refer_to_clinic"}),
    ({"indications": None}, {"indication_unlisted"}),
    ({"indications": frozenset()}, {"indication_unlisted"}),
    ({"medicines": None}, {"xanthines", "vasopressin", "opioids", "benzodiazepines", "ketamine_on_list"}),
]
QUIET = [
    {"age_years": 18}, {"age_years": 64}, {"weight_g": 40_000}, {"weight_g": 150_000}, {"asa_class": 2},
    {"risk_points": 2}, {"audit_c": 3}, {"medicines": (a_medicine("antidepressant"),)},
    {"medicines": (a_medicine("esketamine"),)},
]  # fmt: skip


def found(limits=LIMITS, **more):
    return {each.rule: each.rule_class for each in findings(facts(**more), limits)}


def test_nothing_stands_against_who_has_nothing():
    assert found() == {}


def test_the_table_holds_exactly_the_rules_that_are_tried_here():
    tried = set(BY_ANSWER) | {rule for _fact, rule, _class in BY_FACT} | {"benzodiazepine_dose_high"}
    assert tried == set(RULES)
    assert len(SCREENING) == len(RULES)


def test_a_yes_meets_its_rule_and_no_other():
    for question, rule_class in BY_ANSWER.items():
        assert found(answers={question: "yes"}) == {question: rule_class}


@pytest.mark.parametrize("answer", ["unknown", "", "maybe", "No", None])
def test_an_answer_that_is_no_plain_no_blocks(answer):
    for question in QUESTIONS:
        assert found(answers={question: answer}) == {question: BLOCK}


def test_a_question_that_nobody_answered_is_never_no():
    blank = facts()
    blank.answers.clear()
    assert {each.rule for each in findings(blank, LIMITS) if each.unknown} == set(QUESTIONS)


@pytest.mark.parametrize(("fact", "rule", "rule_class"), BY_FACT)
def test_a_fact_meets_its_rule_and_no_other(fact, rule, rule_class):
    assert found(**fact) == {rule: rule_class}


@pytest.mark.parametrize(("fact", "rules"), UNKNOWN)
def test_a_fact_that_nobody_knows_blocks(fact, rules):
    assert found(**fact) == dict.fromkeys(rules, BLOCK)


@pytest.mark.parametrize("fact", QUIET)
def test_the_near_side_of_an_edge_is_clear(fact):
    assert found(**fact) == {}


@pytest.mark.parametrize(
    ("mg", "rules"),
    [("3.0", {"benzodiazepines"}), ("3.1", {"benzodiazepines", "benzodiazepine_dose_high"})],
)
def test_three_milligrams_of_lorazepam_a_day_is_the_edge(mg, rules):
    assert set(found(medicines=(a_medicine("benzodiazepine", ingredient="lorazepam", mg=mg),))) == rules


def test_benzodiazepines_are_added_up_in_lorazepam_equivalents():
    one = a_medicine("benzodiazepine", ingredient="alprazolam", mg="1")  # as 2 mg
    other = a_medicine("benzodiazepine", ingredient="diazepam", mg="10.1")  # as 1.01 mg
    assert "benzodiazepine_dose_high" not in found(medicines=(one,))
    assert found(medicines=(one, other))["benzodiazepine_dose_high"] is OVERRIDE


@pytest.mark.parametrize(("ingredient", "mg"), [("lorazepam", None), ("flunitrazepam", "1"), ("", "1")])
def test_a_benzodiazepine_whose_dose_nobody_can_tell_blocks(ingredient, mg):
    medicine = a_medicine("benzodiazepine", ingredient=ingredient, mg=mg)
    assert found(medicines=(medicine,))["benzodiazepine_dose_high"] is BLOCK


def test_the_medical_director_may_have_seizures_overridden():
    assert found(limits(seizures="OVERRIDE"), answers={"seizures": "yes"}) == {"seizures": OVERRIDE}


@pytest.mark.parametrize("word", ["override", "WARN", "", "off"])
def test_any_other_word_leaves_seizures_a_block(word):
    assert found(limits(seizures=word), answers={"seizures": "yes"}) == {"seizures": BLOCK}


def test_an_unknown_answer_on_seizures_blocks_whatever_the_policy():
    assert found(limits(seizures="OVERRIDE"), answers={"seizures": "unknown"}) == {"seizures": BLOCK}


def test_an_in_person_evaluation_is_asked_for_by_policy():
    policy = {**LIMITS, "clearance.evaluation": {"in_person_required": False, "valid_days": 365}}
    assert found(policy, evaluated_in_person=False) == {}


def test_everything_unmet_comes_at_once_blocks_first():
    many = facts(age_years=76, answers={"pregnant": "yes", "sleep_apnoea": "yes"}, consulted=False)
    classes = [each.rule_class for each in findings(many, LIMITS)]
    assert classes == [BLOCK, OVERRIDE, WARN, REQUIRED]


def test_every_question_is_asked_by_intake():
    assert {item for items in QUESTIONS.values() for item in items} <= set(ITEMS)


def test_each_row_says_what_it_reads_and_who_releases_it():
    for rule in SCREENING:
        assert rule.text.endswith(".")
        assert rule.way_out.endswith(".")
        assert rule.reads


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(QUESTIONS)), st.sampled_from(["yes", "no", "unknown", ""])),
    st.none() | st.integers(0, 120),
    st.none() | st.integers(1, 400_000),
)
def test_law_no_unknown_is_ever_overridable_and_nothing_is_found_twice(answers, age, weight):
    all_found = findings(facts(answers=answers, age_years=age, weight_g=weight), LIMITS)
    assert all(each.rule_class is BLOCK for each in all_found if each.unknown)
    assert len({each.rule for each in all_found}) == len(all_found)
    noes = {question for question in QUESTIONS if answers.get(question, "no") == "no"}
    assert not noes & {each.rule for each in all_found}

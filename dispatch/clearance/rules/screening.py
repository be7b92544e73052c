"""The screening table: rules of care-rules.md sections 1 and 3, their class, what they read, who releases.

Blank or unknown blocks: a question that nobody answered is never "no" (the golden rule). All unmet rules
are found at once.
"""

from collections.abc import Mapping

from dispatch.clearance.model import Facts, Finding, RuleClass
from dispatch.clearance.rules import judging
from dispatch.clearance.rules.questions import BY_ANSWER, QUESTIONS
from dispatch.clearance.rules.rows import LEAD_SIGNS, NOBODY, OFF_LIST, SEEN, SIGNS, Limits, ScreeningRule

__all__ = ["QUESTIONS", "RULES", "SCREENING", "findings"]
BLOCK, OVERRIDE, WARN, REQUIRED = RuleClass
_BY_MEASURE = (
    ScreeningRule(
        name="under_age", row="s3", rule_class=BLOCK, reads="age", judge=judging.under_age,
        text="The patient is under age.", way_out=NOBODY,
    ),
    ScreeningRule(
        name="advanced_age", row="s3", rule_class=OVERRIDE, reads="age", judge=judging.advanced_age,
        text="The patient is above the age that needs a signature.", way_out=SIGNS,
    ),
    ScreeningRule(
        name="older_age", row="s3", rule_class=WARN, reads="age", judge=judging.older_age,
        text="The patient is of an age that wants more attention.", way_out=SEEN,
    ),
    ScreeningRule(
        name="weight_unusual", row="s3", rule_class=WARN, reads="weight", judge=judging.weight_unusual,
        text="The weight is below or above what doses are usually given for.", way_out=SEEN,
    ),
    ScreeningRule(
        name="refer_to_clinic", row="D02", rule_class=OVERRIDE, reads="asa_class",
        judge=judging.asa_too_high, way_out=SIGNS,
        text="By physical status (ASA class) the patient is rather referred to a clinic.",
    ),
    ScreeningRule(
        name="risk_score_high", row="D02", rule_class=OVERRIDE, reads="risk_points",
        judge=judging.risk_score_high, way_out=SIGNS,
        text="By the risk score the patient is rather referred to a clinic.",
    ),
    ScreeningRule(
        name="setting_not_allowed", row="D02", rule_class=BLOCK, reads="the state's rule on the setting",
        judge=judging.setting_not_allowed, way_out="Enter the state's rule and have it verified.",
        text="No verified rule of the state lets this be given at home.",
    ),
    ScreeningRule(
        name="indication_unlisted", row="A18", rule_class=OVERRIDE, reads="indication",
        judge=judging.indication_unlisted, way_out=SIGNS, text="The indication is not one of those listed.",
    ),
    ScreeningRule(
        name="alcohol_screen_positive", row="B29", rule_class=WARN, reads="substance-use screen",
        judge=judging.alcohol_screen_positive, way_out=SEEN, text="The substance-use screen is positive.",
    ),
    ScreeningRule(
        name="monitoring_programme_concern", row="B29", rule_class=OVERRIDE,
        reads="monitoring programme (PDMP)", judge=judging.monitoring_programme_concern, way_out=SIGNS,
        text="The state's prescription monitoring programme shows a concern.",
    ),
    ScreeningRule(
        name="suicidality_unanswered", row="C22", rule_class=BLOCK, reads="C-SSRS",
        judge=judging.suicidality_unanswered,
        way_out="A prescriber speaks to the patient live and signs the alarm.",
        text="An alarm of the C-SSRS waits for a prescriber.",
    ),
)  # fmt: skip
_BY_MEDICINE = (
    ScreeningRule(
        name="medicine_unmatched", row="A08", rule_class=REQUIRED, reads="medications",
        judge=judging.medicine_unmatched, way_out="The prescriber names it with the medication review.",
        text="The list contains something that nobody has named yet.",
    ),
    ScreeningRule(
        name="xanthines", row="A14", rule_class=BLOCK, reads="medications",
        judge=judging.takes("xanthine"), way_out=OFF_LIST,
        text="The list contains aminophylline or theophylline.",
    ),
    ScreeningRule(
        name="vasopressin", row="C16", rule_class=BLOCK, reads="medications",
        judge=judging.takes("vasopressin"), way_out=NOBODY,
        text="The list contains vasopressin.",
    ),
    ScreeningRule(
        name="opioids", row="C16", rule_class=OVERRIDE, reads="medications",
        judge=judging.takes("opioid"), way_out=SIGNS, monitoring=True,
        text="The list contains an opioid.",
    ),
    ScreeningRule(
        name="benzodiazepines", row="C16", rule_class=OVERRIDE, reads="medications",
        judge=judging.takes("benzodiazepine"), way_out=SIGNS, monitoring=True,
        text="The list contains a benzodiazepine.",
    ),
    ScreeningRule(
        name="benzodiazepine_dose_high", row="s3", rule_class=OVERRIDE,
        reads="benzodiazepine_dose_a_day", judge=judging.benzodiazepine_dose_high, way_out=LEAD_SIGNS,
        monitoring=True, lead=True, text="Benzodiazepines exceed the daily dose in lorazepam equivalents.",
    ),
    ScreeningRule(
        name="ketamine_on_list", row="C09", rule_class=OVERRIDE, reads="medications",
        judge=judging.takes("ketamine"), way_out=SIGNS,
        text="The list contains ketamine prescribed elsewhere.",
    ),
)  # fmt: skip
_WANTED = (
    ScreeningRule(
        name="consultation_missing", row="B11", rule_class=REQUIRED, reads="consultation",
        judge=judging.not_consulted, way_out="Book a consultation, and record it.",
        text="No consultation with a prescriber is on record that is still in force.",
    ),
    ScreeningRule(
        name="evaluation_missing", row="s3", rule_class=REQUIRED, reads="evaluation",
        judge=judging.not_evaluated, way_out="A prescriber evaluates the patient in person and records it.",
        text="No evaluation in person by a prescriber is on record that is still in force.",
    ),
    ScreeningRule(
        name="substance_screen_missing", row="B29", rule_class=REQUIRED, reads="substance-use screen",
        judge=judging.substance_screen_missing, way_out="The prescriber records it with the consultation.",
        text="The consultation has no substance-use screen.",
    ),
    ScreeningRule(
        name="monitoring_programme_missing", row="B29", rule_class=REQUIRED,
        reads="monitoring programme (PDMP)", judge=judging.monitoring_programme_missing,
        way_out="The prescriber asks the programme and records the answer with the consultation.",
        text="The state's prescription monitoring programme was not asked.",
    ),
    ScreeningRule(
        name="medication_review_missing", row="B28", rule_class=REQUIRED, reads="medications",
        judge=judging.medications_not_reviewed, way_out="A prescriber reviews the list as it stands now.",
        text="The medication list as it stands was not reviewed by a prescriber.",
    ),
    ScreeningRule(
        name="phq9_missing", row="s3", rule_class=REQUIRED, reads="PHQ-9", judge=judging.phq9_missing,
        way_out="Record a PHQ-9 as the baseline.", text="There is no PHQ-9 to begin from.",
    ),
    ScreeningRule(
        name="cssrs_missing", row="C22", rule_class=REQUIRED, reads="C-SSRS", judge=judging.cssrs_missing,
        way_out="Record the C-SSRS screener.", text="There is no C-SSRS screener of late.",
    ),
)  # fmt: skip
SCREENING: tuple[ScreeningRule, ...] = (*BY_ANSWER, *_BY_MEASURE, *_BY_MEDICINE, *_WANTED)
RULES: Mapping[str, ScreeningRule] = {rule.name: rule for rule in SCREENING}


def findings(facts: Facts, limits: Limits) -> tuple[Finding, ...]:
    """Return everything that is unmet, blocks first, in the order of the table."""
    order = list(RuleClass)
    found = [each for rule in SCREENING if (each := rule.finding(facts, limits)) is not None]
    return tuple(sorted(found, key=lambda each: order.index(each.rule_class)))

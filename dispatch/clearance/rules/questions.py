"""The rows of the screening table that a yes to a question meets; see `rules.screening`."""

from collections.abc import Mapping

from dispatch.clearance.model import RuleClass
from dispatch.clearance.rules import judging
from dispatch.clearance.rules.rows import NOBODY, SEEN, SIGNS, TREAT, ScreeningRule

BLOCK, OVERRIDE, WARN, REQUIRED = RuleClass


def _asked(
    name: str,
    row: str,
    rule_class: RuleClass,
    text: str,
    way_out: str,
    items: tuple[str, ...],
    *,
    setting: str = "",
) -> ScreeningRule:
    """Make a rule that a yes to the question of the same name meets."""
    return ScreeningRule(
        name=name, row=row, rule_class=rule_class, reads=name, text=text, way_out=way_out,
        judge=judging.answered_yes(name), items=items, setting=setting,
    )  # fmt: skip


BY_ANSWER = (
    _asked(
        "psychotic_disorder",
        "A12",
        BLOCK,
        "A psychotic disorder is in the history.",
        NOBODY,
        ("psychiatric.psychosis",),
    ),
    _asked(
        "psychosis_current",
        "s3",
        BLOCK,
        "There is a psychosis at present.",
        NOBODY,
        ("psychiatric.psychosis_now",),
    ),
    _asked("mania_current", "s3", BLOCK, "There is a mania at present.", NOBODY, ("psychiatric.mania_now",)),
    _asked(
        "psychosis_family",
        "A07",
        WARN,
        "A first-degree relative had a psychosis.",
        SEEN,
        ("family.psychosis",),
    ),
    _asked(
        "seizures",
        "A13",
        BLOCK,
        "Seizures are in the history.",
        NOBODY,
        ("medical.seizures",),
        setting="seizures",
    ),
    _asked(
        "brain_vessels",
        "s3",
        BLOCK,
        "An aneurysm, a malformed blood vessel or a bleed in the head is known.",
        NOBODY,
        ("medical.aneurysm",),
    ),
    _asked(
        "stroke",
        "s3",
        OVERRIDE,
        "A stroke is in the history; whether it bled decides.",
        SIGNS,
        ("medical.stroke",),
    ),
    _asked(
        "liver_disease_severe",
        "s3",
        BLOCK,
        "A severe liver disease is known.",
        NOBODY,
        ("medical.liver_severe",),
    ),
    _asked(
        "liver_disease_moderate",
        "s3",
        OVERRIDE,
        "A moderate liver disease is known.",
        SIGNS,
        ("medical.liver",),
    ),
    _asked(
        "cardiovascular_poorly_controlled",
        "s3",
        BLOCK,
        "A cardiovascular disease is poorly controlled.",
        "A prescriber names a target and a recheck date.",
        ("medical.heart_uncontrolled",),
    ),
    _asked(
        "high_blood_pressure_uncontrolled",
        "A15",
        OVERRIDE,
        "High blood pressure is not controlled and may need treatment first.",
        TREAT,
        ("medical.hypertension_uncontrolled",),
    ),
    _asked(
        "cardiac_disease",
        "A15",
        OVERRIDE,
        "A cardiac disease may need treatment first.",
        TREAT,
        ("medical.heart",),
    ),
    _asked(
        "pulmonary_disease",
        "A15",
        OVERRIDE,
        "A pulmonary disease may need treatment first.",
        TREAT,
        ("medical.lungs",),
    ),
    _asked(
        "raised_intracranial_pressure",
        "s3",
        OVERRIDE,
        "Pressure in the head is or was raised.",
        SIGNS,
        ("medical.intracranial_pressure",),
    ),
    _asked(
        "raised_intraocular_pressure",
        "s3",
        OVERRIDE,
        "Pressure in the eye is or was raised.",
        SIGNS,
        ("medical.glaucoma",),
    ),
    _asked("cystitis", "s3", OVERRIDE, "Cystitis is known.", SIGNS, ("medical.bladder",)),
    _asked("sleep_apnoea", "s3", WARN, "Sleep apnoea is known.", SEEN, ("medical.sleep_apnoea",)),
    _asked("pregnant", "s3", BLOCK, "There is, or may be, a pregnancy.", NOBODY, ("medical.pregnant",)),
    _asked("breast_feeding", "s3", BLOCK, "The patient breast-feeds.", NOBODY, ("medical.breast_feeding",)),
    _asked(
        "ketamine_allergy",
        "A10",
        BLOCK,
        "An allergy to ketamine is known.",
        NOBODY,
        ("medical.ketamine_allergy",),
    ),
    _asked(
        "anaesthesia_reaction",
        "A10",
        OVERRIDE,
        "There was an adverse reaction to an anaesthetic or ketamine.",
        SIGNS,
        ("medical.anaesthesia_reaction", "medical.ketamine_reaction"),
    ),
    _asked(
        "substance_misuse_active",
        "s3",
        BLOCK,
        "There is an active misuse of a substance.",
        NOBODY,
        (
            "substances.opioids",
            "substances.sedatives",
            "substances.stimulants",
            "substances.hallucinogens",
            "substances.ketamine",
        ),
    ),
    _asked(
        "alcohol_use_disorder",
        "C15",
        BLOCK,
        "There is an alcohol use disorder.",
        NOBODY,
        ("substances.alcohol_disorder",),
    ),
    _asked(
        "addiction_past", "B29", OVERRIDE, "An addiction is in the history.", SIGNS, ("substances.disorder",)
    ),
    _asked(
        "ketamine_elsewhere",
        "C09",
        OVERRIDE,
        "Ketamine is prescribed elsewhere, such as lozenges.",
        SIGNS,
        ("treatments.ketamine_elsewhere",),
    ),
)
# What the histories and the prescriber answer with yes, no or unknown, and intake's items behind each.
QUESTIONS: Mapping[str, tuple[str, ...]] = {rule.name: rule.items for rule in BY_ANSWER}

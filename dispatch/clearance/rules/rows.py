"""What a row of the screening table is, and how it turns facts into a finding."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.clearance.model import Facts, Finding, Outcome, RuleClass

CLEAR, MET, UNKNOWN = Outcome.CLEAR, Outcome.MET, Outcome.UNKNOWN
BLOCK, OVERRIDE, WARN, REQUIRED = RuleClass
Limits = Mapping[str, Mapping[str, Any]]
Judge = Callable[[Facts, Limits], Outcome]

NOBODY = "Nobody can release this; the prescriber decides what is possible instead."
SIGNS = "A prescriber may sign an override, with a reason and an expiry."
LEAD_SIGNS = "The clinical lead may sign an override, with a reason and an expiry."
SEEN = "A prescriber acknowledges it with the decision."
ASK = "Ask the patient, or the prescriber finds it out, and record the answer."
TREAT = "A prescriber names a target and a recheck date, or signs an override."
OFF_LIST = (
    "The prescriber changes the plan; until then it stands. Only a prescriber speaks to the patient of it."
)


@dataclass(frozen=True, kw_only=True)
class ScreeningRule:
    """One row of the table.

    Attributes
    ----------
    name, row
        The rule's name, and the row of care-rules.md it comes from ("s3" is section 3).
    reads
        What it looks at: a question code, or a part of `Facts`.
    monitoring
        Whether an override has to say what the nurse watches for (C16).
    lead
        Whether only the clinical lead may sign it.
    items
        The items of intake's histories (`intake.questions`) that answer the question; one yes is a yes.
    setting
        Policy part of `clearance.screening` that may lower the class to OVERRIDE.
    """

    name: str
    row: str
    rule_class: RuleClass
    reads: str
    text: str
    way_out: str
    judge: Judge
    monitoring: bool = False
    lead: bool = False
    items: tuple[str, ...] = ()
    setting: str = ""

    @property
    def of_list(self) -> bool:
        """Whether it judges the medication list, so that an override holds for that very list only."""
        return self.reads in ("medications", "benzodiazepine_dose_a_day")

    def class_under(self, limits: Limits) -> RuleClass:
        """Return its class by the policy in force; anything but the word OVERRIDE leaves it as it is."""
        if self.setting and limits["clearance.screening"][self.setting] == OVERRIDE:
            return OVERRIDE
        return self.rule_class

    def finding(self, facts: Facts, limits: Limits) -> Finding | None:
        """Judge, and return what is unmet, None when nothing is."""
        outcome = self.judge(facts, limits)
        if outcome is CLEAR:
            return None
        if outcome is UNKNOWN:
            return Finding(
                rule=self.name, rule_class=BLOCK, row=self.row, unknown=True,
                text=f"Not known yet: {self.reads.replace('_', ' ')}. What is unknown blocks.", way_out=ASK,
            )  # fmt: skip
        rule_class = self.class_under(limits)
        way_out = SIGNS if rule_class is not self.rule_class else self.way_out
        return Finding(rule=self.name, rule_class=rule_class, row=self.row, text=self.text, way_out=way_out)

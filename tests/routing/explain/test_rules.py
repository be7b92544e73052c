"""The table of rules: every code that speaks against a nurse stands in it once, and law is the default."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from dispatch.workforce.model import LicenceStatus
from routing.engine.route.why_not import TEXTS
from routing.explain.rules import RULE_OF, RULES, Kind, rule_of

ROOT = Path(__file__).parents[3]
JUDGES = (
    "dispatch/assignment/rules/standing.py",
    "dispatch/assignment/rules/eligibility.py",
    "dispatch/assignment/rules/times.py",
    "dispatch/workforce/rules/licences.py",
    "dispatch/workforce/rules/hours.py",
)
# What is said of a visit or of nobody in particular, not of a nurse.
OF_NO_NURSE = {"nobody_works", "taken_off_by_hand", "not_tried"}


def codes_of(path: str) -> set[str]:
    """The codes that a file of rules names as plain words."""
    return {
        word.value.value
        for call in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(call, ast.Call)
        for word in call.keywords
        if word.arg == "code" and isinstance(word.value, ast.Constant)
    }


@pytest.mark.parametrize("path", JUDGES)
def test_every_code_of_the_laws_stands_in_the_table(path: str) -> None:
    assert codes_of(path)
    assert not codes_of(path) - RULE_OF.keys()


def test_every_status_of_a_licence_that_bars_stands_in_the_table() -> None:
    barring = {f"licence_{status.value}" for status in LicenceStatus if status is not LicenceStatus.ACTIVE}
    assert not barring - RULE_OF.keys()


def test_every_reason_of_the_planner_stands_in_the_table() -> None:
    assert not TEXTS.keys() - OF_NO_NURSE - RULE_OF.keys()


def test_no_code_stands_in_two_rows() -> None:
    counted = Counter(code for rule in RULES for code in rule.codes)
    assert [code for code, times in counted.items() if times > 1] == []


def test_what_a_person_lifts_says_how_it_would_read() -> None:
    assert all(bool(rule.lifted) == (rule.kind is Kind.PERSON) for rule in RULES)


def test_an_unknown_code_counts_as_law() -> None:
    assert rule_of("a_rule_of_tomorrow").kind is Kind.LAW

"""What the software says is a question, never an accusation."""

import pytest

from dispatch.custody.cases.model import FACTOR_QUESTIONS, REPORTED_KINDS, Factor
from dispatch.custody.cases.rules.folding import CATEGORIES
from dispatch.custody.cases.rules.wording import Circumstances, Told, factor_hints, question, short_mg

KNOWN = Circumstances(
    product="Ketamine", lost_ug=4000, given_ug_30_days=90_000, people=("ada", "phil"), cases_24_months=2,
    cases_same_people=1,
)  # fmt: skip
KINDS = sorted({*CATEGORIES, *REPORTED_KINDS, "what_nobody_foresaw"})


def test_a_gap_is_asked_about_in_milligrams():
    told = Told(what="vial 7F3", kind="balance", gap_ug=4000)
    assert question(told) == "Was the 4.0 mg gap on vial 7F3 a charting error?"


@pytest.mark.parametrize(
    ("units", "says"), [(-1, "1 vial fewer"), (-2, "2 vials fewer"), (1, "1 vial more"), (0, "miss a vial")]
)
def test_a_count_is_asked_about_in_vials(units, says):
    assert says in question(Told(what="the count of N-07", kind="count_variance", gap_units=units))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gap_ug", [None, 0, 4000, -4000])
def test_every_kind_is_one_question_that_names_what_it_is_about(kind, gap_ug):
    said = question(Told(what="vial 7F3", kind=kind, gap_ug=gap_ug))
    assert said.endswith("?")
    assert said.count("?") == 1
    assert "vial 7F3" in said


@pytest.mark.parametrize("kind", KINDS)
def test_no_question_accuses(kind):
    said = question(Told(what="vial 7F3", kind=kind, gap_ug=4000)).lower()
    assert not any(word in said for word in ("theft", "thief", "stole", "divert", "guilty", "suspect"))


@pytest.mark.parametrize("factor", list(Factor))
def test_every_factor_is_asked_and_hinted_at_with_a_question(factor):
    assert FACTOR_QUESTIONS[factor].endswith("?")
    assert factor_hints(KNOWN)[factor].endswith("?")


def test_hints_show_their_figures():
    hints = factor_hints(KNOWN)
    assert "4.000 mg" in hints[Factor.QUANTITY]
    assert "90.000 mg" in hints[Factor.QUANTITY]
    assert "ada, phil" in hints[Factor.ACCESS]
    assert "2 cases" in hints[Factor.PATTERN]


@pytest.mark.parametrize(("amount_ug", "text"), [(4000, "4.0"), (4001, "4.001"), (4100, "4.1"), (0, "0.0")])
def test_milligrams_have_the_decimals_they_need(amount_ug, text):
    assert short_mg(amount_ug) == text

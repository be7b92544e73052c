"""PHQ-9, GAD-7 and C-SSRS: bands at their edges, response, remission, and what an open answer means."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.clearance.model import Scale, SuicideRisk
from dispatch.clearance.rules.scales import SHAPES, is_remission, is_response, scored
from dispatch.kernel.refusals import Invalid
from tests.builders.clearance import LIMITS

POLICY = LIMITS["clearance.scales"]


def answers_of(total, count):
    """So many answers of at most 3 that add up to `total`, the last ones smallest."""
    found = []
    for _ in range(count):
        found.append(min(3, total))
        total -= found[-1]
    return tuple(found)


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild"), (10, "moderate"), (14, "moderate"),
        (15, "moderately_severe"), (19, "moderately_severe"), (20, "severe"), (24, "severe"),
    ],
)  # fmt: skip
def test_phq9_bands(total, band):
    found = scored(Scale.PHQ9, answers_of(total, 9), POLICY)
    assert (found.total, found.band) == (total, band)


@pytest.mark.parametrize(
    ("total", "band"),
    [(4, "minimal"), (5, "mild"), (9, "mild"), (10, "moderate"), (14, "moderate"), (15, "severe")],
)
def test_gad7_bands(total, band):
    assert scored(Scale.GAD7, answers_of(total, 7), POLICY).band == band


def test_half_a_scale_is_no_score():
    found = scored(Scale.PHQ9, (1, 1, 1, 1, 1, 1, 1, 1, None), POLICY)
    assert (found.total, found.band) == (None, "")


def test_phq9_item_nine_wants_a_review_the_same_day_even_of_half_a_scale():
    assert scored(Scale.PHQ9, (None,) * 8 + (1,), POLICY).risk is SuicideRisk.SAME_DAY


@pytest.mark.parametrize("answers", [(1,) * 8, (1,) * 10, (4,) + (0,) * 8, (-1,) + (0,) * 8])
def test_answers_that_are_none_of_the_scale_are_refused(answers):
    with pytest.raises(Invalid):
        scored(Scale.PHQ9, answers, POLICY)


@pytest.mark.parametrize(
    ("answers", "risk"),
    [
        ((0, 0, None, None, None, 0, None), SuicideRisk.NONE),
        ((1, 1, 0, 0, 0, 0, None), SuicideRisk.NONE),
        ((1, 1, 1, 0, 0, 0, None), SuicideRisk.SAME_DAY),
        ((0, 0, None, None, None, 1, 0), SuicideRisk.SAME_DAY),
        ((1, 1, 1, 1, 0, 0, None), SuicideRisk.HIGH),
        ((1, 1, 0, 0, 1, 0, None), SuicideRisk.HIGH),
        ((0, 0, None, None, None, 1, 1), SuicideRisk.HIGH),
        ((0, 0, None, None, None, 1, None), SuicideRisk.HIGH),
        ((None, 0, None, None, None, None, None), None),
        ((0, None, None, None, None, 0, None), None),
        ((1, 1, None, 0, 0, 0, None), None),
        ((1, None, 1, None, None, None, None), SuicideRisk.SAME_DAY),
    ],
)
def test_the_screener(answers, risk):
    assert scored(Scale.CSSRS, answers, POLICY).risk is risk


@pytest.mark.parametrize(
    ("first", "now", "fell"), [(20, 10, True), (20, 11, False), (1, 0, True), (0, 0, False)]
)
def test_response_is_half_of_the_first(first, now, fell):
    assert is_response(first, now, POLICY) is fell


@pytest.mark.parametrize(("now", "gone"), [(4, True), (5, False)])
def test_remission_is_below_five(now, gone):
    assert is_remission(now, POLICY) is gone


@settings(deadline=None)
@given(st.lists(st.sampled_from([0, 1, None]), min_size=7, max_size=7))
def test_law_an_open_answer_never_lowers_the_risk(answers):
    order = [SuicideRisk.NONE, SuicideRisk.SAME_DAY, SuicideRisk.HIGH]
    known = scored(Scale.CSSRS, [0 if each is None else each for each in answers], POLICY).risk
    found = scored(Scale.CSSRS, answers, POLICY).risk
    assert found is None or order.index(found) >= order.index(known)


@settings(deadline=None)
@given(st.sampled_from([Scale.PHQ9, Scale.GAD7]), st.data())
def test_law_a_worse_answer_never_lowers_a_total(scale, data):
    count, most = SHAPES[scale]
    answers = data.draw(st.lists(st.integers(0, most - 1), min_size=count, max_size=count))
    worse = list(answers)
    worse[data.draw(st.integers(0, count - 1))] += 1
    assert scored(scale, worse, POLICY).total == scored(scale, answers, POLICY).total + 1

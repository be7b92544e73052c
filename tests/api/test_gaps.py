"""How good a plan is, in words: never better than it is proven to be."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.gaps import bound_dollars, gap_text, relaxed_text


@pytest.mark.parametrize(
    ("cost_mc", "bound_mc", "said"),
    [
        (302_000_000, None, "no bound yet"),
        (302_000_000, 302_000_000, "proven best possible"),
        (302_000_000, 301_999_999, "within 0.1 % of the best possible"),
        (100_000, 98_800, "within 1.2 % of the best possible"),
        (100_000, 98_799, "within 1.3 % of the best possible"),
        (100_000, 1, "within 100.0 % of the best possible"),
        (100_000, 0, "no bound yet"),
        (0, 0, "proven best possible"),
    ],
)
def test_what_is_said(cost_mc: int, bound_mc: int | None, said: str) -> None:
    assert gap_text(cost_mc, bound_mc) == said


@given(cost_mc=some.integers(1, 10**12), share=some.floats(0, 1))
def test_a_percentage_is_never_smaller_than_the_gap_and_a_tenth_larger_at_most(
    cost_mc: int, share: float
) -> None:
    bound_mc = min(cost_mc, int(share * cost_mc))
    found = re.fullmatch(r"within (\d+)\.(\d) % of the best possible", gap_text(cost_mc, bound_mc))
    if found is None:
        assert bound_mc in (0, cost_mc)
        return
    thousandths = int(found[1] + found[2])
    assert thousandths * cost_mc >= 1000 * (cost_mc - bound_mc) > (thousandths - 1) * cost_mc


def test_a_bound_in_dollars_is_rounded_down() -> None:
    assert bound_dollars(298_499_999) == "$2,984"


def test_where_the_bound_is_relaxed_is_said_in_words() -> None:
    assert "visit by two nurses" in relaxed_text(["double_visits"])
    assert relaxed_text([]) == ""

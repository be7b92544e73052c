from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.kernel.quantities import MOST_UG, mg_text, ug_from_mg


@pytest.mark.parametrize(
    ("mg", "ug"), [("35.0", 35_000), ("0.001", 1), ("0", 0), (Decimal("15.8"), 15_800), (2, 2000)]
)
def test_milligrams_become_micrograms_exactly(mg, ug):
    assert ug_from_mg(mg) == ug


@pytest.mark.parametrize("bad", ["0.0001", "-1", "NaN", "Infinity", "1000001", "٣٥", "35 mg", "", "1e-9"])
def test_what_is_no_amount_is_refused(bad):
    with pytest.raises(ValueError, match=r"amount|micrograms"):
        ug_from_mg(bad)


@given(st.integers(0, MOST_UG))
def test_writing_and_reading_agree(ug):
    assert ug_from_mg(mg_text(ug)) == ug

"""The arithmetic of a dose, exactly, and its laws on every rounding edge."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.series.model import DrawRounding
from dispatch.series.rules.dosing import dose_of, given_ml, given_ug, pump_rate, to_step

D = Decimal
KG = st.decimals(20, 250, places=1)
MG_PER_KG = st.decimals("0.05", "1.2", places=3)
VIALS = st.sampled_from([10_000, 50_000, 100_000])


def the_example():
    return dose_of(D(70), D("0.5"), 50_000, D(50), 40)


def test_the_example_of_the_rules():
    dose = the_example()
    told = (dose.mg, dose.draw_ml, dose.final_mg_ml, dose.rate_ml_h, dose.mg_kg_h)
    assert [str(each) for each in told] == ["35.0", "0.70", "0.700", "75.0", "0.750"]
    assert dose.drawn_ug == 35_000


def test_stopped_after_eighteen_minutes():
    dose, run = the_example(), [(D(75), D(18))]
    assert given_ml(run) == Fraction(45, 2)
    assert given_ug(dose, run) == 15_800
    assert dose.drawn_ug - given_ug(dose, run) == 19_200


def test_each_stretch_at_a_rate_of_its_own_counts():
    assert given_ml([(D(75), D(10)), (D(50), D(6))]) == Fraction(35, 2)


def test_nothing_ran_nothing_was_given():
    assert given_ug(the_example(), []) == 0


def test_half_rounds_up_and_the_pump_never_up():
    assert to_step(Fraction("35.25"), D("0.1")) == D("35.3")
    assert pump_rate(D(50), 45) == D("66.6")


@pytest.mark.parametrize(
    "wrong",
    [(D(0), D("0.5"), 50_000, D(50), 40), (D(70), D("0.5"), 50_050, D(50), 40),
     (D(70), D("0.5"), 0, D(50), 40), (D(70), D("0.5"), 50_000, D(50), 0)],
)  # fmt: skip
def test_an_order_without_sound_numbers_has_no_dose(wrong):
    with pytest.raises(ValueError, match=r"order's numbers|concentration"):
        dose_of(*wrong)


@given(KG, MG_PER_KG, VIALS, st.sampled_from(DrawRounding))
@settings(max_examples=200, deadline=None)
def test_every_rounding_is_to_the_nearest_step_and_custody_counts_the_draw(kg, level, vial, rounding):
    dose = dose_of(kg, level, vial, D(100), 40, rounding)
    assert abs(Fraction(dose.mg) - Fraction(kg) * Fraction(level)) <= Fraction(1, 20)
    off = Fraction(dose.mg) * 1000 / vial - Fraction(dose.draw_ml)
    if rounding is DrawRounding.NEAREST:
        assert abs(off) <= Fraction(1, 200)
    else:
        assert 0 <= off < Fraction(1, 100)
    assert dose.drawn_ug == Fraction(dose.draw_ml) * vial


@given(KG, MG_PER_KG, VIALS, st.integers(1, 5), st.decimals(0, 60, places=2), st.integers(10, 90))
@settings(max_examples=200, deadline=None)
def test_given_and_residual_are_always_what_was_drawn(kg, level, vial, stretches, minutes, ordered):
    dose = dose_of(kg, level, vial, D(50), ordered)
    runs = [(dose.rate_ml_h, minutes)] * stretches
    given_amount = given_ug(dose, runs)
    assert 0 <= given_amount <= dose.drawn_ug
    exact = min(given_ml(runs) / 50, 1) * dose.drawn_ug
    assert abs(given_amount - exact) <= 50


@given(st.decimals(1, 500, places=1), st.integers(1, 240))
@settings(max_examples=100, deadline=None)
def test_the_pump_is_never_faster_than_ordered(final_ml, minutes):
    rate = Fraction(pump_rate(final_ml, minutes))
    assert rate <= Fraction(final_ml) * 60 / minutes < rate + Fraction(1, 10)

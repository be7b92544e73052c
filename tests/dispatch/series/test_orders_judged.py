"""What may be ordered: every cap at its edge, on the unrounded order and on the drawn amount."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.clearance.model import RuleClass
from dispatch.series.model import (
    Antiemetic,
    Delivery,
    DrawRounding,
    Indication,
    OrderId,
    OrderVersion,
    Route,
    SignedOver,
)
from dispatch.series.rules.caps import PolicyUnreadable, number
from dispatch.series.rules.dosing import drawn_mg_per_kg, pump_rate
from dispatch.series.rules.ordering import ASKED_FOR, holds, judge_order, unmet
from tests.builders.series import NOW, POLICY, TODAY, some_terms

D = Decimal
LOW, HIGH = D(1), D(75)


def codes(before=None, **terms):
    return [each.reason.code for each in judged(before, **terms).findings]


def judged(before=None, **terms):
    return judge_order(some_terms(**terms), before, POLICY, TODAY)


def test_the_example_breaks_nothing():
    assert codes() == []


@pytest.mark.parametrize("name", ASKED_FOR)
def test_every_blank_blocks(name):
    found = judged(**{name: None})
    assert found.dose is None
    assert (RuleClass.REQUIRED, f"{name}_missing") in [
        (each.rule_class, each.reason.code) for each in found.findings
    ]


def test_a_first_infusion_is_at_most_half_a_milligram_a_kilogram():
    assert codes(mg_per_kg=D("0.500")) == []
    # 35.07 mg are drawn as 0.70 mL: what is drawn obeys, what is ordered does not.
    assert codes(mg_per_kg=D("0.501")) == ["first_dose_too_high_ordered"]


def test_a_draw_rounded_above_the_cap_is_refused_until_it_is_rounded_down():
    # 40.35 mg would be 0.807 mL; 0.81 mL hold 40.5 mg, which is 0.5019 mg/kg.
    assert codes(weight_kg=D("80.7")) == ["first_dose_too_high_drawn"]
    assert codes(weight_kg=D("80.7"), draw_rounding=DrawRounding.DOWN) == []


def test_a_step_is_at_most_a_quarter():
    assert codes(D("0.5"), mg_per_kg=D("0.75"), minutes=45, rate_high_ml_h=D("66.6"), rate_low_ml_h=LOW) == []
    assert codes(D("0.499"), mg_per_kg=D("0.75"), minutes=45, rate_high_ml_h=D("66.6")) == [
        "step_too_large_ordered", "step_too_large_drawn",
    ]  # fmt: skip


def test_above_three_quarters_is_signed_over_and_above_one_never():
    later = {"minutes": 60, "rate_high_ml_h": D(50), "rate_low_ml_h": LOW}
    assert codes(D("0.75"), mg_per_kg=D("0.75"), **later) == []
    assert codes(D("0.75"), mg_per_kg=D("0.751"), **later) == ["dose_above_usual"]
    assert codes(D("0.75"), mg_per_kg=D("1.000"), **later) == ["dose_above_usual"]
    over = judged(D("0.8"), mg_per_kg=D("1.001"), **later).findings
    assert "dose_too_high_ordered" in [f.reason.code for f in over if f.rule_class is RuleClass.BLOCK]


def test_one_milligram_a_kilogram_an_hour_is_the_most():
    # 0.750 in 45 min is 1.000 mg/kg/h; 100 kg draws exactly what is ordered.
    slow = {"weight_kg": D(100), "minutes": 45, "rate_low_ml_h": LOW, "rate_high_ml_h": pump_rate(D(50), 45)}
    assert codes(D("0.6"), mg_per_kg=D("0.750"), **slow) == []
    # 1.001 mg/kg/h: 0.75075 in 45 min.
    found = codes(D("0.6"), mg_per_kg=D("0.75075"), **slow)
    assert "rate_too_high_ordered" in found


def test_the_top_of_the_range_obeys_the_same_limit():
    assert codes(rate_high_ml_h=D(100)) == []
    assert codes(rate_high_ml_h=D("100.1")) == ["range_too_high"]


def test_at_most_a_hundred_milligrams():
    heavy = {"mg_per_kg": D("0.5"), "rate_low_ml_h": LOW, "final_ml": D(100), "rate_high_ml_h": D(150)}
    assert codes(weight_kg=D(200), **heavy) == ["weight_unusual"]
    assert codes(weight_kg=D("200.1"), **heavy) == ["weight_unusual", "amount_too_high_ordered"]


def test_below_a_tenth_is_a_warning():
    assert codes(mg_per_kg=D("0.1")) == []
    found = judged(mg_per_kg=D("0.099")).findings
    assert [(f.rule_class, f.reason.code) for f in found if f.rule_class is RuleClass.WARN] == [
        (RuleClass.WARN, "dose_very_low")
    ]


def test_a_draw_that_moves_the_dose_by_more_than_one_percent_wants_a_weaker_vial():
    # 20.3 mg would be 0.406 mL; 0.41 mL hold 20.5 mg: 0.99 % off. 0.203 mL of the strong vial: 1.5 % off.
    assert "vial_too_strong" not in codes(weight_kg=D("40.6"))
    strong = {"concentration_ug_per_ml": 100_000, "weight_kg": D("40.6")}
    assert "vial_too_strong" in codes(**strong)


def test_the_strong_vial_is_always_diluted():
    strong = {"concentration_ug_per_ml": 100_000, "rate_low_ml_h": D("0.1"), "rate_high_ml_h": D(1)}
    assert codes(**strong, final_ml=D("0.70"), minutes=60) == []
    assert codes(**strong, final_ml=D("0.69"), minutes=60) == ["not_diluted"]


@pytest.mark.parametrize("route", [route for route in Route if route is not Route.INTRAVENOUS_INFUSION])
def test_every_other_route_is_refused_with_its_reason(route):
    found = judged(route=route).findings
    assert [each.reason.code for each in found] == ["route_not_offered"]
    assert found[0].rule_class is RuleClass.BLOCK


@pytest.mark.parametrize("delivery", [Delivery.BOLUS, Delivery.GRAVITY])
def test_no_bolus_and_no_gravity(delivery):
    assert codes(delivery=delivery) == ["pump_mandatory"]


def test_another_indication_is_signed_over():
    found = judged(indication=Indication.OTHER).findings
    assert [(each.rule_class, each.reason.code) for each in found] == [
        (RuleClass.OVERRIDE, "indication_unusual")
    ]


@pytest.mark.parametrize(
    ("minutes", "found"), [(39, ["minutes_unusual"]), (40, []), (60, []), (61, ["minutes_unusual"])]
)
def test_forty_to_sixty_minutes_are_usual(minutes, found):
    assert codes(minutes=minutes, rate_low_ml_h=LOW, rate_high_ml_h=D("77")) == found


@pytest.mark.parametrize(("kg", "warned"), [("39.9", True), ("40", False), ("150", False), ("150.1", True)])
def test_an_unusual_weight_is_a_warning(kg, warned):
    assert ("weight_unusual" in codes(weight_kg=D(kg), mg_per_kg=D("0.4"))) is warned


def test_a_weight_of_tomorrow_or_of_long_ago_blocks():
    assert codes(weighed_on=TODAY + timedelta(days=1)) == ["weighed_in_the_future"]
    assert codes(weighed_on=TODAY - timedelta(days=31)) == ["weight_too_old"]
    assert codes(weighed_on=TODAY - timedelta(days=30)) == []


def test_no_antiemetic_is_said_and_acknowledged():
    assert codes(antiemetic=Antiemetic.NONE) == ["no_antiemetic"]
    broken = judged(antiemetic=Antiemetic.NONE).findings
    assert unmet(broken, (), {"no_antiemetic"}, NOW, 30) == ()
    assert [each.code for each in unmet(broken, (), (), NOW, 30)] == ["no_antiemetic"]


def test_an_ordered_rate_outside_its_range_is_refused():
    assert codes(rate_low_ml_h=D("75.1"), rate_high_ml_h=D(80)) == ["rate_outside_range"]
    assert codes(rate_high_ml_h=D("74.9")) == ["rate_outside_range"]


@pytest.mark.parametrize("bad", [D(0), D(-1), D("NaN"), D("Infinity")])
def test_no_number_that_is_none(bad):
    assert "number_out_of_range" in codes(weight_kg=bad)


def test_a_vial_that_no_draw_measures_whole():
    assert codes(concentration_ug_per_ml=50_050) == ["concentration_too_fine"]


def signed_over(code="indication_unusual", **more):
    made = {"code": code, "reason": "Seen by the pain team.", "expires_at": NOW + timedelta(days=7)}
    return SignedOver(**(made | more))


def test_what_is_signed_over_counts_with_reason_and_expiry_only():
    broken = judged(indication=Indication.OTHER).findings

    def still(signed):
        return [each.code for each in unmet(broken, (signed,), (), NOW, 30)]

    assert still(signed_over()) == []
    assert still(signed_over(reason=" ")) == ["override_reason_missing"]
    assert still(signed_over(expires_at=NOW)) == ["override_expiry"]
    assert still(signed_over(expires_at=NOW + timedelta(days=30, seconds=1))) == ["override_expiry"]


def test_a_block_cannot_be_signed_over_or_acknowledged():
    broken = judged(delivery=Delivery.BOLUS).findings
    left = unmet(broken, (signed_over("pump_mandatory"),), {"pump_mandatory"}, NOW, 30)
    assert [each.code for each in left] == ["pump_mandatory"]


def a_version(**more):
    made = {
        "order_id": OrderId(UUID(int=1)), "version": 1, "terms": some_terms(), "dose": judged().dose,
        "signed_by": UUID(int=2), "signed_at": NOW, "expires_at": NOW + timedelta(days=30),
    }  # fmt: skip
    return OrderVersion(**(made | more))


@pytest.mark.parametrize(
    ("kg", "found"),
    [(D(77), []), (D(63), []), (D("77.1"), ["weight_changed"]), (D("62.9"), ["weight_changed"]),
     (None, ["weight_missing"])],
)  # fmt: skip
def test_a_weight_that_changed_by_more_than_a_tenth_holds(kg, found):
    assert [each.code for each in holds(a_version(), kg, NOW, POLICY)] == found


def test_an_order_older_than_thirty_days_holds():
    last = NOW + timedelta(days=30)
    assert holds(a_version(), D(70), last - timedelta(microseconds=1), POLICY) == ()
    assert [each.code for each in holds(a_version(), D(70), last, POLICY)] == ["order_expired"]


def test_what_was_signed_over_runs_out():
    version = a_version(signed_over=(signed_over(),))
    assert [r.code for r in holds(version, D(70), NOW + timedelta(days=7), POLICY)] == ["override_expired"]


def test_a_policy_that_nobody_can_read_judges_nothing():
    for text in ("half", "NaN", "-1"):
        with pytest.raises(PolicyUnreadable):
            number(text)


@given(
    st.decimals(30, 200, places=1), st.decimals("0.05", "1.1", places=3), st.integers(30, 70),
    st.sampled_from([10_000, 50_000, 100_000]), st.sampled_from(DrawRounding), st.booleans(),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_what_passes_is_within_every_cap_ordered_and_drawn(kg, level, minutes, vial, rounding, first):
    before = None if first else D("0.5")
    terms = {
        "weight_kg": kg, "mg_per_kg": level, "minutes": minutes, "concentration_ug_per_ml": vial,
        "draw_rounding": rounding, "final_ml": D(100), "rate_low_ml_h": D("0.1"),
        "rate_high_ml_h": pump_rate(D(100), minutes),
    }  # fmt: skip
    found = judged(before, **terms)
    hard = [each for each in found.findings if each.rule_class is RuleClass.BLOCK]
    drawn = drawn_mg_per_kg(found.dose, kg)
    highest = max(Fraction(level), drawn)
    within = (
        highest <= 1
        and highest * 60 / minutes <= 1
        and max(Fraction(kg) * Fraction(level), Fraction(found.dose.drawn_ug, 1000)) <= 100
        and highest <= (Fraction(1, 2) if first else Fraction(3, 4))
        and abs(Fraction(found.dose.drawn_ug, 1000) - Fraction(found.dose.mg)) * 100
        <= Fraction(found.dose.mg)
        and found.dose.drawn_ug > 0
    )
    assert (not hard) is within
    above = "dose_above_usual" in [each.reason.code for each in found.findings]
    assert above is (highest > Fraction(3, 4))


def test_dates_are_of_the_area_and_not_of_the_clock():
    assert judge_order(some_terms(), None, POLICY, date(2026, 11, 22)).findings[0].reason.code == (
        "weighed_in_the_future"
    )

"""Dose arithmetic in exact decimals (care-rules.md section 3, "Dose"; rows B04, D05, D06).

Half rounds up, as it is done by hand; only the pump's rate is never rounded up. 70 kg x 0.5 mg/kg from
50 mg/mL, made up to 50 mL over 40 minutes: 35.0 mg, 0.70 mL, 0.700 mg/mL, 75.0 mL/h, 0.750 mg/kg/h.
"""

from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

from dispatch.series.model import Dose, DrawRounding

TENTH = Decimal("0.1")
HUNDREDTH = Decimal("0.01")
THOUSANDTH = Decimal("0.001")
UG_PER_MG = 1000
MINUTES_PER_HOUR = 60
# A draw of 0.01 mL has to hold whole micrograms.
CONCENTRATION_STEP_UG_PER_ML = 100


def dose_of(
    weight_kg: Decimal,
    mg_per_kg: Decimal,
    concentration_ug_per_ml: int,
    final_ml: Decimal,
    minutes: int,
    draw_rounding: DrawRounding = DrawRounding.NEAREST,
) -> Dose:
    """Return what an order comes to.

    Parameters
    ----------
    concentration_ug_per_ml
        Of the vial; a multiple of 100, so that what is drawn is whole micrograms.
    final_ml
        What the draw is made up to.

    Raises
    ------
    ValueError
        When a number is not positive, or the concentration no multiple of 100.
    """
    if min(weight_kg, mg_per_kg, final_ml) <= 0 or minutes <= 0:
        raise ValueError("an order's numbers are above zero")
    if concentration_ug_per_ml <= 0 or concentration_ug_per_ml % CONCENTRATION_STEP_UG_PER_ML:
        raise ValueError("the concentration has to be whole tenths of a milligram in a millilitre")
    mg = to_step(Fraction(weight_kg) * Fraction(mg_per_kg), TENTH)
    draw_ml = to_step(
        Fraction(mg) * UG_PER_MG / concentration_ug_per_ml,
        HUNDREDTH,
        ROUND_DOWN if draw_rounding is DrawRounding.DOWN else ROUND_HALF_UP,
    )
    drawn_ug = int(draw_ml * concentration_ug_per_ml)
    drawn_mg = Fraction(drawn_ug, UG_PER_MG)
    return Dose(
        mg=mg,
        draw_ml=draw_ml,
        drawn_ug=drawn_ug,
        final_ml=final_ml,
        final_mg_ml=to_step(drawn_mg / Fraction(final_ml), THOUSANDTH),
        minutes=minutes,
        rate_ml_h=pump_rate(final_ml, minutes),
        mg_kg_h=to_step(drawn_mg / Fraction(weight_kg) * MINUTES_PER_HOUR / minutes, THOUSANDTH),
    )


def pump_rate(final_ml: Decimal, minutes: int) -> Decimal:
    """Return the pump's mL/h to 0.1, rounded down: never faster than ordered."""
    return to_step(Fraction(final_ml) * MINUTES_PER_HOUR / minutes, TENTH, ROUND_DOWN)


def to_step(exact: Fraction, step: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Round an exact number to a multiple of `step` (0.1, 0.01, 0.001), without passing by a float."""
    whole, rest = divmod(exact / Fraction(step), 1)
    up = rounding == ROUND_HALF_UP and rest >= Fraction(1, 2)
    return (Decimal(int(whole) + up) * step).quantize(step)


def unrounded_mg(weight_kg: Decimal, mg_per_kg: Decimal) -> Fraction:
    """Return the order's milligrams before any rounding."""
    return Fraction(weight_kg) * Fraction(mg_per_kg)


def hourly(mg_per_kg: Fraction, minutes: int) -> Fraction:
    """Return mg/kg/h of a dose that runs so many minutes."""
    return mg_per_kg * MINUTES_PER_HOUR / minutes


def drawn_mg_per_kg(dose: Dose, weight_kg: Decimal) -> Fraction:
    """Return what the drawn amount is for each kilogram, exactly."""
    return Fraction(dose.drawn_ug, UG_PER_MG) / Fraction(weight_kg)


def given_ug(dose: Dose, runs: Iterable[tuple[Decimal, Decimal]]) -> int:
    """Return what an infusion gave that was stopped early, in whole micrograms: rate x time.

    Parameters
    ----------
    runs
        ``(mL/h, minutes)`` of each stretch at one rate, pauses left out.

    Returns
    -------
    int
        Rounded to 0.1 mg and never above what was drawn; the rest is the residual, so that both together
        are exactly what was drawn. 18 minutes of the example: 22.5 mL, 15,800 ug; the residual 19,200 ug.
    """
    share = given_ml(runs) / Fraction(dose.final_ml)
    mg = to_step(share * dose.drawn_ug / UG_PER_MG, TENTH)
    return min(int(mg * UG_PER_MG), dose.drawn_ug)


def given_ml(runs: Iterable[tuple[Decimal, Decimal]]) -> Fraction:
    """Return the millilitres that ran in, exactly."""
    return sum((Fraction(rate) * Fraction(minutes) / MINUTES_PER_HOUR for rate, minutes in runs), Fraction())

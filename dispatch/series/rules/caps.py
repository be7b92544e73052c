"""What an order may be: every cap on the unrounded order and on the drawn amount (rows C11, C12, D06).

Each function states one law and returns what breaks it. Limits are read from signed policies.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from dispatch.clearance.model import RuleClass
from dispatch.kernel.refusals import Reason
from dispatch.series.model import Dose, Finding
from dispatch.series.rules.dosing import UG_PER_MG, drawn_mg_per_kg, hourly, unrounded_mg

PRESCRIBER = "A prescriber changes the order."
SIGN_OVER = "The prescriber may sign over it, with a reason and an expiry."
ROUND_DOWN = "Have the draw rounded down, or order a little less."


class PolicyUnreadable(ValueError):
    """A signed policy holds a text where a number has to stand; it judges nothing, so it blocks."""


@dataclass(frozen=True, kw_only=True)
class Caps:
    """The limits of a dose (policy ``series.dose_caps``)."""

    first_mg_per_kg: Fraction
    step_mg_per_kg: Fraction
    override_above_mg_per_kg: Fraction
    most_mg_per_kg: Fraction
    most_mg_per_kg_h: Fraction
    most_mg: Fraction
    floor_mg_per_kg: Fraction
    draw_shift_percent: Fraction
    always_dilute_from_mg_per_ml: Fraction
    dilute_at_least_times: Fraction

    @classmethod
    def read(cls, policy: Mapping[str, Any]) -> "Caps":
        """Read the policy's value, or raise `PolicyUnreadable`."""
        return cls(**{name: number(policy[name]) for name in cls.__dataclass_fields__})


def number(text: str) -> Fraction:
    """Read a decimal of a policy exactly."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise PolicyUnreadable(text) from None
    if not value.is_finite() or value < 0:
        raise PolicyUnreadable(text)
    return Fraction(value)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An order whose numbers are all there, with what was given before it.

    Attributes
    ----------
    before_mg_per_kg
        Of the version under which an infusion was last given; None before the first.
    """

    weight_kg: Decimal
    mg_per_kg: Decimal
    concentration_ug_per_ml: int
    dose: Dose
    rate_high_ml_h: Decimal
    before_mg_per_kg: Decimal | None

    @property
    def levels(self) -> tuple[tuple[str, Fraction], ...]:
        """Mg/kg as ordered and as drawn."""
        return ("ordered", Fraction(self.mg_per_kg)), ("drawn", drawn_mg_per_kg(self.dose, self.weight_kg))


def findings(asked: Asked, caps: Caps) -> tuple[Finding, ...]:
    """Return every cap that the order breaks."""
    return tuple(found for law in LAWS for found in law(asked, caps))


def first_is_low(asked: Asked, caps: Caps) -> Iterator[Finding]:
    """The first infusion is at most 0.5 mg/kg."""
    if asked.before_mg_per_kg is None:
        for way, level in asked.levels:
            if level > caps.first_mg_per_kg:
                text = f"A first infusion is at most {_text(caps.first_mg_per_kg)} mg/kg; {_is(way, level)}."
                yield _block(f"first_dose_too_high_{way}", text, way)


def step_is_small(asked: Asked, caps: Caps) -> Iterator[Finding]:
    """From what was last given, a dose rises by at most 0.25 mg/kg."""
    if asked.before_mg_per_kg is not None:
        for way, level in asked.levels:
            if level - Fraction(asked.before_mg_per_kg) > caps.step_mg_per_kg:
                text = (
                    f"A dose rises by at most {_text(caps.step_mg_per_kg)} mg/kg at a time; last given was "
                    f"{asked.before_mg_per_kg} mg/kg, {_is(way, level)}."
                )
                yield _block(f"step_too_large_{way}", text, way)


def never_above(asked: Asked, caps: Caps) -> Iterator[Finding]:
    """A dose is at most 1.0 mg/kg; above 0.75 the prescriber signs over it."""
    for way, level in asked.levels:
        if level > caps.most_mg_per_kg:
            text = f"Nobody is given more than {_text(caps.most_mg_per_kg)} mg/kg; {_is(way, level)}."
            yield _block(f"dose_too_high_{way}", text, way)
    over = [(way, level) for way, level in asked.levels if level > caps.override_above_mg_per_kg]
    if over:
        text = (
            f"More than {_text(caps.override_above_mg_per_kg)} mg/kg is signed over; "
            f"{' and '.join(_is(way, level) for way, level in over)}."
        )
        yield _found(RuleClass.OVERRIDE, "dose_above_usual", text, "terms.mg_per_kg", SIGN_OVER)


def never_faster(asked: Asked, caps: Caps) -> Iterator[Finding]:
    """A dose runs in at most at 1.0 mg/kg/h, at the highest rate that the order leaves open, too."""
    for way, level in asked.levels:
        rate = hourly(level, asked.dose.minutes)
        if rate > caps.most_mg_per_kg_h:
            text = f"At most {_text(caps.most_mg_per_kg_h)} mg/kg/h; {way} it is {_text(rate)}."
            yield _block(f"rate_too_high_{way}", text, way, "terms.minutes")
    top = Fraction(asked.rate_high_ml_h) * drawn_mg_per_kg(asked.dose, asked.weight_kg)
    if top / Fraction(asked.dose.final_ml) > caps.most_mg_per_kg_h:
        text = f"The highest rate of the range would exceed {_text(caps.most_mg_per_kg_h)} mg/kg/h."
        yield _found(RuleClass.BLOCK, "range_too_high", text, "terms.rate_high_ml_h", PRESCRIBER)


def never_more(asked: Asked, caps: Caps) -> Iterator[Finding]:
    """A dose is at most 100 mg."""
    amounts = (
        ("ordered", unrounded_mg(asked.weight_kg, asked.mg_per_kg)),
        ("drawn", Fraction(asked.dose.drawn_ug, UG_PER_MG)),
    )
    for way, mg in amounts:
        if mg > caps.most_mg:
            text = f"At most {_text(caps.most_mg)} mg; {way} it is {_text(mg)}."
            yield _block(f"amount_too_high_{way}", text, way)


def not_too_low(asked: Asked, caps: Caps) -> Iterator[Finding]:
    """Below 0.1 mg/kg is unusual."""
    if min(level for _, level in asked.levels) < caps.floor_mg_per_kg:
        text = f"Less than {_text(caps.floor_mg_per_kg)} mg/kg is unusual."
        yield _found(RuleClass.WARN, "dose_very_low", text, "terms.mg_per_kg", "Confirm that it is meant.")


def vial_fits_the_dose(asked: Asked, caps: Caps) -> Iterator[Finding]:
    """Rounding the draw to 0.01 mL moves the dose by at most 1 %."""
    mg, drawn = Fraction(asked.dose.mg), Fraction(asked.dose.drawn_ug, UG_PER_MG)
    if drawn <= 0 or abs(drawn - mg) * 100 > caps.draw_shift_percent * mg:
        text = (
            f"{asked.dose.draw_ml} mL of this vial hold {_text(drawn)} mg instead of {asked.dose.mg} mg: "
            f"more than {_text(caps.draw_shift_percent)} % off."
        )
        yield _found(
            RuleClass.BLOCK, "vial_too_strong", text, "terms.concentration_ug_per_ml", "Order a weaker vial."
        )


def strong_drug_is_diluted(asked: Asked, caps: Caps) -> Iterator[Finding]:
    """100 mg/mL is always diluted; no order is made up to less than it draws."""
    at_least = asked.dose.draw_ml
    if Fraction(asked.concentration_ug_per_ml, UG_PER_MG) >= caps.always_dilute_from_mg_per_ml:
        at_least *= Decimal(caps.dilute_at_least_times.numerator) / caps.dilute_at_least_times.denominator
    if asked.dose.final_ml < at_least:
        text = f"The draw of {asked.dose.draw_ml} mL is made up to {at_least} mL or more."
        yield _found(RuleClass.BLOCK, "not_diluted", text, "terms.final_ml", PRESCRIBER)


LAWS = (
    first_is_low, step_is_small, never_above, never_faster, never_more, not_too_low, vial_fits_the_dose,
    strong_drug_is_diluted,
)  # fmt: skip


def _is(way: str, level: Fraction) -> str:
    return f"{way} it is {_text(level)}"


def _text(value: Fraction) -> str:
    """Write a number so that one just above a limit never reads like the limit."""
    short = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{short.normalize():f}" if len(f"{short.normalize():f}") <= 8 else f"{short:.6f}"


def _block(code: str, text: str, way: str, where: str = "terms.mg_per_kg") -> Finding:
    return _found(RuleClass.BLOCK, code, text, where, ROUND_DOWN if way == "drawn" else PRESCRIBER)


def _found(rule_class: RuleClass, code: str, text: str, where: str, way_out: str) -> Finding:
    reason = Reason(code=code, text=text, field=where, way_out=way_out)
    return Finding(rule_class=rule_class, reason=reason)

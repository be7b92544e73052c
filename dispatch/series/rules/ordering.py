"""Everything that stands against an order, and what of it its prescriber has signed over or acknowledged."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dispatch.clearance.model import RuleClass
from dispatch.kernel.refusals import Reason
from dispatch.series.model import (
    Antiemetic,
    Delivery,
    Dose,
    Finding,
    Indication,
    OrderVersion,
    Route,
    SignedOver,
    Terms,
)
from dispatch.series.rules.caps import Asked, Caps, findings, number
from dispatch.series.rules.dosing import CONCENTRATION_STEP_UG_PER_ML, dose_of

SHORTEST_REASON = 3
# Blank blocks: each of these has to be on an order.
ASKED_FOR: Mapping[str, str] = {
    "indication": "what is treated",
    "route": "the route",
    "delivery": "that a pump gives it",
    "weight_kg": "the weight in kilograms",
    "weighed_on": "the day of weighing",
    "mg_per_kg": "the dose in mg/kg",
    "concentration_ug_per_ml": "the vial's concentration",
    "final_ml": "the volume it is made up to",
    "minutes": "the minutes it runs",
    "rate_low_ml_h": "the lowest rate a nurse may set",
    "rate_high_ml_h": "the highest rate a nurse may set",
    "antiemetic": "a remedy against nausea, or that there is none",
}
# Why a route is never ordered here (row A19).
NOT_AT_HOME: Mapping[Route, str] = {
    Route.INTRAMUSCULAR: "An injection into the muscle needs a medical setting.",
    Route.INTRANASAL: "A nasal spray needs a medical setting.",
    Route.ESKETAMINE_SPRAY: "Esketamine is given in certified clinics only (REMS), never at home.",
    Route.ORAL: "Nothing is ever left with a patient: there is no such transaction.",
    Route.SUBLINGUAL: "Nothing is ever left with a patient: there is no such transaction.",
    Route.LOZENGE: "Nothing is ever left with a patient: there is no such transaction.",
}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An order's arithmetic, None where a number is missing, and every rule it breaks."""

    dose: Dose | None
    findings: tuple[Finding, ...]


def judge_order(
    terms: Terms, before_mg_per_kg: Decimal | None, policy: Mapping[str, Mapping[str, Any]], today: date
) -> Judged:
    """Judge what a prescriber writes.

    Parameters
    ----------
    before_mg_per_kg
        Of the order under which an infusion was last given; None before the first.
    policy
        ``series.dose_caps``, ``series.weight`` and ``series.minutes``.
    """
    found = [*_all_there(terms), *_numbers_positive(terms)]
    if any(each.reason.code == "number_out_of_range" for each in found):
        return Judged(dose=None, findings=tuple(found))
    broken = [*found, *_given_by_pump_into_a_vein(terms), *_indication_is_known(terms)]
    broken += _minutes_are_usual(terms, policy["series.minutes"])
    broken += _weight_is_usual(terms, policy["series.weight"], today)
    broken += _nausea_is_thought_of(terms)
    if found:
        return Judged(dose=None, findings=tuple(broken))
    assert terms.weight_kg is not None
    assert terms.mg_per_kg is not None
    assert terms.concentration_ug_per_ml is not None
    assert terms.final_ml is not None
    assert terms.minutes is not None
    assert terms.rate_high_ml_h is not None
    dose = dose_of(
        terms.weight_kg,
        terms.mg_per_kg,
        terms.concentration_ug_per_ml,
        terms.final_ml,
        terms.minutes,
        terms.draw_rounding,
    )
    asked = Asked(
        weight_kg=terms.weight_kg,
        mg_per_kg=terms.mg_per_kg,
        concentration_ug_per_ml=terms.concentration_ug_per_ml,
        dose=dose,
        rate_high_ml_h=terms.rate_high_ml_h,
        before_mg_per_kg=before_mg_per_kg,
    )
    broken += [*_rate_lies_in_its_range(terms, dose), *findings(asked, Caps.read(policy["series.dose_caps"]))]
    return Judged(dose=dose, findings=tuple(broken))


def unmet(
    broken: Collection[Finding],
    signed_over: Collection[SignedOver],
    acknowledged: Collection[str],
    now: datetime,
    most_days: int,
) -> tuple[Reason, ...]:
    """Return what still stands: blocks always, the others until they are signed over or acknowledged."""
    signed = {each.code: each for each in signed_over}
    found: list[Reason] = []
    for each in broken:
        code = each.reason.code
        if each.rule_class is RuleClass.OVERRIDE and code in signed:
            found += _override_holds(signed[code], now, most_days)
        elif each.rule_class is not RuleClass.WARN or code not in acknowledged:
            found.append(each.reason)
    return tuple(found)


def holds(
    version: OrderVersion,
    weight_today_kg: Decimal | None,
    at: datetime,
    policy: Mapping[str, Mapping[str, Any]],
) -> tuple[Reason, ...]:
    """Return why an order may not be carried out now: too old, an override run out, the weight changed.

    Parameters
    ----------
    weight_today_kg
        She is weighed at each visit; None blocks.
    policy
        ``series.weight``.
    """
    found = list(order_expired(version, at))
    written = version.terms.weight_kg
    if weight_today_kg is None or written is None:
        text = "She has not been weighed today."
        found.append(_reason("weight_missing", text, "weight_kg", "Weigh her, and enter the weight."))
        return tuple(found)
    percent = number(policy["series.weight"]["change_percent"])
    if abs(Fraction(weight_today_kg) - Fraction(written)) * 100 > percent * Fraction(written):
        text = f"The weight differs from the order's by more than {float(percent):g} %."
        found.append(_reason("weight_changed", text, "weight_kg", "A prescriber writes a new order."))
    return tuple(found)


def order_expired(version: OrderVersion, at: datetime) -> Iterator[Reason]:
    """Yield why a version is no longer in force at the instant."""
    if at >= version.expires_at:
        text = f"The order of {version.signed_at:%Y-%m-%d} is too old."
        yield _reason("order_expired", text, "order", "A prescriber writes a new order.")
    for each in version.signed_over:
        if at >= each.expires_at:
            text = f"What was signed over ({each.code}) held until {each.expires_at:%Y-%m-%d}."
            yield _reason("override_expired", text, "order", "A prescriber writes a new order.")


def _override_holds(signed: SignedOver, now: datetime, most_days: int) -> Iterator[Reason]:
    where = f"signed_over.{signed.code}"
    if len(signed.reason.strip()) < SHORTEST_REASON:
        yield _reason("override_reason_missing", "Say why it is signed over.", where, "Write the reason.")
    if not now < signed.expires_at <= now + timedelta(days=most_days):
        text = f"It is signed over until a moment in the next {most_days} days."
        yield _reason("override_expiry", text, where, "Choose another expiry.")


def _all_there(terms: Terms) -> Iterator[Finding]:
    for name, what in ASKED_FOR.items():
        if getattr(terms, name) is None:
            yield _required(f"{name}_missing", f"The order does not say {what}.", name)


def _numbers_positive(terms: Terms) -> Iterator[Finding]:
    for name in (
        "weight_kg", "mg_per_kg", "concentration_ug_per_ml", "final_ml", "minutes", "rate_low_ml_h",
        "rate_high_ml_h",
    ):  # fmt: skip
        value = getattr(terms, name)
        if value is not None and not (Decimal(value).is_finite() and 0 < value < 1_000_000):
            yield _block("number_out_of_range", "This has to be a number above zero.", name)
    step = CONCENTRATION_STEP_UG_PER_ML
    if terms.concentration_ug_per_ml is not None and terms.concentration_ug_per_ml % step:
        text = "A concentration is whole tenths of a milligram in a millilitre."
        yield _block("concentration_too_fine", text, "concentration_ug_per_ml")


def _given_by_pump_into_a_vein(terms: Terms) -> Iterator[Finding]:
    """Only an infusion by pump is given at home: no bolus, no gravity drip (rows A19, B04)."""
    if terms.route is not None and terms.route in NOT_AT_HOME:
        yield _block("route_not_offered", NOT_AT_HOME[terms.route], "route")
    if terms.delivery in (Delivery.GRAVITY, Delivery.BOLUS):
        text = "Ketamine runs slowly from a pump: never as a bolus, never by gravity."
        yield _block("pump_mandatory", text, "delivery")


def _indication_is_known(terms: Terms) -> Iterator[Finding]:
    if terms.indication is Indication.OTHER:
        text = "What is treated is none of the usual conditions."
        yield _override("indication_unusual", text, "indication")


def _minutes_are_usual(terms: Terms, policy: Mapping[str, Any]) -> Iterator[Finding]:
    if terms.minutes is not None and not policy["least"] <= terms.minutes <= policy["most"]:
        text = f"An infusion usually runs {policy['least']} to {policy['most']} minutes."
        yield _override("minutes_unusual", text, "minutes")


def _weight_is_usual(terms: Terms, policy: Mapping[str, Any], today: date) -> Iterator[Finding]:
    if terms.weight_kg is not None and not (
        number(policy["least_kg"]) <= Fraction(terms.weight_kg) <= number(policy["most_kg"])
    ):
        text = f"The weight is below {policy['least_kg']} kg or above {policy['most_kg']} kg."
        yield _warn("weight_unusual", text, "weight_kg")
    if terms.weighed_on is None:
        return
    if terms.weighed_on > today:
        yield _block("weighed_in_the_future", "The day of weighing has not come yet.", "weighed_on")
    elif today - terms.weighed_on > timedelta(days=policy["weighed_within_days"]):
        text = f"The weight is older than {policy['weighed_within_days']} days."
        yield _block("weight_too_old", text, "weighed_on")


def _nausea_is_thought_of(terms: Terms) -> Iterator[Finding]:
    if terms.antiemetic is Antiemetic.NONE:
        yield _warn("no_antiemetic", "The order has no remedy against nausea.", "antiemetic")


def _rate_lies_in_its_range(terms: Terms, dose: Dose) -> Iterator[Finding]:
    assert terms.rate_low_ml_h is not None
    assert terms.rate_high_ml_h is not None
    if not terms.rate_low_ml_h <= dose.rate_ml_h <= terms.rate_high_ml_h:
        text = f"The ordered rate of {dose.rate_ml_h} mL/h lies outside the range."
        yield _block("rate_outside_range", text, "rate_low_ml_h")


def _reason(code: str, text: str, where: str, way_out: str) -> Reason:
    return Reason(code=code, text=text, field=where, way_out=way_out)


def _found(rule_class: RuleClass, code: str, text: str, name: str, way_out: str) -> Finding:
    return Finding(rule_class=rule_class, reason=_reason(code, text, f"terms.{name}", way_out))


def _required(code: str, text: str, name: str) -> Finding:
    return _found(RuleClass.REQUIRED, code, text, name, "The prescriber fills it in.")


def _block(code: str, text: str, name: str) -> Finding:
    return _found(RuleClass.BLOCK, code, text, name, "The prescriber changes the order.")


def _override(code: str, text: str, name: str) -> Finding:
    way_out = "The prescriber may sign over it, with a reason and an expiry."
    return _found(RuleClass.OVERRIDE, code, text, name, way_out)


def _warn(code: str, text: str, name: str) -> Finding:
    return _found(RuleClass.WARN, code, text, name, "The prescriber confirms that it is meant.")

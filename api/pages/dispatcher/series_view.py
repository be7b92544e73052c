"""Forms of a series: the order's fields as they are filled in, and a way as it travels in a form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from dispatch.kernel.refusals import Invalid, refuse
from dispatch.series.model import (
    Antiemetic,
    Delivery,
    DrawRounding,
    Indication,
    Infusion,
    InfusionState,
    OrderVersion,
    Route,
    Series,
    Terms,
)
from dispatch.series.service import Place

if TYPE_CHECKING:
    from dispatch.appointments.records import AppointmentRow

DECIMALS = ("weight_kg", "mg_per_kg", "final_ml", "rate_low_ml_h", "rate_high_ml_h")
MOST_DIGITS = 12
STATES = {
    InfusionState.PLANNED: "planned", InfusionState.BOOKED: "booked", InfusionState.GIVEN: "given",
    InfusionState.MISSED: "missed", InfusionState.DROPPED: "will not take place",
}  # fmt: skip
# What an order begins as; the rest is the prescriber's to fill in.
PREFILLED = {
    "route": Route.INTRAVENOUS_INFUSION.value, "delivery": Delivery.PUMP.value, "final_ml": "50",
    "minutes": "40", "rate_low_ml_h": "50", "rate_high_ml_h": "75", "concentration_mg_per_ml": "50",
    "draw_rounding": DrawRounding.NEAREST.value,
}  # fmt: skip


def order_defaults(versions: Sequence[OrderVersion], form: Mapping[str, str], today: date) -> dict[str, str]:
    """Return what the order's form shows: what was typed, else the version in force, else the usual."""
    found = PREFILLED | {"weighed_on": today.isoformat()}
    if versions:
        terms = versions[0].terms
        found |= {
            name: str(getattr(value, "value", value))
            for name, value in vars(terms).items()
            if value is not None and name != "concentration_ug_per_ml"
        }
        found["concentration_mg_per_ml"] = f"{Decimal(terms.concentration_ug_per_ml or 0) / 1000:f}"
    return found | {name: text for name, text in form.items() if name in found or name in _NAMES}


_NAMES = frozenset({*DECIMALS, "indication", "antiemetic", "reason"})


@dataclass(frozen=True, kw_only=True)
class InfusionLine:
    """One line of the table of infusions; `day` is when it was given, is booked, was missed or is laid."""

    infusion: Infusion
    state: str
    day: date | None
    part: str


def infusion_lines(
    series: Series, booked: Mapping[UUID, "AppointmentRow"], zone: ZoneInfo
) -> tuple[InfusionLine, ...]:
    """Return the table of infusions: what was given by the hour it was given, never by where it was laid."""
    return tuple(
        _line(each, booked.get(each.appointment_id or each.infusion_id), zone) for each in series.infusions
    )


def _line(infusion: Infusion, row: "AppointmentRow | None", zone: ZoneInfo) -> InfusionLine:
    day, part = infusion.day, infusion.part or ""
    if infusion.state is InfusionState.GIVEN and infusion.given_at is not None:
        given_at = infusion.given_at.astimezone(zone)
        day, part = given_at.date(), f"{given_at:%H:%M}"
    elif infusion.state is InfusionState.BOOKED and row is not None:
        begins = [window.begins_at.astimezone(zone) for window in row.windows]
        day = row.day
        part = f"from {min(begins):%H:%M}" if begins else part
    state = STATES[infusion.state]
    if infusion.state is InfusionState.PLANNED and day is None:
        state = "not laid yet"
    return InfusionLine(infusion=infusion, state=state, day=day, part=part)


def said_of(form: MultiDict[str, str]) -> dict[str, list[str]]:
    """Return what was ticked in the order's form."""
    return {name: form.getlist(name) for name in ("signed_over", "acknowledged")}


def terms_from(form: Mapping[str, str]) -> Terms:
    """Read an order; what is blank or no number stays None, which blocks by its name."""
    milligrams = _number(form.get("concentration_mg_per_ml", ""))
    micrograms = None if milligrams is None else milligrams * 1000
    values: dict[str, Any] = {name: _number(form.get(name, "")) for name in DECIMALS}
    minutes = form.get("minutes", "").strip()
    return Terms(
        **values,
        indication=_word(Indication, form.get("indication", "")),
        route=_word(Route, form.get("route", "")),
        delivery=_word(Delivery, form.get("delivery", "")),
        weighed_on=_date(form.get("weighed_on", "")),
        concentration_ug_per_ml=int(micrograms) if micrograms is not None else None,
        minutes=int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 5 else None,
        antiemetic=_word(Antiemetic, form.get("antiemetic", "")),
        draw_rounding=_word(DrawRounding, form.get("draw_rounding", "")) or DrawRounding.NEAREST,
    )


def _number(text: str) -> Decimal | None:
    plain = text.strip()
    if not (plain.isascii() and plain.replace(".", "", 1).isdigit() and len(plain) <= MOST_DIGITS):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _word(kind: Any, text: str) -> Any:
    return kind(text) if text in set(kind) else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def places_from(text: str) -> list[Place]:
    """Read a way as the page wrote it: ``number day part nurse`` for each infusion, with commas between."""
    try:
        return [
            Place(number=int(number), day=date.fromisoformat(day), part=part, nurse_id=UUID(nurse))
            for number, day, part, nurse in (one.split() for one in text.split(","))
        ]
    except ValueError:
        raise refuse(Invalid, "way_missing", "Choose one of the ways.", field="way") from None

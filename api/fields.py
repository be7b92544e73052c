"""Fields of the JSON API that several chapters have."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from marshmallow import ValidationError, fields

from dispatch.kernel.quantities import mg_text, ug_from_mg

# Beyond these, zones and calendars cannot be computed with.
YEARS = range(1900, 2200)
READING = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _refuse_odd_year(value: date) -> None:
    if value.year not in YEARS:
        raise ValidationError(f"The year must lie between {YEARS[0]} and {YEARS[-1]}.")


class Line(fields.String):
    """A text, kept without blanks at its ends."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        return super()._deserialize(value, attr, data, **kwargs).strip()


class Instant(fields.AwareDateTime):
    """An instant with its UTC offset, in a year with which clocks can be computed."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        found = super()._deserialize(value, attr, data, **kwargs)
        _refuse_odd_year(found)
        return found


class Day(fields.Date):
    """A date of the calendar, written as 2026-11-23."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        found = super()._deserialize(value, attr, data, **kwargs)
        _refuse_odd_year(found)
        return found


class ClockReading(fields.String):
    """What a clock on the wall shows, written as 09:30."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else f"{value:%H:%M}"

    def _deserialize(  # type: ignore[override]
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> time:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not READING.fullmatch(text):
            raise ValidationError("Write the local time as 09:30.")
        return time.fromisoformat(text)


class Milligrams(fields.String):
    """An amount in micrograms, written in milligrams as an order has it: "35.0"."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else mg_text(value)

    def _deserialize(  # type: ignore[override]
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return ug_from_mg(text)
        except ValueError as wrong:
            said = str(wrong)
            raise ValidationError(f"{said[:1].upper()}{said[1:]}.") from None

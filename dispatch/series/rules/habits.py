"""When a patient and the adult with her are free, as it is kept: JSON in a sealed column."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from dispatch.kernel.refusals import Reason
from dispatch.series.commands import Availability

WEEKDAYS = range(1, 8)


def habits_text(habits: Availability) -> str:
    """Write habits as they are sealed."""
    return json.dumps(
        {
            "patient": {str(day): sorted(parts) for day, parts in sorted(habits.patient.items())},
            "adult": {str(day): sorted(parts) for day, parts in sorted(habits.adult.items())},
            "away": sorted(day.isoformat() for day in habits.away),
        }
    )


def habits_of(text: str | None) -> Availability | None:
    """Read what `habits_text` wrote; None where nobody has said anything."""
    if text is None:
        return None
    read: Mapping[str, Any] = json.loads(text)
    return Availability(
        patient={int(day): frozenset(parts) for day, parts in read["patient"].items()},
        adult={int(day): frozenset(parts) for day, parts in read["adult"].items()},
        away=frozenset(date.fromisoformat(day) for day in read["away"]),
    )


def habit_faults(habits: Availability, parts: frozenset[str]) -> list[Reason]:
    """Return what is wrong with habits: a weekday or a part of the day that does not exist."""
    found = []
    for who, week in (("patient", habits.patient), ("adult", habits.adult)):
        for day, named in week.items():
            if day not in WEEKDAYS or not named <= parts:
                text = f"Choose weekdays 1 to 7 and parts of the day among: {', '.join(sorted(parts))}."
                found.append(Reason(code="no_such_part_of_day", text=text, field=f"{who}.{day}"))
    if len(habits.away) > 366:
        found.append(Reason(code="too_many_days", text="At most a year of days.", field="away"))
    return found

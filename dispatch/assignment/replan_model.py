"""What a dispatcher reports of a day that runs, and where a proposal to re-plan it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from dispatch.kernel.refusals import Invalid, Reasons


class Happening(StrEnum):
    """What may happen to a day that runs."""

    NURSE_ILL = "nurse_ill"
    OVERRUN = "overrun"
    URGENT_VISIT = "urgent_visit"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    VEHICLE_LATE = "vehicle_late"
    DRUG_NOT_AVAILABLE = "drug_not_available"


class ReplanState(StrEnum):
    """Where a proposal stands."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DISCARDED = "discarded"


class Better(StrEnum):
    """Where the search for a better proposal stands: one is looked for once."""

    WAITING = "waiting"
    WORKING = "working"
    ENDED = "ended"


MOST_AGE = timedelta(minutes=10)  # a proposal older than this answers another day
MOST_SEARCH = timedelta(seconds=30)  # who searched longer than this has died
FREEZE_MINUTES, MOST_FREEZE_MINUTES = 30, 24 * 60
MOST_REPORTS = 20
LONGEST_REASON = 500

# What each needs named, and whether it needs a time (True) or takes now when none is given (None).
_TARGETS: Mapping[Happening, tuple[str, ...]] = {
    Happening.NURSE_ILL: ("shift_id",),
    Happening.OVERRUN: ("appointment_id",),
    Happening.URGENT_VISIT: ("appointment_id",),
    Happening.CANCELLED: ("appointment_id",),
    Happening.NO_SHOW: ("appointment_id",),
    Happening.VEHICLE_LATE: ("shift_id",),
    Happening.DRUG_NOT_AVAILABLE: ("appointment_id", "pharmacy_id", "shift_id"),
}
_NEEDS_TIME = frozenset({Happening.OVERRUN, Happening.VEHICLE_LATE})
# Kept beside the day from the acceptance on; the others are facts elsewhere, or done with the plan.
LASTING = frozenset(
    {
        Happening.NURSE_ILL,
        Happening.OVERRUN,
        Happening.NO_SHOW,
        Happening.VEHICLE_LATE,
        Happening.DRUG_NOT_AVAILABLE,
    }
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Something that happened.

    Attributes
    ----------
    shift_id, appointment_id, pharmacy_id
        Whom or what it is about; which of them depends on `kind`.
    at
        From when on (ill), until when (overrun, vehicle, drug) or since when (no-show); None for now, or
        for the rest of the day.
    """

    kind: Happening
    shift_id: UUID | None = None
    appointment_id: UUID | None = None
    pharmacy_id: UUID | None = None
    at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "kind": self.kind.value,
            "shift_id": str(self.shift_id) if self.shift_id else None,
            "appointment_id": str(self.appointment_id) if self.appointment_id else None,
            "pharmacy_id": str(self.pharmacy_id) if self.pharmacy_id else None,
            "at": self.at.isoformat() if self.at else None,
        }


def report_from(stored: Mapping[str, Any]) -> Report:
    """Read back a report as it is kept."""
    ids = {
        name: UUID(stored[name]) if stored[name] else None
        for name in ("shift_id", "appointment_id", "pharmacy_id")
    }
    at = datetime.fromisoformat(stored["at"]) if stored["at"] else None
    return Report(kind=Happening(stored["kind"]), at=at, **ids)


def require_reports(reports: tuple[Report, ...]) -> None:
    """Raise `Invalid` with everything that is wrong with the form of these reports."""
    wrong = Reasons()
    if len(reports) > MOST_REPORTS:
        wrong.add("too_many_reports", f"Report {MOST_REPORTS} things at most at once.", field="events")
    for index, report in enumerate(reports):
        path = f"events[{index}]"
        targets = _TARGETS[report.kind]
        every = ("shift_id", "appointment_id", "pharmacy_id")
        named = [name for name in every if getattr(report, name) is not None]
        if len(named) != 1 or named[0] not in targets:
            wrong.add(
                "name_one",
                f"{report.kind.value.replace('_', ' ')} is about one thing.",
                field=f"{path}.{targets[0]}",
                way_out=f"Give exactly one of {', '.join(targets)}.",
            )
        if report.at is None and report.kind in _NEEDS_TIME:
            wrong.add(
                "time_missing", "It needs a time.", field=f"{path}.at", way_out="Say until when it lasts."
            )
    wrong.raise_if_any(Invalid)

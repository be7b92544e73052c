"""The only place that asks the machine for the time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present moment as an aware UTC datetime."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one place


@dataclass
class SetClock:
    """A clock that stands where it was set; the demo and the tests move it by hand."""

    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("a clock needs an aware time")

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self.at

    def advance(self, step: timedelta) -> None:
        """Move the clock forward by `step`."""
        self.at += step

"""Electronic visit verification as a value."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, kw_only=True)
class EvvRecord:
    """The six elements of electronic visit verification (42 USC 1396b(l)(5)(A)).

    `missing` names the elements that the record does not hold (yet); `flags` what compliance should see.
    """

    service: str
    recipient: str
    day: date
    place: str
    provider: str
    begins_at: datetime | None
    ends_at: datetime | None
    distance_m: int | None
    missing: tuple[str, ...]
    flags: tuple[str, ...]

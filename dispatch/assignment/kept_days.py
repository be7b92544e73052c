"""Days worked out from rows and kept for the next question, each under a stamp of those rows.

The stamp is read anew for every question and says whether what is kept still holds; the time it is kept for
only bounds how long memory is held for nobody.
"""

import threading
from collections import OrderedDict
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, func, select

from dispatch.appointments.records import ServiceRow
from dispatch.areas.records import PharmacyRow, PolicyRow, ServiceAreaRow
from dispatch.areas.service import zone_of
from dispatch.kernel.local_time import day_bounds
from dispatch.workforce.records import StateRuleRow

Stamp = tuple[object, ...]
Kept = TypeVar("Kept")


class KeptDays(Generic[Kept]):
    """The days asked about last, in this process; safe to use from several threads."""

    def __init__(self, most: int, kept_for: timedelta) -> None:
        self._most, self._kept_for = most, kept_for
        self._days: OrderedDict[tuple[UUID, date], tuple[Stamp, datetime, Kept]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[UUID, date], stamp: Stamp, at: datetime) -> Kept | None:
        """Return the day if it was kept with this stamp; forget all that is too old."""
        with self._lock:
            for old in [known for known, (_, since, _) in self._days.items() if at - since > self._kept_for]:
                del self._days[old]
            known = self._days.get(key)
            if known is None or known[0] != stamp:
                return None
            self._days.move_to_end(key)
            return known[2]

    def keep(self, key: tuple[UUID, date], stamp: Stamp, at: datetime, day: Kept) -> None:
        """Keep a day for the next question."""
        with self._lock:
            self._days[key] = (stamp, at, day)
            self._days.move_to_end(key)
            while len(self._days) > self._most:
                self._days.popitem(last=False)


def shared_figures() -> tuple[Select[Any], ...]:
    """Return what changes with rows that every day reads: policies, pharmacies, state rules, services."""
    return (
        select(func.count()).select_from(PolicyRow),
        *(
            select(figure).select_from(table)
            for table in (PharmacyRow, StateRuleRow, ServiceRow)
            for figure in (func.count(), func.sum(table.version))
        ),
    )


def steps_run(area: ServiceAreaRow, day: date, at: datetime, step: timedelta) -> int | None:
    """Return how many such steps of a running day are over, for it moves on with the clock; else None."""
    begins_at = day_bounds(day, zone_of(area))[0]
    return (at - begins_at) // step if at > begins_at else None

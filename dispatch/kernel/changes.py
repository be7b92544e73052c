"""Write values into a row and know which were new: the audit names them, a repeat does nothing."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from dispatch.kernel.refusals import Stale, refuse
from dispatch.kernel.row import Row, Versioned


class Saved(StrEnum):
    """What saving did to a row."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def assign(row: Row, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Set those attributes of `row` that differ from `values`, and return their names."""
    changed = tuple(name for name, value in values.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, values[name])
    return changed


def require_version(row: Versioned, seen: int | None) -> None:
    """Refuse when somebody changed the row since version `seen`; None when the caller has not looked."""
    if seen is not None and row.version != seen:
        raise refuse(
            Stale,
            "changed_meanwhile",
            "Somebody changed this since you looked.",
            way_out="Look again, then decide.",
            version=row.version,
        )

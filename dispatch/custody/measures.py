"""Read from a container's events what an infusion and its measures are judged by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Uuid, bindparam, case, literal_column, select
from sqlalchemy.orm import Session

from dispatch.custody.model import EventKind
from dispatch.custody.records import EventRow
from dispatch.custody.rules.measuring import Step
from dispatch.kernel.row import table_of

# A measure counts until drug moves again.
_MEASURES = (EventKind.RESIDUAL_MEASURED, EventKind.RESIDUAL_SEALED)
_MOVES = (
    EventKind.DRAWN, EventKind.ADMINISTERED, EventKind.INFUSION_STARTED, EventKind.INFUSION_STOPPED,
    EventKind.WASTED,
)  # fmt: skip
_INFUSION = (EventKind.INFUSION_STARTED, EventKind.RATE_CHANGED, EventKind.INFUSION_STOPPED)

_event, _reversal = table_of(EventRow), table_of(EventRow).alias("reversal")
_taken_back = select(_reversal.c.supersedes).where(
    _reversal.c.container_id == bindparam("container_id", type_=Uuid()),
    _reversal.c.kind == EventKind.REVERSED.value,
)
_OF_VIAL = (
    select(
        _event.c.kind, _event.c.measured_ug, _event.c.new_seal, _event.c.rate_ug_per_min,
        _event.c.server_time, _event.c.device_time,
    )
    .where(
        _event.c.container_id == bindparam("container_id", type_=Uuid()),
        _event.c.applied,
        _event.c.id.not_in(_taken_back),
    )
    .order_by(_event.c.sequence.desc())
)  # fmt: skip
_NEWEST_FIRST = _OF_VIAL.where(_event.c.kind.in_(bindparam("kinds", expanding=True)))
_NEWEST = _NEWEST_FIRST.limit(1)


def _is_one_of(kinds: Sequence[EventKind]) -> ColumnElement[bool]:
    # Written out: for a list of parameters the statement would be made anew each time.
    return _event.c.kind.in_([literal_column(f"'{kind}'") for kind in kinds])


# The whole residual of the vial `container_id` as last measured, in micrograms; None when drug moved since.
MEASURED_SINCE = (
    _OF_VIAL.where(_is_one_of((*_MEASURES, *_MOVES)))
    .with_only_columns(
        case((_is_one_of(_MEASURES), _event.c.measured_ug)).label("measured_ug"), maintain_column_froms=True
    )
    .limit(1)
    .scalar_subquery()
    .label("measured_ug")
)


def residual_seal(session: Session, container_id: UUID) -> str | None:
    """Return the number under which the residual was sealed; None when it was not."""
    newest = _newest(session, container_id, (EventKind.RESIDUAL_SEALED, *_MOVES))
    return newest.new_seal if newest and newest.kind == EventKind.RESIDUAL_SEALED else None


def infusion_steps(session: Session, container_id: UUID) -> list[Step]:
    """Return the rates since the running infusion was started, oldest first; empty when none runs."""
    found: list[Step] = []
    for row in _newest_first(session, container_id, _INFUSION):
        if row.kind == EventKind.INFUSION_STOPPED:
            break
        found.append(Step(at=_happened_at(row), rate_ug_per_min=row.rate_ug_per_min or 0))
        if row.kind == EventKind.INFUSION_STARTED:
            return found[::-1]
    return []


def _happened_at(row: Row[*tuple[Any, ...]]) -> datetime:
    at: datetime = row.server_time if row.device_time is None else min(row.device_time, row.server_time)
    return at


def _newest_first(
    session: Session, container_id: UUID, kinds: Sequence[EventKind]
) -> list[Row[*tuple[Any, ...]]]:
    """Return the applied events of these kinds that were not taken back."""
    return list(session.connection().execute(_NEWEST_FIRST, _asked(container_id, kinds)))


def _newest(session: Session, container_id: UUID, kinds: Sequence[EventKind]) -> Row[*tuple[Any, ...]] | None:
    return session.connection().execute(_NEWEST, _asked(container_id, kinds)).one_or_none()


def _asked(container_id: UUID, kinds: Sequence[EventKind]) -> dict[str, object]:
    return {"container_id": container_id, "kinds": [kind.value for kind in kinds]}

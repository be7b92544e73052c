"""Look up service areas and their policies; tell the boards what changed."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.model import DEFAULT_POLICIES
from dispatch.areas.records import DayChangeRow, PolicyRow, ServiceAreaRow
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import NotFound, refuse


def area_by_slug(session: Session, slug: str) -> ServiceAreaRow:
    """Return the service area that `slug` names, or refuse with `NotFound`."""
    row = session.scalar(select(ServiceAreaRow).where(ServiceAreaRow.slug == slug))
    if row is None:
        raise refuse(NotFound, "no_such_area", "There is no service area of that name.", field="area")
    return row


def areas(session: Session) -> list[ServiceAreaRow]:
    """Return all service areas by name."""
    return list(session.scalars(select(ServiceAreaRow).order_by(ServiceAreaRow.name)))


def zone_of(area: ServiceAreaRow) -> ZoneInfo:
    """Return the zone in which the area's times are shown."""
    return ZoneInfo(area.time_zone)


def policy(session: Session, key: str, area_id: UUID | None = None) -> Mapping[str, Any]:
    """Return the newest signed value of a policy: the area's own, else the company's, else the default.

    Raises
    ------
    KeyError
        When `key` is no policy of `areas.model.DEFAULT_POLICIES`.
    """
    found: dict[UUID | None, Mapping[str, Any]] = {}
    rows = session.scalars(select(PolicyRow).where(PolicyRow.key == key).order_by(PolicyRow.version))
    for row in rows:
        found[row.area_id] = row.value
    if area_id is not None and area_id in found:
        return found[area_id]
    return found.get(None, DEFAULT_POLICIES[key])


def note_change(
    session: Session, area_id: UUID, day: date, kind: str, clock: Clock, subject_id: UUID | None = None
) -> None:
    """Tell the boards of (`area_id`, `day`) that something of `kind` changed."""
    session.add(DayChangeRow(area_id=area_id, day=day, at=clock.now(), kind=kind, subject_id=subject_id))


def last_change(session: Session, area_id: UUID, day: date) -> int:
    """Return the position of the newest change of the day, 0 when there is none."""
    newest = select(func.max(DayChangeRow.position)).where(
        DayChangeRow.area_id == area_id, DayChangeRow.day == day
    )
    return session.scalar(newest) or 0


def changes_after(session: Session, area_id: UUID, day: date, position: int) -> list[DayChangeRow]:
    """Return what changed on the day after `position`, oldest first."""
    wanted = (
        select(DayChangeRow)
        .where(DayChangeRow.area_id == area_id, DayChangeRow.day == day, DayChangeRow.position > position)
        .order_by(DayChangeRow.position)
    )
    return list(session.scalars(wanted))

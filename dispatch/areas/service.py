"""Open and look up service areas, their pharmacies and policies; tell the boards what changed."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.model import DEFAULT_POLICIES, DayChange, NewArea, NewPharmacy
from dispatch.areas.records import DayChangeRow, PharmacyRow, PolicyRow, ServiceAreaRow
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, refuse


def open_area(session: Session, new: NewArea, actor: Actor, clock: Clock) -> ServiceAreaRow:
    """Open a service area.

    Raises
    ------
    Invalid
        ``no_such_time_zone``.
    Conflict
        ``area_exists`` when the slug is taken.
    """
    try:
        ZoneInfo(new.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise refuse(
            Invalid,
            "no_such_time_zone",
            "There is no time zone of that name.",
            field="time_zone",
            way_out="Write a name of the IANA list, such as America/New_York.",
        ) from None
    if session.scalar(select(ServiceAreaRow.id).where(ServiceAreaRow.slug == new.slug)) is not None:
        raise refuse(Conflict, "area_exists", "There is a service area of that name already.", field="slug")
    row = ServiceAreaRow(id=new_id(), slug=new.slug, name=new.name, time_zone=new.time_zone, weights={})
    session.add(row)
    session.flush()
    record(session, AuditEntry(action="area.open", subject_kind="area", subject_id=row.id), actor, clock)
    return row


def open_pharmacy(
    session: Session, area_id: UUID, new: NewPharmacy, actor: Actor, clock: Clock
) -> PharmacyRow:
    """Add a stock point to an area.

    Raises
    ------
    Conflict
        ``pharmacy_exists`` when the area has one of that code.
    """
    same = select(PharmacyRow.id).where(PharmacyRow.area_id == area_id, PharmacyRow.code == new.code)
    if session.scalar(same) is not None:
        raise refuse(Conflict, "pharmacy_exists", "The area has a pharmacy of that code.", field="code")
    row = PharmacyRow(
        id=new_id(),
        area_id=area_id,
        code=new.code,
        name=new.name,
        address=new.address,
        state=new.state,
        lat=new.lat,
        lon=new.lon,
        opens_minute=new.opens_minute,
        closes_minute=new.closes_minute,
        pickup_s=new.pickup_s,
    )
    session.add(row)
    session.flush()
    record(
        session, AuditEntry(action="pharmacy.open", subject_kind="pharmacy", subject_id=row.id), actor, clock
    )
    return row


def pharmacies(session: Session, area_id: UUID) -> list[PharmacyRow]:
    """Return the area's stock points by code."""
    wanted = select(PharmacyRow).where(PharmacyRow.area_id == area_id).order_by(PharmacyRow.code)
    return list(session.scalars(wanted))


def area_by_slug(session: Session, slug: str) -> ServiceAreaRow:
    """Return the service area that `slug` names, or refuse with `NotFound`."""
    row = session.scalar(select(ServiceAreaRow).where(ServiceAreaRow.slug == slug))
    if row is None:
        raise refuse(NotFound, "no_such_area", "There is no service area of that name.", field="area")
    return row


def area_by_id(session: Session, area_id: UUID) -> ServiceAreaRow:
    """Return the service area to which some row belongs."""
    return session.get_one(ServiceAreaRow, area_id)


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


def changes_after(session: Session, area_id: UUID, day: date, position: int) -> list[DayChange]:
    """Return what changed on the day after `position`, oldest first."""
    wanted = (
        select(DayChangeRow)
        .where(DayChangeRow.area_id == area_id, DayChangeRow.day == day, DayChangeRow.position > position)
        .order_by(DayChangeRow.position)
    )
    return [_change(row) for row in session.scalars(wanted)]


def newest_changes(session: Session, most: int) -> list[DayChange]:
    """Return the newest changes of all areas and days, oldest first, `most` at most."""
    wanted = select(DayChangeRow).order_by(DayChangeRow.position.desc()).limit(most)
    return [_change(row) for row in reversed(session.scalars(wanted).all())]


def _change(row: DayChangeRow) -> DayChange:
    return DayChange(
        position=row.position, area_id=row.area_id, day=row.day, kind=row.kind, subject_id=row.subject_id
    )

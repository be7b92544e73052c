"""The service catalogue."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.model import Service
from dispatch.appointments.records import ServiceRow
from dispatch.appointments.rules.catalogue import CATALOGUE, why_not_offered
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id


def services(session: Session) -> dict[str, ServiceRow]:
    """Return the catalogue by code."""
    return {row.code: row for row in session.scalars(select(ServiceRow).order_by(ServiceRow.code))}


def service_of(row: ServiceRow) -> Service:
    """Return the value of a row."""
    return Service(
        code=row.code,
        name=row.name,
        minutes=row.minutes,
        competencies=frozenset(row.competencies),
        controlled=row.controlled,
        units=row.units,
        nurses_needed=row.nurses_needed,
        offered=row.offered,
    )


def never_offered(session: Session) -> list[tuple[str, str]]:
    """Return the name of each service that is not given here, and why (row A19)."""
    return [
        (row.name, why_not_offered(row.code, row.name))
        for row in services(session).values()
        if not row.offered
    ]


def seed_catalogue(session: Session, actor: Actor, clock: Clock) -> dict[str, ServiceRow]:
    """Add the services that are missing and return all by code; what was edited stays as it is."""
    known = services(session)
    for service in CATALOGUE:
        if service.code in known:
            continue
        row = ServiceRow(
            id=new_id(),
            code=service.code,
            name=service.name,
            minutes=service.minutes,
            competencies=sorted(service.competencies),
            controlled=service.controlled,
            units=service.units,
            nurses_needed=service.nurses_needed,
            offered=service.offered,
        )
        session.add(row)
        known[service.code] = row
        entry = AuditEntry(
            action="service.add", subject_kind="service", subject_id=row.id, detail={"code": row.code}
        )
        record(session, entry, actor, clock)
    session.flush()
    return known

"""One-time links: a secret shown once opens one case's pages on one device, until it is called back."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.intake.loading import account_of, case_row, open_case_row
from dispatch.intake.model import LINK_SESSION, Party, party_of
from dispatch.intake.records import CaseRow, LinkedDeviceRow, LinkRow
from dispatch.intake.sentences import reason
from dispatch.intake.service.cases import audit_case, settle
from dispatch.kernel.actor import SYSTEM, Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Forbidden, NotFound


class LinkPurpose(StrEnum):
    """Which pages a link opens."""

    PATIENT = "patient"
    PROVIDER = "provider"


@dataclass(frozen=True, kw_only=True)
class NewLink:
    """A link's secret, as it is shown this once."""

    link_id: UUID
    secret: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class OpenedDevice:
    """The secret that the device keeps in its cookie, and until when."""

    secret: str
    expires_at: datetime
    purpose: LinkPurpose


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who came through a link: bound to one case, with the patient's id once she is registered."""

    device_id: UUID
    link_id: UUID
    case_id: UUID
    area_id: UUID
    patient_id: UUID | None
    purpose: LinkPurpose

    @property
    def actor(self) -> Actor:
        """The visitor as an actor: no account, no role, never mistaken for Housecall itself."""
        name = "Patient, by link" if self.purpose is LinkPurpose.PATIENT else "Outside provider, by link"
        return Actor(
            account_id=None, name=name, roles=frozenset(), session_ref=f"{LINK_SESSION}{self.device_id}"
        )


def make_link(
    session: Session,
    case_id: UUID,
    purpose: LinkPurpose,
    actor: Actor,
    clock: Clock,
    *,
    other_device: bool = False,
) -> NewLink:
    """Make a link to a case; earlier ones of that purpose which nobody opened are called back.

    Parameters
    ----------
    other_device
        The patient goes on elsewhere: the link lives for minutes only.
    """
    row = open_case_row(session, case_id, actor)
    if party_of(actor).isdisjoint({Party.PATIENT, Party.DISPATCHER, Party.PRESCRIBER, Party.SYSTEM}):
        raise Forbidden([reason("case_step_not_yours", known="dispatcher or prescriber")])
    now, value = clock.now(), policy(session, "intake.links", row.area_id)
    if other_device:
        life = timedelta(minutes=value["other_device_minutes"])
    elif purpose is LinkPurpose.PROVIDER:
        life = timedelta(days=value["provider_days"])
    else:
        life = timedelta(hours=value["patient_hours"])
    waiting = select(LinkRow).where(
        LinkRow.case_id == case_id,
        LinkRow.purpose == purpose.value,
        LinkRow.used_at.is_(None),
        LinkRow.revoked_at.is_(None),
    )
    for earlier in session.scalars(waiting):
        earlier.revoked_at = now
    secret = secrets.token_urlsafe(32)
    link = LinkRow(
        id=new_id(),
        case_id=case_id,
        purpose=purpose.value,
        secret_digest=sha256(secret.encode()).digest(),
        made_at=now,
        made_by=account_of(actor),
        expires_at=now + life,
    )
    session.add(link)
    settle(session, row, clock, actor)
    audit_case(session, "intake.make_link", row, actor, clock, link=str(link.id), purpose=purpose.value)
    return NewLink(link_id=link.id, secret=secret, expires_at=link.expires_at)


def link_opens(session: Session, secret: str, clock: Clock) -> LinkPurpose | None:
    """Tell what a link would open now, None when nothing; it stays unused."""
    link = _living(session, secret, clock.now())
    return LinkPurpose(link.purpose) if link else None


def open_link(session: Session, secret: str, clock: Clock) -> OpenedDevice:
    """Use a link up and open its case on the device that brought it.

    Raises
    ------
    NotFound
        ``link_dead``: unknown, used, expired or called back, which look the same.
    """
    now = clock.now()
    link = _living(session, secret, now, lock=True)
    if link is None:
        raise NotFound([reason("link_dead")])
    row = case_row(session, link.case_id)
    link.used_at = now
    value = policy(session, "intake.links", row.area_id)
    cookie = secrets.token_urlsafe(32)
    device = LinkedDeviceRow(
        id=new_id(),
        case_id=link.case_id,
        link_id=link.id,
        purpose=link.purpose,
        secret_digest=sha256(cookie.encode()).digest(),
        opened_at=now,
        expires_at=now + timedelta(days=value["session_days"]),
    )
    session.add(device)
    session.flush()
    audit_case(session, "intake.open_link", row, SYSTEM, clock, link=str(link.id), device=str(device.id))
    return OpenedDevice(secret=cookie, expires_at=device.expires_at, purpose=LinkPurpose(link.purpose))


def _living(session: Session, secret: str, now: datetime, *, lock: bool = False) -> LinkRow | None:
    wanted = select(LinkRow).where(
        LinkRow.secret_digest == sha256(secret.encode()).digest(),
        LinkRow.used_at.is_(None),
        LinkRow.revoked_at.is_(None),
        LinkRow.expires_at > now,
    )
    return session.scalar(wanted.with_for_update() if lock else wanted)


def visitor_of(session: Session, secret: str, now: datetime) -> Visitor | None:
    """Return who is behind a device's cookie, None when it is unknown, expired or called back."""
    found = session.execute(
        select(LinkedDeviceRow, CaseRow)
        .join(CaseRow, CaseRow.id == LinkedDeviceRow.case_id)
        .where(
            LinkedDeviceRow.secret_digest == sha256(secret.encode()).digest(),
            LinkedDeviceRow.revoked_at.is_(None),
            LinkedDeviceRow.expires_at > now,
        )
    ).first()
    if found is None:
        return None
    device, case = found
    return Visitor(
        device_id=device.id,
        link_id=device.link_id,
        case_id=case.id,
        area_id=case.area_id,
        patient_id=case.patient_id,
        purpose=LinkPurpose(device.purpose),
    )


def revoke_link(session: Session, case_id: UUID, link_id: UUID, actor: Actor, clock: Clock) -> None:
    """Call a link back, and with it the device that it opened."""
    row = open_case_row(session, case_id, actor)
    link = session.get(LinkRow, link_id)
    if link is None or link.case_id != row.id:
        raise NotFound([reason("link_dead")])
    now = clock.now()
    link.revoked_at = link.revoked_at or now
    wanted = select(LinkedDeviceRow).where(LinkedDeviceRow.link_id == link_id)
    for device in session.scalars(wanted):
        device.revoked_at = device.revoked_at or now
    audit_case(session, "intake.revoke_link", row, actor, clock, link=str(link.id))


def close_device(session: Session, visitor: Visitor, clock: Clock) -> None:
    """Sign a device off."""
    device = session.get_one(LinkedDeviceRow, visitor.device_id)
    device.revoked_at = device.revoked_at or clock.now()
    row = case_row(session, visitor.case_id)
    audit_case(session, "intake.close_device", row, visitor.actor, clock, device=str(device.id))

"""One-time links: a secret shown once opens one person's pages on one device, until it is called back.

A link belongs to a case. A patient who came without one, such as by import, has a link of her own: it opens
the pages of her visits, and no intake.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.intake.loading import account_of, case_row, open_case_row
from dispatch.intake.model import LINK_SESSION, Party, party_of
from dispatch.intake.records import CaseRow, LinkedDeviceRow, LinkRow
from dispatch.intake.sentences import reason
from dispatch.intake.service.cases import audit_case, settle
from dispatch.kernel.actor import SYSTEM, Actor, Role
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
    """The secret that the device keeps in its cookie, and until when; `has_intake`: behind it is a case."""

    secret: str
    expires_at: datetime
    purpose: LinkPurpose
    has_intake: bool


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who came through a link: bound to one case, with the patient's id once she is registered; or to her.

    Attributes
    ----------
    known_case_id
        None for a patient without a case.
    """

    device_id: UUID
    link_id: UUID
    known_case_id: UUID | None
    patient_id: UUID | None
    purpose: LinkPurpose

    @property
    def case_id(self) -> UUID:
        """The case whose intake this is, or refuse with `NotFound`: some patients have visits only."""
        if self.known_case_id is None:
            raise NotFound([reason("no_intake")])
        return self.known_case_id

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
    value = policy(session, "intake.links", row.area_id)
    if other_device:
        life = timedelta(minutes=value["other_device_minutes"])
    elif purpose is LinkPurpose.PROVIDER:
        life = timedelta(days=value["provider_days"])
    else:
        life = timedelta(hours=value["patient_hours"])
    link = LinkRow(case_id=case_id, purpose=purpose.value)
    made = _keep(session, link, LinkRow.case_id == case_id, life, actor, clock)
    settle(session, row, clock, actor)
    _trace(session, "intake.make_link", link, actor, clock, purpose=purpose.value)
    return made


def make_patient_link(
    session: Session, patient_id: UUID, area_id: UUID, actor: Actor, clock: Clock
) -> NewLink:
    """Make a link for a patient without a case to the pages of her visits; earlier unopened ones are dead.

    Whether there is such a patient, without a case that goes on, is the caller's to know.
    """
    actor.require((Role.DISPATCHER,))
    life = timedelta(hours=policy(session, "intake.links", area_id)["patient_hours"])
    link = LinkRow(patient_id=patient_id, area_id=area_id, purpose=LinkPurpose.PATIENT.value)
    made = _keep(session, link, LinkRow.patient_id == patient_id, life, actor, clock)
    _trace(session, "intake.make_link", link, actor, clock, purpose=link.purpose)
    return made


def _keep(
    session: Session,
    link: LinkRow,
    same_owner: ColumnElement[bool],
    life: timedelta,
    actor: Actor,
    clock: Clock,
) -> NewLink:
    """Add a link, and call back those of the same owner and purpose that nobody opened."""
    now = clock.now()
    waiting = select(LinkRow).where(
        same_owner,
        LinkRow.purpose == link.purpose,
        LinkRow.used_at.is_(None),
        LinkRow.revoked_at.is_(None),
    )
    for earlier in session.scalars(waiting):
        earlier.revoked_at = now
    secret = secrets.token_urlsafe(32)
    link.id, link.made_at, link.made_by = new_id(), now, account_of(actor)
    link.secret_digest, link.expires_at = sha256(secret.encode()).digest(), now + life
    session.add(link)
    session.flush()
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
    area_id = link.area_id if link.case_id is None else case_row(session, link.case_id).area_id
    link.used_at = now
    value = policy(session, "intake.links", area_id)
    cookie = secrets.token_urlsafe(32)
    device = LinkedDeviceRow(
        id=new_id(),
        link_id=link.id,
        purpose=link.purpose,
        secret_digest=sha256(cookie.encode()).digest(),
        opened_at=now,
        expires_at=now + timedelta(days=value["session_days"]),
    )
    session.add(device)
    session.flush()
    _trace(session, "intake.open_link", link, SYSTEM, clock, device=str(device.id))
    return OpenedDevice(
        secret=cookie,
        expires_at=device.expires_at,
        purpose=LinkPurpose(link.purpose),
        has_intake=link.case_id is not None,
    )


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
        select(LinkedDeviceRow, LinkRow, CaseRow)
        .join(LinkRow, LinkRow.id == LinkedDeviceRow.link_id)
        .outerjoin(CaseRow, CaseRow.id == LinkRow.case_id)
        .where(
            LinkedDeviceRow.secret_digest == sha256(secret.encode()).digest(),
            LinkedDeviceRow.revoked_at.is_(None),
            LinkedDeviceRow.expires_at > now,
        )
    ).first()
    if found is None:
        return None
    device, link, case = found
    return Visitor(
        device_id=device.id,
        link_id=link.id,
        known_case_id=link.case_id,
        patient_id=link.patient_id if case is None else case.patient_id,
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
    link = session.get_one(LinkRow, visitor.link_id)
    _trace(session, "intake.close_device", link, visitor.actor, clock, device=str(device.id))


def _trace(
    session: Session, action: str, link: LinkRow, actor: Actor, clock: Clock, **detail: object
) -> None:
    told = {"link": str(link.id), **detail}
    if link.case_id is not None:
        audit_case(session, action, case_row(session, link.case_id), actor, clock, **told)
        return
    assert link.patient_id is not None
    entry = AuditEntry(
        action=action, subject_kind="patient", subject_id=link.patient_id, patient_id=link.patient_id,
        detail=told,
    )  # fmt: skip
    record(session, entry, actor, clock)

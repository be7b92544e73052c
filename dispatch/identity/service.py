"""Who somebody is: accounts, device tokens, requests already answered."""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.identity.model import NewDevice
from dispatch.identity.records import AccountRow, AnsweredRequestRow, DeviceRow, RoleRow
from dispatch.kernel.actor import AccountId, Actor, DeviceId, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, refuse

TOKEN_PREFIX = "hc_"  # noqa: S105 - marks a token for secret scanners
DEVICE_LIFE = timedelta(days=90)


def ensure_roles(session: Session) -> dict[str, RoleRow]:
    """Make the role rows that are missing and return all of them by name."""
    rows = {row.name: row for row in session.scalars(select(RoleRow))}
    for role in Role:
        if role.value not in rows:
            rows[role.value] = RoleRow(name=role.value, description=None, permissions=None)
            session.add(rows[role.value])
    return rows


def open_account(
    session: Session,
    *,
    email: str,
    name: str,
    password_hash: str,
    roles: frozenset[Role],
    actor: Actor,
    clock: Clock,
    person_ref: str | None = None,
    nurse_id: UUID | None = None,
) -> AccountRow:
    """Open an account. `person_ref` ties a second account to the same person."""
    if session.scalar(select(AccountRow.id).where(AccountRow.email == email.lower())):
        raise refuse(
            Conflict,
            "email_taken",
            "There is an account of that address already.",
            field="email",
            way_out="Give that account the role instead.",
        )
    known = ensure_roles(session)
    row = AccountRow(
        id=new_id(),
        email=email.lower(),
        name=name,
        person_ref=person_ref or new_id().hex,
        password=password_hash,
        fs_uniquifier=secrets.token_hex(16),
        nurse_id=nurse_id,
        created_at=clock.now(),
        roles=[known[role.value] for role in sorted(roles)],
    )
    session.add(row)
    entry = AuditEntry(
        action="account.open",
        subject_kind="account",
        subject_id=row.id,
        detail={"roles": sorted(role.value for role in roles)},
    )
    record(session, entry, actor, clock)
    return row


def account_by_email(session: Session, email: str) -> AccountRow | None:
    """Return the active account of that address, if there is one."""
    return session.scalar(select(AccountRow).where(AccountRow.email == email.lower(), AccountRow.active))


def emails_of(
    session: Session, *, account_id: UUID | None = None, role: Role | None = None
) -> tuple[str, ...]:
    """Return the e-mail addresses of an active account, or of all active holders of a role, sorted."""
    wanted = select(AccountRow.email).where(AccountRow.active)
    if account_id is not None:
        wanted = wanted.where(AccountRow.id == account_id)
    if role is not None:
        wanted = wanted.where(AccountRow.roles.any(RoleRow.name == role.value))
    return tuple(session.scalars(wanted.order_by(AccountRow.email)))


def actor_of_account(
    session: Session, account_id: UUID, session_ref: str, signed_in_at: float | None
) -> Actor | None:
    """Return the actor behind a browser session, None when the account was closed meanwhile."""
    row = session.get(AccountRow, account_id)
    if row is None or not row.active:
        return None
    fresh = datetime.fromtimestamp(signed_in_at, UTC) if signed_in_at is not None else None
    return _actor(row, session_ref, None, fresh)


def actor_of_token(session: Session, token: str, now: datetime) -> Actor | None:
    """Return the actor behind a device token, None when it is unknown, expired or revoked."""
    digest = sha256(token.encode()).digest()
    device = session.scalar(select(DeviceRow).where(DeviceRow.token_digest == digest))
    if (
        device is None
        or device.revoked_at is not None
        or device.expires_at <= now
        or not device.account.active
    ):
        return None
    return _actor(device.account, f"device:{device.id}", DeviceId(device.id), None)


def _actor(
    row: AccountRow, session_ref: str, device_id: DeviceId | None, signed_in_at: datetime | None
) -> Actor:
    return Actor(
        account_id=AccountId(row.id),
        name=row.name,
        roles=frozenset(Role(role.name) for role in row.roles),
        person_ref=row.person_ref,
        nurse_id=row.nurse_id,
        device_id=device_id,
        session_ref=session_ref,
        signed_in_at=signed_in_at,
    )


def register_device(session: Session, name: str, actor: Actor, clock: Clock) -> NewDevice:
    """Give the actor's phone a token; only its digest is kept, so it is shown this once."""
    assert actor.account_id is not None
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = DeviceRow(
        id=new_id(),
        account_id=actor.account_id,
        name=name,
        token_digest=sha256(token.encode()).digest(),
        created_at=clock.now(),
        expires_at=clock.now() + DEVICE_LIFE,
    )
    session.add(row)
    record(
        session, AuditEntry(action="device.register", subject_kind="device", subject_id=row.id), actor, clock
    )
    return NewDevice(device_id=row.id, token=token, expires_at=row.expires_at)


def devices_of(session: Session, actor: Actor) -> list[DeviceRow]:
    """Return the actor's own devices, newest first."""
    mine = select(DeviceRow).where(DeviceRow.account_id == actor.account_id)
    return list(session.scalars(mine.order_by(DeviceRow.created_at.desc())))


def revoke_device(session: Session, device_id: UUID, actor: Actor, clock: Clock) -> None:
    """End a device's token at once: one's own, or anybody's for an administrator."""
    wanted = select(DeviceRow).where(DeviceRow.id == device_id)
    if not actor.has(Role.ADMIN):
        wanted = wanted.where(DeviceRow.account_id == actor.account_id)
    row = session.scalar(wanted)
    if row is None:
        raise refuse(NotFound, "no_such_device", "There is no such device.")
    row.revoked_at = row.revoked_at or clock.now()
    record(
        session, AuditEntry(action="device.revoke", subject_kind="device", subject_id=row.id), actor, clock
    )


def answer_given(session: Session, actor: Actor, key: str, body: bytes) -> AnsweredRequestRow | None:
    """Return the answer this Idempotency-Key got before, or refuse the key with another body.

    A second try that overtakes the first waits until that is committed, and then gets its answer.
    """
    if session.connection().dialect.name == "postgresql":  # on SQLite who writes is alone anyway
        digest = sha256(f"{actor.account_id} {key}".encode()).digest()
        turn = int.from_bytes(digest[:8], "big", signed=True)
        session.execute(select(func.pg_advisory_xact_lock(turn)))
    row = session.scalar(
        select(AnsweredRequestRow).where(
            AnsweredRequestRow.account_id == actor.account_id, AnsweredRequestRow.key == key
        )
    )
    if row is not None and row.body_digest != sha256(body).digest():
        raise refuse(
            Invalid,
            "idempotency_key_reused",
            "This Idempotency-Key came before with another body.",
            field="Idempotency-Key",
            way_out="Send a new key with a new request.",
        )
    return row


def keep_answer(
    session: Session,
    actor: Actor,
    key: str,
    body: bytes,
    status: int,
    answer: bytes,
    content_type: str,
    clock: Clock,
) -> None:
    """Keep the answer to a request in its own transaction, for the same key to get again."""
    assert actor.account_id is not None
    session.add(
        AnsweredRequestRow(
            account_id=actor.account_id,
            key=key,
            body_digest=sha256(body).digest(),
            status=status,
            answer=answer,
            content_type=content_type,
            at=clock.now(),
        )
    )

"""Accounts, roles, devices and the requests already answered."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.kernel.row import Identified, Row

account_role = Table(
    "account_role",
    Row.metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("role_id", ForeignKey("role.id"), primary_key=True),
)


class RoleRow(Identified, Row):
    """One of the roles of `kernel.actor.Role`."""

    __tablename__ = "role"

    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None]
    permissions: Mapped[list[str] | None]


class AccountRow(Identified, Row):
    """A sign-in of one person. `person_ref` is equal for two accounts of the same person, who can then
    never be both actor and witness (custody-rules.md, attack 5)."""

    __tablename__ = "account"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    person_ref: Mapped[str]
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    nurse_id: Mapped[UUID | None]
    pin_hash: Mapped[str | None]
    created_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]

    roles: Mapped[list[RoleRow]] = relationship(secondary=account_role, lazy="selectin")


class DeviceRow(Identified, Row):
    """A phone that holds a token. Only a digest of the token is kept; revoking ends it at once."""

    __tablename__ = "device"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]

    account: Mapped[AccountRow] = relationship(lazy="joined", innerjoin=True)


class AnsweredRequestRow(Identified, Row):
    """A request that carried an Idempotency-Key, with the answer it got.

    The same key with the same body gets the same answer again; with another body it is refused.
    """

    __tablename__ = "answered_request"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    key: Mapped[str]
    body_digest: Mapped[bytes]
    status: Mapped[int]
    answer: Mapped[bytes]
    content_type: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("account_id", "key"),)

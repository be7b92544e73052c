"""Who is asking: decided once at the door (`api.actor`), then handed down as a value."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from dispatch.kernel.refusals import Forbidden, refuse

AccountId = NewType("AccountId", UUID)
DeviceId = NewType("DeviceId", UUID)


class Role(StrEnum):
    """What a person may be; one person can be several."""

    NURSE = "nurse"
    DISPATCHER = "dispatcher"
    COMPLIANCE = "compliance"
    PRESCRIBER = "prescriber"
    PHARMACIST = "pharmacist"
    ADMIN = "admin"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """The person, or the system itself, behind a deed.

    Attributes
    ----------
    account_id
        None only for the system (`SYSTEM`).
    person_ref
        Equal for all accounts of one person.
    session_ref
        A digest that tells one sign-in (browser session or device token) from another: the same
        session can never be both actor and witness (custody-rules.md, attack 5).
    signed_in_at
        When the person last gave the password in this session; None for a device.
    """

    account_id: AccountId | None
    name: str
    roles: frozenset[Role]
    person_ref: str = ""
    nurse_id: UUID | None = None
    device_id: DeviceId | None = None
    session_ref: str = ""
    signed_in_at: datetime | None = None

    def has(self, *roles: Role) -> bool:
        """Tell whether the person holds any of `roles`."""
        return not self.roles.isdisjoint(roles)

    def require(self, roles: Iterable[Role]) -> None:
        """Raise `Forbidden` unless the person holds one of `roles`."""
        wanted = tuple(roles)
        if not self.has(*wanted):
            names = " or ".join(role.value for role in wanted)
            raise refuse(
                Forbidden,
                "role_missing",
                f"Only a {names} may do this.",
                way_out="Sign in with an account that has the role, or ask an administrator for it.",
            )


SYSTEM = Actor(account_id=None, name="Housecall", roles=frozenset())

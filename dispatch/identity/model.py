"""Proofs of identity and devices."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class NewDevice:
    """A device token as it is shown once, to the phone that will hold it."""

    device_id: UUID
    token: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class ProofOfIdentity:
    """That a person just showed who they are, apart from any running session.

    Attributes
    ----------
    person_ref
        Equal for all accounts of one person.
    session_ref
        Of this proof alone: never that of a browser session or a device.
    proved_at
        When the secret was checked; the rules of a signature say how long it counts as fresh.
    """

    account_id: UUID
    person_ref: str
    session_ref: str
    proved_at: datetime

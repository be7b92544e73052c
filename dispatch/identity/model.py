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
    device_id
        The signer's own device, where its token authenticated them; None where a secret was typed.
    given_in, given_on
        The session, and the device if it has one, in which the proof was given: of the actor, where the
        witness typed the secret on the actor's phone.
    """

    account_id: UUID
    person_ref: str
    session_ref: str
    proved_at: datetime
    device_id: UUID | None = None
    given_in: str = ""
    given_on: UUID | None = None

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

"""Identifiers: UUID version 7, so that rows made later sort later and an id says nothing else."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """Return a fresh UUIDv7 (RFC 9562). Never order facts by it: a phone's clock may be set back."""
    return UUID(int=uuid_utils.uuid7().int)

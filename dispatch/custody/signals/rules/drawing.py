"""Which residuals are assayed: nobody can foresee it, everybody can check it afterwards.

Commit, then reveal. Before a period begins the SHA-256 of its secret seed goes into the log. A residual is
drawn when the HMAC of its event's hash under the seed is low enough. Nobody without the seed can tell
beforehand which; and the event's hash holds random salt that the server adds, so even who knows the seed
cannot choose an event that escapes. When the period is over the seed goes into the log, too: then anybody can
do the sums for every residual, drawn or not.
"""

import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256
from uuid import UUID

TICKET_BITS = 256


def commitment_of(seed: bytes) -> bytes:
    """Return what is published before a period, in place of its seed."""
    return sha256(seed).digest()


def ticket_of(seed: bytes, event_hash: bytes) -> bytes:
    """Return an event's ticket: HMAC-SHA-256 (RFC 2104) of its hash under the period's seed."""
    return hmac.new(seed, event_hash, sha256).digest()


def is_drawn(ticket: bytes, rate_permille: int) -> bool:
    """Tell whether a ticket wins, exactly: ticket / 2^256 < rate / 1000."""
    return int.from_bytes(ticket) * 1000 < rate_permille << TICKET_BITS


def wrongly_drawn(
    seed: bytes,
    commitment: bytes,
    rate_permille: int,
    residuals: Mapping[UUID, bytes],
    drawn: Iterable[UUID],
) -> tuple[str, ...]:
    """Check a period whose seed is known, and return what is wrong with it in words; empty when nothing is.

    Parameters
    ----------
    residuals
        Event id -> event hash of every residual of the period.
    drawn
        The event ids for which there was a task.
    """
    if not hmac.compare_digest(commitment_of(seed), commitment):
        return ("The seed is not the one that was committed to.",)
    tasks = set(drawn)
    owed = {key for key, digest in residuals.items() if is_drawn(ticket_of(seed, digest), rate_permille)}
    return (
        *(f"Event {key} was drawn and should not have been." for key in sorted(tasks - owed)),
        *(f"Event {key} should have been drawn and was not." for key in sorted(owed - tasks)),
    )

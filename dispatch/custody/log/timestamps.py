"""Time stamps from outside on checkpoints (RFC 3161), over the SHA-256 of the log's signed note; pure."""

from collections.abc import Sequence
from datetime import datetime

from cryptography.x509 import Certificate
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)


class NotStamped(ValueError):
    """The authority's answer is no valid time stamp of this note."""


def stamp_request(note: str) -> TimeStampRequest:
    """Return a request (RFC 3161 section 2.4.1) with a nonce, asking for the authority's certificate."""
    return (
        TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
        .cert_request(cert_request=True).build()
    )  # fmt: skip


def stamped_at(
    response: bytes, note: str, roots: Sequence[Certificate], request: TimeStampRequest | None = None
) -> datetime:
    """Return when `note` was stamped, once the response holds (RFC 3161 section 2.4.2).

    Parameters
    ----------
    roots
        Certificates that the authority's chain must end in.
    request
        What was asked: its nonce must come back. Later nobody knows it any more.

    Raises
    ------
    NotStamped
        When the response is malformed, refused, not by such an authority, or over something else.
    """
    try:
        decoded = decode_timestamp_response(response)
        nonce = request.nonce if request else None
        VerifierBuilder(roots=list(roots), nonce=nonce).build().verify_message(decoded, note.encode())
        found: datetime = decoded.tst_info.gen_time
    except (ValueError, VerificationError) as error:
        raise NotStamped(type(error).__name__) from None
    return found

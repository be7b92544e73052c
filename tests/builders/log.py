"""Keys of a log and of a witness, and checkpoints of a small log."""

from datetime import timedelta

from sqlalchemy.orm import Session

from dispatch.custody.log.note import COSIGNATURE, ED25519, Signer
from dispatch.custody.log.publishing import publish_checkpoint
from dispatch.custody.log.queries import PublishedCheckpoint, checkpoint
from dispatch.kernel.clock import Clock

ORIGIN = "test.example/custody"
LOG_KEY = Signer(ORIGIN, ED25519, b"l" * 32)
NEXT_KEY = Signer(ORIGIN, ED25519, b"n" * 32)
WITNESS_KEY = Signer("witness.example/w1", COSIGNATURE, b"w" * 32)
HOURLY = timedelta(hours=1)


def published(session: Session, clock: Clock) -> PublishedCheckpoint:
    """Sign a checkpoint of what is in the log now."""
    publish_checkpoint(session, [LOG_KEY], timedelta(0), clock)
    found = checkpoint(session)
    assert found is not None
    return found

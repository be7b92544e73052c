"""Time stamps in a bundle: over the very checkpoint they stand by, at the time their row says."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from sqlalchemy.orm import Session

from dispatch.custody.bundle import verifier
from dispatch.custody.log.records import TimestampRow
from dispatch.custody.log.timestamps import stamp_request
from dispatch.kernel.ids import new_id
from tests.builders.bundles import a_bundle, a_checkpoint, altered, faults, said
from tests.builders.custody import Scene, picked_up
from tests.builders.tsa import an_authority

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
AUTHORITY = an_authority(NOW)


def stamped(session: Session, note: str = "") -> Scene:
    """A ledger whose checkpoint bears a stamp, of itself unless another note is given."""
    scene = picked_up(session)
    own = a_checkpoint(session, scene.clock.now())
    response = AUTHORITY.stamp(stamp_request(note or own).as_bytes())
    session.add(
        TimestampRow(
            id=new_id(), checkpoint_number=1, authority="https://stamps.example", response=response,
            stamped_at=NOW,
        )
    )  # fmt: skip
    return scene


def test_what_was_stamped_and_when_is_read_from_the_response() -> None:
    response = AUTHORITY.stamp(stamp_request("a note\n").as_bytes())
    assert verifier.stamped(response) == (sha256(b"a note\n").digest(), NOW)


@pytest.mark.parametrize("response", [b"", b"\x30", b"<html>", bytes(100), b"\x30\x82\xff\xff"])
def test_an_answer_that_is_no_stamp_is_refused(response: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        verifier.stamped(response)


def test_a_stamped_checkpoint_is_right(session: Session) -> None:
    scene = stamped(session)
    assert faults(a_bundle(session, scene.clock.now())) == []


def test_a_stamp_of_another_checkpoint_is_named(session: Session) -> None:
    scene = stamped(session, "another note\n")
    assert "it is not over this checkpoint" in said(a_bundle(session, scene.clock.now()))


def test_a_stamp_whose_row_tells_another_time_is_named(session: Session) -> None:
    scene = stamped(session)
    later = altered(
        a_bundle(session, scene.clock.now()),
        "custody_log_timestamp",
        lambda row: row | {"stamped_at": "2026-11-23T17:00:01.000000Z"},
    )
    assert "the row's time is not the one that was stamped" in said(later)

"""RFC 3161 time stamps, by an authority that the test builds itself."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from dispatch.custody.log.timestamps import NotStamped, stamp_request, stamped_at
from tests.builders.tsa import an_authority

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
NOTE = "a signed note\n"
AUTHORITY = an_authority(NOW)


def test_a_stamp_tells_when_the_note_was_seen() -> None:
    request = stamp_request(NOTE)
    response = AUTHORITY.stamp(request.as_bytes())
    assert stamped_at(response, NOTE, [AUTHORITY.root], request) == NOW
    assert stamped_at(response, NOTE, [AUTHORITY.root]) == NOW


@pytest.mark.parametrize("lie", [{"imprint": sha256(b"another note").digest()}, {"nonce": 5}])
def test_a_stamp_of_something_else_is_refused(lie: dict[str, Any]) -> None:
    request = stamp_request(NOTE)
    with pytest.raises(NotStamped):
        stamped_at(AUTHORITY.stamp(request.as_bytes(), **lie), NOTE, [AUTHORITY.root], request)


def test_a_stamp_of_an_unknown_authority_is_refused() -> None:
    request = stamp_request(NOTE)
    with pytest.raises(NotStamped):
        stamped_at(an_authority(NOW).stamp(request.as_bytes()), NOTE, [AUTHORITY.root], request)


def test_a_changed_stamp_is_refused() -> None:
    request = stamp_request(NOTE)
    response = bytearray(AUTHORITY.stamp(request.as_bytes()))
    response[-5] ^= 1
    with pytest.raises(NotStamped):
        stamped_at(bytes(response), NOTE, [AUTHORITY.root], request)


@pytest.mark.parametrize("response", [b"", b"\x30", b"<html>", bytes(100)])
def test_an_answer_that_is_no_stamp_is_refused(response: bytes) -> None:
    with pytest.raises(NotStamped):
        stamped_at(response, NOTE, [AUTHORITY.root])

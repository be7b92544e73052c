"""Signed notes, checkpoints and cosignatures against the examples that C2SP publishes, and against misuse."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.custody.log.checkpoint import Checkpoint, hand_over, handed_over
from dispatch.custody.log.note import (
    COSIGNATURE,
    ED25519,
    Malformed,
    Note,
    Signature,
    Signer,
    Untrusted,
    Verifier,
)
from dispatch.custody.log.tree import EMPTY_ROOT

# c2sp.org/signed-note, "Example".
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# c2sp.org/tlog-cosignature: a checkpoint with the log's signature and a witness's.
COSIGNED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
    "qhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LOG = Signer("test.example/custody", ED25519, b"l" * 32)
NEXT = Signer("test.example/custody", ED25519, b"n" * 32)
WITNESS = Signer("witness.example/w1", COSIGNATURE, b"w" * 32)
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
CHECKPOINT = Checkpoint(LOG.name, 7, EMPTY_ROOT)


def test_the_published_note_is_verified_by_the_published_key() -> None:
    verifier = Verifier.read(VKEY)
    assert str(verifier) == VKEY
    assert Note.read(NOTE).signed_by([verifier]) == (verifier,)
    assert str(Note.read(NOTE)) == NOTE


def test_the_published_checkpoint_is_read_and_written_back() -> None:
    note = Note.read(COSIGNED)
    found = Checkpoint.read(note.text)
    assert (found.origin, found.size, found.extensions) == ("example.com/behind-the-sofa", 20852163, ())
    assert found.text == note.text
    assert str(note) == COSIGNED
    assert note.signatures[1].cosigned_at == datetime(2023, 3, 20, 12, 25, 47, tzinfo=UTC)


def test_keys_are_read_back_as_they_were_written() -> None:
    for signer in (LOG, WITNESS):
        assert Signer.read(signer.written()) == signer
        assert Verifier.read(str(signer.verifier)) == signer.verifier
        assert "seed" not in repr(signer)


def test_a_checkpoint_is_signed_and_cosigned() -> None:
    note = CHECKPOINT.signed(LOG)
    note = replace(note, signatures=(*note.signatures, WITNESS.cosign(note.text, NOON)))
    note = Note.read(str(note))
    both = (LOG.verifier, WITNESS.verifier)
    assert note.signed_by(both) == both
    assert note.signatures[1].cosigned_at == NOON


def test_a_cosignature_holds_for_its_time_only() -> None:
    made = WITNESS.cosign(CHECKPOINT.text, NOON)
    later = int(NOON.timestamp() + 60).to_bytes(8, "big")
    assert not replace(made, body=later + made.body[8:]).holds(CHECKPOINT.text, WITNESS.verifier)
    far = (2**63).to_bytes(8, "big")
    assert not replace(made, body=far + made.body[8:]).holds(CHECKPOINT.text, WITNESS.verifier)


def test_a_signature_of_an_unknown_key_is_passed_over() -> None:
    note = CHECKPOINT.signed(LOG)
    stranger = replace(NEXT, name="other.example/log")
    note = replace(note, signatures=(stranger.sign(note.text), *note.signatures))
    assert note.signed_by([LOG.verifier]) == (LOG.verifier,)
    with pytest.raises(Untrusted, match="no known key"):
        note.signed_by([WITNESS.verifier])


def test_a_known_key_whose_signature_does_not_hold_spoils_the_note() -> None:
    note = CHECKPOINT.signed(LOG)
    forged = Signature(WITNESS.name, WITNESS.verifier.key_id, bytes(72))
    with pytest.raises(Untrusted, match="does not hold"):
        replace(note, signatures=(*note.signatures, forged)).signed_by([LOG.verifier, WITNESS.verifier])


def test_the_same_key_of_another_kind_has_another_id() -> None:
    log, witness = Verifier("a", ED25519, b"p" * 32), Verifier("a", COSIGNATURE, b"p" * 32)
    assert log.key_id != witness.key_id


@given(st.integers(0, 10_000), st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_no_flipped_bit_of_a_note_is_trusted(place: int, bit: int) -> None:
    written = bytearray(str(CHECKPOINT.signed(LOG)).encode())
    written[place % len(written)] ^= 1 << bit
    try:
        Note.read(written.decode()).signed_by([LOG.verifier])
    except (Malformed, Untrusted, UnicodeDecodeError):
        return
    raise AssertionError("a changed note was trusted")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name\n",
        "text\n\n— name AAAA\n",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n— na+me AAAAAAAA\n",
        "text\n\n— name AAAAAAAA",
        "text\n\n— name AAAAAAA\n",
        "text\n\n— name AAAAAAB=\n",
        "text\twith a tab\n\n— name AAAAAAAA\n",
        "text\r\n\r\n— name AAAAAAAA\r\n",
        "text\x00\n\n— name AAAAAAAA\n",
        "text\n\n" + "— name AAAAAAAA\n" * 65,
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(Malformed):
        Note.read(note)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        "origin\n1\n",
        "origin\n1\nAAAA\n",
        "origin\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n１\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
        "\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nmore\n",
        "origin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "origin\n99999999999999999999\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Checkpoint.read(text)


def test_extension_lines_are_kept() -> None:
    text = CHECKPOINT.text + "an extension\n"
    assert Checkpoint.read(text).extensions == ("an extension",)
    assert Checkpoint.read(text).text == text


@pytest.mark.parametrize(
    "key",
    [
        "",
        "name",
        "name+530d903a",
        "name+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("example.com/foo", "example com"),
        VKEY + "=",
        "n+00000000+",
        "n+00000000+Bg==",
    ],
)
def test_a_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(Malformed):
        Verifier.read(key)


def test_a_bad_private_key_is_refused_without_being_shown() -> None:
    for wrong in (LOG.written()[:-4], LOG.written().removeprefix("PRIVATE+KEY+"), LOG.written() + "AAAA"):
        with pytest.raises(Malformed) as refused:
            Signer.read(wrong)
        assert wrong[-20:] not in str(refused.value)


def test_a_key_is_handed_over_by_the_one_before() -> None:
    note = Note.read(str(hand_over(LOG, NEXT, 7)))
    assert handed_over(note, LOG.verifier) == NEXT.verifier


def test_nobody_else_hands_a_key_over() -> None:
    stranger = replace(NEXT, seed=b"s" * 32)
    note = hand_over(stranger, NEXT, 7)
    with pytest.raises(Malformed, match="by that key"):
        handed_over(note, LOG.verifier)
    as_if = Note(hand_over(LOG, NEXT, 7).text, note.signatures)
    with pytest.raises(Untrusted):
        handed_over(as_if, LOG.verifier)


def test_a_hand_over_needs_both_signatures() -> None:
    note = hand_over(LOG, NEXT, 7)
    for one in note.signatures:
        with pytest.raises(Untrusted):
            handed_over(replace(note, signatures=(one,)), LOG.verifier)


def test_a_log_is_not_handed_over_to_another_log() -> None:
    with pytest.raises(Malformed, match="same log"):
        handed_over(hand_over(LOG, replace(NEXT, name="other.example/log"), 7), LOG.verifier)

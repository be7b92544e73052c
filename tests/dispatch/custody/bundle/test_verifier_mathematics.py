"""The verifier's own trees, notes and timestamps: against published vectors, and against the log's own code.

Two implementations that share no line must agree; where they did not, one of them would be wrong.
"""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.custody.bundle import verifier
from dispatch.custody.bundle.verifier import Checkpoint, Key, Note
from dispatch.custody.log import tree
from dispatch.custody.log.tree import leaf_hash
from dispatch.custody.states import TRANSITIONS
from tests.builders.bundles import LOG, WITNESS
from tests.dispatch.custody.log.test_tree import INPUTS, ROOTS

# c2sp.org/signed-note, "Example"; c2sp.org/tlog-cosignature, the checkpoint in its introduction.
KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
LEAVES = [leaf_hash(bytes([number])) for number in range(70)]
LEVELS = verifier.levels_of(LEAVES)


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def stored(places: Any) -> dict[Any, bytes]:
    return {(level, number): LEVELS[level][number] for level, number in places}


@pytest.mark.parametrize("size", range(1, len(INPUTS) + 1))
def test_roots_are_those_that_transparency_dev_publishes(size: int) -> None:
    levels = verifier.levels_of([leaf_hash(each) for each in INPUTS[:size]])
    assert verifier.root_of(levels, size) == ROOTS[size]


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_both_trees_have_the_same_root(size: int) -> None:
    assert verifier.root_of(LEVELS, size) == tree.root(size, stored)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_the_logs_proofs_convince_the_verifier_and_spoilt_ones_do_not(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, len(LEAVES)))
    index, old = data.draw(st.integers(0, new - 1)), data.draw(st.integers(1, new))
    path, more = tree.inclusion_proof(index, new, stored), tree.consistency_proof(old, new, stored)
    roots = verifier.root_of(LEVELS, old), verifier.root_of(LEVELS, new)
    assert verifier.leads_to(LEAVES[index], index, new, path, roots[1])
    assert verifier.continues(old, new, more, *roots)
    for proof, holds in (
        (path, lambda spoilt: verifier.leads_to(LEAVES[index], index, new, spoilt, roots[1])),
        (more, lambda spoilt: verifier.continues(old, new, spoilt, *roots)),
    ):
        assert not holds([*proof, b"\0" * 32])
        if proof:
            place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
            flipped = (int.from_bytes(proof[place], "big") ^ 1 << bit).to_bytes(32, "big")
            assert not holds([*proof[:place], flipped, *proof[place + 1 :]])
            assert not holds(proof[:-1])


def test_the_published_note_is_verified_by_the_published_key() -> None:
    assert Note.read(NOTE).signed_by(Key.read(KEY)) is True


def test_another_text_is_not_what_was_signed() -> None:
    assert Note.read(NOTE.replace("example message", "example massage")).signed_by(Key.read(KEY)) is False


def test_a_key_that_did_not_sign_says_nothing() -> None:
    assert Note.read(NOTE).signed_by(Key.read(str(LOG.verifier))) is None


@pytest.mark.parametrize("key", ["", "a+b", KEY.replace("530d903a", "530d903b"), KEY[:-4], KEY + "AAAA"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Key.read(key)


@pytest.mark.parametrize(
    "note", ["", "text\n", "text\n\n", "text\n\n- a AAAAAAAA\n", NOTE[:-1], NOTE + "\x01\n"]
)
def test_a_note_that_is_none_is_refused(note: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Note.read(note)


def test_the_published_checkpoint_says_its_size() -> None:
    found = Checkpoint.read(CHECKPOINT)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)


@pytest.mark.parametrize("line", ["020852163", "-1", "٣", "1.0", ""])
def test_a_size_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Checkpoint.read(CHECKPOINT.replace("20852163", line))


def test_a_witness_of_the_log_is_believed_with_its_time() -> None:
    text = CHECKPOINT.partition("\n\n")[0] + "\n"
    line = WITNESS.cosign(text, datetime(2026, 11, 23, 17, 0, tzinfo=UTC))
    _name, _id, signature = verifier.signature_line(str(line))
    key = Key.read(str(WITNESS.verifier))
    assert key.signed(text.encode(), signature)
    later = (int.from_bytes(signature[:8], "big") + 1).to_bytes(8, "big") + signature[8:]
    assert not key.signed(text.encode(), later)


def test_the_table_of_states_is_the_ledgers() -> None:
    table = {
        kind.value: (
            frozenset(each.value for each in transition.begins),
            frozenset(each.value for each in transition.ends),
            transition.two_signatures,
        )
        for kind, transition in TRANSITIONS.items()
    }
    assert table == {
        kind: (frozenset(begins.split()), frozenset(ends.split()), two)
        for kind, (begins, ends, two) in verifier.STORY.items()
    }
    assert {kind.value for kind, each in TRANSITIONS.items() if each.restores} == {verifier.RESTORES}

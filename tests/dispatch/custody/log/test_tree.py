"""The tree against the vectors that transparency-dev/merkle publishes, and against RFC 9162's own recursion.

Constants are facts of github.com/transparency-dev/merkle (testonly/constants.go, cmd/proofgen,
rfc6962/rfc6962_test.go, compact/range_test.go), whose leaves are those of Certificate Transparency's first
tests. What may go wrong with a proof is spoilt here as their generated probes spoil it.
"""

from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.custody.log import tree
from dispatch.custody.log.note import encoded

INPUTS = [
    bytes.fromhex(each)
    for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    bytes.fromhex(each)
    for each in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
# Published proofs, each hash by its first eight digits: they name it among all of these trees.
INCLUSIONS = {
    (0, 1): [],
    (0, 8): ["96a296d2", "5f083f0a", "6b47aaf2"],
    (5, 8): ["bc1a0643", "ca854ea1", "d37ee418"],
    (2, 3): ["fac54203"],
    (1, 5): ["6e340b9c", "5f083f0a", "bc1a0643"],
}
CONSISTENCIES = {
    (1, 1): [],
    (1, 8): ["96a296d2", "5f083f0a", "6b47aaf2"],
    (6, 8): ["0ebc5d34", "ca854ea1", "d37ee418"],
    (2, 5): ["5f083f0a", "bc1a0643"],
    (6, 7): ["0ebc5d34", "b08693ec", "d37ee418"],
}
# Roots of leaves that hold their index in two bytes, low byte first.
GOLDEN = {
    10: "VjWMPSYNtCuCNlF/RLnQy6HcwSk6CIipfxm+hettA+4=",
    15: "j4SulYmocFuxdeyp12xXCIgK6PekBcxzAIj4zbQzNEI=",
    16: "c+4Uc6BCMOZf/v3NZK1kqTUJe+bBoFtOhP+P3SayKRE=",
    100: "dUh9hYH88p0CMoHkdr1wC2szbhcLAXOejWpINIooKUY=",
    255: "SmdsuKUqiod3RX2jyF2M6JnbdE4QuTwwipfAowI4/i0=",
    256: "qFI0t/tZ1MdOYgyPpPzHFiZVw86koScXy9q3FU5casA=",
    1000: "RXrgb8xHd55Y48FbfotJwCbV82Kx22LZfEbmBGAvwlQ=",
    4095: "cWRFdQhPcjn9WyBXE/r1f04ejxIm5lvg40DEpRBVS0w=",
    4096: "6uU/phfHg1n/GksYT6TO9aN8EauMCCJRl3dIK0HDs2M=",
    10000: "VZcav65F9haHVRk3wre2axFoBXRNeUh/1d9d5FQfxIg=",
    65535: "iPuVYJhP6SEE4gUFp8qbafd2rYv9YTCDYqAxCj8HdLM=",
}
MOST = 130


class Grown:
    """A tree that was grown leaf by leaf, with the root it had at every size."""

    def __init__(self, contents: list[bytes]) -> None:
        self.nodes: dict[tree.Place, bytes] = {}
        self.roots = [tree.EMPTY_ROOT]
        self.leaves = [tree.leaf_hash(each) for each in contents]
        peaks: list[bytes] = []
        for index, leaf in enumerate(self.leaves):
            self.nodes[0, index] = leaf
            peaks, made = tree.grown(index, peaks, leaf)
            self.nodes.update(made)
            self.roots.append(tree.root_of_peaks(peaks))

    def stored(self, places) -> dict[tree.Place, bytes]:
        return {place: self.nodes[place] for place in places}

    def path(self, index: int, size: int) -> list[bytes]:
        return tree.inclusion_proof(index, size, self.stored)

    def consistency(self, old: int, new: int) -> list[bytes]:
        return tree.consistency_proof(old, new, self.stored)


PUBLISHED = Grown(INPUTS)
WOOD = Grown([index.to_bytes(2, "little") for index in range(MOST)])


def by_recursion(leaves: list[bytes]) -> bytes:
    """MTH as RFC 9162 section 2.1.1 writes it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else tree.EMPTY_ROOT
    half = max(2**power for power in range(20) if 2**power < len(leaves))
    return tree.pair_hash(by_recursion(leaves[:half]), by_recursion(leaves[half:]))


def test_hashes_are_those_published() -> None:
    assert tree.leaf_hash(b"L123456").hex() == (
        "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    )
    assert sha256(b"\x01N123N456").hexdigest() == (
        "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    )
    assert tree.pair_hash(b"N123", b"N456").hex() == sha256(b"\x01N123N456").hexdigest()


def test_roots_are_those_published() -> None:
    assert PUBLISHED.roots == ROOTS


def test_roots_of_larger_trees_are_those_published() -> None:
    peaks: list[bytes] = []
    for size in range(65535):
        peaks, _ = tree.grown(size, peaks, tree.leaf_hash(size.to_bytes(2, "little")))
        if size + 1 in GOLDEN:
            assert encoded(tree.root_of_peaks(peaks)) == GOLDEN[size + 1]


@pytest.mark.parametrize(("of", "hashes"), INCLUSIONS.items())
def test_inclusion_proofs_are_those_published(of: tuple[int, int], hashes: list[str]) -> None:
    assert [each.hex()[:8] for each in PUBLISHED.path(*of)] == hashes


@pytest.mark.parametrize(("of", "hashes"), CONSISTENCIES.items())
def test_consistency_proofs_are_those_published(of: tuple[int, int], hashes: list[str]) -> None:
    assert [each.hex()[:8] for each in PUBLISHED.consistency(*of)] == hashes


def spoilt(proof: list[bytes], *roots: bytes) -> Iterator[list[bytes]]:
    """What must not pass for `proof`."""
    for more in (b"", *roots, *proof[:1]):
        yield [*proof, more]
        yield [more, *proof]
    if proof:
        yield proof[:-1]
        yield []
    for place, step in enumerate(proof):
        yield [*proof[:place], bytes([step[0] ^ 16]) + step[1:], *proof[place + 1 :]]


@pytest.mark.parametrize("of", INCLUSIONS)
def test_a_spoilt_inclusion_proof_is_refused(of: tuple[int, int]) -> None:
    index, size = of
    leaf, proof, root = PUBLISHED.leaves[index], PUBLISHED.path(*of), ROOTS[size]
    holds = tree.inclusion_holds
    assert holds(leaf, index, size, proof, root)
    assert not any(holds(leaf, index, size, wrong, root) for wrong in spoilt(proof, root))
    for wrong_index in {index - 1, index + 1, index ^ 2}:
        assert not holds(leaf, wrong_index, size, proof, root)
    for wrong_size in {size * 2, size // 2}:
        assert not holds(leaf, index, wrong_size, proof, root)
    for wrong_root in (tree.EMPTY_ROOT, sha256(b"some").digest(), b""):
        assert not holds(leaf, index, size, proof, wrong_root)
    for wrong_leaf in (b"WrongLeaf", b"", sha256(b"some").digest()):
        assert not holds(wrong_leaf, index, size, proof, root)


@pytest.mark.parametrize("of", [of for of in CONSISTENCIES if of != (1, 1)])
def test_a_spoilt_consistency_proof_is_refused(of: tuple[int, int]) -> None:
    old, new = of
    proof, before, after = PUBLISHED.consistency(*of), ROOTS[old], ROOTS[new]
    holds = tree.consistency_holds
    assert holds(old, new, proof, before, after)
    assert not any(holds(old, new, wrong, before, after) for wrong in spoilt(proof, before, after))
    for wrong_old in {old - 1, old + 1, old ^ 2}:
        assert not holds(wrong_old, new, proof, before, after)
    for wrong_new in {new * 2, new // 2}:
        assert not holds(old, wrong_new, proof, before, after)
    for wrong in (b"WrongRoot", tree.EMPTY_ROOT):
        assert not holds(old, new, proof, wrong, after)
        assert not holds(old, new, proof, before, wrong)
    assert not holds(old, new, proof, after, before)


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        (0, 0, ROOTS[1], ROOTS[2]),
        (0, 0, ROOTS[1], ROOTS[1][:5]),
        (1, 1, ROOTS[1], ROOTS[2]),
        (1, 0, ROOTS[1], ROOTS[2]),
        (2, 1, ROOTS[1], ROOTS[2]),
        (1, 2, ROOTS[1], ROOTS[2]),
        (0, 1, ROOTS[1], ROOTS[2]),
        (-1, 1, ROOTS[0], ROOTS[1]),
    ],
)
def test_no_empty_proof_joins_trees_that_differ(old: int, new: int, before: bytes, after: bytes) -> None:
    assert not tree.consistency_holds(old, new, [], before, after)


def test_equal_trees_need_an_empty_proof() -> None:
    for size in (0, 1, 5):
        assert tree.consistency_holds(size, size, [], ROOTS[size], ROOTS[size])
        assert not tree.consistency_holds(size, size, [ROOTS[0]], ROOTS[size], ROOTS[size])


def test_every_tree_begins_with_the_empty_one() -> None:
    assert tree.consistency_holds(0, 8, [], tree.EMPTY_ROOT, ROOTS[8])
    assert not tree.consistency_holds(0, 8, [ROOTS[8]], tree.EMPTY_ROOT, ROOTS[8])


@pytest.mark.parametrize("of", [(0, 0), (3, 3), (-1, 3)])
def test_a_leaf_that_is_not_there_has_no_proof(of: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        PUBLISHED.path(*of)


def test_a_tree_does_not_shrink() -> None:
    with pytest.raises(ValueError, match="larger to the smaller"):
        PUBLISHED.consistency(3, 2)


def test_the_root_is_that_of_the_recursion_at_every_size() -> None:
    for size in range(MOST + 1):
        assert WOOD.roots[size] == by_recursion(WOOD.leaves[:size]) == tree.root(size, WOOD.stored)


def test_every_inclusion_proof_up_to_130_leaves_holds() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            proof = WOOD.path(index, size)
            assert tree.inclusion_holds(WOOD.leaves[index], index, size, proof, WOOD.roots[size])
            assert len(proof) <= (size - 1).bit_length()


def test_every_consistency_proof_up_to_130_leaves_holds() -> None:
    for new in range(MOST + 1):
        for old in range(new + 1):
            proof = WOOD.consistency(old, new)
            assert tree.consistency_holds(old, new, proof, WOOD.roots[old], WOOD.roots[new])


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8 % len(content)] ^= 1 << bit % 8
    return bytes(changed)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_flipped_bit_passes(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, MOST))
    old, index = data.draw(st.integers(1, new - 1)), data.draw(st.integers(0, new - 1))
    bit, which = data.draw(st.integers(0, 255)), data.draw(st.integers(0, 20))
    root, leaf = WOOD.roots[new], WOOD.leaves[index]
    path, joint = WOOD.path(index, new), WOOD.consistency(old, new)
    place = which % len(path)
    wrong = [*path[:place], flipped(path[place], bit), *path[place + 1 :]]
    assert not tree.inclusion_holds(leaf, index, new, wrong, root)
    assert not tree.inclusion_holds(flipped(leaf, bit), index, new, path, root)
    assert not tree.inclusion_holds(leaf, index, new, path, flipped(root, bit))
    place = which % len(joint)
    wrong = [*joint[:place], flipped(joint[place], bit), *joint[place + 1 :]]
    assert not tree.consistency_holds(old, new, wrong, WOOD.roots[old], root)
    assert not tree.consistency_holds(old, new, joint, flipped(WOOD.roots[old], bit), root)
    assert not tree.consistency_holds(old, new, joint, WOOD.roots[old], flipped(root, bit))


@given(st.integers(2, MOST), st.data())
@settings(max_examples=100, deadline=None)
def test_a_proof_serves_no_other_leaf_or_size(size: int, data: st.DataObject) -> None:
    index, other = (data.draw(st.integers(0, size - 1)) for _ in range(2))
    if index != other:
        path = WOOD.path(index, size)
        assert not tree.inclusion_holds(WOOD.leaves[other], index, size, path, WOOD.roots[size])
        assert not tree.inclusion_holds(WOOD.leaves[index], other, size, path, WOOD.roots[size])

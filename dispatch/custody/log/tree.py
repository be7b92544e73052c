"""The Merkle tree of the log: hashes, roots and proofs, over any store of complete subtrees.

Hashing is RFC 6962 section 2.1 (kept in RFC 9162 section 2.1.1): SHA-256, 0x00 before a leaf, 0x01 before
a pair. Proofs and their checks are RFC 9162 sections 2.1.3 and 2.1.4. Nothing here touches a database: a
store is a function from places to hashes, so that a proof is one query.

A node (level, place) is the root of the complete subtree over leaves ``place << level`` up to, not
including, ``(place + 1) << level``; level 0 are the leaves. Such a node never changes once it is full.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TypeAlias

HASH_BYTES = 32
# RFC 9162 section 2.1.1: the root of no leaves is the hash of the empty string.
EMPTY_ROOT = sha256(b"").digest()

Place: TypeAlias = tuple[int, int]
Stored: TypeAlias = Callable[[Sequence[Place]], Mapping[Place, bytes]]
_Range: TypeAlias = tuple[int, int]


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf's content: SHA-256(0x00 || content)."""
    return sha256(b"\x00" + content).digest()


def pair_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def peaks_of(size: int) -> list[Place]:
    """Return the complete subtrees, left to right, that a tree of `size` leaves is made of."""
    return _pieces(0, size)


def root_of_peaks(peaks: Sequence[bytes]) -> bytes:
    """Fold the hashes of `peaks_of` a tree into its root."""
    if not peaks:
        return EMPTY_ROOT
    *rest, root = peaks
    for peak in reversed(rest):
        root = pair_hash(peak, root)
    return root


def grown(size: int, peaks: Sequence[bytes], leaf: bytes) -> tuple[list[bytes], list[tuple[Place, bytes]]]:
    """Put one leaf at the end of a tree.

    Parameters
    ----------
    size
        Leaves before.
    peaks
        Hashes of `peaks_of(size)`.
    leaf
        The new leaf's hash.

    Returns
    -------
    tuple
        The new peaks, and every complete subtree above the leaf that it filled.
    """
    left, made, level = list(peaks), [], 0
    while size >> level & 1:
        leaf = pair_hash(left.pop(), leaf)
        level += 1
        made.append(((level, size >> level), leaf))
    return [*left, leaf], made


def root(size: int, stored: Stored) -> bytes:
    """Return the root of the first `size` leaves (RFC 9162 section 2.1.1)."""
    return _hashes([(0, size)], stored)[0] if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, stored: Stored) -> list[bytes]:
    """Return the path from leaf `index` to the root of `size` leaves (RFC 9162 section 2.1.3.1).

    Raises
    ------
    ValueError
        When the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    return _hashes(_path(index, 0, size), stored)


def consistency_proof(old: int, new: int, stored: Stored) -> list[bytes]:
    """Return the proof that the first `old` of `new` leaves are unchanged (RFC 9162 section 2.1.4.1).

    It is empty where nothing needs proof: equal sizes, and the empty tree.

    Raises
    ------
    ValueError
        When `old` is above `new`.
    """
    if not 0 <= old <= new:
        raise ValueError("a tree does not grow from the larger to the smaller")
    if old in (0, new):
        return []
    return _hashes(_subproof(old, 0, new, whole=True), stored)


def inclusion_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `proof` leads from the hash `leaf` at `index` to `root` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or not _whole((leaf, root, *proof)):
        return False
    first, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = pair_hash(step, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = pair_hash(found, step)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root


def consistency_holds(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether the tree of `new` leaves begins with the tree of `old` (RFC 9162 section 2.1.4.2).

    Every tree begins with the empty one, which needs an empty proof.
    """
    if not 0 <= old <= new or not _whole((old_root, new_root, *proof)):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if not proof:
        return False
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            before, after = pair_hash(step, before), pair_hash(step, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = pair_hash(after, step)
        first, last = first >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _whole(hashes: Iterable[bytes]) -> bool:
    return all(len(each) == HASH_BYTES for each in hashes)


def _split(size: int) -> int:
    """Return the largest power of two below `size`: k of RFC 9162 section 2.1.1."""
    return 1 << (size - 1).bit_length() - 1


def _path(index: int, low: int, high: int) -> list[_Range]:
    """Return the leaves under each hash of PATH(index, D[low:high]), from the leaf upwards."""
    found: list[_Range] = []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return found[::-1]


def _subproof(old: int, low: int, high: int, *, whole: bool) -> list[_Range]:
    """Return the leaves under each hash of SUBPROOF(old, D[low:high], whole)."""
    found: list[_Range] = []
    while old != high - low:
        middle = _split(high - low)
        if old <= middle:
            found.append((low + middle, high))
            high = low + middle
        else:
            found.append((low, low + middle))
            old, low, whole = old - middle, low + middle, False
    return ([] if whole else [(low, high)]) + found[::-1]


def _pieces(low: int, high: int) -> list[Place]:
    """Return the complete subtrees that leaves [low, high) are made of; `low` must begin a subtree."""
    found: list[Place] = []
    while low < high:
        level = (high - low).bit_length() - 1
        found.append((level, low >> level))
        low += 1 << level
    return found


def _hashes(ranges: Sequence[_Range], stored: Stored) -> list[bytes]:
    """Return the root over each range of leaves, asking the store once for all of them."""
    pieces = [_pieces(low, high) for low, high in ranges]
    known = stored([place for each in pieces for place in each])
    return [root_of_peaks([known[place] for place in each]) for each in pieces]

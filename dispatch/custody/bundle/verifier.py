"""Check an audit bundle of Housecall's custody ledger, without its database, server or program.

    python -I verify.py DIR [--checkpoint FILE] [--key KEY] [--witness KEY] [--all]

This one file needs Python 3.11 or newer and the package `cryptography`; it imports nothing of Housecall
and shares no code with it, so that two implementations check each other. It ends with 0 when everything
agrees, with 1 when something does not (the first wrong leaf is named first), with 2 when DIR is no bundle.

What it proves, in this order:

1. the files are those of the manifest (SHA-256);
2. each leaf's bytes are in the log (RFC 6962 hashing, RFC 9162 inclusion), and a bundle of the whole log
   gives the signed root again, leaf by leaf;
3. the checkpoints are signed (C2SP signed notes, Ed25519), continue one another (RFC 9162 consistency),
   and what witnesses (C2SP cosignatures) and time-stamping authorities (RFC 3161) put on them fits them;
4. every row of the ledger says what the signed bytes say;
5. the story of each vial adds up: sequence, states, holders, signatures, and drug to the microgram.

A checkpoint that somebody outside kept (`--checkpoint`: a witness's, or an earlier bundle's
``checkpoint.txt``) is what shows a log that was cut or rebuilt and signed again as a whole.
"""

import argparse
import base64
import json
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "housecall custody bundle 1"
RIGHT, WRONG, NO_BUNDLE = 0, 1, 2
HEADER, MANIFEST, PROOFS = "bundle.json", "MANIFEST", "proofs.jsonl"

JsonObject: TypeAlias = dict[str, Any]


class NoBundle(Exception):
    """The directory holds no bundle that this program can read; the text says why."""


class Fault(NamedTuple):
    """Something that does not agree; `leaf` is None where no single leaf can be named."""

    leaf: int | None
    text: str


# --- The tree: RFC 6962 section 2.1, RFC 9162 section 2.1 ----------------------------------------------


def hash_of_leaf(content: bytes) -> bytes:
    """Return SHA-256(0x00 || content)."""
    return sha256(b"\x00" + content).digest()


def hash_of_pair(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def levels_of(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the hashes of all complete subtrees, by level; level 0 are the leaves."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([hash_of_pair(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return levels


def tops_of(size: int) -> Iterator[tuple[int, int]]:
    """Yield (level, number) of the complete subtrees that a tree of `size` leaves is made of."""
    begins = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            yield level, begins >> level
            begins += 1 << level


def root_of(levels: Sequence[Sequence[bytes]], size: int) -> bytes:
    """Return the root over the first `size` leaves: complete subtrees, folded from the right."""
    tops = [levels[level][number] for level, number in tops_of(size)]
    root = tops.pop() if tops else sha256(b"").digest()
    for top in reversed(tops):
        root = hash_of_pair(top, root)
    return root


def leads_to(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `path` leads from a leaf's hash to the root: its place says on which side each lies.

    On the way up from `index` a neighbour exists on every level but those where the node stands alone at
    the right edge of the tree (RFC 9162 section 2.1.3.2).
    """
    if not 0 <= index < size or not len(leaf) == len(root) == 32:
        return False
    found, steps, last = leaf, iter(path), size - 1
    while last:
        if index & 1 or index < last:
            step = next(steps, None)
            if step is None or len(step) != 32:
                return False
            found = hash_of_pair(step, found) if index & 1 else hash_of_pair(found, step)
        index, last = index >> 1, last >> 1
    return next(steps, None) is None and found == root


def continues(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether the tree of `new` leaves begins with that of `old` (RFC 9162 section 2.1.4.2).

    The path is read as a list of subtrees that is folded twice: those left of `old` give the old root,
    all of them the new one. Of an empty log nothing can be proven, nor need it be.
    """
    if 0 < old == new:
        return not path and old_root == new_root
    if not 0 < old < new or not len(old_root) == len(new_root) == 32:
        return False
    if not path or any(len(step) != 32 for step in path):
        return False
    # Up from the last old leaf: subtrees that end exactly there are whole in both trees.
    first, last, steps = old - 1, new - 1, list(path)
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = steps.pop(0) if first else old_root
    while last:
        if first & 1 or first < last:
            if not steps:
                return False
            step = steps.pop(0)
            if first & 1:
                before, after = hash_of_pair(step, before), hash_of_pair(step, after)
            else:
                after = hash_of_pair(after, step)
        first, last = first >> 1, last >> 1
    return not steps and before == old_root and after == new_root


# --- Signed notes, checkpoints, cosignatures: C2SP signed-note, tlog-checkpoint, tlog-cosignature ------

NOTE_SIGNATURE, COSIGNATURE = 1, 4


class Key(NamedTuple):
    """A verifier key: ``<name>+<key id>+<base64 of type and public key>``."""

    name: str
    key_id: bytes
    kind: int
    public: bytes

    @classmethod
    def read(cls, text: str) -> "Key":
        """Read a verifier key, or raise ValueError."""
        name, key_id, material = text.split("+", 2)
        raw = _unbase64(material)
        own = sha256(name.encode() + b"\n" + raw).digest()[:4]
        if own.hex() != key_id or len(raw) != 33:
            raise ValueError("the key's id is not that of its public key")
        return cls(name, own, raw[0], raw[1:])

    def signed(self, text: bytes, signature: bytes) -> bool:
        """Tell whether this key signed `text`; a cosignature carries its own time in front."""
        if self.kind == COSIGNATURE:
            at = int.from_bytes(signature[:8], "big")
            text, signature = f"cosignature/v1\ntime {at}\n".encode() + text, signature[8:]
        elif self.kind != NOTE_SIGNATURE:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


class Note(NamedTuple):
    """A signed note: its text and (name, key id, signature) of each line below it."""

    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def read(cls, raw: str) -> "Note":
        """Read a note, or raise ValueError."""
        if any(ord(letter) < 0x20 and letter != "\n" for letter in raw):
            raise ValueError("a note holds no control characters")
        text, gap, below = raw.rpartition("\n\n")
        if not gap or not below.endswith("\n"):
            raise ValueError("a note ends with signature lines after an empty line")
        return cls(text.encode() + b"\n", tuple(signature_line(line) for line in below[:-1].split("\n")))

    def signed_by(self, key: Key) -> bool | None:
        """Tell whether `key` signed; None where it did not try, False where its line is wrong."""
        own = [raw for name, key_id, raw in self.signatures if (name, key_id) == (key.name, key.key_id)]
        return all(key.signed(self.text, raw) for raw in own) if own else None


def signature_line(line: str) -> tuple[str, bytes, bytes]:
    """Read ``— <name> <base64 of key id and signature>``, or raise ValueError."""
    dash, name, encoded = line.split(" ")
    raw = _unbase64(encoded)
    if dash != "\u2014" or not name or len(raw) < 5:
        raise ValueError("this is no signature line")
    return name, raw[:4], raw[4:]


class Checkpoint(NamedTuple):
    """What a checkpoint says: whose log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes
    note: Note

    @classmethod
    def read(cls, raw: str) -> "Checkpoint":
        """Read a checkpoint, or raise ValueError."""
        note = Note.read(raw)
        origin, size, root, *_more = note.text.decode().split("\n")
        hashed = _unbase64(root)
        if not origin or int(size) < 0 or str(int(size)) != size or len(hashed) != 32:
            raise ValueError("this is no checkpoint")
        return cls(origin, int(size), hashed, note)


def _unbase64(text: str) -> bytes:
    """Return the bytes of base64 in its one canonical writing, or raise ValueError."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("this base64 is not canonical")
    return raw


# --- Timestamps: RFC 3161 in DER, as far as needed to find what was stamped, and when ------------------

SHA256 = bytes.fromhex("0609608648016503040201")


def der(raw: bytes) -> list[bytes]:
    """Return the content of each DER element in `raw`; ValueError where it is none."""
    found, at = [], 0
    while at < len(raw):
        length, at = raw[at + 1] if at + 1 < len(raw) else 0, at + 2
        if length & 0x80:
            octets = length & 0x7F
            length, at = int.from_bytes(raw[at : at + octets], "big"), at + octets
        if at + length > len(raw):
            raise ValueError("the DER ends too early")
        found.append(raw[at : at + length])
        at += length
    return found


def stamped(response: bytes) -> tuple[bytes, datetime]:
    """Return the SHA-256 that a time-stamping authority stamped, and when; ValueError where it is none.

    TimeStampResp > ContentInfo > SignedData > EncapsulatedContentInfo > TSTInfo (RFC 3161 section 2.4.2).
    """
    _status, token = der(der(response)[0])
    _signed_data, explicit = der(token)
    _version, _algorithms, encapsulated, *_ = der(der(explicit)[0])
    _tst_info, wrapped = der(encapsulated)
    _version, _policy, imprint, _serial, at, *_ = der(der(der(wrapped)[0])[0])
    algorithm, digest = der(imprint)
    if not algorithm.startswith(SHA256):
        raise ValueError("it is not over a SHA-256")
    whole, _, fraction = at.decode("ascii").rstrip("Z").partition(".")
    moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return digest, moment.replace(microsecond=int((fraction + "000000")[:6]))


# --- The bundle ----------------------------------------------------------------------------------------

EVENT = "custody_event"


@dataclass
class Bundle:
    """The files of a bundle, and their tables once they are read."""

    files: Mapping[str, bytes]
    header: JsonObject
    parsed: dict[str, list[JsonObject]] = field(default_factory=dict)

    @classmethod
    def read(cls, files: Mapping[str, bytes]) -> "Bundle":
        """Recognise a bundle, or raise `NoBundle`."""
        try:
            header = json.loads(files[HEADER])
        except KeyError:
            raise NoBundle(f"there is no {HEADER}") from None
        except ValueError:
            raise NoBundle(f"{HEADER} is no JSON") from None
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise NoBundle(f"{HEADER} does not say {FORMAT!r}")
        if MANIFEST not in files:
            raise NoBundle(f"there is no {MANIFEST}")
        return cls(files, header)

    @property
    def whole(self) -> bool:
        """Tell whether the bundle says that it holds the whole log."""
        return self.header.get("whole") is True

    def lines(self, name: str) -> list[JsonObject]:
        """Return the objects of a JSON-lines file, read once; none where it is not there."""
        if name not in self.parsed:
            self.parsed[name] = self._objects(name)
        return self.parsed[name]

    def _objects(self, name: str) -> list[JsonObject]:
        raw = self.files.get(name, b"")
        try:
            found = [json.loads(line) for line in raw.splitlines() if line]
        except ValueError:
            raise NoBundle(f"{name} is no JSON-lines file") from None
        if not all(isinstance(each, dict) for each in found):
            raise NoBundle(f"{name} holds something else than objects")
        return found

    def table(self, name: str) -> list[JsonObject]:
        """Return the rows of one of the ledger's tables."""
        return self.lines(f"rows/{name}.jsonl")

    @cached_property
    def leaves(self) -> "list[Leaf]":
        """The leaves in the log's order."""
        rows = {row.get("id"): row for row in self.table(EVENT)}
        found = [Leaf.of(row, rows) for row in self.table("custody_log_leaf")]
        return sorted(found, key=lambda leaf: leaf.index)

    @cached_property
    def checkpoints(self) -> "list[tuple[JsonObject, Checkpoint]]":
        """The checkpoints in the order they were signed, each with its row; unreadable ones left out."""
        found = []
        for row in sorted(
            self.table("custody_log_checkpoint"), key=lambda row: str(row.get("number")).zfill(20)
        ):
            try:
                found.append((row, Checkpoint.read(row["note"])))
            except (KeyError, TypeError, ValueError):
                continue
        return found

    @property
    def newest(self) -> "Checkpoint | None":
        """The newest checkpoint: what everything else is proven against."""
        return self.checkpoints[-1][1] if self.checkpoints else None

    @cached_property
    def levels(self) -> list[list[bytes]]:
        """The hashes that the log keeps of its leaves, and of the subtrees over them (whole bundles)."""
        return levels_of([_bytes(leaf.stored_hash) for leaf in self.leaves])

    def root_at(self, size: int) -> bytes | None:
        """Return the root over the first `size` leaves of a whole log; None where it has not as many."""
        return root_of(self.levels, size) if size <= len(self.leaves) else None

    @cached_property
    def events(self) -> "list[Leaf]":
        """The leaves of events whose signed bytes can be read, in the log's order."""
        return [leaf for leaf in self.leaves if leaf.kind == "event" and leaf.told]


@dataclass
class Leaf:
    """One leaf: where it stands, its signed bytes, what they tell, and its own rows."""

    index: int
    kind: str
    entry_id: str
    stored_hash: str
    content: bytes | None
    told: JsonObject
    row: JsonObject = field(default_factory=dict)

    @classmethod
    def of(cls, leaf: JsonObject, events: Mapping[Any, JsonObject]) -> "Leaf":
        """Put a leaf's row together with its bytes, which an event keeps in its own row."""
        kind, entry_id = str(leaf.get("kind")), str(leaf.get("entry_id"))
        own = events.get(entry_id, {}) if kind == "event" else {}
        text = own.get("canonical") if kind == "event" else leaf.get("content")
        content = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else None
        index = leaf.get("leaf_index")
        return cls(
            index=index if isinstance(index, int) else -1,
            kind=kind,
            entry_id=entry_id,
            stored_hash=str(leaf.get("leaf_hash")),
            content=content,
            told=_told(content),
            row=own,
        )

    @property
    def name(self) -> str:
        """Name the leaf for a reader."""
        vial = self.told.get("container", {}).get("serial", "")
        said = [f"{self.told.get('kind', self.kind)} {self.entry_id}" if self.kind != "event" else ""]
        if self.kind == "event":
            said = [f"event {self.entry_id}", str(self.told.get("kind", ""))]
        said += [
            f"vial {vial}" if vial else "",
            str(self.told.get("server_time") or self.told.get("at") or ""),
        ]
        return f"leaf {self.index} ({', '.join(each for each in said if each)})"


def _told(content: bytes | None) -> JsonObject:
    """Read signed bytes: canonical JSON (RFC 8785) of whole numbers and text; nothing where they are not."""
    if content is None:
        return {}
    try:
        told = json.loads(content, object_pairs_hook=_no_twice, parse_float=_no_float)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    again = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if again.encode("utf-8", "surrogatepass") != content:
        return {}
    return _first_form(told) if told.get("v") == 1 and "signers" in told else told


def _first_form(told: JsonObject) -> JsonObject:
    """Bring an event of the first form, which told little of the vial and the signatures, into the second."""
    vial = {
        "id": told.get("container_id"),
        "lot_id": told.pop("lot_id", None),
        "serial": told.pop("serial", None),
    }
    signers = [
        {
            "role": each["role"],
            "account_id": each["account_id"],
            "person_ref": each["person"],
            "session_ref": each["session"],
        }
        for each in told["signers"]
    ]
    stands = {
        "state": told.get("to_state"),
        "holder": told.get("to_holder"),
        "sequence": told.get("sequence"),
    }
    return told | {"container": vial | stands, "signers": signers}


def _no_twice(pairs: list[tuple[str, Any]]) -> JsonObject:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is no whole number")


def _bytes(text: object) -> bytes:
    """Return the bytes of a hexadecimal cell; none where it is not one."""
    try:
        return bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _same(cell: Any, told: Any) -> bool:
    """Tell whether a row's cell is what was told: equal in type and value, text in its NFC form."""
    if isinstance(cell, (dict, list)):
        flat = json.dumps(cell, sort_keys=True, ensure_ascii=False)
        return unicodedata.normalize("NFC", flat) == json.dumps(told, sort_keys=True, ensure_ascii=False)
    if isinstance(cell, str) and isinstance(told, str):
        return cell == told or unicodedata.normalize("NFC", cell) == told
    return type(cell) is type(told) and bool(cell == told)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True) if not isinstance(value, str) else value
    return text if len(text) <= 60 else text[:57] + "..."


def _committed(salt: object, secret: object) -> str | None:
    """Return the commitment to an id: SHA-256(salt || id); None where either cannot be read."""
    raw, own = _bytes(salt), _bytes(str(secret).replace("-", ""))
    if not raw or len(own) != 16 or str(secret) != str(secret).lower():
        return None
    return sha256(raw + own).hexdigest()


# --- 1: files ------------------------------------------------------------------------------------------


def files_are_those_of_the_manifest(bundle: Bundle) -> Iterator[Fault]:
    """Every file is listed in MANIFEST (the format of ``sha256sum``) with its own hash."""
    listed = {}
    for line in bundle.files[MANIFEST].decode("utf-8", "replace").splitlines():
        digest, gap, name = line.partition("  ")
        if not gap:
            yield Fault(None, f"{MANIFEST}: this is no line of it: {_short(line)}")
        listed[name] = digest
    for name in sorted({*listed, *bundle.files} - {MANIFEST}):
        if name not in bundle.files:
            yield Fault(None, f"file {name}: it is in the manifest, but not in the bundle")
        elif name not in listed:
            yield Fault(None, f"file {name}: it is not in the manifest")
        elif sha256(bundle.files[name]).hexdigest() != listed[name]:
            yield Fault(None, f"file {name}: it is not the one of the manifest (SHA-256)")


# --- 2: the leaves are in the log ----------------------------------------------------------------------


def leaves_are_what_was_logged(bundle: Bundle) -> Iterator[Fault]:
    """Each leaf's bytes can be read and have the hash that the log keeps of them."""
    seen: set[int] = set()
    for leaf in bundle.leaves:
        if leaf.index < 0 or leaf.index in seen:
            yield Fault(leaf.index, f"{leaf.name}: its number is none, or stands twice")
        seen.add(leaf.index)
        if leaf.content is None:
            yield Fault(leaf.index, f"{leaf.name}: its signed bytes are missing; the row was taken away")
        elif hash_of_leaf(leaf.content).hex() != leaf.stored_hash:
            yield Fault(leaf.index, f"{leaf.name}: the signed bytes are not those of the log")
        elif not leaf.told:
            yield Fault(leaf.index, f"{leaf.name}: the signed bytes are no canonical JSON")
        elif leaf.kind == "event" and leaf.told.get("id") != leaf.entry_id:
            yield Fault(leaf.index, f"{leaf.name}: the signed bytes are of another entry")
    if bundle.whole:
        for index in sorted(set(range(len(bundle.leaves))) - seen):
            yield Fault(index, f"leaf {index}: it is missing")


def proofs_lead_to_the_checkpoint(bundle: Bundle) -> Iterator[Fault]:
    """In a part of the log, each leaf's audit path leads to the newest checkpoint's root."""
    if bundle.whole:
        return
    newest = bundle.newest
    paths = {line["leaf"]: line for line in bundle.lines(PROOFS) if "leaf" in line}
    for leaf in bundle.leaves:
        if newest is None or leaf.index >= newest.size:
            continue
        line = paths.get(leaf.index, {})
        path = [_bytes(step) for step in line.get("path", ())]
        if not leads_to(_bytes(leaf.stored_hash), leaf.index, newest.size, path, newest.root):
            yield Fault(leaf.index, f"{leaf.name}: it is not in the log that checkpoint {newest.size} signs")


def log_is_whole(bundle: Bundle) -> Iterator[Fault]:
    """In a bundle of the whole log, the subtrees on record are those over its leaves, and none is missing."""
    if not bundle.whole:
        return
    kept = {row.get("place"): row.get("hash") for row in bundle.table("custody_log_node")}
    named: list[int] = []
    for level, hashes in enumerate(bundle.levels[1:], start=1):
        for number, hashed in enumerate(hashes):
            first, last = number << level, (number + 1 << level) - 1
            if kept.pop((level << 48) + number, None) == hashed.hex():
                continue
            # A wrong subtree makes every one above it wrong: the smallest is named.
            if not any(first <= leaf <= last for leaf in named):
                named.append(first)
                yield Fault(first, f"leaves {first} to {last}: they are not those the log was built from")
    if kept:
        yield Fault(None, f"the log keeps {len(kept)} subtrees over leaves that are not there")
    size = len(bundle.leaves)
    tops = b"".join(bundle.levels[level][number] for level, number in tops_of(size))
    heads = bundle.table("custody_log_head")
    if heads != [{"id": 1, "size": size, "peaks": tops.hex()}] and (heads or size):
        yield Fault(None, f"the head of the log is not over these {size} leaves")


# --- 3: checkpoints ------------------------------------------------------------------------------------


def checkpoints_are_signed(bundle: Bundle) -> Iterator[Fault]:
    """Every checkpoint is signed by a key that was the log's own at that time, and says what its row says."""
    rows = bundle.table("custody_log_checkpoint")
    if len(rows) != len(bundle.checkpoints):
        yield Fault(None, "a checkpoint cannot be read")
    if not bundle.checkpoints:
        yield Fault(None, "there is no checkpoint: nothing in this bundle is signed")
    for name, numbered in (("checkpoint", rows), ("key of the log", bundle.table("custody_log_key"))):
        if sorted(str(row.get("number")) for row in numbered) != sorted(
            map(str, range(1, len(numbered) + 1))
        ):
            yield Fault(None, f"a {name} is missing: they are not numbered from 1 to {len(numbered)}")
    keys = list(_keys(bundle))
    for row, checkpoint in bundle.checkpoints:
        name = f"checkpoint {row.get('number')} ({checkpoint.size} leaves)"
        own = next((each for each in keys if each[0].get("id") == row.get("key_id")), None)
        if own is None or not checkpoint.note.signed_by(own[1]):
            yield Fault(None, f"{name}: it is not signed by the log's key")
        elif not str(own[0].get("adopted_at")) <= str(row.get("signed_at")) < own[2]:
            yield Fault(None, f"{name}: its key was not the log's at that time")
        if (row.get("size"), row.get("root_hash")) != (checkpoint.size, checkpoint.root.hex()):
            yield Fault(None, f"{name}: its row is not what was signed")
        if checkpoint.origin != bundle.header.get("origin"):
            yield Fault(None, f"{name}: it is of another log, {_short(checkpoint.origin)}")


# The first line of a note by which two people name a new key because the one before is lost.
LOST = b"housecall log key lost/v1\n"


def _keys(bundle: Bundle) -> Iterator[tuple[JsonObject, Key, str]]:
    """Yield the log's keys with their rows, and until when each was the log's."""
    rows = sorted(bundle.table("custody_log_key"), key=lambda row: str(row.get("number")).zfill(20))
    for row, after in zip(rows, [*rows[1:], {}], strict=True):
        try:
            yield row, Key.read(str(row.get("verifier"))), str(after.get("adopted_at", "9999"))
        except ValueError:
            continue


def keys_follow_each_other(bundle: Bundle) -> Iterator[Fault]:
    """Each key but the first was handed over: the key before signed a note that names it. Or two people
    declared the key before lost: then only the new one signed, and `account_of` says so."""
    found = list(_keys(bundle))
    if len(found) != len(bundle.table("custody_log_key")):
        yield Fault(None, "a key of the log cannot be read")
    for (old, before, _until), (row, key, _end) in pairwise(found):
        try:
            note = Note.read(str(row.get("hand_over")))
        except ValueError:
            yield Fault(None, f"key {row.get('number')}: nobody handed over to it")
            continue
        if note.text.startswith(LOST):
            lines = note.text.decode("utf-8", "replace").split("\n")
            keys = [before.name, str(old.get("verifier")), str(row.get("verifier"))]
            people = {line.partition(" ")[0] for line in lines[5:7]}
            if lines[1:4] != keys or len(lines) != 8 or len(people) != 2 or not note.signed_by(key):
                yield Fault(None, f"key {row.get('number')}: no two people declared the key before lost")
            continue
        named = str(row.get("verifier")).encode() in note.text
        if not (named and note.signed_by(before) and note.signed_by(key)):
            yield Fault(None, f"key {row.get('number')}: the key before did not hand over to it")


def checkpoints_continue_each_other(bundle: Bundle) -> Iterator[Fault]:
    """Each checkpoint begins with the one before; in a whole bundle, each has the root of its leaves."""
    paths = {(line["from"], line["to"]): line["path"] for line in bundle.lines(PROOFS) if "from" in line}
    held = len(bundle.leaves) if bundle.whole else bundle.header.get("log_size")
    before: Checkpoint | None = None
    for row, checkpoint in bundle.checkpoints:
        name = f"checkpoint {row.get('number')} ({checkpoint.size} leaves)"
        since = before.size if before else 0
        if isinstance(held, int) and checkpoint.size > held:
            yield Fault(None, f"{name}: the log holds only {held} leaves; its tail was cut off")
        elif bundle.whole and bundle.root_at(checkpoint.size) != checkpoint.root:
            yield Fault(None, f"{name}: its root is not that of the leaves; look at leaves {since} and after")
        elif since and before and not _continues(before, checkpoint, paths):
            yield Fault(None, f"{name}: nothing proves that it begins with the {since} leaves signed before")
        before = checkpoint


def _continues(before: Checkpoint, after: Checkpoint, paths: Mapping[tuple[int, int], Any]) -> bool:
    path = [_bytes(step) for step in paths.get((before.size, after.size), ())]
    return continues(before.size, after.size, path, before.root, after.root)


def others_saw_the_checkpoints(bundle: Bundle) -> Iterator[Fault]:
    """Cosignatures of witnesses and timestamps are over the very checkpoints they stand by."""
    notes = {row.get("number"): checkpoint.note for row, checkpoint in bundle.checkpoints}
    for row in bundle.table("custody_log_cosignature"):
        name = f"cosignature of checkpoint {row.get('checkpoint_number')} by {_short(row.get('verifier'))}"
        note = notes.get(row.get("checkpoint_number"))
        try:
            key, (signer, key_id, raw) = (
                Key.read(str(row["verifier"])),
                signature_line(str(row["line"]).strip("\n")),
            )
        except (KeyError, ValueError):
            yield Fault(None, f"{name}: it cannot be read")
            continue
        at = datetime.fromtimestamp(int.from_bytes(raw[:8], "big") % 2**35, UTC)
        if note is None or (signer, key_id) != (key.name, key.key_id) or not key.signed(note.text, raw):
            yield Fault(None, f"{name}: it is not over this checkpoint")
        elif not str(row.get("cosigned_at")).startswith(at.strftime("%Y-%m-%dT%H:%M:%S.000000")):
            yield Fault(None, f"{name}: the row's time is not the one that was signed")
    for row in bundle.table("custody_log_timestamp"):
        name = f"timestamp of checkpoint {row.get('checkpoint_number')} by {_short(row.get('authority'))}"
        raw_note = next(
            (each for each, _c in bundle.checkpoints if each.get("number") == row.get("checkpoint_number")),
            {},
        )
        try:
            digest, at = stamped(_bytes(row.get("response")))
        except (ValueError, IndexError):
            yield Fault(None, f"{name}: it cannot be read")
            continue
        if digest != sha256(str(raw_note.get("note")).encode()).digest():
            yield Fault(None, f"{name}: it is not over this checkpoint")
        elif row.get("stamped_at") != at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"):
            yield Fault(None, f"{name}: the row's time is not the one that was stamped")


def kept_outside_agrees(bundle: Bundle, raw: str, name: str) -> Iterator[Fault]:
    """A checkpoint that somebody outside kept is a beginning of this log.

    This is what shows a log whose tail was cut, or that was rebuilt and signed again as a whole: inside the
    bundle both look sound.
    """
    try:
        kept = Checkpoint.read(raw)
    except ValueError:
        yield Fault(None, f"{name}: this is no checkpoint")
        return
    size, newest = kept.size, bundle.newest
    roots = {checkpoint.size: checkpoint.root for _row, checkpoint in bundle.checkpoints}
    if kept.origin != bundle.header.get("origin"):
        yield Fault(None, f"{name}: it is of another log, {_short(kept.origin)}")
    elif newest is None or size > newest.size:
        held = newest.size if newest else 0
        yield Fault(
            held, f"{name}: it covers {size} leaves, this log signs only {held}; its tail was cut off"
        )
    elif size not in roots and not bundle.whole:
        yield Fault(
            None, f"{name}: no checkpoint here has its {size} leaves; ask for a bundle of the whole log"
        )
    elif kept.root != (bundle.root_at(size) if bundle.whole else roots[size]):
        yield Fault(None, f"{name}: the first {size} leaves are others now; the log was rebuilt")


# --- 4: rows say what was signed -----------------------------------------------------------------------

# Columns of an event that are compared in their own way, and what its signed bytes tell beside its columns.
OWN_WAY = {
    "canonical", "event_hash", "leaf_index", "visit_id", "visit_salt", "visit_commitment", "text_salt",
}  # fmt: skip
# What somebody typed, and the hash over it: since form 3 the signed bytes commit to them with a salt.
TEXTS = ("reason", "override_reason", "body_hash")
BESIDE = {
    "v",
    *(f"{name}_commitment" for name in TEXTS),
    "container",
    "lot",
    "product",
    "visit_commitment",
    "postings",
    "signers",
}
# What may change without an event: a recall is an entry of its own, a package code is found out later.
MAY_CHANGE = {"lot": {"recalled_at"}, "product": {"gtin"}}


PATIENTS = "patient:"


def events_say_what_was_signed(bundle: Bundle) -> Iterator[Fault]:
    """An event's columns, its lines of drug, its signatures and its closing stand in its signed bytes."""
    parts = {
        name: _by(bundle.table(f"custody_{name}"), "event_id") for name in ("posting", "signature", "closing")
    }
    for leaf in bundle.events:
        mine = {name: rows.pop(leaf.entry_id, []) for name, rows in parts.items()}
        says = [
            *_event_row(leaf), *_postings(leaf, mine["posting"]), *_signatures(leaf, mine["signature"]),
        ]  # fmt: skip
        if len(mine["closing"]) != 1:
            says.append("it is not closed once")
        yield from (Fault(leaf.index, f"{leaf.name}: {said}") for said in says)
    entries = {leaf.entry_id for leaf in bundle.leaves if leaf.kind == "event"}
    for row in bundle.table(EVENT):
        if row.get("id") not in entries:
            yield Fault(None, f"event {row.get('id')}: it has no leaf; nobody signed it")
    for name, rows in parts.items():
        for event_id in rows.keys() - entries:
            yield Fault(None, f"a {name} of event {event_id}: no leaf tells of that event")


def _event_row(leaf: Leaf) -> Iterator[str]:
    row, told = leaf.row, leaf.told
    committed = set(TEXTS) if told.get("v") == 3 else set()
    yield from _contradictions(row, told, OWN_WAY | BESIDE | committed)
    yield from _texts(row, told)
    if leaf.content is not None and row.get("event_hash") != sha256(leaf.content).hexdigest():
        yield "the row's event_hash is not that of the signed bytes"
    if row.get("leaf_index") != (leaf.index if told.get("v") != 1 else None):
        yield _differs("leaf_index", row.get("leaf_index"), leaf.index)
    sealed = row.get("visit_commitment")
    if row.get("visit_id") is not None or row.get("visit_salt") is not None:
        sealed = _committed(row.get("visit_salt"), row.get("visit_id"))
    if sealed != told.get("visit_commitment"):
        yield "the row's visit is not the one in the signed bytes"


def _texts(row: JsonObject, told: JsonObject) -> Iterator[str]:
    if told.get("v") != 3:
        if row.get("text_salt") is not None:
            yield "the row has a salt for texts, the signed bytes tell them as typed"
        return
    salt = _bytes(row.get("text_salt"))
    for name in TEXTS:
        text, sealed = row.get(name), None
        if isinstance(text, str) and salt is not None:
            typed = unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")
            sealed = sha256(salt + name.encode() + b"\0" + typed).hexdigest()
        if sealed != told.get(f"{name}_commitment"):
            yield f"the row's {name} is not the one in the signed bytes"


def _postings(leaf: Leaf, rows: list[JsonObject]) -> Iterator[str]:
    rows = sorted(rows, key=lambda row: (str(type(row.get("id"))), row.get("id")))
    told = leaf.told.get("postings", [])
    if len(rows) != len(told):
        yield f"it has {len(rows)} postings, the signed bytes tell {len(told)}"
        return
    for row, (account, amount_ug) in zip(rows, told, strict=True):
        shown = str(row.get("account"))
        kind, _, visit = shown.partition(":")
        if kind == "patient" and leaf.row.get("visit_salt") is not None:
            shown = f"patient:{_committed(leaf.row['visit_salt'], visit)}"
        if shown != account:
            yield "the account of a posting is not the one in the signed bytes"
        if not _same(row.get("amount_ug"), amount_ug):
            yield _differs("posting", row.get("amount_ug"), amount_ug)
        if row.get("account_kind") != account.partition(":")[0]:
            yield "the kind of a posting's account is not the account's own"
        if row.get("lot_id") != leaf.told.get("container", {}).get("lot_id"):
            yield "the lot of a posting is not the vial's"


def _signatures(leaf: Leaf, rows: list[JsonObject]) -> Iterator[str]:
    by_role = {row.get("role"): row for row in rows}
    signers = {signer.get("role"): signer for signer in leaf.told.get("signers", [])}
    if len(rows) != len(by_role) or by_role.keys() != signers.keys():
        yield "its signatures are not those of the people in the signed bytes"
        return
    for role, signer in signers.items():
        row = by_role[role]
        untold = row.keys() - signer.keys() if leaf.told.get("v") == 1 else set()
        for said in _contradictions(row, signer, {"event_id", "event_hash", *untold}):
            yield f"the {role}'s signature: {said}"
        if row.get("event_hash") != leaf.row.get("event_hash"):
            yield f"the {role}'s signature is not over this event"


def vials_stand_where_their_events_left_them(bundle: Bundle) -> Iterator[Fault]:
    """The rows of a vial, its lot and its product say what its newest event tells of them."""
    for part in ("container", "lot", "product"):
        newest = {leaf.told[part].get("id"): leaf for leaf in bundle.events if part in leaf.told}
        for row in bundle.table(f"custody_{part}"):
            leaf = newest.pop(row.get("id"), None)
            if leaf is None:
                if part == "container" or all("lot" in each.told for each in bundle.events):
                    yield Fault(None, f"{part} {row.get('id')}: no event tells of it")
                continue
            untold = row.keys() - leaf.told[part].keys() if leaf.told.get("v") == 1 else set()
            for said in _contradictions(row, leaf.told[part], MAY_CHANGE.get(part, set()) | untold):
                yield Fault(leaf.index, f"{leaf.name}: the {part}: {said}")
        for leaf in newest.values():
            yield Fault(leaf.index, f"{leaf.name}: the row of its {part} is missing")


def other_entries_say_what_was_signed(bundle: Bundle) -> Iterator[Fault]:
    """Counts, steps of cases and the like: what their rows say, told anew, is what was signed."""
    rows = {(row.get("kind"), row.get("id")): row for row in bundle.lines("entries.jsonl")}
    for leaf in bundle.leaves:
        if leaf.kind == "event" or not leaf.told:
            continue
        row = rows.pop((leaf.kind, leaf.entry_id), None)
        if row is None:
            yield Fault(leaf.index, f"{leaf.name}: its row is missing")
            continue
        anew = row.get("told")
        if not isinstance(anew, dict):
            yield Fault(leaf.index, f"{leaf.name}: its row cannot be read")
            continue
        for said in _contradictions(anew, leaf.told, set()):
            yield Fault(leaf.index, f"{leaf.name}: {said}")
    for kind, entry_id in rows:
        yield Fault(None, f"{kind} {entry_id}: it has no leaf; nobody signed it")


def balances_are_the_sums_of_postings(bundle: Bundle) -> Iterator[Fault]:
    """In a whole bundle, what each account is said to hold is the sum of its postings, and moved last by
    the newest of them."""
    if not bundle.whole:
        return
    ranks = {leaf.entry_id: leaf.index for leaf in bundle.events}
    sums: Counter[tuple[Any, Any]] = Counter()
    last: dict[tuple[Any, Any], tuple[int, Any]] = {}
    for row in bundle.table("custody_posting"):
        key = (_shown_account(bundle, row.get("account")), row.get("lot_id"))
        sums[key] += row["amount_ug"] if isinstance(row.get("amount_ug"), int) else 0
        last[key] = max(last.get(key, (-1, 0)), (ranks.get(str(row.get("event_id")), -1), row.get("id")))
    for row in bundle.table("custody_balance"):
        key = (row.get("account"), row.get("lot_id"))
        index, posting_id = last.pop(key, (None, None))
        name = f"account {_short(row.get('account'))} of lot {row.get('lot_id')}"
        if index is None:
            yield Fault(None, f"{name}: no posting tells of it")
        elif row.get("balance_ug") != sums[key]:
            yield Fault(
                index,
                f"{name}: its balance is {row.get('balance_ug')} ug, its postings sum to {sums[key]} ug",
            )
        elif row.get("last_posting_id") != posting_id and row.get("account") != PATIENTS:
            yield Fault(index, f"{name}: its balance was not moved last by its newest posting")
    for (account, lot_id), (index, _posting) in last.items():
        yield Fault(index, f"account {_short(account)} of lot {lot_id}: its balance is missing")


def _shown_account(bundle: Bundle, account: Any) -> Any:
    """Return the account under which balances are shown: patients' as one, where visits are withheld."""
    hidden = bundle.header.get("shows_visits") is not True and str(account).startswith(PATIENTS)
    return PATIENTS if hidden else account


def _by(rows: Iterable[JsonObject], name: str) -> dict[str, list[JsonObject]]:
    found: dict[str, list[JsonObject]] = defaultdict(list)
    for row in rows:
        found[str(row.get(name))].append(row)
    return found


def _contradictions(row: JsonObject, told: JsonObject, but: Set[str]) -> Iterator[str]:
    """Yield each column in which a row is not what was told; one that is not told must hold nothing."""
    for name in sorted((row.keys() | told.keys()) - but):
        if not _same(row.get(name), told.get(name)):
            yield _differs(name, row.get(name), told.get(name))


def _differs(name: str, row: Any, told: Any) -> str:
    return f"the row's {name} is not the one in the signed bytes ({_short(row)}, signed: {_short(told)})"


# --- 5: the story adds up ------------------------------------------------------------------------------

# Each kind of event: the states it may begin in, those it may end in (none: it leaves the state as it is),
# and whether two people sign. The same table drives the ledger (dispatch/custody/states.py); a test keeps
# the two equal.
OPEN, SEALED = "opened administering residual_pending", "picked_up in_transit"
IN_HAND = f"{SEALED} {OPEN}"
HELD = f"dispensed {IN_HAND}"
ANY = (
    "dispensed picked_up in_transit opened administering residual_pending wasted reconciled "
    "returned recalled expired quarantine destroyed broken lost stolen seal_mismatch"
)
STORY: dict[str, tuple[str, str, bool]] = {
    "dispensed": ("ordered", "dispensed", False),
    "received": ("ordered dispensed", "dispensed quarantine", False),
    "picked_up": ("dispensed", "picked_up", True),
    "set_out": ("picked_up", "in_transit", False),
    "hand_off_offered": (IN_HAND, "", False),
    "hand_off_accepted": (IN_HAND, "", False),
    "hand_off_declined": (IN_HAND, "", False),
    "opened": (SEALED, "opened", False),
    "drawn": (OPEN, "opened administering", False),
    "administered": (OPEN, "administering residual_pending", False),
    "infusion_started": (OPEN, "administering", False),
    "rate_changed": ("administering", "", False),
    "infusion_stopped": ("administering", "administering residual_pending", False),
    "residual_measured": (OPEN, "residual_pending", False),
    "wasted": (OPEN, "residual_pending wasted", True),
    "residual_sealed": (OPEN, "residual_pending", False),
    "residual_returned": (OPEN, "quarantine", True),
    "returned": ("picked_up in_transit broken seal_mismatch", "returned recalled expired quarantine", True),
    "restocked": ("returned", "dispensed", False),
    "quarantined": ("dispensed returned", "quarantine", False),
    "recalled": ("dispensed returned quarantine", "recalled", False),
    "expired": ("dispensed returned", "expired", False),
    "destroyed": ("recalled expired quarantine", "destroyed", True),
    "broken": (HELD, "broken", False),
    "lost": (HELD, "lost", False),
    "stolen": (HELD, "stolen", False),
    "seal_mismatch": (SEALED, "seal_mismatch", False),
    "reconciled": ("residual_pending wasted destroyed", "reconciled", False),
    "reversed": (ANY, "", True),
}
RESTORES = "reversed"


def stories_add_up(bundle: Bundle) -> Iterator[Fault]:
    """Replay each vial from its first event: sequence, states, holders, signers, drug."""
    lives: dict[Any, list[Leaf]] = defaultdict(list)
    for leaf in bundle.events:
        lives[leaf.told.get("container_id")].append(leaf)
    for life in lives.values():
        held: Counter[str] = Counter()
        known = {leaf.entry_id: leaf.told for leaf in life}
        before: JsonObject = {"to_state": "ordered", "to_holder": "", "sequence": 0, "container": {}}
        for leaf in life:
            told = leaf.told
            says = [*_follows(before, told), *_lawful(told, known), *_signed(told), *_moves(told, held)]
            yield from (Fault(leaf.index, f"{leaf.name}: {said}") for said in says)
            before = told
    yield from _posted_in_order(bundle)


def _follows(before: JsonObject, told: JsonObject) -> Iterator[str]:
    """Tell whether an event takes its vial up where the one before left it."""
    if told.get("sequence") != before.get("sequence", 0) + 1:
        yield f"it is number {told.get('sequence')} of its vial, after number {before.get('sequence')}"
    for part, word in (("state", "state"), ("holder", "holder")):
        if told.get(f"from_{part}") != before.get(f"to_{part}"):
            yield f"it takes up a {word} in which the event before did not leave the vial"
        if told.get("container", {}).get(part) != told.get(f"to_{part}"):
            yield f"the vial is told in another {word} than the event leads to"
    for name in ("lot_id", "serial", "label_ug", "overfill_cap_ug", "basis", "area_id", "pharmacy_id"):
        if before["container"] and told.get("container", {}).get(name) != before["container"].get(name):
            yield f"the vial's {name} changed"


def _lawful(told: JsonObject, known: Mapping[str, JsonObject]) -> Iterator[str]:
    """Tell whether the table of states allows the event; a claim moves nothing."""
    kind, begins, ends = str(told.get("kind")), told.get("from_state"), told.get("to_state")
    if kind not in STORY:
        yield f"there is no such kind of event: {_short(kind)}"
        return
    from_states, to_states, _two = STORY[kind]
    if not told.get("applied"):
        if not told.get("exception") or begins != ends or told.get("postings"):
            yield "it is only claimed, but moves something"
    elif begins not in from_states.split():
        yield f"{kind} cannot begin in the state {begins}"
    elif kind == RESTORES:
        entry = known.get(str(told.get("supersedes")), {})
        if not entry or _lines(told, 1) != _lines(entry, -1):
            yield "it does not take back exactly what the entry it names moved"
    elif ends not in (to_states.split() or [begins]):
        yield f"{kind} cannot lead from {begins} to {ends}"


def _lines(told: JsonObject, sign: int) -> list[tuple[str, int]]:
    """Return an event's lines; patients' accounts alike, because each event commits to them anew."""
    lines = ((account, sign * amount_ug) for account, amount_ug in told.get("postings", []))
    return sorted(("patient" if account.startswith(PATIENTS) else account, ug) for account, ug in lines)


def _signed(told: JsonObject) -> Iterator[str]:
    """Tell whether who acted signed, and where two have to sign, two different people did."""
    signers = told.get("signers", [])
    actor = [told.get("actor_account_id"), told.get("actor_person_ref")]
    if [[each.get("account_id"), each.get("person_ref")] for each in signers[:1]] != [actor]:
        yield "the one who acted did not sign"
    witnesses = [each.get("account_id") for each in signers[1:]]
    if witnesses != ([told["witness_account_id"]] if told.get("witness_account_id") else []):
        yield "the witness it names did not sign"
    for name, word in (("account_id", "account"), ("person_ref", "person"), ("session_ref", "session")):
        if len({each.get(name) for each in signers}) != len(signers):
            yield f"both signatures come from one {word}"
    two = STORY.get(str(told.get("kind")), ("", "", False))[2]
    if two and not told.get("exception") and len(signers) != 2:
        yield "it needs two signatures and has one"


def _moves(told: JsonObject, held: Counter[str]) -> Iterator[str]:
    """Tell whether drug only moves: the lines sum to zero, and no account gives more than it got."""
    lines = told.get("postings", [])
    if sum(amount for _account, amount in lines) != 0:
        yield "its postings do not sum to zero"
    for account, amount_ug in lines:
        held[account] += amount_ug
        # Patients' accounts bear another commitment in each event, so they are only known to grow.
        if held[account] < 0 and not account.startswith(("source:", PATIENTS)):
            yield f"account {_short(account)} gives {-held[account]} ug more than it held"
    spare, overfill = told.get("container", {}).get("overfill_cap_ug"), -held["source:overfill"]
    if isinstance(spare, int) and overfill > spare:
        yield f"the vial gave {overfill} ug above its label; it can hold {spare} ug above it"


def _posted_in_order(bundle: Bundle) -> Iterator[Fault]:
    """Postings are numbered in the order of the log: a changed number falls out of it."""
    rows, newest = _by(bundle.table("custody_posting"), "event_id"), 0
    for leaf in bundle.events:
        numbers = [row.get("id") for row in rows.get(leaf.entry_id, ())]
        whole = [number for number in numbers if isinstance(number, int)]
        if len(whole) != len(numbers) or min(whole, default=newest + 1) <= newest:
            yield Fault(leaf.index, f"{leaf.name}: its postings are not numbered in the order of the log")
        newest = max([newest, *whole])


# --- All of it -----------------------------------------------------------------------------------------

CHECKS: tuple[Callable[[Bundle], Iterator[Fault]], ...] = (
    files_are_those_of_the_manifest,
    leaves_are_what_was_logged,
    proofs_lead_to_the_checkpoint,
    log_is_whole,
    checkpoints_are_signed,
    keys_follow_each_other,
    checkpoints_continue_each_other,
    others_saw_the_checkpoints,
    events_say_what_was_signed,
    vials_stand_where_their_events_left_them,
    other_entries_say_what_was_signed,
    balances_are_the_sums_of_postings,
    stories_add_up,
)
NOT_CHECKED = (
    "that the keys above are the log's and the witnesses': compare them with those you were given;",
    "who made a time stamp: it is over this checkpoint, and openssl ts -verify looks at its certificate;",
    "the names, the PDF and the CSV: they are for reading, the signed bytes name accounts by their ids;",
    "whether what was written down is what happened.",
)


@dataclass(frozen=True)
class Outside:
    """What the reader has from elsewhere: checkpoints (name to text), the log's key, witnesses' keys."""

    checkpoints: Mapping[str, str] = field(default_factory=dict)
    keys: Sequence[str] = ()
    witnesses: Sequence[str] = ()


def verify(bundle: Bundle, outside: Outside | None = None) -> list[Fault]:
    """Return everything that does not agree: leaves first, in the log's order, then the rest."""
    outside = outside or Outside()
    faults = [fault for check in CHECKS for fault in check(bundle)]
    for name, raw in outside.checkpoints.items():
        faults += kept_outside_agrees(bundle, raw, name)
    faults += known_people_signed(bundle, outside)
    return sorted(dict.fromkeys(faults), key=lambda fault: (fault.leaf is None, fault.leaf or 0))


def known_people_signed(bundle: Bundle, outside: Outside) -> Iterator[Fault]:
    """The newest checkpoint bears the signature of a key, and some checkpoint that of each witness, named by
    the reader."""
    newest = bundle.newest
    keys, witnesses = (
        [Key.read(each) for each in outside.keys],
        [Key.read(each) for each in outside.witnesses],
    )
    if keys and not any(newest and newest.note.signed_by(key) for key in keys):
        yield Fault(None, "the newest checkpoint is not signed by a key that you named")
    for key in witnesses:
        if not _seen_by(bundle, key):
            yield Fault(None, f"witness {key.name} cosigned no checkpoint of this bundle")


def _seen_by(bundle: Bundle, witness: Key) -> int:
    """Return the leaves of the largest checkpoint that a witness cosigned."""
    notes = {row.get("number"): checkpoint for row, checkpoint in bundle.checkpoints}
    sizes = [0]
    for row in bundle.table("custody_log_cosignature"):
        checkpoint = notes.get(row.get("checkpoint_number"))
        try:
            name, key_id, raw = signature_line(str(row.get("line")).strip("\n"))
        except ValueError:
            continue
        if checkpoint and (name, key_id) == (witness.name, witness.key_id):
            sizes.append(checkpoint.size * witness.signed(checkpoint.note.text, raw))
    return max(sizes)


def account_of(bundle: Bundle) -> Iterator[str]:
    """Yield what a sound bundle proves, line by line."""
    newest, kinds = bundle.newest, Counter(leaf.kind for leaf in bundle.leaves)
    held = ", ".join(f"{number} of kind {kind}" for kind, number in sorted(kinds.items()))
    held = held or "nothing met what was asked for"
    yield f"{len(bundle.leaves)} leaves ({held}){', the whole log' if bundle.whole else ''}"
    if newest:
        yield f"checkpoints: {len(bundle.checkpoints)}, the newest over {newest.size} leaves"
        yield f"root {newest.root.hex()}"
        after = sum(leaf.index >= newest.size for leaf in bundle.leaves)
        if after:
            yield f"{after} leaves came after the newest checkpoint: nothing signs them yet"
    for row, _key, _until in _keys(bundle):
        yield f"key of the log since {row.get('adopted_at')}: {row.get('verifier')}"
        if str(row.get("hand_over")).encode().startswith(LOST):
            yield "  the key before was declared lost: nothing it signed leads to this one; get it in person"
    for text in sorted({str(row.get("verifier")) for row in bundle.table("custody_log_cosignature")}):
        yield f"witness up to {_seen_by(bundle, Key.read(text))} leaves: {text}"
    stamps = bundle.table("custody_log_timestamp")
    if stamps:
        yield f"timestamps: {len(stamps)}, newest {max(str(row.get('stamped_at')) for row in stamps)}"


def files_in(directory: Path) -> dict[str, bytes]:
    """Read every file of a bundle, or raise `NoBundle`."""
    try:
        found = {
            path.relative_to(directory).as_posix(): path.read_bytes()
            for path in sorted(directory.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
    except OSError as error:
        raise NoBundle(error.strerror or "it cannot be read") from None
    return found


def check_directory(directory: Path, outside: Outside, *, every: bool = False) -> tuple[int, list[str]]:
    """Check the bundle in `directory`; return the exit status and the lines to print."""
    try:
        bundle = Bundle.read(files_in(directory))
        faults = verify(bundle, outside)
    except NoBundle as wrong:
        return NO_BUNDLE, [f"{directory}: no bundle of Housecall: {wrong}"]
    if not faults:
        return RIGHT, ["RIGHT", *account_of(bundle), "not checked:", *(f"  {line}" for line in NOT_CHECKED)]
    shown = faults if every else faults[:1]
    more = len(faults) - len(shown)
    return WRONG, [
        *(f"WRONG {fault.text}" for fault in shown),
        *([f"and {more} more (--all)"] if more else []),
    ]


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise NoBundle(f"{path} cannot be read: {error}") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, check, print; return the exit status."""
    parser = argparse.ArgumentParser(description="Check an audit bundle of Housecall's custody ledger.")
    parser.add_argument("directory", type=Path, metavar="DIR", nargs="?", default=Path(__file__).parent)
    parser.add_argument(
        "--checkpoint", action="append", default=[], help="a checkpoint kept outside (a file)"
    )
    parser.add_argument("--key", action="append", default=[], help="the log's verifier key, as you know it")
    parser.add_argument("--witness", action="append", default=[], help="a witness's verifier key")
    parser.add_argument(
        "--all", action="store_true", help="name everything that is wrong, not the first only"
    )
    asked = parser.parse_args(arguments)
    try:
        for each in (*asked.key, *asked.witness):
            Key.read(each)
        kept = {path: _text_of(path) for path in asked.checkpoint}
    except NoBundle as wrong:
        parser.error(str(wrong))
    except ValueError:
        parser.error("a key is written <name>+<key id>+<base64>")
    status, lines = check_directory(asked.directory, Outside(kept, asked.key, asked.witness), every=asked.all)
    for line in lines:
        print(line)
    return status


if __name__ == "__main__":
    sys.exit(main())

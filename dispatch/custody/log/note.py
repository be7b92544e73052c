"""Signed notes, keys and signatures as C2SP states them; pure, no clock and no store.

Sources: c2sp.org/signed-note (notes, key ids, verifier keys, Ed25519 as type 0x01) and
c2sp.org/tlog-cosignature (a witness's ``cosignature/v1`` with its time, type 0x04). A private key is written
as Go's note package writes it, ``PRIVATE+KEY+<name>+<key id>+<base64 of type and seed>``.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE = 0x04
MOST_SIGNATURES = 64
_PRIVATE = "PRIVATE+KEY+"
_SIGNATURE_BYTES = {ED25519: 64, COSIGNATURE: 8 + 64}
_LATEST_S = 2**63 - 1


class Malformed(ValueError):
    """A note, key or checkpoint that is not written as its specification says."""


class Untrusted(ValueError):
    """A note that no known key has signed, or whose signature by a known key does not hold."""


def decoded(text: str) -> bytes:
    """Return the bytes of standard base64, of which only the one canonical writing is taken."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("this is not base64") from None
    if encoded(found) != text:
        raise Malformed("this base64 is not written in its canonical form")
    return found


def encoded(content: bytes) -> str:
    """Return standard base64 (RFC 4648 section 4)."""
    return base64.b64encode(content).decode("ascii")


@dataclass(frozen=True)
class Verifier:
    """A public key under a name.

    Attributes
    ----------
    name
        Such as ``example.org/custody``: no spaces, no plus.
    kind
        `ED25519` for a log, `COSIGNATURE` for a witness.
    public
        32 bytes, RFC 8032.
    """

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        if not self.name or re.search(r"[\s+\x00-\x1f]", self.name):
            raise Malformed("a key's name holds neither spaces nor plus signs, and is not empty")
        if self.kind not in _SIGNATURE_BYTES or len(self.public) != 32:
            raise Malformed("this is no Ed25519 key of a log (type 1) or of a witness (type 4)")

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type, public key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @classmethod
    def read(cls, text: str) -> "Verifier":
        """Read a verifier key, or raise `Malformed`."""
        name, kind, public = _key_parts(text)
        found = cls(name, kind, public)
        if text != str(found):
            raise Malformed("the key's id is not that of its name and key")
        return found

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encoded(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, repr=False)
class Signer:
    """A private key under a name; never shown by `repr`."""

    name: str
    kind: int
    seed: bytes

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.kind, self._private.public_key().public_bytes_raw())

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @classmethod
    def read(cls, text: str) -> "Signer":
        """Read a private key, or raise `Malformed`; what is wrong is told, never the key."""
        if not text.startswith(_PRIVATE):
            raise Malformed(f"a private key begins with {_PRIVATE}")
        name, kind, seed = _key_parts(text.removeprefix(_PRIVATE))
        if len(seed) != 32:
            raise Malformed("a private key has 32 bytes")
        found = cls(name, kind, seed)
        if text != found.written():
            raise Malformed("the private key's id is not that of its name and key")
        return found

    def written(self) -> str:
        """Return the key as its owner keeps it."""
        key_id = self.verifier.key_id.hex()
        return f"{_PRIVATE}{self.name}+{key_id}+{encoded(bytes([self.kind]) + self.seed)}"

    def sign(self, text: str) -> "Signature":
        """Sign a note's text."""
        assert self.kind == ED25519, "a witness cosigns"
        return Signature(self.name, self.verifier.key_id, self._private.sign(text.encode()))

    def cosign(self, text: str, at: datetime) -> "Signature":
        """Say that at this moment this was the largest consistent checkpoint seen of its log."""
        assert self.kind == COSIGNATURE, "a log signs"
        seconds = int(at.timestamp())
        body = self._private.sign(_cosigned(text, seconds))
        return Signature(self.name, self.verifier.key_id, seconds.to_bytes(8, "big") + body)


def _key_parts(text: str) -> tuple[str, int, bytes]:
    name, *rest = text.split("+", 2)
    if len(rest) != 2 or not re.fullmatch(r"[0-9a-f]{8}", rest[0]):
        raise Malformed("a key is written NAME+ID+BASE64, its id as eight hexadecimal digits")
    body = decoded(rest[1])
    if not body:
        raise Malformed("the key is empty")
    return name, body[0], body[1:]


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


@dataclass(frozen=True)
class Signature:
    """One signature line of a note; `body` is what follows the key id."""

    name: str
    key_id: bytes
    body: bytes

    def __str__(self) -> str:
        return f"— {self.name} {encoded(self.key_id + self.body)}"

    @classmethod
    def read(cls, line: str) -> "Signature":
        """Read a line without its newline, or raise `Malformed`."""
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not parts[1] or re.search(r"[\s+]", parts[1]):
            raise Malformed("a signature line is written: dash, key name, base64")
        body = decoded(parts[2])
        if len(body) < 5:
            raise Malformed("a signature is longer than its key id")
        return cls(parts[1], body[:4], body[4:])

    def is_by(self, verifier: Verifier) -> bool:
        """Tell whether the line says that this key made it."""
        return (self.name, self.key_id) == (verifier.name, verifier.key_id)

    def holds(self, text: str, verifier: Verifier) -> bool:
        """Tell whether this key made this signature over `text`."""
        if not self.is_by(verifier) or len(self.body) != _SIGNATURE_BYTES[verifier.kind]:
            return False
        message, body = text.encode(), self.body
        if verifier.kind == COSIGNATURE:
            seconds = int.from_bytes(body[:8], "big")
            if seconds > _LATEST_S:
                return False
            message, body = _cosigned(text, seconds), body[8:]
        try:
            Ed25519PublicKey.from_public_bytes(verifier.public).verify(body, message)
        except InvalidSignature:
            return False
        return True

    @property
    def cosigned_at(self) -> datetime:
        """When a witness says it signed."""
        try:
            return datetime.fromtimestamp(int.from_bytes(self.body[:8], "big"), UTC)
        except (ValueError, OverflowError, OSError):
            raise Malformed("the time of this cosignature is no time") from None


@dataclass(frozen=True)
class Note:
    """A text, which ends in a newline, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{each}\n" for each in self.signatures)

    @classmethod
    def read(cls, note: str) -> "Note":
        """Read a signed note, or raise `Malformed`; this says nothing yet about who signed it."""
        if re.search(r"[\x00-\x09\x0b-\x1f]", note):
            raise Malformed("a note holds no control character but newlines")
        text, gap, signed = note.rpartition("\n\n")
        lines = signed.split("\n")
        if not gap or lines.pop() != "" or not lines:
            raise Malformed("a note is a text, an empty line, and signature lines that each end in a newline")
        if len(lines) > MOST_SIGNATURES:
            raise Malformed(f"a note has at most {MOST_SIGNATURES} signatures")
        return cls(text + "\n", tuple(Signature.read(line) for line in lines))

    def signed_by(self, verifiers: Iterable[Verifier]) -> tuple[Verifier, ...]:
        """Return which of these keys signed.

        Raises
        ------
        Untrusted
            When none did, or a line says it is by one of them and does not hold (c2sp.org/signed-note).
        """
        found = []
        for verifier in verifiers:
            lines = [each for each in self.signatures if each.is_by(verifier)]
            if not all(each.holds(self.text, verifier) for each in lines):
                raise Untrusted(f"a signature of {verifier.name} does not hold")
            if lines:
                found.append(verifier)
        if not found:
            raise Untrusted("no known key has signed this")
        return tuple(found)

"""What a log signs: its size and root (c2sp.org/tlog-checkpoint), and the hand-over of its key; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatch.custody.log.note import ED25519, Malformed, Note, Signer, Untrusted, Verifier, decoded, encoded
from dispatch.custody.log.tree import HASH_BYTES

_WHOLE = re.compile(r"0|[1-9][0-9]{0,18}")
_HAND_OVER = "housecall log key hand-over/v1"
_LOST = "housecall log key lost/v1"


def whole_number(text: str) -> int:
    """Read ASCII digits without leading zeroes."""
    if not _WHOLE.fullmatch(text):
        raise Malformed("a size is written in ASCII digits, without leading zeroes")
    return int(text)


def read_hash(text: str) -> bytes:
    """Read a hash of the tree from base64."""
    found = decoded(text)
    if len(found) != HASH_BYTES:
        raise Malformed(f"a hash has {HASH_BYTES} bytes")
    return found


@dataclass(frozen=True)
class Checkpoint:
    """A log's statement: so many leaves, this root. `origin` names the log, and is its keys' name."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encoded(self.root), *self.extensions))

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """Read a checkpoint from a note's text, or raise `Malformed`."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "" or "" in lines:
            raise Malformed("a checkpoint is an origin, a size, a root, and perhaps extension lines")
        return cls(lines[0], whole_number(lines[1]), read_hash(lines[2]), tuple(lines[3:]))

    def signed(self, signer: Signer) -> Note:
        """Return the checkpoint with the log's signature."""
        return Note(self.text, (signer.sign(self.text),))


def hand_over(old: Signer, new: Signer, size: int) -> Note:
    """Return the note by which the old key names the new one, signed by both.

    Parameters
    ----------
    size
        Leaves at that moment; from here on the new key signs.
    """
    lines = (_HAND_OVER, old.name, old.verifier, new.verifier, size)
    text = "".join(f"{line}\n" for line in lines)
    return Note(text, (old.sign(text), new.sign(text)))


def declared_lost(lost: Verifier, new: Signer, size: int, approvers: Sequence[tuple[UUID, datetime]]) -> Note:
    """Return the note by which two people name a new key because the old one is lost; the new key signs it.

    It proves nothing against somebody who owns the database: whoever reads it gets the new key in person, as
    they got the first, or trusts a witness that did.

    Parameters
    ----------
    size
        Leaves at that moment.
    approvers
        Two accounts, and when each proved who they are.
    """
    people = (f"{account_id} {proved_at.isoformat()}" for account_id, proved_at in approvers)
    text = "".join(f"{line}\n" for line in (_LOST, lost.name, lost, new.verifier, size, *people))
    return Note(text, (new.sign(text),))


def handed_over(note: Note, old: Verifier) -> Verifier:
    """Return the key that `old` handed over to, once both signatures hold.

    Raises
    ------
    Malformed, Untrusted
        When it is no hand-over by `old`.
    """
    lines = note.text.split("\n")
    if len(lines) != 6 or lines[0] != _HAND_OVER or lines[1] != old.name or lines[2] != str(old):
        raise Malformed("this is no hand-over by that key")
    new = Verifier.read(lines[3])
    whole_number(lines[4])
    if new.kind != ED25519 or new.name != old.name:
        raise Malformed("a log's key is handed over to a key of the same log")
    if note.signed_by((old, new)) != (old, new):
        raise Untrusted("a hand-over is signed by both keys")
    return new

"""Patients' fields encrypted at rest, each bound to its table, column and row.

AES-256-GCM (NIST SP 800-38D) with a fresh 96-bit nonce a value. The associated data is
``table.column.row id``, so a ciphertext moved to another row or column does not open: a column type
cannot know its row, a descriptor on the row can. The first bytes name the key, so keys rotate.
Look-up goes by a keyed digest (a blind index), never by the ciphertext.
"""

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import event
from sqlalchemy.orm import Session, object_session

from dispatch.kernel.ids import new_id

NONCE_BYTES = 12
KEY_BYTES = 32


class SealBroken(Exception):
    """A stored value does not open: altered, moved to another row, or its key is missing."""


@dataclass(frozen=True)
class Keyring:
    """The keys that open and seal patients' fields.

    Attributes
    ----------
    keys
        Key id (1 to 255) to 32 bytes. All of them open; only `current` seals.
    index_key
        32 bytes for the blind index; it does not rotate, or look-ups would lose their rows.
    """

    keys: Mapping[int, bytes] = field(repr=False)
    current: int
    index_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError("the current key is not on the ring")
        for key in (*self.keys.values(), self.index_key):
            if len(key) != KEY_BYTES:
                raise ValueError(f"a key has {KEY_BYTES} bytes")

    def seal(self, plain: str, bound_to: str) -> bytes:
        """Encrypt `plain`, bound to a place such as ``patient.name.<row id>``."""
        nonce = os.urandom(NONCE_BYTES)
        body = AESGCM(self.keys[self.current]).encrypt(nonce, plain.encode(), bound_to.encode())
        return bytes([self.current]) + nonce + body

    def open(self, sealed: bytes, bound_to: str) -> str:
        """Decrypt what `seal` made for the same place, or raise `SealBroken`."""
        key = self.keys.get(sealed[0]) if sealed else None
        if key is None:
            raise SealBroken(f"no key opens {bound_to}")
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, body, bound_to.encode()).decode()
        except InvalidTag:
            raise SealBroken(f"the value at {bound_to} was altered or moved") from None

    def blind_index(self, plain: str, purpose: str) -> bytes:
        """Return a keyed digest by which a sealed value can be found again."""
        return hmac.new(self.index_key, f"{purpose}\0{plain}".encode(), sha256).digest()


def keyring_of(session: Session | None) -> Keyring:
    """Return the keyring that the session carries in ``session.info["keyring"]``."""
    keyring = session.info.get("keyring") if session is not None else None
    if not isinstance(keyring, Keyring):
        raise RuntimeError("this session carries no keyring: sealed fields can be neither read nor written")
    return keyring


class SealedText:
    """A text attribute whose column ``<name>_sealed`` holds only its ciphertext.

    Declared beside its column::

        name = SealedText()
        name_sealed: Mapped[bytes | None]

    It opens when it is read, once, and is sealed when the row is flushed, because only then is the
    row's id certain.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.column = f"{name}_sealed"
        self.place = f"_{name}_open"

    def __get__(self, row: Any, owner: type) -> Any:
        if row is None:
            return self
        sealed = getattr(row, self.column)
        if sealed is None:
            return None
        known = row.__dict__.get(self.place)
        if known is None or known[0] != sealed:
            plain = keyring_of(object_session(row)).open(sealed, self.bound_to(row))
            known = row.__dict__[self.place] = (sealed, plain)
        return known[1]

    def __set__(self, row: Any, plain: str | None) -> None:
        # A fresh placeholder each time: the mapper sees a change, and the flush writes the real thing.
        waiting = None if plain is None else os.urandom(NONCE_BYTES)
        setattr(row, self.column, waiting)
        row.__dict__[self.place] = (waiting, plain)

    def bound_to(self, row: Any) -> str:
        """Name the one place where a value of this row may open."""
        return f"{row.__tablename__}.{self.name}.{row.id}"

    def seal(self, row: Any) -> None:
        """Replace a waiting placeholder by the ciphertext."""
        waiting = getattr(row, self.column)
        if waiting is not None and len(waiting) == NONCE_BYTES:
            plain = row.__dict__[self.place][1]
            sealed = keyring_of(object_session(row)).seal(plain, self.bound_to(row))
            setattr(row, self.column, sealed)
            row.__dict__[self.place] = (sealed, plain)


@event.listens_for(Session, "before_flush")
def _seal_what_waits(session: Session, _context: Any, _instances: Any) -> None:
    for row in (*session.new, *session.dirty):
        for attribute in vars(type(row)).values():
            if isinstance(attribute, SealedText):
                if row.id is None:
                    row.id = new_id()
                attribute.seal(row)

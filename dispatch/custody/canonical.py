"""The bytes of an event: RFC 8785 canonical JSON, NFC text, whole numbers only.

Two of them. The *stated* bytes are what the client said, and tell a retry from a reused id
(invariant 7). The *canonical* bytes are the whole event as the ledger keeps it; actor and witness
sign their SHA-256, and an auditor re-hashes them and trusts no stored hash.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from hashlib import sha256
from typing import Any
from uuid import UUID

import rfc8785

from dispatch.identity.model import ProofOfIdentity

# Made by the server at each try, so no part of what the client stated.
_NOT_STATED = frozenset({"standing", "proof", "vials", "witness_licensed"})

# How each exact value is written; datetime stands before date because it is one.
_WRITTEN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((type(None), int), lambda value: value),
    (str, lambda value: value if value.isascii() else unicodedata.normalize("NFC", value)),
    (UUID, str),
    (datetime, lambda value: value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
    (date, lambda value: value.isoformat()),
    (bytes, lambda value: value.hex()),
)

_AT_ONCE: dict[type, Callable[[Any], Any]] = {
    kind: written for kinds, written in _WRITTEN for kind in (kinds if isinstance(kinds, tuple) else (kinds,))
}


def plain(value: Any) -> Any:
    """Turn a value into what canonical JSON may hold.

    Raises
    ------
    TypeError
        For a float or anything else that has no exact text.
    """
    kind = type(value)
    # Nearly all values are of exactly these types, and an event has hundreds.
    if kind is dict:
        return {_name(key): plain(each) for key, each in value.items()}
    written_at_once = _AT_ONCE.get(kind)
    if written_at_once is not None:
        return written_at_once(value)
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {_name(key): plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    for known, written in _WRITTEN:
        if isinstance(value, known):
            return written(value)
    raise TypeError(f"a {kind.__name__} has no canonical form")


def _name(key: Any) -> str:
    if type(key) is str and key.isascii():
        return key
    name = plain(key)
    if not isinstance(name, str):
        raise TypeError(f"a {type(key).__name__} names nothing")
    return name


# May be a whole number beyond 2^53 - 1, of which the library knows the end; in a text it costs time only.
_LONG_NUMBER = re.compile(r"[:,\[{]-?[0-9]{16}")
_FAST = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


def canonical_bytes(content: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 form of `content`.

    Of ASCII text without big numbers that is what Python's own encoder writes, eight times as fast; anything
    else, where keys sort by UTF-16 and numbers have a domain, is left to the library.
    """
    made = plain(content)
    text = _FAST.encode(made)
    if text.isascii() and not _LONG_NUMBER.search(text):
        return text.encode("ascii")
    return rfc8785.dumps(made)


def digest(canonical: bytes) -> bytes:
    """Return the SHA-256 of canonical bytes."""
    return sha256(canonical).digest()


def commitment(salt: bytes, secret: UUID) -> str:
    """Return a salted digest that stands for a patient's field: provable later, telling nothing now."""
    return sha256(salt + secret.bytes).hexdigest()


def text_commitment(salt: bytes, name: str, text: str) -> str:
    """Return a salted digest that stands for what somebody typed in the field `name`."""
    return sha256(salt + name.encode() + b"\0" + unicodedata.normalize("NFC", text).encode()).hexdigest()


def _stated(value: Any) -> Any:
    if isinstance(value, ProofOfIdentity):
        return value.account_id
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: _stated(getattr(value, each.name))
            for each in fields(value)
            if each.name not in _NOT_STATED
        }
    return value


def stated_bytes(kind: str, actor_account_id: UUID, *parts: Any) -> bytes:
    """Return the canonical form of what a client said: the kind, the actor, and its command's fields."""
    said: dict[str, Any] = {}
    for part in parts:
        said |= _stated(part)
    return canonical_bytes({"v": 1, "deed": kind, "actor": actor_account_id, "said": said})

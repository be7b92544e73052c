"""A ledger with a signed log, and bundles of it; and what somebody does who alters them."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.custody.bundle import verifier
from dispatch.custody.bundle.model import Asked
from dispatch.custody.bundle.service import bundle_files, sealed
from dispatch.custody.bundle.verifier import Bundle, Fault, Outside
from dispatch.custody.log.checkpoint import Checkpoint
from dispatch.custody.log.note import COSIGNATURE, ED25519, Signer
from dispatch.custody.log.records import CheckpointRow, CosignatureRow, LeafRow, LogKeyRow
from dispatch.custody.log.service import stored_nodes
from dispatch.custody.log.tree import root
from dispatch.kernel.ids import new_id

ORIGIN = "test.example/custody"
LOG = Signer(ORIGIN, ED25519, b"l" * 32)
WITNESS = Signer("witness.example/w1", COSIGNATURE, b"w" * 32)


def log_size(session: Session) -> int:
    """How many leaves the log has."""
    return session.scalar(select(func.count()).select_from(LeafRow)) or 0


def a_checkpoint(session: Session, at: datetime, *, signer: Signer = LOG, witnessed: bool = False) -> str:
    """Sign the log as it stands, and return the note."""
    key = session.scalar(select(LogKeyRow).where(LogKeyRow.verifier == str(signer.verifier)))
    if key is None:
        key = LogKeyRow(id=new_id(), number=1, verifier=str(signer.verifier), hand_over=None, adopted_at=at)
        session.add(key)
        session.flush()
    size = log_size(session)
    hashed = root(size, partial(stored_nodes, session))
    note = Checkpoint(signer.name, size, hashed).signed(signer)
    number = (session.scalar(select(func.max(CheckpointRow.number))) or 0) + 1
    session.add(
        CheckpointRow(
            number=number, size=size, root_hash=hashed, note=str(note), key_id=key.id, signed_at=at,
        )
    )  # fmt: skip
    session.flush()
    if witnessed:
        line = WITNESS.cosign(note.text, at)
        session.add(
            CosignatureRow(
                id=new_id(), checkpoint_number=number, verifier=str(WITNESS.verifier), line=str(line),
                cosigned_at=at,
            )
        )  # fmt: skip
        session.flush()
    return str(note)


def a_bundle(session: Session, at: datetime, **asked: Any) -> dict[str, bytes]:
    """A bundle of the ledger as it lies there: the whole of it, with its visits, unless more is said."""
    wish = asked or {"shows_visits": True}
    session.flush()
    return sealed(bundle_files(session, Asked(**wish), at))


def faults(files: Mapping[str, bytes], **outside: Any) -> list[Fault]:
    """What the verifier has against a bundle."""
    return verifier.verify(Bundle.read(files), Outside(**outside))


def said(files: Mapping[str, bytes], **outside: Any) -> str:
    """The first thing that the verifier has against a bundle; empty when it is right."""
    found = faults(files, **outside)
    return found[0].text if found else ""


def rows(files: Mapping[str, bytes], table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table in a bundle."""
    for line in files[f"rows/{table}.jsonl"].splitlines():
        yield json.loads(line)


def altered(
    files: Mapping[str, bytes], table: str, alter: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> dict[str, bytes]:
    """A bundle that was made after rows of a table were altered (None takes a row out): manifest and all."""
    kept = [json.dumps(row) for each in rows(files, table) if (row := alter(each)) is not None]
    more = {name: content for name, content in files.items() if name != "MANIFEST"}
    return sealed(more | {f"rows/{table}.jsonl": "\n".join(kept).encode()})

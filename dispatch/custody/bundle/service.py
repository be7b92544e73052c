"""Make an audit bundle: rows as they lie there, proofs to the newest checkpoint, the verifier itself."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, select
from sqlalchemy.orm import Session

from dispatch.custody.bundle import verifier
from dispatch.custody.bundle.cells import rows_of
from dispatch.custody.bundle.choosing import chosen_entries, chosen_vials
from dispatch.custody.bundle.entries import entries_anew
from dispatch.custody.bundle.model import (
    CHECKPOINT,
    ENTRIES,
    FORMAT,
    HEADER,
    MANIFEST,
    PROOFS,
    README,
    VERIFIER,
    Asked,
)
from dispatch.custody.bundle.withholding import Cells, withhold_visits, without_patients
from dispatch.custody.log.records import (
    CheckpointRow,
    CosignatureRow,
    HeadRow,
    LeafRow,
    LogKeyRow,
    NodeRow,
    TimestampRow,
)
from dispatch.custody.log.service import EVENT, stored_nodes
from dispatch.custody.log.tree import Place, Stored, consistency_proof, inclusion_proof
from dispatch.custody.records import (
    BalanceRow,
    ClosingRow,
    ContainerRow,
    EventRow,
    LotRow,
    PostingRow,
    ProductRow,
    SignatureRow,
)
from dispatch.kernel.row import Row

# Above so many proofs, the whole tree is read once instead of a path at a time.
PATHS_ONE_BY_ONE = 400
Tables = dict[str, list[Cells]]


def bundle_files(session: Session, asked: Asked, now: datetime) -> dict[str, bytes]:
    """Return the files of a bundle by name, but for its manifest (`sealed`), which closes it.

    Everything is read in the caller's one transaction, so that rows and proofs are of one moment.
    """
    tables = _tables(session, asked)
    leaves, checkpoints = tables["custody_log_leaf"], tables["custody_log_checkpoint"]
    size = session.scalar(select(func.count()).select_from(LeafRow)) or 0
    header = {
        "format": FORMAT,
        "origin": checkpoints[-1]["note"].partition("\n")[0] if checkpoints else "",
        "made_at": now.isoformat(),
        "whole": asked.everything,
        "shows_visits": asked.shows_visits,
        "log_size": size,
        "asked": _asked(asked),
    }
    others = [leaf for leaf in leaves if leaf["kind"] != EVENT]
    proofs = _proofs(session, [] if asked.everything else leaves, checkpoints, size)
    return {
        HEADER: _json(header),
        README: _own_file("readme.txt"),
        VERIFIER: Path(verifier.__file__).read_bytes(),
        CHECKPOINT: newest_note(tables).encode(),
        PROOFS: _lines(proofs),
        ENTRIES: _lines(entries_anew(session, others)),
        **{f"rows/{name}.jsonl": _lines(rows) for name, rows in sorted(tables.items())},
    }


def sealed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Close a bundle with its manifest, which ``sha256sum -c MANIFEST`` can check, too."""
    listed = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return {**files, MANIFEST: listed.encode()}


def newest_note(tables: Tables) -> str:
    """Return the newest checkpoint with its cosignatures below it, for any C2SP verifier; may be empty."""
    if not tables["custody_log_checkpoint"]:
        return ""
    newest = tables["custody_log_checkpoint"][-1]
    cosigned = [
        f"{row['line']}\n"
        for row in tables["custody_log_cosignature"]
        if row["checkpoint_number"] == newest["number"]
    ]
    return f"{newest['note']}{''.join(cosigned)}"


# Anybody may see them, and every bundle needs them all.
SIGNED = (CheckpointRow, CosignatureRow, TimestampRow, LogKeyRow)
# Only the whole log fits them.
OF_THE_WHOLE = (NodeRow, HeadRow, BalanceRow)


def _tables(session: Session, asked: Asked) -> Tables:
    found = {record.__tablename__: _rows(session, record) for record in SIGNED}
    found["custody_log_key"].sort(key=lambda row: str(row["number"]).zfill(20))
    vials = chosen_vials(asked)
    for record, among in _of_vials(vials):
        found[record.__tablename__] = _rows(session, record, *(() if asked.everything else (among,)))
    for record in OF_THE_WHOLE if asked.everything else ():
        found[record.__tablename__] = _rows(session, record)
    if not asked.everything:
        events = found["custody_event"]
        named = {str(row["id"]) for row in (*events, *found["custody_container"])}
        others = _rows(session, LeafRow, LeafRow.kind != EVENT)
        found["custody_log_leaf"] += chosen_entries(others, asked, named)
    found["custody_event"], found["custody_posting"] = withhold_visits(
        found["custody_event"], found["custody_posting"], asked
    )
    if "custody_balance" in found:
        found["custody_balance"] = list(without_patients(found["custody_balance"], asked))
    return found


def _of_vials(vials: Select[Any]) -> Iterator[tuple[type[Row], ColumnElement[bool]]]:
    """Yield the tables that tell of vials, each with what limits it to some of them."""
    events = select(EventRow.id).where(EventRow.container_id.in_(vials))
    lots = select(ContainerRow.lot_id).where(ContainerRow.id.in_(vials))
    products = select(LotRow.product_id).where(LotRow.id.in_(lots))
    yield EventRow, EventRow.container_id.in_(vials)
    yield PostingRow, PostingRow.event_id.in_(events)
    yield SignatureRow, SignatureRow.event_id.in_(events)
    yield ClosingRow, ClosingRow.event_id.in_(events)
    yield ContainerRow, ContainerRow.id.in_(vials)
    yield LotRow, LotRow.id.in_(lots)
    yield ProductRow, ProductRow.id.in_(products)
    yield LeafRow, and_(LeafRow.kind == EVENT, LeafRow.entry_id.in_(events))


def _rows(session: Session, record: type[Row], *where: ColumnElement[bool]) -> list[Cells]:
    assert isinstance(record.__table__, Table)
    return list(rows_of(session, record.__table__, *where))


def _proofs(
    session: Session, leaves: Sequence[Cells], checkpoints: Sequence[Cells], held: int
) -> Iterator[dict[str, Any]]:
    """Yield the audit path of each leaf to the newest checkpoint, and that from each checkpoint to the
    next."""
    sizes = [int(row["size"]) for row in checkpoints]
    stored = _stored(session, len(leaves) + len(sizes))
    for old, new in pairwise(sizes):
        if 0 < old < new <= held:
            yield {"from": old, "to": new, "path": _path(partial(consistency_proof, old, new, stored))}
    newest = sizes[-1] if sizes else 0
    for row in leaves:
        index = row["leaf_index"]
        if index < newest <= held:
            yield {"leaf": index, "path": _path(partial(inclusion_proof, index, newest, stored))}


def _stored(session: Session, paths: int) -> Stored:
    if paths <= PATHS_ONE_BY_ONE:
        return partial(stored_nodes, session)
    leaves = session.execute(select(LeafRow.leaf_index, LeafRow.leaf_hash))
    nodes = session.execute(select(NodeRow.place, NodeRow.hash))
    everything: dict[Place, bytes] = {(0, index): bytes(hashed) for index, hashed in leaves}
    everything |= {divmod(place, 1 << 48): bytes(hashed) for place, hashed in nodes}
    return lambda places: {place: everything[place] for place in places}


def _path(proof: Callable[[], list[bytes]]) -> list[str]:
    """Return a proof; none where the log has lost what it is made of, which the verifier then says."""
    try:
        return [step.hex() for step in proof()]
    except KeyError:
        return []


def _asked(asked: Asked) -> dict[str, Any]:
    return {
        "since": asked.since.isoformat() if asked.since else None,
        "until": asked.until.isoformat() if asked.until else None,
        "container": str(asked.container_id) if asked.container_id else None,
        "nurse": str(asked.nurse_id) if asked.nurse_id else None,
        "visits": len(asked.visit_ids) if asked.visit_ids is not None else None,
    }


def _own_file(name: str) -> bytes:
    return (Path(__file__).parent / name).read_bytes()


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=2).encode() + b"\n"


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows)

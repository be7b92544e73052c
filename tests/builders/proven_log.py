"""The custody log checked from outside: every leaf hashed again, every proof led to a root made naively."""

from functools import partial
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.custody.log.records import HeadRow, LeafRow
from dispatch.custody.log.service import stored_nodes
from dispatch.custody.log.tree import inclusion_holds, inclusion_proof
from dispatch.custody.records import EventRow


def plain_root(leaves: list[bytes]) -> bytes:
    """The root over leaf hashes, written as RFC 6962 section 2.1 words it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + plain_root(leaves[:half]) + plain_root(leaves[half:])).digest()


def proven_events(session: Session) -> set[UUID]:
    """Assert that every event has its leaf, leaves have no gap, and every proof holds; return the events."""
    wanted = select(EventRow.id, EventRow.leaf_index, EventRow.canonical)
    events = {event.id: event for event in session.execute(wanted)}
    leaves = session.execute(
        select(LeafRow.leaf_index, LeafRow.kind, LeafRow.entry_id, LeafRow.content).order_by(
            LeafRow.leaf_index
        )
    ).all()
    assert [leaf.leaf_index for leaf in leaves] == list(range(len(leaves))), "a gap in the log"
    logged = {leaf.entry_id: leaf.leaf_index for leaf in leaves if leaf.kind == "event"}
    assert logged == {event.id: event.leaf_index for event in events.values()}, "an event without its leaf"
    hashes = [
        sha256(b"\x00" + (events[leaf.entry_id].canonical if leaf.kind == "event" else leaf.content)).digest()
        for leaf in leaves
    ]
    root, stored = plain_root(hashes), partial(stored_nodes, session)
    assert (session.scalar(select(HeadRow.size)) or 0) == len(leaves)
    for index, hashed in enumerate(hashes):
        proof = inclusion_proof(index, len(hashes), stored)
        assert inclusion_holds(hashed, index, len(hashes), proof, root), f"leaf {index} is not proved"
    return set(events)

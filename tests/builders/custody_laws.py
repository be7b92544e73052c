"""What must hold of the ledger after every deed, whatever was done (custody-rules.md, "Invariants")."""

from hashlib import sha256

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from dispatch.custody.log.records import HeadRow, LeafRow
from dispatch.custody.model import account_kind
from dispatch.custody.records import BalanceRow, ContainerRow, EventRow, PostingRow
from tests.builders.pencil import Pencil


def paper_and_ledger_agree(session: Session, pencil: Pencil) -> None:
    """Every account holds what the paper says, and so does every vial; each is where the paper says."""
    accounts = select(BalanceRow.account, func.sum(BalanceRow.balance_ug)).group_by(BalanceRow.account)
    found = {account: ug for account, ug in session.execute(accounts) if ug}
    assert found == dict(pencil.accounts()), "paper and ledger differ in an account"
    rows = {str(row.id): row for row in session.scalars(select(ContainerRow))}
    for vial in pencil.vials:
        row = rows[vial.key]
        assert (row.state, row.holder) == (vial.stage, vial.holder), "one holder, and the paper's"


def no_microgram_appears_or_vanishes(session: Session, pencil: Pencil) -> None:
    """Events sum to zero, no balance but a source's is negative, drawn = given + wasted + left."""
    torn = select(PostingRow.event_id).group_by(PostingRow.event_id, PostingRow.lot_id)
    assert not session.execute(torn.having(func.sum(PostingRow.amount_ug) != 0)).all(), "an event is torn"
    below = session.scalars(select(BalanceRow.account).where(BalanceRow.balance_ug < 0))
    assert {account_kind(account) for account in below} <= {"source"}, "a balance is negative"
    by_vial = (
        select(EventRow.container_id, PostingRow.account_kind, func.sum(PostingRow.amount_ug))
        .join(EventRow, EventRow.id == PostingRow.event_id)
        .group_by(EventRow.container_id, PostingRow.account_kind)
    )
    stands: dict[str, dict[str, int]] = {vial.key: {} for vial in pencil.vials}
    for key, kind, ug in session.execute(by_vial):
        stands[str(key)][kind] = ug
    for vial in pencil.vials:
        own = {kind: ug for kind, ug in stands[vial.key].items() if ug}
        paper = {kind: vial.of(kind) for kind in {account_kind(account) for account in vial.ug}}
        assert own == {kind: ug for kind, ug in paper.items() if ug}, "paper and ledger differ in a vial"
        taken = -own.pop("source", 0)
        assert taken == sum(own.values()), "what came out of a vial is more or less than what went in"
        assert taken <= vial.label + vial.cap, "a vial gave more than it can hold"


def sequences_run_without_a_gap(session: Session, pencil: Pencil) -> None:
    """A vial's events are numbered 1, 2, 3 ..., and its row stands at the last."""
    numbers: dict[str, list[int]] = {vial.key: [] for vial in pencil.vials}
    asked = select(EventRow.container_id, EventRow.sequence).order_by(EventRow.sequence)
    for key, number in session.execute(asked):
        numbers[str(key)].append(number)
    for vial in pencil.vials:
        assert numbers[vial.key] == list(range(1, vial.events + 1)), "a gap in a vial's events"
    ends = {str(row.id): row.sequence for row in session.scalars(select(ContainerRow))}
    assert ends == {vial.key: vial.events for vial in pencil.vials}


def every_event_has_its_leaf(session: Session) -> None:
    """The log has a leaf for each event, in no gap, with the hash of its bytes; and every event is closed."""
    asked = select(LeafRow.leaf_index, LeafRow.entry_id, LeafRow.leaf_hash, LeafRow.kind)
    leaves = session.execute(asked.order_by(LeafRow.leaf_index)).all()
    assert [leaf.leaf_index for leaf in leaves] == list(range(len(leaves))), "a gap in the log"
    found = {leaf.entry_id: (leaf.leaf_index, leaf.leaf_hash) for leaf in leaves if leaf.kind == "event"}
    events = session.execute(select(EventRow.id, EventRow.leaf_index, EventRow.canonical)).all()
    wanted = {each.id: (each.leaf_index, sha256(b"\x00" + each.canonical).digest()) for each in events}
    assert found == wanted, "an event without its leaf, or a leaf without its event"
    assert (session.scalar(select(HeadRow.size)) or 0) == len(leaves)
    if session.get_bind().dialect.name == "sqlite":
        # What a commit would have checked, too: every event has its closing.
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []

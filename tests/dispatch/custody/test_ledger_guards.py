"""What the database itself refuses: each guard alone, by raw rows that walk around the services."""

from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.custody.ledger_ddl import custody_ddl
from dispatch.custody.ledger_guards import GUARDS
from dispatch.custody.log import service as log
from dispatch.custody.records import (
    BalanceRow,
    ClosingRow,
    ContainerRow,
    EventRow,
    LotRow,
    PostingRow,
    SignatureRow,
)
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.ids import new_id
from tests.builders.custody import LABEL_UG, MG, Scene, a_scene, drawn, opened, picked_up, the_vial, wasted

HASH = sha256(b"event").digest()


def an_event(session: Session, scene: Scene, **more: Any) -> UUID:
    """Insert the header of an administration that follows the vial's last event."""
    vial = the_vial(session, scene)
    header: dict[str, Any] = {
        "id": new_id(), "container_id": vial.id, "sequence": vial.sequence + 1, "kind": "administered",
        "from_state": vial.state, "to_state": vial.state, "from_holder": vial.holder,
        "to_holder": vial.holder, "actor_account_id": scene.nurse.account_id,
        "actor_person_ref": scene.nurse.person_ref, "witness_account_id": None,
        "server_time": scene.clock.now(), "old_seal": "", "new_seal": "", "place": "", "reason": "",
        "standing": {}, "applied": True, "exception": False, "reasons": [], "canonical": b"event",
        "body_hash": HASH, "event_hash": HASH,
    }  # fmt: skip
    place = log.next_place(session)
    header |= {"leaf_index": place.leaf_index} | more
    session.execute(insert(EventRow), [header])
    log.append(session, log.EVENT, header["id"], b"event", place)
    return header["id"]


def followed(session: Session, scene: Scene, **more: Any) -> UUID:
    """Insert a header and let the container follow it."""
    event_id = an_event(session, scene, **more)
    row = session.get_one(EventRow, event_id)
    session.execute(
        update(ContainerRow)
        .where(ContainerRow.id == scene.vial)
        .values(sequence=row.sequence, state=row.to_state, holder=row.to_holder)
    )
    return event_id


def signed(session: Session, event_id: UUID, actor: Actor, role: str = "actor", **more: Any) -> None:
    """Insert a signature of `actor`."""
    signature = {
        "id": new_id(), "event_id": event_id, "event_hash": HASH, "role": role,
        "account_id": actor.account_id, "person_ref": actor.person_ref, "session_ref": actor.session_ref,
        "proved_at": None, "signed_at": session.get_one(EventRow, event_id).server_time,
    }  # fmt: skip
    session.execute(insert(SignatureRow), [signature | more])


def posted(session: Session, scene: Scene, event_id: UUID, account: str, amount_ug: int, **more: Any) -> None:
    """Insert a posting."""
    line = {
        "event_id": event_id, "lot_id": the_vial(session, scene).lot_id, "account": account,
        "account_kind": account.partition(":")[0], "amount_ug": amount_ug,
    }  # fmt: skip
    session.execute(insert(PostingRow), [line | more])


def closed(session: Session, event_id: UUID) -> None:
    """Insert the closing."""
    session.execute(insert(ClosingRow), [{"event_id": event_id}])


def given_raw(session: Session, scene: Scene, amount_ug: int = MG, **more: Any) -> UUID:
    """A whole, balanced, signed administration, not yet closed."""
    event_id = followed(session, scene, **more)
    posted(session, scene, event_id, f"drawn:{scene.vial}", -amount_ug)
    posted(session, scene, event_id, "patient:1", amount_ug)
    signed(session, event_id, scene.nurse)
    return event_id


def test_a_whole_event_by_hand_is_taken(session: Session) -> None:
    scene = drawn(session)
    closed(session, given_raw(session, scene))
    session.commit()


def test_an_event_without_its_closing_cannot_be_committed(session: Session) -> None:
    scene = drawn(session)
    session.commit()
    given_raw(session, scene)
    with pytest.raises(IntegrityError):
        session.commit()


# Invariant 1.


def test_an_event_that_does_not_balance_is_refused(session: Session) -> None:
    scene = drawn(session)
    event_id = followed(session, scene)
    posted(session, scene, event_id, f"drawn:{scene.vial}", -MG)
    posted(session, scene, event_id, "patient:1", MG - 1)
    signed(session, event_id, scene.nurse)
    with pytest.raises(IntegrityError, match="sum to zero per lot"):
        closed(session, event_id)


def test_a_closed_event_takes_no_posting(session: Session) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene)
    closed(session, event_id)
    with pytest.raises(IntegrityError, match="closed event takes no posting"):
        posted(session, scene, event_id, "waste", MG)


def test_an_event_moves_no_drug_of_another_lot(session: Session) -> None:
    scene = drawn(session)
    mine = session.get_one(LotRow, the_vial(session, scene).lot_id)
    other = LotRow(id=new_id(), product_id=mine.product_id, number="L2", expires_on=mine.expires_on)
    session.add(other)
    session.flush()
    event_id = followed(session, scene)
    posted(session, scene, event_id, "source:pharmacy", -MG, lot_id=other.id)
    posted(session, scene, event_id, "patient:1", MG, lot_id=other.id)
    signed(session, event_id, scene.nurse)
    with pytest.raises(IntegrityError, match="own lot"):
        closed(session, event_id)


def test_a_claim_moves_no_drug(session: Session) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene, applied=False, exception=True)
    with pytest.raises(IntegrityError, match="a claim moves none"):
        closed(session, event_id)


# Invariant 2.


def test_no_account_gives_more_than_it_holds(session: Session) -> None:
    scene = drawn(session)
    event_id = followed(session, scene)
    with pytest.raises(IntegrityError):
        posted(session, scene, event_id, f"drawn:{scene.vial}", -35 * MG - 1)


def test_insert_or_ignore_does_not_walk_past_the_balance(session: Session) -> None:
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("INSERT OR IGNORE is SQLite's")
    scene = drawn(session)
    event_id = followed(session, scene)
    raw = text(
        "INSERT OR IGNORE INTO custody_posting (event_id, lot_id, account, account_kind, amount_ug) "
        "VALUES (:event, :lot, :account, 'drawn', -99000000)"
    )
    lot = the_vial(session, scene).lot_id.hex
    with pytest.raises(IntegrityError, match="cannot give more than it holds"):
        session.execute(raw, {"event": event_id.hex, "lot": lot, "account": f"drawn:{scene.vial}"})


def test_a_drug_account_cannot_pass_for_a_source(session: Session) -> None:
    scene = drawn(session)
    event_id = followed(session, scene)
    with pytest.raises(IntegrityError):
        posted(session, scene, event_id, f"drawn:{scene.vial}", -99 * LABEL_UG, account_kind="source")


def test_a_balance_cannot_be_written_by_hand(session: Session) -> None:
    scene = drawn(session)
    mine = BalanceRow.account == f"drawn:{scene.vial}"
    row = session.scalars(select(BalanceRow).where(mine)).one()
    with pytest.raises(IntegrityError, match="moves only by a posting"):
        session.execute(
            update(BalanceRow).where(mine).values(balance_ug=1, last_posting_id=row.last_posting_id + 1)
        )


def test_a_posting_counts_once(session: Session) -> None:
    scene = drawn(session)
    mine = BalanceRow.account == f"drawn:{scene.vial}"
    row = session.scalars(select(BalanceRow).where(mine)).one()
    again = session.get_one(PostingRow, row.last_posting_id).amount_ug
    with pytest.raises(IntegrityError, match="counts once"):
        session.execute(
            update(BalanceRow)
            .where(mine)
            .values(balance_ug=row.balance_ug + again, last_posting_id=row.last_posting_id)
        )


def test_a_balance_begins_at_zero(session: Session) -> None:
    scene = a_scene(session)
    line = {"account": "waste", "lot_id": the_vial(session, scene).lot_id, "balance_ug": 1}
    with pytest.raises(IntegrityError, match="begins at zero"):
        session.execute(insert(BalanceRow), [line | {"last_posting_id": 0}])


def test_a_balance_is_never_deleted(session: Session) -> None:
    drawn(session)
    with pytest.raises(IntegrityError, match="never deleted"):
        session.execute(delete(BalanceRow))


def test_overfill_is_capped(session: Session) -> None:
    scene = opened(session, overfill_percent=10)
    event_id = followed(session, scene, kind="drawn")
    posted(session, scene, event_id, "source:overfill", -(50 * MG + 1))
    posted(session, scene, event_id, f"drawn:{scene.vial}", 50 * MG + 1)
    signed(session, event_id, scene.nurse)
    with pytest.raises(IntegrityError, match="no more overfill"):
        closed(session, event_id)


# Invariant 4.


def test_an_event_is_signed_by_its_actor(session: Session) -> None:
    scene = drawn(session)
    event_id = followed(session, scene)
    signed(session, event_id, scene.other_nurse)
    with pytest.raises(IntegrityError, match="signed by its actor"):
        closed(session, event_id)


@pytest.mark.parametrize("kind", ["wasted", "picked_up", "returned"])
def test_two_signatures_where_two_are_needed(session: Session, kind: str) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene, kind=kind)
    with pytest.raises(IntegrityError, match="second signature"):
        closed(session, event_id)


def test_the_named_witness_has_to_sign(session: Session) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene, witness_account_id=scene.other_nurse.account_id)
    signed(session, event_id, scene.pharmacist, "witness")
    with pytest.raises(IntegrityError, match="nobody else"):
        closed(session, event_id)


def test_nobody_witnesses_who_is_not_named(session: Session) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene)
    signed(session, event_id, scene.pharmacist, "witness")
    with pytest.raises(IntegrityError, match="nobody else"):
        closed(session, event_id)


def test_the_actor_is_not_named_as_witness(session: Session) -> None:
    scene = drawn(session)
    with pytest.raises(IntegrityError):
        an_event(session, scene, witness_account_id=scene.nurse.account_id)


def test_an_account_signs_once_even_if_its_person_is_rewritten(session: Session) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene)
    session.execute(
        update(AccountRow).where(AccountRow.id == scene.nurse.account_id).values(person_ref="another")
    )
    with pytest.raises(IntegrityError):
        signed(session, event_id, scene.nurse, "witness", session_ref="another", person_ref="another")


def test_a_person_signs_once_whatever_the_account(session: Session) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene)
    with pytest.raises(IntegrityError):
        signed(session, event_id, scene.second_account, "witness")


def test_a_session_signs_once(session: Session) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene)
    with pytest.raises(IntegrityError):
        signed(session, event_id, scene.other_nurse, "witness", session_ref=scene.nurse.session_ref)


def test_a_signature_cannot_name_another_person(session: Session) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene)
    with pytest.raises(IntegrityError, match="person of its account"):
        signed(session, event_id, scene.second_account, "witness", person_ref="somebody-else")


def test_a_signature_signs_the_events_own_hash(session: Session) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene)
    with pytest.raises(IntegrityError):
        signed(session, event_id, scene.other_nurse, "witness", event_hash=sha256(b"other").digest())


def test_a_closed_event_takes_no_signature(session: Session) -> None:
    scene = drawn(session)
    event_id = given_raw(session, scene)
    closed(session, event_id)
    with pytest.raises(IntegrityError, match="closed event takes no signature"):
        signed(session, event_id, scene.other_nurse, "witness")


# Invariant 5.


@pytest.mark.parametrize("sequence", [3, 4, 6])
def test_an_event_is_the_next_of_its_container(session: Session, sequence: int) -> None:
    scene = drawn(session)
    with pytest.raises(IntegrityError, match="where it stands"):
        an_event(session, scene, sequence=sequence)


def test_an_event_takes_up_the_holder(session: Session) -> None:
    scene = drawn(session)
    with pytest.raises(IntegrityError, match="where it stands"):
        an_event(session, scene, from_holder="nurse:other", to_holder="nurse:other")


def test_an_event_takes_up_the_state(session: Session) -> None:
    scene = drawn(session)
    with pytest.raises(IntegrityError, match="where it stands"):
        an_event(session, scene, from_state="picked_up")


@pytest.mark.parametrize(
    "change", [{"holder": "nurse:other"}, {"state": "wasted"}, {"sequence": 9}, {"label_ug": 1}]
)
def test_a_container_changes_only_by_an_event(session: Session, change: dict[str, Any]) -> None:
    scene = picked_up(session)
    with pytest.raises(IntegrityError, match="only by an event"):
        session.execute(update(ContainerRow).where(ContainerRow.id == scene.vial).values(**change))


def test_an_event_closes_only_when_its_container_followed(session: Session) -> None:
    scene = drawn(session)
    event_id = an_event(session, scene)
    signed(session, event_id, scene.nurse)
    with pytest.raises(IntegrityError, match="container has followed"):
        closed(session, event_id)


def test_a_container_begins_without_history(session: Session) -> None:
    scene = a_scene(session)
    one = the_vial(session, scene)
    copy = {
        "id": new_id(), "area_id": one.area_id, "pharmacy_id": one.pharmacy_id, "lot_id": one.lot_id,
        "serial": "other", "label_ug": 1, "overfill_cap_ug": 0, "basis": one.basis, "seal": "S",
        "state": "picked_up", "holder": scene.nurse_holder, "sequence": 0,
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="without history"):
        session.execute(insert(ContainerRow), [copy])


def test_a_claim_moves_neither_state_nor_holder(session: Session) -> None:
    scene = drawn(session)
    with pytest.raises(IntegrityError):
        an_event(session, scene, applied=False, exception=True, to_state="lost")


def test_a_claim_is_always_an_exception(session: Session) -> None:
    scene = drawn(session)
    with pytest.raises(IntegrityError):
        an_event(session, scene, applied=False, exception=False)


# Invariant 7.


def test_an_event_is_never_rewritten(session: Session) -> None:
    scene = wasted(session)
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(update(EventRow).where(EventRow.container_id == scene.vial).values(amount_ug=1))


def test_a_migration_reaches_every_guard(engine: Engine) -> None:
    said = "\n".join(custody_ddl(engine.dialect.name))
    made = [guard for guard in GUARDS if guard.dialect in ("", engine.dialect.name)]
    assert all(guard.broken_when in said and f"'{guard.says}'" in said for guard in made)
    assert all(f" BEFORE {guard.deed} ON {guard.table} " in said for guard in made)

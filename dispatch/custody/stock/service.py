"""Use cases of a stock point: set aside, put back, destroy; recall a lot."""

import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.canonical import stated_bytes
from dispatch.custody.ledger import write_event
from dispatch.custody.loading import all_locked, moment_of, vial_of
from dispatch.custody.log import service as log
from dispatch.custody.model import (
    NOBODY,
    QUARANTINE,
    Decision,
    EventKind,
    Receipt,
    State,
    pharmacy_holder,
)
from dispatch.custody.records import ContainerRow, EventRow, LotRow, PostingRow
from dispatch.custody.sentences import reason
from dispatch.custody.service.deed import Case, do_deed
from dispatch.custody.service.signers import check_own_proof, signer_of
from dispatch.custody.stock.commands import Destroy, RecallLot, Restock, SetAside
from dispatch.custody.stock.records import RecallRow
from dispatch.custody.stock.rules import decide_destroy, decide_restock, decide_set_aside, out_of_use
from dispatch.custody.stock.writing import KEEPERS, RECALL, at_stock, recall_bytes
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, refuse

AT_A_STOCK_POINT = frozenset({State.DISPENSED, State.RETURNED, State.QUARANTINE})


def set_aside(session: Session, command: SetAside, actor: Actor, clock: Clock) -> Receipt:
    """Take a vial at a stock point out of use: quarantined, or expired."""
    actor.require(KEEPERS)
    if command.kind not in (EventKind.QUARANTINED, EventKind.EXPIRED):
        raise Invalid([reason("not_to_set_aside", "kind")])
    return _at_stock(
        session,
        command,
        command.kind,
        actor,
        clock,
        lambda case, holder: decide_set_aside(case.vial, command.kind, holder, case.moment),
    )


def restock(session: Session, command: Restock, actor: Actor, clock: Clock) -> Receipt:
    """Put a returned vial of the registrant's own stock back on the shelf."""
    actor.require((Role.PHARMACIST,))
    return _at_stock(
        session,
        command,
        EventKind.RESTOCKED,
        actor,
        clock,
        lambda case, holder: decide_restock(case.vial, holder, command.seal, case.moment),
        new_seal=command.seal,
    )


def destroy(session: Session, command: Destroy, actor: Actor, clock: Clock) -> Receipt:
    """Destroy put-aside drug before a second person who signs the same event."""
    actor.require(KEEPERS)
    stands = _in_quarantine(session, command.container_id)
    return _at_stock(
        session,
        command,
        EventKind.DESTROYED,
        actor,
        clock,
        lambda case, holder: decide_destroy(case.vial, holder, stands, case.flags),
        amount_ug=stands,
        method=command.method.value,
    )


def recall_lot(session: Session, command: RecallLot, actor: Actor, clock: Clock) -> tuple[Receipt, ...]:
    """Recall a lot: what stands at stock points is quarantined at once; what nurses hold becomes a task.

    The task is no row of its own: it is a held vial of a recalled lot (`queries.recall_tasks`), gone as soon
    as the vial is returned, wasted or lost. Nothing of the lot may be picked up, opened or drawn any more.
    Whoever recalls proves who they are anew (``actor_proof_missing``, ``actor_not_fresh``).
    """
    actor.require(KEEPERS)
    lot = session.get(LotRow, command.lot_id)
    if lot is None:
        raise refuse(NotFound, "no_such_lot", "There is no such lot.", field="lot_id")
    if session.get(RecallRow, command.recall_id) is not None:
        raise Conflict([reason("lot_recalled_already", "recall_id")])
    signer = signer_of(session, actor)
    proof = check_own_proof(session, signer, command.proof, clock)
    of_lot = select(ContainerRow.id).where(ContainerRow.lot_id == lot.id)
    rows = all_locked(session, session.scalars(of_lot).all())
    told = {"lot_id": lot.id, "reference": command.reference, "reason": command.reason}
    recall = RecallRow(
        id=command.recall_id, recalled_by=signer.account_id, at=clock.now(),
        text_salt=secrets.token_bytes(16), **told,
    )  # fmt: skip
    session.add(recall)
    session.flush()
    receipts = []
    for row in rows.values():
        vial = vial_of(session, row)
        if vial.state not in AT_A_STOCK_POINT or vial.holder == NOBODY:
            continue
        event_id = new_id()
        stated = stated_bytes(EventKind.RECALLED, signer.account_id, command)
        place = session.get_one(PharmacyRow, row.pharmacy_id)
        moment = moment_of(session, row.area_id, clock)
        writing = at_stock(event_id, stated, actor, signer, moment, place, row, row.seal, "", proof)
        decision = out_of_use(vial, EventKind.RECALLED, State.RECALLED)
        receipts.append(write_event(session, row, decision, writing, clock))
    log.append(session, RECALL, recall.id, recall_bytes(recall))
    entry = AuditEntry(
        action="custody.recall",
        subject_kind="lot",
        subject_id=lot.id,
        detail={"reference": command.reference},
    )
    record(session, entry, actor, clock)
    return tuple(receipts)


def _at_stock(
    session: Session,
    command: SetAside | Restock | Destroy,
    kind: EventKind,
    actor: Actor,
    clock: Clock,
    decide: Callable[[Case, str], Decision],
    **told: Any,
) -> Receipt:
    """Run a deed on a vial that its own stock point holds."""

    def at_its_pharmacy(case: Case) -> Decision:
        return decide(case, pharmacy_holder(case.row.pharmacy_id))

    return do_deed(session, command, kind, actor, clock, at_its_pharmacy, standing_counts=False, **told)


def _in_quarantine(session: Session, container_id: UUID) -> int:
    stands = (
        select(func.coalesce(func.sum(PostingRow.amount_ug), 0))
        .join(EventRow, EventRow.id == PostingRow.event_id)
        .where(EventRow.container_id == container_id, PostingRow.account == QUARANTINE)
    )
    return int(session.scalar(stands) or 0)

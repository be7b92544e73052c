"""Take entries back by reversing ones, with two approvers; and enter them anew."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.custody.canonical import stated_bytes
from dispatch.custody.commands import Correct, Reverse
from dispatch.custody.ledger import Writing, write_event
from dispatch.custody.loading import locked, moment_in, moment_of, vial_of
from dispatch.custody.model import EventKind, Posting, Receipt, State, Verdict, Vial
from dispatch.custody.receipts import already_written, open_case
from dispatch.custody.records import BalanceRow, ContainerRow, EventRow, PostingRow
from dispatch.custody.rules.reversing import (
    Entry,
    decide_anew,
    decide_reverse,
    may_be_corrected,
    may_be_reversed,
)
from dispatch.custody.rules.signing import both_have_signed
from dispatch.custody.sentences import reason
from dispatch.custody.service.prologue import begun
from dispatch.custody.service.signers import Signer, judge_signatures, signer_of
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Forbidden, NotFound, refuse

APPROVERS = (Role.COMPLIANCE, Role.PHARMACIST)


def reverse(session: Session, command: Reverse, actor: Actor, clock: Clock) -> Receipt:
    """Take an entry back whole; the only thing that may follow ``reconciled`` (invariant 6).

    Two persons approve by fresh signatures, neither of them the one whose entry it was. The original
    stays, and the reversal opens a case, so that a correction is never silent.
    """
    return _taken_back(session, command, actor, clock, found_ug=0)[-1]


def correct(session: Session, command: Correct, actor: Actor, clock: Clock) -> tuple[Receipt, ...]:
    """Take an entry back and enter it anew with another amount, in one transaction (attack 14).

    Both entries and the original stay in sight; the case bears the two amounts.
    """
    if command.corrected_event_id == command.event_id:
        raise Conflict([reason("event_id_reused", "corrected_event_id")])
    row = locked(session, command.container_id)
    # Asked first: an id that came with other words must leave neither half behind.
    anew = already_written(
        session, command.corrected_event_id, _anew_said(session, command, actor), None, actor, clock
    )
    if anew is not None and not anew.replayed:
        return (anew,)
    receipts = _taken_back(session, command, actor, clock, found_ug=command.amount_ug)
    if receipts[-1].replayed or receipts[-1].verdict is Verdict.ID_REUSED:
        return (*receipts, anew) if anew else receipts
    original = session.get_one(EventRow, command.reverses)
    entry = _entry(session, row, original)
    refused = may_be_corrected(entry)
    if refused:
        raise Conflict([reason(code, "reverses") for code in refused])
    vial = vial_of(session, row)
    decision = decide_anew(vial, entry, command.amount_ug)
    signer = signer_of(session, actor)
    writing = _writing(session, command, actor, signer, vial, original, clock)
    return (*receipts, write_event(session, row, decision, writing, clock))


def _taken_back(
    session: Session, command: Reverse, actor: Actor, clock: Clock, found_ug: int
) -> tuple[Receipt, ...]:
    actor.require(APPROVERS)
    at = begun(session, command, EventKind.REVERSED, actor, clock)
    if at.before is not None:
        return (at.before,)
    row, vial, signer = at.row, at.vial, at.signer
    moment = moment_in(session, row.area_id, at.zone, clock, command.stamp, command.standing.snapshot)
    missing = both_have_signed(command.proof, command.witness)
    if missing:
        raise Forbidden([reason(code) for code in missing])
    judge_signatures(actor, signer, command.proof, command.witness, at.witness, moment, EventKind.REVERSED)
    original = session.get(EventRow, command.reverses)
    if original is None or original.container_id != row.id:
        raise refuse(NotFound, "no_such_entry", "This vial has no such entry.", field="reverses")
    entry = _entry(session, row, original)
    assert command.witness is not None  # both have signed
    approvers = frozenset({signer.person_ref, command.witness.person_ref})
    found = may_be_reversed(entry, approvers, _balances(session, row, entry), moment)
    if not command.reason.strip():
        found += ("correction_reason_missing",)
    if found:
        raise Conflict([reason(code, "reverses") for code in found])
    writing = Writing(
        event_id=command.event_id,
        stated=at.stated,
        actor=actor,
        account_id=signer.account_id,
        person_ref=signer.person_ref,
        moment=moment,
        standing=command.standing,
        stamp=command.stamp,
        proof=command.proof,
        witness=command.witness,
        old_seal=vial.seal,
        place=command.place,
        reason=command.reason,
        visit_id=original.visit_id,
        amount_ug=original.amount_ug,
        supersedes=original.id,
    )
    receipt = write_event(session, row, decide_reverse(vial, entry), writing, clock)
    detail = {"reversed": str(original.id), "kind": original.kind, "reason": command.reason}
    open_case(
        session, row.area_id, "entry_corrected", row.id, command.event_id, actor, clock, detail,
        original.amount_ug, found_ug if original.amount_ug is not None else None,
    )  # fmt: skip
    return (receipt,)


def _anew_said(session: Session, command: Correct, actor: Actor) -> bytes:
    return stated_bytes("corrected", signer_of(session, actor).account_id, command)


def _writing(
    session: Session,
    command: Correct,
    actor: Actor,
    signer: Signer,
    vial: Vial,
    original: EventRow,
    clock: Clock,
) -> Writing:
    copied: Mapping[str, Any] = {
        name: getattr(original, name)
        for name in ("shift_id", "visit_id", "method", "witness_kind", "measured_ug", "prime_ug")
    }
    return Writing(
        event_id=command.corrected_event_id,
        stated=_anew_said(session, command, actor),
        actor=actor,
        account_id=signer.account_id,
        person_ref=signer.person_ref,
        moment=moment_of(session, _area(session, vial.container_id), clock, None, command.standing.snapshot),
        standing=command.standing,
        proof=command.proof,
        witness=command.witness,
        old_seal=vial.seal,
        place=command.place,
        reason=command.reason,
        amount_ug=command.amount_ug,
        supersedes=original.id,
        **copied,
    )


def _area(session: Session, container_id: UUID) -> UUID:
    return session.get_one(ContainerRow, container_id).area_id


def _entry(session: Session, row: ContainerRow, original: EventRow) -> Entry:
    lines = session.scalars(
        select(PostingRow).where(PostingRow.event_id == original.id).order_by(PostingRow.id)
    )
    taken_back = select(EventRow.supersedes).where(
        EventRow.container_id == row.id, EventRow.kind == EventKind.REVERSED.value
    )
    later = (
        select(func.count())
        .select_from(EventRow)
        .where(
            EventRow.container_id == row.id,
            EventRow.sequence > original.sequence,
            EventRow.applied,
            EventRow.kind != EventKind.REVERSED.value,
            EventRow.id.not_in(taken_back),
        )
    )
    reversals = select(EventRow.id).where(
        EventRow.supersedes == original.id, EventRow.kind == EventKind.REVERSED.value
    )
    return Entry(
        kind=EventKind(original.kind),
        from_state=State(original.from_state),
        from_holder=original.from_holder,
        actor_person_ref=original.actor_person_ref,
        applied=original.applied,
        latest=not session.scalar(later),
        reversed=session.scalar(reversals) is not None,
        amount_ug=original.amount_ug,
        postings=tuple(Posting(account=line.account, amount_ug=line.amount_ug) for line in lines),
    )


def _balances(session: Session, row: ContainerRow, entry: Entry) -> dict[str, int]:
    accounts = [line.account for line in entry.postings]
    rows = session.execute(
        select(BalanceRow.account, BalanceRow.balance_ug).where(
            BalanceRow.account.in_(accounts), BalanceRow.lot_id == row.lot_id
        )
    )
    return {found.account: found.balance_ug for found in rows}

"""Take entries back by reversing ones, with two approvers; and enter them anew."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.custody.canonical import stated_bytes
from dispatch.custody.commands import Correct, Reverse
from dispatch.custody.ledger import write_event
from dispatch.custody.loading import locked, vial_of
from dispatch.custody.model import EventKind, Posting, Receipt, State, Verdict
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
from dispatch.custody.service.prologue import Prologue, begun
from dispatch.custody.service.signers import judge_signatures, signer_of
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Forbidden, NotFound, refuse

APPROVERS = (Role.COMPLIANCE, Role.PHARMACIST)


def reverse(session: Session, command: Reverse, actor: Actor, clock: Clock) -> Receipt:
    """Take an entry back whole; the only thing that may follow ``reconciled`` (invariant 6).

    Two persons approve by fresh signatures, neither of them the one whose entry it was. The original
    stays, and the reversal opens a case, so that a correction is never silent.
    """
    actor.require(APPROVERS)
    at = begun(session, command, EventKind.REVERSED, actor, clock)
    return at.before or _taken_back(session, at, command, actor, clock, found_ug=0)


def correct(session: Session, command: Correct, actor: Actor, clock: Clock) -> tuple[Receipt, ...]:
    """Take an entry back and enter it anew with another amount, in one transaction (attack 14).

    Both entries and the original stay in sight; the case bears the two amounts.
    """
    actor.require(APPROVERS)
    if command.corrected_event_id == command.event_id:
        raise Conflict([reason("event_id_reused", "corrected_event_id")])
    row = locked(session, command.container_id)
    # Asked first: an id that came with other words must leave neither half behind.
    anew = already_written(
        session, command.corrected_event_id, _anew_said(session, command, actor), None, actor, clock
    )
    if anew is not None and not anew.replayed:
        return (anew,)
    at = begun(session, command, EventKind.REVERSED, actor, clock)
    if at.before is not None:
        return (at.before, anew) if anew else (at.before,)
    taken_back = _taken_back(session, at, command, actor, clock, found_ug=command.amount_ug)
    if taken_back.verdict is Verdict.ID_REUSED:
        return (taken_back,)
    original = session.get_one(EventRow, command.reverses)
    entry = _entry(session, row, original)
    refused = may_be_corrected(entry)
    if refused:
        raise Conflict([reason(code, "reverses") for code in refused])
    vial = vial_of(session, row)
    decision = decide_anew(vial, entry, command.amount_ug)
    copied: Mapping[str, Any] = {
        name: getattr(original, name)
        for name in ("shift_id", "visit_id", "method", "witness_kind", "measured_ug", "prime_ug")
    }
    writing = replace(at, vial=vial, stated=_anew_said(session, command, actor)).writing(
        command, actor, event_id=command.corrected_event_id, stamp=None, amount_ug=command.amount_ug,
        supersedes=original.id, **copied,
    )  # fmt: skip
    return taken_back, write_event(session, row, decision, writing, clock)


def _taken_back(
    session: Session, at: Prologue, command: Reverse, actor: Actor, clock: Clock, found_ug: int
) -> Receipt:
    row, vial, signer, moment = at.row, at.vial, at.signer, at.moment
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
    writing = at.writing(
        command, actor, visit_id=original.visit_id, amount_ug=original.amount_ug, supersedes=original.id
    )
    receipt = write_event(session, row, decide_reverse(vial, entry), writing, clock)
    # Not the reason: the reversal has it, and its leaf only commits to it.
    detail = {"reversed": str(original.id), "kind": original.kind}
    open_case(
        session, row.area_id, "entry_corrected", row.id, command.event_id, actor, clock, detail,
        original.amount_ug, found_ug if original.amount_ug is not None else None,
    )  # fmt: skip
    return receipt


def _anew_said(session: Session, command: Correct, actor: Actor) -> bytes:
    return stated_bytes("corrected", signer_of(session, actor).account_id, command)


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

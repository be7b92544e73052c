"""The custody shift: opened and closed with blind counts; never closed over drug."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.commands import BlindCount
from dispatch.custody.loading import account_of, nurse_of, open_shift_of, shift_begun, vials_held
from dispatch.custody.model import CountResult, nurse_holder
from dispatch.custody.receipts import open_case
from dispatch.custody.records import CountRow, CustodyShiftRow, DiscrepancyRow, EventRow
from dispatch.custody.rules.counting import count_ends, unaccounted
from dispatch.custody.sentences import reason
from dispatch.custody.service.counting import count
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Reason, refuse
from dispatch.workforce.records import NurseRow


def open_shift(session: Session, command: BlindCount, actor: Actor, clock: Clock) -> CountResult:
    """Open a custody shift with a blind count of what is in hand, which should be nothing.

    A pickup opens one too: its count and its two signatures stand for the opening count. A figure that
    differs asks for a second one; the shift is open either way, for what is in hand is in hand.
    """
    nurse_id = nurse_of(actor)
    shift = open_shift_of(session, nurse_id)
    if shift is not None and shift.opening_round_id != command.round_id:
        raise Conflict([reason("shift_open")])
    if command.holder != nurse_holder(nurse_id):
        raise Conflict([reason("count_not_own", "holder")])
    result = count(session, command, actor, clock)
    if shift is None:
        shift = shift_begun(session, nurse_id, clock)
        shift.opening_round_id = command.round_id
        _note(session, "custody.open_shift", shift, actor, clock)
    return result


def count_own(
    session: Session, count_id: UUID, round_id: UUID, counted_units: int, actor: Actor, clock: Clock
) -> CountResult:
    """Keep a nurse's blind count of all the sealed vials in her own hands."""
    command = BlindCount(
        count_id=count_id,
        round_id=round_id,
        holder=nurse_holder(nurse_of(actor)),
        counted_units=counted_units,
    )
    return count(session, command, actor, clock)


def close_shift(session: Session, actor: Actor, clock: Clock, round_id: UUID | None = None) -> datetime:
    """Close the nurse's custody shift, or refuse with one reason for each vial unaccounted for.

    Nothing is left in a bag overnight: opened drug is wasted before a witness, sealed drug returned
    or handed off (21 CFR 1301.75(b); attack 13). It closes with a blind count (`round_id`; policy
    ``custody.shift``) that ended after the last vial moved. The first refusal over drug in hand becomes
    a discrepancy: the web floor keeps it, although the answer is a refusal. Returns when it closed.
    """
    nurse_id = nurse_of(actor)
    account_of(actor)
    shift = open_shift_of(session, nurse_id)
    if shift is None:
        raise refuse(Conflict, "no_open_shift", "There is no open custody shift.")
    area_id = session.get_one(NurseRow, nurse_id).area_id
    left = unaccounted(vials_held(session, nurse_id))
    if left:
        _escalate(session, area_id, shift, left, actor, clock)
        raise Conflict(left)
    if policy(session, "custody.shift", area_id)["count_to_close"]:
        wrong = _count_stands(session, nurse_id, shift, round_id)
        if wrong:
            raise Conflict([reason(wrong, "round_id")])
    shift.closing_round_id = round_id
    shift.closed_at = clock.now()
    session.flush()
    _note(session, "custody.close_shift", shift, actor, clock)
    return shift.closed_at


def _count_stands(
    session: Session, nurse_id: UUID, shift: CustodyShiftRow, round_id: UUID | None
) -> str | None:
    """Return what is wrong with the closing count; a variance is none, for it opened its own case."""
    if round_id is None:
        return "count_missing"
    last = session.scalar(
        select(CountRow).where(CountRow.round_id == round_id).order_by(CountRow.attempt.desc()).limit(1)
    )
    if last is None or last.at < shift.opened_at:
        return "count_missing"
    holder = nurse_holder(nurse_id)
    if last.holder != holder:
        return "count_not_own"
    if not count_ends(last.attempt, last.counted_units, last.expected_units):
        return "count_open"
    moved = select(EventRow.id).where(
        EventRow.server_time > last.at, or_(EventRow.from_holder == holder, EventRow.to_holder == holder)
    )
    return "count_too_old" if session.scalar(moved.limit(1)) is not None else None


def _escalate(
    session: Session, area_id: UUID, shift: CustodyShiftRow, left: list[Reason], actor: Actor, clock: Clock
) -> None:
    """Tell compliance once a shift that it could not be closed."""
    told = select(DiscrepancyRow.id).where(
        DiscrepancyRow.kind == "shift_not_closed",
        DiscrepancyRow.discovered_by == actor.account_id,
        DiscrepancyRow.discovered_at >= shift.opened_at,
    )
    if session.scalar(told.limit(1)) is not None:
        return
    detail = {"shift": str(shift.id), "left": [each.text for each in left]}
    open_case(session, area_id, "shift_not_closed", None, None, actor, clock, detail)
    _note(session, "custody.shift_not_closed", shift, actor, clock)


def _note(session: Session, action: str, shift: CustodyShiftRow, actor: Actor, clock: Clock) -> None:
    entry = AuditEntry(action=action, subject_kind="custody_shift", subject_id=shift.id)
    record(session, entry, actor, clock)

"""When nurses work."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.records import ServiceAreaRow
from dispatch.areas.service import note_change, policy, zone_of
from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved, assign, require_version
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Reason, refuse
from dispatch.workforce.model import FatigueLimits, Shift
from dispatch.workforce.records import NurseRow, ShiftRow
from dispatch.workforce.rules.drafts import shift_form_faults
from dispatch.workforce.rules.hours import WEEK, overlapping, shift_faults
from dispatch.workforce.service.boards import audit, audit_saved
from dispatch.workforce.service.nurses import nurse_by_id


def add_shift(session: Session, nurse_id: UUID, shift: Shift, actor: Actor, clock: Clock) -> ShiftRow:
    """Let a nurse work from then to then.

    Raises
    ------
    Conflict
        ``shift_overlaps``, or every fatigue rule that the shift, or one after it, would break.
    """
    nurse = nurse_by_id(session, nurse_id)
    _refuse_malformed(shift)
    others = shifts_around(session, nurse, shift)
    _refuse_faulty(session, nurse, shift, [shift_of(row) for row in others])
    row, _ = save_shift(session, nurse, shift, None, actor, clock)
    tell_board(session, nurse, shift, clock)
    return row


def change_shift(
    session: Session, shift_id: UUID, shift: Shift, actor: Actor, clock: Clock, *, seen: int | None = None
) -> ShiftRow:
    """Let a shift begin or end at another time; the boards of both days are told."""
    row = shift_by_id(session, shift_id)
    require_version(row, seen)
    _refuse_malformed(shift)
    before = shift_of(row)
    others = [other for other in shifts_around(session, row.nurse, shift) if other.id != row.id]
    _refuse_faulty(session, row.nurse, shift, [shift_of(other) for other in others])
    save_shift(session, row.nurse, shift, row, actor, clock)
    for told in dict.fromkeys((before, shift)):
        tell_board(session, row.nurse, told, clock)
    return row


def remove_shift(
    session: Session, shift_id: UUID, actor: Actor, clock: Clock, *, seen: int | None = None
) -> None:
    """Take a shift away, as when a nurse is ill. Plans that lean on it are stale from then on."""
    row = shift_by_id(session, shift_id)
    require_version(row, seen)
    audit(session, "shift.remove", "shift", row.id, actor, clock, nurse=row.nurse.code)
    tell_board(session, row.nurse, shift_of(row), clock)
    session.delete(row)


def shift_by_id(session: Session, shift_id: UUID) -> ShiftRow:
    """Return the shift, or refuse with `NotFound`."""
    row = session.get(ShiftRow, shift_id)
    if row is None:
        raise refuse(NotFound, "no_such_shift", "There is no such shift.", field="shift")
    return row


def shift_of(row: ShiftRow) -> Shift:
    """Return the value of a row."""
    return Shift(starts_at=row.starts_at, ends_at=row.ends_at)


def shifts_around(session: Session, nurse: NurseRow, shift: Shift) -> Sequence[ShiftRow]:
    """Return her shifts from a week before to a week after `shift`."""
    wanted = (
        select(ShiftRow)
        .where(ShiftRow.nurse_id == nurse.id)
        .where(ShiftRow.ends_at > shift.starts_at - WEEK, ShiftRow.starts_at < shift.ends_at + WEEK)
        .order_by(ShiftRow.starts_at)
    )
    return session.scalars(wanted).all()


def roster_faults(shift: Shift, others: Sequence[Shift], limits: FatigueLimits) -> tuple[Reason, ...]:
    """Return what is wrong with `shift` among a nurse's others: overlap, and rest before and after it."""
    if any(other.starts_at == shift.starts_at for other in others) or overlapping(shift, others):
        text = "She works then already: shifts of one nurse do not overlap."
        return (Reason(code="shift_overlaps", text=text, field="starts_at"),)
    found = dict.fromkeys(shift_faults(shift, others, limits))
    together = [*others, shift]
    for later in others:
        if later.starts_at > shift.starts_at:
            before = shift_faults(later, others, limits)
            found.update(
                dict.fromkeys(
                    fault for fault in shift_faults(later, together, limits)
                    if fault.code not in {known.code for known in before}
                )
            )  # fmt: skip
    return tuple(found)


def _refuse_malformed(shift: Shift) -> None:
    if faults := shift_form_faults(shift):
        raise Invalid(faults)


def _refuse_faulty(session: Session, nurse: NurseRow, shift: Shift, others: Sequence[Shift]) -> None:
    limits = FatigueLimits.from_policy(policy(session, "hours.fatigue", nurse.area_id))
    if faults := roster_faults(shift, others, limits):
        raise Conflict(faults)


def save_shift(
    session: Session, nurse: NurseRow, shift: Shift, known: ShiftRow | None, actor: Actor, clock: Clock
) -> tuple[ShiftRow, Saved]:
    """Write a faultless shift into the row that is known, or into a new one."""
    row = known or ShiftRow(id=new_id(), nurse=nurse, nurse_id=nurse.id)
    changed = assign(row, {"starts_at": shift.starts_at, "ends_at": shift.ends_at})
    saved = Saved.ADDED if known is None else Saved.CHANGED if changed else Saved.UNCHANGED
    if known is None:
        session.add(row)
    audit_saved(session, "shift", row.id, saved, changed, actor, clock, nurse=nurse.code)
    return row, saved


def tell_board(session: Session, nurse: NurseRow, shift: Shift, clock: Clock) -> None:
    """Note the change on the boards of the local days that the shift touches."""
    zone = zone_of(session.get_one(ServiceAreaRow, nurse.area_id))
    days = {local_day(shift.starts_at, zone), local_day(shift.ends_at, zone)}
    for day in sorted(days):
        note_change(session, nurse.area_id, day, "shift", clock, nurse.id)

"""Blind counts, and the end of a vial."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.custody.canonical import canonical_bytes
from dispatch.custody.commands import BlindCount, Reconcile
from dispatch.custody.loading import account_of
from dispatch.custody.log import service as log
from dispatch.custody.model import CountResult, Decision, EventKind, Receipt, State, nurse_holder
from dispatch.custody.receipts import open_case
from dispatch.custody.records import ContainerRow, CountRow, LotRow
from dispatch.custody.rules.counting import count_ends
from dispatch.custody.rules.hand_off import refuse_if
from dispatch.custody.rules.keeping import fact
from dispatch.custody.sentences import reason
from dispatch.custody.service.deed import Case, do_deed
from dispatch.custody.states import SEALED, TRANSITIONS
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, Forbidden, NotFound, refuse
from dispatch.workforce.records import NurseRow


def count(session: Session, command: BlindCount, actor: Actor, clock: Clock) -> CountResult:
    """Keep a blind count of sealed vials, then tell what the ledger expects.

    The row is append-only, so the figure is locked before anything is shown. A first figure that
    differs asks for a second blind one and shows nothing; a second one that differs opens a
    discrepancy, discovered when the first was given (21 CFR 1304.11(a): complete and accurate counts).
    """
    account_id = account_of(actor)
    area_id = _area_of(session, command.holder, actor)
    earlier = list(
        session.scalars(
            select(CountRow).where(CountRow.round_id == command.round_id).order_by(CountRow.attempt)
        )
    )
    for row in earlier:
        if row.id == command.count_id and row.counted_units == command.counted_units:
            return _told(row)
    if session.get(CountRow, command.count_id) is not None:
        raise Conflict([reason("count_id_reused", "count_id")])
    if earlier and count_ends(earlier[-1].attempt, earlier[-1].counted_units, earlier[-1].expected_units):
        raise Conflict([reason("count_finished", "round_id")])
    row = CountRow(
        id=command.count_id,
        round_id=command.round_id,
        attempt=len(earlier) + 1,
        holder=command.holder,
        product_id=command.product_id,
        counted_units=command.counted_units,
        expected_units=_expected(session, command.holder, command.product_id),
        account_id=account_id,
        at=clock.now(),
    )
    session.add(row)
    session.flush()
    told = {column.name: getattr(row, column.name) for column in CountRow.__table__.columns}
    log.append(session, "count", row.id, canonical_bytes({"v": 1, "kind": "count"} | told))
    result = _told(row)
    if result.variance_units and result.finished:
        detail = {
            "counted_units": [each.counted_units for each in (*earlier, row)],
            "expected_units": row.expected_units,
            "holder": row.holder,
        }
        open_case(
            session, area_id, "count_variance", None, None, actor, clock, detail,
            count_id=row.id, discovered_at=earlier[0].at,
        )  # fmt: skip
    entry = AuditEntry(
        action="custody.count",
        subject_kind="count",
        subject_id=row.id,
        detail={"holder": row.holder, "counted_units": row.counted_units, "attempt": row.attempt},
    )
    record(session, entry, actor, clock)
    return result


def _told(row: CountRow) -> CountResult:
    finished = count_ends(row.attempt, row.counted_units, row.expected_units)
    return CountResult(
        count_id=row.id,
        round_id=row.round_id,
        attempt=row.attempt,
        counted_units=row.counted_units,
        finished=finished,
        expected_units=row.expected_units if finished else None,
        variance_units=row.counted_units - row.expected_units if finished else None,
    )


def _expected(session: Session, holder: str, product_id: UUID | None) -> int:
    wanted = (
        select(func.count())
        .select_from(ContainerRow)
        .join(LotRow, LotRow.id == ContainerRow.lot_id)
        .where(ContainerRow.holder == holder, ContainerRow.state.in_(SEALED))
    )
    if product_id is not None:
        wanted = wanted.where(LotRow.product_id == product_id)
    return session.scalar(wanted) or 0


def _area_of(session: Session, holder: str, actor: Actor) -> UUID:
    """Return the holder's area; one counts one's own box, a pharmacist or compliance any."""
    kind, _, key = holder.partition(":")
    rows = {"nurse": NurseRow.area_id, "pharmacy": PharmacyRow.area_id}
    area_id: UUID | None = None
    if kind in rows and _is_id(key):
        column = rows[kind]
        area_id = session.scalar(select(column).where(column.class_.id == UUID(key)))
    if area_id is None:
        raise refuse(NotFound, "no_such_holder", "There is no such holder.", field="holder")
    own = actor.nurse_id is not None and holder == nurse_holder(actor.nurse_id)
    if not own and not actor.has(Role.PHARMACIST, Role.COMPLIANCE):
        raise refuse(Forbidden, "not_own_count", "One counts one's own drug.", field="holder")
    return area_id


def _is_id(key: str) -> bool:
    try:
        UUID(key)
    except ValueError:
        return False
    return True


def reconcile(session: Session, command: Reconcile, actor: Actor, clock: Clock) -> Receipt:
    """Compliance ends a vial's history: nothing of it may be left (invariant 6)."""
    actor.require((Role.COMPLIANCE,))

    def decide(case: Case) -> Decision:
        wrong: tuple[str, ...] = ()
        if case.vial.state not in TRANSITIONS[EventKind.RECONCILED].begins:
            wrong += ("state_does_not_allow",)
        if case.vial.residual_ug:
            wrong += ("residual_left",)
        refuse_if(wrong)
        return fact(case.vial, EventKind.RECONCILED, State.RECONCILED, case.flags, ())

    return do_deed(session, command, EventKind.RECONCILED, actor, clock, decide, standing_counts=False)

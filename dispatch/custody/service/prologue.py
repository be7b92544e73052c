"""What every deed on one vial begins with: the vial under its lock, and all that judges the deed.

Two statements. The first waits for the vial and reads beside it what never changes. The second looks only
then at what does: PostgreSQL shows a statement that waited for a row all else as it was before.
"""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Uuid, bindparam, or_, select
from sqlalchemy.orm import Session

from dispatch.areas.records import PharmacyRow, ServiceAreaRow
from dispatch.areas.service import policies_column, policies_found
from dispatch.custody.canonical import stated_bytes
from dispatch.custody.commands import VialDeed
from dispatch.custody.ledger import Writing
from dispatch.custody.loading import (
    MOMENT_POLICIES,
    VIAL_FACTS,
    account_of,
    facts_asked,
    moment_with,
    no_such_vial,
    vial_with,
)
from dispatch.custody.measures import MEASURED_SINCE
from dispatch.custody.model import EventKind, Moment, Receipt, Vial
from dispatch.custody.receipts import already_written
from dispatch.custody.records import ContainerRow, CustodyShiftRow, EventRow
from dispatch.custody.service.signers import WITNESS_COLUMNS, Signer, Witness, witness_in
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.row import table_of

_LOCKED = (
    select(ContainerRow, PharmacyRow.state, ServiceAreaRow.time_zone)
    .join(PharmacyRow, PharmacyRow.id == ContainerRow.pharmacy_id)
    .join(ServiceAreaRow, ServiceAreaRow.id == ContainerRow.area_id)
    .where(ContainerRow.id == bindparam("container_id", type_=Uuid()))
    .with_for_update(of=ContainerRow)
    .execution_options(populate_existing=True)
)
_account, _event, _shift = table_of(AccountRow), table_of(EventRow), table_of(CustodyShiftRow)
# Locked, so that it cannot close meanwhile.
_open_shift = (
    select(_shift.c.id)
    .where(_shift.c.nurse_id == bindparam("nurse_id", type_=Uuid()), _shift.c.closed_at.is_(None))
    .with_for_update()
    .cte("open_shift")
)
_FACTS = VIAL_FACTS.add_columns(
    select(_account.c.person_ref)
    .where(_account.c.id == bindparam("account_id", type_=Uuid()))
    .scalar_subquery()
    .label("person_ref"),
    select(_event.c.id)
    .where(
        or_(
            _event.c.id == bindparam("event_id", type_=Uuid()),
            (_event.c.device_id == bindparam("device_id", type_=Uuid()))
            & (_event.c.device_seq == bindparam("device_seq")),
        )
    )
    .exists()
    .label("came_before"),
    MEASURED_SINCE,
    select(_open_shift.c.id).scalar_subquery().label("shift_id"),
    *WITNESS_COLUMNS,
    policies_column(MOMENT_POLICIES),
)


@dataclass(frozen=True, kw_only=True)
class Prologue:
    """The vial under its lock, who signs, what they said, and what is known of it.

    Attributes
    ----------
    before
        The receipt of the same event, where it came before, or the alarm (`receipts.already_written`).
    moment
        When and by which policies it is judged: those of the state that the standing names, else of the
        stock point's.
    shift_id
        The actor's open custody shift, locked; None for somebody without one.
    measured_ug
        The whole residual as last measured; None when none was, or drug moved since.
    witness
        Who signs as witness by the account's own record; None without one.
    """

    row: ContainerRow
    vial: Vial
    signer: Signer
    stated: bytes
    before: Receipt | None
    moment: Moment
    shift_id: UUID | None
    measured_ug: int | None
    witness: Witness | None

    def writing(self, command: VialDeed, actor: Actor, **told: object) -> Writing:
        """Return what goes into the deed's event: the same of every command, and `told`, its own columns."""
        more = {
            "event_id": command.event_id,
            "stated": self.stated,
            "stamp": command.stamp,
            "shift_id": self.shift_id,
        }
        return Writing(
            actor=actor,
            account_id=self.signer.account_id,
            person_ref=self.signer.person_ref,
            moment=self.moment,
            standing=command.standing,
            proof=command.proof,
            witness=command.witness,
            old_seal=self.vial.seal,
            place=command.place,
            reason=command.reason,
            **(more | told),  # type: ignore[arg-type]
        )


def begun(session: Session, command: VialDeed, kind: EventKind, actor: Actor, clock: Clock) -> Prologue:
    """Lock the vial of a deed, and read all that judges it.

    Raises
    ------
    NotFound
        ``no_such_vial``.
    Forbidden
        ``not_signed_in``: the system signs no event.
    """
    found = session.execute(_LOCKED, {"container_id": command.container_id}).one_or_none()
    if found is None:
        raise no_such_vial()
    row, state, zone = found
    account_id, stamp, witness = account_of(actor), command.stamp, command.witness
    where = {"state": state, **command.standing.snapshot}
    asked = facts_asked(row) | {
        "account_id": account_id,
        "event_id": command.event_id,
        "device_id": stamp.device_id if stamp else None,
        "device_seq": stamp.device_seq if stamp else None,
        "nurse_id": actor.nurse_id,
        "witness_id": witness.account_id if witness else None,
        "area_id": row.area_id,
        "state": where.get("state"),
        "registrant": where.get("registrant"),
    }
    facts = session.connection().execute(_FACTS, asked).one()
    stated = stated_bytes(kind, account_id, command)
    before = None
    if facts.came_before:
        before = already_written(session, command.event_id, stated, stamp, actor, clock)
    return Prologue(
        row=row,
        vial=vial_with(row, facts),
        signer=Signer(account_id=account_id, person_ref=facts.person_ref),
        stated=stated,
        before=before,
        moment=moment_with(policies_found(MOMENT_POLICIES, facts.policies), ZoneInfo(zone), clock, stamp),
        shift_id=facts.shift_id,
        measured_ug=facts.measured_ug,
        witness=witness_in(facts),
    )

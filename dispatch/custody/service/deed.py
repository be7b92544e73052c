"""What every deed on one vial has in common: lock, recognise a repeat, check signatures, write."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.custody.canonical import stated_bytes
from dispatch.custody.commands import VialDeed
from dispatch.custody.ledger import Writing, write_event
from dispatch.custody.loading import locked, moment_of, open_shift_of, vial_of
from dispatch.custody.model import Decision, EventKind, Moment, Receipt, Vial
from dispatch.custody.receipts import already_written
from dispatch.custody.records import ContainerRow
from dispatch.custody.rules.keeping import actor_in_good_standing, time_is_plausible
from dispatch.custody.rules.signing import both_have_signed
from dispatch.custody.service.signers import check_signatures, signer_of
from dispatch.custody.states import TRANSITIONS
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a decision looks at: the vial under its lock, the moment, and the flags raised so far."""

    row: ContainerRow
    vial: Vial
    moment: Moment
    flags: tuple[str, ...]


def do_deed(
    session: Session,
    command: VialDeed,
    kind: EventKind,
    actor: Actor,
    clock: Clock,
    decide: Callable[[Case], Decision],
    *,
    witness_role: Role | None = None,
    standing_counts: bool = True,
    visit_id: UUID | None = None,
    **told: object,
) -> Receipt:
    """Run one deed: a repeat gets its receipt again, anything else is decided and written.

    Parameters
    ----------
    decide
        Turns the case into a decision, or refuses by raising.
    witness_role
        The role the second signer must hold, where the deed names one.
    standing_counts
        Whether the actor's licence and shift are judged (not for a pharmacist or compliance).
    told
        Further columns of the event: seals, amount_ug, method, override.
    """
    row = locked(session, command.container_id)
    signer = signer_of(session, actor)
    stated = stated_bytes(kind, signer.account_id, command)
    before = already_written(session, command.event_id, stated, command.stamp, actor, clock)
    if before is not None:
        return before
    moment = moment_of(session, row.area_id, clock, command.stamp)
    check_signatures(
        session, actor, signer, command.proof, command.witness, moment, witness_role=witness_role
    )
    vial = vial_of(session, row)
    flags = actor_in_good_standing(command.standing) if standing_counts else ()
    if TRANSITIONS[kind].two_signatures:
        flags += both_have_signed(command.proof, command.witness)
    shift = open_shift_of(session, actor.nurse_id) if actor.nurse_id else None
    flags += time_is_plausible(vial, command.stamp, moment)
    decision = decide(Case(row=row, vial=vial, moment=moment, flags=flags))
    writing = Writing(
        event_id=command.event_id,
        stated=stated,
        actor=actor,
        account_id=signer.account_id,
        person_ref=signer.person_ref,
        moment=moment,
        standing=command.standing,
        stamp=command.stamp,
        proof=command.proof,
        witness=command.witness,
        shift_id=shift.id if shift else None,
        old_seal=vial.seal,
        place=command.place,
        reason=command.reason,
        visit_id=visit_id,
        **told,  # type: ignore[arg-type]
    )
    return write_event(session, row, decision, writing, clock)

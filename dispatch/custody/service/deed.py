"""What every deed on one vial has in common: lock, recognise a repeat, check signatures, write."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.custody.commands import VialDeed
from dispatch.custody.ledger import write_event
from dispatch.custody.model import Decision, EventKind, Moment, Receipt, Vial
from dispatch.custody.records import ContainerRow
from dispatch.custody.rules.keeping import actor_in_good_standing, time_is_plausible
from dispatch.custody.rules.signing import both_have_signed
from dispatch.custody.service.prologue import begun
from dispatch.custody.service.signers import judge_signatures
from dispatch.custody.states import TRANSITIONS
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a decision looks at: the vial under its lock, the moment, and the flags raised so far."""

    row: ContainerRow
    vial: Vial
    moment: Moment
    flags: tuple[str, ...]
    measured_ug: int | None = None


def do_deed(
    session: Session,
    command: VialDeed,
    kind: EventKind,
    actor: Actor,
    clock: Clock,
    decide: Callable[[Case], Decision],
    *,
    standing_counts: bool = True,
    weak_witness: bool = False,
    visit_id: UUID | None = None,
    **told: object,
) -> Receipt:
    """Run one deed: a repeat gets its receipt again, anything else is decided and written.

    Parameters
    ----------
    decide
        Turns the case into a decision, or refuses by raising.
    weak_witness
        Somebody without an account signed instead of the witness.
    standing_counts
        Whether the actor's licence and shift are judged (not for a pharmacist or compliance).
    told
        Further columns of the event: seals, amounts, method, override.
    """
    at = begun(session, command, kind, actor, clock)
    if at.before is not None:
        return at.before
    row, vial, moment = at.row, at.vial, at.moment
    judge_signatures(
        actor, at.signer, command.proof, command.witness, at.witness, moment, kind, command.witness_licensed
    )
    flags = actor_in_good_standing(command.standing) if standing_counts else ()
    if TRANSITIONS[kind].two_signatures:
        flags += both_have_signed(command.proof, command.witness, weak_witness)
    flags += time_is_plausible(vial, command.stamp, moment)
    decision = decide(Case(row=row, vial=vial, moment=moment, flags=flags, measured_ug=at.measured_ug))
    writing = at.writing(command, actor, visit_id=visit_id, **told)
    return write_event(session, row, decision, writing, clock)

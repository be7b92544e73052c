"""At the patient's home: open, draw, administer, waste."""

from sqlalchemy.orm import Session

from dispatch.custody.commands import Administer, Draw, OpenContainer, WasteResidual
from dispatch.custody.loading import drawn_for_visit, nurse_of, pharmacy
from dispatch.custody.model import Decision, EventKind, Receipt, nurse_holder
from dispatch.custody.rules.bedside import decide_administer, decide_draw, decide_open, decide_waste
from dispatch.custody.rules.blocking import same_state
from dispatch.custody.service.deed import Case, do_deed
from dispatch.custody.witnessing import WitnessKind
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock


def open_container(session: Session, command: OpenContainer, actor: Actor, clock: Clock) -> Receipt:
    """Break a vial's seal. A second opener's word is kept as a claim; an expired lot needs an override."""
    holder = nurse_holder(nurse_of(actor))
    visit_state = command.standing.snapshot.get("state", "")

    def decide(case: Case) -> Decision:
        crossed = same_state(visit_state, pharmacy(session, case.row.pharmacy_id).state, case.moment)
        return decide_open(case.vial, command, holder, crossed + case.flags, case.moment)

    return do_deed(
        session,
        command,
        EventKind.OPENED,
        actor,
        clock,
        decide,
        visit_id=command.visit_id,
        new_seal=command.seal,
        override=command.override,
    )


def draw(session: Session, command: Draw, actor: Actor, clock: Clock) -> Receipt:
    """Draw up for a visit: refused above the order, past expiry or beyond use unless overridden.

    More than the vial can give is kept as a claim with a discrepancy; no drug moves.
    """
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.DRAWN,
        actor,
        clock,
        lambda case: decide_draw(
            case.vial, command, holder, drawn_for_visit(session, command.visit_id), case.flags, case.moment
        ),
        visit_id=command.visit_id,
        amount_ug=command.amount_ug,
        override=command.override,
    )


def administer(session: Session, command: Administer, actor: Actor, clock: Clock) -> Receipt:
    """Record what a patient was given; kept whatever rule it breaks."""
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.ADMINISTERED,
        actor,
        clock,
        lambda case: decide_administer(case.vial, command, holder, case.flags, case.moment),
        visit_id=command.visit_id,
        amount_ug=command.amount_ug,
        more={"presence": command.presence} if command.presence else {},
    )


def waste_residual(session: Session, command: WasteResidual, actor: Actor, clock: Clock) -> Receipt:
    """Record that leftover drug was destroyed before a witness who signs the same event.

    Without a witness it is kept as an exception. A witness who is the actor, by account, person or
    session, who has no authority for it, or whose proof is stale, is refused. What stands for a
    witness is ranked (`witnessing`).
    """
    holder = nurse_holder(nurse_of(actor))
    typed_here = command.witness is not None and command.witness.given_in == actor.session_ref
    return do_deed(
        session,
        command,
        EventKind.WASTED,
        actor,
        clock,
        lambda case: decide_waste(
            case.vial, command, holder, case.flags, case.moment, case.measured_ug, typed_here
        ),
        weak_witness=command.witness_kind is WitnessKind.COMPANION and bool(command.companion),
        visit_id=command.visit_id,
        amount_ug=command.amount_ug,
        method=command.method.value,
        witness_kind=_seen_by(command),
        more={"companion": command.companion} if command.companion else {},
    )  # fmt: skip


def _seen_by(command: WasteResidual) -> str | None:
    """Return in which way a waste was seen; nobody's signature is no witness, whatever was chosen."""
    companion = command.witness_kind is WitnessKind.COMPANION
    seen = bool(command.companion) if companion else command.witness is not None
    return command.witness_kind.value if seen else None

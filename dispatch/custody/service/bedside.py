"""At the patient's home: open, draw, administer, waste."""

from sqlalchemy.orm import Session

from dispatch.custody.commands import Administer, Draw, OpenContainer, WasteResidual
from dispatch.custody.loading import drawn_for_visit, nurse_of
from dispatch.custody.model import EventKind, Receipt, nurse_holder
from dispatch.custody.rules.bedside import decide_administer, decide_draw, decide_open, decide_waste
from dispatch.custody.service.deed import do_deed
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock


def open_container(session: Session, command: OpenContainer, actor: Actor, clock: Clock) -> Receipt:
    """Break a vial's seal. A second opener's word is kept as a claim; an expired lot needs an override."""
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.OPENED,
        actor,
        clock,
        lambda case: decide_open(case.vial, command, holder, case.flags, case.moment),
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
    )


def waste_residual(session: Session, command: WasteResidual, actor: Actor, clock: Clock) -> Receipt:
    """Record that leftover drug was destroyed before a witness who signs the same event.

    Without a witness it is kept as an exception. A witness who is the actor, by account, person or
    session, or whose proof is stale, is refused.
    """
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.WASTED,
        actor,
        clock,
        lambda case: decide_waste(case.vial, command, holder, case.flags),
        visit_id=command.visit_id,
        amount_ug=command.amount_ug,
        method=command.method.value,
    )

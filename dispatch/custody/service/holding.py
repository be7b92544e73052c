"""Sealed vials on their way: set out, hand off, return; and what befalls them."""

from sqlalchemy.orm import Session

from dispatch.custody.commands import (
    AcceptHandOff,
    DeclineHandOff,
    OfferHandOff,
    ReportException,
    ReturnUnopened,
    SetOut,
)
from dispatch.custody.loading import nurse_of, pharmacy, shift_begun
from dispatch.custody.model import Decision, EventKind, Receipt, nurse_holder, pharmacy_holder
from dispatch.custody.rules.hand_off import decide_accept, decide_decline, decide_offer, decide_set_out
from dispatch.custody.rules.holding import decide_exception, decide_return
from dispatch.custody.sentences import reason
from dispatch.custody.service.deed import Case, do_deed
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Invalid, NotFound, refuse
from dispatch.workforce.records import NurseRow

REPORTABLE = (EventKind.BROKEN, EventKind.LOST, EventKind.STOLEN, EventKind.SEAL_MISMATCH)


def set_out(session: Session, command: SetOut, actor: Actor, clock: Clock) -> Receipt:
    """Leave the pharmacy with a sealed vial."""
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.SET_OUT,
        actor,
        clock,
        lambda case: decide_set_out(case.vial, holder, case.flags),
    )


def offer_hand_off(session: Session, command: OfferHandOff, actor: Actor, clock: Clock) -> Receipt:
    """Offer a sealed vial to another nurse; it stays the giver's until she accepts."""
    holder = nurse_holder(nurse_of(actor))
    receiver = session.get(NurseRow, command.to_nurse_id)
    if receiver is None or not receiver.active:
        raise refuse(NotFound, "no_such_nurse", "There is no such nurse.", field="to_nurse_id")
    to_holder = nurse_holder(command.to_nurse_id)
    return do_deed(
        session,
        command,
        EventKind.HAND_OFF_OFFERED,
        actor,
        clock,
        lambda case: decide_offer(case.vial, holder, to_holder, command.seal, case.flags, case.moment),
        new_seal=command.seal,
    )


def accept_hand_off(session: Session, command: AcceptHandOff, actor: Actor, clock: Clock) -> Receipt:
    """Take an offered vial: the receiver's signature makes her the holder."""
    nurse_id = nurse_of(actor)

    def decide(case: Case) -> Decision:
        decision = decide_accept(case.vial, nurse_holder(nurse_id), command.seal, case.flags, case.moment)
        shift_begun(session, nurse_id, clock)
        return decision

    return do_deed(
        session,
        command,
        EventKind.HAND_OFF_ACCEPTED,
        actor,
        clock,
        decide,
        new_seal=command.seal,
    )


def decline_hand_off(session: Session, command: DeclineHandOff, actor: Actor, clock: Clock) -> Receipt:
    """Decline an offered vial; its holder keeps it."""
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.HAND_OFF_DECLINED,
        actor,
        clock,
        lambda case: decide_decline(case.vial, holder, case.flags, case.moment),
        standing_counts=False,
    )


def return_unopened(session: Session, command: ReturnUnopened, actor: Actor, clock: Clock) -> Receipt:
    """Bring a sealed vial back; the pharmacist signs for it, or it is kept as an exception.

    A vial with a wrong seal, and one dispensed for a patient, go to quarantine.
    """
    holder = nurse_holder(nurse_of(actor))
    to_pharmacy = pharmacy_holder(pharmacy(session, command.pharmacy_id).id)
    return do_deed(
        session,
        command,
        EventKind.RETURNED,
        actor,
        clock,
        lambda case: decide_return(case.vial, to_pharmacy, holder, command.seal, case.flags, case.moment),
        new_seal=command.seal,
    )


def report_exception(session: Session, command: ReportException, actor: Actor, clock: Clock) -> Receipt:
    """Report a vial broken, lost, stolen or with a wrong seal. Never refused; opens a discrepancy."""
    if command.kind not in REPORTABLE:
        raise Invalid([reason("not_an_exception", "kind")])

    def decide(case: Case) -> Decision:
        own = nurse_holder(actor.nurse_id) if actor.nurse_id else case.vial.holder
        return decide_exception(case.vial, command, own, case.flags)

    return do_deed(
        session,
        command,
        command.kind,
        actor,
        clock,
        decide,
        standing_counts=actor.nurse_id is not None,
    )

"""An infusion and what is left of it: start, rate, stop; measure, seal, bring back."""

from sqlalchemy.orm import Session

from dispatch.custody.infusion_commands import (
    ChangeRate,
    MeasureResidual,
    ReturnResidual,
    SealResidual,
    StartInfusion,
    StopInfusion,
)
from dispatch.custody.loading import nurse_of, pharmacy
from dispatch.custody.measures import infusion_steps, residual_seal
from dispatch.custody.model import EventKind, Receipt, Verdict, nurse_holder, pharmacy_holder
from dispatch.custody.rules.measuring import (
    decide_bring_back,
    decide_measure,
    decide_rate,
    decide_seal,
    decide_start,
    decide_stop,
)
from dispatch.custody.service.deed import do_deed
from dispatch.custody.signals.service import draw_residual
from dispatch.custody.witnessing import WitnessKind
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock


def start_infusion(session: Session, command: StartInfusion, actor: Actor, clock: Clock) -> Receipt:
    """Let drawn-up drug run in; refused beyond its use time or from a recalled lot unless overridden."""
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.INFUSION_STARTED,
        actor,
        clock,
        lambda case: decide_start(
            case.vial, command, holder, bool(infusion_steps(session, case.row.id)), case.flags, case.moment
        ),
        visit_id=command.visit_id,
        rate_ug_per_min=command.rate_ug_per_min,
        prime_ug=command.prime_ug,
        override=command.override,
        more={"presence": command.presence} if command.presence else {},
    )


def change_rate(session: Session, command: ChangeRate, actor: Actor, clock: Clock) -> Receipt:
    """Set the pump to another rate; 0 pauses."""
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.RATE_CHANGED,
        actor,
        clock,
        lambda case: decide_rate(
            case.vial, command, holder, bool(infusion_steps(session, case.row.id)), case.flags
        ),
        visit_id=command.visit_id,
        rate_ug_per_min=command.rate_ug_per_min,
    )


def stop_infusion(session: Session, command: StopInfusion, actor: Actor, clock: Clock) -> Receipt:
    """Stop the pump: what it gave is posted, and compared with its rates and with what is left."""
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.INFUSION_STOPPED,
        actor,
        clock,
        lambda case: decide_stop(
            case.vial, command, holder, infusion_steps(session, case.row.id), case.flags, case.moment
        ),
        visit_id=command.visit_id,
        amount_ug=command.amount_ug,
        measured_ug=command.measured_ug,
        prime_ug=command.prime_ug,
    )


def measure_residual(session: Session, command: MeasureResidual, actor: Actor, clock: Clock) -> Receipt:
    """Measure what is left, before it is wasted; a figure the ledger does not expect opens a case."""
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.RESIDUAL_MEASURED,
        actor,
        clock,
        lambda case: decide_measure(case.vial, command, holder, case.flags, case.moment),
        visit_id=command.visit_id,
        measured_ug=command.measured_ug,
    )


def seal_residual(session: Session, command: SealResidual, actor: Actor, clock: Clock) -> Receipt:
    """Seal what is left, to be carried back; it stays the nurse's until a pharmacist signs."""
    holder = nurse_holder(nurse_of(actor))
    return do_deed(
        session,
        command,
        EventKind.RESIDUAL_SEALED,
        actor,
        clock,
        lambda case: decide_seal(case.vial, command, holder, case.flags, case.moment),
        visit_id=command.visit_id,
        measured_ug=command.measured_ug,
        new_seal=command.seal,
    )


def return_residual(session: Session, command: ReturnResidual, actor: Actor, clock: Clock) -> Receipt:
    """Hand in a sealed residual: the pharmacist reads the seal, measures and signs; it is quarantined."""
    holder = nurse_holder(nurse_of(actor))
    to_pharmacy = pharmacy_holder(pharmacy(session, command.pharmacy_id).id)
    receipt = do_deed(
        session,
        command,
        EventKind.RESIDUAL_RETURNED,
        actor,
        clock,
        lambda case: decide_bring_back(
            case.vial,
            command,
            to_pharmacy,
            holder,
            residual_seal(session, case.row.id),
            case.flags,
            case.moment,
        ),
        measured_ug=command.measured_ug,
        new_seal=command.seal,
        witness_kind=WitnessKind.CARRIED_BACK.value if command.witness else None,
    )
    if receipt.verdict is not Verdict.ID_REUSED:
        # Who receives it must know before it is destroyed (attack 17).
        draw_residual(session, receipt.event_id, actor, clock)
    return receipt

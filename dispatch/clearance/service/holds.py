"""Treatment rests after any change of medicines or a medical event, until a prescriber releases it."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from dispatch.clearance.commands import Hold, NewTask, Release
from dispatch.clearance.judged import judge
from dispatch.clearance.loading import authority_faults, not_there, open_hold, place_of
from dispatch.clearance.model import HoldCause, Subject, TaskKind
from dispatch.clearance.records import HoldRow
from dispatch.clearance.rules.deciding import BLOCKING, note_faults, proof_faults
from dispatch.clearance.sentences import reason
from dispatch.clearance.service.deciding import TREATED
from dispatch.clearance.service.tasks import raise_alarm
from dispatch.clearance.service.traces import audit, audit_case, refuse_all
from dispatch.intake.changes import CaseChange, ChangeKind, listen
from dispatch.intake.model import CaseState
from dispatch.intake.queries import case_view
from dispatch.intake.service import hold_case, release_case
from dispatch.kernel.actor import SYSTEM, Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id

CAUSES: Mapping[HoldCause, str] = {
    HoldCause.MEDICATIONS_CHANGED: "The medication list changed.",
    HoldCause.MEDICAL_EVENT: "A medical event was reported.",
    HoldCause.REQUESTED: "Somebody asked for it.",
}
# Items of the histories that tell of suicidality: a review the same day.
SUICIDALITY = frozenset({"psychiatric.suicidal_thoughts", "psychiatric.suicide_attempt"})


def hold(session: Session, command: Hold, actor: Actor, clock: Clock) -> HoldRow:
    """Let treatment rest. A case that is on hold keeps the hold it has."""
    known = open_hold(session, command.case_id)
    if known is not None:
        return known
    case = case_view(session, command.case_id)
    row = HoldRow(
        id=new_id(),
        case_id=command.case_id,
        cause=command.cause.value,
        held_at=clock.now(),
        held_by=actor.account_id,
    )
    row.reason = command.reason.strip()
    session.add(row)
    session.flush()
    if case.state is not CaseState.ON_HOLD:
        hold_case(session, command.case_id, actor, clock, row.reason or CAUSES[command.cause])
    audit_case(session, "hold", case, actor, clock, hold_id=str(row.id), cause=command.cause.value)
    return row


def release_hold(session: Session, command: Release, actor: Actor, clock: Clock) -> HoldRow:
    """Let treatment go on: a prescriber only, signed, with nothing in the way.

    Raises
    ------
    Forbidden
        Without authority or a fresh proof.
    Conflict
        ``already_released``, and every BLOCK, REQUIRED and unsigned OVERRIDE that stands.
    Invalid
        ``reason_missing``.
    """
    row = session.get(HoldRow, command.hold_id)
    if row is None:
        raise not_there("no_such_hold", "hold_id")
    now = clock.now()
    place = place_of(session, row.case_id, now)
    forbidden = [
        *authority_faults(session, actor, place),
        *proof_faults(command.proof, actor.account_id, now, place.fresh),
    ]
    against = [] if row.released_at is None else [reason("already_released")]
    if place.case.held_from in TREATED:
        verdict = judge(session, place, now).verdict
        against += [each.reason() for each in verdict.standing(*BLOCKING)]
    refuse_all(forbidden=forbidden, invalid=note_faults(command.reason, "reason"), conflict=against)
    assert command.proof is not None
    row.released_at, row.released_by = now, actor.account_id
    row.proof_ref = command.proof.session_ref
    row.release_reason = command.reason.strip()
    session.flush()
    if place.case.state is CaseState.ON_HOLD:
        release_case(session, row.case_id, actor, clock, command.reason)
    audit(session, "release", "hold", row.id, actor, clock, place.case.patient_id)
    return row


@listen
def on_case_change(session: Session, change: CaseChange, actor: Actor, clock: Clock) -> None:
    """Hold a treated case whose medicines changed or that had a medical event, and tell the prescriber."""
    subject = Subject(case_id=change.case_id, patient_id=change.patient_id)
    if change.kind is ChangeKind.MEDICAL_EVENT and change.item in SUICIDALITY:
        raise_alarm(session, NewTask(subject=subject, kind=TaskKind.SUICIDALITY_SAME_DAY), actor, clock)
    state = case_view(session, change.case_id).state
    if change.kind is ChangeKind.STATE and state is CaseState.ON_HOLD:
        hold(session, Hold(case_id=change.case_id, cause=HoldCause.REQUESTED), actor, clock)
    if change.kind not in (ChangeKind.MEDICATIONS, ChangeKind.MEDICAL_EVENT):
        return
    if state in TREATED:
        medicines = change.kind is ChangeKind.MEDICATIONS
        cause = HoldCause.MEDICATIONS_CHANGED if medicines else HoldCause.MEDICAL_EVENT
        hold(session, Hold(case_id=change.case_id, cause=cause), SYSTEM, clock)

"""A case opens with an enquiry, and moves by its table alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, policy, zone_of
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.intake.changes import CaseChange, ChangeKind, tell
from dispatch.intake.commands import NewEnquiry
from dispatch.intake.loading import account_of, locked_case, next_sequence, open_case_row, view_of
from dispatch.intake.model import CaseDeed, CaseState, CaseView, Channel, Party, party_of
from dispatch.intake.queries import consultation_blocks
from dispatch.intake.records import CaseRow, CaseStepRow
from dispatch.intake.rules.faults import enquiry_faults, line_fault
from dispatch.intake.rules.stepping import NEEDS_REASON, step_of
from dispatch.intake.sentences import reason as reason_of
from dispatch.kernel.actor import SYSTEM, Actor, Role
from dispatch.kernel.business_days import business_day_after, close_of
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Conflict, Invalid
from dispatch.messages.model import NewMessage, Recipient
from dispatch.messages.service import queue_message

SHORTEST_REASON = 3


def open_case(session: Session, new: NewEnquiry, actor: Actor, clock: Clock) -> CaseView:
    """Write down an enquiry, start its clock, and tell the dispatchers that one waits (care-rules B30).

    The message to them says that an enquiry waits and nothing of whom or of what.

    Raises
    ------
    Invalid
        With every fault of what was typed.
    """
    if faults := tuple(enquiry_faults(new)):
        raise Invalid(faults)
    now = clock.now()
    row = CaseRow(
        id=new_id(),
        area_id=new.area_id,
        state=CaseState.LEAD.value,
        channel=new.channel.value,
        opened_at=now,
        answer_due_at=answer_due_at(session, new.area_id, now),
        patient_state=new.contact.state,
    )
    row.name, row.phone, row.email = new.contact.name, new.contact.phone or None, new.contact.email or None
    row.reason = new.reason or None
    session.add(row)
    session.flush()
    audit_case(session, "intake.enquire", row, actor, clock, channel=row.channel)
    to = Recipient(role=Role.DISPATCHER, area_id=row.area_id)
    waits = NewMessage(kind="task_waiting", to=to, due_at=now, values={"what": "enquiry"}, about=row.id)
    queue_message(session, waits, SYSTEM, clock)
    if new.channel is Channel.WEB:
        day = local_day(row.answer_due_at, zone_of(area_by_id(session, row.area_id)))
        queue_message(
            session,
            NewMessage(
                kind="enquiry_received",
                to=Recipient(case_id=row.id),
                due_at=now,
                values={"day": f"{day:%a} {day.day} {day:%b}"},
                about=row.id,
                once="received",
            ),
            SYSTEM,
            clock,
        )
    return view_of(row)


def answer_due_at(session: Session, area_id: UUID, at: datetime) -> datetime:
    """Return by when an enquiry of `at` is to be answered: business days by the area's own clock."""
    value = policy(session, "intake.enquiry", area_id)
    zone = zone_of(area_by_id(session, area_id))
    day = business_day_after(local_day(at, zone), max(1, value["business_days"]), value["calendar"])
    return close_of(day, zone, min(value["close_minute"], 24 * 60 - 1))


def note_contact(session: Session, case_id: UUID, actor: Actor, clock: Clock) -> CaseView:
    """Note that somebody of the office spoke with who enquired; the first time counts."""
    actor.require((Role.DISPATCHER, Role.PRESCRIBER))
    row = open_case_row(session, case_id, actor)
    if row.contacted_at is None:
        row.contacted_at, row.contacted_by = clock.now(), actor.account_id
        audit_case(session, "intake.contact", row, actor, clock)
    session.flush()
    return view_of(row)


def move_case(
    session: Session, case_id: UUID, deed: CaseDeed, actor: Actor, clock: Clock, reason: str = ""
) -> CaseView:
    """Move a case by a deed of `model.CASE_STEPS`, keep who did it and why, and tell who listens.

    Raises
    ------
    Conflict
        ``case_step_not_allowed``; ``case_over``; for a consultation everything that stands against it.
    Forbidden
        ``case_step_not_yours``.
    Invalid
        ``reason_missing`` for a hold, a release, an end or a decline.
    """
    row = locked_case(session, case_id)
    held_from = CaseState(row.held_from) if row.held_from else None
    parties = party_of(actor)
    step = step_of(CaseState(row.state), held_from, deed, parties)
    why = reason.strip()
    wrong = list(line_fault(why, "reason", lines=True))
    if deed in NEEDS_REASON and len(why) < SHORTEST_REASON:
        wrong.append(reason_of("reason_missing", "reason"))
    if wrong:
        raise Invalid(wrong)
    if deed is CaseDeed.BOOK_CONSULTATION and (against := consultation_blocks(session, case_id, clock.now())):
        raise Conflict(against)
    acted_as = sorted(step.by & parties)[0]
    trace = CaseStepRow(
        id=new_id(),
        case_id=row.id,
        sequence=next_sequence(session, CaseStepRow, row.id),
        source=step.source.value,
        deed=deed.value,
        target=step.target.value,
        at=clock.now(),
        account_id=account_of(actor),
        party=acted_as.value,
    )
    trace.reason = why or None
    session.add(trace)
    row.held_from = step.source.value if step.target is CaseState.ON_HOLD else None
    row.state = step.target.value
    session.flush()
    audit_case(session, f"intake.{deed.value}", row, actor, clock, before=step.source.value, after=row.state)
    change = CaseChange(case_id=row.id, patient_id=row.patient_id, kind=ChangeKind.STATE)
    tell(session, change, actor, clock)
    return view_of(row)


def hold_case(session: Session, case_id: UUID, actor: Actor, clock: Clock, reason: str = "") -> CaseView:
    """Hold a case: nothing goes on until a prescriber has looked. On hold already it stays as it is."""
    row = locked_case(session, case_id)
    if row.state == CaseState.ON_HOLD.value:
        return view_of(row)
    return move_case(session, case_id, CaseDeed.HOLD, actor, clock, reason)


def release_case(session: Session, case_id: UUID, actor: Actor, clock: Clock, reason: str = "") -> CaseView:
    """Release a case, by a prescriber only, to where it was held."""
    return move_case(session, case_id, CaseDeed.RELEASE, actor, clock, reason)


def tie_patient(session: Session, case_id: UUID, patient_id: UUID, actor: Actor, clock: Clock) -> CaseView:
    """Tie a case to the patient that was registered for it; once, for good.

    Raises
    ------
    Conflict
        ``case_has_patient`` when it belongs to another one.
    """
    row = locked_case(session, case_id)
    if row.patient_id is not None and row.patient_id != patient_id:
        raise Conflict([reason_of("case_has_patient")])
    if row.patient_id is None:
        row.patient_id = patient_id
        session.flush()
        audit_case(session, "intake.register", row, actor, clock)
        tell(
            session,
            CaseChange(case_id=row.id, patient_id=patient_id, kind=ChangeKind.PATIENT),
            actor,
            clock,
        )
    return view_of(row)


def settle(session: Session, row: CaseRow, clock: Clock, actor: Actor = SYSTEM) -> None:
    """Move the case on, or back, by what is there now: intake begun, complete, or incomplete again."""
    session.flush()
    if row.state == CaseState.LEAD.value and not party_of(actor).isdisjoint(
        {Party.PATIENT, Party.DISPATCHER, Party.PRESCRIBER, Party.SYSTEM}
    ):
        move_case(session, row.id, CaseDeed.OPEN_INTAKE, actor, clock)
    if row.state not in (CaseState.INTAKE_OPEN.value, CaseState.INTAKE_COMPLETE.value):
        return
    complete = not consultation_blocks(session, row.id, clock.now())
    if complete and row.state == CaseState.INTAKE_OPEN.value:
        move_case(session, row.id, CaseDeed.COMPLETE_INTAKE, SYSTEM, clock)
    elif not complete and row.state == CaseState.INTAKE_COMPLETE.value:
        move_case(session, row.id, CaseDeed.REOPEN_INTAKE, SYSTEM, clock)


def audit_case(
    session: Session, action: str, row: CaseRow, actor: Actor, clock: Clock, **detail: object
) -> None:
    """Add the deed to the audit log: ids, codes and numbers only."""
    entry = AuditEntry(
        action=action, subject_kind="case", subject_id=row.id, patient_id=row.patient_id, detail=detail
    )
    record(session, entry, actor, clock)

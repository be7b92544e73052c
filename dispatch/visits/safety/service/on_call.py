"""The on-call roster: turns, the test that somebody can be reached, and what keeps a start from it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.service import policy
from dispatch.audit.model import AuditEntry
from dispatch.audit.service import record
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.changes import require_version
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.plain_text import phone_fault
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, NotFound, Reason, refuse
from dispatch.visits.facts import facts_of, is_hers, story_of
from dispatch.visits.model import Deed
from dispatch.visits.safety.licensing import against_prescriber
from dispatch.visits.safety.model import ContactHow, Duty, NewContact, NewDuty
from dispatch.visits.safety.records import ContactRow, DutyRow
from dispatch.visits.safety.rules.on_call import (
    NO_RULE,
    NOT_ON_SITE,
    NOT_REACHED,
    duty_faults,
    in_force,
    is_confirmed,
    not_covered,
    uncovered,
)
from dispatch.workforce.records import StateRuleRow
from dispatch.workforce.rules.compact import the_compact

ON_SITE = "onsite"


def enter_duty(session: Session, new: NewDuty, actor: Actor, clock: Clock) -> DutyRow:
    """Put a prescriber on call.

    Raises
    ------
    Invalid
        Every fault at once; ``no_such_prescriber``; for each state why the prescriber may not answer.
    """
    actor.require((Role.DISPATCHER, Role.ADMIN, Role.COMPLIANCE))
    found = list(duty_faults(new, clock.now(), the_compact().states))
    if fault := phone_fault(new.phone.strip()):
        found.append(Reason(code=fault[0], text=fault[1], field="phone"))
    account = session.get(AccountRow, new.account_id)
    if account is None or not account.active or Role.PRESCRIBER not in {role.name for role in account.roles}:
        text = "There is no such prescriber."
        found.append(Reason(code="no_such_prescriber", text=text, field="account_id"))
    elif not found:
        found = [
            reason
            for state in sorted(new.states)
            for at in (new.begins_at, new.ends_at)
            for reason in against_prescriber(session, new.account_id, state, at)
        ]
    if found:
        raise Invalid(dict.fromkeys(found))
    row = DutyRow(
        id=new_id(),
        account_id=new.account_id,
        states=sorted(new.states),
        begins_at=new.begins_at,
        ends_at=new.ends_at,
        entered_by=actor.account_id,
    )
    row.phone = new.phone.strip()
    session.add(row)
    session.flush()
    _audit(session, "safety.duty_enter", row, actor, clock)
    return row


def withdraw_duty(
    session: Session, duty_id: UUID, actor: Actor, clock: Clock, *, seen: int | None = None
) -> DutyRow:
    """Take a turn off the roster; what leaned on it shows as a gap at once."""
    actor.require((Role.DISPATCHER, Role.ADMIN, Role.COMPLIANCE))
    row = _duty_row(session, duty_id)
    require_version(row, seen)
    row.withdrawn_at = clock.now()
    _audit(session, "safety.duty_withdraw", row, actor, clock)
    session.flush()
    return row


def confirm_reachable(session: Session, new: NewContact, actor: Actor, clock: Clock) -> ContactRow:
    """Record that the prescriber on call can be reached now; it holds for policy ``safety.on_call``.

    The prescriber says so alone; a live call or presence is recorded by the visit's nurse or a dispatcher.

    Raises
    ------
    Forbidden
        ``not_your_duty``; ``role_missing``.
    NotFound
        ``no_such_duty``; a visit that is not hers.
    Conflict
        ``duty_not_in_force``.
    """
    row, now = _duty_row(session, new.duty_id), clock.now()
    visit = session.get(AppointmentRow, new.appointment_id) if new.appointment_id else None
    _require_entitled(session, new, row, visit, actor)
    if row.withdrawn_at is not None or not row.begins_at <= now < row.ends_at:
        raise refuse(
            Conflict, "duty_not_in_force", "This turn on call is not in force now.", way_out="Call who is."
        )
    law = policy(session, "safety.on_call", visit.area_id if visit else None)
    contact = ContactRow(
        id=new_id(),
        duty_id=row.id,
        appointment_id=new.appointment_id,
        how=new.how.value,
        account_id=actor.account_id,
        at=now,
        valid_until=now + timedelta(minutes=max(1, int(law["valid_minutes"]))),
    )
    session.add(contact)
    session.flush()
    entry = AuditEntry(
        action="safety.reachable",
        subject_kind="duty",
        subject_id=row.id,
        patient_id=visit.patient_id if visit else None,
        detail={"how": new.how.value, "appointment_id": str(new.appointment_id or "")},
    )
    record(session, entry, actor, clock)
    return contact


def on_call_prescriber(session: Session, state: str, at: datetime) -> Duty | None:
    """Return whom to call for a visit in `state`: on call then, licensed there, last heard of first."""
    found = in_force(duties_between(session, at, at), state, at)
    return next((duty for duty in found if not against_prescriber(session, duty.account_id, state, at)), None)


def on_call_for(session: Session, appointment_id: UUID, at: datetime) -> Duty | None:
    """Return whom the nurse of a visit calls; None where nobody is on call, or there is no such visit."""
    visit = session.get(AppointmentRow, appointment_id)
    return on_call_prescriber(session, visit.patient.state, at) if visit is not None else None


def supervision_mode(session: Session, state: str) -> str | None:
    """Return ``onsite`` or ``on_call_video`` by the state's verified rule row, None where there is none."""
    rule = session.scalar(select(StateRuleRow).where(StateRuleRow.state == state))
    return rule.supervision if rule is not None and rule.verified_on is not None else None


def reachability(session: Session, appointment_id: UUID, at: datetime) -> tuple[Reason, ...]:
    """Return what is missing of the prescriber's supervision for a start at `at`; empty where nothing is.

    Needs a controlled service's state rule; somebody licensed on call from `at` - 15 to the visit's end + 15
    (care-rules.md section 5), and confirmed reachable within policy ``safety.on_call`` (C08); on site where
    the state's rule says so.

    Raises
    ------
    NotFound
        ``no_such_visit``.
    """
    visit = session.get(AppointmentRow, appointment_id)
    if visit is None:
        raise refuse(NotFound, "no_such_visit", "There is no such visit.")
    if not visit.service.controlled:
        return ()
    state = visit.patient.state
    mode = supervision_mode(session, state)
    if mode is None:
        return (NO_RULE,)
    law = policy(session, "safety.on_call", visit.area_id)
    begins = at - timedelta(minutes=law["before_minutes"])
    ends = _end_of(session, visit, at) + timedelta(minutes=law["after_minutes"])
    known = duties_between(session, begins, ends, visit.id, heard_by=at)
    duties = [duty for duty in known if state in duty.states]
    licensed, against = [], list[Reason]()
    for duty in duties:
        wrong = against_prescriber(session, duty.account_id, state, max(at, duty.begins_at))
        against += wrong
        if not wrong:
            licensed.append(duty)
    found = []
    if gap := not_covered(state, uncovered(((d.begins_at, d.ends_at) for d in licensed), begins, ends)):
        found += [*dict.fromkeys(against), gap]
    if mode == ON_SITE:
        on_site = any(
            contact.how == ContactHow.ON_SITE.value and contact.appointment_id == visit.id
            for contact in _contacts(session, [duty.duty_id for duty in licensed], at)
        )
        return (*found, *(() if on_site else (NOT_ON_SITE,)))
    if not any(is_confirmed(duty, at) for duty in in_force(licensed, state, at)):
        found.append(NOT_REACHED)
    return tuple(found)


def duties_between(
    session: Session,
    begins_at: datetime,
    ends_at: datetime,
    appointment_id: UUID | None = None,
    *,
    heard_by: datetime | None = None,
) -> list[Duty]:
    """Return the turns that touch a span, each with its newest confirmation (for this visit or for all).

    Parameters
    ----------
    heard_by
        No confirmation after it counts: a start that arrives late is judged as it stood when it happened.
    """
    rows = session.execute(
        select(DutyRow, AccountRow.name)
        .join(AccountRow, AccountRow.id == DutyRow.account_id)
        .where(DutyRow.withdrawn_at.is_(None), AccountRow.active)
        .where(DutyRow.begins_at <= ends_at, DutyRow.ends_at > begins_at)
        .order_by(DutyRow.begins_at, DutyRow.id)
    ).all()
    newest: dict[UUID, ContactRow] = {}
    for contact in _contacts(session, [row.id for row, _ in rows], None):
        in_time = heard_by is None or contact.at <= heard_by
        if in_time and contact.appointment_id in {None, appointment_id}:
            newest[contact.duty_id] = contact
    return [
        Duty(
            duty_id=row.id,
            account_id=row.account_id,
            name=name,
            states=frozenset(row.states),
            begins_at=row.begins_at,
            ends_at=row.ends_at,
            confirmed_at=newest[row.id].at if row.id in newest else None,
            confirmed_until=newest[row.id].valid_until if row.id in newest else None,
        )
        for row, name in rows
    ]


def _contacts(session: Session, duty_ids: Iterable[UUID], at: datetime | None) -> list[ContactRow]:
    """Return the contacts of these turns, oldest first; with `at` only those that hold then."""
    wanted = select(ContactRow).where(ContactRow.duty_id.in_(list(duty_ids)))
    if at is not None:
        wanted = wanted.where(ContactRow.at <= at, ContactRow.valid_until >= at)
    return list(session.scalars(wanted.order_by(ContactRow.at, ContactRow.id)))


def _end_of(session: Session, visit: AppointmentRow, at: datetime) -> datetime:
    """Return when the visit is planned to end: its minutes count from the nurse's arrival."""
    arrived = [
        time
        for facts in facts_of(session, [visit.id]).values()
        if (time := story_of(facts, cancelled=False).times.get(Deed.CHECK_IN)) is not None
    ]
    return max(at, max(arrived, default=at) + timedelta(minutes=visit.minutes))


def _require_entitled(
    session: Session, new: NewContact, row: DutyRow, visit: AppointmentRow | None, actor: Actor
) -> None:
    if new.how is ContactHow.OWN_WORD:
        if actor.account_id != row.account_id:
            text = "Only the prescriber on call says so alone."
            raise refuse(Forbidden, "not_your_duty", text, way_out="Record a live call instead.")
        return
    if actor.has(Role.DISPATCHER) and (new.appointment_id is None or visit is not None):
        return
    actor.require((Role.NURSE, Role.DISPATCHER))
    if visit is None or actor.nurse_id is None or not is_hers(session, actor.nurse_id, visit):
        raise refuse(NotFound, "no_such_visit", "There is no such visit on your route.")


def _duty_row(session: Session, duty_id: UUID) -> DutyRow:
    row = session.get(DutyRow, duty_id)
    if row is None:
        raise refuse(NotFound, "no_such_duty", "There is no such turn on call.", field="duty")
    return row


def _audit(session: Session, action: str, row: DutyRow, actor: Actor, clock: Clock) -> None:
    detail = {
        "account_id": str(row.account_id),
        "states": list(row.states),
        "begins_at": row.begins_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
    }
    entry = AuditEntry(action=action, subject_kind="duty", subject_id=row.id, detail=detail)
    record(session, entry, actor, clock)

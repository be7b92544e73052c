"""Prescribers: entered, licensed, approved by the medical director."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import policy
from dispatch.clearance.loading import not_there, prescriber_row
from dispatch.clearance.model import Licence, Office, PrescriberDraft
from dispatch.clearance.records import PrescriberLicenceRow, PrescriberRow
from dispatch.clearance.rules.prescribing import draft_faults, licence_faults
from dispatch.clearance.sentences import reason
from dispatch.clearance.service.traces import audit
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.changes import assign
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Conflict, Forbidden, Invalid, refuse
from dispatch.workforce.rules.compact import the_compact

ENTERED_BY = (Role.ADMIN, Role.COMPLIANCE)


def enter_prescriber(session: Session, draft: PrescriberDraft, actor: Actor, clock: Clock) -> PrescriberRow:
    """Enter a prescriber, or what changed of one: the account tells which.

    Raises
    ------
    Forbidden
        ``role_missing``: compliance or an administrator enters prescribers.
    Invalid
        ``kind_may_not_prescribe``, ``dea_number_*``, ``account_without_role``: all at once.
    Conflict
        ``dea_number_taken``.
    """
    actor.require(ENTERED_BY)
    wrong = draft_faults(draft, policy(session, "clearance.prescribers"))
    account = session.get(AccountRow, draft.account_id)
    if account is None or Role.PRESCRIBER.value not in {role.name for role in account.roles}:
        wrong.append(reason("account_without_role", "account_id"))
    if wrong:
        raise Invalid(wrong)
    same = select(PrescriberRow.account_id).where(PrescriberRow.dea_number == draft.dea_number)
    if session.scalar(same) not in (None, draft.account_id):
        text = "Another prescriber holds that DEA number."
        raise refuse(Conflict, "dea_number_taken", text, field="dea_number")
    known = prescriber_row(session, draft.account_id)
    row = known or PrescriberRow(id=new_id(), account_id=draft.account_id)
    values: dict[str, Any] = {
        "kind": draft.kind.value,
        "specialty": draft.specialty.value,
        "dea_number": draft.dea_number,
        "dea_expires_on": draft.dea_expires_on,
        "active": draft.active,
        "offices": sorted(office.value for office in draft.offices),
    }
    if known is not None and known.specialty != draft.specialty.value:
        values |= {"approved_by": None, "approved_at": None}
    changed = assign(row, values)
    session.add(row)
    session.flush()
    audit(session, "prescriber.enter", "prescriber", row.id, actor, clock, changed=sorted(changed))
    return row


def enter_prescriber_licence(
    session: Session, account_id: UUID, licence: Licence, actor: Actor, clock: Clock
) -> PrescriberLicenceRow:
    """Enter a prescriber's licence of a state, or its renewal.

    Raises
    ------
    NotFound
        ``not_a_prescriber``.
    Invalid
        With every fault.
    """
    actor.require(ENTERED_BY)
    prescriber = prescriber_row(session, account_id)
    if prescriber is None:
        raise not_there("not_a_prescriber", "account_id")
    if wrong := licence_faults(licence, the_compact().states):
        raise Invalid(wrong)
    known = next((each for each in prescriber.licences if each.state == licence.state), None)
    row = known or PrescriberLicenceRow(id=new_id(), prescriber_id=prescriber.id, state=licence.state)
    assign(
        row,
        {
            "number": licence.number.strip(),
            "valid_from": licence.valid_from,
            "expires_on": licence.expires_on,
            "active": licence.active,
        },
    )
    if known is None:
        prescriber.licences.append(row)
    session.flush()
    audit(session, "prescriber.licence", "prescriber", prescriber.id, actor, clock, state=licence.state)
    return row


def approve_prescriber(session: Session, account_id: UUID, actor: Actor, clock: Clock) -> PrescriberRow:
    """Let the medical director approve a prescriber of another specialty (care-rules B31).

    Raises
    ------
    Forbidden
        ``medical_director_approves``, ``nobody_approves_oneself``.
    """
    own = prescriber_row(session, actor.account_id)
    row = prescriber_row(session, account_id)
    if row is None:
        raise not_there("not_a_prescriber", "account_id")
    if own is None or not own.active or Office.MEDICAL_DIRECTOR not in own.offices:
        raise Forbidden([reason("medical_director_approves")])
    if own.id == row.id:
        raise Forbidden([reason("nobody_approves_oneself")])
    assign(row, {"approved_by": actor.account_id, "approved_at": clock.now()})
    audit(session, "prescriber.approve", "prescriber", row.id, actor, clock)
    return row


def expiring_by(session: Session, day: date) -> list[PrescriberRow]:
    """Return the active prescribers whose DEA registration or a licence ends by `day`."""
    rows = session.scalars(select(PrescriberRow).where(PrescriberRow.active)).all()
    return [
        row for row in rows
        if row.dea_expires_on <= day or any(each.active and each.expires_on <= day for each in row.licences)
    ]  # fmt: skip

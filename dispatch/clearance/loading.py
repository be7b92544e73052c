"""What services and queries read: prescribers, a case's place, what was signed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, policies, zone_of
from dispatch.clearance.model import (
    Licence,
    Office,
    Prescriber,
    PrescriberDraft,
    PrescriberKind,
    Specialty,
)
from dispatch.clearance.records import DecisionRow, HoldRow, PrescriberRow
from dispatch.clearance.rules.prescribing import may_order
from dispatch.clearance.sentences import reason
from dispatch.intake.model import CaseView
from dispatch.intake.queries import case_view
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import NotFound, Reason

KEYS = (
    "clearance.prescribers", "clearance.consultation", "clearance.evaluation", "clearance.screening",
    "clearance.lorazepam_equivalent_ug", "clearance.expiry", "clearance.scales", "clearance.alarms",
    "identity.fresh_minutes",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Place:
    """A case with the day where the patient is, and the policies in force there."""

    case: CaseView
    day: date
    policies: Mapping[str, Mapping[str, Any]]

    @property
    def fresh(self) -> timedelta:
        """How long a proof of identity counts as fresh."""
        return timedelta(minutes=self.policies["identity.fresh_minutes"]["minutes"])


def place_of(session: Session, case_id: UUID, at: datetime) -> Place:
    """Return the case and what judges it at `at`, or refuse with `NotFound`."""
    case = case_view(session, case_id)
    zone = zone_of(area_by_id(session, case.area_id))
    found = policies(session, KEYS, case.area_id, state=case.contact.state or None)
    return Place(case=case, day=local_day(at, zone), policies=found)


def prescriber_row(session: Session, account_id: UUID | None) -> PrescriberRow | None:
    """Return the prescriber of an account, None where there is none."""
    return session.scalar(select(PrescriberRow).where(PrescriberRow.account_id == account_id))


def prescriber_of(session: Session, account_id: UUID | None) -> Prescriber | None:
    """Return the prescriber of an account as a value."""
    row = prescriber_row(session, account_id)
    return None if row is None else as_value(row)


def as_value(row: PrescriberRow) -> Prescriber:
    """Return a prescriber's row as the rules see it."""
    draft = PrescriberDraft(
        account_id=row.account_id,
        kind=PrescriberKind(row.kind),
        specialty=Specialty(row.specialty),
        dea_number=row.dea_number,
        dea_expires_on=row.dea_expires_on,
        active=row.active,
        offices=frozenset(Office(each) for each in row.offices),
    )
    licences = tuple(
        Licence(
            state=each.state,
            number=each.number,
            valid_from=each.valid_from,
            expires_on=each.expires_on,
            active=each.active,
        )
        for each in row.licences
    )
    return Prescriber(draft=draft, licences=licences, approved=row.approved_at is not None)


def authority_faults(session: Session, actor: Actor, place: Place) -> tuple[Reason, ...]:
    """Return why the actor may not act as a prescriber on this case; raises without the role itself."""
    actor.require((Role.PRESCRIBER,))
    return may_order(prescriber_of(session, actor.account_id), place.case.contact.state, place.day)


def newest_decision(session: Session, case_id: UUID) -> DecisionRow | None:
    """Return the decision that counts."""
    wanted = select(DecisionRow).where(DecisionRow.case_id == case_id)
    return session.scalar(wanted.order_by(DecisionRow.sequence.desc()).limit(1))


def open_hold(session: Session, case_id: UUID) -> HoldRow | None:
    """Return the hold that nobody has released."""
    wanted = select(HoldRow).where(HoldRow.case_id == case_id, HoldRow.released_at.is_(None))
    return session.scalar(wanted.order_by(HoldRow.held_at).limit(1))


def not_there(code: str, field: str = "") -> NotFound:
    """Make the refusal of something that is not there."""
    return NotFound([reason(code, field)])

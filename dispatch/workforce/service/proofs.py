"""Proven skills, and the registrants' word that a nurse may carry their drug."""

from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.kernel.actor import Actor
from dispatch.kernel.changes import Saved, assign
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.refusals import Invalid
from dispatch.workforce.model import Authorisation, Competency
from dispatch.workforce.records import AuthorisationRow, CompetencyRow, NurseRow
from dispatch.workforce.rules.compact import the_compact
from dispatch.workforce.rules.drafts import authorisation_faults, competency_faults
from dispatch.workforce.service.boards import audit_saved, nurse_changed, today_in
from dispatch.workforce.service.nurses import nurse_by_id


def enter_competency(
    session: Session, nurse_id: UUID, competency: Competency, actor: Actor, clock: Clock
) -> NurseRow:
    """Enter a proof of a skill, or its renewal."""
    nurse = nurse_by_id(session, nurse_id)
    if faults := competency_faults(competency, today_in(session, nurse.area_id, clock)):
        raise Invalid(faults)
    save_competency(session, nurse, competency, actor, clock)
    nurse_changed(session, nurse, "competency", clock)
    return nurse


def save_competency(
    session: Session, nurse: NurseRow, competency: Competency, actor: Actor, clock: Clock
) -> Saved:
    """Write a faultless proof; a nurse has one a skill."""
    known = next((row for row in nurse.competencies if row.code == competency.code), None)
    row = known or CompetencyRow(id=new_id(), nurse_id=nurse.id, code=competency.code)
    values = {"valid_from": competency.valid_from, "expires_on": competency.expires_on}
    changed = assign(row, values)
    saved = Saved.ADDED if known is None else Saved.CHANGED if changed else Saved.UNCHANGED
    if known is None:
        nurse.competencies.append(row)
    audit_saved(session, "competency", row.id, saved, changed, actor, clock, nurse=nurse.code, code=row.code)
    return saved


def enter_authorisation(
    session: Session, nurse_id: UUID, authorisation: Authorisation, actor: Actor, clock: Clock
) -> NurseRow:
    """Enter that a DEA registrant makes the nurse its agent in a state (21 CFR 1301.22), or renews it."""
    nurse = nurse_by_id(session, nurse_id)
    today = today_in(session, nurse.area_id, clock)
    if faults := authorisation_faults(authorisation, today, the_compact()):
        raise Invalid(faults)
    save_authorisation(session, nurse, authorisation, actor, clock)
    nurse_changed(session, nurse, "authorisation", clock)
    return nurse


def save_authorisation(
    session: Session, nurse: NurseRow, authorisation: Authorisation, actor: Actor, clock: Clock
) -> Saved:
    """Write a faultless authorisation; a nurse has one a registrant and state."""
    key = (authorisation.registrant, authorisation.state)
    known = next((row for row in nurse.authorisations if (row.registrant, row.state) == key), None)
    row = known or AuthorisationRow(id=new_id(), nurse_id=nurse.id, registrant=key[0], state=key[1])
    values = {"valid_from": authorisation.valid_from, "expires_on": authorisation.expires_on}
    changed = assign(row, values)
    saved = Saved.ADDED if known is None else Saved.CHANGED if changed else Saved.UNCHANGED
    if known is None:
        nurse.authorisations.append(row)
    audit_saved(
        session, "authorisation", row.id, saved, changed, actor, clock, nurse=nurse.code, state=row.state
    )
    return saved

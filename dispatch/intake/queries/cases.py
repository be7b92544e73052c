"""Cases: one, those of a patient, those in a state, and the enquiries that wait for an answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.intake.loading import case_row, view_of
from dispatch.intake.model import CaseState, CaseView
from dispatch.intake.records import CaseRow, CaseStepRow

BEFORE_TREATMENT = (
    CaseState.LEAD,
    CaseState.INTAKE_OPEN,
    CaseState.INTAKE_COMPLETE,
    CaseState.CONSULT_BOOKED,
    CaseState.MORE_INFO,
)
AFTER_INTAKE = tuple(
    state for state in CaseState if state not in {*BEFORE_TREATMENT, CaseState.DECLINED, CaseState.CLOSED}
)


@dataclass(frozen=True, kw_only=True)
class CaseMove:
    """One move of a case's history; the reason is sealed and not read here."""

    source: str
    deed: str
    target: str
    at: datetime
    party: str


def case_view(session: Session, case_id: UUID) -> CaseView:
    """Return the case, or refuse with `NotFound`."""
    return view_of(case_row(session, case_id))


def case_of_patient(session: Session, patient_id: UUID) -> CaseView | None:
    """Return the patient's newest case that goes on, else the newest that is over, None without any."""
    wanted = select(CaseRow).where(CaseRow.patient_id == patient_id).order_by(CaseRow.opened_at, CaseRow.id)
    rows = session.scalars(wanted).all()
    going_on = [row for row in rows if row.state != CaseState.CLOSED.value]
    found = (going_on or rows)[-1:]
    return view_of(found[0]) if found else None


def cases_in(session: Session, states: Collection[CaseState]) -> Sequence[CaseView]:
    """Return all cases in one of these states, the oldest first."""
    wanted = select(CaseRow).where(CaseRow.state.in_([state.value for state in states]))
    return [view_of(row) for row in session.scalars(wanted.order_by(CaseRow.opened_at, CaseRow.id))]


def enquiries(
    session: Session, area_id: UUID, states: Collection[CaseState] = BEFORE_TREATMENT
) -> Sequence[CaseView]:
    """Return the area's cases in these states: who was not spoken with yet first, by when it is due."""
    wanted = select(CaseRow).where(
        CaseRow.area_id == area_id, CaseRow.state.in_([state.value for state in states])
    )
    rows = session.scalars(wanted.order_by(CaseRow.answer_due_at, CaseRow.id)).all()
    return [view_of(row) for row in sorted(rows, key=lambda row: row.contacted_at is not None)]


def case_history(session: Session, case_id: UUID) -> Sequence[CaseMove]:
    """Return how the case came to where it stands, oldest first."""
    wanted = select(CaseStepRow).where(CaseStepRow.case_id == case_id).order_by(CaseStepRow.sequence)
    return [
        CaseMove(source=row.source, deed=row.deed, target=row.target, at=row.at, party=row.party)
        for row in session.scalars(wanted)
    ]


def contact_addresses(
    session: Session, case_id: UUID, contact: str = "self"
) -> tuple[str | None, str | None]:
    """Return the telephone number and the e-mail address to which a message about a case goes.

    Only the patient's own are known here; a provider gets her link from the patient or by telephone.
    """
    if contact != "self":
        return None, None
    row = case_row(session, case_id)
    return row.phone or None, row.email or None

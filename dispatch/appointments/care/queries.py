"""What screens and other chapters read of the care path of appointments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.appointments.care.model import ResponsibleAdult
from dispatch.appointments.care.records import (
    BookingOverrideRow,
    VisitAdultRow,
    VisitFeedbackRow,
    VisitWishRow,
)
from dispatch.appointments.model import AppointmentStatus
from dispatch.appointments.records import AppointmentRow, PatientRow
from dispatch.areas.service import policy
from dispatch.intake.queries import case_view
from dispatch.kernel.plain_text import phone_fault
from dispatch.messages.queries import failed_messages

# A page shows the newest; older ones stay on file.
MOST_LINES = 200
# Of messages that did not go out: what is older was settled by telephone long ago.
FAILED_FOR = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class FailedLine:
    """A message that did not go out: for whom, why in one word, and whether it may still be sent again.

    Attributes
    ----------
    reference, case_id
        Of the patient or the case it was for; of one to staff neither.
    code
        Of the last try (`api.messaging.provider`), such as ``no_address``.
    makes_sense
        Whether what it tells of is still to come.
    """

    message_id: UUID
    kind: str
    queued_at: datetime
    tries: int
    contact: str
    code: str
    makes_sense: bool
    reference: str = ""
    case_id: UUID | None = None


def responsible_adult(
    session: Session, patient_id: UUID, appointment_id: UUID | None = None
) -> ResponsibleAdult | None:
    """Return who is with the patient: as named for the appointment, else for all; the newest counts."""
    wanted = (
        select(VisitAdultRow)
        .where(VisitAdultRow.patient_id == patient_id)
        .where(or_(VisitAdultRow.appointment_id.is_(None), VisitAdultRow.appointment_id == appointment_id))
        .order_by(
            VisitAdultRow.appointment_id.is_(None), VisitAdultRow.named_at.desc(), VisitAdultRow.id.desc()
        )
        .limit(1)
    )
    row = session.scalar(wanted)
    if row is None:
        return None
    return ResponsibleAdult(
        name=row.name or "",
        phone=row.phone or "",
        relation=row.relation or "",
        of_age=row.of_age,
        can_drive=row.can_drive,
        chosen_by_patient=row.chosen_by_patient,
    )


def signed_over(session: Session, patient_id: UUID, at: datetime) -> frozenset[str]:
    """Return the codes that a prescriber signed over for bookings of the patient, still in force then."""
    wanted = select(BookingOverrideRow.code).where(
        BookingOverrideRow.patient_id == patient_id, BookingOverrideRow.expires_at > at
    )
    return frozenset(session.scalars(wanted))


def open_wishes(session: Session, patient_ids: Sequence[UUID]) -> Sequence[VisitWishRow]:
    """Return what patients asked for and nobody has answered, oldest first."""
    wanted = select(VisitWishRow).where(
        VisitWishRow.patient_id.in_(patient_ids), VisitWishRow.answered_at.is_(None)
    )
    return session.scalars(wanted.order_by(VisitWishRow.asked_at, VisitWishRow.id)).all()


def told_by(session: Session, patient_id: UUID) -> Sequence[VisitFeedbackRow]:
    """Return what a patient told us, newest first; private unless she said otherwise (D14)."""
    wanted = select(VisitFeedbackRow).where(VisitFeedbackRow.patient_id == patient_id)
    return session.scalars(wanted.order_by(VisitFeedbackRow.told_at.desc(), VisitFeedbackRow.id)).all()


def next_visit(session: Session, patient_id: UUID, now: datetime) -> AppointmentRow | None:
    """Return the patient's confirmed visit that is under way or comes next."""
    for row in confirmed_visits(session, patient_id):
        over_at = max(window.ends_at for window in row.windows) + timedelta(minutes=row.minutes)
        if over_at >= now:
            return row
    return None


def last_visit(session: Session, patient_id: UUID, now: datetime) -> AppointmentRow | None:
    """Return the patient's newest confirmed visit that has begun or is over by its windows."""
    begun = [
        row for row in confirmed_visits(session, patient_id)
        if min(window.begins_at for window in row.windows) <= now
    ]  # fmt: skip
    return begun[-1] if begun else None


def confirmed_visits(session: Session, patient_id: UUID) -> Sequence[AppointmentRow]:
    """Return the patient's confirmed visits, the earliest first."""
    wanted = (
        select(AppointmentRow)
        .where(AppointmentRow.patient_id == patient_id)
        .where(AppointmentRow.status == AppointmentStatus.CONFIRMED.value)
    )
    rows = session.scalars(wanted).unique().all()
    return sorted(rows, key=lambda row: min(window.begins_at for window in row.windows))


def wishes_in(session: Session, area_id: UUID) -> Sequence[VisitWishRow]:
    """Return what patients of an area asked for and nobody has answered, oldest first."""
    wanted = (
        select(VisitWishRow)
        .join(PatientRow, PatientRow.id == VisitWishRow.patient_id)
        .where(PatientRow.area_id == area_id, VisitWishRow.answered_at.is_(None))
    )
    return session.scalars(wanted.order_by(VisitWishRow.asked_at, VisitWishRow.id)).all()


def shared_feedback_in(session: Session, area_id: UUID) -> Sequence[VisitFeedbackRow]:
    """Return the feedback that patients of an area let others read, newest first; all else is private."""
    return _told(session, area_id, "feedback", shared=True)


def boundary_reports_in(session: Session, area_id: UUID) -> Sequence[VisitFeedbackRow]:
    """Return reports that somebody crossed a boundary, newest first: for compliance alone."""
    return _told(session, area_id, "boundary", shared=False)


def _told(session: Session, area_id: UUID, kind: str, *, shared: bool) -> Sequence[VisitFeedbackRow]:
    wanted = (
        select(VisitFeedbackRow)
        .join(PatientRow, PatientRow.id == VisitFeedbackRow.patient_id)
        .where(PatientRow.area_id == area_id, VisitFeedbackRow.kind == kind)
        .where(VisitFeedbackRow.may_be_shared.is_(shared))
        .order_by(VisitFeedbackRow.told_at.desc(), VisitFeedbackRow.id)
    )
    return session.scalars(wanted.limit(MOST_LINES)).all()


def references_in(session: Session, area_id: UUID, patient_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the references of those patients that belong to an area, by id."""
    wanted = select(PatientRow.id, PatientRow.reference)
    wanted = wanted.where(PatientRow.area_id == area_id, PatientRow.id.in_(patient_ids))
    return {row.id: row.reference for row in session.execute(wanted)}


def failed_in(session: Session, area_id: UUID, now: datetime) -> Sequence[FailedLine]:
    """Return an area's messages of the last `FAILED_FOR` that did not go out, newest first: no words."""
    found = failed_messages(session, now - FAILED_FOR)
    ids = {each.row.patient_id for each in found if each.row.patient_id is not None}
    references = references_in(session, area_id, ids)
    lines = []
    for each in found:
        row = each.row
        if row.patient_id is not None:
            hers = row.patient_id in references
        elif row.case_id is not None:
            hers = case_view(session, row.case_id).area_id == area_id
        else:
            hers = row.area_id == area_id
        if hers:
            lines.append(
                FailedLine(
                    message_id=row.id,
                    kind=row.kind,
                    queued_at=row.queued_at,
                    tries=row.tries,
                    contact=row.contact,
                    code=each.code,
                    makes_sense=row.lapses_at is None or row.lapses_at > now,
                    reference=references.get(row.patient_id, "") if row.patient_id else "",
                    case_id=row.case_id,
                )
            )
    return lines


def office_phone(session: Session, area_id: UUID) -> str:
    """Return the number under which patients reach the office (policy ``safety.contact``), empty if none."""
    phone = str(policy(session, "safety.contact", area_id)["office_phone"]).strip()
    return "" if phone_fault(phone) else phone

"""What other chapters and screens read of series and orders."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, zone_of
from dispatch.clearance.loading import newest_decision
from dispatch.clearance.model import Occasion, Scale, Subject
from dispatch.clearance.queries import scores_of
from dispatch.custody.queries.names import account_names
from dispatch.intake.queries import case_of_patient, histories
from dispatch.intake.statements import Saying
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Reason
from dispatch.series.commands import Availability
from dispatch.series.loading import (
    infusion_row_of,
    newest_version_row,
    open_series_row,
    order_value,
    series_policy,
    series_row,
    series_value,
    version_rows,
    version_value,
)
from dispatch.series.model import InfusionNumber, InfusionState, Order, OrderVersion, Phase, Series
from dispatch.series.records import ConsentRow, InfusionRow, SeriesDecisionRow, SeriesRow
from dispatch.series.rules.habits import habits_of
from dispatch.series.rules.history import PastCourse, course_told
from dispatch.series.rules.ordering import order_expired
from dispatch.series.rules.responding import FollowUp, follow_ups, review_is_missing
from dispatch.series.rules.stepping import deeds_open, too_many
from dispatch.series.states import CLOSED_TO_BOOKING, SeriesDeed, SeriesState
from dispatch.series.writing import SAYS
from dispatch.workforce.records import NurseRow

ESKETAMINE = "treatments.esketamine"
TO_COME = (InfusionState.PLANNED.value, InfusionState.MISSED.value)


def order_in_force(session: Session, patient_id: UUID, at: datetime) -> Order | None:
    """Return the patient's order of the open series at the instant, None when none is in force.

    An expired one (`expires_at` <= at) or one whose override has run out is not in force.
    """
    row = open_series_row(session, patient_id)
    version = newest_version_row(session, row.id, at) if row else None
    if row is None or version is None:
        return None
    order = order_value(row, version)
    return None if any(order_expired(order.current, at)) else order


def order_versions(session: Session, series_id: UUID) -> tuple[OrderVersion, ...]:
    """Return every signed version of a series' order, the newest first."""
    return tuple(version_value(row) for row in version_rows(session, series_id))


def infusion_of(session: Session, appointment_id: UUID) -> InfusionNumber | None:
    """Return which infusion of which series an appointment is, None when it is none."""
    row = infusion_row_of(session, appointment_id)
    return infusions_of(session, (appointment_id,)).get(appointment_id) if row else None


def infusions_of(session: Session, appointment_ids: tuple[UUID, ...]) -> Mapping[UUID, InfusionNumber]:
    """Return `infusion_of` for many appointments at once."""
    rows = session.scalars(select(InfusionRow).where(InfusionRow.appointment_id.in_(appointment_ids))).all()
    series = {row.series_id: len(series_row(session, row.series_id).infusions) for row in rows}
    return {
        row.appointment_id: InfusionNumber(
            series_id=series_row(session, row.series_id).id,  # type: ignore[arg-type]
            number=row.number,
            of=series[row.series_id],
            phase=Phase(row.phase),
        )
        for row in rows
        if row.appointment_id is not None
    }


def next_number(session: Session, patient_id: UUID) -> int | None:
    """Return the number of the next infusion of the open series that is neither given nor booked."""
    row = open_series_row(session, patient_id)
    if row is None:
        return None
    return next((each.number for each in row.infusions if each.status in TO_COME), None)


def infusion_blocks(session: Session, patient_id: UUID, number: int, at: datetime) -> tuple[Reason, ...]:
    """Return everything in the series that keeps infusion `number` from taking place at the instant.

    Among them ``no_series``, ``series_not_open``, ``no_such_infusion``, ``off_label_consent_missing``,
    ``response_not_reviewed`` (before number 4), ``too_many_in_7_days``, and for maintenance
    ``clearance_too_old`` (row B06).
    """
    row = open_series_row(session, patient_id)
    if row is None:
        text = "The patient has no series that goes on."
        return (Reason(code="no_series", text=text, way_out="A prescriber orders a series."),)
    return tuple(_blocks(session, row, series_value(session, row), number, at))


def _blocks(session: Session, row: SeriesRow, series: Series, number: int, at: datetime) -> Iterator[Reason]:
    rules = series_policy(session, row)
    if series.state in CLOSED_TO_BOOKING:
        yield Reason(
            code="series_not_open", text=SAYS[series.state], way_out="A prescriber orders or resumes it."
        )
    infusion = next((each for each in series.infusions if each.number == number), None)
    if infusion is None:
        text = f"The series has no infusion {number}."
        yield Reason(code="no_such_infusion", text=text, way_out="A prescriber orders another series.")
    if not series.consented:
        yield Reason(
            code="off_label_consent_missing",
            text="The consent to the off-label use is not signed for this series.",
            way_out="The patient signs it; anybody of the team records it.",
        )
    if review_is_missing(number, series.reviewed_after, rules["series.response"]):
        yield Reason(
            code="response_not_reviewed",
            text=f"Nobody has reviewed the response; infusion {number} waits for it.",
            way_out="A prescriber reviews the response.",
        )
    spacing, day = rules["series.spacing"], local_day(at, zone_of(area_by_id(session, row.area_id)))
    others = _days_of(session, row, but=infusion.infusion_id if infusion else None)
    if too_many(others, day, spacing["most_in_days"], spacing["days"]):
        yield Reason(
            code="too_many_in_7_days",
            text=f"More than {spacing['most_in_days']} infusions in {spacing['days']} days.",
            way_out="Choose another day.",
        )
    if infusion is not None and infusion.phase is Phase.MAINTENANCE:
        yield from _clearance_is_recent(session, row, at, rules["series.maintenance"]["clearance_most_days"])


def _days_of(session: Session, row: SeriesRow, but: UUID | None) -> list[date]:
    """Return the days of the patient's infusions, given or booked, of all series."""
    zone = zone_of(area_by_id(session, row.area_id))
    rows = session.execute(
        select(InfusionRow.id, InfusionRow.day, InfusionRow.given_at)
        .join(SeriesRow, SeriesRow.id == InfusionRow.series_id)
        .where(SeriesRow.patient_id == row.patient_id)
        .where(InfusionRow.status.in_([InfusionState.GIVEN.value, InfusionState.BOOKED.value]))
    )
    # What was given counts on the day it was given, wherever it had been laid.
    days = (local_day(each.given_at, zone) if each.given_at else each.day for each in rows if each.id != but)
    return [day for day in days if day is not None]


def _clearance_is_recent(session: Session, row: SeriesRow, at: datetime, most_days: int) -> Iterator[Reason]:
    # Only its age: whether it still stands is asked by whoever books and whoever starts.
    case = case_of_patient(session, row.patient_id)
    decision = newest_decision(session, case.case_id) if case else None
    if decision is None or at >= decision.at + timedelta(days=most_days):
        yield Reason(
            code="clearance_too_old",
            text=f"Maintenance needs a clearance of at most {most_days} days.",
            way_out="A prescriber clears the patient again.",
        )


@dataclass(frozen=True, kw_only=True)
class Phq9:
    """Totals of PHQ-9 before the series and latest; None where none was taken."""

    baseline: int | None
    now: int | None


def phq9_of(session: Session, row: SeriesRow) -> Phq9:
    """Return PHQ-9 at baseline and the latest one taken after the first infusion was given.

    The baseline is the last one before the first infusion of the series.
    """
    case = case_of_patient(session, row.patient_id)
    subject = Subject(patient_id=row.patient_id, case_id=case.case_id if case else None)
    lines = [line for line in scores_of(session, subject, Scale.PHQ9) if line.total is not None]
    began = min((each.given_at for each in row.infusions if each.given_at), default=None)
    before = [line.total for line in lines if began is None or line.taken_at <= began]
    since = [line.total for line in lines if began is not None and line.taken_at > began]
    return Phq9(baseline=before[-1] if before else None, now=since[-1] if since else None)


@dataclass(frozen=True, kw_only=True)
class EsketamineBefore:
    """What the patient told of esketamine: yes, no, unknown or nothing; the course by its label (C05)."""

    saying: Saying | None
    course: PastCourse | None


def esketamine_before(session: Session, patient_id: UUID) -> EsketamineBefore:
    """Return what intake has of earlier esketamine; it is read by who orders and never ordered here (C04)."""
    case = case_of_patient(session, patient_id)
    told = histories(session, case.case_id).answers.get(ESKETAMINE) if case else None
    yes = told is not None and told.saying is Saying.YES
    return EsketamineBefore(
        saying=told.saying if told else None, course=course_told(told.detail) if told and yes else None
    )


def series_by_id(session: Session, series_id: UUID) -> Series:
    """Return a series, or refuse with `NotFound`."""
    return series_value(session, series_row(session, series_id))


def series_version(session: Session, series_id: UUID) -> int:
    """Return the version of a series' row, by which a race is noticed."""
    return series_row(session, series_id).version


def series_of_patient(session: Session, patient_id: UUID) -> tuple[Series, ...]:
    """Return the patient's series, the newest first."""
    wanted = select(SeriesRow).where(SeriesRow.patient_id == patient_id).order_by(SeriesRow.id.desc())
    return tuple(series_value(session, row) for row in session.scalars(wanted))


def series_in_area(session: Session, area_id: UUID, *, limit: int = 200) -> tuple[Series, ...]:
    """Return the area's series that go on, those that wait for somebody first."""
    over = (SeriesState.STOPPED.value, SeriesState.COMPLETED.value)
    wanted = (
        select(SeriesRow)
        .where(SeriesRow.area_id == area_id, SeriesRow.status.not_in(over))
        .order_by(SeriesRow.first_day, SeriesRow.id)
        .limit(limit)
    )
    found = [series_value(session, row) for row in session.scalars(wanted)]
    order = (SeriesState.REVIEW_DUE, SeriesState.PROPOSED, SeriesState.ORDERED, SeriesState.ACTIVE)
    return tuple(sorted(found, key=lambda each: order.index(each.state) if each.state in order else 9))


@dataclass(frozen=True, kw_only=True)
class DuePhq9:
    """A PHQ-9 to be asked for, and of whom (row C10)."""

    series_id: UUID
    patient_id: UUID
    follow_up: FollowUp


def due_phq9(session: Session, area_id: UUID, today: date) -> Sequence[DuePhq9]:
    """Return the PHQ-9s of 3 and 12 weeks after the last infusion that are due by `today`, earliest first."""
    zone = zone_of(area_by_id(session, area_id))
    rows = session.scalars(select(SeriesRow).where(SeriesRow.area_id == area_id)).all()
    newest: dict[UUID, tuple[datetime, SeriesRow]] = {}
    for row in rows:
        for each in row.infusions:
            if each.given_at and (row.patient_id not in newest or each.given_at > newest[row.patient_id][0]):
                newest[row.patient_id] = (each.given_at, row)
    found = [
        DuePhq9(series_id=row.id, patient_id=row.patient_id, follow_up=one)
        for last, row in newest.values()
        for one in follow_ups(
            local_day(last, zone),
            _taken_since(session, row.patient_id, last),
            today,
            series_policy(session, row)["series.response"],
        )
        if one.due_on <= today
    ]
    return sorted(found, key=lambda each: (each.follow_up.due_on, each.series_id))


def _taken_since(session: Session, patient_id: UUID, at: datetime) -> frozenset[Occasion]:
    lines = scores_of(session, Subject(patient_id=patient_id), Scale.PHQ9)
    return frozenset(line.occasion for line in lines if line.taken_at > at and line.total is not None)


def consents_of(session: Session, series_id: UUID) -> Sequence[ConsentRow]:
    """Return the consents of a series, oldest first."""
    wanted = select(ConsentRow).where(ConsentRow.series_id == series_id).order_by(ConsentRow.recorded_at)
    return session.scalars(wanted).all()


@dataclass(frozen=True, kw_only=True)
class SeriesDecision:
    """Who paused, resumed or stopped a series, when and why."""

    deed: SeriesDeed
    reason: str = field(repr=False)
    by: str
    at: datetime


def decisions_of(session: Session, series_id: UUID) -> tuple[SeriesDecision, ...]:
    """Return what prescribers decided on a series by hand, the newest first."""
    wanted = select(SeriesDecisionRow).where(SeriesDecisionRow.series_id == series_id)
    newest = wanted.order_by(SeriesDecisionRow.decided_at.desc(), SeriesDecisionRow.id.desc())
    rows = session.scalars(newest).all()
    names = account_names(session, {row.decided_by for row in rows})
    return tuple(
        SeriesDecision(
            deed=SeriesDeed(row.deed), reason=row.reason or "", by=names[row.decided_by], at=row.decided_at
        )
        for row in rows
    )


def habits_of_series(session: Session, series_id: UUID) -> Availability | None:
    """Return when patient and adult are free, None where nobody has said."""
    return habits_of(series_row(session, series_id).habits)


def phq9_of_series(session: Session, series_id: UUID) -> Phq9:
    """Return `phq9_of` by the series' id."""
    return phq9_of(session, series_row(session, series_id))


def consent_version(session: Session, series_id: UUID) -> str:
    """Return which text of the off-label consent is signed at present."""
    version: str = series_policy(session, series_row(session, series_id))["series.off_label_consent"][
        "text_version"
    ]
    return version


def deeds_of(session: Session, series_id: UUID) -> tuple[SeriesDeed, ...]:
    """Return what a prescriber may do with the series as it stands."""
    return deeds_open(SeriesState(series_row(session, series_id).status), "prescriber")


def nurse_codes(session: Session, area_id: UUID) -> Mapping[UUID, str]:
    """Return the codes of the area's nurses by id."""
    rows = session.execute(select(NurseRow.id, NurseRow.code).where(NurseRow.area_id == area_id))
    return {row.id: row.code for row in rows}

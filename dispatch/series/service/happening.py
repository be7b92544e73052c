"""What happened to the infusions of a series: booked, given, missed. It is kept whatever was allowed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.intake.model import CaseDeed, CaseState
from dispatch.intake.queries import case_of_patient
from dispatch.intake.service import move_case
from dispatch.kernel.actor import SYSTEM, Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.refusals import Conflict, NotFound, refuse
from dispatch.series.loading import infusion_row_of, newest_version_row, series_policy, series_row
from dispatch.series.model import InfusionState, Phase
from dispatch.series.records import InfusionRow, SeriesRow
from dispatch.series.rules.responding import review_is_due
from dispatch.series.states import CLOSED_TO_BOOKING, ENDS, SeriesDeed, SeriesState
from dispatch.series.writing import audit, given_of, target_of

OVER = frozenset({InfusionState.GIVEN, InfusionState.DROPPED})
# Where a case goes with the first infusion of a series, by where it is and the series' phase.
CASE_MOVES: Mapping[tuple[CaseState, bool], CaseDeed] = {
    (CaseState.CLEARED, False): CaseDeed.BEGIN_TREATMENT,
    (CaseState.CLEARED, True): CaseDeed.BEGIN_TREATMENT,
    (CaseState.IN_TREATMENT, True): CaseDeed.ENTER_MAINTENANCE,
    (CaseState.MAINTENANCE, False): CaseDeed.BEGIN_NEXT_SERIES,
}


def note_booked(
    session: Session,
    series_id: UUID,
    number: int,
    appointment_id: UUID,
    actor: Actor,
    clock: Clock,
    *,
    laid: tuple[date, str] | None = None,
) -> None:
    """Keep that an infusion got its appointment.

    Parameters
    ----------
    laid
        The appointment's day and part of the day, where it was not laid before; the scheduler then lays
        the others around it.

    Raises
    ------
    NotFound
        ``no_such_infusion``.
    Conflict
        ``series_not_open``; ``infusion_over`` when it was given or dropped.
    """
    row = series_row(session, series_id, locked=True)
    if SeriesState(row.status) in CLOSED_TO_BOOKING:
        raise refuse(Conflict, "series_not_open", "No infusion of this series can be booked at present.")
    infusion = next((each for each in row.infusions if each.number == number), None)
    if infusion is None:
        raise refuse(NotFound, "no_such_infusion", "The series has no infusion of that number.")
    if InfusionState(infusion.status) in OVER:
        raise refuse(Conflict, "infusion_over", "This infusion is over.")
    infusion.appointment_id = appointment_id
    infusion.status = InfusionState.BOOKED.value
    if laid is not None:
        _lie(infusion, *laid)
    session.flush()
    audit(session, "book", row, actor, clock, number=number, appointment=str(appointment_id))


def note_moved(
    session: Session, appointment_id: UUID, laid: tuple[date, str], actor: Actor, clock: Clock
) -> None:
    """Keep that the appointment of an infusion lies on another day; nothing where it is none or is over."""
    infusion = infusion_row_of(session, appointment_id)
    if infusion is None or InfusionState(infusion.status) is not InfusionState.BOOKED:
        return
    if (infusion.day, infusion.part) == laid:
        return
    row = series_row(session, infusion.series_id, locked=True)
    _lie(infusion, *laid)
    session.flush()
    audit(session, "move", row, actor, clock, number=infusion.number, day=laid[0].isoformat())


def _lie(infusion: InfusionRow, day: date, part: str) -> None:
    """Lay an infusion by its appointment; a nurse who was laid for another day is not promised there."""
    if (infusion.day, infusion.part) != (day, part):
        infusion.nurse_id = None
    infusion.day, infusion.part = day, part


def note_given(session: Session, appointment_id: UUID, at: datetime, actor: Actor, clock: Clock) -> None:
    """Keep that an infusion was given, whatever state its series is in; the same again does nothing.

    The series begins, its review falls due, or it is complete. Without a series nothing is kept here.
    """
    infusion = infusion_row_of(session, appointment_id)
    if infusion is None or infusion.status == InfusionState.GIVEN:
        return
    row = series_row(session, infusion.series_id, locked=True)
    version = newest_version_row(session, row.id, at)
    infusion.status, infusion.given_at = InfusionState.GIVEN.value, at
    infusion.given_under_id = version.id if version else None
    session.flush()
    target = target_of(session, row, SeriesDeed.GIVE)
    odd = target is None or version is None
    if target is not None:
        row.status = target.value
    settle(session, row)
    session.flush()
    audit(session, "give", row, actor, clock, number=infusion.number, odd=odd)
    _move_the_case(session, row, Phase(infusion.phase), clock)


def note_missed(session: Session, appointment_id: UUID, actor: Actor, clock: Clock) -> None:
    """Keep that an infusion did not take place: it has to be laid anew (`repair_series`)."""
    infusion = infusion_row_of(session, appointment_id)
    if infusion is None or InfusionState(infusion.status) in OVER:
        return
    row = series_row(session, infusion.series_id, locked=True)
    infusion.status = InfusionState.MISSED.value
    session.flush()
    audit(session, "miss", row, actor, clock, number=infusion.number)


def settle(session: Session, row: SeriesRow) -> None:
    """Call a review that fell due; complete a series whose last infusion is over and reviewed."""
    rules: Mapping[str, Any] = series_policy(session, row)["series.response"]
    if row.status == SeriesState.ACTIVE and review_is_due(given_of(row), row.reviewed_after, rules):
        row.status = SeriesState.REVIEW_DUE.value
    if row.status == SeriesState.ACTIVE and all(_is_over(each) for each in row.infusions):
        row.status = SeriesState.COMPLETED.value


def _is_over(infusion: InfusionRow) -> bool:
    return InfusionState(infusion.status) in OVER


def _move_the_case(session: Session, row: SeriesRow, phase: Phase, clock: Clock) -> None:
    if SeriesState(row.status) in ENDS and given_of(row) > 1:
        return
    case = case_of_patient(session, row.patient_id)
    deed = CASE_MOVES.get((case.state, phase is Phase.MAINTENANCE)) if case else None
    if case is not None and deed is not None:
        move_case(session, case.case_id, deed, SYSTEM, clock)

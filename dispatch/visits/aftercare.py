"""What follows a treated visit on the patient's own page: how she is two hours later, PHQ-9 the day after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.areas.service import area_by_id, policy, zone_of
from dispatch.clearance.commands import NewScore
from dispatch.clearance.model import Occasion, Scale, ScoreLine, Subject, SuicideRisk
from dispatch.clearance.queries import scores_at
from dispatch.clearance.rules.scales import ITEM_OF_SELF_HARM, answer_faults
from dispatch.clearance.service import record_score
from dispatch.kernel.actor import Actor
from dispatch.kernel.clock import Clock
from dispatch.kernel.local_time import local_day
from dispatch.kernel.refusals import Conflict, Invalid, NotFound, Reason, refuse
from dispatch.visits.safety.gathering import visits_of
from dispatch.visits.safety.model import PatientAnswer
from dispatch.visits.safety.records import PatientAnswerRow
from dispatch.visits.safety.rules.clocks import treated_left_at
from dispatch.visits.safety.service import answer_patient_check

# Newest bookings that are looked through for the last treated one.
MOST_VISITS = 8


class Form(StrEnum):
    """Whether the day-after form may be filled in: on local days, whatever the hour of the visit."""

    NOT_YET = "not_yet"
    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class Aftercare:
    """What a patient's last treated visit asks of her (times UTC).

    Attributes
    ----------
    left_at
        When the nurse left her, discharged.
    check_at
        From when on she is asked how she is (policy ``safety.patient_check``).
    said
        Her last answer since, None while she gave none.
    form
        Of PHQ-9 (policy ``visit.day_after``).
    self_harm
        Whether her PHQ-9 of the day after told of thoughts of being better off dead.
    """

    appointment_id: UUID
    area_id: UUID
    left_at: datetime
    check_at: datetime
    said: PatientAnswer | None
    form: Form
    self_harm: bool


def aftercare_of(session: Session, patient_id: UUID, clock: Clock) -> Aftercare | None:
    """Return what follows the patient's last treated visit, None when nothing does any more."""
    now = clock.now()
    left = _last_left(session, patient_id, now)
    if left is None:
        return None
    appointment_id, area_id, left_at = left
    zone = zone_of(area_by_id(session, area_id))
    open_days = int(policy(session, "visit.day_after", area_id)["open_days"])
    days = (local_day(now, zone) - local_day(left_at, zone)).days
    if days > open_days:
        return None
    lines = _lines(session, appointment_id)
    form = Form.NOT_YET if days < 1 else Form.DONE if _whole(lines) else Form.OPEN
    law = policy(session, "safety.patient_check", area_id)
    return Aftercare(
        appointment_id=appointment_id,
        area_id=area_id,
        left_at=left_at,
        check_at=left_at + timedelta(minutes=law["asked_after_minutes"]),
        said=_last_said(session, appointment_id, left_at),
        form=form,
        self_harm=any(line.risk is SuicideRisk.SAME_DAY for line in lines),
    )


def aftercare_due(session: Session, patient_id: UUID, clock: Clock) -> Aftercare:
    """Return what follows the patient's last treated visit.

    Raises
    ------
    NotFound
        ``no_treated_visit``.
    """
    care = aftercare_of(session, patient_id, clock)
    if care is None:
        text = "There is no visit of these days to be asked about."
        raise refuse(NotFound, "no_treated_visit", text, way_out="Call us if something is wrong.")
    return care


def answer_check(
    session: Session, patient_id: UUID, answer: PatientAnswer, words: str, actor: Actor, clock: Clock
) -> None:
    """Take the patient's word for how she is; help is called for at any time, being well counts when asked.

    Raises
    ------
    NotFound
        ``no_treated_visit``.
    Conflict
        ``asked_later``: well long before the two hours says nothing of them (B23).
    """
    care = aftercare_due(session, patient_id, clock)
    if answer is PatientAnswer.WELL:
        if clock.now() < care.check_at:
            text = "We ask you two hours after the visit."
            raise refuse(Conflict, "asked_later", text, way_out="If you need help now, say so here or call.")
        if care.said is PatientAnswer.WELL:
            return
    answer_patient_check(session, care.appointment_id, answer, actor, clock, words=words)


def answer_day_after(
    session: Session, patient_id: UUID, answers: Sequence[int | None], actor: Actor, clock: Clock
) -> None:
    """Keep the patient's PHQ-9 of the day after; thoughts of self-harm alarm a prescriber.

    An answer that worries is kept although others are open, or although she answered before.

    Parameters
    ----------
    answers
        Nine, 0 to 3 each, None where she gave none.

    Raises
    ------
    NotFound
        ``no_treated_visit``.
    Conflict
        ``form_not_open`` before the following day; ``answered_already`` with other answers than these.
    Invalid
        ``answers_not_of_scale``, ``answer_out_of_range``; ``unanswered`` for each that is open.
    """
    care = aftercare_due(session, patient_id, clock)
    if faults := answer_faults(Scale.PHQ9, answers):
        raise Invalid(faults)
    if care.form is Form.NOT_YET:
        text = "This form is about the day after your visit."
        raise refuse(Conflict, "form_not_open", text, way_out="Come back tomorrow.")
    given = tuple(answers)
    lines = _lines(session, care.appointment_id)
    if any(line.answers == given for line in lines):
        return
    worries = bool(given[ITEM_OF_SELF_HARM])
    missing = [
        Reason(
            code="unanswered", text=f"Question {number} is open.", field=f"p{number}", way_out="Answer it."
        )
        for number, each in enumerate(given, 1)
        if each is None
    ]
    if missing and not worries:
        raise Invalid(missing)
    if _whole(lines) and not worries:
        text = "You have answered already."
        raise refuse(Conflict, "answered_already", text, way_out="If you feel worse, call us.")
    score = NewScore(
        subject=Subject(patient_id=patient_id),
        scale=Scale.PHQ9,
        answers=given,
        taken_at=clock.now(),
        occasion=Occasion.DAY_AFTER,
        appointment_id=care.appointment_id,
    )
    record_score(session, score, actor, clock)


def _last_left(session: Session, patient_id: UUID, now: datetime) -> tuple[UUID, UUID, datetime] | None:
    """Return the visit after which the patient was left last, its area, and when that was."""
    wanted = (
        select(AppointmentRow.id)
        .where(
            AppointmentRow.patient_id == patient_id, AppointmentRow.day <= (now + timedelta(days=1)).date()
        )
        .order_by(AppointmentRow.day.desc())
        .limit(MOST_VISITS)
    )
    found = [
        (left_at, watched)
        for watched in visits_of(session, session.scalars(wanted))
        if (left_at := treated_left_at(watched)) is not None
    ]
    if not found:
        return None
    left_at, last = max(found, key=lambda each: each[0])
    return last.appointment_id, last.area_id, left_at


def _last_said(session: Session, appointment_id: UUID, since: datetime) -> PatientAnswer | None:
    wanted = (
        select(PatientAnswerRow.answer)
        .where(PatientAnswerRow.appointment_id == appointment_id, PatientAnswerRow.at >= since)
        .where(PatientAnswerRow.answer != PatientAnswer.NOT_REACHED.value)
        .order_by(PatientAnswerRow.at.desc(), PatientAnswerRow.id.desc())
        .limit(1)
    )
    said = session.scalar(wanted)
    return None if said is None else PatientAnswer(said)


def _lines(session: Session, appointment_id: UUID) -> list[ScoreLine]:
    """Return the PHQ-9s of the day after, whoever took them down."""
    wanted = (Scale.PHQ9, Occasion.DAY_AFTER)
    return [line for line in scores_at(session, appointment_id) if (line.scale, line.occasion) == wanted]


def _whole(lines: Sequence[ScoreLine]) -> bool:
    return any(line.total is not None for line in lines)

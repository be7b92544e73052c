"""What screens and other parts read of the bedside."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.clearance.model import Occasion, Scale, Subject
from dispatch.clearance.queries import scores_at, scores_of
from dispatch.custody.queries import vials_of_nurse
from dispatch.identity.records import AccountRow
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.series.queries import order_in_force
from dispatch.series.rules.dosing import given_ug
from dispatch.visits.bedside.casework import case_of, standing_against
from dispatch.visits.bedside.loading import chart_of, charts_of, keeps_checklist, reading_times
from dispatch.visits.bedside.model import Bedside, Class, Held, Released, Section, StepLine, Unmet
from dispatch.visits.bedside.rules.checklist import blank
from dispatch.visits.bedside.rules.gates import Case, unmet_before_discharge, unmet_before_start
from dispatch.visits.bedside.rules.questions import QUESTIONS, STEPS22, Question
from dispatch.visits.bedside.rules.running import runs
from dispatch.visits.bedside.rules.vitals import next_reading_due, reading_text
from dispatch.visits.bedside.service.following import for_a_prescriber
from dispatch.visits.bedside.service.gates import own_row
from dispatch.visits.bedside.service.releasing import held_case
from dispatch.visits.facts import fact_of, facts_of
from dispatch.visits.model import Deed, VisitState
from dispatch.visits.safety.service import on_call_prescriber

__all__ = [
    "bedside_of", "chart_of", "charts_of", "given_so_far_ug", "held_visit", "keeps_checklist", "questions_of",
    "reading_text", "reading_times",
]  # fmt: skip
RUNNING = frozenset({VisitState.INFUSING, VisitState.PAUSED})
WATCHED = RUNNING | {VisitState.RECOVERY}
ASKED_AT = {VisitState.PAUSED: Deed.RESUME, VisitState.RECOVERY: Deed.DISCHARGE}


def bedside_of(session: Session, appointment_id: UUID, actor: Actor, clock: Clock) -> Bedside:
    """Return a visit of the actor's own route as it stands at the bedside.

    Raises
    ------
    NotFound
        ``no_such_visit``.
    """
    row = own_row(session, appointment_id, actor)
    assert actor.nurse_id is not None
    now = clock.now()
    case = case_of(session, row, actor.nurse_id, now)
    state, times = case.story.state, case.story.times
    deed = ASKED_AT.get(state, Deed.START)
    begun = Deed.START in times
    due_at = None
    if state in WATCHED and begun:
        due_at = next_reading_due(case.chart.readings, times[Deed.START], times.get(Deed.STOP), case.limits)
    checklist = case.story.checklist or keeps_checklist(session, row)
    asked = checklist and state not in {VisitState.INFUSING, VisitState.DISCHARGED, VisitState.COMPLETED}
    order = case.ordered
    return Bedside(
        chart=case.chart,
        steps=_steps(case, _open_after(session, row.id, actor.nurse_id, case)),
        standing=standing_against(case, deed) if asked else (),
        checklist=checklist,
        due_at=due_at,
        given_ug=_given(session, row, actor.nurse_id, case) if begun else None,
        allowed_ml_h=(order.rate_low_ml_h, order.rate_high_ml_h) if order else None,
        order=order.reference if order else "",
        duty=on_call_prescriber(session, row.patient.state, now) if checklist else None,
        moods=_moods(session, row.patient_id),
        releases=_releases(session, case),
    )


def held_visit(session: Session, appointment_id: UUID, actor: Actor, clock: Clock) -> Held:
    """Return what of a visit waits for a prescriber's signature.

    Raises
    ------
    Forbidden
        ``role_missing``.
    NotFound
        ``no_such_visit``.
    """
    actor.require((Role.PRESCRIBER,))
    row, _, case = held_case(session, appointment_id, clock)
    due = tuple({each.reason.code: each for each in for_a_prescriber(case)}.values())
    held = case.story.state is VisitState.HELD
    return Held(appointment_id=row.id, reference=row.reference, held=held, due=due)


def given_so_far_ug(session: Session, appointment_id: UUID, nurse_id: UUID, at: datetime) -> int | None:
    """Return what rate x time comes to at a visit, None before its start or without an order.

    It is a hint for whoever records what was given: the syringe decides.
    """
    row = session.get(AppointmentRow, appointment_id)
    case = case_of(session, row, nurse_id, at) if row is not None else None
    if row is None or case is None or Deed.START not in case.story.times:
        return None
    return _given(session, row, nurse_id, case)


def _releases(session: Session, case: Case) -> tuple[Released, ...]:
    entries = case.chart.each(Section.RELEASE)
    ids = {UUID(entry.by) for entry in entries if entry.by}
    found = select(AccountRow.id, AccountRow.name).where(AccountRow.id.in_(ids))
    names = {str(row.id): row.name for row in session.execute(found)}
    return tuple(
        Released(at=each.at, by=names.get(each.by, ""), reason=str(each.answers.get("reason", "")))
        for each in entries
    )


def _moods(session: Session, patient_id: UUID) -> tuple[tuple[datetime, int], ...]:
    lines = scores_of(session, Subject(patient_id=patient_id), Scale.PHQ9)
    told = [(line.taken_at, line.total) for line in lines if line.total is not None]
    return tuple(sorted(told))


def questions_of(section: Section) -> tuple[Question, ...]:
    """Return the questions of a section, in their order."""
    return QUESTIONS[section]


def _steps(case: Case, open_after: Sequence[int]) -> tuple[StepLine, ...]:
    begun, stopped = Deed.START in case.story.times, Deed.STOP in case.story.times
    start = () if begun else unmet_before_start(case)
    discharge = unmet_before_discharge(case) if stopped else ()
    lines = []
    for step in STEPS22:
        unmet = tuple(each for each in (*start, *discharge) if each.step == step.number)
        lines.append(
            StepLine(
                number=step.number,
                title=step.title,
                sections=step.sections,
                state=_state_of(step.number, step.before, unmet, case, open_after),
                released_by=step.released_by,
                unmet=unmet,
            )
        )
    return tuple(lines)


def _state_of(number: int, before: str, unmet: Sequence[Unmet], case: Case, open_after: Sequence[int]) -> str:
    times = case.story.times
    if before == "start":
        still = any(each.kind is not Class.WARN for each in unmet)
        return "open" if still and Deed.START not in times else "done"
    if number == 14:
        return "later" if Deed.START not in times else "done" if Deed.STOP in times else "open"
    if before == "discharge":
        if Deed.DISCHARGE in times:
            return "done"
        return "later" if Deed.STOP not in times else "open" if unmet else "done"
    if Deed.STOP not in times:
        return "later"
    return "open" if number in open_after else "done"


def _open_after(session: Session, appointment_id: UUID, nurse_id: UUID, case: Case) -> list[int]:
    """Return which of the last steps are open: witnessed waste, the note, the day after.

    The patient may have answered for the day after on her own page.
    """
    found = [19] if any(line.residual_ug for line in vials_of_nurse(session, nurse_id)) else []
    if Section.NOTE not in case.chart.sections:
        found.append(21)
    told = any(line.occasion is Occasion.DAY_AFTER for line in scores_at(session, appointment_id))
    if not told and Section.NEXT_DAY not in case.chart.sections:
        found.append(22)
    return found


def _given(session: Session, row: AppointmentRow, nurse_id: UUID, case: Case) -> int | None:
    """Return what rate x time comes to, by the order and the charted rates; None without an order."""
    order = order_in_force(session, row.patient_id, case.story.times[Deed.START]) if case.ordered else None
    if order is None:
        return None
    set_to = case.chart.answers(Section.TIME_OUT).get("rate_ml_h")
    first = order.dose.rate_ml_h if blank(set_to) else Decimal(str(set_to))
    facts = [fact_of(each) for each in facts_of(session, [row.id]).get((row.id, nurse_id), ())]
    return given_ug(order.dose, runs(facts, case.chart.each(Section.RATE), first, case.now))

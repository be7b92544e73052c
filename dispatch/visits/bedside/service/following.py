"""What follows from a report at once: the visit is aborted or held, a prescriber is told."""

from datetime import timedelta

from sqlalchemy.orm import Session

from dispatch.appointments.records import AppointmentRow
from dispatch.clearance.commands import NewTask
from dispatch.clearance.model import Subject, TaskKind
from dispatch.clearance.service import raise_alarm
from dispatch.kernel.actor import SYSTEM
from dispatch.kernel.clock import Clock
from dispatch.visits.bedside.casework import case_of
from dispatch.visits.bedside.loading import chart_of, limits_of
from dispatch.visits.bedside.model import Class, Level, Phase, Section, Unmet
from dispatch.visits.bedside.records import EntryRow, ReadingRow
from dispatch.visits.bedside.rules.gates import START_SECTIONS, Case, standing, unmet_before_start
from dispatch.visits.bedside.service.ending import tell_others
from dispatch.visits.model import Deed, Story, VisitState
from dispatch.visits.system_deeds import note_deed

JUST_BEFORE = timedelta(milliseconds=1)
TOLD = {
    Level.WATCH: "During the infusion: the pressure is raised; readings every five minutes.",
    Level.PAUSE: "During the infusion: the readings ask for a pause and a call.",
    Level.STOP: "During the infusion: the readings ask to stop and to call the emergency services.",
}
# What an answer of may need a prescriber; all others stand or block by themselves.
MAY_HOLD = frozenset({Section.TODAY, Section.WEIGHT})
BEFORE_THE_START = frozenset({VisitState.ARRIVED, VisitState.SCREENING, VisitState.READY, VisitState.HELD})


def after_reading(
    session: Session, row: AppointmentRow, kept: ReadingRow, story: Story, clock: Clock
) -> None:
    """Abort at what nobody overrides in the field, hold at a confirmed red pair, tell a prescriber."""
    level = Level(kept.verdict["level"])
    if Phase(kept.phase) is not Phase.BEFORE:
        if level in TOLD:
            _tell_prescriber(session, row, TOLD[level], clock)
        return
    if story.state not in BEFORE_THE_START:
        return
    _lapse_where_due(session, row, kept, clock)
    _begin_screening(session, row, kept, story, clock)
    if level is Level.ABORT:
        why = "The readings forbid an infusion today."
        note_deed(session, row, kept.nurse_id, Deed.ABORT, kept.id, kept.happened_at, why, SYSTEM, clock)
        _tell_prescriber(session, row, why, clock)
        tell_others(session, row, Deed.ABORT, story, kept.happened_at, SYSTEM, clock)
    elif level is Level.RED:
        _hold_where_due(session, row, kept, clock)


def after_entry(session: Session, row: AppointmentRow, kept: EntryRow, story: Story, clock: Clock) -> None:
    """Hold the visit where an answer needs a prescriber."""
    if story.state in BEFORE_THE_START and Section(kept.section) in START_SECTIONS:
        _begin_screening(session, row, kept, story, clock)
        if Section(kept.section) in MAY_HOLD:
            _hold_where_due(session, row, kept, clock)


def _begin_screening(
    session: Session, row: AppointmentRow, kept: ReadingRow | EntryRow, story: Story, clock: Clock
) -> None:
    """What is charted before the start shows that screening has begun."""
    if story.state is VisitState.ARRIVED:
        at = kept.happened_at - JUST_BEFORE
        note_deed(session, row, kept.nurse_id, Deed.SCREEN, kept.id, at, "", SYSTEM, clock)


def _lapse_where_due(session: Session, row: AppointmentRow, kept: ReadingRow, clock: Clock) -> None:
    """A visit that was ready with a baseline too old by now had fallen back to screening."""
    before = [each for each in chart_of(session, row.id).readings if each.at < kept.happened_at]
    minutes = limits_of(session, row)["vitals.baseline"]["most_minutes"]
    if before and kept.happened_at - before[-1].at > timedelta(minutes=minutes):
        at = before[-1].at + timedelta(minutes=minutes)
        note_deed(session, row, kept.nurse_id, Deed.LAPSE, kept.id, at, "", SYSTEM, clock)


def _hold_where_due(session: Session, row: AppointmentRow, kept: ReadingRow | EntryRow, clock: Clock) -> None:
    due = for_a_prescriber(case_of(session, row, kept.nurse_id, kept.happened_at))
    if due:
        why = " ".join(each.reason.text for each in due)
        note_deed(session, row, kept.nurse_id, Deed.HOLD, kept.id, kept.happened_at, why, SYSTEM, clock)
        _tell_prescriber(session, row, why, clock)


def _tell_prescriber(session: Session, row: AppointmentRow, why: str, clock: Clock) -> None:
    task = NewTask(
        subject=Subject(patient_id=row.patient_id), kind=TaskKind.VITALS_HELD, about=row.id, text=why
    )
    raise_alarm(session, task, SYSTEM, clock)


def for_a_prescriber(case: Case) -> list[Unmet]:
    """Return what stands against the start and only a prescriber can release."""
    still = standing(unmet_before_start(case), case.released, case.chart)
    return [each for each in still if each.kind is Class.OVERRIDE]

"""A series is proposed; its patient consents; who is free when; a prescriber pauses, resumes or stops it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from dispatch.areas.service import area_by_id, policies, zone_of
from dispatch.kernel.actor import Actor, Role
from dispatch.kernel.clock import Clock
from dispatch.kernel.ids import new_id
from dispatch.kernel.local_time import local_day
from dispatch.kernel.plain_text import text_fault
from dispatch.kernel.refusals import Conflict, Invalid, Reason, refuse
from dispatch.series.commands import Availability, Consent, ProposeSeries
from dispatch.series.loading import KEYS, open_series_row, series_policy, series_row, series_value
from dispatch.series.model import InfusionState, Series
from dispatch.series.records import ConsentRow, InfusionRow, SeriesDecisionRow, SeriesRow
from dispatch.series.rules.habits import habit_faults, habits_text
from dispatch.series.rules.staffing import PARTS
from dispatch.series.rules.templates import phases_of, read_templates
from dispatch.series.states import SeriesDeed, SeriesState
from dispatch.series.writing import audit, move

OFFICE = (Role.DISPATCHER, Role.PRESCRIBER)
FARTHEST = timedelta(days=180)


def propose_series(session: Session, command: ProposeSeries, actor: Actor, clock: Clock) -> Series:
    """Propose a series by a template; nothing is laid and nothing may be given yet.

    Raises
    ------
    Invalid
        ``no_such_template``, ``infusions_out_of_range``, ``first_day_out_of_range``.
    Conflict
        ``series_open`` when the patient has one that is not over.
    """
    actor.require(OFFICE)
    rules = policies(session, KEYS, command.area_id, command.state)
    template = read_templates(rules["series.templates"]).get(command.template)
    today = local_day(clock.now(), zone_of(area_by_id(session, command.area_id)))
    wrong = []
    if template is None:
        wrong.append(Reason(code="no_such_template", text="There is no such template.", field="template"))
    elif command.infusions is not None and not template.least <= command.infusions <= template.most:
        text = f"This template has {template.least} to {template.most} infusions."
        wrong.append(Reason(code="infusions_out_of_range", text=text, field="infusions"))
    if not today <= command.first_day <= today + FARTHEST:
        text = f"The first infusion lies between today and {today + FARTHEST}."
        wrong.append(Reason(code="first_day_out_of_range", text=text, field="first_day"))
    if wrong:
        raise Invalid(wrong)
    if open_series_row(session, command.patient_id) is not None:
        text = "The patient has a series that is not over."
        raise refuse(Conflict, "series_open", text, way_out="Complete or stop it first.")
    assert template is not None
    phases = phases_of(template, command.infusions or template.usual)
    row = SeriesRow(
        id=new_id(),
        patient_id=command.patient_id,
        area_id=command.area_id,
        state_code=command.state,
        template=template.code,
        status=SeriesState.PROPOSED.value,
        first_day=command.first_day,
        reviewed_after=0,
    )
    row.infusions = [
        InfusionRow(id=new_id(), number=number, phase=each.phase.value, status=InfusionState.PLANNED.value)
        for number, each in enumerate(phases, start=1)
    ]
    session.add(row)
    session.flush()
    audit(session, "propose", row, actor, clock, template=template.code, infusions=len(phases))
    return series_value(session, row)


def record_consent(session: Session, command: Consent, actor: Actor, clock: Clock) -> None:
    """Keep the patient's signed consent to the off-label use: one for each series (row D08).

    Raises
    ------
    Invalid
        ``consent_of_another_version``, ``name_missing``, ``signed_in_the_future``.
    """
    actor.require((*OFFICE, Role.NURSE))
    row = series_row(session, command.series_id)
    wrong = []
    version = series_policy(session, row)["series.off_label_consent"]["text_version"]
    if command.text_version != version:
        text = f"The text that is signed at present is version {version}."
        wrong.append(Reason(code="consent_of_another_version", text=text, field="text_version"))
    if not command.signed_name.strip():
        wrong.append(Reason(code="name_missing", text="Write who signed.", field="signed_name"))
    elif fault := text_fault(command.signed_name):
        wrong.append(Reason(code=fault[0], text=fault[1], field="signed_name"))
    if command.signed_at > clock.now():
        text = "A signature of the future is none."
        wrong.append(Reason(code="signed_in_the_future", text=text, field="signed_at"))
    if wrong:
        raise Invalid(wrong)
    kept = ConsentRow(
        id=new_id(),
        series_id=row.id,
        text_version=version,
        signed_at=command.signed_at,
        recorded_by=actor.account_id,
        recorded_at=clock.now(),
    )
    kept.signed_name = command.signed_name.strip()
    session.add(kept)
    session.flush()
    audit(session, "consent", row, actor, clock, text_version=version)


def set_habits(session: Session, series_id: UUID, habits: Availability, actor: Actor, clock: Clock) -> None:
    """Keep when the patient and the adult with her are free.

    Raises
    ------
    Invalid
        ``no_such_part_of_day``, ``too_many_days``.
    """
    actor.require(OFFICE)
    row = series_row(session, series_id)
    if wrong := habit_faults(habits, frozenset(PARTS)):
        raise Invalid(wrong)
    row.habits = habits_text(habits)
    session.flush()
    audit(session, "set_habits", row, actor, clock)


BY_HAND = frozenset({SeriesDeed.PAUSE, SeriesDeed.RESUME, SeriesDeed.STOP})


def decide_series(
    session: Session, series_id: UUID, deed: SeriesDeed, reason: str, actor: Actor, clock: Clock
) -> Series:
    """Pause, resume or stop a series: a prescriber, with a reason, which is kept sealed.

    Raises
    ------
    Invalid
        ``reason_missing``, ``unknown_step``.
    Conflict
        ``series_step_not_allowed``.
    """
    actor.require((Role.PRESCRIBER,))
    row = series_row(session, series_id, locked=True)
    if deed not in BY_HAND:
        raise refuse(Invalid, "unknown_step", "Pause, resume or stop.", field="deed")
    if len(reason.strip()) < 3:
        raise refuse(Invalid, "reason_missing", "Say why.", field="reason")
    if fault := text_fault(reason):
        raise refuse(Invalid, fault[0], fault[1], field="reason")
    assert actor.account_id is not None
    move(session, row, deed)
    kept = SeriesDecisionRow(
        id=new_id(),
        series_id=row.id,
        deed=deed.value,
        decided_by=actor.account_id,
        decided_at=clock.now(),
    )
    kept.reason = reason.strip()
    session.add(kept)
    if row.status == SeriesState.STOPPED:
        for each in row.infusions:
            if each.status in (InfusionState.PLANNED, InfusionState.MISSED):
                each.status = InfusionState.DROPPED.value
    session.flush()
    # The audit log holds no words about a patient: it names the row that does.
    audit(session, deed.value, row, actor, clock, decision=str(kept.id))
    return series_value(session, row)

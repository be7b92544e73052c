"""After a treated visit: well or help at two hours, PHQ-9 on the next local day, and what each one alarms."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dispatch.areas.records import PolicyRow
from dispatch.clearance.model import Occasion, TaskKind
from dispatch.clearance.queries import scores_at
from dispatch.kernel.refusals import Conflict, Invalid, NotFound
from dispatch.kernel.storage import transaction
from dispatch.messages.records import MessageRow
from dispatch.visits.aftercare import Form, aftercare_of, answer_check, answer_day_after
from dispatch.visits.model import Deed
from dispatch.visits.safety.loading import alarms_where
from dispatch.visits.safety.model import AlarmDeed, AlarmKind, AlarmState, PatientAnswer
from dispatch.visits.safety.records import PatientAnswerRow
from tests.builders.aftercare import CALM, LEFT_AT, WORRYING, a_treated_patient, alarms_for_prescriber
from tests.builders.intake import PATIENT
from tests.builders.safety import a_fact_row, tick
from tests.builders.visits import signed_off
from tests.builders.workforce import MONDAY, at

TUESDAY = MONDAY + timedelta(days=1)
WELL, UNWELL = PatientAnswer.WELL, PatientAnswer.UNWELL


@pytest.fixture
def treated(session):
    return a_treated_patient(session)


@pytest.fixture
def say(session, clock, treated):
    def say(answer, when, words=""):
        clock.at = when
        answer_check(session, treated.patient_id, answer, words, PATIENT, clock)

    return say


@pytest.fixture
def fill_in(session, clock, treated):
    def fill_in(when, answers=CALM):
        clock.at = when
        answer_day_after(session, treated.patient_id, answers, PATIENT, clock)

    return fill_in


def form_at(session, clock, treated, when):
    clock.at = when
    care = aftercare_of(session, treated.patient_id, clock)
    return care and care.form


@pytest.mark.parametrize(
    ("when", "form"),
    [
        (LEFT_AT, Form.NOT_YET),
        (at(24, MONDAY) - timedelta(seconds=1), Form.NOT_YET),
        (at(24, MONDAY), Form.OPEN),
        (at(24, TUESDAY), Form.OPEN),
        (at(48, TUESDAY) - timedelta(seconds=1), Form.OPEN),
        (at(48, TUESDAY), None),
    ],
)
def test_the_form_is_open_on_the_local_days_after(session, clock, treated, when, form):
    assert form_at(session, clock, treated, when) == form


def test_for_how_many_days_is_signed(session, clock, treated):
    policy: PolicyRow = signed_off(treated.town.area_id, "visit.day_after", {"open_days": 1})
    session.add(policy)
    assert form_at(session, clock, treated, at(24, TUESDAY) - timedelta(seconds=1)) is Form.OPEN
    assert form_at(session, clock, treated, at(24, TUESDAY)) is None


def test_the_answers_of_the_day_after_are_a_score_of_hers(session, treated, fill_in):
    fill_in(at(9, TUESDAY))
    (line,) = scores_at(session, treated.visit_id)
    assert (line.occasion, line.total, line.by) == (Occasion.DAY_AFTER, 8, "patient")
    assert alarms_for_prescriber(session, treated) == []


def test_the_same_day_it_is_not_asked_yet(session, treated, fill_in):
    with pytest.raises(Conflict, match="form_not_open"):
        fill_in(at(23.9, MONDAY))
    assert scores_at(session, treated.visit_id) == ()


def test_sent_twice_it_is_kept_once_and_other_answers_are_refused(session, treated, fill_in):
    for _ in range(2):
        fill_in(at(9, TUESDAY))
    with pytest.raises(Conflict, match="answered_already"):
        fill_in(at(10, TUESDAY), (0,) * 9)
    assert len(scores_at(session, treated.visit_id)) == 1


@pytest.mark.parametrize("before", [None, CALM])
@pytest.mark.parametrize("answers", [WORRYING, (*(0,) * 8, 3), (*(None,) * 8, 1)])
def test_thoughts_of_self_harm_alarm_a_prescriber_whatever_else_is_open(
    session, clock, treated, fill_in, before, answers
):
    if before:
        fill_in(at(9, TUESDAY), before)
    fill_in(at(10, TUESDAY), answers)
    assert alarms_for_prescriber(session, treated) == [TaskKind.SUICIDALITY_SAME_DAY]
    assert aftercare_of(session, treated.patient_id, clock).self_harm


def test_a_half_done_form_names_each_open_question(session, treated, fill_in):
    with pytest.raises(Invalid) as refusal:
        fill_in(at(9, TUESDAY), (None, *CALM[1:7], None, 0))
    assert [(each.code, each.field) for each in refusal.value.reasons] == [
        ("unanswered", "p1"), ("unanswered", "p8")
    ]  # fmt: skip
    assert scores_at(session, treated.visit_id) == ()


@pytest.mark.parametrize(
    ("answers", "code"), [((1,) * 8, "answers_not_of_scale"), ((*CALM[:8], 4), "answer_out_of_range")]
)
def test_what_is_no_answer_of_the_scale_is_refused(fill_in, answers, code):
    with pytest.raises(Invalid, match=code):
        fill_in(at(9, TUESDAY), answers)


def test_nothing_is_asked_of_who_was_not_treated(session, clock):
    untreated = a_treated_patient(session, started=False)
    clock.at = at(9, TUESDAY)
    assert aftercare_of(session, untreated.patient_id, clock) is None
    with pytest.raises(NotFound, match="no_treated_visit"):
        answer_day_after(session, untreated.patient_id, CALM, PATIENT, clock)


def test_who_went_with_the_crew_is_not_asked(session, clock, treated):
    town = treated.town
    session.add(a_fact_row(town.first_id, town.nurse_id, Deed.TRANSFER, LEFT_AT - timedelta(minutes=1)))
    session.flush()
    clock.at = LEFT_AT
    assert aftercare_of(session, treated.patient_id, clock) is None


def test_well_counts_from_two_hours_on(session, clock, treated, say):
    with pytest.raises(Conflict, match="asked_later"):
        say(WELL, LEFT_AT + timedelta(minutes=119, seconds=59))
    say(WELL, LEFT_AT + timedelta(minutes=120))
    say(WELL, LEFT_AT + timedelta(minutes=121))
    assert session.scalar(select(func.count()).select_from(PatientAnswerRow)) == 1
    assert aftercare_of(session, treated.patient_id, clock).said is WELL


def test_help_is_called_at_any_time_and_once_more_while_it_comes(session, clock, treated, say):
    say(UNWELL, LEFT_AT + timedelta(minutes=5), "I feel dizzy.")
    say(UNWELL, LEFT_AT + timedelta(minutes=6))
    (alarm,) = alarms_where(session)
    assert (alarm.due.kind, alarm.state) == (AlarmKind.PATIENT_UNWELL, AlarmState.RAISED)
    assert [step.deed for step in alarm.steps] == [AlarmDeed.AGAIN]
    assert [told.number for told in alarm.told] == [1]
    roles = set(session.scalars(select(MessageRow.role).where(MessageRow.about == alarm.alarm_id)))
    assert roles == {"dispatcher", "prescriber"}


def test_well_after_help_does_not_end_the_alarm(session, clock, treated, say):
    say(UNWELL, LEFT_AT + timedelta(minutes=125))
    say(WELL, LEFT_AT + timedelta(minutes=130))
    (alarm,) = alarms_where(session)
    assert alarm.is_open


def test_her_answer_closes_the_clock_of_the_missed_one(engine, keyring, clock):
    with transaction(engine, keyring) as session:
        treated = a_treated_patient(session)
        town = treated.town
        session.add(a_fact_row(town.first_id, town.nurse_id, Deed.CHECK_OUT, LEFT_AT + timedelta(minutes=5)))
    states = []
    for minute, answer in ((149, None), (150, None), (151, WELL), (240, None)):
        clock.at = LEFT_AT + timedelta(minutes=minute)
        with transaction(engine, keyring) as session:
            if answer:
                answer_check(session, treated.patient_id, answer, "", PATIENT, clock)
        tick(engine, keyring, clock)
        with transaction(engine, keyring) as session:
            states.append([alarm.state for alarm in alarms_where(session)])
    assert states == [[], [AlarmState.RAISED], [AlarmState.CLEARED], [AlarmState.CLEARED]]
